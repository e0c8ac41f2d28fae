/**
 * Delivery of virtual interrupts: into list registers, out of them, and into the queue of waiting ones.
 * Source: fact base vgic-and-timer 4 and 7.1; ipc 1.1 and 1.2 (when a source is asked).
 *
 * `v` is the vCPU that an interrupt is routed to; `undefined` when an SPI has no target. List registers of a vCPU that
 * executes on another CPU cannot be touched: the change is recorded in the delivery state and that CPU gets a request.
 */
import { checkPending, type Gic, remoteCpu, sendIpi, setState, stateOf, vcpuAt, vicOf, wake } from './context.js';
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
import { flagLocked, flagUnrouted, routeAllowed, routeAndFlag } from './flags.js';
import { listIrq, redeliverLr, selectLr, syncLr } from './listing.js';
import { lrOf, readLr, writeLr } from './lr.js';
import { type GicVcpu, Ipi, LR_COUNT, NO_VIRQ, type Vic } from './types.js';

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
    const i = lrOf(v, virq);
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
    const i = lrOf(v, virq);
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
