/** A64 loads and stores of SIMD structures: LD1..LD4, ST1..ST4 of whole registers and of single elements, LD1R..LD4R. */
import type { A64Cpu, Instruction, Stop } from './cpu.js';
import { field, M64, next, readXsp } from './registers.js';
import { getElement, setElement } from './simd-elements.js';
import { loadPart, storePart } from './simd-memory.js';
import { setBase } from './single.js';

/** Registers (times) and elements per structure, by the opcode of the multiple forms; 0: unallocated. */
const MULTIPLE: readonly (readonly [repeat: number, elements: number] | undefined)[] = [
  [1, 4],
  undefined,
  [4, 1],
  undefined,
  [1, 3],
  undefined,
  [3, 1],
  [1, 1],
  [1, 2],
  undefined,
  [2, 1],
];

/** One element from or to memory. */
function moveElement(
  cpu: A64Cpu,
  load: boolean,
  va: bigint,
  vt: number,
  index: number,
  scale: number,
): Stop | undefined {
  if (!load) return storePart(cpu, va, scale, getElement(cpu, vt, index, scale));
  const value = loadPart(cpu, va, scale);
  if (typeof value !== 'bigint') return value;
  setElement(cpu, vt, index, scale, value);
  return undefined;
}

/** The base register afterwards: moved by Rm, or by the size of the transfer when that is 31. */
function moveBase(cpu: A64Cpu, word: number, base: bigint, size: number): void {
  const rm = field(word, 20, 16);
  if (field(word, 23, 23) === 1) setBase(cpu, field(word, 9, 5), base + (rm === 31 ? BigInt(size) : cpu.x[rm]));
}

function multiple(word: number): Instruction | undefined {
  const form = MULTIPLE[field(word, 15, 12)];
  const wide = field(word, 30, 30) === 1;
  const size = field(word, 11, 10);
  if (form === undefined || field(word, 21, 21) === 1) return undefined;
  const [repeat, elements] = form;
  if (size === 3 && !wide && elements !== 1) return undefined;
  const load = field(word, 22, 22) === 1;
  const rn = field(word, 9, 5);
  const vt = field(word, 4, 0);
  // Elements that follow one another come as doublewords.
  const scale = elements === 1 ? 3 : size;
  const count = (wide ? 16 : 8) >> scale;
  return (cpu) => {
    const trap = cpu.fpTrap();
    if (trap !== undefined) return trap;
    const base = readXsp(cpu, rn);
    let va = base;
    for (let r = 0; r < repeat; r++) {
      for (let e = 0; e < count; e++) {
        for (let s = 0; s < elements; s++) {
          const stop = moveElement(cpu, load, va & M64, (vt + r + s) & 31, e, scale);
          if (stop !== undefined) return stop;
          va += BigInt(1 << scale);
        }
      }
    }
    if (load && !wide) for (let r = 0; r < repeat * elements; r++) cpu.simd[2 * ((vt + r) & 31) + 1] = 0n;
    moveBase(cpu, word, base, (wide ? 16 : 8) * repeat * elements);
    return next(cpu);
  };
}

/** Size and index of the element that a single form names: Q, S and what of `size` the element's size leaves. */
function elementOf(word: number): { scale: number; index: number } | undefined {
  const size = field(word, 11, 10);
  const index = (field(word, 30, 30) << 3) | (field(word, 12, 12) << 2) | size;
  switch (field(word, 15, 14)) {
    case 0:
      return { scale: 0, index };
    case 1:
      return (size & 1) === 0 ? { scale: 1, index: index >> 1 } : undefined;
    case 2:
      if (size === 0) return { scale: 2, index: index >> 2 };
      return size === 1 && field(word, 12, 12) === 0 ? { scale: 3, index: index >> 3 } : undefined;
    default:
      return undefined;
  }
}

function oneElement(word: number): Instruction | undefined {
  const load = field(word, 22, 22) === 1;
  const replicate = field(word, 15, 14) === 3;
  if (replicate && (!load || field(word, 12, 12) === 1)) return undefined;
  const element = replicate ? { scale: field(word, 11, 10), index: 0 } : elementOf(word);
  if (element === undefined) return undefined;
  const { scale, index } = element;
  const elements = ((field(word, 13, 13) << 1) | field(word, 21, 21)) + 1;
  const wide = field(word, 30, 30) === 1;
  const rn = field(word, 9, 5);
  const vt = field(word, 4, 0);
  return (cpu) => {
    const trap = cpu.fpTrap();
    if (trap !== undefined) return trap;
    const base = readXsp(cpu, rn);
    for (let s = 0; s < elements; s++) {
      const va = (base + BigInt(s << scale)) & M64;
      const register = (vt + s) & 31;
      const stop = moveElement(cpu, load, va, register, index, scale);
      if (stop !== undefined) return stop;
      if (!replicate) continue;
      const count = (wide ? 16 : 8) >> scale;
      for (let e = 1; e < count; e++) setElement(cpu, register, e, scale, getElement(cpu, register, 0, scale));
      if (!wide) cpu.simd[2 * register + 1] = 0n;
    }
    moveBase(cpu, word, base, elements << scale);
    return next(cpu);
  };
}

/** Bits 29:25 = 00110: multiple (24 = 0) or single structures, with (23 = 1) or without write-back of the base. */
export function structures(word: number): Instruction | undefined {
  if (field(word, 31, 31) === 1) return undefined;
  if (field(word, 23, 23) === 0 && field(word, 20, 16) !== 0) return undefined;
  return field(word, 24, 24) === 0 ? multiple(word) : oneElement(word);
}
