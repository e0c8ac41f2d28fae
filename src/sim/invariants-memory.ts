/** Invariants of memory: one owner a page, and no page reachable but through a recorded mapping (fact base: memory 2 to 4). */
import type { Hypervisor, HypObject } from '../hyp/index.js';
import type { MemExtent } from '../hyp/mem/extent.js';
import type { MapSegment } from '../hyp/mem/records.js';
import { type Addrspace, memState } from '../hyp/mem/space.js';
import { leafAttrs, type Stage2 } from '../hyp/mem/stage2.js';
import { ObjectType } from '../protocol/index.js';
import type { Fail } from './invariants.js';
import type { Simulator } from './simulator.js';

const GIB = 2 ** 30;
const TWO_MIB = 2 ** 21;
const PAGE = 4096;

/** Numbers of a run: guest address, physical address, size, a leaf with its attributes. */
const RUN = 4;
let runs = new Float64Array(64 * RUN);

/** Leaves of a table, joined where they continue, as runs in {@link runs}; how many. Most of a check is spent here. */
function leaves(s: Stage2): number {
  let count = 0;
  // What continues the present run, and where.
  let next = -1;
  let nextIpa = -1;
  const start = (ipa: number, leaf: number, size: number): void => {
    if ((count + 1) * RUN > runs.length) {
      const larger = new Float64Array(runs.length * 2);
      larger.set(runs);
      runs = larger;
    }
    const at = count++ * RUN;
    runs[at] = ipa;
    runs[at + 1] = leaf - (leaf % PAGE);
    runs[at + 2] = size;
    runs[at + 3] = leaf;
  };
  const { root, tables } = s;
  for (let i = 0; i < root.length; i++) {
    const l1 = root[i];
    if (l1 === 0) continue;
    if (l1 > 0) {
      if (l1 === next && i * GIB === nextIpa) runs[(count - 1) * RUN + 2] += GIB;
      else start(i * GIB, l1, GIB);
      next = l1 + GIB;
      nextIpa = i * GIB + GIB;
      continue;
    }
    const second = tables[-l1];
    let at = i * GIB;
    for (let j = 0; j < second.length; j++, at += TWO_MIB) {
      const l2 = second[j];
      if (l2 === 0) continue;
      if (l2 > 0) {
        if (l2 === next && at === nextIpa) runs[(count - 1) * RUN + 2] += TWO_MIB;
        else start(at, l2, TWO_MIB);
        next = l2 + TWO_MIB;
        nextIpa = at + TWO_MIB;
        continue;
      }
      const third = tables[-l2];
      let ipa = at;
      for (let k = 0; k < third.length; k++, ipa += PAGE) {
        const l3 = third[k];
        if (l3 === 0) continue;
        if (l3 === next && ipa === nextIpa) runs[(count - 1) * RUN + 2] += PAGE;
        else start(ipa, l3, PAGE);
        next = l3 + PAGE;
        nextIpa = ipa + PAGE;
      }
    }
  }
  return count;
}

/** The segment of a set that holds `phys`. */
function segmentAt(segments: readonly MapSegment[], phys: number): MapSegment | undefined {
  return segments.find((s) => s.phys <= phys && phys < s.phys + s.size);
}

function checkOwners(hyp: Hypervisor, fail: Fail): void {
  const { start, owner } = memState(hyp).owners;
  for (let i = 0; i < start.length; i++) {
    if (i > 0 && start[i] <= start[i - 1])
      fail('pages-one-owner', `interval ${i} starts before the one in front of it`);
    if (i > 0 && owner[i] === owner[i - 1]) fail('pages-one-owner', `two neighbouring intervals belong to ${owner[i]}`);
    const id = owner[i];
    if (id < 0) continue;
    const o: HypObject | undefined = hyp.objects[id];
    if (o === undefined || (o.type !== ObjectType.MEMEXTENT && o.type !== ObjectType.PARTITION)) {
      fail('pages-one-owner', `0x${start[i].toString(16)} belongs to ${id}, which is no extent or partition`);
      continue;
    }
    if (o.type !== ObjectType.MEMEXTENT) continue;
    const me = o as MemExtent;
    const end = i + 1 < start.length ? start[i + 1] : Number.POSITIVE_INFINITY;
    if (start[i] < me.physBase || end > me.physBase + me.size)
      fail('pages-one-owner', `extent ${id} owns 0x${start[i].toString(16)}, which is outside of it`);
  }
}

function checkRun(hyp: Hypervisor, as: Addrspace, run: number, fail: Fail): void {
  const { start, owner } = memState(hyp).owners;
  const ipa = runs[run * RUN];
  const phys = runs[run * RUN + 1];
  const size = runs[run * RUN + 2];
  const attrs = leafAttrs(runs[run * RUN + 3]);
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
    const me = hyp.objects[owner[i]] as MemExtent | undefined;
    const at = (): string =>
      `space ${as.id} (VMID ${as.vmid}) reaches 0x${from.toString(16)} at 0x${(ipa + from - phys).toString(16)}`;
    if (me?.type !== ObjectType.MEMEXTENT) {
      fail('mappings-recorded', `${at()}, which belongs to ${owner[i]}`);
      continue;
    }
    for (let p = from; p < to; ) {
      let found: MapSegment | undefined;
      for (const set of me.maps) {
        if (set.as !== as.id) continue;
        const s = segmentAt(set.segments, p);
        if (s !== undefined && s.vbase - s.phys === ipa - phys) found = s;
      }
      if (found === undefined) {
        fail('mappings-recorded', `${at()}, but its owner ${me.id} records no such mapping`);
        break;
      }
      if ((attrs & ~found.attrs & 0x77) !== 0)
        fail('mappings-recorded', `${at()} with access ${attrs & 0x77}, recorded ${found.attrs & 0x77}`);
      p = Math.min(to, found.phys + found.size);
    }
  }
}

/**
 * Where Gunyah leaves large blocks mapped on purpose (quirk `lend-keeps-access`), the primary VM reaches pages that it has
 * lent: its table is then not checked.
 */
export function addressSpaceFaults(sim: Simulator, fail: Fail): void {
  const { hyp } = sim;
  checkOwners(hyp, fail);
  for (const o of hyp.objects) {
    if (o?.type !== ObjectType.ADDRSPACE) continue;
    const as = o as Addrspace;
    if (hyp.config.quirks.lendKeepsBlockMappings && as.vmid === 3) continue;
    const count = leaves(as.stage2);
    for (let run = 0; run < count; run++) checkRun(hyp, as, run, fail);
  }
}
