/**
 * The thread object: creation defaults, activation checks in Gunyah's order, destruction.
 * Source: fact base vcpu-and-scheduler 1 and 6.
 */

import { hi32, lo32 } from '../base/index.js';
import type { Partition } from '../hyp/index.js';
import { type Hypervisor, type HypObject, NO_OBJECT, SourceKind, unbindSource, virqSource } from '../hyp/index.js';
import { HypError, ObjectType, Platform, VcpuOption } from '../protocol/index.js';
import { lifeEvent, PROXY_NATIVE, proxyEvent } from './charts.js';
import { block, unblock } from './queue.js';
import { PSTATE_RESET, SCTLR_RESET } from './start-stop.js';
import { DEEPEST } from './suspend.js';
import {
  Block,
  cpuOf,
  HIGH_HLOS_VM,
  Life,
  LowOption,
  NO_CPU,
  NO_THREAD,
  SLOT_LOST,
  type Vcpu,
  type VpmGroup,
  VpmMode,
} from './types.js';

/**
 * Registers of new vCPUs come out of one buffer: a typed array with a buffer of its own costs three times as much. An array is
 * never handed out twice, because traces and drivers look at the registers of vCPUs that are gone.
 */
const REGISTERS = 31;
const VCPUS_PER_SLAB = 64;
let slab = new ArrayBuffer(0);
let slabUsed = 0;

function newRegisters(): BigUint64Array {
  if (slabUsed === slab.byteLength) {
    slab = new ArrayBuffer(VCPUS_PER_SLAB * REGISTERS * BigUint64Array.BYTES_PER_ELEMENT);
    slabUsed = 0;
  }
  const x = new BigUint64Array(slab, slabUsed, REGISTERS);
  slabUsed += x.byteLength;
  return x;
}

/** A new vCPU: off, unplaced, without relations. */
function newVcpu(base: HypObject): Vcpu {
  return {
    id: base.id,
    type: base.type,
    state: base.state,
    refs: base.refs,
    partition: base.partition,
    caps: base.caps,
    cspace: NO_OBJECT,
    addrspace: NO_OBJECT,
    x: newRegisters(),
    pc: 0n,
    life: Life.INIT,
    block: Block.LIFECYCLE | Block.OFF,
    options: 0n,
    spEl0: 0n,
    spEl1: 0n,
    sctlr: SCTLR_RESET,
    pstate: PSTATE_RESET,
    entries: 0,
    pending: { kind: 'start' },
    priority: Platform.PRIORITY_DEFAULT,
    sliceNs: Platform.TIMESLICE_DEFAULT_NS,
    sliceLeftNs: Platform.TIMESLICE_DEFAULT_NS,
    affinity: NO_CPU,
    prevAffinity: NO_CPU,
    pins: 0,
    queued: false,
    running: -1,
    needRequeue: false,
    yielding: false,
    yieldTo: NO_THREAD,
    canIdle: false,
    idling: false,
    ranNs: 0,
    proxied: false,
    proxy: PROXY_NATIVE,
    vmmio: null,
    wakeupVirq: virqSource(SourceKind.VCPU_RUN_WAKEUP, base.id),
    haltVirq: virqSource(SourceKind.VCPU_HALT, base.id),
    powerVoted: false,
    group: NO_OBJECT,
    groupIndex: 0,
    vpmMode: VpmMode.NONE,
    suspendState: DEEPEST,
    inactiveCount: 0,
    reset: null,
    prngWindowNs: Number.NEGATIVE_INFINITY,
    prngReads: 0,
  };
}

/** VPM group: fixes the mode and takes the slot, which a later failure of the activation does not give back. */
function joinGroup(hyp: Hypervisor, v: Vcpu): number {
  if (v.group === NO_OBJECT) {
    v.vpmMode = VpmMode.IDLE;
    return HypError.OK;
  }
  const group = hyp.get<VpmGroup>(v.group);
  v.vpmMode = group.noAggregation ? VpmMode.NONE : VpmMode.PSCI;
  if (v.groupIndex >= group.slots.length) return HypError.OBJECT_CONFIG;
  if (group.slots[v.groupIndex] !== NO_THREAD) return HypError.DENIED;
  group.slots[v.groupIndex] = v.id;
  return HypError.OK;
}

