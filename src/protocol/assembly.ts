/**
 * Packets of RM put together to messages, as a careful receiver does. Fact base: rm-rpc-transport 2, 3; clients 4.3.
 *
 * A continuation belongs to the message under way only if number, id and fragment count are its own. A first packet takes the place of
 * an unfinished message; a message of one packet may come in between. Leaves out receivers whose differences are their purpose: RM
 * (src/rm/link/receive.ts), the reference client with its defects (src/conform/client/inbox.ts), the audit that names what a client sends
 * wrong (src/conform/audit.ts).
 */
import { concatBytes, le16, le32, tailOf } from '../base/index.js';
import { RpcType } from './enums.js';
import { Platform } from './platform.js';
import { parseRpcHeader, rpcHeaderValid } from './rpc.js';

export interface RpcMessage {
  /** RpcType. */
  type: number;
  id: number;
  seq: number;
  /** Of all fragments; of a reply with the error code in front. */
  payload: Uint8Array;
}

/** The message whose packets still come. */
export interface RpcAssembly {
  packets: Uint8Array[];
  missing: number;
}

export const rpcAssembly = (): RpcAssembly => ({ packets: [], missing: 0 });

/**
 * Takes one packet: all packets of the message that it completes, `more` while some are missing, `stray` for one that belongs to
 * nothing. Packets that are kept are copied.
 */
export function collectPacket(a: RpcAssembly, packet: Uint8Array): readonly Uint8Array[] | 'more' | 'stray' {
  const h = parseRpcHeader(packet);
  if (h === undefined || !rpcHeaderValid(h)) return 'stray';
  if (h.type !== RpcType.CONTINUED) {
    if (h.fragments === 0) return [packet];
    a.packets = [packet.slice()];
    a.missing = h.fragments;
    return 'more';
  }
  if (a.packets.length === 0 || !sameMessage(a.packets[0], packet)) return 'stray';
  a.packets.push(packet.slice());
  if (--a.missing > 0) return 'more';
  const { packets } = a;
  a.packets = [];
  return packets;
}

/** Fragment count, number and id agree: the header but for its first byte and the type. */
function sameMessage(a: Uint8Array, b: Uint8Array): boolean {
  for (let i = 2; i < Platform.RPC_HEADER_SIZE; i++) if (a[i] !== b[i]) return false;
  return a[1] >> 2 === b[1] >> 2;
}

/** The message that these packets, one at least, are; its payload is a copy. */
export function rpcMessage(packets: readonly Uint8Array[]): RpcMessage {
  const [first] = packets;
  const payload =
    packets.length === 1
      ? tailOf(first, Platform.RPC_HEADER_SIZE)
      : concatBytes(...packets.map((p) => p.subarray(Platform.RPC_HEADER_SIZE)));
  return { type: first[1] & 3, id: le32(first, 4), seq: le16(first, 2), payload };
}
