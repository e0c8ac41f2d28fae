/** The GIC as the rest of the hypervisor sees it: {@link VicPort}, and its hypercalls (fact base hypercall-abi 4.7). */
import { lo32 } from '../base/index.js';
import type { Hypervisor } from '../hyp/hypervisor.js';
import { lookup, lookupConfigure, lookupInit } from '../hyp/lookup.js';
import type { VicPort } from '../hyp/ports.js';
import { type HypObject, NO_OBJECT, ObjectState, type Thread } from '../hyp/types.js';
import { Call, HypError, ObjectType, Rights } from '../protocol/index.js';
import { assertBound, bindToVic, clearBound, unbindFromVic } from './bind.js';
import { type Gic, rebuildSources, vicOf } from './context.js';
import { affinityOfIndex, indexOfAffinity } from './distributor.js';
import { CFG_EDGE } from './dstate.js';
import {
  maintenanceBeforeWfi,
  onBehalfOf,
  pendingWakeup,
  retryUnrouted,
  stopped,
  switchIn,
  switchOut,
  undeliverAll,
} from './events.js';
import {
  bindHwirq,
  checkForwardedPpi,
  endForwardedPpi,
  type Hwirq,
  physicalSide,
  registerHwirq,
  unbindHwirq,
} from './hwirq.js';
import { frameAccess } from './mmio.js';
import {
  type GicState,
  gicState,
  loadTimers,
  nextTimerEvent,
  pollTimers,
  saveTimers,
  stopTimers,
  TIMER_PPI,
  timerStillPending,
  timersDue,
} from './timer.js';
import {
  type GicThread,
  type GicVcpu,
  type GicWindow,
  MAX_VCPUS,
  newGicVcpu,
  newVic,
  resetPrivate,
  SGI_COUNT,
  SPI_BASE,
  SPI_COUNT,
  type Vic,
} from './types.js';

/** Injected synchronous external abort of a data access (vcpu 11): read or write alike. */
export const ESR_DATA_ABORT = 0x9600_0010;

const ADDRESS_LIMIT = 2 ** 36;

const stateByHyp = new WeakMap<Hypervisor, Gic>();

/** The GIC of a hypervisor; {@link registerGic} made it. */
export function gicOfHyp(hyp: Hypervisor): Gic {
  const gic = stateByHyp.get(hyp);
  if (gic === undefined) throw new Error('no GIC is registered');
  return gic;
}

/** The GIC part of a thread, made on first use. */
export function gicVcpu(thread: Thread): GicVcpu {
  const t = thread as GicThread;
  t.gic ??= newGicVcpu(thread.id);
  return t.gic;
}

const overlaps = (w: GicWindow, addrspace: number, base: number, size: number): boolean =>
  w.addrspace === addrspace && base < w.base + w.size && w.base < base + size;

function attachWindow(g: Gic, window: GicWindow, addrspace: HypObject, base: number, size: number): number {
  if (size === 0 || base + size > 2 ** 64) return HypError.ARGUMENT_INVALID;
  if (base + size > ADDRESS_LIMIT) return HypError.ARGUMENT_SIZE;
  for (const other of gicState(g).windows) {
    const vic = g.hyp.get<Vic>(other.vic);
    const w = other.index === 0 ? vic.gicd : g.hyp.get<GicThread>(vic.vcpus[other.index - 1]).gic?.window;
    if (w !== undefined && overlaps(w, addrspace.id, base, size)) return HypError.BUSY;
  }
  window.addrspace = g.hyp.ref(addrspace.id);
  window.base = base;
  window.size = size;
  return HypError.OK;
}

function detachWindow(g: Gic, window: GicWindow, vic: number, index: number): void {
  if (window.addrspace === NO_OBJECT) return;
  const state = gicState(g);
  state.windows = state.windows.filter((w) => w.vic !== vic || w.index !== index);
  const { addrspace } = window;
  window.addrspace = NO_OBJECT;
  g.hyp.unref(addrspace);
}

