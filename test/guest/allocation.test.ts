/** Which words are instructions: the emulated CPU of the recordings took every one of these so. */
import { describe, expect, it } from 'vitest';
import { type A64Cpu, decode, unitOf } from '../../src/guest/a64/index.js';

const cpu: A64Cpu = {
  x: new BigUint64Array(31),
  pc: 0x1000n,
  nzcv: 0,
  monitor: null,
  simd: new BigUint64Array(64),
  fpTrap: () => undefined,
  getSp: () => 0x8000n,
  setSp: () => {},
  fetch: () => 0,
  load: () => 0n,
  store: () => undefined,
  misaligned: () => undefined,
  sysreg: () => 0n,
  pstate: () => undefined,
  sys: () => undefined,
};

const allocated = (word: number): boolean => decode(word | 0)(cpu)?.kind !== 'unknown';

describe('data processing', () => {
  it.each([
    ['add w, shifted by 32', 0x0b028020, false],
    ['add x, shifted by 32', 0x8b028020, true],
    ['add, rotated', 0x8bc20020, false],
    ['add, extended and shifted by 4', 0x8b225020, true],
    ['add, extended and shifted by 5', 0x8b225420, false],
    ['add, extended with a second option', 0x8b622020, false],
    ['and w with a 64-bit mask', 0x12400020, false],
    ['and x with all ones', 0x9240fc20, false],
    ['sbfm w with N', 0x13400020, false],
    ['sbfm w of bit 32', 0x13008020, false],
    ['extr w, 31', 0x13827c20, true],
    ['extr w, 32', 0x13828020, false],
    ['extr with o0', 0x93e20020, false],
    ['movk w, lsl 32', 0x72c00020, false],
    ['csel', 0x9a820020, true],
    ['csel with S', 0xba820020, false],
    ['csel with op2 2', 0x9a820820, false],
    ['ccmp', 0xfa411804, true],
    ['ccmp with o3', 0xfa411814, false],
    ['ccmn without S', 0x9a411804, false],
    ['rev32 x', 0xdac00820, true],
    ['rev x as w', 0x5ac00c20, false],
    ['paciza', 0xdac123e0, true],
    ['paciza with an operand', 0xdac12020, false],
    ['xpaci', 0xdac143e0, true],
    ['crc32x', 0x9ac24c20, true],
    ['crc32x as w', 0x1ac24c20, false],
    ['crc32b as x', 0x9ac24020, false],
    ['irg', 0x9ac21020, false],
    ['subps', 0xbac20020, false],
    ['rmif', 0xba010421, true],
    ['rmif with o2', 0xba010431, false],
    ['setf8', 0x3a00082d, true],
    ['setf8 with another mask', 0x3a00082c, false],
    ['smulh', 0x9b427c20, true],
    ['smulh that subtracts', 0x9b42fc20, false],
    ['smaddl as w', 0x1b220c20, false],
    ['udiv with S', 0xbac20820, false],
  ])('%s', (_name, word, expected) => {
    expect(allocated(word)).toBe(expected);
  });
});

describe('loads and stores', () => {
  it.each([
    ['ldnp w', 0x28400820, true],
    ['ldnp, signed', 0x68400820, false],
    ['ldpsw', 0x69400820, true],
    ['stpsw', 0x69000820, false],
    ['ldtr x', 0xf8400820, true],
    ['ldtrsb w', 0x38c00820, true],
    ['prfm, unprivileged', 0xf8800820, false],
    ['prfum', 0xf8800020, true],
    ['prfm with write-back', 0xf8800420, false],
    ['ldrsw to w', 0xb8c00020, false],
    ['ldr, shifted by a byte register', 0xf8620020 | 0x800, false],
    ['ldr, uxtw', 0xf8624820, true],
    ['ldapur', 0x99400020, true],
    ['ldapursw to x', 0x99800020, true],
    ['ldapursw to w', 0x99c00020, false],
    ['stzgm', 0xd9200020, false],
    ['ldapr', 0xb8bfc020, true],
    ['ldapr with release', 0xb8ffc020, false],
    ['swp', 0xf8208020, true],
    ['st64b', 0xf83f9020, false],
    ['ldraa', 0xf8200420, true],
    ['ldraa of a word', 0xb8200420, false],
    ['casp x2', 0x48227c24, true],
    ['casp of odd registers', 0x48237c24, false],
    ['cas with Rt2', 0xc8a27824, false],
    ['ld1, four registers', 0x4c402020, true],
    ['ld1, opcode 15', 0x4c40f020, false],
    ['ld2 .1d', 0x0c408c20, false],
    ['ld1r', 0x4d40c020, true],
    ['st1r', 0x4d00c020, false],
    ['ldr of 32 bytes', 0x7dc00020, false],
    ['ldp of 32 bytes', 0xed400020, false],
  ])('%s', (_name, word, expected) => {
    expect(allocated(word)).toBe(expected);
  });
});

