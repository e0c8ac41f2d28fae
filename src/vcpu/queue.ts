/** Run queues of a physical CPU, and block reasons that put threads into them and out. Source: fact base vcpu 2, 3.2, 3.4, 3.5. */
import { removeAt, SimBug } from '../base/index.js';
import type { Hypervisor } from '../hyp/index.js';
import { type CpuSched, cpuOf, isRunnable, NO_CPU, NO_THREAD, type Vcpu, vcpuOf } from './types.js';

export function enqueue(s: CpuSched, v: Vcpu, atTail: boolean): void {
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
  let at = 0;
  while (at < queue.length && queue[at] !== v.id) at++;
  if (at === queue.length) throw new SimBug(`thread ${v.id} is not in its run queue`);
  removeAt(queue, at);
  if (queue.length === 0) queueEmptied(s, v.priority);
}

/** Highest priority with a waiting thread, -1 if none waits. */
export const highestWaiting = (s: CpuSched): number =>
  s.high !== 0 ? 63 - Math.clz32(s.high) : s.low !== 0 ? 31 - Math.clz32(s.low) : -1;

export function popHighest(hyp: Hypervisor, s: CpuSched, priority: number): Vcpu {
  const queue = s.queues[priority];
  const id = queue[0];
  removeAt(queue, 0);
  if (queue.length === 0) queueEmptied(s, priority);
  return vcpuOf(hyp, id);
}

/** Requests the schedule step of a CPU: the sim runs it before the next guest operation there. */
export function requestSchedule(hyp: Hypervisor, cpu: number): void {
  cpuOf(hyp, cpu).resched = true;
}

// ---- becoming runnable, blocking ------------------------------------------------------------------------------------

/** A thread that became runnable goes to the tail of its queue with a fresh slice. */
export function addToScheduler(hyp: Hypervisor, v: Vcpu): void {
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
