/**
 * An interpreter of the A64 base instructions: enough for bare-metal test guests (the recorded image, the recorded `code`
 * words). Left out: floating point, SIMD, SVE, atomics, pointer authentication; such a word stops with kind `unknown`.
 */
import type { A64Cpu, Instruction, Stop } from './cpu.js';
import { immediate, register } from './integer.js';
import { memory } from './memory.js';
import { branchOrSystem } from './system.js';

export { type A64Cpu, type Access, type Instruction, type Stop, sysregEncoding } from './cpu.js';
export { loadedValue } from './memory.js';

const decoded = new Map<number, Instruction>();

/** The instruction of a word; an unknown word decodes to one that stops. Decodings are kept: programs loop. */
export function decode(word: number): Instruction {
  const known = decoded.get(word);
  if (known !== undefined) return known;
  const made = decodeGroup(word) ?? ((): Stop => ({ kind: 'unknown', word: word >>> 0 }));
  if (decoded.size > 65536) decoded.clear();
  decoded.set(word, made);
  return made;
}

function decodeGroup(word: number): Instruction | undefined {
  const group = (word >>> 25) & 0xf;
  if ((group & 0b1110) === 0b1000) return immediate(word);
  if ((group & 0b1110) === 0b1010) return branchOrSystem(word);
  if ((group & 0b0101) === 0b0100) return memory(word);
  if ((group & 0b0111) === 0b0101) return register(word);
  return undefined;
}

/** Executes the instruction at the PC. `undefined`: completed. */
export function step(cpu: A64Cpu): Stop | undefined {
  const word = cpu.fetch();
  return typeof word === 'number' ? decode(word)(cpu) : word;
}
