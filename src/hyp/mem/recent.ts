/**
 * Guest pages that copies and instructions used recently: where the bytes behind a page of an address space are, with the access
 * already checked.
 *
 * Guests use the same few message buffers over and over; finding one here costs a fraction of the two table walks. Derived data:
 * an entry is valid until its translation changes ({@link forgetPages}) or the array behind any page does (`changes.count`, raised
 * by phys.ts). Spaces are compared by identity, so simulators in one process do not meet.
 */

import { Platform } from '../../protocol/index.js';
import type { PageAccess } from '../ports.js';
import type { Addrspace } from './space.js';
import type { Stage2 } from './stage2.js';

/** How often the array behind any page has changed. */
export const changes = { count: 0 };

const { PAGE_SIZE } = Platform;

interface RecentPage {
  at: number;
  stage2: Stage2 | undefined;
  pageNumber: number;
  bytes: Uint8Array;
}

/** Sixteen pages for each of the accesses X (1), W (2) and R (4). */
const recent: RecentPage[] = Array.from({ length: 48 }, () => ({
  at: -1,
  stage2: undefined,
  pageNumber: -1,
  bytes: new Uint8Array(0),
}));

const slotOf = (space: Addrspace, pageNumber: number, access: PageAccess): RecentPage =>
  recent[((access >> 1) << 4) | ((pageNumber + space.id * 7) & 15)];

/** The page for this access, or `undefined`: look it up. */
export function recentPage(space: Addrspace, pageNumber: number, access: PageAccess): Uint8Array | undefined {
  const r = slotOf(space, pageNumber, access);
  return r.at === changes.count && r.pageNumber === pageNumber && r.stage2 === space.stage2 ? r.bytes : undefined;
}

/** `bytes` may be read, or written in place, until something changes. */
export function rememberPage(space: Addrspace, pageNumber: number, access: PageAccess, bytes: Uint8Array): void {
  const r = slotOf(space, pageNumber, access);
  r.at = changes.count;
  r.stage2 = space.stage2;
  r.pageNumber = pageNumber;
  r.bytes = bytes;
}

/** Translations of the addresses from `base` up to `end` change. */
export function forgetPages(stage2: Stage2, base: number, end: number): void {
  for (let i = 0; i < recent.length; i++) {
    const r = recent[i];
    if (r.stage2 === stage2 && r.pageNumber * PAGE_SIZE < end && (r.pageNumber + 1) * PAGE_SIZE > base)
      r.stage2 = undefined;
  }
}
