/**
 * Read-modify-write instructions (LSE atomics, compare and swap), load-acquire RCpc, and loads with pointer authentication, which
 * guests have disabled. One vCPU steps at a time, so nothing needs to be atomic. Neither has a valid stage-2 syndrome.
 */
import type { A64Cpu, Access, Instruction } from './cpu.js';
import { field, M64, next, readX, readXsp, writeX } from './registers.js';

const plain = (size: number, write: boolean, rt: number): Access => ({
  size,
  write,
  isv: false,
  rt,
  signed: false,
  wide: size === 8,
});

/** LD<op>, by bits 14:12. */
function combine(op: number, old: bigint, operand: bigint, bits: number): bigint {
  const a = BigInt.asIntN(bits, old);
  const b = BigInt.asIntN(bits, operand);
  switch (op) {
    case 0:
      return old + operand;
    case 1:
      return old & ~operand;
    case 2:
      return old ^ operand;
    case 3:
      return old | operand;
    case 4:
      return a > b ? a : b;
    case 5:
      return a < b ? a : b;
    case 6:
      return old > operand ? old : operand;
    default:
      return old < operand ? old : operand;
  }
}

function update(
  word: number,
  change: (cpu: A64Cpu, old: bigint) => bigint | undefined,
  resultRegister: number,
): Instruction {
  const size = 1 << field(word, 31, 30);
  const rn = field(word, 9, 5);
  return (cpu) => {
    const va = readXsp(cpu, rn);
    const fault = cpu.misaligned(va, size, true);
    if (fault !== undefined) return fault;
    const old = cpu.load(va, { ...plain(size, false, resultRegister), update: true });
    if (typeof old !== 'bigint') return old;
    const value = change(cpu, old);
    if (value !== undefined) {
      const stop = cpu.store(va, BigInt.asUintN(size * 8, value), plain(size, true, resultRegister));
      if (stop !== undefined) return stop;
    }
    writeX(cpu, resultRegister, old);
    return next(cpu);
  };
}

/** Atomic memory operations and LDAPR (size 111 0 00 .. 1 .. 00), LDRAA and LDRAB (.. 01 and .. 11). */
export function atomic(word: number): Instruction | undefined {
  const size = 1 << field(word, 31, 30);
  const rn = field(word, 9, 5);
  const rt = field(word, 4, 0);
  if ((word & 0xffe0_0400) >>> 0 === 0xf820_0400 || (word & 0xff20_0400) >>> 0 === 0xf820_0400) {
    const offset = BigInt.asIntN(10, BigInt((field(word, 22, 22) << 9) | field(word, 20, 12))) * 8n;
    const writeBack = field(word, 11, 11) === 1;
    return (cpu) => {
      const va = (readXsp(cpu, rn) + offset) & M64;
      const raw = cpu.load(va, plain(8, false, rt));
      if (typeof raw !== 'bigint') return raw;
      writeX(cpu, rt, raw);
      if (writeBack) {
        if (rn === 31) cpu.setSp(va);
        else cpu.x[rn] = va;
      }
      return next(cpu);
    };
  }
  if (field(word, 11, 10) !== 0) return undefined;
  const rs = field(word, 20, 16);
  const op = field(word, 15, 12);
  if (op === 0b1100) {
    if (rs !== 31 || field(word, 22, 22) !== 0) return undefined;
    return (cpu) => {
      const raw = cpu.load(readXsp(cpu, rn), { ...plain(size, false, rt), isv: true });
      if (typeof raw !== 'bigint') return raw;
      writeX(cpu, rt, raw);
      return next(cpu);
    };
  }
  if (op === 0b1000) return update(word, (cpu) => readX(cpu, rs), rt);
  if (op > 7) return undefined;
  const bits = size * 8;
  return update(word, (cpu, old) => combine(op, old, BigInt.asUintN(bits, readX(cpu, rs)), bits), rt);
}

/** CAS and its ordered forms: compares with Rs, stores Rt, leaves the old value in Rs. */
export function compareAndSwap(word: number): Instruction | undefined {
  if (field(word, 23, 23) !== 1 || field(word, 14, 10) !== 31) return undefined;
  const rs = field(word, 20, 16);
  const rt = field(word, 4, 0);
  const bits = 8 << field(word, 31, 30);
  return update(word, (cpu, old) => (old === BigInt.asUintN(bits, readX(cpu, rs)) ? readX(cpu, rt) : undefined), rs);
}

/** Loads of a SIMD register: only the access counts, its value is not kept. */
export function simdLoad(word: number): Instruction | undefined {
  if (field(word, 22, 22) !== 1 || field(word, 24, 24) !== 1) return undefined;
  const wide = field(word, 23, 23) === 1;
  if (wide && field(word, 31, 30) !== 0) return undefined;
  const scale = wide ? 4 : field(word, 31, 30);
  const rn = field(word, 9, 5);
  const offset = BigInt(field(word, 21, 10)) << BigInt(scale);
  const size = Math.min(8, 1 << scale);
  return (cpu) => {
    const va = (readXsp(cpu, rn) + offset) & M64;
    const low = cpu.load(va, { ...plain(size, false, 31), update: true });
    if (typeof low !== 'bigint') return low;
    if (scale === 4) {
      const high = cpu.load((va + 8n) & M64, { ...plain(8, false, 31), update: true });
      if (typeof high !== 'bigint') return high;
    }
    return next(cpu);
  };
}
