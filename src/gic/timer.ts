/**
 * EL1 virtual (CNTV, PPI 27) and physical (CNTP, PPI 30) timers of vCPUs. Source: fact base vgic-and-timer 6 and "Corrections".
 *
 * Both count 62.5 MHz of virtual time from power-on. While a vCPU executes, the physical interrupt fires and stays active until
 * the hypervisor finds the condition gone; while it waits for a wake-up, a soft timer stands in. A vCPU that is merely
 * preempted notices its timer when it is loaded again.
 */
import { lo32, toNumber } from '../base/index.js';
import { NS_PER_TICK } from '../hyp/types.js';
import { Platform } from '../protocol/index.js';
import { type Gic, gicOf, vicOf } from './context.js';
import { deliver } from './deliver.js';
import { EDGE, LEVEL_SRC } from './dstate.js';
import { beginWork, endWork } from './events.js';
import type { GicVcpu } from './types.js';

export const Timer = { VIRTUAL: 0, PHYSICAL: 1 } as const;
export const TIMER_PPI: readonly number[] = [Platform.PPI_VIRTUAL_TIMER, Platform.PPI_PHYSICAL_TIMER];
const TIMERS = TIMER_PPI.length;

const CTL_ENABLE = 1;
const CTL_IMASK = 2;
const CTL_ISTATUS = 4;
/** Deadlines from here on (decades of virtual time) are never reached. */
const NEVER_TICKS = 1n << 48n;

/** Plain data of the module: activated vCPUs, frames mapped into address spaces, and per CPU and timer: is its interrupt active? */
export interface GicState {
  vcpus: number[];
  windows: { addrspace: number; vic: number; index: number }[];
  timerActive: number[];
  /** Per CPU: the same of the counters' overflow interrupt. */
  pmuActive: number[];
}

export const gicState = (g: Gic): GicState => g.hyp.state.gic as GicState;

export const counter = (nowNs: number): bigint => BigInt(Math.floor(nowNs / NS_PER_TICK));

const deadlineNs = (cval: bigint): number =>
  cval >= NEVER_TICKS ? Number.POSITIVE_INFINITY : toNumber(cval) * NS_PER_TICK;

const interruptEnabled = (ctl: number): boolean => (ctl & (CTL_ENABLE | CTL_IMASK)) === CTL_ENABLE;

/** The counter has reached the compare value. As numbers: exact, because the counter stays far below 2^53. */
const reached = (g: Gic, v: GicVcpu, timer: number): boolean =>
  Math.floor(g.hyp.now / NS_PER_TICK) >= toNumber(v.timerCval[timer]);

const condition = (g: Gic, v: GicVcpu, timer: number): boolean =>
  interruptEnabled(v.timerCtl[timer]) && reached(g, v, timer);

/** CNTx_CTL_EL0: ISTATUS only while enabled. */
export function readTimerCtl(g: Gic, v: GicVcpu, timer: number): number {
  const ctl = v.timerCtl[timer];
  const met = (ctl & CTL_ENABLE) !== 0 && reached(g, v, timer);
  return ctl | (met ? CTL_ISTATUS : 0);
}

export function writeTimerCtl(g: Gic, v: GicVcpu, timer: number, value: bigint): void {
  g.nextTimer = undefined;
  v.timersUsed = true;
  v.timerCtl[timer] = lo32(value) & 3;
  pollTimers(g, v);
}

export function writeTimerCval(g: Gic, v: GicVcpu, timer: number, value: bigint): void {
  g.nextTimer = undefined;
  v.timersUsed = true;
  v.timerCval[timer] = value;
  pollTimers(g, v);
}

/** CNTx_TVAL_EL0: signed 32-bit distance of the compare value. */
export const readTimerTval = (g: Gic, v: GicVcpu, timer: number): bigint =>
  (v.timerCval[timer] - counter(g.hyp.now)) & 0xffff_ffffn;

export const writeTimerTval = (g: Gic, v: GicVcpu, timer: number, value: bigint): void =>
  writeTimerCval(g, v, timer, BigInt.asUintN(64, counter(g.hyp.now) + BigInt.asIntN(32, value)));

const anyEnabled = (ctl: readonly number[]): boolean => ((ctl[0] | ctl[1]) & CTL_ENABLE) !== 0;

const activeSlot = (cpu: number, timer: number): number => cpu * TIMERS + timer;

/** `thread`: on whose behalf; -1 the hypervisor's own. */
function inject(g: Gic, thread: number, v: GicVcpu, timer: number): void {
  const before = beginWork(g, thread);
  deliver(g, vicOf(g, v), v, TIMER_PPI[timer], EDGE | LEVEL_SRC, true);
  endWork(g, thread, before);
}

