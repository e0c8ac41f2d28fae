/** A64 data processing: immediates, shifted registers, bit fields, conditional select, multiply, divide. */
import { longMultiply, oneSource } from './bits.js';
import type { A64Cpu, Instruction } from './cpu.js';
import { field, M32, M64, next, readX, readXsp, writeX, writeXsp } from './registers.js';

/** a + b + carry with NZCV. */
function addWithFlags(cpu: A64Cpu, a: bigint, b: bigint, carry: bigint, wide: boolean): bigint {
  const mask = wide ? M64 : M32;
  const top = wide ? 63n : 31n;
  const full = a + b + carry;
  const result = full & mask;
  const n = Number((result >> top) & 1n);
  const z = result === 0n ? 1 : 0;
  const c = full > mask ? 1 : 0;
  const v = Number((((a ^ result) & (b ^ result)) >> top) & 1n);
  cpu.nzcv = ((n << 31) | (z << 30) | (c << 29) | (v << 28)) >>> 0;
  return result;
}

function logicFlags(cpu: A64Cpu, result: bigint, wide: boolean): void {
  const n = Number((result >> (wide ? 63n : 31n)) & 1n);
  cpu.nzcv = ((n << 31) | ((result === 0n ? 1 : 0) << 30)) >>> 0;
}

function shift(value: bigint, kind: number, amount: number, wide: boolean): bigint {
  const bits = wide ? 64 : 32;
  const mask = wide ? M64 : M32;
  const n = BigInt(amount);
  const v = value & mask;
  switch (kind) {
    case 0:
      return (v << n) & mask;
    case 1:
      return v >> n;
    case 2:
      return (BigInt.asIntN(bits, v) >> n) & mask;
    default:
      return amount === 0 ? v : ((v >> n) | (v << BigInt(bits - amount))) & mask;
  }
}

function addSub(
  word: number,
  rn: (cpu: A64Cpu) => bigint,
  operand: (cpu: A64Cpu) => bigint,
  spDest: boolean,
  withCarry = false,
): Instruction {
  const wide = word >>> 31 === 1;
  const subtract = field(word, 30, 30) === 1;
  const setFlags = field(word, 29, 29) === 1;
  const rd = field(word, 4, 0);
  const mask = wide ? M64 : M32;
  return (cpu) => {
    const a = rn(cpu) & mask;
    const b = operand(cpu) & mask;
    if (withCarry) {
      const before = cpu.nzcv;
      const carry = BigInt((before >>> 29) & 1);
      writeX(cpu, rd, addWithFlags(cpu, a, subtract ? ~b & mask : b, carry, wide));
      if (!setFlags) cpu.nzcv = before;
    } else if (setFlags)
      writeX(cpu, rd, subtract ? addWithFlags(cpu, a, ~b & mask, 1n, wide) : addWithFlags(cpu, a, b, 0n, wide));
    else {
      const result = (subtract ? a - b : a + b) & mask;
      if (spDest) writeXsp(cpu, rd, result);
      else writeX(cpu, rd, result);
    }
    return next(cpu);
  };
}

function logic(word: number, operand: (cpu: A64Cpu) => bigint, spDest: boolean): Instruction {
  const wide = word >>> 31 === 1;
  const mask = wide ? M64 : M32;
  const op = field(word, 30, 29);
  const rd = field(word, 4, 0);
  const rn = field(word, 9, 5);
  return (cpu) => {
    const a = readX(cpu, rn) & mask;
    const b = operand(cpu) & mask;
    const result = op === 1 ? a | b : op === 2 ? a ^ b : a & b;
    if (op === 3) logicFlags(cpu, result, wide);
    if (spDest && op !== 3) writeXsp(cpu, rd, result);
    else writeX(cpu, rd, result);
    return next(cpu);
  };
}

