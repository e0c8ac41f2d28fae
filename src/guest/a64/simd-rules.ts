/** Opcodes of A64 SIMD data processing by group, and which sizes each of them goes with (Arm ARM C4.1.96). */

/** May an opcode go with this size (23:22) and Q (30)? */
type Rule = (size: number, q: number) => boolean;
export type Rules = Readonly<Record<number, Rule>>;

const any: Rule = () => true;
const upToWords: Rule = (size) => size !== 3;
/** One doubleword alone is no vector. */
export const vector: Rule = (size, q) => size !== 3 || q === 1;
const only =
  (...sizes: readonly number[]): Rule =>
  (size) =>
    sizes.includes(size);
const bytes = only(0);
export const halvesOrWords = only(1, 2);
const words = only(2);
const doublewords = only(3);
/** Floating point: size<1> belongs to the opcode, size<0> makes doubles. */
const float: Rule = (size, q) => (size & 1) === 0 || q === 1;
const single: Rule = (size) => (size & 1) === 0;
const double: Rule = (size) => (size & 1) === 1;
const complex: Rule = (size, q) => size !== 0 && (size !== 3 || q === 1);
const matrix: Rule = (size, q) => size === 2 && q === 1;

/** U << 8 | opcode; floating-point opcodes have size<1> in bit 7 instead of the plain ones. */
const U = 0x100;
const A = 0x80;

const rules = (...rows: readonly (readonly [rule: Rule, ...opcodes: readonly number[]])[]): Rules => {
  const table: Record<number, Rule> = {};
  for (const [rule, ...opcodes] of rows) for (const opcode of opcodes) table[opcode] = rule;
  return table;
};
const bothSigns = (...opcodes: readonly number[]): number[] => opcodes.flatMap((opcode) => [opcode, U | opcode]);

