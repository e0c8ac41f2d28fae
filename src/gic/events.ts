/**
 * What the hypervisor does on behalf of the GIC when something happens to a vCPU: maintenance interrupts, requests between
 * CPUs, group enables, SGIs, deactivation.
 * Source: fact base vgic-and-timer 4.2 to 4.6.
 */
import {
  checkPending,
  type Gic,
  gicOf,
  remoteCpu,
  sendIpi,
  setState,
  stateOf,
  vcpuAt,
  vicOf,
  wake,
} from './context.js';
import { clearHighestActive, maintenance } from './cpuif.js';
import { deliver, syncVcpu } from './deliver.js';
import {
  ACTIVE,
  EDGE,
  ENABLED,
  GROUP1,
  HW_ACTIVE,
  HW_DETACHED,
  isPending,
  LEVEL_SRC,
  LISTED,
  NEED_SYNC,
  routeOf,
} from './dstate.js';
import { syncLr } from './listing.js';
import { LR_HW, LR_PENDING, lrOf, lrState, readLr, writeLr } from './lr.js';
import { deliveryCheck, tryToListPending } from './search.js';
import {
  type GicVcpu,
  Ipi,
  LR_COUNT,
  NO_VIRQ,
  PRIORITIES,
  SGI_COUNT,
  SPECIAL_BASE,
  SPI_BASE,
  type Vic,
} from './types.js';

/** Tries to handle one cause this often; more means that the cause never goes away. */
const MAINTENANCE_LIMIT = 100;

/** The hypervisor stops. First cause wins. */
export function die(g: Gic, what: string, rule: string): void {
  g.hyp.dead ??= { what: `hypervisor: ${what}`, rule };
}

/** Looks at GICD_CTLR and ICC_IGRPENx_EL1 again; true: the vCPU has something new. The vCPU is self or not executing. */
export function updateGroupEnables(g: Gic, v: GicVcpu, ctlr: number): boolean {
  const vic = vicOf(g, v);
  const had0 = v.group0;
  const had1 = v.group1;
  v.group0 = (ctlr & 1) !== 0 && v.veng0;
  v.group1 = (ctlr & 2) !== 0 && v.veng1;
  if ((had0 && !v.group0) || (had1 && !v.group1)) {
    const self = v.thread === g.self;
    for (let i = 0; i < LR_COUNT; i++) {
      if (v.lrVirq[i] === NO_VIRQ) continue;
      if (self) readLr(v, i);
      syncLr(g, vic, v, i, 0);
      if (self) writeLr(v, i);
    }
  }
  v.trap0 = !v.group0;
  v.trap1 = !v.group1;
  v.group0DisableIrq = v.group0;
  v.group1DisableIrq = v.group1;
  return v.group0 || v.group1 ? deliveryCheck(g, v) : false;
}

/** GICD_CTLR changed: every vCPU of the VIC. */
export function updateEnables(g: Gic, vic: Vic): void {
  for (let index = 0; index < vic.maxVcpus; index++) {
    const v = vcpuAt(g, vic, index);
    if (v === undefined) continue;
    if (remoteCpu(g, v) >= 0) sendIpi(g, v, Ipi.ENABLE);
    else if (updateGroupEnables(g, v, vic.ctlr)) wake(g, v);
  }
}

/** Deactivates an interrupt that is not listed, or was just taken out of a register of self (`localListed`). */
export function deactivate(
  g: Gic,
  vic: Vic,
  v: GicVcpu | undefined,
  virq: number,
  localListed: boolean,
  setEdge: boolean,
  hwActive: boolean,
): void {
  const old = stateOf(vic, v, virq);
  let d = old;
  if (localListed) {
    d &= ~(LISTED | NEED_SYNC | HW_DETACHED);
    if (setEdge) d |= EDGE;
  } else {
    if ((old & LISTED) !== 0 || (old & ACTIVE) === 0) return;
    d &= ~ACTIVE;
  }
  const hw = hwActive || ((old & HW_ACTIVE) !== 0 && (old & EDGE) === 0);
  if (hw) d &= ~HW_ACTIVE;
  if ((old & LEVEL_SRC) !== 0 && !checkPending(g, vic, v, virq, (d & EDGE) !== 0)) d &= ~LEVEL_SRC;
  setState(vic, v, virq, d);
  if (hw) g.hw.deactivate(vic, virq);
  if (isPending(d) && (d & ENABLED) !== 0) {
    const target = vcpuAt(g, vic, routeOf(d));
    if (target !== undefined) deliver(g, vic, target, virq, 0, virq < SPI_BASE);
  }
}

