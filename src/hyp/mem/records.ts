/**
 * Mapping records of a memory extent: what it wants mapped where, for pages it owns now or will own later
 * (fact base: memory 4.2).
 *
 * An extent has four sets. A set serves one address space and holds non-overlapping physical segments. A BASIC extent uses a
 * set for exactly one segment, its whole range; a SPARSE one for any number. Segments are sorted, and joined where
 * addresses and attributes continue.
 */
import { insertAt, removeAt } from '../../base/index.js';
import { HypError, Platform } from '../../protocol/index.js';
import { NO_OBJECT } from '../types.js';

export interface MapSegment {
  phys: number;
  size: number;
  vbase: number;
  /** `memextent_mapping_attrs`: user access 2:0, kernel access 6:4, memory type 23:16. */
  attrs: number;
}

export interface MapSet {
  /** Address space id, or -1: the set is free. */
  as: number;
  segments: MapSegment[];
}

export const MAX_MAPS = Platform.MEMEXTENT_MAX_MAPS;

const emptySet = (): MapSet => ({ as: NO_OBJECT, segments: [] });

/** {@link MAX_MAPS} sets, as a literal: a list that grows gets room for many more. */
export const emptyMaps = (): MapSet[] => [emptySet(), emptySet(), emptySet(), emptySet()];

/** What one set says about a range: a mapping, or nothing (`as` -1), for the first `size` bytes. */
export interface MapView {
  as: number;
  vbase: number;
  attrs: number;
  size: number;
}

/** Index of the first segment that ends after `phys`. */
function firstAfter(segments: readonly MapSegment[], phys: number): number {
  let low = 0;
  let high = segments.length;
  while (low < high) {
    const mid = (low + high) >> 1;
    if (segments[mid].phys + segments[mid].size > phys) high = mid;
    else low = mid + 1;
  }
  return low;
}

export const newView = (): MapView => ({ as: NO_OBJECT, vbase: 0, attrs: 0, size: 0 });

/** Looks at `phys`, at most `size` bytes far, into `view`. */
export function viewInto(view: MapView, set: MapSet, phys: number, size: number): void {
  view.as = NO_OBJECT;
  view.vbase = 0;
  view.attrs = 0;
  view.size = size;
  if (set.as === NO_OBJECT) return;
  const { segments } = set;
  const i = firstAfter(segments, phys);
  if (i === segments.length) return;
  const next = segments[i];
  if (next.phys > phys) {
    view.size = Math.min(size, next.phys - phys);
    return;
  }
  const skipped = phys - next.phys;
  view.as = set.as;
  view.vbase = next.vbase + skipped;
  view.attrs = next.attrs;
  view.size = Math.min(size, next.size - skipped);
}

/** Looks at `phys`, at most `size` bytes far. */
export function viewSet(set: MapSet, phys: number, size: number): MapView {
  const view = newView();
  viewInto(view, set, phys, size);
  return view;
}

const continues = (a: MapSegment, b: MapSegment): boolean =>
  a.phys + a.size === b.phys && a.vbase + a.size === b.vbase && a.attrs === b.attrs;

/** Removes segments[from .. until). */
function removeRange(segments: MapSegment[], from: number, until: number): void {
  for (let i = until; i < segments.length; i++) segments[from + i - until] = segments[i];
  for (let i = from; i < until; i++) segments.pop();
}

/** Adds a segment, which is the list's from now on; false when it overlaps one that is there. */
function insert(segments: MapSegment[], added: MapSegment): boolean {
  const at = firstAfter(segments, added.phys);
  const next = at < segments.length ? segments[at] : undefined;
  if (next !== undefined && next.phys < added.phys + added.size) return false;
  const joinsNext = next !== undefined && continues(added, next);
  if (joinsNext) added.size += next.size;
  const joinsPrevious = at > 0 && continues(segments[at - 1], added);
  if (joinsPrevious) segments[at - 1].size += added.size;
  if (joinsNext && joinsPrevious) removeAt(segments, at);
  else if (joinsNext) segments[at] = added;
  else if (!joinsPrevious) insertAt(segments, at, added);
  return true;
}

const partBehind = (s: MapSegment, phys: number, size: number): MapSegment => ({
  phys,
  size,
  vbase: s.vbase + (phys - s.phys),
  attrs: s.attrs,
});

/** Cuts a range out that is completely recorded at `vbase`; false, and no change, otherwise. Attributes do not matter. */
function cut(segments: MapSegment[], phys: number, size: number, vbase: number): boolean {
  const end = phys + size;
  const first = firstAfter(segments, phys);
  let at = first;
  let covered = phys;
  while (covered < end) {
    if (at === segments.length) return false;
    const s = segments[at];
    if (s.phys > covered || s.vbase - s.phys !== vbase - phys) return false;
    covered = s.phys + s.size;
    at++;
  }
  const left = segments[first];
  const right = segments[at - 1];
  const before = phys - left.phys;
  const behind = right.phys + right.size - end;
  if (before > 0) {
    removeRange(segments, first + 1, at);
    if (behind > 0) insertAt(segments, first + 1, partBehind(right, end, behind));
    left.size = before;
  } else if (behind > 0) {
    removeRange(segments, first + 1, at);
    segments[first] = partBehind(right, end, behind);
  } else {
    removeRange(segments, first, at);
  }
  return true;
}

/** Physical addresses that a record can name: larger ones give ARGUMENT_SIZE. */
const PHYS_END = 2 ** 44;

/** Records a mapping of a SPARSE extent; `added` is the set's from now on. Errors: ARGUMENT_SIZE, MEMEXTENT_MAPPINGS_FULL. */
export function recordSparse(maps: MapSet[], as: number, added: MapSegment): number {
  let empty: MapSet | undefined;
  for (const set of maps) {
    if (set.as === as) {
      if (added.phys + added.size > PHYS_END) return HypError.ARGUMENT_SIZE;
      if (insert(set.segments, added)) return HypError.OK;
    } else if (set.as === NO_OBJECT && empty === undefined) {
      empty = set;
    }
  }
  if (empty === undefined) return HypError.MEMEXTENT_MAPPINGS_FULL;
  if (added.phys + added.size > PHYS_END) return HypError.ARGUMENT_SIZE;
  empty.as = as;
  empty.segments = [added];
  return HypError.OK;
}

/** Removes a recorded range of a SPARSE extent. ADDR_INVALID when no set holds all of it at `vbase`. */
export function forgetSparse(maps: MapSet[], as: number, phys: number, size: number, vbase: number): number {
  for (const set of maps) {
    if (set.as !== as) continue;
    if (phys + size > PHYS_END) return HypError.ARGUMENT_SIZE;
    if (!cut(set.segments, phys, size, vbase)) continue;
    if (set.segments.length === 0) set.as = NO_OBJECT;
    return HypError.OK;
  }
  return HypError.ADDR_INVALID;
}

export function clearSet(set: MapSet): void {
  set.as = NO_OBJECT;
  set.segments = [];
}
