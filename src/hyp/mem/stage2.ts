/**
 * Stage-2 translation tables of one address space: 36-bit guest addresses, 4 KiB granule, blocks of 1 GiB and 2 MiB.
 *
 * Modelled as the real tables are, because guests can see the difference: a map forms the largest blocks that fit and keeps
 * an entry that already says the same; changing a part of a block splits it; nothing ever merges back; a table without
 * entries is freed. `unmap` removes an entry only if it still points into the physical range that is being unmapped, and
 * compares the *base* of the entry: a block whose base lies before the range is skipped although the range is inside it
 * (quirk `lend-keeps-access`, observations 12). Left out: TLBs, break-before-make windows, the contiguous bit.
 *
 * Plain data: an entry is a number. 0 invalid; positive: leaf = physical address + attribute bits in the low 12; negative:
 * minus the index of the next-level table.
 */
import { arrayPool } from '../../base/index.js';
import { Access, HypError, Platform } from '../../protocol/index.js';
import { forgetPages } from './recent.js';

export interface Stage2 {
  root: Float64Array;
  /** Index 0 is never used. */
  tables: Float64Array[];
  /** Valid entries of each table. */
  used: number[];
  free: number[];
}

export const VM_ADDRESS_END = 2 ** Platform.GUEST_PA_BITS;
const ENTRIES = 512;
const SIZE = [2 ** 30, 2 ** 21, 2 ** 12] as const;
const PAGE_LEVEL = 2;

const roots = arrayPool<Float64Array>(() => new Float64Array(VM_ADDRESS_END / SIZE[0]));
const lowerTables = arrayPool<Float64Array>(() => new Float64Array(ENTRIES));
const NO_TABLE = new Float64Array(0);

export const stage2 = (): Stage2 => ({
  root: roots.take(),
  tables: [NO_TABLE],
  used: [0],
  free: [],
});

/** The space is gone: other spaces may have its tables. */
export function releaseStage2(s: Stage2): void {
  forgetPages(s, 0, VM_ADDRESS_END);
  // Short: the built-in fill costs more.
  for (let i = 0; i < s.root.length; i++) s.root[i] = 0;
  roots.give(s.root, true);
  // A table without entries has nothing but zeros.
  for (let i = 1; i < s.tables.length; i++) lowerTables.give(s.tables[i], s.used[i] === 0);
  s.tables = [];
  s.root = NO_TABLE;
}

// Attribute bits of a leaf: 0 valid, 3:1 kernel access, 4 user execute, 8:5 memory type.
const KERNEL_SHIFT = 1;
const USER_X = 0x10;
const MEMTYPE_SHIFT = 5;
const ACCESS_BITS = 0x1e;

/** Mapping attributes (user 2:0, kernel 6:4, memory type 23:16) as leaf bits: user R and W follow the kernel's. */
const leafBits = (attrs: number): number =>
  1 | (((attrs >> 4) & 7) << KERNEL_SHIFT) | ((attrs & 1) << 4) | (((attrs >> 16) & 15) << MEMTYPE_SHIFT);

/** The mapping attributes that a leaf really has. */
export function leafAttrs(leaf: number): number {
  const bits = leaf & 4095;
  const kernel = (bits >> KERNEL_SHIFT) & 7;
  const user = (kernel & Access.RW) | ((bits & USER_X) !== 0 ? Access.X : 0);
  return user | (kernel << 4) | ((bits >> MEMTYPE_SHIFT) << 16);
}

/** Kernel (EL1) access of a leaf. */
export const leafKernelAccess = (leaf: number): number => ((leaf & 4095) >> KERNEL_SHIFT) & 7;

// Position of the last `find`: one walker, never re-entered.
let level = 0;
let table: Float64Array = NO_TABLE;
let index = 0;
let rootIndex = 0;
let table2 = 0;
let index2 = 0;
let table3 = 0;

