/**
 * Address-range allocator with reservations: which guest addresses of a VM are free (fact base: rm-boot-and-dt 7).
 * First fit in ascending order, 4 KiB granularity. A reservation (IPA_RESERVE) takes a range out of the untagged space
 * and into the sub-allocator of its tag, where only explicit addresses find it. Errors are hypervisor codes.
 */
import { assert, insertAt, removeAt } from '../base/index.js';
import { HypError, Platform } from '../protocol/index.js';
import type { AddressAllocator, FreeRange, SubAllocator } from './allocator-types.js';
import { RmDeath } from './death.js';

const PAGE = Platform.PAGE_SIZE;

/** Tag of untagged space. */
export const NO_TAG = 0;
/** Bits of a tag: demands on the memory behind a reservation. */
export const Tag = { VALID: 1, ECC: 2, MEMTAG: 4, NORMAL: 8 } as const;

export interface RangeResult {
  error: number;
  base: number;
  size: number;
  tag: number;
}

const fail = (error: number): RangeResult => ({ error, base: 0, size: 0, tag: NO_TAG });

export function createAllocator(base: number, size: number): AddressAllocator {
  return { base, size, ranges: [{ base, size, tag: NO_TAG }], subs: [] };
}

const aligned = (value: number): boolean => value % PAGE === 0;
const isPowerOfTwo = (value: number): boolean => Number.isInteger(Math.log2(value));
const alignUp = (value: number, alignment: number): number => Math.ceil(value / alignment) * alignment;

/** The range that contains [base, base + size), or -1. */
function findAt(list: readonly FreeRange[], base: number, size: number): number {
  for (let i = 0; i < list.length; i++) {
    const range = list[i];
    if (range.base > base) return -1;
    if (range.base + range.size >= base + size) return i;
  }
  return -1;
}

/** Cuts [base, base + size) out of range `i`. */
function cut(list: FreeRange[], i: number, base: number, size: number): void {
  const range = list[i];
  const head = base - range.base;
  const tail = range.size - head - size;
  if (head > 0) {
    range.size = head;
    if (tail > 0) insertAt(list, i + 1, { base: base + size, size: tail, tag: range.tag });
  } else if (tail > 0) {
    range.base = base + size;
    range.size = tail;
  } else {
    removeAt(list, i);
  }
}

/** Puts a range back in order and merges it with neighbours of the same tag. */
function insert(list: FreeRange[], base: number, size: number, tag: number): void {
  let i = 0;
  while (i < list.length && list[i].base < base) i++;
  const left = i > 0 ? list[i - 1] : undefined;
  const right = i < list.length ? list[i] : undefined;
  assert(left === undefined || left.base + left.size <= base, 'range inserted twice');
  assert(right === undefined || base + size <= right.base, 'range inserted twice');
  const joinsLeft = left !== undefined && left.base + left.size === base && left.tag === tag;
  const joinsRight = right !== undefined && base + size === right.base && right.tag === tag;
  if (joinsLeft) {
    left.size += size;
    if (joinsRight) {
      left.size += right.size;
      removeAt(list, i);
    }
  } else if (joinsRight) {
    right.base = base;
    right.size += size;
  } else {
    insertAt(list, i, { base, size, tag });
  }
}

/** The list that rules over an explicit address: a sub-allocator, or the untagged space. */
function listFor(allocator: AddressAllocator, base: number, size: number): { list: FreeRange[]; tag: number } {
  const i = findAt(allocator.ranges, base, size);
  const tag = i < 0 ? NO_TAG : allocator.ranges[i].tag;
  if (tag === NO_TAG) return { list: allocator.ranges, tag };
  const sub = subOf(allocator, tag);
  assert(sub !== undefined, 'reservation without sub-allocator');
  return { list: sub.free, tag };
}

const subOf = (allocator: AddressAllocator, tag: number): SubAllocator | undefined =>
  allocator.subs.find((sub) => sub.tag === tag);

const outside = (allocator: AddressAllocator, base: number, size: number): boolean =>
  !aligned(base) || base < allocator.base || base + size > allocator.base + allocator.size;

/**
 * Takes a range. `base` null: the lowest untagged range that fits at this alignment (at least a page; RM stops if it is no power of two).
 * With a base the range must be free as a whole; its `tag` in the result tells the reservation it came from.
 */
