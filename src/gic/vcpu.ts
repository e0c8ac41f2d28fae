/**
 * The GIC's part of a vCPU's life: loaded on a CPU and saved, stopped, gone for good; what wakes it.
 * Source: fact base vgic-and-timer 1.4, 4.1, 4.3; vcpu-and-scheduler 7.2, 8.
 */
import { type Gic, vicOf, wake } from './context.js';
import { resetVmcr } from './cpuif.js';
import { syncVcpu } from './deliver.js';
import { ENABLED, isPending, LISTED } from './dstate.js';
import { deliverPendingSgis, updateGroupEnables } from './events.js';
import { inRange, routeAndFlag } from './flags.js';
import { reclaimLr } from './listing.js';
import { LR_PENDING, lrState, readLr, writeLr } from './lr.js';
import { deliveryCheck } from './search.js';
import { type GicVcpu, Ipi, LR_COUNT, NO_VIRQ, PRIVATE_COUNT, SPI_BASE, type Vic } from './types.js';

/** The vCPU's list registers, timers and interface go to a physical CPU. */
export function switchIn(g: Gic, v: GicVcpu, cpu: number): void {
  v.owner = cpu;
  // First the list registers: the check for better interrupts reads back those that it takes.
  for (let i = 0; i < LR_COUNT; i++) writeLr(v, i);
  deliveryCheck(g, v);
  if (v.pendingSgis !== 0) deliverPendingSgis(g, v);
}

export function switchOut(g: Gic, v: GicVcpu, expectsWakeup: boolean): void {
  for (let i = 0; i < LR_COUNT; i++) if (v.lrVirq[i] !== NO_VIRQ) readLr(v, i);
  const bits = v.ipi;
  v.ipi = 0;
  const self = g.self;
  if (g.self === v.thread) g.self = -1;
  v.owner = -1;
  if ((bits & Ipi.SYNC) !== 0) syncVcpu(g, v);
  let woken = (bits & Ipi.ENABLE) !== 0 && updateGroupEnables(g, v, vicOf(g, v).ctlr);
  if (expectsWakeup) {
    woken = deliveryCheck(g, v) || woken;
    if (woken) wake(g, v);
    deliverPendingSgis(g, v);
  }
  g.self = self;
}

/** Power-off, halt, exit: the interface is reset and nothing stays listed as pending. */
export function stopped(g: Gic, v: GicVcpu): void {
  if (!v.group0 && !v.group1) return;
  resetVmcr(v);
  updateGroupEnables(g, v, 0);
}

/** WFI, suspend and directed yield return at once while this is true. */
export function pendingWakeup(v: GicVcpu): boolean {
  if (v.searchPrios !== 0) return true;
  if (!v.group0 && !v.group1) return false;
  const lrs = v.owner >= 0 ? v.lrHw : v.lr;
  for (let i = 0; i < LR_COUNT; i++) {
    if ((v.lr[i] & 3) !== 0 && lrState(lrs[i]) === LR_PENDING) return true;
  }
  return false;
}

/** Interrupts that found no target look for one again: a vCPU was activated. */
export function retryUnrouted(g: Gic, vic: Vic): void {
  for (let range = 0; range < 64; range++) {
    const word = range >>> 5;
    const mask = (1 << (range & 31)) >>> 0;
    if ((vic.unrouted[word] & mask) === 0) continue;
    vic.unrouted[word] = (vic.unrouted[word] & ~mask) >>> 0;
    let unclaimed = false;
    inRange(range, (virq) => {
      if (virq < PRIVATE_COUNT) return false;
      const d = vic.spi[virq - SPI_BASE];
      if ((d & ENABLED) !== 0 && (d & LISTED) === 0 && isPending(d) && !routeAndFlag(g, vic, virq, d)) unclaimed = true;
      return false;
    });
    if (unclaimed) vic.unrouted[word] = (vic.unrouted[word] | mask) >>> 0;
  }
}

/** The vCPU goes away for good: its interrupts return to the distributor. */
export function undeliverAll(g: Gic, v: GicVcpu): void {
  const vic = vicOf(g, v);
  v.group0 = false;
  v.group1 = false;
  for (let i = 0; i < LR_COUNT; i++) if (v.lrVirq[i] !== NO_VIRQ) reclaimLr(g, vic, v, i, true);
  for (let at = 0; at < v.searchRanges.length; at++) {
    const bits = v.searchRanges[at];
    if (bits === 0) continue;
    for (let bit = 0; bit < 32; bit++) {
      if ((bits & ((1 << bit) >>> 0)) === 0) continue;
      inRange((at & 1) * 32 + bit, (virq) => {
        if (virq < SPI_BASE) return false;
        const d = vic.spi[virq - SPI_BASE];
        if ((d & ENABLED) !== 0 && (d & LISTED) === 0 && isPending(d)) routeAndFlag(g, vic, virq, d);
        return false;
      });
    }
  }
}
