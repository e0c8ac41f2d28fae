/**
 * Delivery of virtual interrupts: into list registers, out of them, and into the queue of waiting ones.
 * Source: fact base vgic-and-timer 4 and 7.1; ipc 1.1 and 1.2 (when a source is asked).
 *
 * `v` is the vCPU that an interrupt is routed to; `undefined` when an SPI has no target. List registers of a vCPU that
 * executes on another CPU cannot be touched: the change is recorded in the delivery state and that CPU gets a request.
 */
import { assert } from '../base/index.js';
import {
  checkPending,
  type Gic,
  isForwardedSpi,
  remoteCpu,
  sendIpi,
  setState,
  sourceOf,
  stateOf,
  vcpuAt,
  vicOf,
  wake,
} from './context.js';
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
  routeOf,
} from './dstate.js';
import {
  firstEmptyHw,
  LR_ACTIVE,
  LR_EOI,
  LR_GROUP1,
  LR_HW,
  LR_PENDING,
  lrIsEmpty,
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
import { flagLocked, flagUnlocked, flagUnrouted } from './search.js';
import { type GicVcpu, Ipi, LR_COUNT, NO_VIRQ, PRIORITIES, PRIORITY_LOWEST, type Vic } from './types.js';

/** Group enabled on the vCPU, and the vCPU is the interrupt's route. */
export const routeAllowed = (v: GicVcpu, d: number): boolean =>
  ((d & GROUP1) !== 0 ? v.group1 : v.group0) && v.index === routeOf(d);

const targetOf = (g: Gic, vic: Vic, d: number): GicVcpu | undefined => vcpuAt(g, vic, routeOf(d));

/** Queues an unlisted pending interrupt on its route. */
export function routeAndFlag(g: Gic, vic: Vic, virq: number, d: number): boolean {
  const target = targetOf(g, vic, d);
  if (target === undefined) {
    flagUnrouted(vic, virq);
    return false;
  }
  flagUnlocked(g, target, virq, priorityOf(d));
  return true;
}

/** Adds and removes nothing but `clear`, then brings a listed interrupt and its register in line. True: it left the register. */
export function syncLr(g: Gic, vic: Vic, v: GicVcpu, i: number, clear: number): boolean {
  const lr = v.lr[i];
  const virq = lrVintid(lr);
  const hw = (lr & LR_HW) !== 0;
  const pending = (lr & LR_PENDING) !== 0;
  const active = (lr & LR_ACTIVE) !== 0;
  const ended = !hw && !pending && !active && (lr & LR_EOI) !== 0;
  const old = stateOf(vic, v, virq);
  assert((old & LISTED) !== 0, `sync of unlisted interrupt ${virq}`);

  let d = old & ~clear;
  const allowPending = (!hw || !active) && (d & ENABLED) !== 0 && routeAllowed(v, d);
  const detach = (clear & HW_ACTIVE) !== 0 || (old & HW_DETACHED) !== 0;
  d &= ~HW_DETACHED;

  // The register's pending state goes back to the edge latch; the source says whether its level still holds.
  if (pending && (clear & EDGE) === 0) d |= EDGE;
  if ((old & LEVEL_SRC) !== 0 && (clear & LEVEL_SRC) === 0) {
    if (hw && (!pending || detach)) {
      d = withFlag(d, LEVEL_SRC, (old & HW_ACTIVE) !== 0);
    } else if (ended && isForwardedSpi(sourceOf(g, vic, virq))) {
      d &= ~LEVEL_SRC;
    } else if (!checkPending(g, vic, v, virq, pending || (old & EDGE) !== 0)) {
      d &= ~LEVEL_SRC;
    }
  }
  let deactivateHw = false;
  if (!isPending(d) || (d & ENABLED) === 0) {
    deactivateHw = (old & HW_ACTIVE) !== 0;
    d &= ~HW_ACTIVE;
  }

  const stillPending = (d & ENABLED) !== 0 && isPending(d);
  let removeHw: boolean;
  if (!active && (!stillPending || !allowPending)) {
    d &= ~(LISTED | ACTIVE);
    removeHw = pending;
  } else if (stillPending && allowPending) {
    d &= ~EDGE;
    removeHw = false;
  } else {
    removeHw = stillPending;
  }
  if (hw && removeHw && !detach) d |= HW_ACTIVE;
  d &= ~NEED_SYNC;
  setState(vic, v, virq, d);

  if (hw && detach) {
    if (pending || active) g.hw.deactivatePhysical(lrPintid(lr));
    if ((d & LISTED) !== 0) v.lr[i] &= ~(LR_HW | LR_EOI);
  }
  if (deactivateHw) g.hw.deactivate(vic, virq);

  if ((d & LISTED) === 0) {
    v.lrVirq[i] = NO_VIRQ;
    v.lr[i] = 0;
    if (stillPending) routeAndFlag(g, vic, virq, d);
  } else if (!allowPending) {
    v.lr[i] = withState(v.lr[i], LR_ACTIVE);
    // End of interrupt must come back to us, to deliver it again elsewhere.
    if (stillPending) v.lr[i] = (v.lr[i] & ~LR_HW) | LR_EOI;
  } else if (stillPending) {
    v.lr[i] = withState(v.lr[i], active ? LR_PENDING | LR_ACTIVE : LR_PENDING);
    const trapEoi = (d & CFG_EDGE) === 0;
    if (!pending && !active) {
      wake(g, v);
      v.lr[i] = withFlag(v.lr[i] & ~LR_HW, LR_EOI, trapEoi || (d & HW_ACTIVE) !== 0);
    } else if ((d & HW_ACTIVE) !== 0) {
      v.lr[i] = (v.lr[i] & ~LR_HW) | LR_EOI;
    } else if ((v.lr[i] & LR_HW) === 0) {
      v.lr[i] = withFlag(v.lr[i], LR_EOI, trapEoi);
    }
  }
  return (d & LISTED) === 0;
}

const findLr = (v: GicVcpu, virq: number): number => v.lrVirq.indexOf(virq);

/**
 * Clears state bits (`clear`: pending bits, ENABLED, HW_ACTIVE) and withdraws the interrupt where possible.
 * False: it may still be listed on a vCPU that executes elsewhere, or on one that `v` does not name.
 */
export function undeliver(g: Gic, vic: Vic, v: GicVcpu | undefined, virq: number, clear: number): boolean {
  const remote = remoteCpu(g, v);
  const old = stateOf(vic, v, virq);
  let d = old & ~clear;
  if ((old & LISTED) === 0) {
    if ((old & LEVEL_SRC) !== 0 && (clear & LEVEL_SRC) === 0 && !checkPending(g, vic, v, virq, (old & EDGE) !== 0)) {
      d &= ~LEVEL_SRC;
    }
    setState(vic, v, virq, d);
    if ((old & HW_ACTIVE) !== 0 && (d & HW_ACTIVE) === 0) g.hw.deactivate(vic, virq);
    return true;
  }
  if (v !== undefined && remote < 0) {
    const i = findLr(v, virq);
    if (i >= 0) {
      const self = v.thread === g.self;
      if (self) readLr(v, i);
      const unlisted = syncLr(g, vic, v, i, clear);
      if (self) writeLr(v, i);
      return unlisted;
    }
  }
  // Ask whoever lists it. An edge cannot be cleared in this way.
  d = old & ~(clear & ~HW_ACTIVE);
  if ((d & ENABLED) === 0 || ((d & CFG_EDGE) === 0 && !isLevelAsserted(d))) d |= NEED_SYNC;
  if ((clear & HW_ACTIVE) !== 0) d |= HW_DETACHED;
  setState(vic, v, virq, d);
  return false;
}

/** A new assertion of an interrupt that is listed right here. Returns whether the vCPU must be woken. */
function redeliverLr(g: Gic, vic: Vic, v: GicVcpu, virq: number, assertBits: number, i: number): boolean {
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
  const free = v.lrVirq.indexOf(NO_VIRQ);
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

/**
 * Sets state bits (`assertBits`: pending bits, ENABLED, HW_ACTIVE) and tries to deliver. Returns the state before.
 * `isPrivate`: cannot be listed on any other vCPU.
 */
export function deliver(
  g: Gic,
  vic: Vic,
  v: GicVcpu | undefined,
  virq: number,
  assertBits: number,
  isPrivate: boolean,
): number {
  const remote = remoteCpu(g, v);
  const old = stateOf(vic, v, virq);
  let d = old | assertBits;
  if ((old & LISTED) !== 0 && isPending(d) && (d & ENABLED) !== 0 && v !== undefined && remote < 0) {
    const i = findLr(v, virq);
    if (i >= 0) {
      const self = v.thread === g.self;
      if (self) readLr(v, i);
      const needWake = redeliverLr(g, vic, v, virq, assertBits, i);
      if (self) writeLr(v, i);
      if (needWake) wake(g, v);
      return old;
    }
  }

  const hw = (d & HW_ACTIVE) !== 0;
  const priority = priorityOf(d);
  const pending = isPending(d);
  const enabled = (d & ENABLED) !== 0;
  const routeValid = v !== undefined && routeAllowed(v, d);
  let lr = -1;
  if ((old & LISTED) !== 0) {
    d |= NEED_SYNC;
  } else if (routeValid && pending && enabled && (old & ACTIVE) === 0 && remote < 0) {
    const chosen = selectLr(g, v as GicVcpu, priority);
    if (chosen !== undefined && priority < chosen.priority) {
      lr = chosen.lr;
      d = (d | LISTED) & ~(EDGE | HW_ACTIVE);
    }
  }
  setState(vic, v, virq, d);

  if (v === undefined) {
    if (pending && enabled) flagUnrouted(vic, virq);
    return old;
  }
  if (!pending) return old;
  if ((old & LISTED) !== 0) {
    if (!isPrivate) {
      syncAll(g, vic);
      return old;
    }
    if (remote >= 0) sendIpi(g, v, Ipi.SYNC);
    else syncVcpu(g, v);
  } else if (!enabled) {
    return old;
  } else if (!routeValid) {
    routeAndFlag(g, vic, virq, d);
    return old;
  } else if (lr >= 0) {
    listIrq(g, vic, v, lr, virq, d, hw);
  } else {
    flagLocked(g, v, virq, priority, (d & GROUP1) !== 0, remote);
  }
  wake(g, v);
  return old;
}

/** Re-examines the listed interrupts that asked for it. The vCPU must be self or not executing. */
export function syncVcpu(g: Gic, v: GicVcpu): void {
  const vic = vicOf(g, v);
  const self = v.thread === g.self;
  for (let i = 0; i < LR_COUNT; i++) {
    const virq = v.lrVirq[i];
    if (virq === NO_VIRQ) continue;
    if (self) readLr(v, i);
    if ((stateOf(vic, v, virq) & (NEED_SYNC | HW_DETACHED)) === 0) continue;
    syncLr(g, vic, v, i, 0);
    if (self) writeLr(v, i);
  }
}

/** The same on every vCPU of the VIC that may list something. */
export function syncAll(g: Gic, vic: Vic): void {
  for (let index = 0; index < vic.maxVcpus; index++) {
    const v = vcpuAt(g, vic, index);
    if (v === undefined) continue;
    if (v.thread === g.self) syncVcpu(g, v);
    else if (!v.group0 && !v.group1) continue;
    else if (v.owner >= 0) sendIpi(g, v, Ipi.SYNC);
    else syncVcpu(g, v);
  }
}
