/** Invariants of memory: one owner a page, and no page reachable but through a recorded mapping (fact base: memory 2 to 4). */
import type { Hypervisor } from '../../hyp/index.js';
import type { MemExtent } from '../../hyp/mem/extent.js';
import type { MapSegment, MapSet } from '../../hyp/mem/records.js';
import { type Addrspace, memState } from '../../hyp/mem/space.js';
import { leafAttrs, type Stage2 } from '../../hyp/mem/stage2.js';
import { ObjectType, Platform } from '../../protocol/index.js';
import type { Fail } from './index.js';
import type { Population } from './population.js';

/** What an entry of a table of each level covers. */
const SIZE = [2 ** 30, 2 ** 21, 2 ** 12] as const;

/** Numbers of a run: guest address, size, a leaf with its attributes. */
const RUN = 3;
let runs = new Float64Array(64 * RUN);
let runCount = 0;

/** Adds a run of leaves, or lengthens the last one that it continues. */
function addRun(ipa: number, leaf: number, size: number): void {
  let at = runCount * RUN;
  if (runCount > 0) {
    const before = at - RUN;
    const length = runs[before + 1];
    if (runs[before] + length === ipa && runs[before + 2] + length === leaf) {
      runs[before + 1] = length + size;
      return;
    }
  }
  if (at + RUN > runs.length) {
    const larger = new Float64Array(runs.length * 2);
    larger.set(runs);
    runs = larger;
  }
  runCount++;
  runs[at++] = ipa;
  runs[at++] = size;
  runs[at] = leaf;
}

/** First entry from `i` on that is valid. Four at a time: thousands of entries in every check. */
function skipHoles(table: Float64Array, i: number): number {
  const { length } = table;
  while (i + 4 <= length && table[i] === 0 && table[i + 1] === 0 && table[i + 2] === 0 && table[i + 3] === 0) i += 4;
  while (i < length && table[i] === 0) i++;
  return i;
}

/** First entry from `i` on that does not continue its leaf. */
function skipRun(table: Float64Array, i: number, size: number): number {
  const { length } = table;
  const two = 2 * size;
  const three = 3 * size;
  let next = table[i];
  while (
    i + 4 <= length &&
    table[i] === next &&
    table[i + 1] === next + size &&
    table[i + 2] === next + two &&
    table[i + 3] === next + three
  ) {
    i += 4;
    next += 4 * size;
  }
  for (; i < length && table[i] === next; i++) next += size;
  return i;
}

/** Collects the leaves of a table in {@link runs}. */
function collect(tables: readonly Float64Array[], table: Float64Array, base: number, level: number): void {
  const size = SIZE[level];
  for (let i = skipHoles(table, 0); i < table.length; i = skipHoles(table, i)) {
    const entry = table[i];
    if (entry < 0) {
      collect(tables, tables[-entry], base + i * size, level + 1);
      i++;
      continue;
    }
    const first = i;
    i = skipRun(table, i, size);
    addRun(base + first * size, entry, (i - first) * size);
  }
}

function findRuns(s: Stage2): void {
  runCount = 0;
  collect(s.tables, s.root, 0, 0);
}

/** The segment of a set that holds `phys`. */
function segmentAt(segments: readonly MapSegment[], phys: number): MapSegment | undefined {
  for (let i = 0; i < segments.length; i++) {
    const s = segments[i];
    if (s.phys <= phys && phys < s.phys + s.size) return s;
  }
  return undefined;
}

/** The record of a mapping of `phys` at a distance from its address. */
function recordOf(maps: readonly MapSet[], as: number, phys: number, distance: number): MapSegment | undefined {
  for (let i = 0; i < maps.length; i++) {
    if (maps[i].as !== as) continue;
    const s = segmentAt(maps[i].segments, phys);
    if (s !== undefined && s.vbase - s.phys === distance) return s;
  }
  return undefined;
}

function checkOwners(p: Population, hyp: Hypervisor, fail: Fail): void {
  const { start, owner } = memState(hyp).owners;
  for (let i = 0; i < start.length; i++) {
    if (i > 0 && start[i] <= start[i - 1])
      fail('pages-one-owner', `interval ${i} starts before the one in front of it`);
    if (i > 0 && owner[i] === owner[i - 1]) fail('pages-one-owner', `two neighbouring intervals belong to ${owner[i]}`);
    const id = owner[i];
    if (id < 0 || p.is(id, ObjectType.PARTITION)) continue;
    if (!p.is(id, ObjectType.MEMEXTENT)) {
      fail('pages-one-owner', `0x${start[i].toString(16)} belongs to ${id}, which is no extent or partition`);
      continue;
    }
    const { physBase, size } = hyp.objects[id] as MemExtent;
    const end = i + 1 < start.length ? start[i + 1] : Number.POSITIVE_INFINITY;
    if (start[i] < physBase || end > physBase + size)
      fail('pages-one-owner', `extent ${id} owns 0x${start[i].toString(16)}, which is outside of it`);
  }
}

function checkRun(p: Population, hyp: Hypervisor, as: Addrspace, run: number, fail: Fail): void {
  const { start, owner } = memState(hyp).owners;
  const ipa = runs[run * RUN];
  const size = runs[run * RUN + 1];
  const leaf = runs[run * RUN + 2];
  const phys = leaf - (leaf & 4095);
  const attrs = leafAttrs(leaf);
  let low = 0;
  let high = start.length - 1;
  while (low < high) {
    const mid = (low + high + 1) >> 1;
    if (start[mid] <= phys) low = mid;
    else high = mid - 1;
  }
  for (let i = low; i < start.length && start[i] < phys + size; i++) {
    const from = Math.max(start[i], phys);
    const to = Math.min(i + 1 < start.length ? start[i + 1] : Number.POSITIVE_INFINITY, phys + size);
    if (!p.is(owner[i], ObjectType.MEMEXTENT)) {
      fail('mappings-recorded', `${reach(as, from, ipa - phys)}, which belongs to ${owner[i]}`);
      continue;
    }
    const { id, maps } = hyp.objects[owner[i]] as MemExtent;
    for (let at = from; at < to; ) {
      const found = recordOf(maps, as.id, at, ipa - phys);
      if (found === undefined) {
        fail('mappings-recorded', `${reach(as, from, ipa - phys)}, but its owner ${id} records no such mapping`);
        break;
      }
      if ((attrs & ~found.attrs & 0x77) !== 0) {
        const access = `with access ${attrs & 0x77}, recorded ${found.attrs & 0x77}`;
        fail('mappings-recorded', `${reach(as, from, ipa - phys)} ${access}`);
      }
      at = found.phys + found.size;
    }
  }
}

const reach = (as: Addrspace, phys: number, distance: number): string =>
  `space ${as.id} (VMID ${as.vmid}) reaches 0x${phys.toString(16)} at 0x${(phys + distance).toString(16)}`;

/**
 * Where Gunyah leaves large blocks mapped on purpose (quirk `lend-keeps-access`), the primary VM reaches pages that it has
 * lent: its table is then not checked.
 */
export function memoryFaults(p: Population, hyp: Hypervisor, fail: Fail): void {
  checkOwners(p, hyp, fail);
  for (const as of p.of<Addrspace>(ObjectType.ADDRSPACE)) {
    if (hyp.config.quirks.lendKeepsBlockMappings && as.vmid === Platform.VMID_HLOS) continue;
    findRuns(as.stage2);
    for (let run = 0; run < runCount; run++) checkRun(p, hyp, as, run, fail);
  }
}
