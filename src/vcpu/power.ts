/**
 * Power-on, power-off, halt, kill, suspend, WFI and wake-up of vCPUs.
 * Source: fact base vcpu-and-scheduler 7, 8 and 10.3 to 10.5.
 */
import { SimBug } from '../base/index.js';
import { assertSource, type Hypervisor, NO_OBJECT } from '../hyp/index.js';
import { HypError } from '../protocol/index.js';
import { lifeEvent } from './charts.js';
import { block, killedChanged, unblock } from './queue.js';
import { schedule } from './sched.js';
import { resetContext, stopped } from './start-stop.js';
import { powerSuspend } from './suspend.js';
import {
  Block,
  cpuOf,
  isRunnable,
  Life,
  NO_CPU,
  NO_THREAD,
  type Pending,
  SLOT_LOST,
  type Vcpu,
  type VpmGroup,
  VpmMode,
  vcpuOf,
} from './types.js';
import { voteOn } from './vote.js';

/** The run-wakeup vIRQ: only while the vCPU waits for a `vcpu_run` (vcpu 7.5). */
function signalRunWakeup(hyp: Hypervisor, v: Vcpu): void {
  if ((v.block & Block.RUN) !== 0) assertSource(hyp, v.wakeupVirq, true);
}

/** Starts a vCPU that is OFF (vcpu 7.1). `undefined` keeps the program counter or x0. FAILURE when killed or exited. */
export function powerOn(hyp: Hypervisor, v: Vcpu, entry: bigint | undefined, context: bigint | undefined): number {
  if ((v.block & Block.OFF) === 0) throw new SimBug(`vCPU ${v.id} is on already`);
  if (v.life === Life.KILLED || v.life === Life.EXITED) return HypError.FAILURE;
  v.powerVoted = true;
  if (!v.proxied && v.affinity !== NO_CPU) voteOn(hyp, v.affinity);
  signalRunWakeup(hyp, v);
  if (v.group !== NO_OBJECT) hyp.get<VpmGroup>(v.group).online++;
  if (v.vpmMode === VpmMode.PSCI && v.affinity !== NO_CPU) v.suspendState = 0;
  resetContext(v);
  if (entry !== undefined) v.pc = entry;
  if (context !== undefined) v.x[0] = context;
  v.pending = { kind: 'start' };
  unblock(hyp, v, Block.OFF);
  return HypError.OK;
}

/** The power rules: OK, or DENIED. Counts the vCPU off line. */
function leaveOnline(hyp: Hypervisor, v: Vcpu, last: boolean, force: boolean): number {
  if (v.group === NO_OBJECT) return last || force ? HypError.OK : HypError.DENIED;
  if (v.vpmMode !== VpmMode.PSCI) return HypError.OK;
  const group = hyp.get<VpmGroup>(v.group);
  if (!force && last !== (group.online === 1)) return HypError.DENIED;
  group.online--;
  return HypError.OK;
}

/**
 * Powers the calling vCPU off (CPU_OFF, `vcpu_poweroff`): DENIED, or it gave up the CPU and OK is returned to nobody.
 */
export function powerOff(hyp: Hypervisor, v: Vcpu, last: boolean): number {
  const error = leaveOnline(hyp, v, last, false);
  if (error !== HypError.OK) return error;
  block(hyp, v, Block.OFF);
  stopped(hyp, v);
  v.pending = { kind: 'start' };
  schedule(hyp, v.running);
  return HypError.OK;
}

/** Stops the calling vCPU with a HALT vIRQ: its own SYSTEM_OFF or RESET (with `off`), or a fault it cannot survive. */
export function halt(hyp: Hypervisor, v: Vcpu, off: boolean): void {
  if (off) {
    leaveOnline(hyp, v, false, true);
    block(hyp, v, Block.OFF);
  } else {
    // A critical vCPU too: the hypervisor stops only when RM has killed it and it exits.
    block(hyp, v, Block.FAULT);
  }
  stopped(hyp, v);
  const cpu = cpuOf(hyp, v.running);
  if (off || !cpu.expireOnFault) assertSource(hyp, v.haltVirq, true);
  else cpu.expireOnFault = false;
  v.pending = { kind: 'start' };
  schedule(hyp, v.running);
}

/** `vcpu_kill` of an active thread: OK also when it is killed or exited already (vcpu 7.3). */
export function kill(hyp: Hypervisor, v: Vcpu): number {
  if (v.life === Life.INIT) return HypError.OBJECT_STATE;
  if (v.life !== Life.READY) return HypError.OK;
  const was = isRunnable(v);
  lifeEvent(v, 'KILL');
  killedChanged(hyp, v, was);
  signalRunWakeup(hyp, v);
  return HypError.OK;
}

/** Suspends the calling vCPU until a wake-up. False: a wake-up is pending, nothing happened (vcpu 8, 10.3). */
export function suspend(hyp: Hypervisor, v: Vcpu, pending: Pending): boolean {
  if (hyp.vic?.hasPendingWakeup(v)) return false;
  powerSuspend(hyp, v);
  block(hyp, v, Block.SUSPEND);
  v.pending = pending;
  schedule(hyp, v.running);
  return true;
}

/**
 * WFI of the thread in control. True: it goes on at once; false: it waits, in place ({@link Vcpu.idling}) or blocked.
 */
export function waitForInterrupt(hyp: Hypervisor, v: Vcpu): boolean {
  hyp.vic?.beforeWfi(v);
  if (v.vpmMode === VpmMode.IDLE) {
    if (!suspend(hyp, v, { kind: 'wfiSuspend' })) return true;
    return v.pending === null && v.running >= 0 && cpuOf(hyp, v.running).executing === v.id;
  }
  if (hyp.vic?.hasPendingWakeup(v)) return true;
  if (v.canIdle) {
    v.idling = true;
    return false;
  }
  block(hyp, v, Block.WFI);
  schedule(hyp, v.running);
  return false;
}

/** Another thread wants the CPU on which this one idles in place: now it blocks. */
export function stopIdling(hyp: Hypervisor, v: Vcpu): void {
  v.idling = false;
  block(hyp, v, Block.WFI);
}

/** An interrupt was delivered to the vCPU (vcpu 8). Does not clear OFF, FAULT or VMMIO. */
export function wakeup(hyp: Hypervisor, v: Vcpu): void {
  v.idling = false;
  if ((v.block & Block.SUSPEND) !== 0) unblock(hyp, v, Block.SUSPEND);
  if (v.yielding) {
    v.yielding = false;
    const s = cpuOf(hyp, v.affinity);
    if (s.active === v.id) s.resched = true;
  }
  signalRunWakeup(hyp, v);
  if ((v.block & Block.WFI) !== 0) unblock(hyp, v, Block.WFI);
}

/** Kills the rest of the group, then halts the caller (PSCI SYSTEM_OFF, SYSTEM_RESET; vcpu 10.5). */
export function stopGroup(hyp: Hypervisor, v: Vcpu): void {
  for (const id of hyp.get<VpmGroup>(v.group).slots) {
    if (id !== NO_THREAD && id !== SLOT_LOST && id !== v.id) kill(hyp, vcpuOf(hyp, id));
  }
  halt(hyp, v, true);
}
