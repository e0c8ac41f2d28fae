/**
 * Plain data of address spaces and of the memory module, and the two primitives on stage-2 tables that everything else uses.
 */
import { assert } from '../../base/index.js';
import { HypError } from '../../protocol/index.js';
import type { Hypervisor } from '../hypervisor.js';
import type { HypObject } from '../types.js';
import { type Ownership, ownership } from './ownership.js';
import { mapRange, type Stage2, unmapRange } from './stage2.js';

/** A guest range whose unmapped accesses go to the proxy of its vCPUs. */
export interface VmmioRange {
  base: number;
  size: number;
}

export interface Addrspace extends HypObject {
  /** 0: not configured (or lost by a failed activation). */
  vmid: number;
  stage2: Stage2;
  vmmio: VmmioRange[];
  /** Extent of the information page, or -1. */
  infoExtent: number;
  infoIpa: number;
}

/** `hyp.state.mem`. Page contents are not here but in `PhysMemory`, which saves by reference. */
export interface MemState {
  owners: Ownership;
  /** Memory that the hypervisor can touch itself; other addresses are devices or nothing. */
  ramBase: number;
  ramSize: number;
}

export const newMemState = (ramBase: number, ramSize: number): MemState => ({ owners: ownership(), ramBase, ramSize });

export function memState(hyp: Hypervisor): MemState {
  const state = hyp.state.mem as MemState | undefined;
  assert(state !== undefined, 'memory is not registered');
  return state;
}

/**
 * Maps into an address space, over whatever is there. Errors: ADDR_INVALID, ADDR_OVERFLOW.
 * Gunyah asserts that user and kernel have the same R and W and that kernel access is not X alone: that stops the hypervisor.
 */
export function spaceMap(
  hyp: Hypervisor,
  as: number,
  vbase: number,
  size: number,
  phys: number,
  attrs: number,
): number {
  const user = attrs & 7;
  const kernel = (attrs >> 4) & 7;
  if ((user ^ kernel) >> 1 !== 0 || kernel === 1) {
    hyp.dead ??= {
      what: `assertion: stage 2 mapping with user access ${user} and kernel access ${kernel}`,
      rule: 'hyp-stage2-access',
    };
    return HypError.FAILURE;
  }
  return mapRange(hyp.get<Addrspace>(as).stage2, vbase, size, phys, attrs);
}

/** Removes the entries that still point to the given physical pages (see stage2.ts for what that means for blocks). */
export function spaceUnmap(hyp: Hypervisor, as: number, vbase: number, size: number, phys: number): void {
  unmapRange(hyp.get<Addrspace>(as).stage2, vbase, size, phys, hyp.config.quirks.lendKeepsBlockMappings);
}
