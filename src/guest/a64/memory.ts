/** A64 loads and stores. An access with write-back, a pair or an exclusive has no valid syndrome (`isv` false). */
import { atomic, compareAndSwap, simdLoad } from './atomics.js';
import type { A64Cpu, Access, Instruction, Stop } from './cpu.js';
import { extend } from './integer.js';
import { field, M64, next, readX, readXsp, writeX } from './registers.js';

const signedField = (word: number, high: number, low: number): bigint =>
  BigInt.asIntN(high - low + 1, BigInt(field(word, high, low)));

function setBase(cpu: A64Cpu, rn: number, value: bigint): void {
  if (rn === 31) cpu.setSp(value & M64);
  else cpu.x[rn] = value & M64;
}

/** What a load of `size` bytes leaves in the destination register. */
export function loadedValue(access: Access, raw: bigint): bigint {
  const value = access.signed ? BigInt.asIntN(access.size * 8, raw) : raw;
  return BigInt.asUintN(access.wide ? 64 : 32, value);
}

function single(
  word: number,
  address: (cpu: A64Cpu) => bigint,
  writeBack: ((cpu: A64Cpu) => bigint) | undefined,
): Instruction {
  const size = 1 << field(word, 31, 30);
  const opc = field(word, 23, 22);
  const rt = field(word, 4, 0);
  const rn = field(word, 9, 5);
  const write = opc === 0;
  const signed = opc >= 2;
  const access: Access = {
    size,
    write,
    isv: writeBack === undefined,
    rt,
    signed,
    wide: signed ? opc === 2 : size === 8,
  };
  if (opc === 2 && size === 8) return next; // PRFM
  return (cpu) => {
    const va = address(cpu);
    const after = writeBack?.(cpu);
    if (write) {
      const stop = cpu.store(va, readX(cpu, rt), access);
      if (stop !== undefined) return stop;
    } else {
      const raw = cpu.load(va, access);
      if (typeof raw !== 'bigint') return raw;
      writeX(cpu, rt, loadedValue(access, raw));
    }
    if (after !== undefined) setBase(cpu, rn, after);
    return next(cpu);
  };
}

function pair(word: number): Instruction | undefined {
  const opc = field(word, 31, 30);
  const load = field(word, 22, 22) === 1;
  const mode = field(word, 24, 23);
  if (opc === 3 || mode === 0) return undefined;
  const size = opc === 2 ? 8 : 4;
  const offset = signedField(word, 21, 15) * BigInt(size);
  const rt = field(word, 4, 0);
  const rt2 = field(word, 14, 10);
  const rn = field(word, 9, 5);
  const access = (r: number): Access => ({
    size,
    write: !load,
    isv: false,
    rt: r,
    signed: opc === 1,
    wide: size === 8 || opc === 1,
  });
  return (cpu) => {
    const base = readXsp(cpu, rn);
    const moved = (base + offset) & M64;
    const va = mode === 1 ? base : moved;
    const second = (va + BigInt(size)) & M64;
    if (load) {
      const a = cpu.load(va, access(rt));
      if (typeof a !== 'bigint') return a;
      const b = cpu.load(second, access(rt2));
      if (typeof b !== 'bigint') return b;
      writeX(cpu, rt, loadedValue(access(rt), a));
      writeX(cpu, rt2, loadedValue(access(rt2), b));
    } else {
      const stop = cpu.store(va, readX(cpu, rt), access(rt)) ?? cpu.store(second, readX(cpu, rt2), access(rt2));
      if (stop !== undefined) return stop;
    }
    if (mode !== 2) setBase(cpu, rn, moved);
    return next(cpu);
  };
}

/** Load-acquire and store-release. Unlike a plain access it must be aligned. */
function ordered(word: number): Instruction {
  const size = 1 << field(word, 31, 30);
  const load = field(word, 22, 22) === 1;
  const rn = field(word, 9, 5);
  const rt = field(word, 4, 0);
  const access: Access = { size, write: !load, isv: true, rt, signed: false, wide: size === 8 };
  return (cpu) => {
    const va = readXsp(cpu, rn);
    const fault = cpu.misaligned(va, size, !load);
    if (fault !== undefined) return fault;
    if (load) {
      const raw = cpu.load(va, access);
      if (typeof raw !== 'bigint') return raw;
      writeX(cpu, rt, loadedValue(access, raw));
    } else {
      const stop = cpu.store(va, readX(cpu, rt), access);
      if (stop !== undefined) return stop;
    }
    return next(cpu);
  };
}

/**
 * Exclusives, single and pair, as the emulator of the recordings has them: a store-exclusive looks at the address of the monitor
 * first, then compares memory with what the load-exclusive saw. Only an access that gets that far must be aligned.
 */
