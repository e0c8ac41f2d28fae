/**
 * What an A64 interpreter needs of the vCPU that it executes. Architecture: Arm ARM DDI 0487, AArch64 base instructions.
 * The interpreter exists so that the recorded guest image and the recorded `code` words run as they are; it models results
 * and faults of the instructions that such programs use, not timing, caches or EL0.
 */

/** How a data access presents itself in a stage-2 syndrome. */
export interface Access {
  /** 1, 2, 4 or 8 bytes. */
  size: number;
  write: boolean;
  /** Syndrome valid: one general register, no write-back. Only such an access can be emulated by a device. */
  isv: boolean;
  /** Destination or source register, 31 = XZR. */
  rt: number;
  signed: boolean;
  /** 64-bit destination. */
  wide: boolean;
  /** The load of a read-modify-write instruction: its faults are those of a write. */
  update?: boolean;
}

/** Why an instruction did not complete in the interpreter; the owner of the vCPU acts on it. The PC still points at it. */
export type Stop =
  | { kind: 'hvc'; imm: number }
  | { kind: 'smc'; imm: number }
  | { kind: 'svc'; imm: number }
  | { kind: 'brk'; imm: number }
  | { kind: 'wfi' }
  | { kind: 'eret' }
  /** Took an exception or was blocked: the environment has already dealt with it. */
  | { kind: 'handled' }
  /** Not an instruction that this interpreter knows. */
  | { kind: 'unknown'; word: number };

/** What a load-exclusive leaves for the store-exclusive after it: the address and what lay there (`high`: second of a pair). */
export interface Monitor {
  at: bigint;
  value: bigint;
  high: bigint;
}

export interface A64Cpu {
  /** x0..x30. */
  x: BigUint64Array;
  pc: bigint;
  /** NZCV in bits 31:28, as PSTATE has them. */
  nzcv: number;
  /** Exclusive monitor; the owner of the vCPU clears it whenever a return from an exception would. */
  monitor: Monitor | null;
  /** V0..V31, the low and the high half of each. */
  simd: BigUint64Array;
  /** Takes the trap of floating point and SIMD unless CPACR_EL1 allows them. */
  fpTrap(): Stop | undefined;
  getSp(): bigint;
  setSp(value: bigint): void;
  /** Little-endian instruction word at the PC, or a stop when the fetch faulted. */
  fetch(): number | Stop;
  load(va: bigint, access: Access): bigint | Stop;
  store(va: bigint, value: bigint, access: Access): Stop | undefined;
  /** Takes the alignment fault of an access that must be aligned to `align` bytes; it comes before translation. */
  misaligned(va: bigint, align: number, write: boolean): Stop | undefined;
  /** `enc` = op0<<14 | op1<<11 | CRn<<7 | CRm<<3 | op2. `write` undefined: MRS. Returns the value (or 0 for MSR), or a stop. */
  sysreg(enc: number, rt: number, write: bigint | undefined): bigint | Stop;
  /** MSR (immediate): op1, op2 and the 4-bit value. */
  pstate(op1: number, op2: number, imm: number): Stop | undefined;
  /** SYS instructions (cache and TLB maintenance) with the register value. */
  sys(op1: number, crn: number, crm: number, op2: number, value: bigint, rt: number): Stop | undefined;
}

export type Instruction = (cpu: A64Cpu) => Stop | undefined;

/** op0, op1, CRn, CRm, op2 packed as in the instruction word's bits 20:5 (op0 with its two bits). */
export const sysregEncoding = (op0: number, op1: number, crn: number, crm: number, op2: number): number =>
  (op0 << 14) | (op1 << 11) | (crn << 7) | (crm << 3) | op2;
