/**
 * Rules of interference at the queue from RM to the primary VM: a whole machine whose RM seems to misbehave, for servers.
 * Only replies and notifications pass here, and the queue has no clock: {@link parseLinkRule} refuses what needs more.
 */
import { lo32 } from '../base/index.js';
import { HYPERCALL_BASE } from '../hyp/index.js';
import type { MsgQueue } from '../msgq/index.js';
import {
  Call,
  collectPacket,
  HypError,
  Platform,
  parseRpcHeader,
  RpcType,
  rpcAssembly,
  rpcMessage,
} from '../protocol/index.js';
import type { Simulator, Trace } from '../sim/index.js';
import { linkQueues, objectOfCap } from '../sim/who.js';
import { parseRule, type Rule, RuleSet, selectorOf } from './interfere/index.js';

const SEND = HYPERCALL_BASE + Call.MSGQUEUE_SEND;

/** A rule as text (see {@link parseRule}), or what is wrong with it here. */
export function parseLinkRule(text: string): Rule | string {
  const rule = parseRule(text);
  if (typeof rule === 'string') return rule;
  if (rule.kind !== 'message' || rule.on === 'request')
    return `'${text.trim().split(/\s/)[0]}' works in scenarios ("interfere", docs/scenarios.md); rules of a server are about replies and notifications`;
  return /\b(delay|spread)=/.test(text) ? 'here packets cannot be delayed' : rule;
}

/** What RM sends to the primary VM from now on goes through the rules. A trace that is there already goes on. Called again by the
 * function that it returns, the rules begin anew: for a machine that was restored. */
export function disturbLink(sim: Simulator, rules: readonly Rule[]): () => void {
  let set = new RuleSet();
  let assembly = rpcAssembly();
  const restart = (): void => {
    set = new RuleSet();
    set.add(...rules);
    assembly = rpcAssembly();
  };
  restart();

  const sent = (queue: MsgQueue): void => {
    const packet = last(queue).slice();
    const h = parseRpcHeader(packet);
    if (h === undefined || (h.type !== RpcType.CONTINUED && !set.wants(selectorOf(h.type), h.id))) return;
    const packets = collectPacket(assembly, packet);
    if (packets === 'stray') return;
    queue.count--;
    if (packets === 'more') return;
    const m = rpcMessage(packets);
    for (const bytes of set.message(selectorOf(m.type), m)?.map((e) => e.bytes) ?? packets) push(queue, bytes);
  };

  const inner = sim.trace;
  sim.trace = {
    hypercallStart: (thread, imm) => [inner?.hypercallStart(thread, imm), thread.x[0]],
    hypercallEnd(thread, imm, start) {
      const [outer, cap] = start as [unknown, bigint];
      inner?.hypercallEnd(thread, imm, outer);
      if (imm !== SEND || lo32(thread.x[0]) !== HypError.OK) return;
      const id = objectOfCap(sim, thread.id, cap);
      const link = linkQueues(sim).get(id);
      if (link?.vmid === Platform.VMID_HLOS && !link.toRm) sent(sim.hyp.get<MsgQueue>(id));
    },
    execute: (cpu, thread) => inner?.execute(cpu, thread),
  } satisfies Trace;
  return restart;
}

const slotOf = (queue: MsgQueue, position: number): number => (queue.head + position) % queue.depth;

function last(queue: MsgQueue): Uint8Array {
  const slot = slotOf(queue, queue.count - 1);
  const at = slot * queue.maxMessageSize;
  return queue.buffer.subarray(at, at + queue.sizes[slot]);
}

/** A full queue loses the packet: RM will not send it again. */
function push(queue: MsgQueue, bytes: Uint8Array): void {
  if (queue.count === queue.depth || bytes.length > queue.maxMessageSize) return;
  const slot = slotOf(queue, queue.count);
  queue.buffer.set(bytes, slot * queue.maxMessageSize);
  queue.sizes[slot] = bytes.length;
  queue.count++;
}
