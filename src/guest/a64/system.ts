/** A64 branches, exception generation, hints, barriers and system registers (bits 28:26 = 101). */
import { type A64Cpu, type Instruction, sysregEncoding } from './cpu.js';
import { conditionHolds } from './integer.js';
import { field, M64, next, readX, writeX } from './registers.js';

const offsetField = (word: number, high: number, low: number): bigint =>
  BigInt.asIntN(high - low + 1, BigInt(field(word, high, low))) << 2n;
const jump = (cpu: A64Cpu, offset: bigint): undefined => {
  cpu.pc = (cpu.pc + offset) & M64;
};

function exceptionGeneration(word: number): Instruction | undefined {
  const imm = field(word, 20, 5);
  switch ((field(word, 23, 21) << 2) | field(word, 1, 0)) {
    case 1:
      return () => ({ kind: 'svc', imm });
    case 2:
      return () => ({ kind: 'hvc', imm });
    case 3:
      return () => ({ kind: 'smc', imm });
    case 4:
      return () => ({ kind: 'brk', imm });
    default:
      return undefined;
  }
}

function system(word: number): Instruction | undefined {
  const op1 = field(word, 18, 16);
  const crn = field(word, 15, 12);
  const crm = field(word, 11, 8);
  const op2 = field(word, 7, 5);
  const rt = field(word, 4, 0);
  const read = field(word, 21, 21) === 1;
  const op0 = field(word, 20, 19);
  if (op0 === 0 && !read) {
    if (crn === 2 && op1 === 3) return crm === 0 && op2 === 3 ? () => ({ kind: 'wfi' }) : next;
    if (crn === 3 && op1 === 3 && op2 === 2) {
      return (cpu) => {
        cpu.monitor = null; // CLREX
        return next(cpu);
      };
    }
    if (crn === 3 && op1 === 3) return next;
    // SVCR (streaming mode) and TCO (memory tagging) are not for guests.
    if (crn === 4)
      return op1 === 3 && (op2 === 3 || op2 === 4) ? undefined : (cpu) => cpu.pstate(op1, op2, crm) ?? next(cpu);
    return undefined;
  }
  if (op0 === 1) return read ? undefined : (cpu) => cpu.sys(op1, crn, crm, op2, readX(cpu, rt), rt) ?? next(cpu);
  const enc = sysregEncoding(op0, op1, crn, crm, op2);
  return (cpu) => {
    const result = cpu.sysreg(enc, rt, read ? undefined : readX(cpu, rt));
    if (typeof result !== 'bigint') return result;
    if (read) writeX(cpu, rt, result);
    return next(cpu);
  };
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
  if (word >>> 0 === 0xd69f03e0) return () => ({ kind: 'eret' });
  if (field(word, 31, 25) === 0b1101011 && field(word, 20, 10) === 0b11111000000 && field(word, 4, 0) === 0) {
    const rn = field(word, 9, 5);
    const link = field(word, 22, 21) === 1;
    if (field(word, 24, 21) > 2) return undefined;
    return (cpu) => {
      const target = readX(cpu, rn);
      if (link) cpu.x[30] = (cpu.pc + 4n) & M64;
      cpu.pc = target;
      return undefined;
    };
  }
  return undefined;
}
