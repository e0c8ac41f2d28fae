/**
 * Hardware interrupts of the root VM, forwarded to a VIC (fact base vgic-and-timer 5; hypercall-abi 4.7).
 * One object per physical PPI or SPI that the hypervisor leaves alone; created at boot only. No device of the emulated board is
 * simulated, so a physical interrupt fires only when someone calls {@link raiseHwirq}: `raise` of a scenario.
 */

import type { Hypervisor } from '../hyp/hypervisor.js';
import { type HypObject, isPinned, NO_OBJECT, ObjectState, type Thread } from '../hyp/types.js';
import { SourceKind, type VirqSource, virqSource } from '../hyp/virq.js';
import { HypError, ObjectType, Platform } from '../protocol/index.js';
import { type Gic, gicOf, sourceOf, vcpuAt } from './context.js';
import { deliver } from './deliver.js';
import { isSpi } from './distributor.js';
import { CFG_EDGE, EDGE, ENABLED, HW_ACTIVE, LEVEL_SRC, routeOf } from './dstate.js';
import { onBehalfOf } from './events.js';
import { PRIVATE_COUNT, SGI_COUNT, SPI_BASE, type Vic } from './types.js';

export interface Hwirq extends HypObject {
  /** Physical INTID. */
  irq: number;
  source: VirqSource;
  /** Forwarded PPI: VIC and virtual PPI; -1 unbound. */
  vic: number;
  virq: number;
  enabled: boolean;
  /** Active in the physical GIC. */
  active: boolean;
  edge: boolean;
}

/** PPIs that every vCPU has a source for. */
const FIXED_PPIS: readonly number[] = [Platform.PPI_PMU, Platform.PPI_VIRTUAL_TIMER, Platform.PPI_PHYSICAL_TIMER];

const isPpi = (virq: number): boolean => virq >= SGI_COUNT && virq < PRIVATE_COUNT;

/** Creates and activates the object of physical interrupt `irq` (16..1019). Boot only. */
export function createHwirq(hyp: Hypervisor, partition: number, irq: number): Hwirq {
  const hwirq = hyp.create<Hwirq>(ObjectType.HWIRQ, partition) as Hwirq;
  hwirq.irq = irq;
  hyp.activate(hwirq);
  return hwirq;
}

const pinned = (g: Gic, thread: number): boolean => isPinned(g.hyp.get<Thread>(thread));

/** Whether a vCPU can have this PPI forwarded. */
export const mayForwardPpi = (g: Gic, thread: number, ppi: number): boolean =>
  pinned(g, thread) && !FIXED_PPIS.includes(ppi);

/** May the forwarded PPI be bound on this vCPU? */
function checkForwardedPpi(g: Gic, vic: Vic, thread: number, virq: number): number {
  if (!pinned(g, thread)) return HypError.DENIED;
  if (!isPpi(virq)) return HypError.ARGUMENT_INVALID;
  return FIXED_PPIS.includes(virq) || vic.forwardedPpi[virq - SGI_COUNT] !== NO_OBJECT ? HypError.BUSY : HypError.OK;
}

function bindPpi(g: Gic, hwirq: Hwirq, vic: Vic, virq: number): number {
  if (hwirq.vic !== NO_OBJECT) return HypError.DENIED;
  for (let index = 0; index < vic.maxVcpus; index++) {
    if (vic.vcpus[index] === NO_OBJECT) continue;
    const error = checkForwardedPpi(g, vic, vic.vcpus[index], virq);
    if (error !== HypError.OK) return error;
  }
  hwirq.vic = vic.id;
  hwirq.virq = virq;
  if (isPpi(virq)) vic.forwardedPpi[virq - SGI_COUNT] = hwirq.id;
  return HypError.OK;
}

export function bindHwirq(g: Gic, hwirq: Hwirq, vic: Vic, virq: number): number {
  if (hwirq.irq < SPI_BASE) return bindPpi(g, hwirq, vic, virq);
  if (hwirq.source.vic !== NO_OBJECT && isSpi(virq)) return HypError.VIRQ_BOUND;
  const error = g.hyp.vic.bindSource(hwirq.source, vic.id, virq);
  if (error !== HypError.OK) return error;
  const d = vic.spi[virq - SPI_BASE];
  hwirq.edge = (d & CFG_EDGE) !== 0;
  hwirq.enabled = (d & ENABLED) !== 0;
  return HypError.OK;
}

export function unbindHwirq(g: Gic, hwirq: Hwirq): number {
  if (hwirq.irq >= SPI_BASE) {
    if (hwirq.source.vic === NO_OBJECT) return HypError.VIRQ_NOT_BOUND;
    hwirq.enabled = false;
    g.hyp.vic.unbindSource(hwirq.source);
    return HypError.OK;
  }
  if (hwirq.vic !== NO_OBJECT) {
    const vic = g.hyp.get<Vic>(hwirq.vic);
    if (isPpi(hwirq.virq)) vic.forwardedPpi[hwirq.virq - SGI_COUNT] = NO_OBJECT;
    hwirq.vic = NO_OBJECT;
    hwirq.active = false;
  }
  return HypError.OK;
}

