/**
 * MRS and MSR as a vCPU's EL1 executes them: value or exception.
 * Sources: fact base vcpu-and-scheduler 11, vgic-and-timer 4.5 and 6, and their "Corrections".
 */
import { u64 } from '../../base/index.js';
import type { Hypervisor } from '../../hyp/hypervisor.js';
import type { AccessResult, GuestException } from '../../hyp/ports.js';
import { isPinned, type Thread } from '../../hyp/types.js';
import { signalledException } from '../cpuif.js';
import { onBehalfOf } from '../events.js';
import { readIcc, readPmr, writeIcc, writePmr } from '../icc.js';
import { gicOfHyp } from '../port.js';
import {
  counter,
  readTimerCtl,
  readTimerTval,
  Timer,
  writeTimerCtl,
  writeTimerCval,
  writeTimerTval,
} from '../timer.js';
import type { GicVcpu } from '../types.js';
import { countersAccessed, countSoftware, NO_COUNTER, PMCR, resetCounters, selectedCounter } from './counters.js';
import { crmOf, crnOf, ESR_UNDEF, esrTrappedSysreg, op0Of, op1Of, op2Of, sysreg } from './encoding.js';
import { fpTrap } from './fp-access.js';
import { idRegister, midr } from './id-registers.js';
import { getPair, getStored, type SysregThread, setPair, stored } from './store.js';
import { CCSIDR, SET_CLEAR, SET_CLEAR_BITS, SLOT_BY_ENCODING, STORED, UNIT_OF } from './table.js';

const MPIDR = sysreg(3, 0, 0, 0, 5);
const MIDR = sysreg(3, 0, 0, 0, 0);
const REVIDR = sysreg(3, 0, 0, 0, 6);
const CCSIDR_EL1 = sysreg(3, 1, 0, 0, 0);
const SMIDR = sysreg(3, 1, 0, 0, 6);
const AIDR = sysreg(3, 1, 0, 0, 7);
const SCTLR = sysreg(3, 0, 1, 0, 0);
const SP_EL0 = sysreg(3, 0, 4, 1, 0);
const SPSEL = sysreg(3, 0, 4, 2, 0);
const CURRENT_EL = sysreg(3, 0, 4, 2, 2);
const PAN = sysreg(3, 0, 4, 2, 3);
const UAO = sysreg(3, 0, 4, 2, 4);
const NZCV = sysreg(3, 3, 4, 2, 0);
const DAIF = sysreg(3, 3, 4, 2, 1);
const DIT = sysreg(3, 3, 4, 2, 5);
const SSBS = sysreg(3, 3, 4, 2, 6);
const ISR = sysreg(3, 0, 12, 1, 0);
const PMR = sysreg(3, 0, 4, 6, 0);
const PMMIR = sysreg(3, 0, 9, 14, 6);
const PMSWINC = sysreg(3, 3, 9, 12, 4);
const RNDR = sysreg(3, 3, 2, 4, 0);
const RNDRRS = sysreg(3, 3, 2, 4, 1);
const CNTPCT = sysreg(3, 3, 14, 0, 1);
const CNTVCT = sysreg(3, 3, 14, 0, 2);

/** CRm of the timer registers: CNTP, CNTV. */
const TIMER_BY_CRM: Readonly<Record<number, number>> = { 2: Timer.PHYSICAL, 3: Timer.VIRTUAL };

/** PSTATE bits that one register shows each. */
const PSTATE_BITS: ReadonlyMap<number, number> = new Map([
  [NZCV, 0xf000_0000],
  [DAIF, 0x3c0],
  [PAN, 1 << 22],
  [UAO, 1 << 23],
  [DIT, 1 << 24],
  [SSBS, 1 << 12],
]);
const ISR_IRQ = 0x80n;
const ISR_FIQ = 0x40n;

const undefinedAt = (): GuestException => ({ esr: ESR_UNDEF, far: undefined });

/** ISR_EL1: interrupts that the GIC signals, whatever PSTATE masks. */
function isr(v: GicVcpu | undefined): bigint {
  const signalled = v === undefined ? undefined : signalledException(v);
  return signalled === 'irq' ? ISR_IRQ : signalled === 'fiq' ? ISR_FIQ : 0n;
}

