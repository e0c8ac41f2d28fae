/**
 * Plain data of vCPUs, power groups and the per-CPU scheduler.
 * Sources: fact base vcpu-and-scheduler 1 to 3, 6, 9 and 10.1.
 */
import { hi32, lo32 } from '../base/index.js';
import { type Hypervisor, type HypObject, NO_OBJECT, type Thread, type VirqSource } from '../hyp/index.js';
import { Platform, VcpuOption } from '../protocol/index.js';

/** Thread states (vcpu 1). */
export const Life = { INIT: 0, READY: 1, KILLED: 2, EXITED: 3 } as const;

/** Block reasons as bits (vcpu 2). A thread is runnable when none is set; once killed, when none of the non-killable ones is. */
export const Block = {
  IDLE: 1 << 0,
  RCU_SYNC: 1 << 1,
  RCU_SYNC_KILLABLE: 1 << 2,
  AFFINITY_CHANGED: 1 << 3,
  LIFECYCLE: 1 << 4,
  WAIT_QUEUE: 1 << 5,
  VMMIO: 1 << 6,
  OFF: 1 << 7,
  SUSPEND: 1 << 8,
  WFI: 1 << 9,
  FAULT: 1 << 10,
  RUN: 1 << 11,
} as const;

const NON_KILLABLE = Block.RCU_SYNC | Block.AFFINITY_CHANGED | Block.WAIT_QUEUE | Block.RUN;

/** `vcpu_option_flags` (vcpu 6) in the low half of the word, where numbers do, and the one in the high half. */
export const LowOption = {
  PINNED: lo32(VcpuOption.PINNED),
  SVE_ALLOWED: lo32(VcpuOption.SVE_ALLOWED),
  DEBUG_ALLOWED: lo32(VcpuOption.DEBUG_ALLOWED),
  CRITICAL: lo32(VcpuOption.CRITICAL),
  VCPU_RUN_SCHEDULED: lo32(VcpuOption.VCPU_RUN_SCHEDULED),
} as const;
export const HIGH_HLOS_VM = hi32(VcpuOption.HLOS_VM);

const KNOWN_OPTIONS = Object.values(VcpuOption).reduce((all, bit) => all | bit, 0n);
const UNKNOWN_LOW = ~lo32(KNOWN_OPTIONS);
const UNKNOWN_HIGH = ~hi32(KNOWN_OPTIONS);

/** No other bits are set. */
export const knownOptions = (options: bigint): boolean =>
  (lo32(options) & UNKNOWN_LOW) === 0 && (hi32(options) & UNKNOWN_HIGH) === 0;

/** How a vCPU takes part in power management, fixed at activation (vcpu 10.1). */
export const VpmMode = { NONE: 0, IDLE: 1, PSCI: 2 } as const;

/** A device access that waits for the proxy manager (vcpu 9.5). */
export interface VmmioAccess {
  ipa: number;
  size: number;
  write: boolean;
  /** Write: the whole source register. Read: what the manager supplied. */
  value: bigint;
  /** Destination of a read, 31 = XZR. */
  rt: number;
  signed: boolean;
  wide: boolean;
}

/**
 * What a vCPU still has to do inside the hypervisor when it gets a CPU: the rest of the call in which it gave the CPU up.
 * `smccc`: the call came by HVC #0 or SMC #0, so only its results are written.
 */
export type Pending =
  /** Enter the guest at its entry point. */
  | { kind: 'start' }
  /** `owns`: the call started a directed yield that ends with it. */
  | { kind: 'yield'; smccc: boolean; owns: boolean }
  | { kind: 'run'; smccc: boolean; owns: boolean; target: number }
  /** PSCI suspend: resume, then return SUCCESS or reset. */
  | { kind: 'suspend'; wide: boolean; powerdown: boolean; entry: bigint; context: bigint }
  /** WFI of a vCPU without a power group. */
  | { kind: 'wfiSuspend' }
  | { kind: 'vmmio' };

export interface Vcpu extends Thread {
  life: number;
  block: number;
  spEl1: bigint;
  /** Exclusive monitor of the machine code: where and what the last load-exclusive read. Missing or null: open. */
  monitor?: { at: bigint; value: bigint; high: bigint } | null;
  /** V0..V31, the low and the high half of each. Missing: all zero, nobody used them. */
  simd?: BigUint64Array;
  /** How often the vCPU entered its entry point: a power-on or a warm reset starts its program anew. */
  entries: number;
  pending: Pending | null;