/** Bitmask immediates (DDI 0487 "DecodeBitMasks"). Returns wmask and tmask, or undefined for reserved encodings. */
function bitMasks(n: number, imms: number, immr: number, wide: boolean): { w: bigint; t: bigint } | undefined {
  const combined = (n << 6) | (~imms & 0x3f);
  const length = 31 - Math.clz32(combined);
  if (length < 1) return undefined;
  const size = 1 << length;
  const levels = size - 1;
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
      const masks = bitMasks(field(word, 22, 22), field(word, 15, 10), field(word, 21, 16), wide);
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
      const masks = bitMasks(field(word, 22, 22), imms, immr, wide);
      if (masks === undefined || op === 3) return undefined;
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

function extend(value: bigint, option: number, amount: number): bigint {
  const bits = [8, 16, 32, 64][option & 3];
  const v = option < 4 ? BigInt.asUintN(bits, value) : BigInt.asUintN(64, BigInt.asIntN(bits, value));
  return (v << BigInt(amount)) & M64;
}

export { extend };

export function conditionHolds(nzcv: number, condition: number): boolean {
  const n = (nzcv >>> 31) & 1;
  const z = (nzcv >>> 30) & 1;
  const c = (nzcv >>> 29) & 1;
  const v = (nzcv >>> 28) & 1;
  const base = [z === 1, c === 1, n === 1, v === 1, c === 1 && z === 0, n === v, n === v && z === 0, true][
    condition >> 1
  ];
  return (condition & 1) === 1 && condition !== 15 ? !base : base;
}

/** Data processing, register (bits 27:25 = 101). */
export function register(word: number): Instruction | undefined {
  const wide = word >>> 31 === 1;
  const mask = wide ? M64 : M32;
  const rd = field(word, 4, 0);
  const rn = field(word, 9, 5);
  const rm = field(word, 20, 16);
  if (field(word, 28, 24) === 0b01010) {
    const kind = field(word, 23, 22);
    const amount = field(word, 15, 10);
    const invert = field(word, 21, 21) === 1;
    return logic(
      word,
      (cpu) => {
        const v = shift(readX(cpu, rm), kind, amount, wide);
        return invert ? ~v & mask : v;
      },
      false,
    );
  }
  if (field(word, 28, 24) === 0b01011) {
    if (field(word, 21, 21) === 1) {
      const option = field(word, 15, 13);
      const amount = field(word, 12, 10);
      return addSub(
        word,
        (cpu) => readXsp(cpu, rn),
        (cpu) => extend(readX(cpu, rm), option, amount),
        true,
      );
    }
    const kind = field(word, 23, 22);
    const amount = field(word, 15, 10);
    return addSub(
      word,
      (cpu) => readX(cpu, rn),
      (cpu) => shift(readX(cpu, rm), kind, amount, wide),
      false,
    );
  }
  if (field(word, 28, 21) === 0b11010100) {
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
  if (field(word, 28, 21) === 0b11010110 && field(word, 30, 29) === 0) {
    const op = field(word, 15, 10);
    return (cpu) => {
      const a = readX(cpu, rn) & mask;
      const b = readX(cpu, rm) & mask;
      let v: bigint;
      if (op === 2) v = b === 0n ? 0n : a / b;
      else if (op === 3) v = b === 0n ? 0n : BigInt.asIntN(wide ? 64 : 32, a) / BigInt.asIntN(wide ? 64 : 32, b);
      else if (op >= 8 && op <= 11) v = shift(a, op - 8, Number(b % (wide ? 64n : 32n)), wide);
      else return { kind: 'unknown', word };
      writeX(cpu, rd, v & mask);
      return next(cpu);
    };
  }
  if (field(word, 28, 21) === 0b11010110 && field(word, 30, 29) === 2) return oneSource(word);
  if (field(word, 28, 21) === 0b11010000 && field(word, 15, 10) === 0) {
    return addSub(
      word,
      (cpu) => readX(cpu, rn),
      (cpu) => readX(cpu, rm),
      false,
      true,
    );
  }
  if (field(word, 28, 21) === 0b11010010 && field(word, 29, 29) === 1 && field(word, 10, 10) === 0) {
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
  if (wide && field(word, 28, 24) === 0b11011 && field(word, 30, 29) === 0 && field(word, 22, 21) !== 0) {
    return longMultiply(word);
  }
  if (field(word, 28, 21) === 0b11011000) {
    const ra = field(word, 14, 10);
    const subtract = field(word, 15, 15) === 1;
    return (cpu) => {
      const product = readX(cpu, rn) * readX(cpu, rm);
      writeX(cpu, rd, (subtract ? readX(cpu, ra) - product : readX(cpu, ra) + product) & mask);
      return next(cpu);
    };
  }
  return undefined;
}
