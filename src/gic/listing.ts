/**
 * Interrupts in list registers: choosing a register, filling, re-asserting, synchronising and taking it away.
 * Source: fact base vgic-and-timer 4.1, 4.2, 7.1; ipc 1.1 and 1.2 (when a source is asked).
 */
import { SimBug } from '../base/index.js';
import { checkPending, type Gic, isForwardedSpi, setState, sourceOf, stateOf, wake } from './context.js';
import {
  ACTIVE,
  CFG_EDGE,
  EDGE,
  ENABLED,
  GROUP1,
  HW_ACTIVE,
  HW_DETACHED,
  isLevelAsserted,
  isPending,
  LEVEL_SRC,
  LISTED,
  NEED_SYNC,
  priorityOf,
} from './dstate.js';
import { flagLocked, routeAllowed, routeAndFlag } from './flags.js';
import {
  firstEmptyHw,
  LR_ACTIVE,
  LR_EOI,
  LR_GROUP1,
  LR_HW,
  LR_PENDING,
  lrIsEmpty,
  lrOf,
  lrPintid,
  lrPriority,
  lrState,
  lrVintid,
  makeLr,
  readLr,
  withFlag,
  withState,
  writeLr,
} from './lr.js';
import { type GicVcpu, LR_COUNT, NO_VIRQ, PRIORITIES, PRIORITY_LOWEST, type Vic } from './types.js';

/** Whether the level of an interrupt's source holds when its register is read back; asks the source where nothing else tells. */
function levelHolds(g: Gic, vic: Vic, v: GicVcpu, lr: number, old: number, detach: boolean): boolean {
  const virq = lrVintid(lr);
  const hw = (lr & LR_HW) !== 0;
  const pending = (lr & LR_PENDING) !== 0;
  if (hw && (!pending || detach)) return (old & HW_ACTIVE) !== 0;
  const ended = !hw && lrState(lr) === 0 && (lr & LR_EOI) !== 0;
  if (ended && isForwardedSpi(sourceOf(g, vic, virq))) return false;
  return checkPending(g, vic, v, virq, pending || (old & EDGE) !== 0);
}

/** The register of an interrupt that stays in it as active only; `pends` elsewhere too. */
function keepActive(v: GicVcpu, i: number, pends: boolean): void {
  v.lr[i] = withState(v.lr[i], LR_ACTIVE);
  // End of interrupt must come back to us, to deliver it again elsewhere.
  if (pends) v.lr[i] = (v.lr[i] & ~LR_HW) | LR_EOI;
}

/** The register of an interrupt that pends in it, again or still; `was` is the state that it had. */
function keepPending(g: Gic, v: GicVcpu, i: number, d: number, was: number): void {
  v.lr[i] = withState(v.lr[i], LR_PENDING | (was & LR_ACTIVE));
  const trapEoi = (d & CFG_EDGE) === 0;
  if (was === 0) {
    wake(g, v);
    v.lr[i] = withFlag(v.lr[i] & ~LR_HW, LR_EOI, trapEoi || (d & HW_ACTIVE) !== 0);
  } else if ((d & HW_ACTIVE) !== 0) {
    v.lr[i] = (v.lr[i] & ~LR_HW) | LR_EOI;
  } else if ((v.lr[i] & LR_HW) === 0) {
    v.lr[i] = withFlag(v.lr[i], LR_EOI, trapEoi);
  }
}

