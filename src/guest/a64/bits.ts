/** A64 data processing with one source, and multiplications with a long result. */
import type { Instruction } from './cpu.js';
import { field, M32, M64, next, readX, writeX } from './registers.js';

/** RBIT, REV*, CLZ, CLS; pointer authentication does nothing while it is disabled. */
export function oneSource(word: number): Instruction | undefined {
  const wide = word >>> 31 === 1;
  const bits = wide ? 64 : 32;
  const rd = field(word, 4, 0);
  const rn = field(word, 9, 5);
  if (field(word, 20, 16) === 1 && wide) return next;
  const op = field(word, 15, 10);
  if (field(word, 20, 16) !== 0 || op > 5) return undefined;
  const reverse = (v: bigint, unit: number, within: number): bigint => {
    let result = 0n;
    for (let i = 0; i < bits; i += unit) {
      const block = Math.floor(i / within) * within;
      const to = block + within - unit - (i - block);
      result |= ((v >> BigInt(i)) & ((1n << BigInt(unit)) - 1n)) << BigInt(to);
    }
    return result;
  };
  const leading = (v: bigint): number => {
    let n = 0;
    while (n < bits && v >> BigInt(bits - 1 - n) === 0n) n++;
    return n;
  };
  return (cpu) => {
    const v = readX(cpu, rn) & (wide ? M64 : M32);
    let result: bigint;
    if (op === 0) result = reverse(v, 1, bits);
    else if (op === 1) result = reverse(v, 8, 16);
    else if (op === 2) result = reverse(v, 8, 32);
    else if (op === 3) result = reverse(v, 8, 64);
    else if (op === 4) result = BigInt(leading(v));
    else result = BigInt(leading(v >> BigInt(bits - 1) === 1n ? ~v & (wide ? M64 : M32) : v) - 1);
    writeX(cpu, rd, result);
    return next(cpu);
  };
}

/** SMADDL, SMSUBL, UMADDL, UMSUBL, SMULH, UMULH. */
export function longMultiply(word: number): Instruction | undefined {
  const kind = field(word, 23, 21);
  const rd = field(word, 4, 0);
  const rn = field(word, 9, 5);
  const rm = field(word, 20, 16);
  const ra = field(word, 14, 10);
  const subtract = field(word, 15, 15) === 1;
  const signed = kind < 4;
  const part = (v: bigint, bits: number): bigint => (signed ? BigInt.asIntN(bits, v) : BigInt.asUintN(bits, v));
  if (kind === 2 || kind === 6) {
    return (cpu) => {
      writeX(cpu, rd, ((part(readX(cpu, rn), 64) * part(readX(cpu, rm), 64)) >> 64n) & M64);
      return next(cpu);
    };
  }
  if (kind !== 1 && kind !== 5) return undefined;
  return (cpu) => {
    const product = part(readX(cpu, rn), 32) * part(readX(cpu, rm), 32);
    writeX(cpu, rd, (subtract ? readX(cpu, ra) - product : readX(cpu, ra) + product) & M64);
    return next(cpu);
  };
}
