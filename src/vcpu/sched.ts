/**
 * Fixed-priority round-robin scheduling on each physical CPU, with directed yields.
 *
 * Models fact base vcpu-and-scheduler 3 and 4: run queues, slices, preemption, borrowing of a slot. Times are `hyp.now`
 * (nanoseconds). Left out: load balancing (Gunyah has none) and the latency of inter-processor interrupts.
 */
import { assert } from '../base/index.js';
import type { Hypervisor } from '../hyp/index.js';
import { NO_OBJECT } from '../hyp/index.js';
import { HypError } from '../protocol/index.js';
import { finishPending } from './pending.js';
import { exitThread, onIdle } from './power.js';
import {
  Block,
  type CpuSched,
  cpuOf,
  isRunnable,
  Life,
  NO_CPU,
  NO_THREAD,
  schedState,
  type Vcpu,
  VpmMode,
  vcpuOf,
} from './types.js';
import { activeGet, activePut, voteOff, voteOn } from './vote.js';

/** How long a moved vCPU of an aggregating power group stays blocked: the grace period of the move. */
export const GRACE_NS = 300_000;

// ---- run queues -------------------------------------------------------------------------------------------------

function enqueue(s: CpuSched, v: Vcpu, atTail: boolean): void {
  const queue = s.queues[v.priority];
  if (atTail) queue.push(v.id);
  else queue.unshift(v.id);
  if (v.priority < 32) s.low |= 1 << v.priority;
  else s.high |= 1 << (v.priority - 32);
}

function queueEmptied(s: CpuSched, priority: number): void {
  if (priority < 32) s.low &= ~(1 << priority);
  else s.high &= ~(1 << (priority - 32));
}

function dequeue(s: CpuSched, v: Vcpu): void {
  const queue = s.queues[v.priority];
  const at = queue.indexOf(v.id);
  assert(at >= 0, `thread ${v.id} is not in its run queue`);
  queue.splice(at, 1);
  if (queue.length === 0) queueEmptied(s, v.priority);
}

/** Highest priority with a waiting thread, -1 if none waits. */
export const highestWaiting = (s: CpuSched): number =>
  s.high !== 0 ? 63 - Math.clz32(s.high) : s.low !== 0 ? 31 - Math.clz32(s.low) : -1;

function pop(hyp: Hypervisor, s: CpuSched, priority: number): Vcpu {
  const queue = s.queues[priority];
  const id = queue.shift() as number;
  if (queue.length === 0) queueEmptied(s, priority);
  return vcpuOf(hyp, id);
}

/** Requests the schedule step of a CPU: the sim runs it before the next guest operation there. */
export function requestSchedule(hyp: Hypervisor, cpu: number): void {
  cpuOf(hyp, cpu).resched = true;
}

// ---- becoming runnable, blocking ------------------------------------------------------------------------------------

function addToScheduler(hyp: Hypervisor, v: Vcpu): void {
  if (v.affinity === NO_CPU) return;
  const s = cpuOf(hyp, v.affinity);
  // With empty queues the active thread may be idling in place, so it has to look again whatever the priorities are.
  const due = s.active === NO_THREAD || highestWaiting(s) < 0 || v.priority >= vcpuOf(hyp, s.active).priority;
  v.sliceLeftNs = v.sliceNs;
  v.queued = true;
  enqueue(s, v, true);
  if (due) s.resched = true;
}

function removeFromScheduler(hyp: Hypervisor, v: Vcpu): void {
  const wasYielding = v.yielding;
  v.yielding = false;
  if (v.affinity === NO_CPU) return;
  const s = cpuOf(hyp, v.affinity);
  v.queued = false;
  if (s.active !== v.id) {
    dequeue(s, v);
    return;
  }
  s.active = NO_THREAD;
  if (wasYielding) s.resched = true;
}

/** A thread that is still executing when it becomes runnable is queued after its context switch. */
function makeRunnable(hyp: Hypervisor, v: Vcpu): void {
  if (v.running < 0) {
    addToScheduler(hyp, v);
  } else {
    v.needRequeue = true;
    requestSchedule(hyp, v.running);
  }
}

/** Sets a block reason. A thread that executes goes on until its CPU schedules: callers request that. */
export function block(hyp: Hypervisor, v: Vcpu, bit: number): void {
  v.block |= bit;
  if (v.queued && !isRunnable(v)) removeFromScheduler(hyp, v);
}

/** Clears a block reason; the last one makes the thread runnable. */
export function unblock(hyp: Hypervisor, v: Vcpu, bit: number): void {
  const was = isRunnable(v);
  v.block &= ~bit;
  if (!was && isRunnable(v)) makeRunnable(hyp, v);
}

/** After `life` became KILLED: most block reasons no longer count. */
export function killedChanged(hyp: Hypervisor, v: Vcpu, wasRunnable: boolean): void {
  if (!wasRunnable && isRunnable(v)) makeRunnable(hyp, v);
  else if (v.running >= 0) requestSchedule(hyp, v.running);
}

// ---- the schedule step ----------------------------------------------------------------------------------------------

/** Consumes a driver's choice when the thread in control has blocked. */
function chosenExpiry(hyp: Hypervisor, s: CpuSched): boolean {
  if (!s.expireOnBlock || s.executing === NO_THREAD || isRunnable(vcpuOf(hyp, s.executing))) return false;
  s.expireOnBlock = false;
  return true;
}