/** A deterministic stream in place of the CPU's random numbers. */
function random(hyp: Hypervisor, t: SysregThread): bigint {
  const sys = stored(t);
  const at = sys.length - 1;
  sys[at] = u64(sys[at] * 0x5851_f42d_4c95_7f2dn + 0x1405_7b7e_f767_814fn + BigInt(Math.floor(hyp.now)));
  const x = sys[at] ^ (sys[at] >> 29n);
  return u64(x * 0xbf58_476d_1ce4_e5b9n) ^ (x >> 32n);
}

/** The trap of a register that belongs to floating point, SVE or SME. */
function unitTrap(hyp: Hypervisor, t: SysregThread, enc: number): GuestException | undefined {
  const unit = UNIT_OF.get(enc);
  return unit === undefined ? undefined : fpTrap(hyp, getStored(t, 'CPACR_EL1'), unit);
}

function read(hyp: Hypervisor, t: SysregThread, enc: number): bigint | GuestException | undefined {
  const trapped = unitTrap(hyp, t, enc);
  if (trapped !== undefined) return trapped;
  const g = gicOfHyp(hyp);
  const v = t.gic;
  const bits = PSTATE_BITS.get(enc);
  if (bits !== undefined) return BigInt((t.pstate & bits) >>> 0);
  switch (enc) {
    case MIDR:
      return midr(isPinned(t));
    case MPIDR:
      return hyp.vic.mpidr(t);
    case REVIDR:
    case AIDR:
      return 0n;
    case SMIDR:
      // Trapped for vCPUs that may migrate, and nobody emulates it.
      return isPinned(t) ? 0n : undefined;
    case CCSIDR_EL1:
      return CCSIDR[Number(getStored(t, 'CSSELR_EL1'))] ?? 0n;
    case SCTLR:
      return t.sctlr;
    case SP_EL0:
      return t.spEl0;
    case SPSEL:
      return BigInt(t.pstate & 1);
    case CURRENT_EL:
      return 4n;
    case ISR:
      return isr(v);
    case CNTPCT:
    case CNTVCT:
      return counter(hyp.now);
    case RNDR:
    case RNDRRS:
      return random(hyp, t);
    case PMMIR:
      // Direct once the PMU was handed to the vCPU, which lasts until it is switched out: in practice for pinned vCPUs.
      return isPinned(t) ? 0n : undefined;
  }
  if (op0Of(enc) === 3 && op1Of(enc) === 0 && crnOf(enc) === 0 && crmOf(enc) >= 1 && crmOf(enc) <= 7) {
    return idRegister(enc, isPinned(t));
  }
  if (v !== undefined) {
    const timer = timerRegister(enc);
    if (timer !== undefined) {
      if (timer.op2 === 0) return readTimerTval(g, v, timer.timer);
      return timer.op2 === 1 ? BigInt(readTimerCtl(g, v, timer.timer)) : v.timerCval[timer.timer];
    }
    if (enc === PMR) return BigInt(readPmr(v));
    const icc = iccRegister(enc);
    if (icc !== undefined) {
      const value = readIcc(v, icc);
      return value === undefined ? undefined : BigInt(value);
    }
  }
  const pair = SET_CLEAR.findIndex(([, set, clear]) => set === enc || clear === enc);
  if (pair >= 0) return getPair(t, pair);
  const selected = selectedCounter(t, enc);
  if (selected === NO_COUNTER) return 0n;
  const slot = SLOT_BY_ENCODING.get(selected);
  return slot === undefined || STORED[slot].name === 'OSLAR_EL1' ? undefined : stored(t)[slot];
}

function timerRegister(enc: number): { timer: number; op2: number } | undefined {
  if (op0Of(enc) !== 3 || op1Of(enc) !== 3 || crnOf(enc) !== 14 || op2Of(enc) > 2) return undefined;
  const timer = TIMER_BY_CRM[crmOf(enc)];
  return timer === undefined ? undefined : { timer, op2: op2Of(enc) };
}

const iccRegister = (enc: number): number | undefined =>
  op0Of(enc) === 3 && op1Of(enc) === 0 && crnOf(enc) === 12 && crmOf(enc) >= 8
    ? (crmOf(enc) << 3) | op2Of(enc)
    : undefined;

/** Feature ID space: an unallocated register there reports a trapped access instead of an undefined instruction (MRS only). */
const inIdSpace = (enc: number): boolean =>
  op0Of(enc) === 3 && [0, 1, 3].includes(op1Of(enc)) && crnOf(enc) === 0 && crmOf(enc) < 8;

