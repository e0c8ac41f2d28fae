/** IPA allocator of one VM (fact base: rm-boot-and-dt 7). */
export interface AddressAllocator {
  base: number;
  size: number;
}
