/**
 * Power state of a vCPU inside its power group: which slots run, and what keeps physical CPUs awake.
 * Source: fact base vcpu-and-scheduler 10.1.
 */
import type { Hypervisor } from '../hyp/index.js';
import { GROUP_SLOTS, NO_CPU, type Vcpu, type VpmGroup, VpmMode } from './types.js';
import { activeGet, activePut } from './vote.js';

/** power_state: StateType powerdown (bit 16), deepest StateID of this platform. */
export const POWERDOWN = 1 << 16;
export const DEEPEST = POWERDOWN | 1;
/** CPU level field of a StateID. */
export const cpuLevel = (powerState: number): number => powerState & 0xf;

const currentCpu = (v: Vcpu): number => (v.running >= 0 ? v.running : v.affinity);

/** All 8 slots in state 1: suspended. */
export const ALL_SUSPENDED = 0o11111111;

function setSlot(group: VpmGroup, index: number, level: number): void {
  // Numbers up to 2^25, so the arithmetic is done without 32-bit sign trouble. The field keeps 4 bits in a 3-bit slot.
  group.states = (group.states & ~(7 << (3 * index))) | (level << (3 * index));
}

/** VPM state: 1 RUNNING when any slot is 0, else 2 CPUS_SUSPENDED. */
export function groupState(group: VpmGroup): number {
  for (let i = 0; i < GROUP_SLOTS; i++) if (((group.states >> (3 * i)) & 7) === 0) return 1;
  return 2;
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