/** Fires the timer interrupts of a loaded vCPU that are due. */
export function pollTimers(g: Gic, v: GicVcpu): void {
  if (!v.timersUsed || v.owner < 0 || !v.active) return;
  const active = gicState(g).timerActive;
  for (let timer = 0; timer < TIMERS; timer++) {
    const slot = activeSlot(v.owner, timer);
    if (active[slot] !== 0 || !condition(g, v, timer)) continue;
    inject(g, v.thread, v, timer);
    active[slot] = 1;
    g.nextTimer = undefined;
  }
}

/** check_pending of a timer: its condition, if the vCPU is the one that executes here. */
export function timerStillPending(g: Gic, v: GicVcpu, timer: number): boolean {
  if (v.thread !== g.self || v.owner < 0) return true;
  if (condition(g, v, timer)) return true;
  gicState(g).timerActive[activeSlot(v.owner, timer)] = 0;
  g.nextTimer = undefined;
  return false;
}

/** At every switch: a loop over two elements costs less than the built-in copy. */
function copyTimers(ctl: readonly number[], cval: BigUint64Array, toCtl: number[], toCval: BigUint64Array): void {
  for (let timer = 0; timer < TIMERS; timer++) {
    toCtl[timer] = ctl[timer];
    if (toCval[timer] !== cval[timer]) toCval[timer] = cval[timer];
  }
}

/** The vCPU's timers go to the physical CPU. */
export function loadTimers(g: Gic, v: GicVcpu): void {
  if (v.timersUsed) {
    if (anyEnabled(v.timerCtl) || anyEnabled(v.savedCtl)) g.nextTimer = undefined;
    copyTimers(v.savedCtl, v.savedCval, v.timerCtl, v.timerCval);
  }
  const active = gicState(g).timerActive;
  for (let timer = 0; timer < TIMERS; timer++) {
    if ((v.private[TIMER_PPI[timer]] & LEVEL_SRC) === 0) active[activeSlot(v.owner, timer)] = 0;
  }
}

/** A powered-off vCPU keeps what was saved before. `expectsWakeup`: soft timers take over. */
export function saveTimers(g: Gic, v: GicVcpu, expectsWakeup: boolean): void {
  if (!v.timersUsed) return;
  if (anyEnabled(v.timerCtl) || anyEnabled(v.savedCtl)) g.nextTimer = undefined;
  if (!v.stopped) {
    copyTimers(v.timerCtl, v.timerCval, v.savedCtl, v.savedCval);
  }
  if (!expectsWakeup) return;
  for (let timer = 0; timer < TIMERS; timer++) {
    if (interruptEnabled(v.savedCtl[timer])) v.softTimer[timer] = deadlineNs(v.savedCval[timer]);
  }
}

export function stopTimers(g: Gic, v: GicVcpu): void {
  v.stopped = true;
  if (!v.timersUsed) return;
  g.nextTimer = undefined;
  for (let timer = 0; timer < TIMERS; timer++) {
    v.timerCtl[timer] = 0;
    v.softTimer[timer] = Number.POSITIVE_INFINITY;
  }
}

/** Virtual time of the next timer interrupt of any vCPU, `Infinity` when none is armed. */
export function nextTimerEvent(g: Gic): number {
  const state = gicState(g);
  const known = g.nextTimer;
  if (known !== undefined && known.of === state) return known.at;
  const at = earliest(g, state);
  g.nextTimer = { of: state, at };
  return at;
}

function earliest(g: Gic, { vcpus, timerActive }: GicState): number {
  let next = Number.POSITIVE_INFINITY;
  for (const id of vcpus) {
    const v = gicOf(g, id);
    if (v === undefined) continue;
    for (let timer = 0; timer < TIMERS; timer++) {
      next = Math.min(next, v.softTimer[timer]);
      if (v.owner >= 0 && timerActive[activeSlot(v.owner, timer)] === 0 && interruptEnabled(v.timerCtl[timer])) {
        next = Math.min(next, deadlineNs(v.timerCval[timer]));
      }
    }
  }
  return next;
}

/** Fires every timer that is due at the present virtual time. */
export function timersDue(g: Gic): void {
  g.nextTimer = undefined;
  for (const id of [...gicState(g).vcpus]) {
    const v = gicOf(g, id);
    if (v === undefined) continue;
    pollTimers(g, v);
    for (let timer = 0; timer < TIMERS; timer++) {
      if (v.softTimer[timer] > g.hyp.now) continue;
      v.softTimer[timer] = Number.POSITIVE_INFINITY;
      g.nextTimer = undefined;
      if (v.owner < 0 && interruptEnabled(v.savedCtl[timer])) inject(g, -1, v, timer);
    }
  }
}
