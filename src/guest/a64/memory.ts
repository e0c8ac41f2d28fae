/** A64 loads and stores: which of their groups a word belongs to (Arm ARM C4.1.94 "Loads and Stores"). */

import { extend } from './arithmetic.js';
import { atomic, authenticatedLoad, compareAndSwap, compareAndSwapPair } from './atomics.js';
import type { A64Cpu, Instruction } from './cpu.js';
import { exclusive, ordered } from './exclusive.js';
import { field, M64, readX, readXsp } from './registers.js';
import { simdLiteral, simdPair, simdSingle } from './simd-memory.js';
import { structures } from './simd-structures.js';
import { literal, orderedUnscaled, pair, signedField, single } from './single.js';

/** Bits 29:24 = 001000. */
function exclusiveOrOrdered(word: number): Instruction | undefined {
  const isPair = field(word, 21, 21) === 1;
  if (field(word, 23, 23) === 1) return isPair ? compareAndSwap(word) : ordered(word);
  return isPair && field(word, 31, 31) === 0 ? compareAndSwapPair(word) : exclusive(word);
}

/** Bits 29:27 = 111: one register, by the way its address is made. */
function oneRegister(word: number): Instruction | undefined {
  const vector = field(word, 26, 26) === 1;
  const access = vector ? simdSingle : single;
  const rn = field(word, 9, 5);
  if (field(word, 24, 24) === 1) {
    const scale = vector && field(word, 23, 23) === 1 ? 4 : field(word, 31, 30);
    const offset = BigInt(field(word, 21, 10)) << BigInt(scale);
    return access(word, (cpu) => (readXsp(cpu, rn) + offset) & M64);
  }
  const how = field(word, 11, 10);
  if (field(word, 21, 21) === 1) {
    if (how !== 2) {
      if (vector) return undefined;
      return how === 0 ? atomic(word) : authenticatedLoad(word);
    }
    const rm = field(word, 20, 16);
    const option = field(word, 15, 13);
    if ((option & 2) === 0) return undefined;
    const scale = vector && field(word, 23, 23) === 1 ? 4 : field(word, 31, 30);
    const amount = field(word, 12, 12) === 1 ? scale : 0;
    return access(word, (cpu) => (readXsp(cpu, rn) + extend(readX(cpu, rm), option, amount)) & M64);
  }
  const offset = signedField(word, 20, 12);
  const moved = (cpu: A64Cpu): bigint => (readXsp(cpu, rn) + offset) & M64;
  switch (how) {
    case 0:
      return access(word, moved);
    case 1:
      return access(word, (cpu) => readXsp(cpu, rn), moved);
    case 3:
      return access(word, moved, moved);
    default: {
      // Unprivileged: with stage 1 off EL0 may what EL1 may. There is no such prefetch, and no such access of a vector.
      const prefetch = field(word, 31, 30) === 3 && field(word, 23, 22) === 2;
      return vector || prefetch ? undefined : single(word, moved);
    }
  }
}

/** Loads and stores (bits 27 = 1, 25 = 0). */
export function memory(word: number): Instruction | undefined {
  const vector = field(word, 26, 26) === 1;
  switch (field(word, 29, 27)) {
    case 0b001:
      if (vector) return structures(word);
      return field(word, 24, 24) === 0 ? exclusiveOrOrdered(word) : undefined;
    case 0b101:
      return vector ? simdPair(word) : pair(word);
    case 0b011:
      if (field(word, 24, 24) === 0) return vector ? simdLiteral(word) : literal(word);
      // LDAPUR and STLUR; memory tagging, which is not there, has bit 21 set.
      if (vector || field(word, 21, 21) === 1 || field(word, 11, 10) !== 0) return undefined;
      return orderedUnscaled(word, (cpu) => (readXsp(cpu, field(word, 9, 5)) + signedField(word, 20, 12)) & M64);
    case 0b111:
      return oneRegister(word);
    default:
      return undefined;
  }
}
