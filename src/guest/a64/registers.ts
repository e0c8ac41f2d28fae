/** Registers and bit fields as every group of instructions uses them; register 31 is XZR or SP. */
import type { A64Cpu } from './cpu.js';

export const M64 = 0xffff_ffff_ffff_ffffn;
export const M32 = 0xffff_ffffn;

export const readX = (cpu: A64Cpu, r: number): bigint => (r === 31 ? 0n : cpu.x[r]);
export const readXsp = (cpu: A64Cpu, r: number): bigint => (r === 31 ? cpu.getSp() : cpu.x[r]);
export function writeX(cpu: A64Cpu, r: number, value: bigint): void {
  if (r !== 31) cpu.x[r] = value;
}
export function writeXsp(cpu: A64Cpu, r: number, value: bigint): void {
  if (r === 31) cpu.setSp(value & M64);
  else cpu.x[r] = value;
}

/** Bits high..low of a word. */
export const field = (word: number, high: number, low: number): number =>
  (word >>> low) & ((1 << (high - low + 1)) - 1);
/** Goes on to the next instruction. */
export const next = (cpu: A64Cpu): undefined => {
  cpu.pc = (cpu.pc + 4n) & M64;
};
