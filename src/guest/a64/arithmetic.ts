/** What the groups of A64 data processing share: sums with flags, logic, shifts, extensions, conditions. */
import type { A64Cpu, Instruction } from './cpu.js';
import { field, M32, M64, next, readX, writeX, writeXsp } from './registers.js';

/** a + b + carry with NZCV. */
export function addWithFlags(cpu: A64Cpu, a: bigint, b: bigint, carry: bigint, wide: boolean): bigint {
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

export function shift(value: bigint, kind: number, amount: number, wide: boolean): bigint {
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

export function addSub(
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

export function logic(word: number, operand: (cpu: A64Cpu) => bigint, spDest: boolean): Instruction {
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

/** An extended register operand: UXTB.. SXTX, shifted left. */
export function extend(value: bigint, option: number, amount: number): bigint {
  const bits = [8, 16, 32, 64][option & 3];
  const v = option < 4 ? BigInt.asUintN(bits, value) : BigInt.asUintN(64, BigInt.asIntN(bits, value));
  return (v << BigInt(amount)) & M64;
}

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