/** Adds and removes nothing but `clear`, then brings a listed interrupt and its register in line. True: it left the register. */
export function syncLr(g: Gic, vic: Vic, v: GicVcpu, i: number, clear: number): boolean {
  const lr = v.lr[i];
  const virq = lrVintid(lr);
  const hw = (lr & LR_HW) !== 0;
  const pending = (lr & LR_PENDING) !== 0;
  const active = (lr & LR_ACTIVE) !== 0;
  const old = stateOf(vic, v, virq);
  if ((old & LISTED) === 0) throw new SimBug(`sync of unlisted interrupt ${virq}`);

  let d = old & ~clear;
  const allowPending = (!hw || !active) && (d & ENABLED) !== 0 && routeAllowed(v, d);
  const detach = (clear & HW_ACTIVE) !== 0 || (old & HW_DETACHED) !== 0;
  d &= ~(HW_DETACHED | NEED_SYNC);

  // The register's pending state goes back to the edge latch; the source says whether its level still holds.
  if (pending && (clear & EDGE) === 0) d |= EDGE;
  if ((d & LEVEL_SRC) !== 0) d = withFlag(d, LEVEL_SRC, levelHolds(g, vic, v, lr, old, detach));
  const stillPending = (d & ENABLED) !== 0 && isPending(d);
  const deactivateHw = !stillPending && (old & HW_ACTIVE) !== 0;
  if (!stillPending) d &= ~HW_ACTIVE;

  const pendsHere = stillPending && allowPending;
  const stays = active || pendsHere;
  if (!stays) d &= ~(LISTED | ACTIVE);
  else if (pendsHere) d &= ~EDGE;
  // The register was the one that would have ended it in hardware.
  const removeHw = stays ? stillPending && !pendsHere : pending;
  if (hw && removeHw && !detach) d |= HW_ACTIVE;
  setState(vic, v, virq, d);

  if (hw && detach) {
    if (pending || active) g.hw.deactivatePhysical(lrPintid(lr));
    if (stays) v.lr[i] &= ~(LR_HW | LR_EOI);
  }
  if (deactivateHw) g.hw.deactivate(vic, virq);

  if (!stays) {
    v.lrVirq[i] = NO_VIRQ;
    v.lr[i] = 0;
    if (stillPending) routeAndFlag(g, vic, virq, d);
  } else if (!allowPending) {
    keepActive(v, i, stillPending);
  } else if (stillPending) {
    keepPending(g, v, i, d, lrState(lr));
  }
  return !stays;
}

/** A new assertion of an interrupt that is listed right here. Returns whether the vCPU must be woken. */
export function redeliverLr(g: Gic, vic: Vic, v: GicVcpu, virq: number, assertBits: number, i: number): boolean {
  let d = stateOf(vic, v, virq) | assertBits;
  const hw = (d & HW_ACTIVE) !== 0;
  let lr = v.lr[i];
  const state = lrState(lr);
  let forceEoi = false;
  let needWake = false;
  if (state === 0) {
    // The previous one is gone; the source is asked when this one ends.
    lr = withFlag(lr, LR_HW, hw);
    if (hw) {
      d &= ~HW_ACTIVE;
      lr = makeLr(virq, lrPriority(lr), lr & 0x1f, g.hw.physicalIntid(vic, virq));
    }
    lr = withState(lr, LR_PENDING);
    needWake = true;
  } else if (hw !== ((lr & LR_HW) !== 0)) {
    if ((lr & LR_HW) !== 0) {
      lr &= ~LR_HW;
      d |= HW_ACTIVE;
    }
    forceEoi = true;
  } else if (state === LR_ACTIVE) {
    lr = withState(lr, LR_PENDING | LR_ACTIVE);
  }
  d = withFlag(d, EDGE, forceEoi);
  setState(vic, v, virq, d);
  if ((lr & LR_HW) === 0) lr = withFlag(lr, LR_EOI, forceEoi || ((d & CFG_EDGE) === 0 && isLevelAsserted(d)));
  v.lr[i] = lr;
  return needWake;
}

