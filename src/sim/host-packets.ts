/** The primary VM's end of the RM link: packets through its two queues, as its driver does it (fact base: transcript format 3, 4). */
import { lo32 } from '../base/index.js';
import type { PacketPort } from '../guest/rm-client.js';
import { HYPERCALL_BASE } from '../hyp/index.js';
import { Call, HypError, Platform } from '../protocol/index.js';
import type { HostVcpu } from './host.js';

export interface LinkPlace {
  /** Capability to send to RM, and to receive from it. */
  txCap: bigint;
  rxCap: bigint;
  /** Packet buffers in guest memory. */
  txBuffer: number;
  rxBuffer: number;
}

/** Where the primary VM finds its link: capabilities 0 and 1; buffers inside the area that its driver uses. */
export const PRIMARY_LINK: LinkPlace = { txCap: 0n, rxCap: 1n, txBuffer: 0x4102_c000, rxBuffer: 0x4103_4000 };
/** Its interrupts: room in the queue to RM, and a packet from it. The first numbers that RM gives out. */
export const PRIMARY_TX_IRQ: number = Platform.VIRQ_ALLOC_FIRST;
export const PRIMARY_RX_IRQ: number = Platform.VIRQ_ALLOC_FIRST + 1;

const PACKET_MAX_ARGUMENT = BigInt(Platform.RM_QUEUE_MSG_SIZE);
const PUSH = 1n;
/** Packet sizes as arguments. */
const sizes: readonly bigint[] = Array.from({ length: Platform.RM_QUEUE_MSG_SIZE + 1 }, (_, n) => BigInt(n));

/** Packets of at most 240 bytes through the two queues, by `msgqueue_send` and `msgqueue_receive` of one vCPU. */
export class HostPackets implements PacketPort {
  /** The buffers' addresses as arguments. */
  private readonly txArgument: bigint;
  private readonly rxArgument: bigint;

  constructor(
    readonly host: HostVcpu,
    readonly place: LinkPlace = PRIMARY_LINK,
  ) {
    this.txArgument = BigInt(place.txBuffer);
    this.rxArgument = BigInt(place.rxBuffer);
  }

  /** One packet, with the push flag. False: the queue is full, or the call failed or did not come back. */
  send(packet: Uint8Array): boolean {
    const { host, place } = this;
    host.writeMemory(place.txBuffer, packet);
    const { x } = host;
    x[0] = place.txCap;
    x[1] = sizes[packet.length] ?? BigInt(packet.length);
    x[2] = this.txArgument;
    x[3] = PUSH;
    x[4] = 0n;
    return host.hvc(HYPERCALL_BASE + Call.MSGQUEUE_SEND).kind === 'done' && lo32(x[0]) === HypError.OK;
  }

  /** The next packet, taken out of the queue. Undefined: it is empty, the packet has no bytes, or the call failed. */
  receive(): Uint8Array | undefined {
    const { host, place } = this;
    const { x } = host;
    x[0] = place.rxCap;
    x[1] = this.rxArgument;
    x[2] = PACKET_MAX_ARGUMENT;
    x[3] = 0n;
    if (host.hvc(HYPERCALL_BASE + Call.MSGQUEUE_RECEIVE).kind !== 'done' || lo32(x[0]) !== HypError.OK)
      return undefined;
    const size = lo32(x[1]);
    if (size === 0) return undefined;
    const packet = new Uint8Array(size);
    host.readMemory(place.rxBuffer, packet);
    return packet;
  }

  /** {@link HostVcpu.letOthersRun}. */
  wait(): boolean {
    return this.host.letOthersRun();
  }
}
