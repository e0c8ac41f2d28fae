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

export { attachThread, configureVmid, inVmmio } from './addrspace.js';
export { type BootExtent, bootMap, bootMove, createBootExtent } from './boot.js';
export type { MemExtent } from './extent.js';
export { Owner, type Ownership, ownerOf, ownsRange } from './ownership.js';
export { PAGE_SIZE, PhysMemory, type PhysSnapshot } from './phys.js';
export { MAX_MAPS, type MapSegment, type MapSet } from './records.js';
export { type Addrspace, type MemState, memState } from './space.js';
export { leafAt, leafAttrs, leafKernelAccess, leaves, pageAt, type Stage2, VM_ADDRESS_END } from './stage2.js';

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
