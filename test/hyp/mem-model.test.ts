/** Extents against a reference model: random derive, donate, map, unmap, update and delete. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { hex } from '../../src/base/index.js';
import { ObjectState } from '../../src/hyp/index.js';
import {
  type Addrspace,
  leafKernelAccess,
  leaves,
  type MemExtent,
  memState,
  ownerOf,
  pageAt,
} from '../../src/hyp/mem/index.js';
import { Access, Call, ObjectType } from '../../src/protocol/index.js';
import { both, type MemBench, memBench, NO_SYNC } from './mem-bench.js';
import { BASE, CUTS, DELTAS, MemModel, type ModelExtent, physOf, UNITS } from './mem-model.js';

const SPACES = 2;
const PAGE = 4096;
const sizeOf = (a: number, b: number): number => physOf(b) - physOf(a);

interface Step {
  op: 'root' | 'derive' | 'donate' | 'map' | 'unmap' | 'update' | 'unmapAll' | 'remove';
  /** Choose extents, modulo their number. */
  pick: number;
  other: number;
  sparse: boolean;
  range: [number, number];
  access: number;
  space: number;
  delta: number;
}

const step: fc.Arbitrary<Step> = fc.record({
  op: fc.constantFrom(
    'root',
    'derive',
    'derive',
    'donate',
    'donate',
    'donate',
    'map',
    'map',
    'unmap',
    'update',
    'unmapAll',
    'remove',
  ),
  pick: fc.nat({ max: 20 }),
  other: fc.nat({ max: 20 }),
  sparse: fc.oneof({ weight: 3, arbitrary: fc.constant(true) }, { weight: 1, arbitrary: fc.constant(false) }),
  range: fc
    .tuple(fc.nat({ max: UNITS - 1 }), fc.integer({ min: 1, max: UNITS }))
    .map(([a, n]): [number, number] => [a, Math.min(UNITS, a + n)]),
  access: fc.constantFrom(4, 6, 7),
  space: fc.nat({ max: SPACES - 1 }),
  delta: fc.nat({ max: DELTAS.length - 1 }),
});

const PAGE_ACCESS = [Access.R, Access.W, Access.X] as const;

class Run {
  readonly m: MemBench;
  readonly model = new MemModel(SPACES);
  readonly spaces: bigint[];
  readonly caps = new Map<ModelExtent, bigint>();
  readonly objects = new Map<ModelExtent, number>();

  constructor(quirk: boolean) {
    this.m = memBench({ lendKeepsBlockMappings: quirk });
    this.spaces = Array.from({ length: SPACES }, (_, i) => this.m.space(i + 1));
    for (let u = 0; u < UNITS; u++) this.m.b.hyp.mem.writePhys(physOf(u), Uint8Array.of(u + 1));
  }

  private add(made: { cap: bigint; error: number }, error: number): void {
    expect(made.error).toBe(error);
    const e = this.model.extents[this.model.extents.length - 1];
    this.caps.set(e, made.cap);
    this.objects.set(e, this.m.object(made.cap).id);
  }

  private cap(e: ModelExtent): bigint {
    return this.caps.get(e) as bigint;
  }

