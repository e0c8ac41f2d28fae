/**
 * Physical memory: sparse 4 KiB pages, zero until first written, copied on the first write after a save.
 *
 * A class because it owns buffers. `save` hands out references to the pages, so a key frame costs one list walk and no copy
 * of bytes; whoever holds a saved page must not write to it.
 */

import { Platform } from '../../protocol/index.js';
import { changes } from './recent.js';

export const PAGE_SIZE = Platform.PAGE_SIZE;
/** Offset in a page: `address & PAGE_MASK` is exact for every address below 2^53, and far faster than `%` above 2^31. */
export const PAGE_MASK = PAGE_SIZE - 1;
const PAGES_PER_CHUNK = 512;

/** Saved content: page numbers in increasing order and, beside them, their bytes (shared, read-only). */
export interface PhysSnapshot {
  pageNumbers: number[];
  pages: Uint8Array[];
}

interface Chunk {
  pages: (Uint8Array | undefined)[];
  /** 1: nobody else refers to the page, it may be written in place. */
  owned: Uint8Array;
}

export class PhysMemory {
  /** Indexed by address / 2 MiB. */
  private chunks: (Chunk | undefined)[] = [];
  private touched: number[] = [];

  /** Bytes of a page, or `undefined` when it was never written (reads as zero). Read-only for the caller. */
  page(pageNumber: number): Uint8Array | undefined {
    return this.chunks[Math.floor(pageNumber / PAGES_PER_CHUNK)]?.pages[pageNumber & (PAGES_PER_CHUNK - 1)];
  }

  /** The chunk that holds a page, made when it is missing. */
  private chunkFor(pageNumber: number): Chunk {
    const at = Math.floor(pageNumber / PAGES_PER_CHUNK);
    let chunk = this.chunks[at];
    if (chunk === undefined) {
      chunk = { pages: new Array(PAGES_PER_CHUNK).fill(undefined), owned: new Uint8Array(PAGES_PER_CHUNK) };
      this.chunks[at] = chunk;
    }
    return chunk;
  }

  /** The page for writing. */
  private writable(pageNumber: number): Uint8Array {
    const chunk = this.chunkFor(pageNumber);
    const i = pageNumber & (PAGES_PER_CHUNK - 1);
    let bytes = chunk.pages[i];
    if (bytes !== undefined && chunk.owned[i] === 1) return bytes;
    if (bytes === undefined) {
      bytes = new Uint8Array(PAGE_SIZE);
      this.touched.push(pageNumber);
    } else {
      bytes = bytes.slice();
    }
    chunk.pages[i] = bytes;
    chunk.owned[i] = 1;
    changes.count++;
    return bytes;
  }

  /** Bytes of the page at physical address `pa`, to be written in place or only read; `undefined`: nothing to read but zeros. */
  pageFor(pa: number, write: boolean): Uint8Array | undefined {
    return write ? this.writable(pa / PAGE_SIZE) : this.page(pa / PAGE_SIZE);
  }

  /** Copies `to.length` bytes from physical address `pa`. */
  read(pa: number, to: Uint8Array): void {
    for (let done = 0, run = 0; done < to.length; done += run) {
      const offset = (pa + done) & PAGE_MASK;
      run = Math.min(PAGE_SIZE - offset, to.length - done);
      const bytes = this.page(Math.floor((pa + done) / PAGE_SIZE));
      if (bytes === undefined) to.fill(0, done, done + run);
      else copyRun(bytes, offset, to, done, run);
    }
  }

  /** Copies all of `from` to physical address `pa`. */
  write(pa: number, from: Uint8Array): void {
    for (let done = 0, run = 0; done < from.length; done += run) {
      const offset = (pa + done) & PAGE_MASK;
      run = Math.min(PAGE_SIZE - offset, from.length - done);
      copyRun(from, done, this.writable(Math.floor((pa + done) / PAGE_SIZE)), offset, run);
    }
  }

  /** Zero-fills whole pages; those that nobody has touched stay so. `pa` and `size` are multiples of the page size. */
  zeroPages(pa: number, size: number): void {
    const end = (pa + size) / PAGE_SIZE;
    let page = pa / PAGE_SIZE;
    while (page < end) {
      const chunk = this.chunks[Math.floor(page / PAGES_PER_CHUNK)];
      const next = Math.min(end, (Math.floor(page / PAGES_PER_CHUNK) + 1) * PAGES_PER_CHUNK);
      if (chunk !== undefined) {
        for (let p = page; p < next; p++) {
          const bytes = chunk.pages[p % PAGES_PER_CHUNK];
          if (bytes === undefined) continue;
          if (chunk.owned[p % PAGES_PER_CHUNK] === 1) bytes.fill(0);
          else this.writable(p).fill(0);
        }
      }
      page = next;
    }
  }

  save(): PhysSnapshot {
    changes.count++;
    this.touched.sort((a, b) => a - b);
    for (const chunk of this.chunks) chunk?.owned.fill(0);
    return {
      pageNumbers: this.touched.slice(),
      pages: this.touched.map((n) => this.page(n) ?? new Uint8Array(PAGE_SIZE)),
    };
  }

  /** Replaces all content. The pages of `snapshot` stay unchanged: they are copied when first written. */
  restore(snapshot: PhysSnapshot): void {
    changes.count++;
    this.chunks = [];
    this.touched = snapshot.pageNumbers.slice();
    for (let i = 0; i < snapshot.pageNumbers.length; i++) {
      const n = snapshot.pageNumbers[i];
      this.chunkFor(n).pages[n % PAGES_PER_CHUNK] = snapshot.pages[i];
    }
  }
}

/**
 * Source views of recent copies: guests use the same few message buffers over and over, and a view costs more than the copy.
 * Pairs of entries, because two guests often have their buffers at the same offset.
 */
const viewOf: { from: Uint8Array; at: number; view: Uint8Array }[] = Array.from({ length: 64 }, () => ({
  from: new Uint8Array(0),
  at: 0,
  view: new Uint8Array(0),
}));
let evictNext = 0;

export function copyRun(from: Uint8Array, fromAt: number, to: Uint8Array, toAt: number, count: number): void {
  if (count < 24) {
    for (let i = 0; i < count; i++) to[toAt + i] = from[fromAt + i];
    return;
  }
  if (fromAt === 0 && count === from.length) {
    to.set(from, toAt);
    return;
  }
  const pair = (((fromAt >> 4) ^ (fromAt >> 10)) & 15) * 2 + (from.length === PAGE_SIZE ? 32 : 0);
  let recent = viewOf[pair];
  if (recent.from !== from || recent.at !== fromAt || recent.view.length !== count) recent = viewOf[pair + 1];
  if (recent.from !== from || recent.at !== fromAt || recent.view.length !== count) {
    evictNext = 1 - evictNext;
    recent = viewOf[pair + evictNext];
    recent.from = from;
    recent.at = fromAt;
    recent.view = from.subarray(fromAt, fromAt + count);
  }
  to.set(recent.view, toAt);
}
