/** A64 exception generation, hints, barriers, flags and system registers. */
import { type Instruction, sysregEncoding } from './cpu.js';
import { field, next, readX, writeX } from './registers.js';

/** SVC, HVC, SMC and BRK; HLT and DCPS are UNDEFINED without a debugger. */
export function exceptionGeneration(word: number): Instruction | undefined {
  const imm = field(word, 20, 5);
  if (field(word, 4, 2) !== 0) return undefined;
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

/** Hints (all that are unknown do nothing), barriers and the fields of PSTATE. Those have Rt = 31, barriers need not. */
function withoutRegister(op1: number, crn: number, crm: number, op2: number): Instruction | undefined {
  if (crn === 2 && op1 === 3) return crm === 0 && op2 === 3 ? () => ({ kind: 'wfi' }) : next;
  if (crn === 3 && op1 === 3) {
    if (op2 === 2) {
      return (cpu) => {
        cpu.monitor = null; // CLREX
        return next(cpu);
      };
    }
    // DSB, DMB, ISB, SB.
    return (op2 >= 4 && op2 <= 6) || (op2 === 7 && crm === 0) ? next : undefined;
  }
  return crn === 4 ? immediate(op1, op2, crm) : undefined;
}

export function system(word: number): Instruction | undefined {
  const op1 = field(word, 18, 16);
  const crn = field(word, 15, 12);
  const crm = field(word, 11, 8);
  const op2 = field(word, 7, 5);
  const rt = field(word, 4, 0);
  const read = field(word, 21, 21) === 1;
  const op0 = field(word, 20, 19);
  if (op0 === 0) return read || rt !== 31 ? undefined : withoutRegister(op1, crn, crm, op2);
  if (op0 === 1) return read ? undefined : (cpu) => cpu.sys(op1, crn, crm, op2, readX(cpu, rt), rt) ?? next(cpu);
  const enc = sysregEncoding(op0, op1, crn, crm, op2);
  return (cpu) => {
    const result = cpu.sysreg(enc, rt, read ? undefined : readX(cpu, rt));
    if (typeof result !== 'bigint') return result;
    if (read) writeX(cpu, rt, result);
    return next(cpu);
  };
}
