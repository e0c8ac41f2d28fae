/**
 * Map, unmap and update of whole extents and of parts of SPARSE ones, after all argument checks
 * (fact base: memory 4.1 to 4.4).
 */
import { ExtentType, HypError } from '../../protocol/index.js';
import type { Hypervisor } from '../hypervisor.js';
import { NO_OBJECT } from '../types.js';
import { type MemExtent, nextRun } from './extent.js';
import { clearSet, forgetSparse, type MapSet, recordSparse } from './records.js';
import { spaceMap, spaceUnmap } from './space.js';

/** Guest addresses that a SPARSE record can name. */
const RECORD_VBASE_END = 2 ** 48;

/** Maps the owned pages of a range; on an error the pages mapped so far are unmapped again. */
function mapOwned(
  hyp: Hypervisor,
  me: MemExtent,
  as: number,
  vbase: number,
  phys: number,
  size: number,
  attrs: number,
): number {
  const run = { base: phys, size: 0 };
  while (nextRun(hyp, me, run.base + run.size, phys + size, run)) {
    const error = spaceMap(hyp, as, vbase + (run.base - phys), run.size, run.base, attrs);
    if (error === HypError.OK) continue;
    if (run.base !== phys) unmapOwned(hyp, me, as, vbase, phys, run.base - phys);
    return error;
  }
  return HypError.OK;
}

function unmapOwned(hyp: Hypervisor, me: MemExtent, as: number, vbase: number, phys: number, size: number): void {
  const run = { base: phys, size: 0 };
  while (nextRun(hyp, me, run.base + run.size, phys + size, run)) {
    spaceUnmap(hyp, as, vbase + (run.base - phys), run.size, run.base);
  }
}

/** The set of a BASIC extent that records exactly this place. */
function basicSet(me: MemExtent, as: number, vbase: number): MapSet | undefined {
  for (const set of me.maps) if (set.as === as && set.segments[0].vbase === vbase) return set;
  return undefined;
}

function freeSet(me: MemExtent): MapSet | undefined {
  for (const set of me.maps) if (set.as === NO_OBJECT) return set;
  return undefined;
}

/** ADDR_OVERFLOW, MEMEXTENT_MAPPINGS_FULL, ADDR_INVALID. */
export function mapBasic(hyp: Hypervisor, me: MemExtent, as: number, vbase: number, attrs: number): number {
  if (vbase + me.size > 2 ** 64) return HypError.ADDR_OVERFLOW;
  const set = freeSet(me);
  if (set === undefined) return HypError.MEMEXTENT_MAPPINGS_FULL;
  set.as = as;
  set.segments = [{ phys: me.physBase, size: me.size, vbase, attrs }];
  const error = mapOwned(hyp, me, as, vbase, me.physBase, me.size, attrs);
  if (error !== HypError.OK) clearSet(set);
  return error;
}

export function unmapBasic(hyp: Hypervisor, me: MemExtent, as: number, vbase: number): number {
  const set = basicSet(me, as, vbase);
  if (set === undefined) return HypError.ADDR_INVALID;
  unmapOwned(hyp, me, as, vbase, me.physBase, me.size);
  clearSet(set);
  return HypError.OK;
}

/** New access, same memory type. `access`: user 2:0, kernel 6:4. */
export function updateBasic(hyp: Hypervisor, me: MemExtent, as: number, vbase: number, access: number): number {
  const set = basicSet(me, as, vbase);
  if (set === undefined) return HypError.ADDR_INVALID;
  const segment = set.segments[0];
  const old = segment.attrs;
  segment.attrs = (old & 0xff_0000) | (access & 0x77);
  const error = mapOwned(hyp, me, as, vbase, me.physBase, me.size, segment.attrs);
  if (error !== HypError.OK) segment.attrs = old;
  return error;
}

/** ADDR_INVALID (end at or above 2^48), MEMEXTENT_MAPPINGS_FULL, ADDR_INVALID, ADDR_OVERFLOW. */
export function mapSparse(
  hyp: Hypervisor,
  me: MemExtent,
  as: number,
  vbase: number,
  offset: number,
  size: number,
  attrs: number,
): number {
  if (vbase + size > RECORD_VBASE_END) return HypError.ADDR_INVALID;
  const phys = me.physBase + offset;
  const recorded = recordSparse(me.maps, as, { phys, size, vbase, attrs });
  if (recorded !== HypError.OK) return recorded;
  const error = mapOwned(hyp, me, as, vbase, phys, size, attrs);
  if (error !== HypError.OK) forgetSparse(me.maps, as, phys, size, vbase);
  return error;
}

export function unmapSparse(
  hyp: Hypervisor,
  me: MemExtent,
  as: number,
  vbase: number,
  offset: number,
  size: number,
): number {
  if (vbase + size > RECORD_VBASE_END) return HypError.ADDR_INVALID;
  const phys = me.physBase + offset;
  const error = forgetSparse(me.maps, as, phys, size, vbase);
  if (error !== HypError.OK) return error;
  unmapOwned(hyp, me, as, vbase, phys, size);
  return HypError.OK;
}

export const isBasic = (me: MemExtent): boolean => me.extentType === ExtentType.BASIC;
