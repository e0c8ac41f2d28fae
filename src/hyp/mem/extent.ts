/**
 * Memory extents: ownership of a physical range and its mappings (fact base: memory 3).
 *
 * Activation takes the range from the partition or the parent, inheritance copies the parent's records with reduced access,
 * deletion gives everything back and restores what the parent has mapped. Left out: grace periods (all effects are immediate)
 * and heap use (NOMEM).
 */
import { assert } from '../../base/index.js';
import { ExtentMemType, ExtentType, HypError, ObjectType } from '../../protocol/index.js';
import type { Hypervisor } from '../hypervisor.js';
import { type HypObject, NO_OBJECT } from '../types.js';
import { moveOwnership, nextOwned, Owner, type PageRun } from './ownership.js';
import { clearSet, emptyMaps, MAX_MAPS, type MapSet, recordSparse, viewSet } from './records.js';
import { memState, spaceMap } from './space.js';
import { restoreParent, transfer, unmapAllRecords } from './transfer.js';

export interface MemExtent extends HypObject {
  extentType: number;
  memtype: number;
  /** Access bits that mappings and children may have. */
  access: number;
  physBase: number;
  /** Bytes; 0 while not configured. */
  size: number;
  parent: number;
  /** Created at boot over device addresses that no partition owns. */
  device: boolean;
  /** Activation succeeded: it has, or had, memory and records. */
  active: boolean;
  /**
   * Links in the parent's list of children. Only "none or some" is ever asked. A BASIC child whose activation was refused
   * because of partial mappings stays linked for ever (defect, memory 3.3).
   */
  children: number;
  /** Bytes attached to the hypervisor (virtio page, info area); 0: not attached. */
  attachedSize: number;
  maps: MapSet[];
}

const newExtent = (base: HypObject): MemExtent => ({
  id: base.id,
  type: base.type,
  state: base.state,
  refs: base.refs,
  partition: base.partition,
  caps: base.caps,
  extentType: ExtentType.BASIC,
  memtype: ExtentMemType.ANY,
  access: 0,
  physBase: 0,
  size: 0,
  parent: NO_OBJECT,
  device: false,
  active: false,
  children: 0,
  attachedSize: 0,
  maps: emptyMaps(),
});

/** The first run of phys .. end-1 that the extent owns, into `run`; false: it owns nothing there. */
export const nextRun = (hyp: Hypervisor, extent: MemExtent, phys: number, end: number, run: PageRun): boolean =>
  nextOwned(memState(hyp).owners, phys, end, extent.id, run);

const take = (hyp: Hypervisor, extent: MemExtent, from: number): boolean =>
  moveOwnership(memState(hyp).owners, extent.physBase, extent.size, from, extent.id);

/** Mapping attributes with user and kernel access limited to `access`. */
const limitAccess = (attrs: number, access: number): number => attrs & (0xff_0000 | access | (access << 4));

function activateBasicChild(hyp: Hypervisor, extent: MemExtent, parent: MemExtent): number {
  if (parent.attachedSize !== 0) return HypError.BUSY;
  if (!take(hyp, extent, parent.id)) return HypError.MEMDB_NOT_OWNER;
  let error: number = HypError.OK;
  for (let i = 0; i < MAX_MAPS; i++) {
    const view = viewSet(parent.maps[i], extent.physBase, extent.size);
    if (view.size !== extent.size) {
      error = HypError.DENIED;
      break;
    }
    if (view.as === NO_OBJECT) continue;
    const attrs = limitAccess(view.attrs, extent.access);
    const set = extent.maps[i];
    set.as = view.as;
    set.segments = [{ phys: extent.physBase, size: extent.size, vbase: view.vbase, attrs }];
    if (attrs === view.attrs) continue;
    error = spaceMap(hyp, view.as, view.vbase, extent.size, extent.physBase, attrs);
    if (error !== HypError.OK) {
      clearSet(set);
      break;
    }
  }
  if (error !== HypError.OK) revertBasicChild(hyp, extent, parent);
  // The link is made even after a failure, and a failed child is never unlinked.
  parent.children++;
  return error;
}

function revertBasicChild(hyp: Hypervisor, extent: MemExtent, parent: MemExtent): void {
  for (let i = 0; i < MAX_MAPS; i++) {
    const set = extent.maps[i];
    if (set.as === NO_OBJECT) continue;
    const view = viewSet(parent.maps[i], extent.physBase, extent.size);
    if (view.attrs !== set.segments[0].attrs) {
      spaceMap(hyp, set.as, view.vbase, extent.size, extent.physBase, view.attrs);
    }
    clearSet(set);
  }
  moveOwnership(memState(hyp).owners, extent.physBase, extent.size, extent.id, parent.id);
}