  priority: number;
  sliceNs: number;
  sliceLeftNs: number;
  /** CPU number, or `NO_CPU`: runs only as the target of a directed yield. */
  affinity: number;
  prevAffinity: number;
  pins: number;
  /** In a run queue, or the active thread of its CPU. */
  queued: boolean;
  /** CPU that executes it now, or -1. */
  running: number;
  needRequeue: boolean;
  yielding: boolean;
  yieldTo: number;
  /** Its CPU has nothing else to run: WFI waits without blocking. */
  canIdle: boolean;
  /** In WFI without blocking. */
  idling: boolean;
  /** Time spent executing, in nanoseconds. */
  ranNs: number;

  proxied: boolean;
  /** State of the proxy chart: decides what a `vcpu_run` does with its resume data. */
  proxy: number;
  vmmio: VmmioAccess | null;
  wakeupVirq: VirqSource;
  haltVirq: VirqSource;

  powerVoted: boolean;
  group: number;
  groupIndex: number;
  vpmMode: number;
  /** PSCI power_state word. */
  suspendState: number;
  inactiveCount: number;
  /** The vCPU asked for a system reset (never cleared). */
  reset: { type: bigint; cookie: bigint } | null;
}

export interface VpmGroup extends HypObject {
  noAggregation: boolean;
  online: number;
  /** Thread id per slot; -1 free, -2 taken for ever by a vCPU whose activation failed. */
  slots: Int32Array;
  /** 3 bits per slot, 0 = running; a 4-bit value may spill over. */
  states: number;
  suspendVirq: VirqSource;
}

export const NO_CPU = Platform.AFFINITY_INVALID;
export const NO_THREAD = NO_OBJECT;
export const GROUP_SLOTS = Platform.MAX_VCPUS;
export const SLOT_LOST = -2;

/** Scheduler of one physical CPU (vcpu 3.2). */
export interface CpuSched {
  /** Chosen by the queue rules; in no queue. */
  active: number;
  /** In control: the active thread, the target of its directed yield, or -1 (idle). */
  executing: number;
  /** Active thread whose slot a directed yield borrows, or -1. */
  yieldedFrom: number;
  /** Thread ids, head first, by priority. */
  queues: number[][];
  /** Non-empty queues: priorities 31..0 and 63..32. */
  low: number;
  high: number;
  scheduledAt: number;
  /** End of the slice when it matters, in nanoseconds; Infinity: no tick. */
  deadline: number;
  resched: boolean;
  /** Scheduling choice: the slice of the active thread ends when the thread in control next blocks. */
  expireOnBlock: boolean;
  /** Scheduling choice: the slice ends when the thread that borrows it next wakes one that may have the CPU. */
  expireOnWake: boolean;
  /** Scheduling choice: the slice ends where the next vCPU faults, before it can raise its halt interrupt. */
  expireOnFault: boolean;
  primary: number;
  online: boolean;
  /** When a CPU that was switched on for the first time reaches its scheduler. */
  onlineAt: number;
  votes: number;
  /** vCPUs that keep the CPU awake. */
  activeVcpus: number;
  /** Put to sleep by the firmware and never woken (quirk of the emulated platform). */
  lost: boolean;
}

export interface SchedState {
  cpus: CpuSched[];
  /** CPUs from this number on were never switched on: nothing happens there. */
  started: number;
  /** Affinity changes that wait for a grace period. */
  graces: { thread: number; at: number }[];
}

export const schedState = (hyp: Hypervisor): SchedState => hyp.state.sched as SchedState;
export const cpuOf = (hyp: Hypervisor, cpu: number): CpuSched => schedState(hyp).cpus[cpu];
export const vcpuOf = (hyp: Hypervisor, id: number): Vcpu => hyp.objects[id] as Vcpu;

/** Whether the scheduler may run it (vcpu 2). */
export const isRunnable = (v: Vcpu): boolean => (v.life === Life.KILLED ? v.block & NON_KILLABLE : v.block) === 0;
export const isCritical = (v: Vcpu): boolean => (lo32(v.options) & LowOption.CRITICAL) !== 0;
export const isHlos = (v: Vcpu): boolean => (hi32(v.options) & HIGH_HLOS_VM) !== 0;
