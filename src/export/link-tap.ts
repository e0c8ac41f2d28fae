/** Watches the message queues between RM and every VM: each packet at the moment it is sent. */
import { HYPERCALL_BASE } from '../hyp/index.js';
import { Call, Platform } from '../protocol/index.js';
import type { Simulator, Trace } from '../sim/index.js';
import { linkQueues, objectOfCap } from '../sim/who.js';
import type { Vcpu } from '../vcpu/index.js';
import type { LinkPacket } from './pcapng.js';

const SEND = HYPERCALL_BASE + Call.MSGQUEUE_SEND;
const PAGE = Platform.PAGE_SIZE;

interface Send {
  cap: bigint;
  size: number;
  address: number;
}

/** Calls `sink` for every packet that enters a queue of an RM link from now on. A trace that is there already goes on. */
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
      const place = linkQueues(sim).get(queue);
      const packet = place === undefined ? undefined : read(sim, thread, address, size);
      if (place !== undefined && packet !== undefined) sink({ at: sim.hyp.now, ...place, queue, packet });
    },
    execute: (cpu, thread) => inner?.execute(cpu, thread),
  };
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
