/**
 * A64 floating point and SIMD whose result general registers or flags show, and moves without arithmetic: FMOV, DUP, INS, UMOV,
 * SMOV, FCSEL, FCMP, FCCMP, conversions to integers.
 */
import { conditionHolds } from './arithmetic.js';
import type { A64Cpu } from './cpu.js';
import { field, readX, writeX } from './registers.js';
import {
  expandImmediate,
  getElement,
  replicate,
  scaleOfType,
  setElement,
  setVector,
  toNumber,
} from './simd-elements.js';

type Effect = (cpu: A64Cpu) => void;

/** NZCV of a comparison, in bits 3:0: less, equal, greater, unordered. */
function compared(a: number, b: number): number {
  if (Number.isNaN(a) || Number.isNaN(b)) return 0b0011;
  if (a === b) return 0b0110;
  return a < b ? 0b1000 : 0b0010;
}

/** To an integer: ties to even, up, down, towards zero; ties away (4). */
function rounded(value: number, mode: number): number {
  switch (mode) {
    case 1:
      return Math.ceil(value);
    case 2:
      return Math.floor(value);
    case 3:
      return Math.trunc(value);
    case 4:
      return (
        Math.sign(value) *
        Math.floor(
          Math.abs(value) + (Math.abs(value) < 2 ** 52 && Math.abs(value) % 1 >= 0.5 ? 1 - (Math.abs(value) % 1) : 0),
        )
      );
    default: {
      const low = Math.floor(value);
      const rest = value - low;
      return rest < 0.5 || (rest === 0.5 && low % 2 === 0) ? low : low + 1;
    }
  }
}

/** An integer of `bits` bits: what does not fit becomes the nearest that does, no number becomes 0. */
function saturated(value: number, bits: number, signed: boolean): bigint {
  if (Number.isNaN(value)) return 0n;
  const low = signed ? -(1n << BigInt(bits - 1)) : 0n;
  const high = signed ? (1n << BigInt(bits - 1)) - 1n : (1n << BigInt(bits)) - 1n;
  if (value === Number.POSITIVE_INFINITY) return high;
  if (value === Number.NEGATIVE_INFINITY) return BigInt.asUintN(bits, low);
  const whole = BigInt(value);
  return BigInt.asUintN(bits, whole < low ? low : whole > high ? high : whole);
}

/** FJCVTZS: modulo 2^32, Z when nothing was lost. */
function toJavaScript(value: number): { result: bigint; exact: boolean } {
  if (!Number.isFinite(value)) return { result: 0n, exact: false };
  const whole = BigInt(Math.trunc(value));
  const result = BigInt.asUintN(32, whole);
  const exact = Number(BigInt.asIntN(32, result)) === value && !Object.is(value, -0);
  return { result, exact };
}

/** FMOV between the files of registers, FCVT.. to an integer, by rmode and opcode. */
function withInteger(word: number): Effect | undefined {
  const wide = word >>> 31 === 1;
  const type = field(word, 23, 22);
  const rmode = field(word, 20, 19);
  const opcode = field(word, 18, 16);
  const rn = field(word, 9, 5);
  const rd = field(word, 4, 0);
  const scale = scaleOfType(type);
  if (type === 1 && rmode === 3 && opcode === 6) {
    return (cpu) => {
      const { result, exact } = toJavaScript(toNumber(getElement(cpu, rn, 0, 3), 3));
      writeX(cpu, rd, result);
      cpu.nzcv = exact ? 0x4000_0000 : 0;
    };
  }
  const half = rmode === 1 && opcode >= 6 ? 1 : 0;
  if (opcode === 6) return (cpu) => writeX(cpu, rd, getElement(cpu, rn, half, scale));
  if (opcode === 7) {
    if (half === 1) return (cpu) => setElement(cpu, rd, 1, 3, readX(cpu, rn));
    return (cpu) => setVector(cpu, rd, BigInt.asUintN(8 << scale, readX(cpu, rn)));
  }
  if (opcode === 2 || opcode === 3) return undefined;
  const mode = opcode >= 4 ? 4 : rmode;
  const signed = (opcode & 1) === 0;
  return (cpu) => {
    const value = rounded(toNumber(getElement(cpu, rn, 0, scale), scale), mode);
    writeX(cpu, rd, saturated(value, wide ? 64 : 32, signed));
  };
}

