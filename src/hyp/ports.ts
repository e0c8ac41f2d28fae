/**
 * How lower layers reach upper ones without importing them: the composition (src/board) fills these in.
 * `VicPort` by src/gic, `SchedPort` by src/vcpu, `MemPort` by src/hyp/mem.
 */
import type { Access } from '../protocol/index.js';
import type { PhysSnapshot } from './mem/phys.js';
import type { HypObject, Thread } from './types.js';
import type { VirqSource } from './virq.js';

/** An exception that a guest operation takes instead of completing (values as ESR_EL1, FAR_EL1 show them). */
export interface GuestException {
  esr: number;
  /** `undefined`: the syndrome does not set FAR. */
  far: bigint | undefined;
}

/** Result of a device or system-register access. */
export type AccessResult = { value: bigint } | { exception: GuestException };

/** Why a stage-2 translation failed, or a copy that may only touch RAM (DEVICE). Negative so that it never collides with a physical address. */
export const Fault = { TRANSLATION: -1, PERMISSION: -2, DEVICE: -3 } as const;

/** One access at a time. */
export type PageAccess = typeof Access.R | typeof Access.W | typeof Access.X;

export interface VicPort {
  assertSource(source: VirqSource, edgeOnly: boolean): void;
  clearSource(source: VirqSource): void;
  /** Sets `source.vic` and `source.virq`. ARGUMENT_INVALID or BUSY otherwise (ipc 1.3). */
  bindSource(source: VirqSource, vicId: number, virq: number): number;
  unbindSource(source: VirqSource): void;
  /** The interrupt of a bound source is edge-configured: an assertion by level then reports success (vcpu 12.5). */
  isEdge(source: VirqSource): boolean;
  /** Activation check and effect for a vCPU with a VIC: BUSY when its index is taken; initialises private interrupts and timers. */
  vcpuActivate(vcpu: Thread): number;
  /** Power-off, halt or exit: timers off, CPU interface reset, list registers emptied (vcpu 7.2). */
  vcpuStopped(vcpu: Thread): void;
  /** The vCPU was destroyed. */
  vcpuReleased(vcpu: Thread): void;
  /** The vCPU starts or stops executing on a physical CPU: timers load, list registers synchronise. */
  vcpuSwitchedIn(vcpu: Thread, cpu: number): void;
  vcpuSwitchedOut(vcpu: Thread): void;
  /** Something is deliverable or flagged: WFI, suspend and directed yield return at once (vgic 4.1). */
  hasPendingWakeup(vcpu: Thread): boolean;
  /** MPIDR_EL1 of a vCPU from its VIC index. */
  mpidr(vcpu: Thread): bigint;
  /** Whether a VIC is attached: activation needs one (vcpu 1.2 row 5). */
  isAttached(vcpu: Thread): boolean;
  /**
   * Redistributor index that the VIC of `vcpu` maps these affinity bits (MPIDR layout) to; -1 without a VIC or when bits
   * outside its mapping are set (vcpu 10.4).
   */
  mpidrIndex(vcpu: Thread, affinity: bigint): number;
  /** For `addrspace_attach_vdevice` with a VIC capability already looked up (vgic 2.1). */
  attachVdevice(
    addrspace: HypObject,
    vic: HypObject,
    index: number,
    vbase: number,
    size: number,
    flags: bigint,
  ): number;
  /** Access at a guest address with no stage-2 mapping; `undefined` when no GIC frame is there. */
  mmioAccess(vcpu: Thread, ipa: number, size: number, write: boolean, value: bigint): AccessResult | undefined;
  /** The vCPU executes WFI: a last look for something to deliver, before `hasPendingWakeup` (vcpu 8 step 1). */
  beforeWfi(vcpu: Thread): void;
  /** Virtual time (ns) of the next EL1 timer interrupt of any vCPU, `Infinity` when none is armed. */
  nextTimerEvent(): number;
  /** Fires the timers that are due at `hyp.now`. */
  timersDue(): void;
  /** Objects were replaced (snapshot): indices derived from them are rebuilt. */
  restored(): void;
}

export interface SchedPort {
  /** An interrupt was delivered to this vCPU: ends WFI, suspend, a directed yield; raises the run-wakeup vIRQ (vcpu 8). */
  wakeup(thread: Thread): void;
  /** Thread id in whose context the hypervisor works at present (caller of a hypercall), or -1: a timer, the host. */
  current(): number;
  /** Blocked in WFI or suspend, or in a directed yield: its timers must wake it (vcpu 4, vgic 6). */
  expectsWakeup(thread: Thread): boolean;
}

export interface MemPort {
  /** Physical address, or a negative `Fault`. `ipa` 0 .. 2^36-1. `execute`: an instruction fetch. */
  translate(addrspace: number, ipa: number, write: boolean, execute?: boolean): number;
  /**
   * The whole page of RAM behind `ipa` (0 .. 2^36-1), which `access` may reach: to be used at once. `undefined`: it may not, or
   * there is no such page, or nothing was ever written to it; `translate` and `readPhys` tell.
   */
  ramPage(addrspace: number, ipa: number, access: PageAccess): Uint8Array | undefined;
  /** EL1 access to a guest range, page by page: 0, or the `Fault` of the first page that refuses, before which all is copied. */
  accessGuest(addrspace: number, ipa: number, bytes: Uint8Array, write: boolean): number;
  /**
   * Copies between a caller's virtual addresses (stage 1 off: equal to IPAs) and hypervisor memory.
   * Errors in order: ARGUMENT_SIZE (0 or more than `max`), ADDR_OVERFLOW, DENIED (permission), ADDR_INVALID.
   * An earlier page may have been copied when a later one fails. The bytes begin at `at` of `to` or `from` (0 if left out).
   */
  copyFromGuest(thread: Thread, va: bigint, size: bigint, to: Uint8Array, max: number, at?: number): number;
  copyToGuest(thread: Thread, va: bigint, bufferSize: bigint, from: Uint8Array, size: number, at?: number): number;
  /** The whole access lies in one VMMIO range of the address space (memory 8.2). */
  inVmmioRange(addrspace: number, ipa: number, size: number): boolean;
  /**
   * Attaches a whole extent for use by the hypervisor (virtio page), as memory 7: DENIED (other partition, no RW),
   * ARGUMENT_SIZE, MEMEXTENT_TYPE, BUSY (has children).
   */
  attachExtent(extent: HypObject, partition: number, size: number): number;
  detachExtent(extent: HypObject): void;
  /** Physical base and size of a BASIC extent; `undefined` for a sparse one. */
  basicExtent(extent: HypObject): { base: number; size: number } | undefined;
  /** Physical memory; untouched bytes read as zero. */
  readPhys(pa: number, to: Uint8Array): void;
  writePhys(pa: number, from: Uint8Array): void;
  /** Content of physical memory by reference, and back: the pages of a snapshot are never written again. */
  savePhys(): PhysSnapshot;
  restorePhys(snapshot: PhysSnapshot): void;
}
