/**
 * Memory in the hypervisor: sparse physical memory, the ownership database, memory extents (BASIC and SPARSE), address spaces
 * with stage-2 tables, VMMIO ranges, information areas, copies to and from guests. After fact base memory, hypercall-abi
 * 4.8 and 8, observations 12.
 *
 * Left out: stage 1 of guests, caches and TLBs, heap use (NOMEM), grace periods, hypervisor-side virtual addresses.
 */
import { Platform } from '../../protocol/index.js';
import type { Hypervisor } from '../hypervisor.js';
import { registerAddrspaceKind } from './addrspace.js';
import { registerAddrspaceCalls } from './addrspace-calls.js';
import { registerExtentKind } from './extent.js';
import { registerExtentCalls } from './extent-calls.js';
import { PhysMemory } from './phys.js';
import { memPort } from './port.js';
import { newMemState } from './space.js';

export { bootMap, bootMove, createBootExtent } from './boot.js';
export type { MemExtent } from './extent.js';
export { Owner, ownerOf } from './ownership.js';
export type { PhysSnapshot } from './phys.js';
export { type Addrspace, memState } from './space.js';
export { leafKernelAccess, leaves, pageAt } from './stage2.js';

/** Registers both object kinds and all calls, and fills in `hyp.mem`. RAM as on the board; all of it owned by nobody. */
export function registerMemory(hyp: Hypervisor): void {
  hyp.state.mem = newMemState(Platform.DDR_BASE, Platform.DDR_SIZE);
  const phys = new PhysMemory();
  hyp.mem = memPort(hyp, phys);
  registerExtentKind(hyp);
  registerAddrspaceKind(hyp, phys);
  registerExtentCalls(hyp, phys);
  registerAddrspaceCalls(hyp);
}
