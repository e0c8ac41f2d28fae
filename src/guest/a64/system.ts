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

const NZCV = { N: 1 << 31, Z: 1 << 30, C: 1 << 29, V: 1 << 28 } as const;

/** CFINV, XAFLAG and AXFLAG: the flags afterwards. Arm Architecture Reference Manual, C6.2. */
const FLAGS: readonly ((nzcv: number) => number)[] = [
  (f) => f ^ NZCV.C,
  (f) => {
    const z = (f & NZCV.Z) !== 0;
    const c = (f & NZCV.C) !== 0;
    return (z || c ? 0 : NZCV.N) | (z && c ? NZCV.Z : 0) | (c || z ? NZCV.C : 0) | (z && !c ? NZCV.V : 0);
  },
  (f) => {
    const v = (f & NZCV.V) !== 0;
    return ((f & NZCV.Z) !== 0 || v ? NZCV.Z : 0) | ((f & NZCV.C) !== 0 && !v ? NZCV.C : 0);
  },
];

/** Fields of PSTATE that MSR (immediate) writes: UAO, PAN, SPSel; SSBS, DIT, DAIFSet, DAIFClr. SVCR and TCO are not for guests. */
const FIELDS: readonly (readonly number[])[] = [[3, 4, 5], [], [], [1, 2, 6, 7]];

function immediate(op1: number, op2: number, imm: number): Instruction | undefined {
  const flags = op1 === 0 && imm === 0 ? FLAGS[op2] : undefined;
  if (flags !== undefined) {
    return (cpu) => {
      cpu.nzcv = flags(cpu.nzcv) >>> 0;
      return next(cpu);
    };
  }
  return FIELDS[op1]?.includes(op2) ? (cpu) => cpu.pstate(op1, op2, imm) ?? next(cpu) : undefined;
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
    // DSB, DMB, ISB, SB.
    if (crn === 3 && op1 === 3) return (op2 >= 4 && op2 <= 6) || (op2 === 7 && crm === 0) ? next : undefined;
    return crn === 4 ? immediate(op1, op2, crm) : undefined;
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