/**
 * MRS. `enc`: bits 20:5 of the instruction ({@link sysreg}); `rt`: destination, which a trapped access reports.
 * Acknowledging reads (ICC_IARx) have their effect.
 */
export function readSysreg(hyp: Hypervisor, thread: Thread, enc: number, rt = 0): AccessResult {
  const t = thread as SysregThread;
  const g = gicOfHyp(hyp);
  const value = onBehalfOf(g, thread.id, () => read(hyp, t, enc));
  if (t.gic?.pmu !== undefined) countersAccessed(g, t, enc);
  if (typeof value === 'bigint') return { value };
  if (value !== undefined) return { exception: value };
  const idSpace = inIdSpace(enc) && enc !== SMIDR;
  return { exception: idSpace ? { esr: esrTrappedSysreg(enc, rt, true), far: undefined } : undefinedAt() };
}

function write(hyp: Hypervisor, t: SysregThread, enc: number, value: bigint): boolean | GuestException {
  const trapped = unitTrap(hyp, t, enc);
  if (trapped !== undefined) return trapped;
  const g = gicOfHyp(hyp);
  const v = t.gic;
  const bits = PSTATE_BITS.get(enc);
  if (bits !== undefined) {
    t.pstate = ((t.pstate & ~bits) | (Number(value & 0xffff_ffffn) & bits)) >>> 0;
    return true;
  }
  switch (enc) {
    case SCTLR:
      t.sctlr = value;
      return true;
    case SP_EL0:
      t.spEl0 = value;
      return true;
    case SPSEL:
      t.pstate = ((t.pstate & ~1) | Number(value & 1n)) >>> 0;
      return true;
    case PMSWINC:
      countSoftware(t, value);
      return true;
    case PMCR:
      resetCounters(t, value);
      break;
  }
  if (v !== undefined) {
    const timer = timerRegister(enc);
    if (timer !== undefined) {
      if (timer.op2 === 0) writeTimerTval(g, v, timer.timer, value);
      else if (timer.op2 === 1) writeTimerCtl(g, v, timer.timer, value);
      else writeTimerCval(g, v, timer.timer, value);
      return true;
    }
    if (enc === PMR) {
      writePmr(v, Number(value & 0xffn));
      return true;
    }
    const icc = iccRegister(enc);
    if (icc !== undefined) return writeIcc(g, v, icc, value);
  }
  const pair = SET_CLEAR.findIndex(([, set, clear]) => set === enc || clear === enc);
  if (pair >= 0) {
    const old = getPair(t, pair);
    setPair(t, pair, SET_CLEAR[pair][1] === enc ? old | (value & SET_CLEAR_BITS) : old & ~value);
    return true;
  }
  const selected = selectedCounter(t, enc);
  if (selected === NO_COUNTER) return true;
  const slot = SLOT_BY_ENCODING.get(selected);
  if (slot === undefined || STORED[slot].readOnly) return false;
  const sys = stored(t);
  const { mask, written } = STORED[slot];
  sys[slot] = (sys[slot] & ~mask) | ((written?.(value) ?? value) & mask);
  return true;
}

/** MSR (register form). Returns the exception, or undefined when it was carried out (or ignored, as the register says). */
export function writeSysreg(hyp: Hypervisor, thread: Thread, enc: number, value: bigint): GuestException | undefined {
  const g = gicOfHyp(hyp);
  const result = onBehalfOf(g, thread.id, () => write(hyp, thread as SysregThread, enc, u64(value)));
  countersAccessed(g, thread as SysregThread, enc);
  if (result === true) return undefined;
  return result === false ? undefinedAt() : result;
}

/** The interrupt exception that the vCPU takes now, given its PSTATE masks: group 1 as IRQ, group 0 as FIQ. */
export function pendingException(thread: Thread): 'irq' | 'fiq' | undefined {
  const t = thread as SysregThread;
  const signalled = t.gic === undefined || t.gic.owner < 0 ? undefined : signalledException(t.gic);
  const masks = t.pstate;
  if (signalled === 'irq') return (masks & 0x80) === 0 ? 'irq' : undefined;
  if (signalled === 'fiq') return (masks & 0x40) === 0 ? 'fiq' : undefined;
  return undefined;
}
