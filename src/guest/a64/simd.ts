/** A64 SIMD and floating-point data processing. What leaves its result in a SIMD register only is taken note of, not computed. */
import type { Instruction } from './cpu.js';
import { next } from './registers.js';
import { simdAllocated } from './simd-allocation.js';

/** Bits 27:25 = 111. */
export function simd(word: number): Instruction | undefined {
  if (!simdAllocated(word)) return undefined;
  return (cpu) => cpu.fpTrap() ?? next(cpu);
}
