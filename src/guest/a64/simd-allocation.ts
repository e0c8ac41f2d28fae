/**
 * Which words of A64 SIMD data processing are instructions (Arm ARM C4.1.96 "Data Processing -- Scalar Floating-Point and Advanced
 * SIMD", as the emulated CPU of the recordings has them: with half precision, BFloat16, dot products, matrices, complex numbers
 * and every cryptographic extension). Each group is a table by opcode, U in front of it, of what size and Q may be.
 */
import { floatingPoint } from './fp-allocation.js';
import { field } from './registers.js';
import {
  ACROSS,
  HALF_THREE_SAME,
  HALF_TWO_MISC,
  halvesOrWords,
  INDEXED,
  type Rules,
  SCALAR_HALF_THREE_SAME,
  SCALAR_INDEXED,
  SCALAR_PAIRWISE,
  SCALAR_PAIRWISE_FLOAT,
  SCALAR_SHIFT,
  SCALAR_THREE_SAME,
  SCALAR_THREE_SAME_FLOAT,
  SCALAR_TWO_MISC,
  SCALAR_TWO_MISC_FLOAT,
  SHIFT,
  THREE_DIFFERENT,
  THREE_SAME,
  THREE_SAME_EXTRA,
  THREE_SAME_FLOAT,
  TWO_MISC,
  TWO_MISC_FLOAT,
  vector,
} from './simd-rules.js';

const bit = (word: number, at: number): number => (word >>> at) & 1;
const sizeOf = (word: number): number => field(word, 23, 22);

function follows(table: Rules, word: number, opcode: number, size = sizeOf(word)): boolean {
  return table[(bit(word, 29) << 8) | opcode]?.(size, bit(word, 30)) === true;
}
/** The same where floating point has opcodes of its own. */
function followsOne(integer: Rules, real: Rules, word: number, opcode: number): boolean {
  return follows(integer, word, opcode) || follows(real, word, (bit(word, 23) << 7) | opcode);
}

const halfOpcode = (word: number): number => (bit(word, 29) << 4) | (bit(word, 23) << 3) | field(word, 13, 11);

/** DUP, INS, SMOV and UMOV: the lowest bit of imm5 is the element's size. */
function copies(word: number): boolean {
  const imm5 = field(word, 20, 16);
  if ((imm5 & 15) === 0) return false;
  const size = 31 - Math.clz32(imm5 & -imm5);
  const q = bit(word, 30);
  if (bit(word, 29) === 1) return q === 1;
  switch (field(word, 14, 11)) {
    case 0:
    case 1:
      return size !== 3 || q === 1;
    case 3:
      return q === 1;
    case 5:
      return size < 2 || (size === 2 && q === 1);
    case 7:
      return (size === 3) === (q === 1);
    default:
      return false;
  }
}

/** MOVI, MVNI, ORR, BIC, FMOV of an immediate; bit 11 makes half precision. */
function movesImmediate(word: number): boolean {
  const whole = field(word, 15, 12) === 15;
  if (bit(word, 11) === 1) return whole && bit(word, 29) === 0;
  return !(whole && bit(word, 29) === 1 && bit(word, 30) === 0);
}

/** Bits 28:24 = 01110. */
function plainVector(word: number): boolean {
  if (bit(word, 21) === 1) {
    if (bit(word, 10) === 1) return followsOne(THREE_SAME, THREE_SAME_FLOAT, word, field(word, 15, 11));
    if (bit(word, 11) === 0) return follows(THREE_DIFFERENT, word, field(word, 15, 12));
    const opcode = field(word, 16, 12);
    switch (field(word, 20, 17)) {
      case 0:
        return followsOne(TWO_MISC, TWO_MISC_FLOAT, word, opcode);
      case 8:
        return follows(ACROSS, word, opcode);
      case 12:
        return bit(word, 22) === 1 && follows(HALF_TWO_MISC, word, (bit(word, 23) << 7) | opcode);
      case 4:
        // AESE, AESD, AESMC, AESIMC.
        return field(word, 31, 29) === 2 && sizeOf(word) === 0 && opcode >= 4 && opcode <= 7;
      default:
        return false;
    }
  }
  if (bit(word, 10) === 1) {
    if (bit(word, 15) === 1) return follows(THREE_SAME_EXTRA, word, field(word, 14, 11));
    if (sizeOf(word) === 0) return copies(word);
    return bit(word, 22) === 1 && bit(word, 14) === 0 && HALF_THREE_SAME.has(halfOpcode(word));
  }
  if (bit(word, 15) === 1) return false;
  if (bit(word, 29) === 1) {
    // EXT.
    return sizeOf(word) === 0 && (bit(word, 30) === 1 || bit(word, 14) === 0);
  }
  // TBL and TBX; UZP, TRN, ZIP.
  if (bit(word, 11) === 0) return sizeOf(word) === 0;
  return field(word, 13, 12) !== 0 && vector(sizeOf(word), bit(word, 30));
}

