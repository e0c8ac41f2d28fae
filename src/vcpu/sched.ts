/**
 * Fixed-priority round-robin scheduling on each physical CPU, with directed yields: the schedule step.
 *
 * Models fact base vcpu-and-scheduler 3.3 and 4. Run queues are in queue.ts, yields in yield.ts, moves in move.ts. Times are
 * `hyp.now` (nanoseconds). Left out: load balancing (Gunyah has none) and the latency of inter-processor interrupts.
 */
import { SimBug } from '../base/index.js';
import type { Hypervisor } from '../hyp/index.js';
import { finishMove } from './move.js';
import { finishPending } from './pending.js';
import { addToScheduler, enqueue, highestWaiting, popHighest } from './queue.js';
import { exitThread } from './start-stop.js';
import { onIdle } from './suspend.js';
import {
  Block,
  type CpuSched,
  cpuOf,
  isRunnable,
  Life,
  NO_CPU,
  NO_THREAD,
  type Pending,
  type Vcpu,
  vcpuOf,
} from './types.js';

/** Schedule steps that may follow each other at once. */
const ROUND_LIMIT = 1000;

/**
 * Consumes a driver's choice: the thread in control has blocked, or it has woken another while it runs on the slice of `prev`.
 * A thread that blocks first leaves no slice to interrupt.
 */
function chosenExpiry(hyp: Hypervisor, s: CpuSched, prev: Vcpu): boolean {
  if (s.executing === NO_THREAD) return false;
  if (isRunnable(vcpuOf(hyp, s.executing))) {
    if (!s.expireOnWake || s.yieldedFrom !== prev.id || highestWaiting(s) < prev.priority) return false;
    s.expireOnWake = false;
    return true;
  }
  s.expireOnWake = false;
  const expires = s.expireOnBlock;
  s.expireOnBlock = false;
  return expires;
}

function nextActive(hyp: Hypervisor, s: CpuSched): Vcpu | undefined {
  const prev = s.active === NO_THREAD ? undefined : vcpuOf(hyp, s.active);
  let expired = false;
  if (prev !== undefined) {
    const end = s.scheduledAt + prev.sliceLeftNs;
    expired = end <= hyp.now || chosenExpiry(hyp, s, prev);
    if (expired) {
      prev.sliceLeftNs = prev.sliceNs;
      prev.yielding = false;
    } else {
      prev.sliceLeftNs = end - hyp.now;
    }
  }
  s.scheduledAt = hyp.now;
  const waiting = highestWaiting(s);
  const switches =
    waiting >= 0 && (prev === undefined || (expired ? waiting >= prev.priority : waiting > prev.priority));
  const next = switches ? popHighest(hyp, s, waiting) : prev;
  s.active = next?.id ?? NO_THREAD;
  // Expired: to the tail. Preempted: to the head, with the rest of its slice.
  if (prev !== undefined && next !== prev) enqueue(s, prev, expired);
  return next;
}

function setDeadline(s: CpuSched, next: Vcpu | undefined): void {
  const armed = next !== undefined && (s.queues[next.priority].length > 0 || next.yielding);
  s.deadline = armed && next !== undefined ? s.scheduledAt + next.sliceLeftNs : Number.POSITIVE_INFINITY;
}

function mayYieldTo(s: CpuSched, cpu: number, target: Vcpu): boolean {
  if (target.affinity !== NO_CPU && target.affinity !== cpu) return false;
  if (target.running >= 0 && target.id !== s.executing) return false;
  return isRunnable(target);
}

/**
 * Replaces a yielding thread by its target, or ends the yield when the target may not run here. A thread that came back from
 * its directed yield on a slot that another one lent to it still counts as yielding, without a target: an assertion fails.
 */
function substitute(hyp: Hypervisor, s: CpuSched, cpu: number, next: Vcpu | undefined): Vcpu | undefined {
  s.yieldedFrom = NO_THREAD;
  if (next === undefined || !next.yielding) return next;
  if (next.yieldTo === NO_THREAD) {
    hyp.dead = {
      what: 'hypervisor: assertion "yield_to != NULL" in select_yield_target',
      rule: 'hyp-yield-without-target',
    };
    return next;
  }
  const target = vcpuOf(hyp, next.yieldTo);
  if (!mayYieldTo(s, cpu, target)) {
    next.yielding = false;
    return next;
  }
  s.yieldedFrom = next.id;
  return target;
}

