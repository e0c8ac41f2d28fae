/**
 * Stage-2 changes that follow from ownership changes: pages leave the records of one extent and enter those of another
 * (fact base: memory 3.5, 6). The order of map and unmap is Gunyah's: it decides which blocks are split.
 */
import { HypError } from '../../protocol/index.js';
import type { Hypervisor } from '../hypervisor.js';
import { NO_OBJECT } from '../types.js';
import type { MemExtent } from './extent.js';
import { nextOwned } from './ownership.js';
import { clearSet, MAX_MAPS, type MapView, newView, viewInto } from './records.js';
import { memState, spaceMap, spaceUnmap } from './space.js';

/** How far a failed operation came, in bytes from its start. */
export interface Progress {
  offset: number;
}

/** Views of all sets at `phys`, at most `size` bytes far; the result is the size for which each of them says one thing. */
function viewAll(extent: MemExtent, phys: number, size: number, views: MapView[]): number {
  let common = size;
  for (let i = 0; i < MAX_MAPS; i++) {
    viewInto(views[i], extent.maps[i], phys, common);
    common = Math.min(common, views[i].size);
  }
  return common;
}

/** Views of the two extents that an operation looks at: one operation at a time, none calls another. */
const fourViews = (): MapView[] => Array.from({ length: MAX_MAPS }, newView);
const xs = fourViews();
const ys = fourViews();

/** Most of a VM's extents most of the time. */
const mapsNothing = ({ maps }: MemExtent): boolean => {
  for (const set of maps) if (set.as !== NO_OBJECT) return false;
  return true;
};

/** Which views of `x` and `y` are the same place (x: no unmap needed) and also the same attributes (y: no map needed). */
function match(x: MapView[], y: MapView[], xSame: boolean[], ySame: boolean[]): void {
  for (let i = 0; i < MAX_MAPS; i++) {
    if (x[i].as === NO_OBJECT) continue;
    for (let j = 0; j < MAX_MAPS; j++) {
      if (x[i].as !== y[j].as) continue;
      // Assigned, not or-ed: with several sets for one address space the last comparison counts, as in Gunyah.
      xSame[i] = x[i].vbase === y[j].vbase;
      ySame[j] = xSame[i] && x[i].attrs === y[j].attrs;
    }
  }
}

/**
 * The pages phys .. phys+size-1 now belong to `y`: removes what only `x` maps, installs what only `y` maps, and rewrites
 * common places with `y`'s attributes. On an error the current piece is undone and `progress` says where it stopped.
 */
export function transfer(
  hyp: Hypervisor,
  x: MemExtent,
  y: MemExtent,
  phys: number,
  size: number,
  progress: Progress,
): number {
  if (mapsNothing(x) && mapsNothing(y)) return HypError.OK;
  for (let offset = 0; offset < size; ) {
    const at = phys + offset;
    const run = viewAll(y, at, viewAll(x, at, size - offset, xs), ys);
    const xSame = [false, false, false, false];
    const ySame = [false, false, false, false];
    match(xs, ys, xSame, ySame);
    for (let i = 0; i < MAX_MAPS; i++) {
      if (xs[i].as !== NO_OBJECT && !xSame[i]) spaceUnmap(hyp, xs[i].as, xs[i].vbase, run, at);
      if (ys[i].as === NO_OBJECT || ySame[i]) continue;
      const error = spaceMap(hyp, ys[i].as, ys[i].vbase, run, at, ys[i].attrs);
      if (error === HypError.OK) continue;
      for (let k = 0; k <= i; k++) {
        if (xs[k].as !== NO_OBJECT && !xSame[k]) spaceMap(hyp, xs[k].as, xs[k].vbase, run, at, xs[k].attrs);
        if (k < i && ys[k].as !== NO_OBJECT && !ySame[k]) spaceUnmap(hyp, ys[k].as, ys[k].vbase, run, at);
      }
      progress.offset = offset;
      return error;
    }
    offset += run;
  }
  return HypError.OK;
}

/** Installs (or removes) everything that the extent has recorded for a range it owns. */
export function apply(
  hyp: Hypervisor,
  extent: MemExtent,
  phys: number,
  size: number,
  unmap: boolean,
  progress: Progress,
): number {
  if (mapsNothing(extent)) return HypError.OK;
  const views = xs;
  for (let offset = 0; offset < size; ) {
    const at = phys + offset;
    const run = viewAll(extent, at, size - offset, views);
    for (let i = 0; i < MAX_MAPS; i++) {
      if (views[i].as === NO_OBJECT) continue;
      if (unmap) {
        spaceUnmap(hyp, views[i].as, views[i].vbase, run, at);
        continue;
      }
      const error = spaceMap(hyp, views[i].as, views[i].vbase, run, at, views[i].attrs);
      if (error === HypError.OK) continue;
      for (let k = 0; k < i; k++) if (views[k].as !== NO_OBJECT) spaceUnmap(hyp, views[k].as, views[k].vbase, run, at);
      progress.offset = offset;
      return error;
    }
    offset += run;
  }
  return HypError.OK;
}

/** Removes all records, and the entries of owned pages. A BASIC extent without children does not ask who owns what. */
export function unmapAllRecords(hyp: Hypervisor, extent: MemExtent): void {
  if (mapsNothing(extent)) return;
  const { owners } = memState(hyp);
  const end = extent.physBase + extent.size;
  const run = { base: extent.physBase, size: 0 };
  while (nextOwned(owners, run.base + run.size, end, extent.id, run)) {
    apply(hyp, extent, run.base, run.size, true, { offset: 0 });
  }
  for (const set of extent.maps) if (set.as !== NO_OBJECT) clearSet(set);
}

/** A BASIC child goes: its pages get the parent's mappings again. All of its range is treated as its own. */
export function restoreParent(hyp: Hypervisor, child: MemExtent, parent: MemExtent): void {
  if (mapsNothing(child) && mapsNothing(parent)) return;
  const ps = xs;
  const cs = ys;
  for (let offset = 0; offset < child.size; ) {
    const at = child.physBase + offset;
    const run = viewAll(parent, at, child.size - offset, ps);
    viewAll(child, at, run, cs);
    const cSame = [false, false, false, false];
    const pSame = [false, false, false, false];
    match(cs, ps, cSame, pSame);
    for (let i = 0; i < MAX_MAPS; i++) {
      if (cs[i].as !== NO_OBJECT && !cSame[i]) spaceUnmap(hyp, cs[i].as, cs[i].vbase, run, at);
      if (ps[i].as !== NO_OBJECT && !pSame[i]) spaceMap(hyp, ps[i].as, ps[i].vbase, run, at, ps[i].attrs);
    }
    offset += run;
  }
}
