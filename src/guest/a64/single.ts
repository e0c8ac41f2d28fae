/** A64 loads and stores of one general register. One with write-back has no valid syndrome (`isv` false). */
import type { A64Cpu, Access, Instruction } from './cpu.js';
import { field, M64, next, readX, readXsp, writeX } from './registers.js';

/** A signed bit field. */
export const signedField = (word: number, high: number, low: number): bigint =>
  BigInt.asIntN(high - low + 1, BigInt(field(word, high, low)));

/** Writes a base register: register 31 is SP. */
export function setBase(cpu: A64Cpu, rn: number, value: bigint): void {
  if (rn === 31) cpu.setSp(value & M64);
  else cpu.x[rn] = value & M64;
}

/** What a load of `size` bytes leaves in the destination register. */
export function loadedValue(access: Access, raw: bigint): bigint {
  const value = access.signed ? BigInt.asIntN(access.size * 8, raw) : raw;
  return BigInt.asUintN(access.wide ? 64 : 32, value);
}

/** The access that size (31:30) and opc (23:22) mean; a prefetch, or undefined where they mean nothing. */
function singleAccess(word: number, isv: boolean): Access | 'prefetch' | undefined {
  const scale = field(word, 31, 30);
  const opc = field(word, 23, 22);
  if (scale === 3 && opc === 2) return 'prefetch';
  if (opc === 3 && scale > 1) return undefined;
  const signed = opc >= 2;
  const wide = signed ? opc === 2 : scale === 3;
  return { size: 1 << scale, write: opc === 0, isv, rt: field(word, 4, 0), signed, wide };
}

/** LDR, STR and their kin at `address`; `writeBack` gives the base register's new value. */
export function single(
  word: number,
  address: (cpu: A64Cpu) => bigint,
  writeBack?: (cpu: A64Cpu) => bigint,
): Instruction | undefined {
  const access = singleAccess(word, writeBack === undefined);
  if (access === undefined) return undefined;
  if (access === 'prefetch') return writeBack === undefined ? next : undefined;
  const rt = field(word, 4, 0);
  const rn = field(word, 9, 5);
  return (cpu) => {
    const va = address(cpu);
    const after = writeBack?.(cpu);
    if (access.write) {
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

/** LDAPUR and STLUR: like the unscaled forms, but aligned as every ordered access must be. */
export function orderedUnscaled(word: number, address: (cpu: A64Cpu) => bigint): Instruction | undefined {
  const access = singleAccess(word, true);
  const plain = single(word, address);
  if (access === undefined || access === 'prefetch' || plain === undefined) return undefined;
  return (cpu) => cpu.misaligned(address(cpu), access.size, access.write) ?? plain(cpu);
}

/** LDR and LDRSW from an address relative to the PC; the fourth is a prefetch. */
export function literal(word: number): Instruction {
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

/** LDP, STP, LDPSW and LDNP, STNP, which differ from them in nothing that shows here. */
export function pair(word: number): Instruction | undefined {
  const opc = field(word, 31, 30);
  const load = field(word, 22, 22) === 1;
  const mode = field(word, 24, 23);
  // The signed words exist only as loads, and not without allocation.
  if (opc === 3 || (opc === 1 && (!load || mode === 0))) return undefined;
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
  const first = access(rt);
  const other = access(rt2);
  return (cpu) => {
    const base = readXsp(cpu, rn);
    const moved = (base + offset) & M64;
    const va = mode === 1 ? base : moved;
    const second = (va + BigInt(size)) & M64;
    if (load) {
      const a = cpu.load(va, first);
      if (typeof a !== 'bigint') return a;
      const b = cpu.load(second, other);
      if (typeof b !== 'bigint') return b;
      // Should both be the same register, the recorded CPU leaves the first value in it.
      writeX(cpu, rt2, loadedValue(other, b));
      writeX(cpu, rt, loadedValue(first, a));
    } else {
      const stop = cpu.store(va, readX(cpu, rt), first) ?? cpu.store(second, readX(cpu, rt2), other);
      if (stop !== undefined) return stop;
    }
    if (mode === 1 || mode === 3) setBase(cpu, rn, moved);
    return next(cpu);
  };
}