/** ICC_DIR_EL1, and ICC_EOIRx_EL1 of a disabled group. Special and reserved INTIDs trip an assertion. */
export function deactivateByGuest(g: Gic, v: GicVcpu, intid: number, rule = 'hyp-dir-special-intid'): void {
  if (intid >= SPECIAL_BASE) {
    die(g, 'assertion "dstate != NULL" in vgic_icc_irq_deactivate', rule);
    return;
  }
  const vic = vicOf(g, v);
  const old = stateOf(vic, v, intid);
  if ((old & LISTED) === 0) {
    deactivate(g, vic, v, intid, false, false, false);
    return;
  }
  const i = lrOf(v, intid);
  if (i < 0) return; // listed by another vCPU: ignored
  readLr(v, i);
  const lr = v.lr[i];
  const state = lrState(lr);
  if (state === LR_PENDING || state === 0) return;
  v.lr[i] = 0;
  v.lrVirq[i] = NO_VIRQ;
  writeLr(v, i);
  deactivate(g, vic, v, intid, true, (state & LR_PENDING) !== 0, (lr & LR_HW) !== 0);
}

/** ICC_EOIRx_EL1 while the group is disabled: emulated. */
export function emulatedEoi(g: Gic, v: GicVcpu, group: number, intid: number): void {
  clearHighestActive(v, group);
  if (!v.eoiMode) deactivateByGuest(g, v, intid, 'hyp-eoir-1023-disabled');
}

/** One round of the maintenance interrupt of self. */
function handleMaintenance(g: Gic, v: GicVcpu): void {
  const vic = vicOf(g, v);
  const cause = maintenance(v);
  if (cause !== undefined) {
    for (let i = 0; i < LR_COUNT; i++) {
      if ((cause.eoi & (1 << i)) === 0 || v.lrVirq[i] === NO_VIRQ) continue;
      readLr(v, i);
      syncLr(g, vic, v, i, 0);
      writeLr(v, i);
    }
    if (cause.unlistedEoi) {
      const count = v.eoiCount;
      for (let n = 0; n < count; n++) {
        // An end of interrupt that matches nothing takes an old entry, or wraps below zero as the real counter does.
        v.activeUnlistedCount = (v.activeUnlistedCount - 1) >>> 0;
        const virq = v.activeUnlisted[v.activeUnlistedCount % PRIORITIES];
        if ((stateOf(vic, v, virq) & LISTED) === 0) deactivate(g, vic, v, virq, false, false, false);
      }
      v.eoiCount = 0;
    }
    if (cause.groupDisabled) {
      if (updateGroupEnables(g, v, vic.ctlr)) wake(g, v);
      return;
    }
  }
  if (v.npie) tryToListPending(g, v);
}

/** WFI asks once more before it sleeps. */
export function maintenanceBeforeWfi(g: Gic, v: GicVcpu): void {
  if (!v.npie && isQuiet(g, v)) return;
  const before = beginWork(g, v.thread);
  handleMaintenance(g, v);
  endWork(g, v.thread, before);
}

