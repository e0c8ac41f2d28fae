/**
 * Interrupt lending handles: RM chooses a random base at boot, handle = base + number. A replay translates between both bases.
 * Fact base: transcript format 7.
 */
import { le32, put32 } from '../base/index.js';
import { Msg, Platform, parseRpcHeader, RpcType } from '../protocol/index.js';

export interface IrqHandles {
  /** Bases learnt so far; undefined before the first successful VM_IRQ_LEND reply. */
  recordedBase: number | undefined;
  actualBase: number | undefined;
}

export const irqHandles = (): IrqHandles => ({ recordedBase: undefined, actualBase: undefined });

/** Numbers of handles: INTIDs of the hardware. */
const RANGE = 1024;
const HEAD = Platform.RPC_HEADER_SIZE;

/** Offset of the lending handle in a packet, or -1. */
function handleOffset(packet: Uint8Array): number {
  const h = parseRpcHeader(packet);
  if (h === undefined || h.version !== 1 || h.headerWords !== 2) return -1;
  const at = placeOf(h.type, h.id, packet);
  return at >= 0 && at + 4 <= packet.length ? at : -1;
}

function placeOf(type: number, id: number, packet: Uint8Array): number {
  switch (id) {
    case Msg.VM_IRQ_LEND:
      return type === RpcType.REPLY && packet.length >= HEAD + 8 && le32(packet, HEAD) === 0 ? HEAD + 4 : -1;
    case Msg.N_VM_IRQ_LENT:
      return HEAD + 4;
    case Msg.VM_IRQ_ACCEPT:
    case Msg.VM_IRQ_RELEASE:
    case Msg.VM_IRQ_RECLAIM:
    case Msg.VM_IRQ_NOTIFY:
    case Msg.N_VM_IRQ_RELEASED:
    case Msg.N_VM_IRQ_ACCEPTED:
      return type === RpcType.REPLY ? -1 : HEAD;
    default:
      return -1;
  }
}

/** A recorded packet with our handle in it instead of the recorded one. */
export function translatePacket(h: IrqHandles, packet: Uint8Array): Uint8Array {
  if (h.recordedBase === undefined || h.actualBase === undefined) return packet;
  const at = handleOffset(packet);
  if (at < 0) return packet;
  const number = (le32(packet, at) - h.recordedBase) >>> 0;
  if (number >= RANGE) return packet;
  const out = packet.slice();
  put32(out, at, (h.actualBase + number) >>> 0);
  return out;
}

/** Learns both bases from the recorded and the actual form of one received packet. */
export function learnHandles(h: IrqHandles, recorded: Uint8Array, actual: Uint8Array): void {
  if (h.recordedBase !== undefined || recorded.length !== actual.length) return;
  const at = handleOffset(recorded);
  if (at < 0 || handleOffset(actual) !== at) return;
  const before = le32(recorded, at);
  // Any pair of equal numbers will do as bases: only their difference is used, within the range on both sides.
  h.recordedBase = (before - RANGE / 2) >>> 0;
  h.actualBase = (le32(actual, at) - RANGE / 2) >>> 0;
}