function exclusive(word: number): Instruction | undefined {
  const isPair = field(word, 21, 21) === 1;
  const size = 1 << field(word, 31, 30);
  if (isPair && size < 4) return undefined;
  const total = isPair ? 2 * size : size;
  const rs = field(word, 20, 16);
  const rt2 = field(word, 14, 10);
  const rn = field(word, 9, 5);
  const rt = field(word, 4, 0);
  const access = (write: boolean, r: number): Access => ({
    size,
    write,
    isv: false,
    rt: r,
    signed: false,
    wide: size === 8,
  });
  const read = (cpu: A64Cpu, va: bigint): { value: bigint; high: bigint } | Stop => {
    const value = cpu.load(va, access(false, rt));
    if (typeof value !== 'bigint') return value;
    const high = isPair ? cpu.load((va + BigInt(size)) & M64, access(false, rt2)) : 0n;
    return typeof high === 'bigint' ? { value, high } : high;
  };
  if (field(word, 22, 22) === 1) {
    return (cpu) => {
      const va = readXsp(cpu, rn);
      const seen = cpu.misaligned(va, total, false) ?? read(cpu, va);
      if ('kind' in seen) return seen;
      cpu.monitor = { at: va, ...seen };
      writeX(cpu, rt, seen.value);
      if (isPair) writeX(cpu, rt2, seen.high);
      return next(cpu);
    };
  }
  return (cpu) => {
    const va = readXsp(cpu, rn);
    const { monitor } = cpu;
    cpu.monitor = null;
    let failed = true;
    if (monitor !== null && monitor.at === va) {
      const now = cpu.misaligned(va, total, true) ?? read(cpu, va);
      if ('kind' in now) return now;
      failed = now.value !== monitor.value || now.high !== monitor.high;
      if (!failed) {
        const second = (va + BigInt(size)) & M64;
        const stop =
          cpu.store(va, readX(cpu, rt), access(true, rt)) ??
          (isPair ? cpu.store(second, readX(cpu, rt2), access(true, rt2)) : undefined);
        if (stop !== undefined) return stop;
      }
    }
    writeX(cpu, rs, failed ? 1n : 0n);
    return next(cpu);
  };
}

/** Loads and stores (bits 27 = 1, 25 = 0). */
export function memory(word: number): Instruction | undefined {
  if (field(word, 29, 24) === 0b001000) {
    if (field(word, 23, 23) === 0) return exclusive(word);
    return field(word, 21, 21) === 1 ? compareAndSwap(word) : ordered(word);
  }
  if (field(word, 29, 27) === 0b101 && field(word, 26, 26) === 0) return pair(word);
  if (field(word, 29, 27) === 0b011 && field(word, 26, 26) === 0 && field(word, 25, 24) === 0) {
    const opc = field(word, 31, 30);
    if (opc === 3) return next;
    const offset = signedField(word, 23, 5) << 2n;
    const rt = field(word, 4, 0);
    const access: Access = { size: opc === 1 ? 8 : 4, write: false, isv: true, rt, signed: opc === 2, wide: opc !== 0 };
    return (cpu) => {
      const raw = cpu.load((cpu.pc + offset) & M64, access);
      if (typeof raw !== 'bigint') return raw;
      writeX(cpu, rt, loadedValue(access, raw));
      return next(cpu);
    };
  }
  if (field(word, 29, 27) !== 0b111) return undefined;
  if (field(word, 26, 26) === 1) return simdLoad(word);
  const rn = field(word, 9, 5);
  if (field(word, 24, 24) === 1) {
    const offset = BigInt(field(word, 21, 10)) << BigInt(field(word, 31, 30));
    return single(word, (cpu) => (readXsp(cpu, rn) + offset) & M64, undefined);
  }
  if (field(word, 21, 21) === 1) {
    if (field(word, 11, 10) !== 2) return atomic(word);
    const rm = field(word, 20, 16);
    const option = field(word, 15, 13);
    const amount = field(word, 12, 12) === 1 ? field(word, 31, 30) : 0;
    return single(word, (cpu) => (readXsp(cpu, rn) + extend(readX(cpu, rm), option, amount)) & M64, undefined);
  }
  const offset = signedField(word, 20, 12);
  const moved = (cpu: A64Cpu): bigint => (readXsp(cpu, rn) + offset) & M64;
  switch (field(word, 11, 10)) {
    case 0:
      return single(word, moved, undefined);
    case 1:
      return single(word, (cpu) => readXsp(cpu, rn), moved);
    case 3:
      return single(word, moved, moved);
    default:
      return undefined;
  }
}
