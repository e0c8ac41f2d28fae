/**
 * Which physical CPUs are on, and how many vCPUs keep each one awake.
 *
 * Models fact base vcpu-and-scheduler 7.1 step 4 and 10.6 as far as they show: a CPU needs time to come up, and its count of
 * awake vCPUs starts at 0 when it first does. A vCPU that moves to a CPU which is still coming up is therefore forgotten, and
 * the next move away fails an assertion (rule hyp-second-affinity-move). Left out: a wake-up that meets a CPU on its way up can
 * be lost, which is a race (recorded for RM, which then answers nobody).
 */
import { SimBug } from '../base/index.js';
import type { Hypervisor } from '../hyp/index.js';
import { cpuOf, schedState, type Vcpu } from './types.js';

/** From the firmware call to the new CPU's scheduler. */
const CPU_START_NS = 100_000;

/** A vCPU wants the CPU on. */
export function voteOn(hyp: Hypervisor, cpu: number): void {
  const s = cpuOf(hyp, cpu);
  if (s.votes++ !== 0 || s.online || s.onlineAt !== Number.POSITIVE_INFINITY) return;
  s.onlineAt = hyp.now + CPU_START_NS;
  const state = schedState(hyp);
  state.started = Math.max(state.started, cpu + 1);
}

export function voteOff(hyp: Hypervisor, cpu: number): void {
  const s = cpuOf(hyp, cpu);
  if (s.votes === 0) throw new SimBug(`CPU ${cpu} has no votes`);
  s.votes--;
}

/** The CPU reaches its scheduler for the first time. */
export function comeOnline(hyp: Hypervisor, cpu: number): void {
  const s = cpuOf(hyp, cpu);
  s.online = true;
  s.onlineAt = Number.POSITIVE_INFINITY;
  s.activeVcpus = 0;
  s.resched = true;
}

/** One reason less for the vCPU to be inactive; with none left it keeps `cpu` awake. */
export function activeGet(hyp: Hypervisor, cpu: number, v: Vcpu): void {
  if (v.inactiveCount === 0) throw new SimBug(`vCPU ${v.id} is active already`);
  if (--v.inactiveCount === 0) cpuOf(hyp, cpu).activeVcpus++;
}

export function activePut(hyp: Hypervisor, cpu: number, v: Vcpu): void {
  if (++v.inactiveCount !== 1) return;
  const s = cpuOf(hyp, cpu);
  if (s.activeVcpus === 0) {
    hyp.dead = {
      what: 'hypervisor: assertion "old != 0U" in psci_vpm_active_vcpus_put',
      rule: 'hyp-second-affinity-move',
    };
    return;
  }
  s.activeVcpus--;
}