function activateVcpu(g: Gic, thread: Thread): number {
  const v = gicVcpu(thread);
  if (v.vic === NO_OBJECT) return HypError.ARGUMENT_INVALID;
  const vic = vicOf(g, v);
  if (vic.vcpus[v.index] !== NO_OBJECT) return HypError.BUSY;
  for (let i = 0; i < vic.forwardedPpi.length; i++) {
    if (vic.forwardedPpi[i] === NO_OBJECT) continue;
    // The number is bound already, on the VIC; only this vCPU's own refusal counts.
    const error = checkForwardedPpi(
      g,
      { ...vic, forwardedPpi: new Int32Array(16).fill(NO_OBJECT) },
      v.thread,
      i + SGI_COUNT,
    );
    if (error !== HypError.OK) return HypError.OBJECT_CONFIG;
  }
  resetPrivate(v);
  v.active = true;
  vic.vcpus[v.index] = v.thread;
  gicState(g).vcpus.push(v.thread);
  retryUnrouted(g, vic);
  return HypError.OK;
}

function releaseVcpu(g: Gic, thread: Thread): void {
  const v = (thread as GicThread).gic;
  if (v === undefined || v.vic === NO_OBJECT) return;
  const vic = vicOf(g, v);
  detachWindow(g, v.window, vic.id, v.index + 1);
  if (v.active) {
    v.active = false;
    vic.vcpus[v.index] = NO_OBJECT;
    const state = gicState(g);
    state.vcpus = state.vcpus.filter((id) => id !== v.thread);
    undeliverAll(g, v);
  }
  v.vic = g.hyp.unref(v.vic);
}

const expectsWakeup = (g: Gic, thread: Thread): boolean => g.hyp.sched.expectsWakeup?.(thread) ?? false;

function makePort(g: Gic): VicPort {
  const { hyp } = g;
  /** The thread in whose context a hypercall or a device changes a source. */
  const self = (): number => (g.depth > 0 ? g.self : (hyp.sched.current?.() ?? -1));
  return {
    assertSource: (source, edgeOnly) => onBehalfOf(g, self(), () => assertBound(g, source, edgeOnly)),
    clearSource: (source) => onBehalfOf(g, self(), () => clearBound(g, source)),
    bindSource: (source, vicId, virq) => bindToVic(g, source, vicId, virq),
    unbindSource: (source) => onBehalfOf(g, self(), () => unbindFromVic(g, source)),
    isEdge: (source) => (hyp.get<Vic>(source.vic).spi[source.virq - SPI_BASE] & CFG_EDGE) !== 0,
    vcpuActivate: (thread) => onBehalfOf(g, self(), () => activateVcpu(g, thread)),
    vcpuStopped: (thread) => {
      const v = (thread as GicThread).gic;
      if (v === undefined || !v.active) return;
      onBehalfOf(g, v.owner >= 0 ? v.thread : self(), () => stopped(g, v));
      stopTimers(g, v);
    },
    vcpuReleased: (thread) => releaseVcpu(g, thread),
    vcpuSwitchedIn: (thread, cpu) => {
      const v = (thread as GicThread).gic;
      if (v === undefined || !v.active) return;
      onBehalfOf(g, v.thread, () => switchIn(g, v, cpu));
      loadTimers(g, v);
      v.stopped = false;
      pollTimers(g, v);
    },
    vcpuSwitchedOut: (thread) => {
      const v = (thread as GicThread).gic;
      if (v === undefined || !v.active || v.owner < 0) return;
      const waits = expectsWakeup(g, thread);
      saveTimers(g, v, waits);
      switchOut(g, v, waits);
    },
    hasPendingWakeup: (thread) => {
      const v = (thread as GicThread).gic;
      return v?.active ? pendingWakeup(v) : false;
    },
    beforeWfi: (thread) => {
      const v = (thread as GicThread).gic;
      if (v?.active) onBehalfOf(g, v.thread, () => maintenanceBeforeWfi(g, v));
    },
    mpidr: (thread) => {
      const v = (thread as GicThread).gic;
      if (v === undefined || v.vic === NO_OBJECT) return 0x8000_0000n;
      const { mapping } = vicOf(g, v);
      const [a0, a1, a2, a3] = affinityOfIndex(mapping, v.index);
      const low = BigInt(a0 | (a1 << 8) | (a2 << 16)) | (mapping.mt ? 1n << 24n : 0n);
      return low | (mapping.uniprocessor ? 1n << 30n : 0n) | (1n << 31n) | (BigInt(a3) << 32n);
    },
    isAttached: (thread) => ((thread as GicThread).gic?.vic ?? NO_OBJECT) !== NO_OBJECT,
    mpidrIndex: (thread, affinity) => {
      const v = (thread as GicThread).gic;
      if (v === undefined || v.vic === NO_OBJECT) return -1;
      const aff = [0n, 8n, 16n, 32n].map((shift) => Number((affinity >> shift) & 0xffn));
      return indexOfAffinity({ ...vicOf(g, v), maxVcpus: Number.POSITIVE_INFINITY }, aff) ?? -1;
    },
    attachVdevice: (addrspace, object, index, vbase, size, flags) => {
      const vic = object as Vic;
      if (index > vic.maxVcpus) return HypError.ARGUMENT_INVALID;
      if (index === 0) {
        if (flags !== 0n) return HypError.ARGUMENT_INVALID;
        if (vic.gicd.addrspace !== NO_OBJECT) return HypError.BUSY;
        const error = attachWindow(g, vic.gicd, addrspace, vbase, size);
        if (error === HypError.OK) gicState(g).windows.push({ addrspace: addrspace.id, vic: vic.id, index });
        return error;
      }
      if (flags >> 2n !== 0n) return HypError.ARGUMENT_INVALID;
      const thread = vic.vcpus[index - 1];
      if (thread === NO_OBJECT) return HypError.IDLE;
      const v = gicVcpu(hyp.get<Thread>(thread));
      if (v.window.addrspace !== NO_OBJECT) return HypError.BUSY;
      v.windowLast = (flags & 1n) !== 0n ? (flags & 2n) !== 0n : index === vic.maxVcpus;
      const error = attachWindow(g, v.window, addrspace, vbase, size);
      if (error === HypError.OK) gicState(g).windows.push({ addrspace: addrspace.id, vic: vic.id, index });
      return error;
    },
    mmioAccess: (thread, ipa, size, write, value) => {
      const v = (thread as GicThread).gic;
      if (v === undefined || v.vic === NO_OBJECT) return undefined;
      const access = onBehalfOf(g, v.thread, () => frameAccess(g, v, thread.addrspace, ipa, size, write, value));
      if (access === undefined) return undefined;
      return access.ok ? { value: access.value } : { exception: { esr: ESR_DATA_ABORT, far: BigInt(ipa) } };
    },
    nextTimerEvent: () => nextTimerEvent(g),
    timersDue: () => timersDue(g),
    restored: () => {
      g.nextTimer = undefined;
      rebuildSources(g);
    },
  };
}

