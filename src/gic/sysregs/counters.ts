/**
 * Performance counters: which registers they are, what writes do beyond keeping their value. Nothing counts but software
 * increments. Source: fact base vcpu-and-scheduler 11; Arm ARM D17.5.
 */
import type { Thread } from '../../hyp/types.js';
import type { Gic } from '../context.js';
import { pmuAccessed } from '../pmu.js';
import { crmOf, crnOf, op0Of, op1Of, sysreg } from './encoding.js';
import { getPair, getStored, type SysregThread, setPair, setStored } from './store.js';
import { EVENT_COUNTERS, PMCNTEN, PMINTEN, PMOVS } from './table.js';

const PMXEVTYPER = sysreg(3, 3, 9, 13, 1);
const PMXEVCNTR = sysreg(3, 3, 9, 13, 2);
const PMCCFILTR = sysreg(3, 3, 14, 15, 7);
export const PMCR = sysreg(3, 3, 9, 12, 0);
const PMCR_ENABLE = 1n;
const PMCR_RESET_EVENTS = 2n;
const PMCR_RESET_CYCLES = 4n;

export const NO_COUNTER = -1;
const CYCLE_COUNTER = 31;

/** PMXEVTYPER_EL0 and PMXEVCNTR_EL0 are the registers of the counter in PMSELR_EL0; any other register is itself. */
export function selectedCounter(t: Thread, enc: number): number {
  if (enc !== PMXEVTYPER && enc !== PMXEVCNTR) return enc;
  const n = Number(getStored(t, 'PMSELR_EL0'));
  if (n === CYCLE_COUNTER && enc === PMXEVTYPER) return PMCCFILTR;
  return n < EVENT_COUNTERS ? sysreg(3, 3, 14, enc === PMXEVTYPER ? 12 : 8, n) : NO_COUNTER;
}

/** PMSWINC_EL0: enabled counters of event 0, software increment. */
export function countSoftware(t: Thread, counters: bigint): void {
  if ((getStored(t, 'PMCR_EL0') & PMCR_ENABLE) === 0n) return;
  const enabled = counters & getPair(t, PMCNTEN);
  for (let n = 0; n < EVENT_COUNTERS; n++) {
    if (((enabled >> BigInt(n)) & 1n) === 0n || (getStored(t, `PMEVTYPER${n}_EL0`) & 0xffffn) !== 0n) continue;
    const value = (getStored(t, `PMEVCNTR${n}_EL0`) + 1n) & 0xffff_ffffn;
    setStored(t, `PMEVCNTR${n}_EL0`, value);
    if (value === 0n) setPair(t, PMOVS, getPair(t, PMOVS) | (1n << BigInt(n)));
  }
}

/** PMCR_EL0.P and C: the event counters and the cycle counter start anew. */
export function resetCounters(t: Thread, pmcr: bigint): void {
  if ((pmcr & PMCR_RESET_CYCLES) !== 0n) setStored(t, 'PMCCNTR_EL0', 0n);
  if ((pmcr & PMCR_RESET_EVENTS) === 0n) return;
  for (let n = 0; n < EVENT_COUNTERS; n++) setStored(t, `PMEVCNTR${n}_EL0`, 0n);
}

/** A register that the hypervisor traps while the counters are not handed over. */
const ofCounters = (enc: number): boolean =>
  op0Of(enc) === 3 &&
  ((op1Of(enc) === 3 && (crnOf(enc) === 9 || (crnOf(enc) === 14 && crmOf(enc) >= 8))) ||
    (op1Of(enc) === 0 && crnOf(enc) === 9));

/** After every access: one to the counters may show or end their interrupt. */
export function countersAccessed(g: Gic, t: SysregThread, enc: number): void {
  if (t.gic === undefined || !ofCounters(enc)) return;
  const enabled = (getStored(t, 'PMCR_EL0') & PMCR_ENABLE) !== 0n;
  const overflow = enabled && (getPair(t, PMOVS) & getPair(t, PMINTEN)) !== 0n;
  pmuAccessed(g, t.gic, enabled && getPair(t, PMCNTEN) !== 0n, overflow);
}
