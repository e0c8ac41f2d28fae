/** A64 SIMD and floating-point data processing. Arithmetic that leaves its result in a SIMD register is not made. */
import type { Instruction } from './cpu.js';
import { next } from './registers.js';
import { simdAllocated } from './simd-allocation.js';
import { simdEffect } from './simd-transfer.js';

/** Bits 27:25 = 111. */
export function simd(word: number): Instruction | undefined {
  if (!simdAllocated(word)) return undefined;
  const effect = simdEffect(word);
  return (cpu) => {
    const trap = cpu.fpTrap();
    if (trap !== undefined) return trap;
    effect?.(cpu);
    return next(cpu);
  };
}
