/** A64 data processing with one source (bit reversal and counting), two (division, shifts, CRC32) and three (multiplication). */
import { shift } from './arithmetic.js';
import type { Instruction } from './cpu.js';
import { field, M32, M64, next, readX, writeX } from './registers.js';

/** Pointer authentication with one source, which does nothing while it is disabled: PACIA.., PACIZA.. (Rn = 31), XPACI and XPACD. */
function pointerAuthentication(word: number): Instruction | undefined {
  const op = field(word, 15, 10);
  const withoutOperand = op >= 8;
  return op <= 17 && (!withoutOperand || field(word, 9, 5) === 31) ? next : undefined;
}

function reverse(v: bigint, bits: number, unit: number, within: number): bigint {
  let result = 0n;
  for (let i = 0; i < bits; i += unit) {
    const block = Math.floor(i / within) * within;
    const to = block + within - unit - (i - block);
    result |= ((v >> BigInt(i)) & ((1n << BigInt(unit)) - 1n)) << BigInt(to);
  }
  return result;
}

function leadingZeros(v: bigint, bits: number): number {
  let n = 0;
  while (n < bits && v >> BigInt(bits - 1 - n) === 0n) n++;
  return n;
}

/** RBIT, REV*, CLZ, CLS and pointer authentication. */
export function oneSource(word: number): Instruction | undefined {
  const wide = word >>> 31 === 1;
  const bits = wide ? 64 : 32;
  const mask = wide ? M64 : M32;
  const rd = field(word, 4, 0);
  const rn = field(word, 9, 5);
  if (field(word, 29, 29) === 1) return undefined;
  if (field(word, 20, 16) === 1 && wide) return pointerAuthentication(word);
  const op = field(word, 15, 10);
  if (field(word, 20, 16) !== 0 || op > 5 || (op === 3 && !wide)) return undefined;
  return (cpu) => {
    const v = readX(cpu, rn) & mask;
    let result: bigint;
    if (op === 0) result = reverse(v, bits, 1, bits);
    else if (op < 4) result = reverse(v, bits, 8, 8 << op);
    else if (op === 4) result = BigInt(leadingZeros(v, bits));
    else result = BigInt(leadingZeros(v >> BigInt(bits - 1) === 1n ? ~v & mask : v, bits) - 1);
    writeX(cpu, rd, result);
    return next(cpu);
  };
}

/** Reflected polynomials of CRC32 and CRC32C. */
const POLYNOMIAL = [0xedb8_8320, 0x82f6_3b78] as const;

/** The accumulator after `bytes` bytes of `value`, least significant first; no inversion before or after. */
function crc32(accumulator: number, value: bigint, bytes: number, polynomial: number): number {
  let crc = accumulator >>> 0;
  for (let i = 0; i < bytes; i++) {
    crc ^= Number((value >> BigInt(8 * i)) & 0xffn);
    for (let bit = 0; bit < 8; bit++) crc = (crc & 1) === 1 ? (crc >>> 1) ^ polynomial : crc >>> 1;
  }
  return crc >>> 0;
}

/** CRC32B..CRC32CX: only the widest takes the 64-bit form of the encoding. */
function checksum(word: number): Instruction | undefined {
  const size = field(word, 11, 10);
  if ((word >>> 31 === 1) !== (size === 3)) return undefined;
  const rd = field(word, 4, 0);
  const rn = field(word, 9, 5);
  const rm = field(word, 20, 16);
  const polynomial = POLYNOMIAL[field(word, 12, 12)];
  return (cpu) => {
    writeX(cpu, rd, BigInt(crc32(Number(readX(cpu, rn) & M32), readX(cpu, rm), 1 << size, polynomial)));
    return next(cpu);
  };
}

/** UDIV, SDIV, variable shifts, CRC32. Memory tagging (SUBP, IRG, GMI) is not there; PACGA traps, see the owner of the vCPU. */
export function twoSource(word: number): Instruction | undefined {
  if (field(word, 29, 29) === 1) return undefined;
  const wide = word >>> 31 === 1;
  const bits = wide ? 64 : 32;
  const mask = wide ? M64 : M32;
  const rd = field(word, 4, 0);
  const rn = field(word, 9, 5);
  const rm = field(word, 20, 16);
  const op = field(word, 15, 10);
  if (op >= 16 && op < 24) return checksum(word);
  if (op !== 2 && op !== 3 && (op < 8 || op > 11)) return undefined;
  return (cpu) => {
    const a = readX(cpu, rn) & mask;
    const b = readX(cpu, rm) & mask;
    let v: bigint;
    if (op >= 8) v = shift(a, op - 8, Number(b % BigInt(bits)), wide);
    else if (b === 0n) v = 0n;
    else v = op === 2 ? a / b : BigInt.asIntN(bits, a) / BigInt.asIntN(bits, b);
    writeX(cpu, rd, v & mask);
    return next(cpu);
  };
}

/** SMADDL, SMSUBL, UMADDL, UMSUBL, SMULH, UMULH. */
function longMultiply(word: number): Instruction | undefined {
  const kind = field(word, 23, 21);
  const rd = field(word, 4, 0);
  const rn = field(word, 9, 5);
  const rm = field(word, 20, 16);
  const ra = field(word, 14, 10);
  const subtract = field(word, 15, 15) === 1;
  const signed = kind < 4;
  const part = (v: bigint, bits: number): bigint => (signed ? BigInt.asIntN(bits, v) : BigInt.asUintN(bits, v));
  if (kind === 2 || kind === 6) {
    if (subtract) return undefined;
    return (cpu) => {
      writeX(cpu, rd, ((part(readX(cpu, rn), 64) * part(readX(cpu, rm), 64)) >> 64n) & M64);
      return next(cpu);
    };
  }
  if (kind !== 1 && kind !== 5) return undefined;
  return (cpu) => {
    const product = part(readX(cpu, rn), 32) * part(readX(cpu, rm), 32);
    writeX(cpu, rd, (subtract ? readX(cpu, ra) - product : readX(cpu, ra) + product) & M64);
    return next(cpu);
  };
}

/** MADD, MSUB and the multiplications with a long result, which are 64-bit only. */
export function threeSource(word: number): Instruction | undefined {
  if (field(word, 30, 29) !== 0) return undefined;
  const wide = word >>> 31 === 1;
  if (field(word, 23, 21) !== 0) return wide ? longMultiply(word) : undefined;
  const mask = wide ? M64 : M32;
  const rd = field(word, 4, 0);
  const rn = field(word, 9, 5);
  const rm = field(word, 20, 16);
  const ra = field(word, 14, 10);
  const subtract = field(word, 15, 15) === 1;
  return (cpu) => {
    const product = readX(cpu, rn) * readX(cpu, rm);
    writeX(cpu, rd, (subtract ? readX(cpu, ra) - product : readX(cpu, ra) + product) & mask);
    return next(cpu);
  };
}
