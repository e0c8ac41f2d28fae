/** A 64-bit unsigned quantity of the ABI, always in 0 .. 2^64-1. */
export type U64 = bigint;

export const U64_MAX: U64 = 0xffff_ffff_ffff_ffffn;

/** Wraps any integer to 64 bits, as a register does. */
export const u64 = (value: bigint): U64 => BigInt.asUintN(64, value);

/** One word as 64 bits and as its halves: a store and a load cost a tenth of `Number(bigint)`, which leaves the compiled code. */
const word = new BigUint64Array(1);
const half = new Uint32Array(word.buffer);
const LOW = new Uint32Array(BigUint64Array.of(1n).buffer)[0] === 1 ? 0 : 1;
const HIGH = 1 - LOW;

/** Bits 31:0 of a register as a number: how the ABI reads arguments declared narrower than 64 bits. */
export function lo32(value: U64): number {
  word[0] = value;
  return half[LOW];
}

/** Bits 63:32 of a register. */
export function hi32(value: U64): number {
  word[0] = value;
  return half[HIGH];
}

/** Bits 15:0 of a register (vmid_t, cpu_index_t). */
export const lo16 = (value: U64): number => lo32(value) & 0xffff;

/** The whole register as a number, rounded like `Number(value)` above 2^53. */
export function toNumber(value: U64): number {
  word[0] = value;
  return half[HIGH] * 0x1_0000_0000 + half[LOW];
}

/** High words of numbers below 2^52: two of them are added without rounding. */
const EXACT_HIGH = 2 ** 20;

/** a + b > limit. Mostly both are small: then there is no need for big integers, which live on the heap. */
export const sumExceeds = (a: U64, b: U64, limit: number): boolean =>
  hi32(a) < EXACT_HIGH && hi32(b) < EXACT_HIGH ? toNumber(a) + toNumber(b) > limit : a + b > BigInt(limit);

/** A safe integer as a register holds it, negative ones wrapped: `BigInt(value)` of an unknown number leaves the compiled code. */
export function toU64(value: number): U64 {
  half[LOW] = value;
  half[HIGH] = Math.floor(value / 0x1_0000_0000);
  return word[0];
}

/** Two words as one. */
export function join64(low: number, high: number): U64 {
  half[LOW] = low;
  half[HIGH] = high;
  return word[0];
}

/** `0x` and lower-case hex digits, no leading zeros: the notation of transcripts and traces. */
export const hex = (value: bigint | number): string => `0x${value.toString(16)}`;
