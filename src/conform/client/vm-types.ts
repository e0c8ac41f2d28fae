/** What the reference client's VM manager keeps about a VM, and small helpers of its parts. */
import { put16 } from '../../base/index.js';
import { RmError } from '../../protocol/index.js';
import type { CallEnd } from './call.js';
import type { RunningVcpu } from './vcpu.js';

export interface VmPlan {
  /** Host memory of the image parcel. */
  base: number;
  size: number;
  /** Pieces that the parcel consists of; each `size / pieces`. */
  pieces: number;
  dtbOffset: number;
  dtbSize: number;
  share: boolean;
  auth: number;
  /** 0: RM chooses. */
  vmid: number;
  /** Set, index, value of registers. */
  boot: readonly BootRegister[];
  /** PAS id for VM_AUTH_IMAGE. */
  pas: number;
  /** Guest memory that is provided when the guest touches it. */
  ram: readonly PagedRange[];
  /** Memory shared under the label of a node of the device tree. */
  shm: { label: number; base: number; size: number } | undefined;
  /** Part of the image parcel that is firmware. */
  firmware: { offset: number; size: number } | undefined;
  bells: readonly { label: number; level: boolean }[];
  /** An interrupt of the host to lend. */
  irq: { virq: number; label: number } | undefined;
  /** Payload: its place in the image, and the image's guest address. */
  entry: { offset: number; at: number } | undefined;
}

/** Set, index, value. */
export type BootRegister = readonly [number, number, bigint];

export interface PagedRange {
  kind: 'lend' | 'share';
  ipa: number;
  size: number;
  /** Host memory behind it. */
  host: number;
  readOnly: boolean;
}

export interface Resource {
  type: number;
  label: number;
  cap: bigint;
  /** Of an interrupt to accept; 0: none. */
  virqHandle: number;
  virq: number;
}

/** Where the VM is, as far as RM's replies confirm it. */
type VmStage = 'none' | 'allocated' | 'configured' | 'ready' | 'running' | 'exited' | 'reset' | 'gone' | 'stuck';

export interface ManagedVm {
  name: string;
  plan: VmPlan;
  vmid: number | undefined;
  stage: VmStage;
  /** The configuration reached RM. */
  configured: boolean;
  handle: number | undefined;
  resetSeen: boolean;
  exitSeen: boolean;
  resources: Resource[];
  vcpus: RunningVcpu[];
  busy: boolean;
  /** Registers set so far: those of the plan, then those of later commands. */
  boot: BootRegister[];
  shmHandle: number | undefined;
  irqHandle: number | undefined;
  /** Handles of interrupts that were accepted for the VM. */
  accepted: number[];
  /** Guest pages that were provided, with their host pages. */
  provided: Map<number, number>;
}

export type Task = Generator<undefined, void, undefined>;
export type Step<T> = Generator<undefined, T, undefined>;

export const vmidPayload = (vmid: number): Uint8Array => {
  const b = new Uint8Array(4);
  put16(b, 0, vmid);
  return b;
};

export const isOk = (end: CallEnd): end is Extract<CallEnd, { kind: 'reply' }> & { error: 0 } =>
  end.kind === 'reply' && end.error === RmError.OK;
export const errorText = (end: CallEnd): string => (end.kind === 'reply' ? `code ${end.error}` : end.reason);
