/** Interrupt numbers that RM takes for virtual devices, in any VM's table (its own included). */

import { HypError } from '../../protocol/index.js';
import { RmDeath } from '../death.js';
import { type Rm, type VmRecord, vmLookup } from '../types.js';
import type { Virq } from '../vdev/devices.js';
import { allocGlobal, freeGlobal, virqMap, virqUnmap } from './index.js';
import { VIRQ_NONE } from './types.js';

/** No interrupt. */
export const noVirq = (): Virq => ({ num: VIRQ_NONE, edge: true });
/** An interrupt record that RM zeroed: number 0, which is not "none". */
export const zeroVirq = (): Virq => ({ num: 0, edge: true });

/** Takes a given number. */
const mapVirq = (rm: Rm, vmid: number, num: number): number => virqMap(vmLookup(rm, vmid) as VmRecord, num, true);

/** Takes the lowest free shared number from 960 up (RM: from 32), always as edge. */
export function allocVirq(rm: Rm, vmid: number): { error: number; virq: Virq } {
  const vm = vmLookup(rm, vmid) as VmRecord;
  const got = allocGlobal(vm);
  if (got.error !== HypError.OK) return { error: got.error, virq: noVirq() };
  const error = virqMap(vm, got.irq, false);
  if (error !== HypError.OK) freeGlobal(vm, got.irq);
  return { error, virq: { num: got.irq, edge: true } };
}

export function takeVirq(rm: Rm, vmid: number, given: Readonly<Virq> | null): { error: number; virq: Virq } {
  if (given === null) return allocVirq(rm, vmid);
  return { error: mapVirq(rm, vmid, given.num), virq: { num: given.num, edge: given.edge } };
}

/** Gives a number back; it must be mapped. */
export function revertVirq(rm: Rm, vmid: number, num: number): void {
  const vm = vmLookup(rm, vmid);
  if (vm === null || virqUnmap(vm, num, true) !== HypError.OK) throw new RmDeath('ABORT', 'virq-not-mapped');
}
