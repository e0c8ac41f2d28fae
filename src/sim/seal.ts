/**
 * Parts of a stream, each behind a seal: its length and its digest, so that a reader knows a stream that was cut off from one that was
 * damaged. A seal is a packed value itself (see plain.ts), `[[], [length, digest of the part, digest of the seal so far]]`: readers
 * that know nothing of seals see one value more.
 */
import { concatBytes } from '../base/index.js';
import { digest } from './plain.js';

/** A list of two: no shapes, and a list of three, which begins with an unsigned integer of 32 bits. MessagePack. */
const BEGIN = [0x92, 0x90, 0x93, 0xce];
const STRING_16 = 0xb0;
const DIGEST = 16;
const LENGTH_AT = BEGIN.length;
const PART_AT = LENGTH_AT + 4;
const SELF_AT = PART_AT + 1 + DIGEST;
const SIZE = SELF_AT + 1 + DIGEST;

function putDigest(b: Uint8Array, at: number, text: string): void {
  b[at] = STRING_16;
  for (let i = 0; i < DIGEST; i++) b[at + 1 + i] = text.charCodeAt(i);
}

function sealOf(part: Uint8Array): Uint8Array {
  const b = new Uint8Array(SIZE);
  b.set(BEGIN);
  new DataView(b.buffer).setUint32(LENGTH_AT, part.length);
  putDigest(b, PART_AT, digest(part));
  putDigest(b, SELF_AT, digest(b.subarray(0, SELF_AT)));
  return b;
}

/** The part behind its seal. */
export const sealed = (part: Uint8Array): Uint8Array => concatBytes(sealOf(part), part);

/** How a stream ends: with its last whole part; inside of a part; before something that is not as it was written. */
export type StreamEnd = 'whole' | 'cut' | 'damaged';

const startsWith = (b: Uint8Array, wanted: ArrayLike<number>): boolean => {
  for (let i = 0; i < Math.min(b.length, wanted.length); i++) if (b[i] !== wanted[i]) return false;
  return true;
};

/** It begins with a seal, be it damaged behind its first bytes. */
export const isSealed = (bytes: Uint8Array): boolean => bytes.length >= BEGIN.length && startsWith(bytes, BEGIN);

/** The parts up to the first one that is not whole, which begins at `at`. */
export function unsealed(bytes: Uint8Array): { parts: Uint8Array[]; end: StreamEnd; at: number } {
  const parts: Uint8Array[] = [];
  for (let at = 0; ; ) {
    const seal = bytes.subarray(at, at + SIZE);
    if (seal.length === 0) return { parts, end: 'whole', at };
    if (!startsWith(seal, BEGIN)) return { parts, end: 'damaged', at };
    if (seal.length < SIZE) return { parts, end: 'cut', at };
    const self = new Uint8Array(1 + DIGEST);
    putDigest(self, 0, digest(seal.subarray(0, SELF_AT)));
    if (!startsWith(seal.subarray(SELF_AT), self)) return { parts, end: 'damaged', at };
    const begin = at + SIZE;
    const length = new DataView(seal.buffer, seal.byteOffset).getUint32(LENGTH_AT);
    const part = bytes.subarray(begin, begin + length);
    if (part.length < length) return { parts, end: 'cut', at };
    if (!startsWith(seal, sealOf(part))) return { parts, end: 'damaged', at };
    parts.push(part);
    at = begin + length;
  }
}
