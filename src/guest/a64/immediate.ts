/** A64 data processing with immediates: addresses, sums, bit masks, moves, bit fields, extraction. */
import { addSub, logic } from './arithmetic.js';
import type { Instruction } from './cpu.js';
import { field, M32, M64, next, readX, readXsp, writeX } from './registers.js';

/**
 * Bitmask immediates (DDI 0487 "DecodeBitMasks"). Returns wmask and tmask, or undefined for reserved encodings; `whole`: the mask
 * is the operand of a logical instruction, which has no use for all ones.
 */
function bitMasks(
  n: number,
  imms: number,
  immr: number,
  wide: boolean,
  whole: boolean,
): { w: bigint; t: bigint } | undefined {
  const combined = (n << 6) | (~imms & 0x3f);
  const length = 31 - Math.clz32(combined);
  if (length < 1) return undefined;
  const size = 1 << length;
  const levels = size - 1;
  if (whole && (imms & levels) === levels) return undefined;
  const s = imms & levels;
  const r = immr & levels;
  const d = (s - r) & levels;
  const ones = (count: number): bigint => (1n << BigInt(count)) - 1n;
  const element = ones(s + 1);
  const rotated = r === 0 ? element : ((element >> BigInt(r)) | (element << BigInt(size - r))) & ones(size);
  const total = wide ? 64 : 32;
  let w = 0n;
  let t = 0n;
  for (let i = 0; i < total; i += size) {
    w |= rotated << BigInt(i);
    t |= ones(d + 1) << BigInt(i);
  }
  return { w, t };
}

/** Bit fields and extraction name their width twice, in sf and in N. */
const sameWidth = (word: number, wide: boolean): boolean => (field(word, 22, 22) === 1) === wide;

/** Data processing, immediate (bits 28:26 = 100). */
export function immediate(word: number): Instruction | undefined {
  const wide = word >>> 31 === 1;
  const mask = wide ? M64 : M32;
  const rd = field(word, 4, 0);
  const rn = field(word, 9, 5);
  switch (field(word, 25, 23)) {
    case 0:
    case 1: {
      const imm = BigInt.asIntN(21, BigInt((field(word, 23, 5) << 2) | field(word, 30, 29)));
      const page = wide;
      return (cpu) => {
        const base = page ? cpu.pc & ~0xfffn : cpu.pc;
        writeX(cpu, rd, (base + (page ? imm << 12n : imm)) & M64);
        return next(cpu);
      };
    }
    case 2: {
      const imm = BigInt(field(word, 21, 10)) << (field(word, 22, 22) === 1 ? 12n : 0n);
      return addSub(
        word,
        (cpu) => readXsp(cpu, rn),
        () => imm,
        true,
      );
    }
    case 4: {
      if (!wide && field(word, 22, 22) === 1) return undefined;
      const masks = bitMasks(field(word, 22, 22), field(word, 15, 10), field(word, 21, 16), wide, true);
      return masks === undefined ? undefined : logic(word, () => masks.w, true);
    }
    case 5: {
      const op = field(word, 30, 29);
      const at = BigInt(field(word, 22, 21) * 16);
      const imm = BigInt(field(word, 20, 5)) << at;
      if (op === 1 || (!wide && at >= 32n)) return undefined;
      return (cpu) => {
        if (op === 0) writeX(cpu, rd, ~imm & mask);
        else if (op === 2) writeX(cpu, rd, imm);
        else writeX(cpu, rd, (((rd === 31 ? 0n : cpu.x[rd]) & ~(0xffffn << at)) | imm) & mask);
        return next(cpu);
      };
    }
    case 6: {
      const op = field(word, 30, 29);
      const immr = field(word, 21, 16);
      const imms = field(word, 15, 10);
      if (op === 3 || !sameWidth(word, wide) || (!wide && (imms | immr) >= 32)) return undefined;
      const masks = bitMasks(field(word, 22, 22), imms, immr, wide, false);
      if (masks === undefined) return undefined;
      return (cpu) => {
        const bits = wide ? 64 : 32;
        const source = readX(cpu, rn) & mask;
        const r = immr & (bits - 1);
        const rotated = r === 0 ? source : ((source >> BigInt(r)) | (source << BigInt(bits - r))) & mask;
        const old = op === 1 ? readX(cpu, rd) & mask : 0n;
        const bottom = (old & ~masks.w) | (rotated & masks.w);
        const sign = (source >> BigInt(imms & (bits - 1))) & 1n;
        const top = op === 0 ? (sign === 1n ? mask : 0n) : old;
        writeX(cpu, rd, ((top & ~masks.t) | (bottom & masks.t)) & mask);
        return next(cpu);
      };
    }
    case 7: {
      const rm = field(word, 20, 16);
      const lsb = field(word, 15, 10);
      if (field(word, 30, 29) !== 0 || field(word, 21, 21) === 1 || !sameWidth(word, wide) || (!wide && lsb >= 32)) {
        return undefined;
      }
      return (cpu) => {
        const bits = wide ? 64 : 32;
        const both = ((readX(cpu, rn) & mask) << BigInt(bits)) | (readX(cpu, rm) & mask);
        writeX(cpu, rd, (both >> BigInt(lsb)) & mask);
        return next(cpu);
      };
    }
    default:
      return undefined;
  }
}
