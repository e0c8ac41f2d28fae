/**
 * Power state of a vCPU inside its power group: which slots run, what keeps physical CPUs awake, and one that falls asleep.
 * Source: fact base vcpu-and-scheduler 10.1.
 */
import type { Hypervisor } from '../hyp/index.js';
import { ObjectType, VpmState } from '../protocol/index.js';
import { cpuOf, GROUP_SLOTS, Life, NO_CPU, schedState, type Vcpu, type VpmGroup, VpmMode, vcpuOf } from './types.js';
import { activeGet, activePut } from './vote.js';

/** power_state: StateType powerdown (bit 16), deepest StateID of this platform. */
export const POWERDOWN = 1 << 16;
export const DEEPEST = POWERDOWN | 1;
/** CPU level field of a StateID. */
const cpuLevel = (powerState: number): number => powerState & 0xf;

const currentCpu = (v: Vcpu): number => (v.running >= 0 ? v.running : v.affinity);

/** All 8 slots in state 1: suspended. */
export const ALL_SUSPENDED = 0o11111111;

function setSlot(group: VpmGroup, index: number, level: number): void {
  // Numbers up to 2^25, so the arithmetic is done without 32-bit sign trouble. The field keeps 4 bits in a 3-bit slot.
  group.states = (group.states & ~(7 << (3 * index))) | (level << (3 * index));
}

/** RUNNING when any slot is 0, else CPUS_SUSPENDED. */
export function groupState(group: VpmGroup): VpmState {
  for (let i = 0; i < GROUP_SLOTS; i++) if (((group.states >> (3 * i)) & 7) === 0) return VpmState.RUNNING;
  return VpmState.CPUS_SUSPENDED;
}

/** The vCPU starts, resumes or leaves a suspend: its slot becomes running. */
export function powerResume(hyp: Hypervisor, v: Vcpu): void {
  if (v.vpmMode === VpmMode.NONE) return;
  const cpu = currentCpu(v);
  if (cpu !== NO_CPU) activeGet(hyp, cpu, v);
  if (v.vpmMode !== VpmMode.PSCI) return;
  v.suspendState = 0;
  setSlot(hyp.get<VpmGroup>(v.group), v.groupIndex, 0);
}

/** The vCPU suspends or stops in `suspendState`. */
export function powerSuspend(hyp: Hypervisor, v: Vcpu): void {
  if (v.vpmMode === VpmMode.NONE) return;
  const cpu = currentCpu(v);
  if (cpu !== NO_CPU) activePut(hyp, cpu, v);
  if (v.vpmMode === VpmMode.PSCI) setSlot(hyp.get<VpmGroup>(v.group), v.groupIndex, cpuLevel(v.suspendState));
}

/**
 * The CPU has nothing to run. When every vCPU that could run here is suspended with a CPU-level StateID that is not 0, the
 * hypervisor asks the firmware for a power-down, from which the emulated firmware never returns (observed; vcpu,
 * corrections 10.3). With nobody voting for it the CPU is switched off instead, which is invisible.
 */
export function onIdle(hyp: Hypervisor, cpu: number): void {
  const s = cpuOf(hyp, cpu);
  if (s.votes === 0 || s.activeVcpus !== 0 || schedState(hyp).graces.length !== 0) return;
  let shallowest = -1;
  for (const id of hyp.ofType[ObjectType.THREAD]) {
    const v = vcpuOf(hyp, id);
    if (v.life !== Life.READY || v.affinity !== cpu || v.vpmMode !== VpmMode.PSCI) continue;
    const level = cpuLevel(v.suspendState);
    if (shallowest < 0 || level < shallowest) shallowest = level;
  }
  if (shallowest > 0) s.lost = true;
}