/** Bits 28:24 = 01111. */
function vectorWithImmediate(word: number): boolean {
  if (bit(word, 10) === 0) {
    const opcode = field(word, 15, 12);
    const real = [1, 5, 9].includes(opcode) && (bit(word, 29) === 0 || opcode === 9);
    if (real && sizeOf(word) === 3 && bit(word, 21) === 1) return false;
    return follows(INDEXED, word, opcode) && complexIndex(word, opcode);
  }
  if (bit(word, 23) === 1) return false;
  const immh = field(word, 22, 19);
  return immh === 0 ? movesImmediate(word) : follows(SHIFT, word, field(word, 15, 11), 31 - Math.clz32(immh));
}

/** FCMLA by element: no element beyond the vector. */
function complexIndex(word: number, opcode: number): boolean {
  if (bit(word, 29) === 0 || (opcode & 9) !== 1) return true;
  return sizeOf(word) === 1 ? bit(word, 11) === 0 || bit(word, 30) === 1 : bit(word, 21) === 0;
}

/** Bits 28:24 = 11110 with bit 30: one element. */
function plainScalar(word: number): boolean {
  const opcode = field(word, 16, 12);
  if (bit(word, 21) === 1) {
    if (bit(word, 10) === 1) return followsOne(SCALAR_THREE_SAME, SCALAR_THREE_SAME_FLOAT, word, field(word, 15, 11));
    if (bit(word, 11) === 0)
      return (
        bit(word, 29) === 0 &&
        follows({ 9: halvesOrWords, 11: halvesOrWords, 13: halvesOrWords }, word, field(word, 15, 12))
      );
    switch (field(word, 20, 17)) {
      case 0:
        return followsOne(SCALAR_TWO_MISC, SCALAR_TWO_MISC_FLOAT, word, opcode);
      case 8:
        return followsOne(SCALAR_PAIRWISE, SCALAR_PAIRWISE_FLOAT, word, opcode);
      case 12:
        return bit(word, 22) === 1 && follows(SCALAR_TWO_MISC_FLOAT, word, (bit(word, 23) << 7) | opcode, 0);
      case 4:
        // SHA1H, SHA1SU1, SHA256SU0.
        return bit(word, 29) === 0 && sizeOf(word) === 0 && opcode <= 2;
      default:
        return false;
    }
  }
  if (bit(word, 10) === 0) {
    // SHA1C .. SHA256SU1.
    return (
      field(word, 29, 29) === 0 &&
      sizeOf(word) === 0 &&
      bit(word, 15) === 0 &&
      bit(word, 11) === 0 &&
      field(word, 14, 12) !== 7
    );
  }
  if (bit(word, 15) === 1) return bit(word, 29) === 1 && field(word, 14, 11) <= 1 && halvesOrWords(sizeOf(word), 1);
  if (sizeOf(word) === 0) return bit(word, 29) === 0 && field(word, 14, 11) === 0 && (field(word, 20, 16) & 15) !== 0;
  return bit(word, 22) === 1 && bit(word, 14) === 0 && SCALAR_HALF_THREE_SAME.has(halfOpcode(word));
}

/** Bits 28:24 = 11111 with bit 30. */
function scalarWithImmediate(word: number): boolean {
  if (bit(word, 10) === 0) {
    const opcode = field(word, 15, 12);
    const real = opcode === 1 || opcode === 5 || opcode === 9;
    return follows(SCALAR_INDEXED, word, opcode) && !(real && sizeOf(word) === 3 && bit(word, 21) === 1);
  }
  const immh = field(word, 22, 19);
  if (bit(word, 23) === 1 || immh === 0) return false;
  return follows(SCALAR_SHIFT, word, field(word, 15, 11), 31 - Math.clz32(immh));
}

/** Bits 31:24 = 11001110: SHA3, SHA512, SM3, SM4. */
function cryptography(word: number): boolean {
  switch (field(word, 23, 21)) {
    case 0:
    case 1:
      return bit(word, 15) === 0;
    case 2:
      return field(word, 15, 14) === 2 || bit(word, 15) === 0;
    case 3:
      return bit(word, 15) === 1 && field(word, 13, 12) === 0 && field(word, 14, 10) !== 0x13;
    case 4:
      return true;
    case 6:
      return field(word, 20, 12) === 8 && field(word, 11, 10) <= 1;
    default:
      return false;
  }
}

/** A word with bits 27:25 = 111 is an instruction. */
export function simdAllocated(word: number): boolean {
  const scalar = bit(word, 28) === 1;
  if (scalar && bit(word, 30) === 0) return floatingPoint(word);
  if (bit(word, 31) === 1) return field(word, 31, 24) === 0b11001110 && cryptography(word);
  if (scalar) return bit(word, 24) === 0 ? plainScalar(word) : scalarWithImmediate(word);
  return bit(word, 24) === 0 ? plainVector(word) : vectorWithImmediate(word);
}
