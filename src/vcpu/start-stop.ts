/**
 * What begins and what ends the execution of a vCPU, whoever caused it: EL1 reset, entry into the guest, stop, exit.
 * Source: fact base vcpu-and-scheduler 7.
 */
import { type Hypervisor, NO_OBJECT } from '../hyp/index.js';
import { lifeEvent } from './charts.js';
import { block } from './queue.js';
import { DEEPEST, powerResume, powerSuspend } from './suspend.js';
import { Block, isCritical, Life, NO_CPU, type Vcpu } from './types.js';
import { voteOff } from './vote.js';

/** SCTLR_EL1 after reset: stage 1 off, caches off. */
export const SCTLR_RESET = 0x30d0_0800n;
/** EL1h with D, A, I and F masked. */
export const PSTATE_RESET = 0x3c5;

/** EL1 as after a reset: with the MMU off and interrupts masked. */
export function resetContext(v: Vcpu): void {
  v.sctlr = SCTLR_RESET;
  v.pstate = PSTATE_RESET;
}

/** The vCPU enters the guest at its entry point, after a power-on (`warm` false) or a warm reset. */
export function started(hyp: Hypervisor, v: Vcpu, warm: boolean): void {
  // A killed vCPU gets as far as this and then exits.
  if (v.life === Life.READY) v.entries++;
  if (!warm) powerResume(hyp, v);
}

/** Jumps to a new entry point with EL1 reset; x1.. and the CPU interface keep their values. */
export function warmReset(hyp: Hypervisor, v: Vcpu, entry: bigint, context: bigint): void {
  resetContext(v);
  v.pc = entry;
  v.x[0] = context;
  started(hyp, v, true);
}

/** Effects of every way to stop: timers and CPU interface off, slot suspended, CPU vote dropped (vcpu 7.2). */
export function stopped(hyp: Hypervisor, v: Vcpu): void {
  hyp.vic?.vcpuStopped(v);
  if (v.group !== NO_OBJECT) v.suspendState = DEEPEST;
  powerSuspend(hyp, v);
  if (!v.powerVoted) return;
  v.powerVoted = false;
  if (!v.proxied && v.affinity !== NO_CPU) voteOff(hyp, v.affinity);
}

/** A killed thread in control leaves for good. The caller of this runs the schedule step. */
export function exitThread(hyp: Hypervisor, v: Vcpu): void {
  lifeEvent(v, 'EXIT');
  v.needRequeue = false;
  v.idling = false;
  block(hyp, v, Block.LIFECYCLE);
  if (isCritical(v)) {
    hyp.dead = { what: 'hypervisor: Panic: Critical VCPU exited', rule: 'hyp-critical-vcpu-exit' };
    return;
  }
  stopped(hyp, v);
}