describe('branches and system', () => {
  it.each([
    ['braa', 0xd71f0800, true],
    ['braa without key', 0xd71f0000, false],
    ['braaz', 0xd61f081f, true],
    ['braaz with modifier', 0xd61f0800, false],
    ['retaa', 0xd65f0bff, true],
    ['retaa through x1', 0xd65f083f, false],
    ['eretaa', 0xd69f0bff, true],
    ['b.eq', 0x54000000, true],
    ['bc.eq', 0x54000010, false],
    ['svc', 0xd4000001, true],
    ['svc with op2', 0xd4000005, false],
    ['hint 127', 0xd5032fff, true],
    ['hint with Rt', 0xd5032000, false],
    ['wfit', 0xd5031020, false],
    ['dsb nxs', 0xd503323f, false],
    ['sb', 0xd50330ff, true],
    ['sb with CRm', 0xd50331ff, false],
  ])('%s', (_name, word, expected) => {
    expect(allocated(word)).toBe(expected);
  });
});

describe('floating point and SIMD', () => {
  it.each([
    ['fadd d', 0x1e622820, true],
    ['fadd of format 2', 0x1ea22820, false],
    ['fadd with S', 0x3e622820, false],
    ['fmov x, d', 0x9e660020, true],
    ['fmov w, d', 0x1e660020, false],
    ['fjcvtzs', 0x1e7e0020, true],
    ['fcvt d to d', 0x1e62c020, false],
    ['fcvt s to d', 0x1e22c020, true],
    ['bfcvt', 0x1e634020, true],
    ['frint32z h', 0x1ee84020, false],
    ['add 2d', 0x4ee28420, true],
    ['add 1d as a vector', 0x0ee28420, false],
    ['add d', 0x5ee28420, true],
    ['add s as a scalar', 0x5ea28420, false],
    ['mul 2d', 0x4ee29c20, false],
    ['sqdmulh b', 0x0e22b420, false],
    ['fmla 1d', 0x0e62cc20, false],
    ['umov w, b', 0x0e013c20, true],
    ['umov x, b', 0x4e013c20, false],
    ['dup 1d', 0x0e080420, false],
    ['movi', 0x0f00e420, true],
    ['fmov 1d', 0x2f00f420, false],
    ['sshr 1d', 0x0f7f0420, false],
    ['shrn from a doubleword to it', 0x0f7f8420, false],
    ['tbl with op2', 0x0e420020, false],
    ['zip with opcode 0', 0x0e020820, false],
    ['ext 8b, 8', 0x2e024020, false],
    ['faddp s', 0x7e30d820, true],
    ['faddp with size<1>', 0x7eb0d906, false],
    ['aese', 0x4e284820, true],
    ['sm3tt1a', 0xce428020, true],
    ['sm4ekey', 0xce62c820, true],
    ['sha512 with opcode 7', 0xce62cc20, false],
  ])('%s', (_name, word, expected) => {
    expect(allocated(word)).toBe(expected);
  });
});

describe('SVE and SME', () => {
  it.each([
    ['cntb', 0x0420e3e0, 'sve'],
    ['ldr p', 0x85800020, 'sve'],
    ['add z', 0x04220020, 'sve'],
    ['reserved among permutations', 0x05e03fff, undefined],
    ['addsvl', 0x042c5941, 'sme'],
    ['rdsvl', 0x04bf5820, 'sme'],
    ['fmopa', 0x80800000, 'sme'],
    ['reserved', 0x80000000, undefined],
    ['zero za', 0xc0080000, 'sme'],
    ['smstart', 0xd503477f, 'sme'],
  ])('%s', (_name, word, expected) => {
    expect(unitOf(word)).toBe(expected);
  });
});
