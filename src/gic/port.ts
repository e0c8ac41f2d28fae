/** The GIC as the rest of the hypervisor sees it: {@link VicPort}, and the kinds of objects. */

import { removeAt, SimBug } from '../base/index.js';
import type { Hypervisor } from '../hyp/hypervisor.js';
import type { VicPort } from '../hyp/ports.js';
import { NO_OBJECT, type Thread } from '../hyp/types.js';
import { HypError, ObjectType } from '../protocol/index.js';
import { assertBound, bindToVic, clearBound, unbindFromVic } from './bind.js';
import { gicVcpu, registerCalls } from './calls.js';
import { forgetSources, type Gic, rebuildSources, vicOf } from './context.js';
import { affinityLevels, affinityOfIndex, indexOfAffinity } from './distributor.js';
import { CFG_EDGE } from './dstate.js';
import { beginWork, endWork, maintenanceBeforeWfi } from './events.js';
import { endForwardedPpi, forwardablePpis, type Hwirq, mayForwardPpi, physicalSide, registerHwirq } from './hwirq.js';
import { frameAccess } from './mmio.js';
import { loadPmu, PMU_PPI, pmuStillPending } from './pmu.js';
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
  newVic,
  releaseGicVcpu,
  releaseVic,
  resetPrivate,
  SGI_COUNT,
  SPI_BASE,
  type Vic,
} from './types.js';
import { pendingWakeup, retryUnrouted, stopped, switchIn, switchOut, undeliverAll } from './vcpu.js';
import { attachFrame, detachWindow } from './windows.js';

/** Injected synchronous external abort of a data access (vcpu 11): read or write alike. */
const ESR_DATA_ABORT = 0x9600_0010;

const stateByHyp = new WeakMap<Hypervisor, Gic>();

/** The GIC of a hypervisor; {@link registerGic} made it. */
export function gicOfHyp(hyp: Hypervisor): Gic {
  const gic = stateByHyp.get(hyp);
  if (gic === undefined) throw new SimBug('no GIC is registered');
  return gic;
}

function activateVcpu(g: Gic, thread: Thread): number {
  const v = gicVcpu(thread);
  if (v.vic === NO_OBJECT) return HypError.ARGUMENT_INVALID;
  const vic = vicOf(g, v);
  if (vic.vcpus[v.index] !== NO_OBJECT) return HypError.BUSY;
  for (let i = 0; i < vic.forwardedPpi.length; i++) {
    if (vic.forwardedPpi[i] === NO_OBJECT) continue;
    // The number is bound already, on the VIC; only this vCPU's own refusal counts.
    if (!mayForwardPpi(g, v.thread, i + SGI_COUNT)) return HypError.OBJECT_CONFIG;
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
    const { vcpus } = gicState(g);
    removeAt(vcpus, vcpus.indexOf(v.thread));
    undeliverAll(g, v);
  }
  v.vic = g.hyp.unref(v.vic);
  releaseGicVcpu(v);
}