/** Ids of the hardware interrupts that are PPIs. */
export function forwardablePpis(g: Gic): number[] {
  g.ppis ??= g.hyp.ofType[ObjectType.HWIRQ].filter((id) => g.hyp.get<Hwirq>(id).irq < SPI_BASE);
  return g.ppis;
}

/** The hwirq whose SPI is bound to a virtual SPI. */
function hwirqOf(g: Gic, vic: Vic, virq: number): Hwirq | undefined {
  const source = sourceOf(g, vic, virq);
  return source?.kind === SourceKind.HWIRQ ? (g.hyp.objects[source.owner] as Hwirq | undefined) : undefined;
}

/** The physical side that delivery code needs. */
export function physicalSide(hyp: Hypervisor, gic: () => Gic): Gic['hw'] {
  const deactivatePhysical = (pintid: number): void => {
    for (const id of hyp.ofType[ObjectType.HWIRQ]) {
      const hwirq = hyp.get<Hwirq>(id);
      if (hwirq.irq === pintid) hwirq.active = false;
    }
  };
  const withHwirq = (vic: Vic, virq: number, change: (h: Hwirq) => void): void => {
    const hwirq = hwirqOf(gic(), vic, virq);
    if (hwirq !== undefined) change(hwirq);
  };
  return {
    deactivatePhysical,
    deactivate: (vic, virq) =>
      withHwirq(vic, virq, (h) => {
        h.active = false;
      }),
    physicalIntid: (vic, virq) => hwirqOf(gic(), vic, virq)?.irq ?? 0,
    setEnabled: (vic, virq, enabled) =>
      withHwirq(vic, virq, (h) => {
        h.enabled = enabled;
      }),
    setMode: (vic, virq, edge) => {
      // The halt vIRQ of a vCPU cannot be a level.
      if (sourceOf(gic(), vic, virq)?.kind === SourceKind.VCPU_HALT) return true;
      withHwirq(vic, virq, (h) => {
        h.edge = edge;
      });
      return edge;
    },
  };
}

/** A device raises the physical interrupt (on CPU `cpu` for a PPI). False: it is disabled, active or unbound. */
export function raiseHwirq(g: Gic, hwirq: Hwirq, cpu: number): boolean {
  if (hwirq.active || hwirq.state !== ObjectState.ACTIVE) return false;
  if (hwirq.irq < SPI_BASE) {
    if (hwirq.vic === NO_OBJECT) return false;
    const vic = g.hyp.get<Vic>(hwirq.vic);
    for (const thread of vic.vcpus) {
      const v = thread === NO_OBJECT ? undefined : gicOf(g, thread);
      if (v === undefined || v.owner !== cpu || (v.private[hwirq.virq] & ENABLED) === 0) continue;
      hwirq.active = (v.private[hwirq.virq] & CFG_EDGE) === 0;
      onBehalfOf(g, v.thread, () => deliver(g, vic, v, hwirq.virq, EDGE | LEVEL_SRC, true));
      return true;
    }
    return false;
  }
  if (hwirq.source.vic === NO_OBJECT || !hwirq.enabled) return false;
  const vic = g.hyp.get<Vic>(hwirq.source.vic);
  const { virq } = hwirq.source;
  hwirq.active = true;
  const target = vcpuAt(g, vic, routeOf(vic.spi[virq - SPI_BASE]));
  onBehalfOf(g, target?.thread ?? -1, () => deliver(g, vic, target, virq, EDGE | LEVEL_SRC | HW_ACTIVE, false));
  return true;
}

/** check_pending of a forwarded PPI: never, and the physical interrupt may fire again. */
export function endForwardedPpi(g: Gic, vic: Vic, virq: number): void {
  const id = vic.forwardedPpi[virq - SGI_COUNT];
  if (id !== NO_OBJECT) g.hyp.get<Hwirq>(id).active = false;
}

const newHwirq = (base: HypObject): Hwirq => ({
  id: base.id,
  type: base.type,
  state: base.state,
  refs: base.refs,
  partition: base.partition,
  caps: base.caps,
  irq: 0,
  source: virqSource(SourceKind.HWIRQ, base.id),
  vic: NO_OBJECT,
  virq: 0,
  enabled: false,
  active: false,
  edge: false,
});

export function registerHwirq(hyp: Hypervisor, gic: () => Gic): void {
  hyp.kind<Hwirq>(ObjectType.HWIRQ, {
    create: (_hyp, base) => {
      gic().ppis = undefined;
      return newHwirq(base);
    },
    activate: () => HypError.OK,
    deactivate: (_hyp, hwirq) => {
      unbindHwirq(gic(), hwirq);
    },
    release: () => {
      gic().ppis = undefined;
    },
  });
}
