/**
 * Executes machine code on a vCPU: connects the A64 interpreter to stage-2 memory, devices, system registers and the
 * hypervisor's traps, and takes exceptions to EL1.
 *
 * Stage 1 is taken as off, as every bare-metal guest that the interpreter is meant for leaves it: virtual addresses are IPAs.
 */
import { le32, toNumber } from '../base/index.js';
import {
  fpTrap,
  getStored,
  pendingException,
  readSysreg,
  setStored,
  sysInstruction,
  unexpectedTrap,
  writeSysreg,
} from '../gic/index.js';
import { type A64Cpu, type Access, type Monitor, type Stop, step as stepA64, unitOf } from '../guest/a64/index.js';
import { type AccessResult, Fault, type GuestException, type Hypervisor } from '../hyp/index.js';
import { Access as Permission } from '../protocol/index.js';
import { handleInstructionAbort, type Vcpu } from '../vcpu/index.js';
import { accessMemory, IPA_LIMIT, NO_IPA, PAGE_MASK, scratch, VA_LIMIT } from './a64-access.js';

const NZCV = 0xf000_0000;
const PSTATE_SPSEL = 1;
const PSTATE_DAIF = 0x3c0;
const MODE_EL1H = 5;
/** Bits that exception entry sets or clears; the rest of PSTATE stays. */
const ENTRY_CLEARS = 0x0030_0c1f;
/** PSTATE fields that MSR (immediate) sets to its lowest bit, by op1 * 8 + op2: UAO, PAN, SSBS, DIT. */
const PSTATE_BIT: ReadonlyMap<number, number> = new Map([
  [3, 1 << 23],
  [4, 1 << 22],
  [25, 1 << 12],
  [26, 1 << 24],
]);
/** PACGA Xd, Xn, Xm. */
const PACGA = 0x9ac0_3000;
const PACGA_MASK = 0xffe0_fc00;
const ESR_SIZE_FETCH = 0x8600_0000;
const M64 = 0xffff_ffff_ffff_ffffn;
/** How far loads of literals reach. */
const LITERAL_REACH = 1n << 20n;
/** V0..V31, two each. */
const SIMD_HALVES = 64;

const EC_SVC64 = 0x15;
const EC_BRK64 = 0x3c;
const EC_PC_ALIGNMENT = 0x22;
const IL = 1 << 25;

export const Vector = { SYNC: 0x000, IRQ: 0x080, FIQ: 0x100 } as const;

const UNDEFINED: GuestException = { esr: 0x0200_0000, far: undefined };
const HANDLED: Stop = { kind: 'handled' };

/** The alignment fault of an exclusive, ordered or atomic access (Arm ARM B2.5.2, without FEAT_LSE2). */
const alignmentEsr = (write: boolean): number => ((0x25 << 26) | IL | (write ? 0x61 : 0x21)) >>> 0;

/** Takes an exception to EL1 at the present PC. */
function takeException(v: Vcpu, vector: number, exception: GuestException | undefined): void {
  setStored(v, 'ELR_EL1', v.pc);
  setStored(v, 'SPSR_EL1', BigInt(v.pstate >>> 0));
  if (exception !== undefined) {
    setStored(v, 'ESR_EL1', BigInt(exception.esr >>> 0));
    if (exception.far !== undefined) setStored(v, 'FAR_EL1', exception.far);
  }
  const fromSpx = (v.pstate & PSTATE_SPSEL) !== 0;
  v.pstate = ((v.pstate & ~ENTRY_CLEARS) | PSTATE_DAIF | MODE_EL1H) >>> 0;
  v.pc = (getStored(v, 'VBAR_EL1') + BigInt((fromSpx ? 0x200 : 0) + vector)) & M64;
}

/** Where a runner's instructions come from when not from guest memory (words handed over by a driver). */
export interface CodeWindow {
  base: bigint;
  words: readonly number[];
}

/** The interpreter's view of one vCPU; reused for all of them. */
export class A64Runner implements A64Cpu {
  private v!: Vcpu;
  x!: BigUint64Array;
  window: CodeWindow | undefined;
  /** Words that the interpreter does not know, as they were met: the guest got an UNDEFINED exception for them. */
  readonly unknownWords: number[] = [];
  /** Called for every exception to EL1; returning true means that the driver dealt with it. */
  onException: ((v: Vcpu, vector: number, exception: GuestException | undefined) => boolean) | undefined;

  constructor(
    private readonly hyp: Hypervisor,
    private readonly trap: (v: Vcpu, conduit: 'hvc' | 'smc', imm: number) => boolean,
    private readonly wfi: (v: Vcpu) => boolean,
  ) {}