function registerCalls(hyp: Hypervisor, g: Gic): void {
  hyp.call(Call.VIC_CONFIGURE, (h, caller, a) => {
    const vic = lookupConfigure<Vic>(h, caller, a[0], ObjectType.VIC);
    if (typeof vic === 'number') return vic;
    const options = a[3];
    if (options >> 2n !== 0n) return HypError.ARGUMENT_INVALID;
    if (vic.state !== ObjectState.INIT) return HypError.OBJECT_STATE;
    vic.fixedAddresses = (options & 2n) === 0n;
    const maxVcpus = lo32(a[1]);
    if (maxVcpus === 0 || maxVcpus > MAX_VCPUS) return HypError.ARGUMENT_INVALID;
    vic.maxVcpus = maxVcpus;
    if (lo32(a[2]) > SPI_COUNT) return HypError.ARGUMENT_INVALID;
    vic.maxVirqs = lo32(a[2]);
    return (options & 1n) !== 0n && lo32(a[4]) !== 0 ? HypError.ARGUMENT_INVALID : HypError.OK;
  });
  hyp.call(Call.VIC_ATTACH_VCPU, (h, caller, a) => {
    const vic = lookup<Vic>(h, caller, a[0], ObjectType.VIC, Rights.VIC.ATTACH_VCPU);
    if (typeof vic === 'number') return vic;
    const thread = lookupInit<Thread>(h, caller, a[1], ObjectType.THREAD);
    if (typeof thread === 'number') return thread;
    return attachVcpu(h, vic, thread, lo32(a[2]));
  });
  hyp.call(Call.VGIC_SET_MPIDR_MAPPING, (h, caller, a) => {
    const vic = lookupInit<Vic>(h, caller, a[0], ObjectType.VIC);
    if (typeof vic === 'number') return vic;
    return setMapping(vic, a[1], [lo32(a[2]), lo32(a[3]), lo32(a[4]), lo32(a[5])], (a[6] & 1n) !== 0n);
  });
  hyp.call(Call.VIC_BIND_MSI_SOURCE, (h, caller, a) => {
    const vic = lookup(h, caller, a[0], ObjectType.VIC, Rights.VIC.BIND_SOURCE);
    return typeof vic === 'number' ? vic : HypError.CSPACE_WRONG_OBJECT_TYPE;
  });
  hyp.call(Call.HWIRQ_BIND_VIRQ, (h, caller, a) => {
    const hwirq = lookup<Hwirq>(h, caller, a[0], ObjectType.HWIRQ, Rights.HWIRQ.BIND_VIC);
    if (typeof hwirq === 'number') return hwirq;
    const vic = lookup<Vic>(h, caller, a[1], ObjectType.VIC, Rights.VIC.BIND_SOURCE);
    return typeof vic === 'number' ? vic : bindHwirq(g, hwirq, vic, lo32(a[2]));
  });
  hyp.call(Call.HWIRQ_UNBIND_VIRQ, (h, caller, a) => {
    const hwirq = lookup<Hwirq>(h, caller, a[0], ObjectType.HWIRQ, Rights.HWIRQ.BIND_VIC);
    return typeof hwirq === 'number' ? hwirq : unbindHwirq(g, hwirq);
  });
}