/** Options: each one is validated and put in force by its module; a refusal fails the activation (vcpu 6). */
function applyOptions(hyp: Hypervisor, v: Vcpu, wanted: bigint): boolean {
  const low = lo32(wanted);
  const hlos = (hi32(wanted) & HIGH_HLOS_VM) !== 0;
  v.options = VcpuOption.DEBUG_ALLOWED;
  // The modelled CPU has SVE; only HLOS may use it.
  if ((low & LowOption.SVE_ALLOWED) !== 0) {
    if (!hlos) return false;
    v.options |= VcpuOption.SVE_ALLOWED;
  }
  if (hlos || (low & LowOption.CRITICAL) !== 0) {
    if (!hyp.get<Partition>(v.partition).privileged) return false;
    v.options |= VcpuOption.CRITICAL;
  }
  if (hlos) {
    v.options |= VcpuOption.HLOS_VM;
    if (v.affinity === NO_CPU) return false;
    const s = cpuOf(hyp, v.affinity);
    if (s.primary !== NO_THREAD) return false;
    s.primary = v.id;
  }
  const pinned = (low & LowOption.PINNED) !== 0;
  if (pinned && v.affinity === NO_CPU) return false;
  if (pinned || hlos) {
    v.pins++;
    v.options |= VcpuOption.PINNED;
  }
  if ((low & LowOption.VCPU_RUN_SCHEDULED) !== 0) {
    v.options |= VcpuOption.VCPU_RUN_SCHEDULED;
    block(hyp, v, Block.RUN);
    v.proxied = true;
    proxyEvent(v, 'ENABLE');
  }
  return true;
}

function countInactive(hyp: Hypervisor, v: Vcpu): void {
  v.inactiveCount = (v.block & Block.OFF) !== 0 ? 1 : 0;
  if (v.affinity === NO_CPU) v.inactiveCount++;
  else if (v.inactiveCount === 0) cpuOf(hyp, v.affinity).activeVcpus++;
}

/** Checks and effects in the order of vcpu 1.2. */
export function activateVcpu(hyp: Hypervisor, v: Vcpu): number {
  const joined = joinGroup(hyp, v);
  if (joined !== HypError.OK) return joined;
  const attached = hyp.vic?.isAttached(v) ?? false;
  if (attached) {
    const error = hyp.vic.vcpuActivate(v);
    if (error !== HypError.OK) return error;
  }
  if (v.addrspace === NO_OBJECT) return HypError.OBJECT_CONFIG;
  if (!attached) return HypError.ARGUMENT_INVALID;
  if (v.cspace === NO_OBJECT) return HypError.OBJECT_CONFIG;
  if (v.affinity !== NO_CPU && v.affinity >= hyp.config.cores) return HypError.OBJECT_CONFIG;
  if (!applyOptions(hyp, v, v.options)) return HypError.OBJECT_CONFIG;
  countInactive(hyp, v);
  // The thread holds itself until it exits.
  hyp.ref(v.id);
  lifeEvent(v, 'ACTIVATE');
  unblock(hyp, v, Block.LIFECYCLE);
  return HypError.OK;
}

function deactivateVcpu(hyp: Hypervisor, v: Vcpu): void {
  unbindSource(hyp, v.haltVirq);
  unbindSource(hyp, v.wakeupVirq);
  if (v.group !== NO_OBJECT) {
    const slots = hyp.get<VpmGroup>(v.group).slots;
    if (slots[v.groupIndex] === v.id) slots[v.groupIndex] = NO_THREAD;
  }
  // The mark of a CPU's HLOS vCPU is never cleared (platform-qemu 8).
}

function releaseVcpu(hyp: Hypervisor, v: Vcpu): void {
  if (v.group !== NO_OBJECT) {
    const slots = hyp.get<VpmGroup>(v.group).slots;
    if (slots[v.groupIndex] === v.id) slots[v.groupIndex] = SLOT_LOST;
  }
  hyp.vic?.vcpuReleased(v);
  v.group = hyp.unref(v.group);
  v.addrspace = hyp.unref(v.addrspace);
  v.cspace = hyp.unref(v.cspace);
}

export function registerThread(hyp: Hypervisor): void {
  hyp.kind<Vcpu>(ObjectType.THREAD, {
    create: (_hyp, base) => newVcpu(base),
    activate: activateVcpu,
    deactivate: deactivateVcpu,
    release: releaseVcpu,
  });
  // Edge only: nothing to ask for.
  hyp.checkPending[SourceKind.VCPU_HALT] = () => false;
  hyp.checkPending[SourceKind.VCPU_RUN_WAKEUP] = () => false;
}
