/** What clients got, against what the model says. */
import { toHex } from '../base/index.js';
import { messageName, type RpcMessage, RpcType, rmErrorName } from '../protocol/index.js';
import { type Answer, num } from './lifecycle/world.js';

/** A message that must come: a reply with `answer`, a notification with `payload`. */
export interface Expected {
  type: number;
  id: number;
  seq?: number;
  payload?: Uint8Array;
  answer?: Answer;
}

function differs(a: Uint8Array, b: Uint8Array): boolean {
  if (a.length !== b.length) return true;
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return true;
  return false;
}

export type Problem = { tag: string; what: string };

function compareReply(e: Expected, got: RpcMessage): Problem | undefined {
  const name = messageName(e.id);
  if (e.answer === undefined) return undefined;
  if (got.payload.length < 4) return { tag: `${name}: no code`, what: `the reply to ${name} has no error code` };
  const code = num(got.payload, 0, 4);
  if (code !== e.answer.error) {
    const tag = `${name}: ${rmErrorName(e.answer.error)} expected, ${rmErrorName(code)} received`;
    return { tag, what: tag };
  }
  const data = got.payload.subarray(4);
  if (e.answer.data !== undefined && differs(data, e.answer.data))
    return { tag: `${name}: data`, what: `${name} replied ${toHex(data)}, expected ${toHex(e.answer.data)}` };
  const wrong = e.answer.check?.(data);
  return wrong === undefined ? undefined : { tag: `${name}: data`, what: `${name} replied ${toHex(data)}: ${wrong}` };
}

export function compare(expected: readonly Expected[], got: readonly RpcMessage[], to: string): Problem | undefined {
  for (let i = 0; i < Math.max(expected.length, got.length); i++) {
    const e = expected[i];
    const g = got[i];
    if (g === undefined) {
      const kind = e.type === RpcType.REPLY ? 'reply to' : 'notification';
      return { tag: `missing ${messageName(e.id)}`, what: `${to} did not get the ${kind} ${messageName(e.id)}` };
    }
    if (e === undefined || g.type !== e.type || g.id !== e.id || (e.seq !== undefined && g.seq !== e.seq)) {
      const instead = e === undefined ? 'nothing' : messageName(e.id);
      const what = `${to} got ${messageName(g.id)} (type ${g.type}) ${toHex(g.payload).slice(0, 64)} where ${instead} was expected`;
      return { tag: `unexpected ${messageName(g.id)}`, what };
    }
    if (e.payload !== undefined && differs(e.payload, g.payload)) {
      const what = `${to} got ${messageName(g.id)} ${toHex(g.payload)}, expected ${toHex(e.payload)}`;
      return { tag: `content of ${messageName(g.id)}`, what };
    }
    const wrong = compareReply(e, g);
    if (wrong !== undefined) return wrong;
  }
  return undefined;
}

/** Replies and notifications to a guest may overtake each other when its queue is full: each kind is compared by itself. */
export function compareGuest(
  expected: readonly Expected[],
  got: readonly RpcMessage[],
  vmid: number,
): Problem | undefined {
  for (const type of [RpcType.NOTIFICATION, RpcType.REPLY]) {
    const of = (m: { type: number }): boolean => m.type === type;
    const problem = compare(expected.filter(of), got.filter(of), `VM ${vmid}`);
    if (problem !== undefined) return problem;
  }
  return undefined;
}
