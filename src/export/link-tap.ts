/** Watches the message queues, RM's links and those between VMs: each message at the moment it is sent. */
import { HYPERCALL_BASE } from '../hyp/index.js';
import { Call, Platform } from '../protocol/index.js';
import type { Simulator, Trace } from '../sim/index.js';
import { linkQueues, objectOfCap, threadNames } from '../sim/who.js';
import type { Vcpu } from '../vcpu/index.js';
import type { LinkDirection, LinkPacket } from './pcapng.js';

const SEND = HYPERCALL_BASE + Call.MSGQUEUE_SEND;
const PAGE = Platform.PAGE_SIZE;

interface Send {
  cap: bigint;
  size: number;
  address: number;
}

/** Calls `sink` for every message that enters a queue from now on. A trace that is there already goes on. */
export function tapLinks(sim: Simulator, sink: (packet: LinkPacket) => void): void {
  const inner: Trace | undefined = sim.trace;
  let send: Send | undefined;
  sim.trace = {
    hypercallStart(thread, imm) {
      if (imm === SEND) send = { cap: thread.x[0], size: Number(thread.x[1]), address: Number(thread.x[2]) };
      return inner?.hypercallStart(thread, imm);
    },
    hypercallEnd(thread, imm, start) {
      inner?.hypercallEnd(thread, imm, start);
      if (imm !== SEND || send === undefined) return;
      const { cap, size, address } = send;
      send = undefined;
      if ((thread.x[0] & 0xffff_ffffn) !== 0n || size === 0 || size > Platform.MSGQUEUE_MAX_MSG_SIZE) return;
      const queue = objectOfCap(sim, thread.id, cap);
      const packet = queue < 0 ? undefined : read(sim, thread, address, size);
      if (packet !== undefined) sink({ at: sim.hyp.now, ...placeOf(sim, thread, queue), queue, packet });
    },
    execute: (cpu, thread) => inner?.execute(cpu, thread),
  };
}

function placeOf(sim: Simulator, thread: Vcpu, queue: number): { vmid: number; direction: LinkDirection } {
  const link = linkQueues(sim).get(queue);
  if (link !== undefined) return { vmid: link.vmid, direction: link.toRm ? 'toRm' : 'fromRm' };
  return { vmid: threadNames(sim).get(thread.id)?.vmid ?? 0, direction: 'vm' };
}

function read(sim: Simulator, thread: Vcpu, ipa: number, size: number): Uint8Array | undefined {
  const out = new Uint8Array(size);
  for (let at = 0; at < size; ) {
    const pa = sim.hyp.mem.translate(thread.addrspace, ipa + at, false);
    if (pa < 0) return undefined;
    const end = Math.min(size, at + PAGE - ((ipa + at) % PAGE));
    sim.hyp.mem.readPhys(pa, out.subarray(at, end));
    at = end;
  }
  return out;
}
