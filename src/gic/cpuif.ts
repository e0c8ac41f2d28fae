/**
 * The hardware's virtual CPU interface: what a guest's direct ICC_* accesses do with the list registers.
 * Source: GIC architecture (virtual interface), with the choices of the emulated board seen in fact base
 * vgic-and-timer "Corrections": five priority bits, BPR minimum 2 and 3, a priority drop takes the highest active priority
 * of both groups.
 */
import {
  anyLr,
  LR_ACTIVE,
  LR_EOI,
  LR_GROUP1,
  LR_HW,
  LR_PENDING,
  LR_STATE,
  lrPintid,
  lrPriority,
  lrState,
  lrVintid,
} from './lr.js';
import { type GicVcpu, LR_COUNT, SPECIAL_BASE } from './types.js';

export const SPURIOUS = 1023;
const IDLE_PRIORITY = 0xff;
/** Ends of LPIs are not counted. */
const LPI_BASE = 8192;
const MIN_BPR0 = 2;
const MIN_BPR1 = 3;

/** Register with the highest-priority pending interrupt of an enabled group, or -1. Equal priorities: lowest register. */
function highestPending(v: GicVcpu): number {
  if ((anyLr(v.lrHw) & LR_PENDING) === 0) return -1;
  let best = IDLE_PRIORITY;
  let index = -1;
  for (let i = 0; i < LR_COUNT; i++) {
    const lr = v.lrHw[i];
    if (lrState(lr) !== LR_PENDING) continue;
    if (!((lr & LR_GROUP1) !== 0 ? v.veng1 : v.veng0)) continue;
    const priority = lrPriority(lr);
    if (priority < best) {
      best = priority;
      index = i;
    }
  }
  return index;
}

const lowestBit = (word: number): number => 31 - Math.clz32(word & -word);

/** ICC_RPR_EL1: priority of the running interrupt, 0xff when idle. */
export function runningPriority(v: GicVcpu): number {
  const active = v.apr[0] | v.apr[1];
  return active === 0 ? IDLE_PRIORITY : lowestBit(active) << 3;
}

/** Bits of a priority that decide preemption in a group. */
function groupPriorityMask(v: GicVcpu, group: number): number {
  if (group === 1 && !v.cbpr) return (0xff << v.bpr1) & 0xff;
  return (0xff << (v.bpr0 + 1)) & 0xff;
}

const groupOf = (lr: number): number => ((lr & LR_GROUP1) !== 0 ? 1 : 0);

function canPreempt(v: GicVcpu, lr: number): boolean {
  const priority = lrPriority(lr);
  if (priority >= v.pmr) return false;
  const running = runningPriority(v);
  if (running === IDLE_PRIORITY) return true;
  const mask = groupPriorityMask(v, groupOf(lr));
  return (priority & mask) < (running & mask);
}

/** Register of the interrupt that the interface signals, or -1. */
export function signalledLr(v: GicVcpu): number {
  const i = highestPending(v);
  return i >= 0 && canPreempt(v, v.lrHw[i]) ? i : -1;
}

/** The interrupt exception that the interface signals: group 0 as FIQ, group 1 as IRQ. Masking by PSTATE is the caller's. */
export function signalledException(v: GicVcpu): 'irq' | 'fiq' | undefined {
  const i = signalledLr(v);
  return i < 0 ? undefined : groupOf(v.lrHw[i]) === 1 ? 'irq' : 'fiq';
}

export function readHppir(v: GicVcpu, group: number): number {
  const i = highestPending(v);
  return i >= 0 && groupOf(v.lrHw[i]) === group ? lrVintid(v.lrHw[i]) : SPURIOUS;
}

/** ICC_IARx_EL1: acknowledges. */
export function readIar(v: GicVcpu, group: number): number {
  const i = signalledLr(v);
  return i < 0 || groupOf(v.lrHw[i]) !== group ? SPURIOUS : acknowledge(v, i);
}

/** Acknowledges the signalled interrupt of a register: active from now on. Returns its INTID. */
export function acknowledge(v: GicVcpu, i: number): number {
  const lr = v.lrHw[i];
  const group = groupOf(lr);
  const bit = (lrPriority(lr) & groupPriorityMask(v, group)) >>> 3;
  v.lrHw[i] = (lr & ~LR_STATE) | LR_ACTIVE;
  v.apr[group] = (v.apr[group] | (1 << bit)) >>> 0;
  return lrVintid(lr);
}

/** Drops the highest active priority of both groups (group 0 first when equal); returns it, 0xff when none was active. */
function dropPriority(v: GicVcpu): number {
  const bit0 = v.apr[0] === 0 ? 32 : lowestBit(v.apr[0]);
  const bit1 = v.apr[1] === 0 ? 32 : lowestBit(v.apr[1]);
  if (bit0 === 32 && bit1 === 32) return IDLE_PRIORITY;
  const group = bit0 <= bit1 ? 0 : 1;
  clearHighestActive(v, group);
  return Math.min(bit0, bit1) << 3;
}

