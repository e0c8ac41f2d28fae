/** A64 loads and stores of one or two SIMD registers. None has a valid syndrome. */
import type { A64Cpu, Access, Instruction, Stop } from './cpu.js';
import { field, M64, next, readXsp } from './registers.js';
import { setBase, signedField } from './single.js';

const access = (size: number, write: boolean): Access => ({
  size,
  write,
  isv: false,
  rt: 31,
  signed: false,
  wide: size === 8,
});
const LOADS = [1, 2, 4, 8].map((size) => access(size, false));
const STORES = [1, 2, 4, 8].map((size) => access(size, true));

const valueMask = (scale: number): bigint => (1n << BigInt(8 << scale)) - 1n;

/** Loads 1 << scale bytes, 8 at most. */
export const loadPart = (cpu: A64Cpu, va: bigint, scale: number): bigint | Stop => cpu.load(va, LOADS[scale]);
export const storePart = (cpu: A64Cpu, va: bigint, scale: number, value: bigint): Stop | undefined =>
  cpu.store(va, value & valueMask(scale), STORES[scale]);

/** Low and high half of the register that a load of 1 << scale bytes makes. */
function loadRegister(cpu: A64Cpu, va: bigint, scale: number): readonly [bigint, bigint] | Stop {
  const low = loadPart(cpu, va, Math.min(scale, 3));
  if (typeof low !== 'bigint') return low;
  if (scale < 4) return [low, 0n];
  const high = loadPart(cpu, (va + 8n) & M64, 3);
  return typeof high === 'bigint' ? [low, high] : high;
}

function storeRegister(cpu: A64Cpu, va: bigint, scale: number, vt: number): Stop | undefined {
  const stop = storePart(cpu, va, Math.min(scale, 3), cpu.simd[2 * vt]);
  return stop ?? (scale < 4 ? undefined : storePart(cpu, (va + 8n) & M64, 3, cpu.simd[2 * vt + 1]));
}

function setRegister(cpu: A64Cpu, vt: number, value: readonly [bigint, bigint]): void {
  cpu.simd[2 * vt] = value[0];
  cpu.simd[2 * vt + 1] = value[1];
}

/** LDR and STR of a SIMD register: opc<1> with size makes 16 bytes, opc<0> a load. */
export function simdSingle(
  word: number,
  address: (cpu: A64Cpu) => bigint,
  writeBack?: (cpu: A64Cpu) => bigint,
): Instruction | undefined {
  const wide = field(word, 23, 23) === 1;
  if (wide && field(word, 31, 30) !== 0) return undefined;
  const scale = wide ? 4 : field(word, 31, 30);
  const load = field(word, 22, 22) === 1;
  const vt = field(word, 4, 0);
  const rn = field(word, 9, 5);
  return (cpu) => {
    const trap = cpu.fpTrap();
    if (trap !== undefined) return trap;
    const va = address(cpu);
    const after = writeBack?.(cpu);
    if (load) {
      const value = loadRegister(cpu, va, scale);
      if ('kind' in value) return value;
      setRegister(cpu, vt, value);
    } else {
      const stop = storeRegister(cpu, va, scale, vt);
      if (stop !== undefined) return stop;
    }
    if (after !== undefined) setBase(cpu, rn, after);
    return next(cpu);
  };
}

/** LDR of a SIMD register from an address relative to the PC. */
export function simdLiteral(word: number): Instruction | undefined {
  const opc = field(word, 31, 30);
  if (opc === 3) return undefined;
  const offset = signedField(word, 23, 5) << 2n;
  const vt = field(word, 4, 0);
  return (cpu) => {
    const trap = cpu.fpTrap();
    if (trap !== undefined) return trap;
    const value = loadRegister(cpu, (cpu.pc + offset) & M64, 2 + opc);
    if ('kind' in value) return value;
    setRegister(cpu, vt, value);
    return next(cpu);
  };
}

/** LDP, STP, LDNP and STNP of SIMD registers. */
export function simdPair(word: number): Instruction | undefined {
  const opc = field(word, 31, 30);
  if (opc === 3) return undefined;
  const scale = 2 + opc;
  const load = field(word, 22, 22) === 1;
  const mode = field(word, 24, 23);
  const size = 1n << BigInt(scale);
  const offset = signedField(word, 21, 15) * size;
  const rn = field(word, 9, 5);
  const vt = field(word, 4, 0);
  const vt2 = field(word, 14, 10);
  return (cpu) => {
    const trap = cpu.fpTrap();
    if (trap !== undefined) return trap;
    const base = readXsp(cpu, rn);
    const moved = (base + offset) & M64;
    const va = mode === 1 ? base : moved;
    const second = (va + size) & M64;
    if (load) {
      const a = loadRegister(cpu, va, scale);
      if ('kind' in a) return a;
      setRegister(cpu, vt, a);
      const b = loadRegister(cpu, second, scale);
      if ('kind' in b) return b;
      setRegister(cpu, vt2, b);
    } else {
      const stop = storeRegister(cpu, va, scale, vt) ?? storeRegister(cpu, second, scale, vt2);
      if (stop !== undefined) return stop;
    }
    if (mode === 1 || mode === 3) setBase(cpu, rn, moved);
    return next(cpu);
  };
}
