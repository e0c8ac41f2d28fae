/** Replies to frames: how an operation ended as a status of the link, and what is wrong with those that make no sense. */
import { Platform } from '../protocol/index.js';
import type { HostPackets, Outcome } from '../sim/index.js';
import type { Handled } from './session.js';
import { At, EventType, FrameType, REPLY, Status } from './spec.js';
import type { FrameWriter } from './writer.js';

/** Virtual time for which an operation may run the machine before it counts as waiting. */
export const WAIT_NS = 100_000;

export function statusOf(outcome: Outcome): Status {
  switch (outcome.kind) {
    case 'done':
      return Status.OK;
    case 'exception':
      return Status.EXCEPTION;
    case 'dead':
      return Status.DEAD;
    default:
      return Status.NO_RETURN;
  }
}

/** Told why a frame got BAD_REQUEST: for people, the reply does not say it. */
export type Complain = (type: number, reason: string) => void;

export class Replies {
  constructor(
    readonly out: FrameWriter,
    private readonly complain: Complain,
  ) {}

  /** Begins a reply of `size` bytes, zero behind its status. Offset of its payload in the writer's bytes. */
  reply(type: number, tag: number, size: number, status: Status): number {
    const at = this.out.frame(type | REPLY, tag, size);
    this.out.u16(at, status);
    return at;
  }

  bad(type: number, tag: number, reason: string): Handled {
    this.reply(type, tag, 4, Status.BAD_REQUEST);
    this.complain(type, reason);
    return 'done';
  }

  badSize(type: number, tag: number, size: number, expected: number | string): Handled {
    return this.bad(type, tag, `a payload of ${size} bytes; it has ${expected}`);
  }
}

/** In mode 1: the next packet from RM as an event. False: there is none. */
export function passPacket(packets: HostPackets, out: FrameWriter): boolean {
  const packet = packets.receive();
  if (packet === undefined) return false;
  const at = out.frame(EventType.RPC_PACKET, 0, packet.length);
  out.bytes.set(packet, at);
  return true;
}

/** The reply to a packet for RM. */
export function rpcReply(
  out: FrameWriter,
  type: number,
  tag: number,
  status: Status,
  queued = false,
  notFull = false,
): Handled {
  const R = At.RPC_SEND_REPLY;
  const at = out.frame(type | REPLY, tag, R.SIZE);
  out.u16(at, status);
  out.bytes[at + R.QUEUED] = queued ? 1 : 0;
  out.bytes[at + R.NOT_FULL] = notFull ? 1 : 0;
  return 'done';
}

/** In mode 1: what is wrong with a frame, undefined for a packet that can be sent. */
export function wrongPacket(type: number, size: number): string | undefined {
  if (type === FrameType.HELLO) return 'this connection has greeted already';
  if (type !== FrameType.RPC_SEND) return 'mode 1 has RPC_SEND and BYE only';
  if (size > 0 && size <= Platform.RM_QUEUE_MSG_SIZE) return undefined;
  return `a packet of ${size} bytes; a queue takes 1 to ${Platform.RM_QUEUE_MSG_SIZE}`;
}
