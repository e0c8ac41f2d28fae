/**
 * What the rest of the simulator sees of the scheduler: the port for lower layers, and the operations of the event loop.
 *
 * The event loop executes one guest operation of `executing(cpu)`, adds its cost to `hyp.now`, calls `charge` and then
 * `step`. Between operations it advances to the earliest `nextDeadline`.
 */
import type { Hypervisor, SchedPort, Thread } from '../hyp/index.js';
import { endGraces } from './move.js';
import { stopIdling, wakeup } from './power.js';
import { leaveIfKilled, schedule } from './sched.js';
import { Block, type CpuSched, cpuOf, NO_THREAD, type SchedState, schedState, type Vcpu, vcpuOf } from './types.js';
import { comeOnline } from './vote.js';

const newCpu = (online: boolean): CpuSched => ({
  active: NO_THREAD,
  executing: NO_THREAD,
  yieldedFrom: NO_THREAD,
  queues: Array.from({ length: 64 }, () => []),
  low: 0,
  high: 0,
  scheduledAt: 0,
  deadline: Number.POSITIVE_INFINITY,
  resched: false,
  expireOnBlock: false,
  expireOnWake: false,
  expireOnFault: false,
  primary: NO_THREAD,
  online,
  onlineAt: Number.POSITIVE_INFINITY,
  // The boot CPU votes for itself until the root VM runs.
  votes: online ? 1 : 0,
  activeVcpus: 0,
  lost: false,
});

/** Scheduler of `cpus` physical CPUs; the boot CPU is 0 and the only one on. */
export function registerScheduler(hyp: Hypervisor, cpus: number): void {
  hyp.state.sched = {
    cpus: Array.from({ length: cpus }, (_, cpu) => newCpu(cpu === 0)),
    started: 1,
    graces: [],
  } satisfies SchedState;
  const port: SchedPort = {
    current: () => hyp.caller,
    wakeup: (thread: Thread) => wakeup(hyp, thread as Vcpu),
    expectsWakeup: (thread: Thread) => {
      const v = thread as Vcpu;
      return v.yielding || v.idling || (v.block & (Block.WFI | Block.SUSPEND)) !== 0;
    },
  };
  hyp.sched = port;
}

/** The thread in control of the CPU, or `undefined` when there is none to execute: idle, not on, or waiting in place. */
export function executing(hyp: Hypervisor, cpu: number): Vcpu | undefined {
  const s = cpuOf(hyp, cpu);
  if (s.executing === NO_THREAD || s.lost) return undefined;
  const v = vcpuOf(hyp, s.executing);
  return v.idling ? undefined : v;
}

/** Notes that the thread in control executed for `ns`. The slice itself follows `hyp.now`. */
export function charge(hyp: Hypervisor, cpu: number, ns: number): void {
  const s = cpuOf(hyp, cpu);
  if (s.executing !== NO_THREAD) vcpuOf(hyp, s.executing).ranNs += ns;
}

/** Something is due on this CPU: call {@link step} before the next guest operation. */
export const stepDue = (hyp: Hypervisor, cpu: number): boolean => nextDeadline(hyp, cpu) <= hyp.now;

/** Brings the CPU up to date at `hyp.now`: grace periods, start of the CPU, end of the slice, requested reschedules, kills. */
export function step(hyp: Hypervisor, cpu: number): void {
  if (hyp.dead !== undefined) return;
  endGraces(hyp);
  const s = cpuOf(hyp, cpu);
  if (s.onlineAt <= hyp.now) comeOnline(hyp, cpu);
  if (!s.online || s.lost) return;
  leaveIfKilled(hyp, cpu);
  if (hyp.dead !== undefined || (!s.resched && s.deadline > hyp.now)) return;
  const v = s.executing === NO_THREAD ? undefined : vcpuOf(hyp, s.executing);
  if (v?.idling) stopIdling(hyp, v);
  schedule(hyp, cpu);
}

/**
 * Scheduling choice of a driver: when the thread in control of `cpu` next blocks, the slice of the active thread counts as
 * used up, so that a waiting thread of equal priority goes first. In a real run the clock decides that.
 */
export function expireOnBlock(hyp: Hypervisor, cpu: number): void {
  cpuOf(hyp, cpu).expireOnBlock = true;
}

/** The same when a vCPU that was given the slice of another next wakes a thread of at least the other's priority. */
export function expireOnWake(hyp: Hypervisor, cpu: number): void {
  cpuOf(hyp, cpu).expireOnWake = true;
}

/**
 * Scheduling choice of a driver: the slice ends where a vCPU on `cpu` next faults. It is blocked before it raises its halt
 * interrupt, so nobody hears of the fault (a race in the hypervisor, seen in recordings).
 */
export function expireOnFault(hyp: Hypervisor, cpu: number): void {
  cpuOf(hyp, cpu).expireOnFault = true;
}

/** When the CPU by itself has something to do next; Infinity: never. */
const ownDeadline = (s: CpuSched, now: number): number =>
  s.online ? (s.lost ? Number.POSITIVE_INFINITY : s.resched ? now : s.deadline) : s.onlineAt;

/** Earliest time at which {@link step} has something to do; Infinity: never by itself. */
export function nextDeadline(hyp: Hypervisor, cpu: number): number {
  const state = schedState(hyp);
  let at = ownDeadline(state.cpus[cpu], hyp.now);
  for (const g of state.graces) at = Math.min(at, g.at);
  return at;
}

/** The first CPU from `from` on whose {@link step} has something to do at `hyp.now`, or -1. */
export function dueCpu(hyp: Hypervisor, from: number): number {
  const { cpus, started, graces } = schedState(hyp);
  const { now } = hyp;
  let graceDue = false;
  for (let i = 0; i < graces.length; i++) graceDue ||= graces[i].at <= now;
  for (let cpu = from; cpu < started; cpu++) {
    if (graceDue || ownDeadline(cpus[cpu], now) <= now) return cpu;
  }
  return -1;
}

/** Earliest {@link nextDeadline} of all CPUs. */
export function nextDeadlineOfAll(hyp: Hypervisor): number {
  const { cpus, started, graces } = schedState(hyp);
  let at = Number.POSITIVE_INFINITY;
  for (const g of graces) at = Math.min(at, g.at);
  for (let cpu = 0; cpu < started; cpu++) {
    const own = ownDeadline(cpus[cpu], hyp.now);
    if (own < at) at = own;
  }
  return at;
}
