/**
 * Pages of RM's own memory: packet buffers, information pages, virtio registers. RM's heap is not modelled further; its
 * addresses are invisible to clients. Freed pages are used again, last freed first.
 */
import { Platform } from '../protocol/index.js';
import type { Rm } from './types.js';

const ZERO_PAGE = new Uint8Array(Platform.PAGE_SIZE);

/** A zeroed page, by IPA; undefined when RM's memory is used up. */
export function allocatePage(rm: Rm): number | undefined {
  let ipa = rm.freePages.pop();
  if (ipa === undefined) {
    if (rm.nextPage + Platform.PAGE_SIZE > rm.env.meIpaBase + rm.env.meSize) return undefined;
    ipa = rm.nextPage;
    rm.nextPage += Platform.PAGE_SIZE;
  }
  rm.hv.port.write(ipa, ZERO_PAGE);
  return ipa;
}

export function freePage(rm: Rm, ipa: number): void {
  rm.freePages.push(ipa);
}
