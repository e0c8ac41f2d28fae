/** A64 branches, and which group the words with bits 28:26 = 101 belong to (Arm ARM C4.1.93). */
import { conditionHolds } from './arithmetic.js';
import type { A64Cpu, Instruction } from './cpu.js';
import { field, M64, next, readX } from './registers.js';
import { exceptionGeneration, system } from './system.js';

const offsetField = (word: number, high: number, low: number): bigint =>
  BigInt.asIntN(high - low + 1, BigInt(field(word, high, low))) << 2n;
const jump = (cpu: A64Cpu, offset: bigint): undefined => {
  cpu.pc = (cpu.pc + offset) & M64;
};

/**
 * BR, BLR, RET, ERET and the forms with pointer authentication, which is disabled: op3 (15:10) 2 and 3 name the key, op4 (4:0)
 * the modifier, 31 where there is none.
 */
function toRegister(word: number): Instruction | undefined {
  const opc = field(word, 24, 21);
  const rn = field(word, 9, 5);
  const op3 = field(word, 15, 10);
  const op4 = field(word, 4, 0);
  if (field(word, 20, 16) !== 31) return undefined;
  const plain = op3 === 0 && op4 === 0;
  const authenticated = op3 === 2 || op3 === 3;
  const to = (register: number, link: boolean): Instruction => {
    return (cpu) => {
      const target = readX(cpu, register);
      if (link) cpu.x[30] = (cpu.pc + 4n) & M64;
      cpu.pc = target;
      return undefined;
    };
  };
  switch (opc) {
    case 0:
    case 1:
      return plain || (authenticated && op4 === 31) ? to(rn, opc === 1) : undefined;
    case 2:
      if (authenticated && rn === 31 && op4 === 31) return to(30, false);
      return plain ? to(rn, false) : undefined;
    case 4:
      if (rn !== 31) return undefined;
      return plain || (authenticated && op4 === 31) ? () => ({ kind: 'eret' }) : undefined;
    case 8:
    case 9:
      return authenticated ? to(rn, opc === 9) : undefined;
    default:
      return undefined;
  }
}

export function branchOrSystem(word: number): Instruction | undefined {
  if (field(word, 30, 26) === 0b00101) {
    const offset = offsetField(word, 25, 0);
    const link = word >>> 31 === 1;
    return (cpu) => {
      if (link) cpu.x[30] = (cpu.pc + 4n) & M64;
      return jump(cpu, offset);
    };
  }
  if (field(word, 30, 25) === 0b011010) {
    const offset = offsetField(word, 23, 5);
    const rt = field(word, 4, 0);
    const mask = word >>> 31 === 1 ? M64 : 0xffff_ffffn;
    const wantZero = field(word, 24, 24) === 0;
    return (cpu) => (((readX(cpu, rt) & mask) === 0n) === wantZero ? jump(cpu, offset) : next(cpu));
  }
  if (field(word, 30, 25) === 0b011011) {
    const offset = offsetField(word, 18, 5);
    const rt = field(word, 4, 0);
    const bit = BigInt(((word >>> 31) << 5) | field(word, 23, 19));
    const want = BigInt(field(word, 24, 24));
    return (cpu) => (((readX(cpu, rt) >> bit) & 1n) === want ? jump(cpu, offset) : next(cpu));
  }
  if (field(word, 31, 24) === 0b01010100 && field(word, 4, 4) === 0) {
    const offset = offsetField(word, 23, 5);
    const condition = field(word, 3, 0);
    return (cpu) => (conditionHolds(cpu.nzcv, condition) ? jump(cpu, offset) : next(cpu));
  }
  if (field(word, 31, 24) === 0b11010100) return exceptionGeneration(word);
  if (field(word, 31, 22) === 0b1101010100) return system(word);
  return field(word, 31, 25) === 0b1101011 ? toRegister(word) : undefined;
}
