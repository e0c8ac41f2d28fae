/** The 8-byte header of every RM RPC packet, and cutting messages into packets. Fact base: rm-rpc-transport 2, 3.
 *
 * Leaves out reassembly: see assembly.ts.
 */
import { le16, le32, put16, put32 } from '../base/index.js';
import type { RpcType } from './enums.js';
import { Platform } from './platform.js';

/** Byte 0 of every packet: API version 1, header of 2 words. */
export const RPC_BYTE0 = 0x21;

export interface RpcHeader {
  version: number;
  /** Header length in 32-bit words. */
  headerWords: number;
  /** RpcType. */
  type: number;
  /** Additional fragments of the whole message, the same in every fragment; 0..62 (63 is refused). */
  fragments: number;
  /** 0..65535. */
  seq: number;
  id: number;
}

/** The header of a packet, unchecked; undefined when the packet is shorter than 8 bytes. */
export function parseRpcHeader(packet: Uint8Array): RpcHeader | undefined {
  if (packet.length < Platform.RPC_HEADER_SIZE) return undefined;
  return {
    version: packet[0] & 0xf,
    headerWords: packet[0] >> 4,
    type: packet[1] & 3,
    fragments: packet[1] >> 2,
    seq: le16(packet, 2),
    id: le32(packet, 4),
  };
}

/** Whether RM looks at a packet with this header at all. */
export const rpcHeaderValid = (h: RpcHeader): boolean =>
  h.version === 1 && h.headerWords === 2 && h.fragments <= Platform.RPC_MAX_FRAGMENTS;

/** One packet: header and content (at most 232 bytes). */
export function rpcPacket(type: RpcType, id: number, seq: number, fragments: number, content: Uint8Array): Uint8Array {
  const b = new Uint8Array(Platform.RPC_HEADER_SIZE + content.length);
  b[0] = RPC_BYTE0;
  b[1] = (fragments << 2) | type;
  put16(b, 2, seq);
  put32(b, 4, id);
  // A loop: most contents are a few words, for which the built-in copy costs more than all the rest.
  for (let i = 0; i < content.length; i++) b[Platform.RPC_HEADER_SIZE + i] = content[i];
  return b;
}

/** A message as RM cuts it: 232 bytes in every packet but the last, type CONTINUED after the first.
 * Undefined when the payload is longer than 14616 bytes. */
export function rpcPackets(type: RpcType, id: number, seq: number, payload: Uint8Array): Uint8Array[] | undefined {
  if (payload.length > Platform.RPC_MAX_PAYLOAD) return undefined;
  const max = Platform.RPC_MAX_CONTENT;
  if (payload.length <= max) return [rpcPacket(type, id, seq, 0, payload)];
  const fragments = Math.ceil(payload.length / max) - 1;
  const out: Uint8Array[] = [];
  for (let i = 0; i <= fragments; i++) {
    out.push(rpcPacket(i === 0 ? type : 0, id, seq, fragments, payload.subarray(i * max, (i + 1) * max)));
  }
  return out;
}
