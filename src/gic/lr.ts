/** List registers, packed into one number each. Source: GIC architecture, ICH_LR<n>_EL2; widths as in fact base vgic-and-timer 1.1. */
import { type GicVcpu, LR_COUNT } from './types.js';

export const LR_PENDING = 1;
export const LR_ACTIVE = 2;
export const LR_STATE = LR_PENDING | LR_ACTIVE;
/** Deactivation raises a maintenance interrupt (software interrupts only). */
export const LR_EOI = 4;
/** Linked to a physical interrupt, which is deactivated together with this one. */
export const LR_HW = 8;
export const LR_GROUP1 = 16;

export const lrState = (lr: number): number => lr & LR_STATE;
export const lrPriority = (lr: number): number => ((lr >>> 5) & 0x1f) << 3;
export const lrVintid = (lr: number): number => (lr >>> 10) & 0x3ff;
export const lrPintid = (lr: number): number => (lr >>> 20) & 0x3ff;
export const makeLr = (vintid: number, priority: number, flags: number, pintid = 0): number =>
  flags | ((priority >>> 3) << 5) | (vintid << 10) | (pintid << 20);

export const withState = (lr: number, state: number): number => (lr & ~LR_STATE) | state;
export const withFlag = (lr: number, flag: number, on: boolean): number => (on ? lr | flag : lr & ~flag);

/** Free by ICH_ELRSR_EL2: invalid and without an end-of-interrupt request. */
export const lrIsEmpty = (lr: number): boolean => (lr & LR_STATE) === 0 && ((lr & LR_HW) !== 0 || (lr & LR_EOI) === 0);

/** Reads a register back from hardware, if it was written valid. */
export function readLr(v: GicVcpu, i: number): void {
  if ((v.lr[i] & LR_STATE) !== 0) v.lr[i] = v.lrHw[i];
}

export function writeLr(v: GicVcpu, i: number): void {
  v.lrHw[i] = v.lr[i];
}

/** Bits that any of the registers has. */
export const anyLr = (lrs: readonly number[]): number => lrs[0] | lrs[1] | lrs[2] | lrs[3];

/** Register that lists an interrupt ({@link NO_VIRQ}: lowest free one), or -1. A loop: the built-in search costs more. */
export function lrOf(v: GicVcpu, virq: number): number {
  for (let i = 0; i < LR_COUNT; i++) if (v.lrVirq[i] === virq) return i;
  return -1;
}

/** Lowest empty register of the hardware, or -1. */
export function firstEmptyHw(v: GicVcpu): number {
  for (let i = 0; i < LR_COUNT; i++) if (lrIsEmpty(v.lrHw[i])) return i;
  return -1;
}