/** `vic_attach_vcpu` after its lookups; also used at boot. */
export function attachVcpu(hyp: Hypervisor, vic: Vic, thread: Thread, index: number): number {
  if (index >= vic.maxVcpus) return HypError.ARGUMENT_INVALID;
  const v = gicVcpu(thread);
  hyp.ref(vic.id);
  if (v.vic !== NO_OBJECT) hyp.unref(v.vic);
  v.vic = vic.id;
  v.index = index;
  return HypError.OK;
}

/** Affinity mapping (vgic 1.3): fields must not overlap and fill a number from bit 0 up. */
export function setMapping(vic: Vic, mask: bigint, shift: number[], mt: boolean): number {
  const masks = [0n, 8n, 16n, 32n].map((at) => Number((mask >> at) & 0xffn));
  let union = 0n;
  for (let i = 0; i < 4; i++) {
    if (shift[i] >= 32) return HypError.ARGUMENT_INVALID;
    const field = BigInt(masks[i]) << BigInt(shift[i]);
    if ((union & field) !== 0n) return HypError.ARGUMENT_INVALID;
    union |= field;
  }
  if ((union & (union + 1n)) !== 0n || union >= 0xffffn) return HypError.ARGUMENT_INVALID;
  vic.mapping = { mask: masks, shift: [...shift], mt, uniprocessor: union === 0n };
  return HypError.OK;
}

function unbindAll(g: Gic, vic: Vic): void {
  for (const object of g.hyp.objects) {
    if (object?.type === ObjectType.HWIRQ && (object as Hwirq).vic === vic.id) (object as Hwirq).vic = NO_OBJECT;
  }
  if (vic.bound.indexOf(1) < 0) return;
  rebuildSources(g);
  for (const source of [...g.sources.values()]) if (source.vic === vic.id) unbindFromVic(g, source);
}

/** Registers VIC and HWIRQ objects, their hypercalls and `hyp.vic`. */
export function registerGic(hyp: Hypervisor): void {
  const g: Gic = {
    hyp,
    self: -1,
    ipis: [],
    depth: 0,
    sources: new Map(),
    nextTimer: undefined,
    hw: physicalSide(hyp, () => g),
    checkPrivate: (v, virq) => {
      const timer = TIMER_PPI.indexOf(virq as 27 | 30);
      if (timer >= 0) return timerStillPending(g, v, timer);
      if (virq >= SGI_COUNT && virq < SPI_BASE) endForwardedPpi(g, vicOf(g, v), virq);
      return false;
    },
  };
  const state: GicState = { vcpus: [], windows: [], timerActive: new Uint8Array(2 * hyp.config.cores) };
  hyp.state.gic = state;
  stateByHyp.set(hyp, g);
  hyp.vic = makePort(g);
  registerCalls(hyp, g);
  registerHwirq(hyp, () => g);
  hyp.kind<Vic>(ObjectType.VIC, {
    create: (_hyp, base) => newVic(base),
    activate: () => HypError.OK,
    deactivate: (_hyp, vic) => {
      unbindAll(g, vic);
      detachWindow(g, vic.gicd, vic.id, 0);
    },
  });
}
