/**
 * The overflow interrupt of a vCPU's performance counters: PPI 23, a level while counters are enabled, an overflow is flagged and
 * its interrupt is enabled. Nothing counts by itself here; guests can flag an overflow by hand, and did in the recordings.
 *
 * The hypervisor hands the counters over at the first access and takes them away at the next switch unless one of them is
 * enabled; while they are away their interrupt cannot be seen. Once it fired it stays active until somebody finds it gone.
 */

import { Platform } from '../protocol/index.js';
import { type Gic, vicOf } from './context.js';
import { deliver } from './deliver.js';
import { EDGE, LEVEL_SRC } from './dstate.js';
import { beginWork, endWork } from './events.js';
import { gicState } from './timer.js';
import type { GicVcpu } from './types.js';

export const PMU_PPI = Platform.PPI_PMU;

/** What the counters' registers say. */
export interface Pmu {
  /** Enabled as a whole, and one of them at least: the hypervisor keeps them with the vCPU. */
  counting: boolean;
  /** An enabled interrupt of an overflow. */
  overflow: boolean;
  /** Handed over to the vCPU. */
  loaded: boolean;
}

const level = (v: GicVcpu): boolean => v.pmu?.overflow === true && v.pmu.loaded;

function poll(g: Gic, v: GicVcpu): void {
  if (!v.active || v.owner < 0 || !level(v)) return;
  const active = gicState(g).pmuActive;
  if (active[v.owner] !== 0) return;
  active[v.owner] = 1;
  const before = beginWork(g, v.thread);
  deliver(g, vicOf(g, v), v, PMU_PPI, EDGE | LEVEL_SRC, true);
  endWork(g, v.thread, before);
}

/** The vCPU accessed its counters, and this is what their registers say now. */
export function pmuAccessed(g: Gic, v: GicVcpu, counting: boolean, overflow: boolean): void {
  if (v.pmu === undefined) {
    if (!counting && !overflow) return;
    v.pmu = { counting, overflow, loaded: true };
  } else {
    v.pmu.counting = counting;
    v.pmu.overflow = overflow;
    v.pmu.loaded = true;
  }
  poll(g, v);
}

/** The vCPU got a CPU. */
export function loadPmu(g: Gic, v: GicVcpu): void {
  const active = gicState(g).pmuActive;
  if ((v.private[PMU_PPI] & LEVEL_SRC) === 0 && active[v.owner] !== 0) active[v.owner] = 0;
  if (v.pmu === undefined) return;
  v.pmu.loaded = v.pmu.counting;
  poll(g, v);
}

/** check_pending of the interrupt: its level, if the vCPU is the one that executes here. */
export function pmuStillPending(g: Gic, v: GicVcpu): boolean {
  if (v.thread !== g.self || v.owner < 0 || level(v)) return true;
  gicState(g).pmuActive[v.owner] = 0;
  return false;
}
