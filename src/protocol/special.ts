/** Parts of RM messages whose entries differ in length, which the generated codecs cannot lay out. */
import { concatBytes, le16, put16 } from '../base/index.js';
import {
  decodeIpaAllocEntries,
  decodeIpaFixedEntries,
  encodeIpaAllocEntries,
  encodeIpaFixedEntries,
  type IpaAllocEntry,
  type IpaFixedEntry,
} from './codec/lists.js';

/** One identity of a VM (fact base: rm-rpc-messages 1.11). */
export interface IdEntry {
  /** IdType. */
  type: number;
  /** Without terminator and padding. */
  data: Uint8Array;
}

/** Entry of IPA_RESERVE: fixed range (type 0) or range to allocate (type 1). */
export type IpaRange = IpaFixedEntry | IpaAllocEntry;

export const roundUp4 = (n: number): number => (n + 3) & ~3;

/** The bytes followed by zeros up to a multiple of 4. */
export function padded(bytes: Uint8Array): Uint8Array {
  const out = new Uint8Array(roundUp4(bytes.length));
  out.set(bytes);
  return out;
}

/** type, 0, u16 size, bytes, zero padding; entry after entry. */
export function encodeIds(ids: readonly IdEntry[]): Uint8Array {
  return concatBytes(
    ...ids.map((id) => {
      const head = new Uint8Array(4);
      head[0] = id.type;
      put16(head, 2, id.data.length);
      return concatBytes(head, padded(id.data));
    }),
  );
}

/** `count` identities that fill `b` from `at` exactly, or undefined. */
export function decodeIds(b: Uint8Array, at: number, count: number): IdEntry[] | undefined {
  const out: IdEntry[] = [];
  let pos = at;
  for (let i = 0; i < count; i++) {
    if (pos + 4 > b.length) return undefined;
    const size = le16(b, pos + 2);
    const next = pos + 4 + roundUp4(size);
    if (next > b.length) return undefined;
    out.push({ type: b[pos], data: b.slice(pos + 4, pos + 4 + size) });
    pos = next;
  }
  return pos === b.length ? out : undefined;
}

const isAlloc = (r: IpaRange): r is IpaAllocEntry => 'alignment' in r;

/** All ranges of one request have the same form; mixing them is a caller's mistake and encodes the first form's ranges only. */
export function encodeIpaRanges(ranges: readonly IpaRange[]): Uint8Array {
  if (ranges.length > 0 && isAlloc(ranges[0])) return encodeIpaAllocEntries(ranges.filter(isAlloc));
  return encodeIpaFixedEntries(ranges.filter((r): r is IpaFixedEntry => !isAlloc(r)));
}

/** `count` ranges of the form that `type` says, filling `b` from `at` exactly, or undefined. */
export function decodeIpaRanges(b: Uint8Array, at: number, type: number, count: number): IpaRange[] | undefined {
  if (type > 1) return undefined;
  const list = type === 1 ? decodeIpaAllocEntries(b, at, count) : decodeIpaFixedEntries(b, at, count);
  return list !== undefined && list.next === b.length ? list.entries : undefined;
}