function activateSparseChild(hyp: Hypervisor, extent: MemExtent, parent: MemExtent): number {
  if (parent.attachedSize !== 0) return HypError.BUSY;
  // Only a SPARSE parent can donate later; from a BASIC one everything is taken now.
  const takesAll = parent.extentType === ExtentType.BASIC;
  if (takesAll && !take(hyp, extent, parent.id)) return HypError.MEMDB_NOT_OWNER;
  let error: number = HypError.OK;
  let accessChanged = false;
  for (let i = 0; i < MAX_MAPS; i++) {
    for (let offset = 0; offset < extent.size; ) {
      const phys = extent.physBase + offset;
      const view = viewSet(parent.maps[i], phys, extent.size - offset);
      offset += view.size;
      if (view.as === NO_OBJECT) continue;
      const attrs = limitAccess(view.attrs, extent.access);
      if (attrs !== view.attrs) accessChanged = true;
      error = recordSparse(extent.maps, view.as, { phys, size: view.size, vbase: view.vbase, attrs });
      if (error !== HypError.OK) break;
    }
  }
  if (error === HypError.OK && takesAll && accessChanged) {
    const done = { offset: 0 };
    error = transfer(hyp, parent, extent, extent.physBase, extent.size, done);
    if (error !== HypError.OK) transfer(hyp, extent, parent, extent.physBase, done.offset, done);
  }
  if (error === HypError.OK) {
    parent.children++;
  } else {
    if (takesAll) moveOwnership(memState(hyp).owners, extent.physBase, extent.size, extent.id, parent.id);
    for (const set of extent.maps) clearSet(set);
  }
  return error;
}

/** INIT -> ACTIVE (fact base: memory 3.3). */
function activateExtent(hyp: Hypervisor, extent: MemExtent): number {
  if (extent.size === 0) return HypError.OBJECT_CONFIG;
  let error: number = HypError.OK;
  if (extent.parent !== NO_OBJECT) {
    const parent = hyp.get<MemExtent>(extent.parent);
    error =
      extent.extentType === ExtentType.BASIC
        ? activateBasicChild(hyp, extent, parent)
        : activateSparseChild(hyp, extent, parent);
  } else if (extent.device || extent.extentType === ExtentType.BASIC) {
    if (!take(hyp, extent, extent.device ? Owner.NOBODY : extent.partition)) error = HypError.MEMDB_NOT_OWNER;
  }
  if (error === HypError.OK) extent.active = true;
  return error;
}

/** Last reference of an active extent: its mappings become the parent's again, or go (fact base: memory 3.5). */
function deactivateExtent(hyp: Hypervisor, extent: MemExtent): void {
  if (extent.parent === NO_OBJECT) {
    unmapAllRecords(hyp, extent);
    return;
  }
  const parent = hyp.get<MemExtent>(extent.parent);
  if (extent.extentType === ExtentType.BASIC) {
    restoreParent(hyp, extent, parent);
  } else {
    const end = extent.physBase + extent.size;
    const run = { base: extent.physBase, size: 0 };
    while (nextRun(hyp, extent, run.base + run.size, end, run)) {
      const error = transfer(hyp, extent, parent, run.base, run.size, { offset: 0 });
      assert(error === HypError.OK, 'parent mappings could not be restored');
    }
  }
  for (const set of extent.maps) if (set.as !== NO_OBJECT) clearSet(set);
}

function releaseExtent(hyp: Hypervisor, extent: MemExtent): void {
  if (extent.active) {
    const to = extent.parent === NO_OBJECT ? extent.partition : extent.parent;
    const { owners } = memState(hyp);
    const end = extent.physBase + extent.size;
    const run = { base: extent.physBase, size: 0 };
    while (nextOwned(owners, run.base + run.size, end, extent.id, run)) {
      moveOwnership(owners, run.base, run.size, extent.id, to);
    }
    if (extent.parent !== NO_OBJECT) hyp.get<MemExtent>(extent.parent).children--;
  }
  extent.parent = hyp.unref(extent.parent);
}

/** Attaches the extent to the hypervisor (fact base: memory 7). */
export function attachExtent(extent: MemExtent, partition: number, size: number): number {
  if (partition !== extent.partition || (extent.access & 6) !== 6) return HypError.DENIED;
  if (extent.size < size) return HypError.ARGUMENT_SIZE;
  if (extent.extentType === ExtentType.SPARSE) return HypError.MEMEXTENT_TYPE;
  if (extent.children !== 0) return HypError.BUSY;
  extent.attachedSize = size;
  return HypError.OK;
}

export function registerExtentKind(hyp: Hypervisor): void {
  hyp.kind<MemExtent>(ObjectType.MEMEXTENT, {
    create: (_hyp, base) => newExtent(base),
    activate: activateExtent,
    deactivate: deactivateExtent,
    release: releaseExtent,
  });
}