  do(s: Step): void {
    const [a, b] = s.range;
    const { m, model } = this;
    if (s.op === 'root') {
      const error = model.create(s.sparse, a, b, s.access, undefined);
      this.add(m.root(physOf(a), sizeOf(a, b), s.access, s.sparse), error);
      return;
    }
    const usable = model.extents.filter((e) => e.cap);
    if (usable.length === 0) return;
    const e = usable[s.pick % usable.length];
    if (s.op === 'remove') {
      expect(m.remove(this.cap(e))).toBe(0);
      model.remove(e);
      return;
    }
    if (!e.active) return;
    // The part of the range that lies inside the extent.
    const from = Math.max(a, e.from);
    const to = Math.min(b, e.to);
    if (from >= to) return;
    const offset = physOf(from) - physOf(e.from);
    const size = sizeOf(from, to);
    const record = e.maps[s.space];
    if (s.op === 'derive') {
      const access = s.access & e.access;
      const error = model.create(s.sparse, from, to, access, e);
      this.add(m.derive(this.cap(e), offset, size, access, s.sparse), error);
    } else if (s.op === 'donate') {
      this.donate(e, s, from, to, offset, size);
    } else if (s.op === 'unmapAll') {
      model.unmapAll(e);
      expect(m.call(Call.MEMEXTENT_MODIFY, this.cap(e), NO_SYNC)).toBe(0);
    } else if (s.op === 'map') {
      const [x, y] = e.sparse ? [from, to] : [e.from, e.to];
      // One window and one record per page and space: what more records do is tested separately.
      const used = record.access.some((r) => r !== 0);
      if ((used && (record.delta !== s.delta || !e.sparse)) || record.access.slice(x, y).some((r) => r !== 0)) return;
      const vbase = DELTAS[s.delta] + physOf(x);
      const error = model.map(e, s.space, s.delta, x, y, s.access);
      const real = e.sparse
        ? m.map(this.spaces[s.space], this.cap(e), vbase, s.access, physOf(x) - physOf(e.from), sizeOf(x, y))
        : m.map(this.spaces[s.space], this.cap(e), vbase, s.access);
      expect(real).toBe(error);
    } else if (s.op === 'unmap') {
      const [x, y] = e.sparse ? [from, to] : [e.from, e.to];
      const vbase = DELTAS[s.delta] + physOf(x);
      const error = model.unmap(e, s.space, s.delta, x, y);
      const real = e.sparse
        ? m.unmap(this.spaces[s.space], this.cap(e), vbase, physOf(x) - physOf(e.from), sizeOf(x, y))
        : m.unmap(this.spaces[s.space], this.cap(e), vbase);
      expect(real).toBe(error);
    } else if (s.op === 'update') {
      const vbase = BigInt(DELTAS[s.delta] + physOf(e.from));
      const error = model.update(e, s.space, s.delta, s.access);
      const args = [this.spaces[s.space], this.cap(e), vbase, BigInt(both(s.access)), NO_SYNC];
      expect(m.call(Call.ADDRSPACE_UPDATE_ACCESS, ...args)).toBe(error);
    }
  }

  /** Donation by what the two extents are to each other; only donations that the types allow. */
  private donate(e: ModelExtent, s: Step, from: number, to: number, offset: number, size: number): void {
    const { m, model } = this;
    const up = s.other % 2 === 1;
    if (!e.sparse) return;
    if (e.parent === undefined) {
      const error = up ? model.donate(e, undefined, from, to) : model.donate(undefined, e, from, to);
      const partition = m.b.caps.partition;
      expect(m.donate(up ? 1 : 0, up ? this.cap(e) : partition, up ? partition : this.cap(e), offset, size)).toBe(
        error,
      );
      return;
    }
    const siblings = model.extents.filter(
      (o) => o !== e && o.cap && o.active && o.sparse && o.parent === e.parent && o.from <= from && o.to >= to,
    );
    if (s.other % 4 > 1 && siblings.length > 0) {
      const other = siblings[s.other % siblings.length];
      const error = model.donate(e, other, from, to);
      expect(m.donate(2, this.cap(e), this.cap(other), offset, size)).toBe(error);
      return;
    }
    if (!e.parent.cap || !e.parent.sparse) return;
    const error = up ? model.donate(e, e.parent, from, to) : model.donate(e.parent, e, from, to);
    const [x, y] = up ? [e, e.parent] : [e.parent, e];
    expect(m.donate(up ? 1 : 0, this.cap(x), this.cap(y), offset, size)).toBe(error);
  }