/** Maintenance interrupts of self until none is asserted. */
function serviceMaintenance(g: Gic, v: GicVcpu): void {
  for (let round = 0; ; round++) {
    const cause = maintenance(v);
    if (cause === undefined) return;
    if (round === MAINTENANCE_LIMIT) {
      if (cause.groupDisabled) die(g, 'no return from the register write (no message)', 'hyp-igrpen1-with-listed');
      else die(g, 'the vCPU does not run again (no message)', 'hyp-all-listed-active');
      return;
    }
    handleMaintenance(g, v);
  }
}

export function deliverPendingSgis(g: Gic, v: GicVcpu): void {
  const vic = vicOf(g, v);
  for (let virq = 0; virq < SGI_COUNT; virq++) {
    if ((v.pendingSgis & (1 << virq)) === 0) continue;
    v.pendingSgis &= ~(1 << virq);
    deliver(g, vic, v, virq, EDGE, true);
  }
}

/** Requests from other CPUs, handled on the CPU of `v`, which is self. */
function handleIpis(g: Gic, v: GicVcpu, bits: number): void {
  if ((bits & Ipi.SYNC) !== 0) syncVcpu(g, v);
  if ((bits & Ipi.ENABLE) !== 0 && updateGroupEnables(g, v, vicOf(g, v).ctlr)) wake(g, v);
  if ((bits & Ipi.DELIVER) !== 0) {
    for (let i = 0; i < LR_COUNT; i++) if (v.lrVirq[i] !== NO_VIRQ) readLr(v, i);
    if (deliveryCheck(g, v)) wake(g, v);
  }
  if ((bits & Ipi.SGI) !== 0) deliverPendingSgis(g, v);
}

/** ICC_SGI0R/SGI1R/ASGI1R_EL1: to one vCPU. */
export function sendSgi(g: Gic, v: GicVcpu, virq: number, group1: boolean): void {
  const d = v.private[virq];
  if (!group1 && (d & GROUP1) !== 0) return;
  if (v.thread !== g.self && (d & ENABLED) !== 0) {
    v.pendingSgis |= 1 << virq;
    if (v.owner >= 0) sendIpi(g, v, Ipi.SGI);
    else wake(g, v);
  } else {
    deliver(g, vicOf(g, v), v, virq, EDGE, true);
  }
}

/** Begins work on behalf of a thread, which {@link endWork} ends. Returns who worked before. */
export function beginWork(g: Gic, thread: number): number {
  const before = g.self;
  g.self = thread;
  g.depth++;
  return before;
}

/** Ends the outermost work with everything that other CPUs and the thread's own CPU do because of it. */
export function endWork(g: Gic, thread: number, before: number): void {
  g.depth--;
  if (g.depth === 0) settle(g, thread);
  g.self = before;
}

/** Runs `operation` as work on behalf of a thread. What happens with every RPC calls the two parts itself: a closure costs more. */
export function onBehalfOf<T>(g: Gic, thread: number, operation: () => T): T {
  const before = beginWork(g, thread);
  try {
    return operation();
  } finally {
    endWork(g, thread, before);
  }
}

/** No CPU has a request, and the vCPU no cause of a maintenance interrupt. */
const isQuiet = (g: Gic, v: GicVcpu | undefined): boolean =>
  g.ipis.length === 0 &&
  (v === undefined || (v.ipi === 0 && (v.owner < 0 || !v.active || maintenance(v) === undefined)));

function settle(g: Gic, thread: number): void {
  if (isQuiet(g, gicOf(g, thread))) return;
  g.depth++;
  let next: number | undefined = thread;
  while (next !== undefined && g.hyp.dead === undefined) {
    const v = gicOf(g, next);
    if (v?.active && v.owner >= 0) {
      g.self = next;
      const bits = v.ipi;
      v.ipi = 0;
      if (bits !== 0) handleIpis(g, v, bits);
      serviceMaintenance(g, v);
    } else if (v !== undefined) {
      v.ipi = 0;
    }
    if (v === undefined || v.ipi === 0) next = g.ipis.length === 0 ? undefined : g.ipis.pop();
  }
  if (g.ipis.length !== 0) g.ipis.length = 0;
  g.depth--;
}