export function clearHighestActive(v: GicVcpu, group: number): void {
  v.apr[group] = (v.apr[group] & (v.apr[group] - 1)) >>> 0;
}

/** ICC_EOIRx_EL1. Returns the physical INTID of the hardware-linked interrupt that ended, -1 if there is none. */
export function writeEoir(v: GicVcpu, group: number, intid: number): number {
  if (intid >= SPECIAL_BASE && intid <= SPURIOUS) return -1;
  const dropped = dropPriority(v);
  if (dropped === IDLE_PRIORITY) return -1;
  for (let i = 0; i < LR_COUNT; i++) {
    const lr = v.lrHw[i];
    if ((lr & LR_ACTIVE) === 0 || lrVintid(lr) !== intid) continue;
    if (groupOf(lr) !== group || (lrPriority(lr) & groupPriorityMask(v, group)) !== dropped || v.eoiMode) return -1;
    v.lrHw[i] = lr & ~LR_ACTIVE;
    return (lr & LR_HW) !== 0 ? lrPintid(lr) : -1;
  }
  if (intid < LPI_BASE) v.eoiCount = (v.eoiCount + 1) & 0x1f;
  return -1;
}

export function readBpr(v: GicVcpu, group: number): number {
  if (group === 0) return v.bpr0;
  return v.cbpr ? Math.min(v.bpr0 + 1, 7) : v.bpr1;
}

/** Values below the minimum (as signed 32-bit numbers) become the minimum; the rest keeps three bits (8 reads back 0). */
export function writeBpr(v: GicVcpu, group: number, value: number): void {
  if (group === 0) v.bpr0 = Math.max(value, MIN_BPR0) & 7;
  else if (!v.cbpr) v.bpr1 = Math.max(value, MIN_BPR1) & 7;
}

/** The hypervisor's own write of the field: three bits first, then the minimum. */
export function writeBprField(v: GicVcpu, group: number, value: number): void {
  if (group === 0) v.bpr0 = Math.max(value & 7, MIN_BPR0);
  else v.bpr1 = Math.max(value & 7, MIN_BPR1);
}

/** ICC_CTLR_EL1: 16-bit INTIDs and A3V fixed by the board, five priority bits, EOImode and CBPR. */
export const readCtlr = (v: GicVcpu): number => 0x8c00 | (v.eoiMode ? 2 : 0) | (v.cbpr ? 1 : 0);

export function writeCtlr(v: GicVcpu, value: number): void {
  v.cbpr = (value & 1) !== 0;
  v.eoiMode = (value & 2) !== 0;
}

export const writePmr = (v: GicVcpu, value: number): void => {
  v.pmr = value & 0xf8;
};

/** Reset of ICH_VMCR_EL2. */
export function resetVmcr(v: GicVcpu): void {
  v.veng0 = false;
  v.veng1 = false;
  v.cbpr = false;
  v.eoiMode = false;
  v.bpr0 = MIN_BPR0;
  v.bpr1 = MIN_BPR1;
  v.pmr = 0;
}

/** Causes of the maintenance interrupt (ICH_MISR_EL2). */
export interface Maintenance {
  /** Registers whose end of interrupt is to be handled, as a bit set. */
  eoi: number;
  unlistedEoi: boolean;
  nonePending: boolean;
  groupDisabled: boolean;
}

/**
 * What the maintenance interrupt reports now. The emulated board tests the enable of group 1 for the "group 0 disabled" cause as
 * well: with group 0 enabled, disabling group 1 keeps the interrupt asserted for ever (vgic "Corrections" to 4.3).
 */
export function maintenance(v: GicVcpu): Maintenance | undefined {
  const groupDisabled = (v.group0DisableIrq || v.group1DisableIrq) && !v.veng1;
  // Asked after every operation; the usual answer needs no look at the single registers.
  if (!groupDisabled && !v.npie && v.eoiCount === 0 && (anyLr(v.lrHw) & LR_EOI) === 0) return undefined;
  let eoi = 0;
  let pending = false;
  for (let i = 0; i < LR_COUNT; i++) {
    const lr = v.lrHw[i];
    if ((lr & (LR_STATE | LR_HW | LR_EOI)) === LR_EOI) eoi |= 1 << i;
    if (lrState(lr) === LR_PENDING) pending = true;
  }
  const unlistedEoi = v.eoiCount !== 0;
  const nonePending = v.npie && !pending;
  if (eoi === 0 && !unlistedEoi && !nonePending && !groupDisabled) return undefined;
  return { eoi, unlistedEoi, nonePending, groupDisabled };
}
