/** The rules of spec/ behind an answer that is not as recorded: what should have refused, what did. */
import { le32 } from '../base/index.js';
import { CALL_EXPLANATIONS, MESSAGE_EXPLANATIONS, type Rule } from '../protocol/explain.js';
import { Call, hypErrorName, Platform, parseRpcHeader, RpcType, rmErrorName } from '../protocol/index.js';
import type { EventOutcome } from '../transcript/outcome.js';
import { bytesOf } from '../transcript/session.js';

const LOW_WORD = 0xffff_ffff;

const line = (r: Rule): string => `rule ${r.id}: ${r.text} -> ${r.errors.join(', ')}`;

/** Rules that can give this result; `OK`: none of them may refuse. */
function giving(name: string, rules: readonly Rule[], error: string): string[] {
  const found = rules.filter((r) => r.errors.includes(error)).map(line);
  if (found.length > 0 || error !== 'OK') return found;
  return rules.length === 0
    ? []
    : [`rule: ${name} is carried out; none of ${rules[0].id} to ${rules[rules.length - 1].id} refuses`];
}

function replyRules(hex: string): string[] {
  const packet = bytesOf(hex);
  const h = parseRpcHeader(packet);
  const message = MESSAGE_EXPLANATIONS.find((m) => m.id === h?.id);
  if (h === undefined || message === undefined) return [];
  if (h.type === RpcType.NOTIFICATION) return [`rule: ${message.name}: ${message.about}`];
  if (h.type !== RpcType.REPLY || packet.length < Platform.RPC_HEADER_SIZE + 4) return [];
  const error = rmErrorName(le32(packet, Platform.RPC_HEADER_SIZE));
  return giving(message.name, message.rules, error);
}

function callRules(imm: number, result: string | undefined): string[] {
  const call = CALL_EXPLANATIONS.find((c) => c.number === imm - Platform.HYPERCALL_BASE);
  if (call === undefined || result === undefined) return [];
  return giving(call.name, call.rules, hypErrorName(Number(BigInt(result) & BigInt(LOW_WORD)) | 0));
}

/** Lines; none where no rule is about this kind of event. */
export function rulesBehind({ event }: EventOutcome): string[] {
  switch (event.ev) {
    case 'rx':
      return replyRules(event.bytes);
    case 'hvc':
      return callRules(Number(event.imm), event.r?.[0]);
    case 'tx':
      return callRules(
        Platform.HYPERCALL_BASE + Call.MSGQUEUE_SEND,
        event.r === undefined ? undefined : String(event.r[0]),
      );
    default:
      return [];
  }
}
