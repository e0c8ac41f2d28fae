/**
 * The ownership database: every physical page has exactly one owner (fact base: memory 2).
 *
 * An interval map as two parallel arrays. Interval i covers start[i] .. start[i+1]-1 (the last one has no end) and belongs
 * to owner[i]: the id of a partition or of a memory extent, or one of the codes below. Neighbours always differ, so the
 * intervals that a range walk visits are as long as possible, as in Gunyah (that decides where large blocks can be mapped).
 */

/** Owners that are not objects. */
export const Owner = { NOBODY: -1, HYPERVISOR: -2 } as const;

export interface Ownership {
  start: number[];
  owner: number[];
}

export const ownership = (): Ownership => ({ start: [0], owner: [Owner.NOBODY] });

/** Index of the interval that holds `pa`. */
function indexOf(db: Ownership, pa: number): number {
  let low = 0;
  let high = db.start.length - 1;
  while (low < high) {
    const mid = (low + high + 1) >> 1;
    if (db.start[mid] <= pa) low = mid;
    else high = mid - 1;
  }
  return low;
}

const endOf = (db: Ownership, i: number): number =>
  i + 1 < db.start.length ? db.start[i + 1] : Number.POSITIVE_INFINITY;

export const ownerOf = (db: Ownership, pa: number): number => db.owner[indexOf(db, pa)];

/** All of base .. base+size-1 belongs to `owner`. */
export function ownsRange(db: Ownership, base: number, size: number, owner: number): boolean {
  const i = indexOf(db, base);
  return db.owner[i] === owner && endOf(db, i) >= base + size;
}

/** Replaces list[from .. until) by `count` places whose values the caller sets. */
function resize(list: number[], from: number, until: number, count: number): void {
  const shift = from + count - until;
  const { length } = list;
  if (shift > 0) {
    for (let i = 0; i < shift; i++) list.push(0);
    for (let i = length - 1; i >= until; i--) list[i + shift] = list[i];
  } else if (shift < 0) {
    for (let i = until; i < length; i++) list[i + shift] = list[i];
    for (let i = shift; i < 0; i++) list.pop();
  }
}

/** Gives the range to `to`, whoever had it. Page-aligned, not empty. */
function assign(db: Ownership, base: number, size: number, to: number): void {
  const { start, owner } = db;
  const end = base + size;
  const first = indexOf(db, base);
  const last = indexOf(db, end - 1);
  const lastOwner = owner[last];
  const rest = endOf(db, last) > end;
  // What is in front of the range, or the neighbour on the left, stays; the range joins it if it belongs to the same owner.
  let at = start[first] < base ? first + 1 : first;
  const joined = at > 0 && owner[at - 1] === to;
  // What is behind the range stays: a part of the last interval, or the neighbour on the right.
  const next = last + 1;
  const behind = rest ? lastOwner : next < start.length ? owner[next] : undefined;
  const added = (joined ? 0 : 1) + (rest && behind !== to ? 1 : 0);
  const removedEnd = !rest && behind === to ? next + 1 : next;
  resize(start, at, removedEnd, added);
  resize(owner, at, removedEnd, added);
  if (!joined) {
    start[at] = base;
    owner[at] = to;
    at++;
  }
  if (rest && behind !== to) {
    start[at] = end;
    owner[at] = lastOwner;
  }
}

/** Passes the range from `from` to `to`; false, and no change, unless `from` owns all of it. */
export function moveOwnership(db: Ownership, base: number, size: number, from: number, to: number): boolean {
  if (!ownsRange(db, base, size, from)) return false;
  assign(db, base, size, to);
  return true;
}

/** Pages next to each other. */
export interface PageRun {
  base: number;
  size: number;
}

/**
 * The first maximal run inside from .. end-1 that `owner` has, into `run`; false: none. Walks go on behind it, and may give what
 * they found to somebody else.
 */
export function nextOwned(db: Ownership, from: number, end: number, owner: number, run: PageRun): boolean {
  if (from >= end) return false;
  for (let i = indexOf(db, from); i < db.start.length; i++) {
    const base = Math.max(from, db.start[i]);
    if (base >= end) return false;
    if (db.owner[i] !== owner) continue;
    run.base = base;
    run.size = Math.min(end, endOf(db, i)) - base;
    return true;
  }
  return false;
}