/** Goes to the entry that translates `ipa` (leaf or invalid) and returns it. */
function find(s: Stage2, ipa: number): number {
  rootIndex = Math.floor(ipa / SIZE[0]);
  let entry = s.root[rootIndex];
  if (entry >= 0) {
    level = 0;
    table = s.root;
    index = rootIndex;
    return entry;
  }
  table2 = -entry;
  index2 = Math.floor(ipa / SIZE[1]) & (ENTRIES - 1);
  entry = s.tables[table2][index2];
  if (entry >= 0) {
    level = 1;
    table = s.tables[table2];
    index = index2;
    return entry;
  }
  table3 = -entry;
  level = 2;
  table = s.tables[table3];
  index = Math.floor(ipa / SIZE[2]) & (ENTRIES - 1);
  return table[index];
}

/** Leaf that translates `ipa`, or 0. Hot path: no walker state. */
export function leafAt(s: Stage2, ipa: number): number {
  if (ipa >= VM_ADDRESS_END) return 0;
  let entry = s.root[Math.floor(ipa / 0x4000_0000)];
  if (entry >= 0) return entry;
  entry = s.tables[-entry][Math.floor(ipa / 0x20_0000) & (ENTRIES - 1)];
  if (entry >= 0) return entry;
  return s.tables[-entry][Math.floor(ipa / 4096) & (ENTRIES - 1)];
}

/** Like {@link leafAt}, with the page's own physical address in the result instead of the block's base. */
export function pageAt(s: Stage2, ipa: number): number {
  if (ipa >= VM_ADDRESS_END) return 0;
  // Page numbers have 24 bits: integer arithmetic from here on.
  const page = (ipa / 4096) | 0;
  let entry = s.root[page >> 18];
  if (entry >= 0) return entry === 0 ? 0 : entry + (page & 0x3_ffff) * 4096;
  entry = s.tables[-entry][(page >> 9) & (ENTRIES - 1)];
  if (entry >= 0) return entry === 0 ? 0 : entry + (page & (ENTRIES - 1)) * 4096;
  return s.tables[-entry][page & (ENTRIES - 1)];
}

/** Size of the leaf or hole at `ipa`, in bytes. */
export function entrySizeAt(s: Stage2, ipa: number): number {
  find(s, ipa);
  return SIZE[level];
}

function allocate(s: Stage2): number {
  const reused = s.free.pop();
  if (reused !== undefined) return reused;
  s.tables.push(lowerTables.take());
  s.used.push(0);
  return s.tables.length - 1;
}

/** Counts one entry more in the table of the last `find`. */
function countEntry(s: Stage2): void {
  if (level === 1) s.used[table2]++;
  else if (level === 2) s.used[table3]++;
}

/** Invalidates the entry of the last `find` and frees tables that became empty. */
function invalidate(s: Stage2): void {
  table[index] = 0;
  if (level === 2) {
    if (--s.used[table3] > 0) return;
    s.free.push(table3);
    s.tables[table2][index2] = 0;
  }
  if (level >= 1) {
    if (--s.used[table2] > 0) return;
    s.free.push(table2);
    s.root[rootIndex] = 0;
  }
}

/** Replaces the block of the last `find` by a full table of the next smaller size. */
function split(s: Stage2, entry: number): void {
  const id = allocate(s);
  const children = s.tables[id];
  const step = SIZE[level + 1];
  for (let i = 0; i < ENTRIES; i++) children[i] = entry + i * step;
  s.used[id] = ENTRIES;
  table[index] = -id;
}

/** Entries from the last `find` on that a pure access change of `left` bytes covers, all alike; 0 when it is not one. */
function accessRun(left: number, pa: number, bits: number): number {
  const size = SIZE[level];
  const stop = Math.min(index + Math.floor(left / size), table.length);
  const kept = bits & ~ACCESS_BITS;
  for (let i = index; i < stop; i++) {
    const entry = table[i];
    if (entry <= 0) return 0;
    const entryBits = entry & 4095;
    if (entry - entryBits !== pa + (i - index) * size || (entryBits & ~ACCESS_BITS) !== kept) return 0;
  }
  return stop - index;
}