  get pc(): bigint {
    return this.v.pc;
  }
  set pc(value: bigint) {
    this.v.pc = value;
  }
  get nzcv(): number {
    return (this.v.pstate & NZCV) >>> 0;
  }
  set nzcv(value: number) {
    this.v.pstate = ((this.v.pstate & ~NZCV) | value) >>> 0;
  }
  get monitor(): Monitor | null {
    return this.v.monitor ?? null;
  }
  set monitor(value: Monitor | null) {
    if (value !== null || this.v.monitor != null) this.v.monitor = value;
  }
  getSp(): bigint {
    return (this.v.pstate & PSTATE_SPSEL) !== 0 ? this.v.spEl1 : this.v.spEl0;
  }
  setSp(value: bigint): void {
    if ((this.v.pstate & PSTATE_SPSEL) !== 0) this.v.spEl1 = value;
    else this.v.spEl0 = value;
  }

  get simd(): BigUint64Array {
    this.v.simd ??= new BigUint64Array(SIMD_HALVES);
    return this.v.simd;
  }

  fpTrap(): Stop | undefined {
    const trap = fpTrap(this.hyp, getStored(this.v, 'CPACR_EL1'), 'fp');
    return trap === undefined ? undefined : this.exception(Vector.SYNC, trap);
  }

  misaligned(va: bigint, align: number, write: boolean): Stop | undefined {
    if (va % BigInt(align) === 0n) return undefined;
    return this.exception(Vector.SYNC, { esr: alignmentEsr(write), far: va });
  }

  private exception(vector: number, exception: GuestException | undefined): Stop {
    this.monitor = null;
    if (this.onException?.(this.v, vector, exception) !== true) takeException(this.v, vector, exception);
    return HANDLED;
  }

  fetch(): number | Stop {
    const { v } = this;
    const { window } = this;
    if (window !== undefined && v.pc >= window.base && v.pc < window.base + BigInt(window.words.length * 4)) {
      return window.words[Number(v.pc - window.base) >> 2];
    }
    if (v.pc >= VA_LIMIT) return this.exception(Vector.SYNC, { esr: ESR_SIZE_FETCH, far: v.pc });
    if ((v.pc & 3n) !== 0n)
      return this.exception(Vector.SYNC, { esr: ((EC_PC_ALIGNMENT << 26) | IL) >>> 0, far: v.pc });
    const ipa = v.pc >= IPA_LIMIT ? NO_IPA : toNumber(v.pc);
    const page = ipa === NO_IPA ? undefined : this.hyp.mem.ramPage(v.addrspace, ipa, Permission.X);
    if (page !== undefined) return le32(page, ipa & PAGE_MASK);
    const pa = ipa === NO_IPA ? Fault.TRANSLATION : this.hyp.mem.translate(v.addrspace, ipa, false, true);
    if (pa < 0) {
      const at = { pc: v.pc, vbar: getStored(v, 'VBAR_EL1'), fromEl0: false };
      const resolution = handleInstructionAbort(this.hyp, v, v.pc, at);
      return resolution.kind === 'exception' ? this.exception(Vector.SYNC, resolution.exception) : HANDLED;
    }
    const bytes = scratch.subarray(0, 4);
    this.hyp.mem.readPhys(pa, bytes);
    return le32(bytes, 0);
  }

  load(va: bigint, access: Access): bigint | Stop {
    const r = accessMemory(this.hyp, this.v, va, access, 0n);
    if (r === 'gone') return HANDLED;
    return 'value' in r ? r.value : (this.windowValue(va, access.size) ?? this.exception(Vector.SYNC, r.exception));
  }

  /** Literals among the words of a driver; nothing is known of what lies around them. */
  private windowValue(va: bigint, size: number): bigint | undefined {
    const { window } = this;
    if (window === undefined || va < window.base - LITERAL_REACH || va >= window.base + LITERAL_REACH) return undefined;
    const at = Number(va - window.base);
    let value = 0n;
    for (let i = at + size - 1; i >= at; i--) {
      value = (value << 8n) | BigInt(((window.words[i >> 2] ?? 0) >>> ((i & 3) * 8)) & 0xff);
    }
    return value;
  }

  store(va: bigint, value: bigint, access: Access): Stop | undefined {
    const r = accessMemory(this.hyp, this.v, va, access, value);
    if (r === 'gone') return HANDLED;
    return 'value' in r ? undefined : this.exception(Vector.SYNC, r.exception);
  }