/** Chooses a register for an interrupt: free, else ended, else the least urgent active, else a less urgent pending one. */
export function selectLr(g: Gic, v: GicVcpu, priority: number): { lr: number; priority: number } | undefined {
  const self = v.thread === g.self;
  const free = lrOf(v, NO_VIRQ);
  if (free >= 0) return { lr: free, priority: PRIORITY_LOWEST };
  if (self) {
    const empty = firstEmptyHw(v);
    if (empty >= 0) return { lr: empty, priority: PRIORITY_LOWEST };
  }
  let active = -1;
  let activePriority = 0;
  let waiting = -1;
  let waitingPriority = 0;
  for (let i = 0; i < LR_COUNT; i++) {
    const p = lrPriority(v.lr[i]);
    if (self) readLr(v, i);
    const lr = v.lr[i];
    const state = lrState(lr);
    if (lrIsEmpty(lr)) return { lr: i, priority: PRIORITY_LOWEST };
    if (state === 0) continue; // its end of interrupt is still to be handled
    if (state !== LR_PENDING) {
      if (p >= activePriority) {
        active = i;
        activePriority = p;
      }
    } else if (p >= waitingPriority && p > priority) {
      waiting = i;
      waitingPriority = p;
    }
  }
  // An active interrupt of priority 0 only counts when no pending one can go: Gunyah's "none found" test is its priority.
  if (activePriority !== 0) return { lr: active, priority: PRIORITY_LOWEST };
  return waiting >= 0 ? { lr: waiting, priority: waitingPriority } : undefined;
}

/** Takes a register away from its interrupt, which is queued again or remembered as active. */
export function reclaimLr(g: Gic, vic: Vic, v: GicVcpu, i: number, reroute: boolean): void {
  if (v.thread === g.self) readLr(v, i);
  const lr = v.lr[i];
  const virq = lrVintid(lr);
  const hw = (lr & LR_HW) !== 0;
  const active = (lr & LR_ACTIVE) !== 0;
  const pending = (lr & LR_PENDING) !== 0;
  if (active) {
    v.activeUnlisted[v.activeUnlistedCount % PRIORITIES] = virq;
    v.activeUnlistedCount = (v.activeUnlistedCount + 1) >>> 0;
  }

  const old = stateOf(vic, v, virq);
  let d = withFlag(old, ACTIVE, active) & ~(LISTED | NEED_SYNC | HW_DETACHED);
  if (pending) d |= EDGE;
  let deactivate = false;
  if (hw && (old & HW_ACTIVE) !== 0) {
    // Already active in hardware for another delivery: nothing changes.
  } else if (hw && pending && (old & NEED_SYNC) !== 0 && (old & CFG_EDGE) === 0) {
    d &= ~LEVEL_SRC;
    deactivate = true;
  } else if (hw && (pending || active)) {
    d |= HW_ACTIVE;
    if (!pending) d &= ~LEVEL_SRC;
  } else if (hw) {
    d = withFlag(d, LEVEL_SRC, (old & HW_ACTIVE) !== 0);
  } else if ((old & LEVEL_SRC) !== 0 && !checkPending(g, vic, v, virq, pending || (old & EDGE) !== 0)) {
    d &= ~LEVEL_SRC;
  }
  setState(vic, v, virq, d);
  if (deactivate) g.hw.deactivatePhysical(lrPintid(lr));
  v.lrVirq[i] = NO_VIRQ;
  v.lr[i] = 0;
  if ((d & ENABLED) !== 0 && isPending(d) && (d & ACTIVE) === 0) {
    if (reroute || (old & NEED_SYNC) !== 0) routeAndFlag(g, vic, virq, d);
    else flagLocked(g, v, virq, priorityOf(d), (d & GROUP1) !== 0, -1);
  }
}

/** Puts an interrupt, whose state already says LISTED, into a register. */
export function listIrq(g: Gic, vic: Vic, v: GicVcpu, i: number, virq: number, d: number, hw: boolean): void {
  if (v.lrVirq[i] !== NO_VIRQ) reclaimLr(g, vic, v, i, false);
  v.lrVirq[i] = virq;
  let flags = LR_PENDING;
  if (hw) flags |= LR_HW;
  else if ((d & CFG_EDGE) === 0 && isLevelAsserted(d)) flags |= LR_EOI;
  if ((d & GROUP1) !== 0) flags |= LR_GROUP1;
  v.lr[i] = makeLr(virq, priorityOf(d), flags, hw ? g.hw.physicalIntid(vic, virq) : 0);
  if (v.thread === g.self) writeLr(v, i);
}
