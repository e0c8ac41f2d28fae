/** A 64-bit unsigned quantity of the ABI, always in 0 .. 2^64-1. */
export type U64 = bigint;

export const U64_MAX: U64 = 0xffff_ffff_ffff_ffffn;

/** Wraps any integer to 64 bits, as a register does. */
export const u64 = (value: bigint): U64 => BigInt.asUintN(64, value);

/** Bits 31:0 of a register as a number: how the ABI reads arguments declared narrower than 64 bits. */
export const lo32 = (value: U64): number => Number(value & 0xffff_ffffn);

/** Bits 15:0 of a register (vmid_t, cpu_index_t). */
export const lo16 = (value: U64): number => Number(value & 0xffffn);

/** `0x` and lower-case hex digits, no leading zeros: the notation of transcripts and traces. */
export const hex = (value: bigint | number): string => `0x${value.toString(16)}`;