/** FCVTZS and FCVTZU of fixed point. */
function toFixedPoint(word: number): Effect | undefined {
  if (field(word, 20, 19) !== 3) return undefined;
  const bits = word >>> 31 === 1 ? 64 : 32;
  const scale = scaleOfType(field(word, 23, 22));
  const factor = 2 ** (64 - field(word, 15, 10));
  const signed = field(word, 16, 16) === 0;
  const rn = field(word, 9, 5);
  const rd = field(word, 4, 0);
  return (cpu) => {
    const value = Math.trunc(toNumber(getElement(cpu, rn, 0, scale), scale) * factor);
    writeX(cpu, rd, saturated(value, bits, signed));
  };
}

/** Bits 28:25 = 1111, bit 30 = 0; the word is an instruction. */
function scalar(word: number): Effect | undefined {
  if (field(word, 24, 24) === 1) return undefined;
  if (field(word, 21, 21) === 0) return toFixedPoint(word);
  const scale = scaleOfType(field(word, 23, 22));
  const rn = field(word, 9, 5);
  const rm = field(word, 20, 16);
  const rd = field(word, 4, 0);
  const read = (cpu: A64Cpu, r: number): number => toNumber(getElement(cpu, r, 0, scale), scale);
  const condition = field(word, 15, 12);
  switch (field(word, 11, 10)) {
    case 1:
      return (cpu) => {
        const flags = conditionHolds(cpu.nzcv, condition) ? compared(read(cpu, rn), read(cpu, rm)) : field(word, 3, 0);
        cpu.nzcv = (flags << 28) >>> 0;
      };
    case 3:
      return (cpu) => setVector(cpu, rd, getElement(cpu, conditionHolds(cpu.nzcv, condition) ? rn : rm, 0, scale));
    case 2:
      return undefined;
  }
  if (condition === 0) return withInteger(word);
  if ((condition & 1) === 1) {
    const value = expandImmediate(field(word, 20, 13), scale);
    return (cpu) => setVector(cpu, rd, value);
  }
  if (condition === 2) {
    const withZero = field(word, 3, 3) === 1;
    return (cpu) => {
      cpu.nzcv = (compared(read(cpu, rn), withZero ? 0 : read(cpu, rm)) << 28) >>> 0;
    };
  }
  return field(word, 20, 15) === 0 ? (cpu) => setVector(cpu, rd, getElement(cpu, rn, 0, scale)) : undefined;
}

/** DUP, INS, SMOV, UMOV: the lowest bit of imm5 is the element's size, what stands above it its number. */
function copy(word: number): Effect | undefined {
  const imm5 = field(word, 20, 16);
  const scale = 31 - Math.clz32(imm5 & -imm5);
  const index = imm5 >> (scale + 1);
  const rn = field(word, 9, 5);
  const rd = field(word, 4, 0);
  const wide = field(word, 30, 30) === 1;
  const fill = (cpu: A64Cpu, value: bigint): void => {
    const all = replicate(value, scale);
    setVector(cpu, rd, all, wide ? all : 0n);
  };
  if (field(word, 29, 29) === 1) {
    const from = field(word, 14, 11) >> scale;
    return (cpu) => setElement(cpu, rd, index, scale, getElement(cpu, rn, from, scale));
  }
  switch (field(word, 14, 11)) {
    case 0:
      return (cpu) => fill(cpu, getElement(cpu, rn, index, scale));
    case 1:
      return (cpu) => fill(cpu, readX(cpu, rn));
    case 3:
      return (cpu) => setElement(cpu, rd, index, scale, readX(cpu, rn));
    case 5:
      return (cpu) => {
        const value = BigInt.asIntN(8 << scale, getElement(cpu, rn, index, scale));
        writeX(cpu, rd, BigInt.asUintN(wide ? 64 : 32, value));
      };
    default:
      return (cpu) => writeX(cpu, rd, getElement(cpu, rn, index, scale));
  }
}

/** What an allocated word does, as far as it is known here. */
export function simdEffect(word: number): Effect | undefined {
  if (field(word, 28, 25) === 0b1111 && field(word, 30, 30) === 0) return scalar(word);
  if (field(word, 31, 31) === 1) return undefined;
  const copies = field(word, 28, 21) === 0b0111_0000 && field(word, 15, 15) === 0 && field(word, 10, 10) === 1;
  if (copies) return copy(word);
  // DUP of one element.
  if (field(word, 31, 21) === 0b010_1111_0000 && field(word, 15, 10) === 1) {
    const imm5 = field(word, 20, 16);
    const scale = 31 - Math.clz32(imm5 & -imm5);
    const rn = field(word, 9, 5);
    return (cpu) => setVector(cpu, field(word, 4, 0), getElement(cpu, rn, imm5 >> (scale + 1), scale));
  }
  return undefined;
}
