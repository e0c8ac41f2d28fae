/**
 * Changes of one interrupt's configuration and state by register writes.
 * Source: fact base vgic-and-timer 2.7, 3, 4.3, 4.6, 4.7.
 */
import { type Gic, setState, sourceOf, stateOf, vcpuAt } from './context.js';
import { deliver, syncAll, undeliver } from './deliver.js';
import {
  ACTIVE,
  CFG_EDGE,
  EDGE,
  ENABLED,
  GROUP1,
  HW_ACTIVE,
  isPending,
  LEVEL_MSG,
  LEVEL_SW,
  LISTED,
  NEED_SYNC,
  priorityOf,
  routeOf,
  UNROUTED,
  withPriority,
  withRoute,
} from './dstate.js';
import { deactivate, updateEnables } from './events.js';
import { withFlag } from './lr.js';
import { type GicVcpu, type MpidrMapping, PRIVATE_COUNT, SPECIAL_BASE, SPI_BASE, type Vic } from './types.js';

const isPrivate = (virq: number): boolean => virq < PRIVATE_COUNT;
export const isSpi = (virq: number): boolean => virq >= SPI_BASE && virq < SPECIAL_BASE;

/** Where an SPI would be delivered when something sets a bit; register writes that clear bits name no vCPU. */
const routeFor = (g: Gic, vic: Vic, virq: number): GicVcpu | undefined =>
  vcpuAt(g, vic, routeOf(vic.spi[virq - SPI_BASE]));

/** `v`: owner of a private interrupt; ignored for SPIs. */
export function changePending(g: Gic, vic: Vic, v: GicVcpu, virq: number, set: boolean, message: boolean): void {
  const bits = EDGE | (message ? LEVEL_MSG : LEVEL_SW);
  const spi = !isPrivate(virq);
  if (set) {
    deliver(g, vic, spi ? routeFor(g, vic, virq) : v, virq, bits, !spi);
    return;
  }
  undeliver(g, vic, spi ? undefined : v, virq, bits | HW_ACTIVE);
}

export function changeEnable(g: Gic, vic: Vic, v: GicVcpu, virq: number, set: boolean): void {
  const spi = !isPrivate(virq);
  if (!set && spi) g.hw.setEnabled(vic, virq, false);
  if (set) deliver(g, vic, spi ? routeFor(g, vic, virq) : v, virq, ENABLED, !spi);
  else if (!undeliver(g, vic, spi ? undefined : v, virq, ENABLED)) syncAll(g, vic);
  if (set && spi) g.hw.setEnabled(vic, virq, true);
}

/** Ignored while the interrupt is listed anywhere. */
export function changeActive(g: Gic, vic: Vic, v: GicVcpu, virq: number, set: boolean): void {
  const old = stateOf(vic, v, virq);
  if ((old & LISTED) !== 0) return;
  if (set) setState(vic, v, virq, old | ACTIVE);
  else deactivate(g, vic, isPrivate(virq) ? v : undefined, virq, false, false, false);
}

export function setGroup(g: Gic, vic: Vic, v: GicVcpu, virq: number, group1: boolean): void {
  const old = stateOf(vic, v, virq);
  let d = withFlag(old, GROUP1, group1);
  // A change to group 0 even withdraws an earlier request to look again.
  if ((old & LISTED) !== 0) d = withFlag(d, NEED_SYNC, group1);
  setState(vic, v, virq, d);
  if ((old & LISTED) !== 0) {
    syncAll(g, vic);
    return;
  }
  const target = vcpuAt(g, vic, routeOf(d));
  if (target !== undefined) deliver(g, vic, target, virq, 0, isPrivate(virq));
}

export function setPriority(g: Gic, vic: Vic, v: GicVcpu, virq: number, priority: number): void {
  const old = stateOf(vic, v, virq);
  const raised = priority < priorityOf(old);
  let d = withPriority(old, priority);
  if (raised && (old & LISTED) !== 0) d |= NEED_SYNC;
  setState(vic, v, virq, d);
  if (!raised) return;
  if ((old & LISTED) !== 0) {
    syncAll(g, vic);
  } else if ((old & ENABLED) !== 0 && isPending(old)) {
    const target = vcpuAt(g, vic, routeOf(d));
    if (target !== undefined) deliver(g, vic, target, virq, 0, isPrivate(virq));
  }
}

/** ICFGR bit of an SPI or PPI. Nothing is delivered or withdrawn by it. */
export function setConfig(g: Gic, vic: Vic, v: GicVcpu, virq: number, edge: boolean): void {
  if (!isPrivate(virq) && sourceOf(g, vic, virq) !== undefined) edge = g.hw.setMode(vic, virq, edge);
  const old = stateOf(vic, v, virq);
  setState(vic, v, virq, edge ? old | CFG_EDGE : old & ~(CFG_EDGE | LEVEL_SW | LEVEL_MSG));
}

/** Redistributor index of an affinity, or undefined when the mapping or the VIC has no such vCPU. */
export function indexOfAffinity(vic: Vic, aff: readonly number[]): number | undefined {
  let index = 0;
  for (let i = 0; i < 4; i++) {
    if ((aff[i] & ~vic.mapping.mask[i]) !== 0) return undefined;
    index += aff[i] * 2 ** vic.mapping.shift[i];
  }
  return index < vic.maxVcpus ? index : undefined;
}

/** MPIDR_EL1 bits of a redistributor index: affinity levels 0..3. */
export const affinityOfIndex = (mapping: MpidrMapping, index: number): number[] =>
  mapping.mask.map((mask, i) => (index >>> mapping.shift[i]) & mask);

/** Affinity levels 0..3 of a value in MPIDR layout: bits 7:0, 15:8, 23:16 and 39:32. */
export const affinityLevels = (value: bigint): number[] =>
  [0n, 8n, 16n, 32n].map((shift) => Number((value >> shift) & 0xffn));

/** IROUTER<n>: `value` names an affinity; the routing mode bit is ignored. */
export function setRouter(g: Gic, vic: Vic, virq: number, value: bigint): void {
  const index = indexOfAffinity(vic, affinityLevels(value)) ?? UNROUTED;
  const old = vic.spi[virq - SPI_BASE];
  let d = withRoute(old, index);
  if ((old & LISTED) !== 0) d |= NEED_SYNC;
  vic.spi[virq - SPI_BASE] = d;
  if ((old & LISTED) !== 0) syncAll(g, vic);
  else if ((old & ENABLED) !== 0 && isPending(old)) deliver(g, vic, vcpuAt(g, vic, index), virq, 0, false);
}

export function setCtlr(g: Gic, vic: Vic, value: number): void {
  const ctlr = value & 3;
  if (ctlr === vic.ctlr) return;
  vic.ctlr = ctlr;
  updateEnables(g, vic);
}