/**
 * Maps vbase .. vbase+size-1 to physical addresses from `phys` on, over whatever is there. Page-aligned, not empty.
 * Errors: ADDR_INVALID (start outside 36 bits), ADDR_OVERFLOW (end outside).
 */
export function mapRange(s: Stage2, vbase: number, size: number, phys: number, attrs: number): number {
  if (vbase >= VM_ADDRESS_END) return HypError.ADDR_INVALID;
  const end = vbase + size;
  if (end > VM_ADDRESS_END) return HypError.ADDR_OVERFLOW;
  forgetPages(s, vbase, end);
  const bits = leafBits(attrs);
  let va = vbase;
  let pa = phys;
  while (va < end) {
    const entry = find(s, va);
    const entrySize = SIZE[level];
    const offset = va & (entrySize - 1);
    const whole = offset === 0 && end - va >= entrySize;
    if (entry === 0) {
      if (whole && (pa & (entrySize - 1)) === 0) {
        // The following holes of the table are filled without looking for them again.
        const stop = Math.min(table.length, index + Math.floor((end - va) / entrySize));
        do {
          table[index] = pa + bits;
          countEntry(s);
          index++;
          va += entrySize;
          pa += entrySize;
        } while (index < stop && table[index] === 0);
      } else {
        const id = allocate(s);
        table[index] = -id;
        countEntry(s);
      }
      continue;
    }
    // The same block and attributes are kept, whatever the offset inside the block: Gunyah does not compare it.
    const expected = pa - (pa & (entrySize - 1));
    if (entry === expected + bits) {
      va += entrySize - offset;
      pa = expected + entrySize;
    } else if (whole || level === PAGE_LEVEL) {
      const run = accessRun(end - va, pa, bits);
      if (run === 0) {
        invalidate(s);
        continue;
      }
      for (let i = 0; i < run; i++) table[index + i] = pa + i * entrySize + bits;
      va += run * entrySize;
      pa += run * entrySize;
    } else {
      split(s, entry);
    }
  }
  return HypError.OK;
}

/**
 * Removes the entries of vbase .. vbase+size-1 that still point into phys .. phys+size-1.
 * `blockBaseOnly`: compare the base of a block (real behaviour, see the head of the file); otherwise the address that
 * `vbase` itself translates to (the corrected hypervisor).
 */
export function unmapRange(s: Stage2, vbase: number, size: number, phys: number, blockBaseOnly: boolean): void {
  const end = vbase + size;
  if (end > VM_ADDRESS_END) return;
  forgetPages(s, vbase, end);
  let va = vbase;
  while (va < end) {
    const entry = find(s, va);
    if (level === PAGE_LEVEL) {
      // So are the following pages of the table, as long as it has any.
      const stop = Math.min(ENTRIES, index + (end - va) / SIZE[PAGE_LEVEL]);
      for (; index < stop; index++) {
        va += SIZE[PAGE_LEVEL];
        const page = table[index] - (table[index] & 4095);
        if (table[index] === 0 || page < phys || page >= phys + size) continue;
        invalidate(s);
        if (s.used[table3] === 0) break;
      }
      continue;
    }
    const entrySize = SIZE[level];
    const offset = va & (entrySize - 1);
    if (entry !== 0) {
      const pa = entry - (entry & 4095) + (blockBaseOnly ? 0 : offset);
      if (pa >= phys && pa < phys + size) {
        if (offset !== 0 || end - va < entrySize) {
          split(s, entry);
          continue;
        }
        invalidate(s);
      }
    }
    va += entrySize - offset;
  }
}

/** Every leaf as [ipa, size, leaf], in increasing order: invariants, explorers. */
export function leaves(s: Stage2): [ipa: number, size: number, leaf: number][] {
  const found: [number, number, number][] = [];
  const visit = (entries: Float64Array, base: number, depth: number): void => {
    for (let i = 0; i < entries.length; i++) {
      const entry = entries[i];
      const at = base + i * SIZE[depth];
      if (entry > 0) found.push([at, SIZE[depth], entry]);
      else if (entry < 0) visit(s.tables[-entry], at, depth + 1);
    }
  };
  visit(s.root, 0, 0);
  return found;
}
