/**
 * Read-modify-write instructions (LSE atomics, compare and swap), load-acquire RCpc, and loads with pointer authentication, which
 * guests have disabled. One vCPU steps at a time, so nothing needs to be atomic. Neither has a valid stage-2 syndrome.
 */
import type { A64Cpu, Access, Instruction } from './cpu.js';
import { field, M64, next, readX, readXsp, writeX } from './registers.js';
import { setBase } from './single.js';

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

/** LDRAA and LDRAB: plain loads while pointer authentication is disabled. */
export function authenticatedLoad(word: number): Instruction | undefined {
  if (field(word, 31, 30) !== 3) return undefined;
  const rn = field(word, 9, 5);
  const rt = field(word, 4, 0);
  const offset = BigInt.asIntN(10, BigInt((field(word, 22, 22) << 9) | field(word, 20, 12))) * 8n;
  const writeBack = field(word, 11, 11) === 1;
  return (cpu) => {
    const va = (readXsp(cpu, rn) + offset) & M64;
    const raw = cpu.load(va, plain(8, false, rt));
    if (typeof raw !== 'bigint') return raw;
    writeX(cpu, rt, raw);
    if (writeBack) setBase(cpu, rn, va);
    return next(cpu);
  };
}

/** Atomic memory operations (LD<op>, SWP) and LDAPR. */
export function atomic(word: number): Instruction | undefined {
  const size = 1 << field(word, 31, 30);
  const rn = field(word, 9, 5);
  const rt = field(word, 4, 0);
  const rs = field(word, 20, 16);
  const op = field(word, 15, 12);
  if (op === 0b1100) {
    if (rs !== 31 || field(word, 23, 22) !== 2) return undefined;
    return (cpu) => {
      const va = readXsp(cpu, rn);
      const raw = cpu.load(va, { ...plain(size, false, rt), isv: true });
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
  if (field(word, 14, 10) !== 31) return undefined;
  const rs = field(word, 20, 16);
  const rt = field(word, 4, 0);
  const bits = 8 << field(word, 31, 30);
  return update(word, (cpu, old) => (old === BigInt.asUintN(bits, readX(cpu, rs)) ? readX(cpu, rt) : undefined), rs);
}

/** CASP: the same with two pairs of registers, which begin at even ones. Bit 30 tells words from doublewords. */
export function compareAndSwapPair(word: number): Instruction | undefined {
  const rs = field(word, 20, 16);
  const rt = field(word, 4, 0);
  const rn = field(word, 9, 5);
  if (field(word, 14, 10) !== 31 || ((rs | rt) & 1) === 1) return undefined;
  const size = field(word, 30, 30) === 1 ? 8 : 4;
  const half = (cpu: A64Cpu, r: number): bigint => BigInt.asUintN(size * 8, readX(cpu, r));
  return (cpu) => {
    const va = readXsp(cpu, rn);
    const fault = cpu.misaligned(va, 2 * size, true);
    if (fault !== undefined) return fault;
    const second = va + BigInt(size);
    const low = cpu.load(va, { ...plain(size, false, rs), update: true });
    if (typeof low !== 'bigint') return low;
    const high = cpu.load(second, { ...plain(size, false, rs + 1), update: true });
    if (typeof high !== 'bigint') return high;
    if (low === half(cpu, rs) && high === half(cpu, rs + 1)) {
      const stop =
        cpu.store(va, half(cpu, rt), plain(size, true, rt)) ??
        cpu.store(second, half(cpu, rt + 1), plain(size, true, rt + 1));
      if (stop !== undefined) return stop;
    }
    writeX(cpu, rs, low);
    writeX(cpu, rs + 1, high);
    return next(cpu);
  };
}
