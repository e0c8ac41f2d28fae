/** Little-endian access to byte arrays, and hex strings. Offsets must be in range; callers check lengths first. */
import { hi32, join64, lo32 } from './u64.js';

/** Little endian, as everything on the wire; `at` is a byte offset. Past the end: 0. */
export const le16 = (b: Uint8Array, at: number): number => b[at] | (b[at + 1] << 8);

export const le32 = (b: Uint8Array, at: number): number =>
  (b[at] | (b[at + 1] << 8) | (b[at + 2] << 16) | (b[at + 3] << 24)) >>> 0;

export const le64 = (b: Uint8Array, at: number): bigint => join64(le32(b, at), le32(b, at + 4));

export function put16(b: Uint8Array, at: number, value: number): void {
  b[at] = value;
  b[at + 1] = value >>> 8;
}

export function put32(b: Uint8Array, at: number, value: number): void {
  b[at] = value;
  b[at + 1] = value >>> 8;
  b[at + 2] = value >>> 16;
  b[at + 3] = value >>> 24;
}

export function put64(b: Uint8Array, at: number, value: bigint): void {
  put32(b, at, lo32(value));
  put32(b, at + 4, hi32(value));
}

const DIGIT_PAIRS = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, '0'));

/** Lower-case hex digits without prefix or spaces. */
export function toHex(b: Uint8Array): string {
  let s = '';
  for (const byte of b) s += DIGIT_PAIRS[byte];
  return s;
}

/** By character code; 0 for what is no hex digit. */
const DIGIT_VALUES = Uint8Array.from({ length: 128 }, (_, code) => Number(`0x${String.fromCharCode(code)}`) || 0);

/** Bytes of an even number of hex digits, which the caller has checked. */
export function bytesOfDigits(digits: string): Uint8Array {
  const out = new Uint8Array(digits.length >> 1);
  for (let i = 0; i < out.length; i++)
    out[i] = (DIGIT_VALUES[digits.charCodeAt(i * 2)] << 4) | DIGIT_VALUES[digits.charCodeAt(i * 2 + 1)];
  return out;
}

/** Parses hex digits; spaces, commas and `0x` prefixes are skipped. `undefined` when anything else or half a byte remains. */
export function fromHex(text: string): Uint8Array | undefined {
  const digits = text.replace(/0x/gi, '').replace(/[\s,:]/g, '');
  return digits.length % 2 !== 0 || /[^0-9a-f]/i.test(digits) ? undefined : bytesOfDigits(digits);
}

export function concatBytes(...parts: readonly Uint8Array[]): Uint8Array {
  const out = new Uint8Array(parts.reduce((n, p) => n + p.length, 0));
  let at = 0;
  for (const p of parts) {
    out.set(p, at);
    at += p.length;
  }
  return out;
}

/**
 * A copy of the bytes from `from` on. Not a view: the bytes of a small array lie inside the JavaScript heap until someone asks for a
 * view of them, and moving them out costs more than copying them.
 */
export function tailOf(bytes: Uint8Array, from: number): Uint8Array {
  const out = new Uint8Array(bytes.length - from);
  for (let i = 0; i < out.length; i++) out[i] = bytes[from + i];
  return out;
}
