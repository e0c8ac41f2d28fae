/** Codecs of the guest address reservation messages. Reply codecs are of successful replies, code included at offset 0.
 *
 * Generated from spec/ by tools/generate.ts; edit the specification, not this file.
 */

import { concatBytes, le32, put32 } from '../../base/index.js';
import { decodeIpaRanges, encodeIpaRanges, type IpaRange } from '../special.js';
import { decodeIpaEntries, encodeIpaEntries, type IpaEntry } from './lists.js';

/** IPA_RESERVE request: Keeps guest addresses for parcels that are accepted at exactly those addresses. */
export interface IpaReserveRequest {
  type: number;
  genericConstraints: number;
  platformConstraints: number;
  /** type 0: base and size; type 1: region base, region size, size, alignment */
  ranges: readonly IpaRange[];
}

export function encodeIpaReserveRequest(m: IpaReserveRequest): Uint8Array {
  const b = new Uint8Array(16);
  b[0] = m.type;
  put32(b, 4, m.genericConstraints);
  put32(b, 8, m.platformConstraints);
  put32(b, 12, m.ranges.length);
  return concatBytes(b, encodeIpaRanges(m.ranges));
}

/** The message in `b`, or undefined when `b` is not one. */
export function decodeIpaReserveRequest(b: Uint8Array): IpaReserveRequest | undefined {
  if (b.length < 16) return undefined;
  const ranges = decodeIpaRanges(b, 16, b[0], le32(b, 12) & 0xffff);
  if (ranges === undefined) return undefined;
  return { type: b[0], genericConstraints: le32(b, 4), platformConstraints: le32(b, 8), ranges };
}

/** Successful reply to IPA_RESERVE. */
export interface IpaReserveReply {
  ipas?: readonly IpaEntry[];
}

export function encodeIpaReserveReply(m: IpaReserveReply): Uint8Array {
  if (m.ipas === undefined) {
    const b = new Uint8Array(4);
    return b;
  }
  const b = new Uint8Array(8);
  put32(b, 4, m.ipas.length);
  return concatBytes(b, encodeIpaEntries(m.ipas));
}

/** The message in `b`, or undefined when `b` is not one. */
export function decodeIpaReserveReply(b: Uint8Array): IpaReserveReply | undefined {
  if (b.length === 4) return {};
  if (b.length < 8) return undefined;
  const ipas = decodeIpaEntries(b, 8, le32(b, 4));
  if (ipas === undefined) return undefined;
  if (ipas.next !== b.length) return undefined;
  return { ipas: ipas.entries };
}
