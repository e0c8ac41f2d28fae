import { VmState } from '../../src/protocol/index.js';
import type { Hv } from '../../src/rm/hv.js';
import { newLink } from '../../src/rm/link/link.js';
import { onPending, onTransmitReady } from '../../src/rm/link/send.js';
import type { Link } from '../../src/rm/link/types.js';
import { type Rm, VMID_HLOS, VMID_RM } from '../../src/rm/types.js';
import { newVm } from '../../src/rm/vm/vm.js';

export const QUEUE_DEPTH = 8;

/** Two queues of the hypervisor, for an RM whose only hypercalls are send and receive. */
export class FakeQueues {
  readonly toRm: Uint8Array[] = [];
  readonly toClient: Uint8Array[] = [];
  received = 0;
  readonly home = { partition: 0n, cspace: 0n, addrspace: 0n };
  readonly #memory = new Map<number, Uint8Array>();

  readonly port = {
    write: (ipa: number, bytes: Uint8Array): boolean => {
      this.#memory.set(ipa, bytes.slice());
      return true;
    },
    read: (ipa: number, to: Uint8Array): boolean => {
      to.set((this.#memory.get(ipa) ?? new Uint8Array(to.length)).subarray(0, to.length));
      return true;
    },
  };

  msgqueueSend(_cap: bigint, size: bigint, ipa: bigint): number {
    if (this.toClient.length === QUEUE_DEPTH) return 61;
    this.toClient.push((this.#memory.get(Number(ipa)) ?? new Uint8Array(0)).slice(0, Number(size)));
    return 0;
  }

  msgqueueReceive(_cap: bigint, ipa: bigint, size: bigint): number {
    const packet = this.toRm.shift();
    if (packet === undefined) return 60;
    if (packet.length > Number(size)) {
      this.toRm.unshift(packet);
      this.received = 0;
      return 0;
    }
    this.#memory.set(Number(ipa), packet);
    this.received = packet.length;
    return 0;
  }
}

export interface LinkRm {
  rm: Rm;
  link: Link;
  queues: FakeQueues;
}

/** An RM with its own record, HLOS running, and a link to it over {@link FakeQueues}. */
export function linkRm(): LinkRm {
  const queues = new FakeQueues();
  const rm = {
    hv: queues as unknown as Hv,
    vms: [],
    links: [],
    events: [],
    irqEvents: [],
    notifySeq: 0,
    txBuffer: 0x1000,
    rxBuffer: 0x2000,
    txBufferArg: 0x1000n,
    rxBufferArg: 0x2000n,
  } as unknown as Rm;
  newVm(rm, VMID_RM, VMID_RM, 'RM');
  newVm(rm, VMID_HLOS, VMID_RM, 'HLOS').state = VmState.RUNNING;
  const link = newLink(VMID_HLOS, 1n, 2n, 40, 41);
  rm.links[VMID_HLOS] = link;
  return { rm, link, queues };
}

/** Runs the events that the link queued for itself. */
export function runPending({ rm, link }: LinkRm): void {
  for (let event = rm.events.shift(); event !== undefined; event = rm.events.shift()) {
    if (event.kind === 'pending') onPending(rm, link);
  }
}

/** The client takes up to `count` packets; the not-full interrupt follows if the queue was full. */
export function drain(fake: LinkRm, count: number): Uint8Array[] {
  const { queues, rm, link } = fake;
  const wasFull = queues.toClient.length === QUEUE_DEPTH;
  const taken = queues.toClient.splice(0, count);
  if (wasFull && taken.length > 0) onTransmitReady(rm, link);
  return taken;
}

export function packet(type: number, fragments: number, seq: number, id: number, content: Uint8Array): Uint8Array {
  const bytes = new Uint8Array(8 + content.length);
  const view = new DataView(bytes.buffer);
  bytes[0] = 0x21;
  bytes[1] = (fragments << 2) | type;
  view.setUint16(2, seq, true);
  view.setUint32(4, id, true);
  bytes.set(content, 8);
  return bytes;
}