function makePort(g: Gic): VicPort {
  const { hyp } = g;
  /** The thread in whose context a hypercall or a device changes a source. */
  const self = (): number => (g.depth > 0 ? g.self : hyp.sched.current());
  return {
    assertSource: (source, edgeOnly) => {
      const thread = self();
      const before = beginWork(g, thread);
      assertBound(g, source, edgeOnly);
      endWork(g, thread, before);
    },
    clearSource: (source) => {
      const thread = self();
      const before = beginWork(g, thread);
      clearBound(g, source);
      endWork(g, thread, before);
    },
    bindSource: (source, vicId, virq) => bindToVic(g, source, vicId, virq),
    unbindSource: (source) => {
      const thread = self();
      const before = beginWork(g, thread);
      unbindFromVic(g, source);
      endWork(g, thread, before);
    },
    isEdge: (source) => (hyp.get<Vic>(source.vic).spi[source.virq - SPI_BASE] & CFG_EDGE) !== 0,
    vcpuActivate: (thread) => {
      const worker = self();
      const before = beginWork(g, worker);
      const error = activateVcpu(g, thread);
      endWork(g, worker, before);
      return error;
    },
    vcpuStopped: (thread) => {
      const v = (thread as GicThread).gic;
      if (v === undefined || !v.active) return;
      const worker = v.owner >= 0 ? v.thread : self();
      const before = beginWork(g, worker);
      stopped(g, v);
      endWork(g, worker, before);
      stopTimers(g, v);
    },
    vcpuReleased: (thread) => releaseVcpu(g, thread),
    vcpuSwitchedIn: (thread, cpu) => {
      const v = (thread as GicThread).gic;
      if (v === undefined || !v.active) return;
      const before = beginWork(g, v.thread);
      switchIn(g, v, cpu);
      endWork(g, v.thread, before);
      loadTimers(g, v);
      v.stopped = false;
      pollTimers(g, v);
      loadPmu(g, v);
    },
    vcpuSwitchedOut: (thread) => {
      const v = (thread as GicThread).gic;
      if (v === undefined || !v.active || v.owner < 0) return;
      const waits = hyp.sched.expectsWakeup(thread);
      saveTimers(g, v, waits);
      switchOut(g, v, waits);
    },
    hasPendingWakeup: (thread) => {
      const v = (thread as GicThread).gic;
      return v?.active ? pendingWakeup(v) : false;
    },
    beforeWfi: (thread) => {
      const v = (thread as GicThread).gic;
      if (v?.active) maintenanceBeforeWfi(g, v);
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
      const vic = { ...vicOf(g, v), maxVcpus: Number.POSITIVE_INFINITY };
      return indexOfAffinity(vic, affinityLevels(affinity)) ?? -1;
    },
    attachVdevice: (addrspace, object, index, vbase, size, flags) =>
      attachFrame(g, addrspace, object as Vic, index, vbase, size, flags),
    mmioAccess: (thread, ipa, size, write, value) => {
      const v = (thread as GicThread).gic;
      if (v === undefined || v.vic === NO_OBJECT) return undefined;
      const before = beginWork(g, v.thread);
      const access = frameAccess(g, v, thread.addrspace, ipa, size, write, value);
      endWork(g, v.thread, before);
      if (access === undefined) return undefined;
      return access.ok ? { value: access.value } : { exception: { esr: ESR_DATA_ABORT, far: BigInt(ipa) } };
    },
    nextTimerEvent: () => nextTimerEvent(g),
    timersDue: () => timersDue(g),
    restored: () => {
      g.nextTimer = undefined;
      g.ppis = undefined;
      forgetSources(g);
    },
  };
}

function unbindAll(g: Gic, vic: Vic): void {
  for (const id of forwardablePpis(g)) {
    const hwirq = g.hyp.objects[id] as Hwirq;
    if (hwirq.vic === vic.id) hwirq.vic = NO_OBJECT;
  }
  if (g.complete ? (g.bound[vic.id] ?? 0) === 0 : vic.bound.indexOf(1) < 0) return;
  if (!g.complete) rebuildSources(g);
  for (let spi = vic.bound.indexOf(1); spi >= 0; spi = vic.bound.indexOf(1, spi + 1)) {
    const source = g.sources[vic.id]?.[SPI_BASE + spi];
    if (source !== undefined) unbindFromVic(g, source);
  }
}

/** Registers VIC and HWIRQ objects, their hypercalls and `hyp.vic`. */
export function registerGic(hyp: Hypervisor): void {
  const g: Gic = {
    hyp,
    self: -1,
    ipis: [],
    depth: 0,
    sources: [],
    bound: [],
    complete: true,
    nextTimer: undefined,
    ppis: undefined,
    hw: physicalSide(hyp, () => g),
    checkPrivate: (v, virq) => {
      const timer = TIMER_PPI.indexOf(virq);
      if (timer >= 0) return timerStillPending(g, v, timer);
      if (virq === PMU_PPI) return pmuStillPending(g, v);
      if (virq >= SGI_COUNT && virq < SPI_BASE) endForwardedPpi(g, vicOf(g, v), virq);
      return false;
    },
  };
  const { cores } = hyp.config;
  const state: GicState = {
    vcpus: [],
    windows: [],
    timerActive: new Array<number>(2 * cores).fill(0),
    pmuActive: new Array<number>(cores).fill(0),
  };
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
    release: (_hyp, vic) => releaseVic(vic),
  });
}
