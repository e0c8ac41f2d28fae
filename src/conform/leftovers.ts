/** What RM still holds for the primary VM when it should hold nothing. */

import { Platform } from '../protocol/index.js';
import type { Bench } from './bench.js';

const PRIMARY = Platform.VMID_HLOS;

/** One line for each thing that RM still holds for the primary VM; none: all was given back. */
export function leftovers(bench: Bench): string[] {
  const { rm } = bench.sim;
  if (bench.client.vmid !== PRIMARY) return [];
  const found: string[] = [];
  rm.vms.forEach((vm, vmid) => {
    if (vm != null && vm.owner === PRIMARY && vmid !== PRIMARY)
      found.push(`VMID ${vmid} is still allocated, state ${vm.state}`);
  });
  for (const p of rm.parcels.list) if (p.owner === PRIMARY) found.push(`memory parcel ${p.handle} was not reclaimed`);
  rm.irqs.loans.forEach((loan, irq) => {
    if (loan != null && rm.irqs.hwirqs[irq]?.owner === PRIMARY) found.push(`interrupt ${irq} is still lent`);
  });
  return found;
}