export const THREE_SAME = rules(
  [upToWords, ...bothSigns(0x00, 0x02, 0x04, 0x0c, 0x0d, 0x0e, 0x0f, 0x12, 0x14, 0x15), 0x13],
  [vector, ...bothSigns(0x01, 0x05, 0x06, 0x07, 0x08, 0x09, 0x0a, 0x0b, 0x10, 0x11), 0x17],
  [any, ...bothSigns(0x03)],
  [bytes, U | 0x13],
  [halvesOrWords, ...bothSigns(0x16)],
);
export const THREE_SAME_FLOAT = rules(
  [float, 0x18, 0x19, 0x1a, 0x1b, 0x1c, 0x1e, 0x1f, A | 0x18, A | 0x19, A | 0x1a, A | 0x1e, A | 0x1f],
  [float, ...[0x18, 0x1a, 0x1b, 0x1c, 0x1d, 0x1e, 0x1f].map((op) => U | op)],
  [float, ...[0x18, 0x1a, 0x1c, 0x1d, 0x1e].map((op) => U | A | op)],
  // FMLAL and FMLSL, lower and upper halves.
  [single, 0x1d, A | 0x1d, U | 0x19, U | A | 0x19],
);
export const THREE_SAME_EXTRA = rules(
  [halvesOrWords, U | 0x0, U | 0x1],
  [words, 0x2, U | 0x2, 0x3],
  [complex, U | 0x8, U | 0x9, U | 0xa, U | 0xb, U | 0xc, U | 0xe],
  [matrix, 0x4, U | 0x4, 0x5],
  [(size, q) => size === 1 && q === 1, U | 0xd],
  [only(1, 3), U | 0xf],
);
export const THREE_DIFFERENT = rules(
  [upToWords, ...bothSigns(0, 1, 2, 3, 4, 5, 6, 7, 8, 0xa, 0xc)],
  [halvesOrWords, 0x9, 0xb, 0xd],
  [only(0, 3), 0xe],
);
export const TWO_MISC = rules(
  [upToWords, 0x00, ...bothSigns(0x02, 0x04, 0x06, 0x12, 0x14), U | 0x13],
  [bytes, 0x01, 0x05],
  [vector, ...bothSigns(0x03, 0x07, 0x08, 0x09, 0x0b), 0x0a],
  [only(0, 1), U | 0x00, U | 0x05],
);
export const TWO_MISC_FLOAT = rules(
  [any, 0x16, 0x17],
  [double, U | 0x16],
  [single, A | 0x16, A | 0x1c, U | A | 0x1c],
  [float, ...bothSigns(0x18, 0x19, 0x1a, 0x1b, 0x1c, 0x1d, 0x1e, 0x1f)],
  [float, ...[0x0c, 0x0d, 0x0e, 0x0f, 0x18, 0x19, 0x1a, 0x1b, 0x1d].map((op) => A | op)],
  [float, ...[0x0c, 0x0d, 0x0f, 0x19, 0x1a, 0x1b, 0x1d, 0x1f].map((op) => U | A | op)],
);
/** Across a vector of at least four elements. */
const across: Rule = (size, q) => size < 2 || (size === 2 && q === 1);
export const ACROSS = rules(
  [across, ...bothSigns(0x03, 0x0a, 0x1a), 0x1b],
  [any, 0x0c, 0x0f],
  [(size, q) => q === 1 && (size & 1) === 0, U | 0x0c, U | 0x0f],
);
export const SCALAR_THREE_SAME = rules(
  [any, ...bothSigns(0x01, 0x05, 0x09, 0x0b)],
  [doublewords, ...bothSigns(0x06, 0x07, 0x08, 0x0a, 0x10, 0x11)],
  [halvesOrWords, ...bothSigns(0x16)],
);
export const SCALAR_THREE_SAME_FLOAT = rules([
  any,
  ...[0x1b, 0x1c, 0x1f, A | 0x1f, U | 0x1c, U | 0x1d],
  ...[0x1a, 0x1c, 0x1d].map((op) => U | A | op),
]);
export const SCALAR_TWO_MISC = rules(
  [any, ...bothSigns(0x03, 0x07)],
  [doublewords, ...bothSigns(0x08, 0x09, 0x0b), 0x0a],
  [upToWords, ...bothSigns(0x14), U | 0x12],
);
export const SCALAR_TWO_MISC_FLOAT = rules(
  [any, ...bothSigns(0x1a, 0x1b, 0x1c, 0x1d)],
  [double, U | 0x16],
  [any, ...[0x0c, 0x0d, 0x0e, 0x1a, 0x1b, 0x1d, 0x1f].map((op) => A | op)],
  [any, ...[0x0c, 0x0d, 0x1a, 0x1b, 0x1d].map((op) => U | A | op)],
);
export const SCALAR_PAIRWISE = rules([doublewords, 0x1b]);
export const SCALAR_PAIRWISE_FLOAT = rules([any, ...bothSigns(0x0c, 0x0d, 0x0f, A | 0x0c, A | 0x0f)]);
/** Half precision: opcode with bit 23 above it and U above that. */
export const HALF_THREE_SAME = new Set([
  0, 1, 2, 3, 4, 6, 7, 8, 9, 0xa, 0xe, 0xf, 0x10, 0x12, 0x13, 0x14, 0x15, 0x16, 0x17, 0x18, 0x1a, 0x1c, 0x1d, 0x1e,
]);
export const SCALAR_HALF_THREE_SAME = new Set([3, 4, 7, 0xf, 0x14, 0x15, 0x1a, 0x1c, 0x1d]);
export const HALF_TWO_MISC = rules(
  [any, ...bothSigns(0x18, 0x19, 0x1a, 0x1b, 0x1c, 0x1d)],
  [any, ...[0x0c, 0x0d, 0x0e, 0x0f, 0x18, 0x19, 0x1a, 0x1b, 0x1d].map((op) => A | op)],
  [any, ...[0x0c, 0x0d, 0x0f, 0x19, 0x1a, 0x1b, 0x1d, 0x1f].map((op) => U | A | op)],
);
/** By element: L (21) is a bit of the index, or has to be 0 for doubles. */
export const INDEXED = rules(
  [halvesOrWords, ...bothSigns(0x2, 0x6, 0xa, 0xd), 0x8, U | 0x0, U | 0x4, 0x3, 0x7, 0xb, 0xc, U | 0xf],
  [words, ...bothSigns(0xe), 0x0, 0x4, U | 0x8, U | 0xc],
  [any, 0xf],
  [(size, q) => size !== 1 && (size !== 3 || q === 1), 0x1, 0x5, 0x9, U | 0x9],
  [(size, q) => size === 1 || (size === 2 && q === 1), U | 0x1, U | 0x3, U | 0x5, U | 0x7],
);
export const SCALAR_INDEXED = rules(
  [halvesOrWords, 0x3, 0x7, 0xb, 0xc, 0xd, U | 0xd, U | 0xf],
  [only(0, 2, 3), 0x1, 0x5, 0x9, U | 0x9],
);
/** Shifts by immediate; the size is the highest bit of immh (22:19): 0 bytes .. 3 doublewords. */
export const SHIFT = rules(
  [vector, ...bothSigns(0x00, 0x02, 0x04, 0x06, 0x0a, 0x0e), U | 0x08, U | 0x0c],
  [upToWords, ...bothSigns(0x10, 0x11, 0x12, 0x13, 0x14)],
  [complex, ...bothSigns(0x1c, 0x1f)],
);
export const SCALAR_SHIFT = rules(
  [doublewords, ...bothSigns(0x00, 0x02, 0x04, 0x06), U | 0x08, 0x0a, U | 0x0a],
  [any, U | 0x0c, ...bothSigns(0x0e)],
  [upToWords, U | 0x10, U | 0x11, ...bothSigns(0x12, 0x13)],
  [only(1, 2, 3), ...bothSigns(0x1c, 0x1f)],
);