export function allocRange(
  allocator: AddressAllocator,
  base: number | null,
  size: number,
  alignment: number = PAGE,
): RangeResult {
  if (size < PAGE || !aligned(size)) return fail(HypError.ARGUMENT_INVALID);
  if (base !== null && outside(allocator, base, size)) return fail(HypError.ARGUMENT_INVALID);
  if (!isPowerOfTwo(alignment)) throw new RmDeath('ABORT', 'gic-stride');
  if (base === null) {
    const list = allocator.ranges;
    for (let i = 0; i < list.length; i++) {
      const range = list[i];
      const start = alignUp(range.base, alignment);
      if (range.tag !== NO_TAG || start + size > range.base + range.size) continue;
      cut(list, i, start, size);
      return { error: HypError.OK, base: start, size, tag: NO_TAG };
    }
    return fail(HypError.NORESOURCES);
  }
  if (base % alignment !== 0) return fail(HypError.ARGUMENT_INVALID);
  const { list, tag } = listFor(allocator, base, size);
  const i = findAt(list, base, size);
  if (i < 0) return fail(HypError.NORESOURCES);
  cut(list, i, base, size);
  return { error: HypError.OK, base, size, tag };
}

/** Gives a range back to the space it came from. */
export function freeRange(allocator: AddressAllocator, base: number, size: number): number {
  if (size < PAGE || !aligned(size) || outside(allocator, base, size)) return HypError.ARGUMENT_INVALID;
  insert(listFor(allocator, base, size).list, base, size, NO_TAG);
  return HypError.OK;
}

/**
 * Reserves `size` bytes at an address in [regionBase, regionBase + regionSize) (null: anywhere) for users of `tag`.
 * Only the start must lie in the region: the range may run over its end.
 */
export function tagRegion(
  allocator: AddressAllocator,
  regionBase: number | null,
  regionSize: number,
  size: number,
  alignment: number,
  tag: number,
): RangeResult {
  if (tag === NO_TAG || size < PAGE || !aligned(size) || alignment < PAGE) return fail(HypError.ARGUMENT_INVALID);
  if (
    regionBase !== null &&
    (outside(allocator, regionBase, regionSize) || regionSize < PAGE || !aligned(regionSize))
  ) {
    return fail(HypError.ARGUMENT_INVALID);
  }
  const from = regionBase ?? allocator.base;
  const end = regionBase === null ? allocator.base + allocator.size : regionBase + regionSize;
  const list = allocator.ranges;
  for (let i = 0; i < list.length; i++) {
    const range = list[i];
    const rangeEnd = range.base + range.size;
    if (range.tag !== NO_TAG || rangeEnd <= from || end <= range.base) continue;
    const start = alignUp(Math.max(range.base, from), alignment);
    if (start >= Math.min(rangeEnd, end) || rangeEnd - start < size) continue;
    cut(list, i, start, size);
    insert(list, start, size, tag);
    let sub = subOf(allocator, tag);
    if (sub === undefined) {
      sub = { tag, free: [] };
      allocator.subs.push(sub);
    }
    insert(sub.free, start, size, NO_TAG);
    return { error: HypError.OK, base: start, size, tag };
  }
  return fail(HypError.NORESOURCES);
}

/** Ends a reservation whose whole range is free again. */
export function untagRange(allocator: AddressAllocator, base: number, size: number, tag: number): number {
  if (size < PAGE || !aligned(size) || outside(allocator, base, size)) return HypError.ARGUMENT_INVALID;
  const i = findAt(allocator.ranges, base, size);
  if (i < 0) return HypError.NORESOURCES;
  const sub = subOf(allocator, tag);
  if (sub === undefined || allocator.ranges[i].tag !== tag) return HypError.ARGUMENT_INVALID;
  const free = findAt(sub.free, base, size);
  if (free < 0) return HypError.NORESOURCES;
  cut(sub.free, free, base, size);
  cut(allocator.ranges, i, base, size);
  insert(allocator.ranges, base, size, NO_TAG);
  if (!allocator.ranges.some((range) => range.tag === tag)) {
    allocator.subs = allocator.subs.filter((other) => other !== sub);
  }
  return HypError.OK;
}
