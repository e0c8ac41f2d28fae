/**
 * A64 data processing with registers: logic, sums, flags, conditional select and compare. Each group refuses its own unallocated
 * encodings (Arm ARM C4.1.95 "Data Processing -- Register").
 */
import { addSub, addWithFlags, conditionHolds, extend, logic, shift } from './arithmetic.js';
import { oneSource, threeSource, twoSource } from './bits.js';
import type { A64Cpu, Instruction } from './cpu.js';
import { field, M32, M64, next, readX, readXsp, writeX } from './registers.js';

const isWide = (word: number): boolean => word >>> 31 === 1;

function shiftedOperand(word: number): (cpu: A64Cpu) => bigint {
  const rm = field(word, 20, 16);
  const kind = field(word, 23, 22);
  const amount = field(word, 15, 10);
  const wide = isWide(word);
  return (cpu) => shift(readX(cpu, rm), kind, amount, wide);
}

/** AND, ORR, EOR, ANDS and their inverted forms. */
function logicShifted(word: number): Instruction | undefined {
  if (!isWide(word) && field(word, 15, 15) === 1) return undefined;
  const plain = shiftedOperand(word);
  const mask = isWide(word) ? M64 : M32;
  return logic(word, field(word, 21, 21) === 1 ? (cpu) => ~plain(cpu) & mask : plain, false);
}

function sumExtended(word: number): Instruction | undefined {
  const rn = field(word, 9, 5);
  const rm = field(word, 20, 16);
  const option = field(word, 15, 13);
  const amount = field(word, 12, 10);
  if (field(word, 23, 22) !== 0 || amount > 4) return undefined;
  return addSub(
    word,
    (cpu) => readXsp(cpu, rn),
    (cpu) => extend(readX(cpu, rm), option, amount),
    true,
  );
}

function sumShifted(word: number): Instruction | undefined {
  const rn = field(word, 9, 5);
  if (field(word, 23, 22) === 3 || (!isWide(word) && field(word, 15, 15) === 1)) return undefined;
  return addSub(word, (cpu) => readX(cpu, rn), shiftedOperand(word), false);
}

/** RMIF: bits of a rotated register into the flags that the mask names. */
function rotateIntoFlags(word: number): Instruction | undefined {
  if (field(word, 31, 29) !== 0b101 || field(word, 4, 4) === 1) return undefined;
  const rn = field(word, 9, 5);
  const amount = BigInt(field(word, 20, 15));
  const mask = field(word, 3, 0);
  return (cpu) => {
    const flags = Number((readX(cpu, rn) >> amount) & 15n) | Number((readX(cpu, rn) << (64n - amount)) & 15n);
    cpu.nzcv = (((flags & mask) << 28) | (cpu.nzcv & (~mask << 28))) >>> 0;
    return next(cpu);
  };
}

/** SETF8 and SETF16: N, Z and V as if a sum of that width stood in the register; C stays. */
function setFlags(word: number): Instruction | undefined {
  if (field(word, 31, 29) !== 0b001 || field(word, 20, 15) !== 0 || field(word, 4, 0) !== 0b01101) return undefined;
  const rn = field(word, 9, 5);
  const width = field(word, 14, 14) === 1 ? 16n : 8n;
  return (cpu) => {
    const value = readX(cpu, rn);
    const sign = Number((value >> (width - 1n)) & 1n);
    const zero = BigInt.asUintN(Number(width), value) === 0n ? 1 : 0;
    const overflow = sign ^ Number((value >> width) & 1n);
    cpu.nzcv = ((sign << 31) | (zero << 30) | (cpu.nzcv & (1 << 29)) | (overflow << 28)) >>> 0;
    return next(cpu);
  };
}

/** ADC, SBC, and the two ways to make flags. */
function withCarry(word: number): Instruction | undefined {
  if (field(word, 14, 10) === 1) return rotateIntoFlags(word);
  if (field(word, 13, 10) === 2) return setFlags(word);
  if (field(word, 15, 10) !== 0) return undefined;
  const rn = field(word, 9, 5);
  const rm = field(word, 20, 16);
  return addSub(
    word,
    (cpu) => readX(cpu, rn),
    (cpu) => readX(cpu, rm),
    false,
    true,
  );
}

function conditionalCompare(word: number): Instruction | undefined {
  if (field(word, 29, 29) === 0 || field(word, 10, 10) === 1 || field(word, 4, 4) === 1) return undefined;
  const wide = isWide(word);
  const mask = wide ? M64 : M32;
  const rn = field(word, 9, 5);
  const rm = field(word, 20, 16);
  const condition = field(word, 15, 12);
  const subtract = field(word, 30, 30) === 1;
  const immediateOperand = field(word, 11, 11) === 1;
  const flags = field(word, 3, 0);
  return (cpu) => {
    if (conditionHolds(cpu.nzcv, condition)) {
      const b = (immediateOperand ? BigInt(rm) : readX(cpu, rm)) & mask;
      addWithFlags(cpu, readX(cpu, rn) & mask, subtract ? ~b & mask : b, subtract ? 1n : 0n, wide);
    } else {
      cpu.nzcv = (flags << 28) >>> 0;
    }
    return next(cpu);
  };
}

function conditionalSelect(word: number): Instruction | undefined {
  if (field(word, 29, 29) === 1 || field(word, 11, 11) === 1) return undefined;
  const mask = isWide(word) ? M64 : M32;
  const rd = field(word, 4, 0);
  const rn = field(word, 9, 5);
  const rm = field(word, 20, 16);
  const condition = field(word, 15, 12);
  const invert = field(word, 30, 30) === 1;
  const increment = field(word, 10, 10) === 1;
  return (cpu) => {
    let v = readX(cpu, rn) & mask;
    if (!conditionHolds(cpu.nzcv, condition)) {
      v = readX(cpu, rm) & mask;
      if (invert) v = ~v & mask;
      if (increment) v = (v + 1n) & mask;
    }
    writeX(cpu, rd, v);
    return next(cpu);
  };
}

/** Data processing, register (bits 27:25 = 101). */
export function register(word: number): Instruction | undefined {
  switch (field(word, 28, 24)) {
    case 0b01010:
      return logicShifted(word);
    case 0b01011:
      return field(word, 21, 21) === 1 ? sumExtended(word) : sumShifted(word);
    case 0b11011:
      return threeSource(word);
    case 0b11010:
      break;
    default:
      return undefined;
  }
  switch (field(word, 23, 21)) {
    case 0b000:
      return withCarry(word);
    case 0b010:
      return conditionalCompare(word);
    case 0b100:
      return conditionalSelect(word);
    case 0b110:
      return field(word, 30, 30) === 1 ? oneSource(word) : twoSource(word);
    default:
      return undefined;
  }
}
