/**
 * An interpreter of the A64 base instructions: enough for bare-metal test guests (the recorded image, the recorded `code`
 * words). Every word of the A64 instruction set is told from what is no instruction. Left out: SVE and SME, which stop with kind
 * `unknown` as what is no instruction does; arithmetic of floating point and SIMD, whose results stay as they were (moves, loads,
 * stores, comparisons and conversions to integers are made); memory tagging and guarded pages.
 */
import { branchOrSystem } from './branch.js';
import type { A64Cpu, Instruction, Stop } from './cpu.js';
import { immediate } from './immediate.js';
import { memory } from './memory.js';
import { register } from './register.js';
import { simd } from './simd.js';
import { vectorLengthAgnostic } from './sve-encodings.js';

export { type A64Cpu, type Access, type Instruction, type Monitor, type Stop, sysregEncoding } from './cpu.js';
export { loadedValue } from './single.js';

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
  if ((group & 0b0111) === 0b0111) return simd(word);
  return undefined;
}

/** The unit that a word belongs to which the interpreter does not execute, but CPACR_EL1 may trap; undefined: UNDEFINED. */
export function unitOf(word: number): 'sve' | 'sme' | undefined {
  const w = word >>> 0;
  // MSR SVCR*, immediate: one or both of SM and ZA.
  const svcr = (w & 0xffff_f0ff) >>> 0 === 0xd503_407f && ((w >>> 8) & 15) >= 2 && ((w >>> 8) & 15) <= 7;
  if (svcr) return 'sme';
  // ADDSVL, ADDSPL and RDSVL stand among the words of SVE.
  if ((w & 0xffa0_f800) >>> 0 === 0x0420_5800 || (w & 0xffff_f800) >>> 0 === 0x04bf_5800) return 'sme';
  const group = (w >>> 25) & 0xf;
  if (group !== 0b0010 && (group !== 0 || w >>> 31 === 0)) return undefined;
  const unit = group === 0 ? 'sme' : 'sve';
  return vectorLengthAgnostic(unit, w) ? unit : undefined;
}

/** Executes the instruction at the PC. `undefined`: completed. */
export function step(cpu: A64Cpu): Stop | undefined {
  const word = cpu.fetch();
  return typeof word === 'number' ? decode(word)(cpu) : word;
}
