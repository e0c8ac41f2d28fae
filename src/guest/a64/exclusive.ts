/** A64 loads and stores with an order or a monitor: LDAR, STLR, LDXR, STXR and their pairs. */
import type { A64Cpu, Access, Instruction, Stop } from './cpu.js';
import { field, M64, next, readX, readXsp, writeX } from './registers.js';
import { loadedValue } from './single.js';

/** Load-acquire and store-release. Unlike a plain access it must be aligned. */
export function ordered(word: number): Instruction {
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
export function exclusive(word: number): Instruction | undefined {
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