function nextActive(hyp: Hypervisor, s: CpuSched): Vcpu | undefined {
  const prev = s.active === NO_THREAD ? undefined : vcpuOf(hyp, s.active);
  let expired = false;
  if (prev !== undefined) {
    const end = s.scheduledAt + prev.sliceLeftNs;
    expired = end <= hyp.now || chosenExpiry(hyp, s);
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
  const next = switches ? pop(hyp, s, waiting) : prev;
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

/** Replaces a yielding thread by its target, or ends the yield when the target may not run here. */
function substitute(hyp: Hypervisor, s: CpuSched, cpu: number, next: Vcpu | undefined): Vcpu | undefined {
  s.yieldedFrom = NO_THREAD;
  if (next === undefined || !next.yielding) return next;
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
    assert(++rounds < 1000, `CPU ${cpu} does not settle`);
    s.resched = false;
    const active = nextActive(hyp, s);
    setDeadline(s, active);
    const next = substitute(hyp, s, cpu, active);
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
      if (prev !== NO_OBJECT) {
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
  v.yielding = false;
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

// ---- yield ----------------------------------------------------------------------------------------------------------

/** `scheduler_yield`, hint 0: ends the directed yield that lent the slot, or gives up the rest of the slice. */
export function yieldCpu(hyp: Hypervisor, v: Vcpu): void {
  const cpu = v.running;
  const s = cpuOf(hyp, cpu);
  if (s.yieldedFrom !== NO_THREAD) vcpuOf(hyp, s.yieldedFrom).yielding = false;
  // The elapsed part is taken off first, so that nothing of the slice is left at the step.
  else v.sliceLeftNs = 0;
  schedule(hyp, cpu);
}

/**
 * Directed yield (vcpu 4); the caller then runs the schedule step. `started`: the caller owns a yield that ends when it is
 * back in control ({@link endYield}). `redirected`: it ran on a borrowed slot, whose yield ended or now names `target`.
 * `skipped`: it has a pending wake-up and goes on at once, unless `deaf`.
 */
export function startYield(hyp: Hypervisor, v: Vcpu, target: Vcpu, deaf = false): 'started' | 'redirected' | 'skipped' {
  const s = cpuOf(hyp, v.running);
  if (s.yieldedFrom === target.id) {
    target.yielding = false;
    return 'redirected';
  }
  if (s.yieldedFrom !== NO_THREAD) {
    const outer = vcpuOf(hyp, s.yieldedFrom);
    hyp.unref(outer.yieldTo);
    outer.yieldTo = hyp.ref(target.id);
    return 'redirected';
  }
  if (!deaf && hyp.vic?.hasPendingWakeup(v)) return 'skipped';
  v.pins++;
  v.yieldTo = hyp.ref(target.id);
  v.yielding = true;
  return 'started';
}

/** The caller is back in control after its own directed yield. */
export function endYield(hyp: Hypervisor, v: Vcpu): void {
  v.yieldTo = hyp.unref(v.yieldTo);
  v.pins--;
}

// ---- moves ----------------------------------------------------------------------------------------------------------

/** OK, DENIED (pinned) or RETRY (previous move not finished). `cpu` may be NO_CPU. */
export function setAffinity(hyp: Hypervisor, v: Vcpu, cpu: number): number {
  if (v.affinity === cpu) return HypError.OK;
  if (v.pins !== 0) return HypError.DENIED;
  if ((v.block & Block.AFFINITY_CHANGED) !== 0) return HypError.RETRY;
  if (!v.proxied && v.powerVoted) {
    if (cpu !== NO_CPU) voteOn(hyp, cpu);
    if (v.affinity !== NO_CPU) voteOff(hyp, v.affinity);
  }
  hyp.ref(v.id);
  block(hyp, v, Block.AFFINITY_CHANGED);
  v.prevAffinity = v.affinity;
  v.affinity = cpu;
  if (v.running >= 0) requestSchedule(hyp, v.running);
  else finishMove(hyp, v);
  return HypError.OK;
}

/** The moved thread is off its CPU: account for it on the new one, then let it run, after a grace period if it is aggregated. */
function finishMove(hyp: Hypervisor, v: Vcpu): void {
  const graces = schedState(hyp).graces;
  if (graces.some((g) => g.thread === v.id)) return;
  let needsGrace = false;
  if (v.life !== Life.INIT && v.vpmMode !== VpmMode.NONE) {
    if (v.prevAffinity !== NO_CPU) activePut(hyp, v.prevAffinity, v);
    if (v.affinity !== NO_CPU) {
      activeGet(hyp, v.affinity, v);
      needsGrace = v.vpmMode === VpmMode.PSCI;
    }
  }
  if (needsGrace) graces.push({ thread: v.id, at: hyp.now + GRACE_NS });
  else moveDone(hyp, v);
}

function moveDone(hyp: Hypervisor, v: Vcpu): void {
  unblock(hyp, v, Block.AFFINITY_CHANGED);
  hyp.unref(v.id);
}

/** Ends the grace periods that are over. */
export function endGraces(hyp: Hypervisor): void {
  const state = schedState(hyp);
  if (state.graces.length === 0) return;
  const due = state.graces.filter((g) => g.at <= hyp.now);
  if (due.length === 0) return;
  state.graces = state.graces.filter((g) => g.at > hyp.now);
  for (const g of due) moveDone(hyp, vcpuOf(hyp, g.thread));
}