  /** Owners and tables are those of the model. */
  check(): void {
    const { hyp } = this.m.b;
    const owners = memState(hyp).owners;
    const partition = hyp.objects.findIndex((o) => o?.type === ObjectType.PARTITION);
    // Lists are compared, not elements: each expect() costs as much as a hypercall.
    const units = Array.from({ length: UNITS }, (_, u) => u);
    const wanted = units.map((u) => {
      const owner = this.model.owner[u];
      return owner === undefined ? partition : this.objects.get(owner);
    });
    expect(units.map((u) => ownerOf(owners, physOf(u)))).toEqual(wanted);
    expect(units.map((u) => ownerOf(owners, physOf(u + 1) - PAGE))).toEqual(wanted);
    this.spaces.forEach((cap, s) => {
      const space = this.m.object<Addrspace>(cap);
      /** Access to each unit at `pa`; text where a leaf is not that of the page. */
      const access = (delta: number, pas: readonly number[]): (number | string)[] =>
        pas.map((pa) => {
          const leaf = pageAt(space.stage2, delta + pa);
          if (leaf === 0) return 0;
          return leaf - (leaf % PAGE) === pa ? leafKernelAccess(leaf) : `${hex(pa)} is mapped to ${hex(leaf)}`;
        });
      for (const at of [physOf, (u: number): number => physOf(u + 1) - PAGE])
        expect(DELTAS.map((delta) => access(delta, units.map(at)))).toEqual(this.model.tables[s]);
      /** The same by what copies and instructions get of the first page of each unit, which its number is written on. */
      const got = (delta: number, u: number): number =>
        PAGE_ACCESS.filter((bit) => hyp.mem.ramPage(space.id, delta + physOf(u), bit)?.[0] === u + 1).reduce(
          (sum, bit) => sum | bit,
          0,
        );
      expect(DELTAS.map((delta) => units.map((u) => got(delta, u)))).toEqual(this.model.tables[s]);
    });
  }

  /** Every table entry is recorded by some extent for that place. */
  checkReachable(): void {
    const { hyp } = this.m.b;
    for (const cap of this.spaces) {
      const space = this.m.object<Addrspace>(cap);
      for (const [ipa, size, leaf] of leaves(space.stage2)) {
        const pa = leaf - (leaf % PAGE);
        const reachable = hyp.objects.some(
          (o) =>
            o?.type === ObjectType.MEMEXTENT &&
            o.state === ObjectState.ACTIVE &&
            (o as MemExtent).maps.some(
              (set) =>
                set.as === space.id &&
                set.segments.some((r) => r.phys <= pa && r.phys + r.size > pa && r.vbase - r.phys === ipa - pa),
            ),
        );
        expect(reachable && size > 0).toBe(true);
      }
    }
  }
}

/** Everything in one sparse extent, mapped by large blocks: where most random sequences would hardly get. */
const all = { pick: 0, other: 0, sparse: true, range: [0, UNITS] as [number, number], access: 7, space: 0, delta: 0 };
const PRELUDE: readonly Step[] = [
  { ...all, op: 'root' },
  { ...all, op: 'donate' },
  { ...all, op: 'map' },
];

const property = (quirk: boolean) =>
  fc.property(fc.boolean(), fc.array(step, { minLength: 5, maxLength: 40 }), (prelude, steps) => {
    const run = new Run(quirk);
    for (const s of prelude ? [...PRELUDE, ...steps] : steps) {
      run.do(s);
      run.check();
    }
    run.checkReachable();
  });

describe('extents and mappings', () => {
  it('agree with the model: every page has one owner and is reachable only where its owner recorded it', () => {
    fc.assert(property(false), { numRuns: 50, seed: 7 });
  });

  it('the model notices the block quirk of the real hypervisor (a mutant that must be caught)', () => {
    const found = fc.check(property(true), { numRuns: 300, seed: 7, endOnFailure: true });
    expect(found.failed).toBe(true);
  });

  it('the units cover whole and partial blocks', () => {
    expect(BASE % 0x20_0000).toBe(0);
    expect(CUTS.filter((c) => c % 512 === 0).length).toBe(4);
  });
});
