/** Which words of A64 scalar floating point are instructions (Arm ARM C4.1.96): formats are single, double and half, never 2. */
import { field } from './registers.js';

const SINGLE = 0;
const DOUBLE = 1;
const NO_FORMAT = 2;
const HALF = 3;

/** SCVTF and UCVTF round as FPCR says, FCVTZ towards zero: rmode and opcode. */
const FIXED_POINT: readonly number[] = [0b00_010, 0b00_011, 0b11_000, 0b11_001];

/** FMOV between the files of registers and FJCVTZS: sf, format, rmode, opcode. */
const TRANSFERS: ReadonlySet<number> = new Set(
  [
    [0, SINGLE, 0, 6],
    [0, SINGLE, 0, 7],
    [1, DOUBLE, 0, 6],
    [1, DOUBLE, 0, 7],
    [1, NO_FORMAT, 1, 6],
    [1, NO_FORMAT, 1, 7],
    [0, HALF, 0, 6],
    [0, HALF, 0, 7],
    [1, HALF, 0, 6],
    [1, HALF, 0, 7],
    [0, DOUBLE, 3, 6],
  ].map(([sf, format, rmode, opcode]) => (sf << 7) | (format << 5) | (rmode << 3) | opcode),
);

function withInteger(word: number): boolean {
  const format = field(word, 23, 22);
  const rmode = field(word, 20, 19);
  const opcode = field(word, 18, 16);
  if (field(word, 29, 29) === 1) return false;
  if (opcode >= 6) return TRANSFERS.has((field(word, 31, 31) << 7) | (format << 5) | (rmode << 3) | opcode);
  return format !== NO_FORMAT && (opcode < 2 || rmode === 0);
}

function withFixedPoint(word: number): boolean {
  if (field(word, 29, 29) === 1 || (field(word, 31, 31) === 0 && field(word, 15, 15) === 0)) return false;
  return FIXED_POINT.includes(field(word, 20, 16)) && field(word, 23, 22) !== NO_FORMAT;
}

/** FMOV .. FSQRT, FCVT to another format, BFCVT, FRINT*. */
function oneSource(word: number): boolean {
  const format = field(word, 23, 22);
  const opcode = field(word, 20, 15);
  if (opcode === 6) return format === DOUBLE;
  if (format === NO_FORMAT) return false;
  if (opcode === 4 || opcode === 5 || opcode === 7) return (opcode & 3) !== format;
  if (opcode >= 16) return opcode < 20 && format !== HALF;
  return opcode !== 13;
}

/** Bits 28:25 = 1111 and bit 30 = 0. */
export function floatingPoint(word: number): boolean {
  const marked = field(word, 31, 31) === 1 || field(word, 29, 29) === 1;
  const formatted = field(word, 23, 22) !== NO_FORMAT;
  if (field(word, 24, 24) === 1) return !marked && formatted;
  if (field(word, 21, 21) === 0) return withFixedPoint(word);
  const lowest = field(word, 11, 10);
  const kind = field(word, 15, 12);
  if (lowest === 0 && kind === 0) return withInteger(word);
  if (marked) return false;
  // FCCMP, FCSEL; two sources.
  if (lowest === 1 || lowest === 3) return formatted;
  if (lowest === 2) return formatted && kind <= 8;
  // FMOV of an immediate; FCMP; one source.
  if ((kind & 1) === 1) return formatted && field(word, 9, 5) === 0;
  if ((kind & 3) === 2) return formatted && kind === 2 && field(word, 2, 0) === 0;
  return (kind & 7) === 4 && oneSource(word);
}
