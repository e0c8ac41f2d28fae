/** What must hold of the GIC between any two operations. The invariants of the whole machine are in src/sim. */

import { type Gic, gicOf, stateOf } from '../../src/gic/context.js';
import { ACTIVE, HW_DETACHED, LISTED, NEED_SYNC } from '../../src/gic/dstate.js';
import { lrVintid } from '../../src/gic/lr.js';
import { gicOfHyp } from '../../src/gic/port.js';
import { gicState } from '../../src/gic/timer.js';
import { type GicVcpu, NO_VIRQ, PRIVATE_COUNT, SPI_BASE, SPI_COUNT, type Vic } from '../../src/gic/types.js';
import type { Hypervisor } from '../../src/hyp/hypervisor.js';
import { NO_OBJECT } from '../../src/hyp/types.js';

/** Violations in words; empty when all is well. */
export function gicInvariants(hyp: Hypervisor): string[] {
  const g = gicOfHyp(hyp);
  const wrong: string[] = [];
  const owners = new Set<number>();
  const vics = new Set<number>();
  for (const id of gicState(g).vcpus) {
    const v = gicOf(g, id);
    if (v === undefined || !v.active) {
      wrong.push(`thread ${id} is listed as an active vCPU and is none`);
      continue;
    }
    vics.add(v.vic);
    if (hyp.get<Vic>(v.vic).vcpus[v.index] !== id) wrong.push(`VIC ${v.vic} does not know vCPU ${id} at ${v.index}`);
    if (v.owner >= 0 && owners.has(v.owner)) wrong.push(`CPU ${v.owner} holds the list registers of two vCPUs`);
    owners.add(v.owner);
    if (v.trap0 === v.group0 || v.trap1 === v.group1) wrong.push(`vCPU ${id}: traps and group enables disagree`);
  }
  for (const id of vics) checkVic(g, hyp.get<Vic>(id), wrong);
  return wrong;
}

function checkVic(g: Gic, vic: Vic, wrong: string[]): void {
  const holder = new Map<number, number>();
  const vcpus: GicVcpu[] = [];
  for (const thread of vic.vcpus) {
    const v = thread === NO_OBJECT ? undefined : gicOf(g, thread);
    if (v !== undefined) vcpus.push(v);
  }
  for (const v of vcpus) {
    v.lrVirq.forEach((virq, i) => {
      if (virq === NO_VIRQ) return;
      const name = `VIC ${vic.id} vCPU ${v.index} register ${i} with interrupt ${virq}`;
      if (lrVintid(v.lr[i]) !== virq) wrong.push(`${name}: the register names ${lrVintid(v.lr[i])}`);
      if ((stateOf(vic, v, virq) & LISTED) === 0) wrong.push(`${name}: the interrupt is not listed`);
      const key = virq < PRIVATE_COUNT ? (v.index + 1) * 1024 + virq : virq;
      if (holder.has(key)) wrong.push(`${name}: in another register too`);
      holder.set(key, v.index);
    });
    for (let virq = 0; virq < PRIVATE_COUNT; virq++) {
      checkState(v.private[virq], holder.has((v.index + 1) * 1024 + virq), `vCPU ${v.index} interrupt ${virq}`, wrong);
    }
  }
  for (let i = 0; i < SPI_COUNT; i++) {
    const virq = SPI_BASE + i;
    checkState(vic.spi[i], holder.has(virq), `VIC ${vic.id} interrupt ${virq}`, wrong);
  }
}

function checkState(d: number, held: boolean, name: string, wrong: string[]): void {
  if (((d & LISTED) !== 0) !== held) wrong.push(`${name}: ${held ? 'in a register but not listed' : 'listed nowhere'}`);
  if ((d & LISTED) !== 0 && (d & ACTIVE) !== 0) wrong.push(`${name}: listed, and active outside of its register`);
  if ((d & LISTED) === 0 && (d & (NEED_SYNC | HW_DETACHED)) !== 0)
    wrong.push(`${name}: waits for a register it is not in`);
}