/** The checks that the switch itself makes; false: something changed since the choice. */
function canSwitchTo(s: CpuSched, cpu: number, v: Vcpu): boolean {
  const placed = v.affinity === cpu || (v.affinity === NO_CPU && s.yieldedFrom !== NO_THREAD);
  return v.running < 0 && isRunnable(v) && placed;
}

function leaveCpu(hyp: Hypervisor, v: Vcpu): void {
  v.running = -1;
  v.idling = false;
  hyp.vic?.vcpuSwitchedOut(v);
  if (v.needRequeue) {
    v.needRequeue = false;
    if (isRunnable(v)) addToScheduler(hyp, v);
  }
  if ((v.block & Block.AFFINITY_CHANGED) !== 0) finishMove(hyp, v);
}

/**
 * Runs the schedule step of a CPU until it settles. A thread that gets control first finishes its hypervisor call, then
 * leaves for good if it was killed.
 */
export function schedule(hyp: Hypervisor, cpu: number): void {
  const s = cpuOf(hyp, cpu);
  if (!s.online || s.lost) return;
  let rounds = 0;
  do {
    if (++rounds === ROUND_LIMIT) throw new SimBug(`CPU ${cpu} does not settle`);
    s.resched = false;
    const active = nextActive(hyp, s);
    setDeadline(s, active);
    const next = substitute(hyp, s, cpu, active);
    if (hyp.dead !== undefined) return;
    if (next !== undefined) next.canIdle = highestWaiting(s) < 0 && s.yieldedFrom === NO_THREAD;
    const nextId = next?.id ?? NO_THREAD;
    if (nextId !== s.executing) {
      if (next !== undefined && !canSwitchTo(s, cpu, next)) {
        if (s.yieldedFrom !== NO_THREAD) vcpuOf(hyp, s.yieldedFrom).yielding = false;
        s.resched = true;
        continue;
      }
      const prev = s.executing;
      s.executing = nextId;
      if (next !== undefined) next.running = cpu;
      if (prev !== NO_THREAD) {
        leaveCpu(hyp, vcpuOf(hyp, prev));
        dropIfExited(hyp, prev);
      }
      if (next !== undefined) enter(hyp, s, next);
      else onIdle(hyp, cpu);
    }
  } while (s.resched && hyp.dead === undefined && !s.lost);
}

function enter(hyp: Hypervisor, s: CpuSched, v: Vcpu): void {
  hyp.vic?.vcpuSwitchedIn(v, v.running);
  finishPending(hyp, v);
  if (v.life === Life.KILLED && hyp.dead === undefined) {
    exitThread(hyp, v);
    s.resched = true;
  }
}

/** An exited thread holds itself until its CPU has left it. */
function dropIfExited(hyp: Hypervisor, id: number): void {
  if (vcpuOf(hyp, id).life === Life.EXITED) hyp.unref(id);
}

/** A thread in control that was killed leaves now (on its way back to the guest). */
export function leaveIfKilled(hyp: Hypervisor, cpu: number): void {
  const s = cpuOf(hyp, cpu);
  if (s.executing === NO_THREAD) return;
  const v = vcpuOf(hyp, s.executing);
  if (v.life !== Life.KILLED) return;
  exitThread(hyp, v);
  if (hyp.dead === undefined) schedule(hyp, cpu);
}

/** Gives the CPU up with the rest of the call in `pending`; finishes at once when the scheduler leaves the vCPU in control. */
export function giveUpCpu(hyp: Hypervisor, v: Vcpu, pending: Pending): void {
  v.pending = pending;
  const cpu = v.running;
  schedule(hyp, cpu);
  if (v.pending === pending && cpuOf(hyp, cpu).executing === v.id && hyp.dead === undefined) finishPending(hyp, v);
}