  sysreg(enc: number, rt: number, write: bigint | undefined): bigint | Stop {
    if (write !== undefined) {
      const exception = writeSysreg(this.hyp, this.v, enc, write);
      if (this.hyp.dead !== undefined) return HANDLED;
      return exception === undefined ? 0n : this.exception(Vector.SYNC, exception);
    }
    const r: AccessResult = readSysreg(this.hyp, this.v, enc, rt);
    if (this.hyp.dead !== undefined) return HANDLED;
    return 'value' in r ? r.value : this.exception(Vector.SYNC, r.exception);
  }

  pstate(op1: number, op2: number, imm: number): Stop | undefined {
    const { v } = this;
    const bit = PSTATE_BIT.get(op1 * 8 + op2);
    if (bit !== undefined) v.pstate = (imm & 1) === 1 ? v.pstate | bit : v.pstate & ~bit;
    else if (op1 === 3 && op2 === 6) v.pstate |= imm << 6;
    else if (op1 === 3 && op2 === 7) v.pstate &= ~(imm << 6);
    else if (op1 === 0 && op2 === 5) v.pstate = (v.pstate & ~PSTATE_SPSEL) | (imm & 1);
    v.pstate >>>= 0;
    return undefined;
  }

  /** Cache and TLB maintenance has no effect here; `dc zva` touches memory and reports the address it was given. */
  sys(op1: number, crn: number, crm: number, op2: number, value: bigint): Stop | undefined {
    const onAddress = op1 === 3 && crn === 7 && op2 === 1;
    // Cleaning to the point of persistence is done to memory: there has to be some.
    if (onAddress && (crm === 12 || crm === 13)) {
      const read = this.load(value, { size: 1, write: false, isv: false, rt: 31, signed: false, wide: false });
      return typeof read === 'bigint' ? undefined : read;
    }
    if (!onAddress || crm !== 4) {
      const exception = sysInstruction(this.v, op1, crn, crm, op2, value);
      return exception === undefined ? undefined : this.exception(Vector.SYNC, exception);
    }
    const block = 64n;
    const base = value & ~(block - 1n);
    const access: Access = { size: 8, write: true, isv: false, rt: 31, signed: false, wide: true };
    const stop = this.store(value, 0n, { ...access, size: 1 });
    if (stop !== undefined) return stop;
    for (let i = 0n; i < block; i += 8n) {
      const later = this.store(base + i, 0n, access);
      if (later !== undefined) return later;
    }
    return undefined;
  }

  /** One instruction, or the exception that comes before it. False: the vCPU lost the CPU or the machine stopped. */
  step(v: Vcpu): boolean {
    this.v = v;
    this.x = v.x;
    if ((v.pstate & 0xc0) !== 0xc0) {
      const pending = pendingException(v);
      if (pending !== undefined) this.exception(pending === 'irq' ? Vector.IRQ : Vector.FIQ, undefined);
    }
    const stop = stepA64(this);
    return stop === undefined || this.resolve(v, stop);
  }

  private resolve(v: Vcpu, stop: Stop): boolean {
    // Every stop ends with a return from an exception, which opens the monitor.
    this.monitor = null;
    switch (stop.kind) {
      case 'hvc':
      case 'smc':
        v.pc = (v.pc + 4n) & M64;
        return this.trap(v, stop.kind, stop.imm);
      case 'wfi':
        v.pc = (v.pc + 4n) & M64;
        return this.wfi(v);
      case 'svc':
        v.pc = (v.pc + 4n) & M64;
        this.exception(Vector.SYNC, { esr: ((EC_SVC64 << 26) | IL | stop.imm) >>> 0, far: undefined });
        return true;
      case 'brk':
        this.exception(Vector.SYNC, { esr: ((EC_BRK64 << 26) | IL | stop.imm) >>> 0, far: undefined });
        return true;
      case 'eret':
        v.pstate = Number(getStored(v, 'SPSR_EL1') & 0xffff_ffffn);
        v.pc = getStored(v, 'ELR_EL1');
        return true;
      case 'unknown':
        return this.unknown(v, stop.word);
      case 'handled':
        return v.running >= 0 && this.hyp.dead === undefined;
    }
  }

  /** A word that is no instruction, or one of a unit that the interpreter leaves out. */
  private unknown(v: Vcpu, word: number): boolean {
    if ((word & PACGA_MASK) >>> 0 === PACGA) {
      unexpectedTrap(this.hyp, 'PACGA');
      return false;
    }
    const unit = unitOf(word);
    const trap = unit === undefined ? UNDEFINED : fpTrap(this.hyp, getStored(v, 'CPACR_EL1'), unit);
    if (this.hyp.dead !== undefined) return false;
    this.unknownWords.push(word);
    if (trap === undefined) v.pc = (v.pc + 4n) & M64;
    else this.exception(Vector.SYNC, trap);
    return true;
  }
}
