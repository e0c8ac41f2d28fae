/** IPA allocator of one VM as data (fact base: rm-boot-and-dt 7). All numbers are bytes and multiples of 4096. */

/** A free range, or (in the master list) a range that belongs to a reservation: `tag` is then not 0. */
export interface FreeRange {
  base: number;
  size: number;
  tag: number;
}

/** Free space inside the reservations of one tag (IPA_RESERVE). */
export interface SubAllocator {
  tag: number;
  free: FreeRange[];
}

export interface AddressAllocator {
  base: number;
  size: number;
  /** Ascending, neighbours of equal tag merged. */
  ranges: FreeRange[];
  subs: SubAllocator[];
}
