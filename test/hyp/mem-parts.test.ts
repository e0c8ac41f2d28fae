import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { moveOwnership, nextOwned, ownerOf, ownership } from '../../src/hyp/mem/ownership.js';
import { PAGE_SIZE, PhysMemory } from '../../src/hyp/mem/phys.js';
import { emptyMaps, forgetSparse, recordSparse, viewSet } from '../../src/hyp/mem/records.js';
import { leafAttrs, leafKernelAccess, leaves, mapRange, pageAt, stage2, unmapRange } from '../../src/hyp/mem/stage2.js';
import { HypError } from '../../src/protocol/index.js';

describe('physical memory', () => {
  it('reads zero where nothing was written and keeps writes across page and chunk borders', () => {
    const m = new PhysMemory();
    const bytes = Uint8Array.from({ length: 5000 }, (_, i) => i % 251);
    m.write(0x5fff_f800, bytes);
    const back = new Uint8Array(5004);
    m.read(0x5fff_f7fe, back);
    expect([...back.subarray(0, 2)]).toEqual([0, 0]);
    expect(back.subarray(2, 5002)).toEqual(bytes);
    expect([...back.subarray(5002)]).toEqual([0, 0]);
  });

  it('never changes the pages of a snapshot, and restores them', () => {
    const m = new PhysMemory();
    m.write(0x1000, Uint8Array.of(1, 2, 3));
    const saved = m.save();
    const before = saved.pages[0].slice();
    m.write(0x1001, Uint8Array.of(9));
    m.write(0x9000, Uint8Array.of(7));
    m.zeroPages(0x1000, PAGE_SIZE);
    expect(saved.pages[0]).toEqual(before);
    m.restore(saved);
    m.write(0x1002, Uint8Array.of(8));
    const back = new Uint8Array(3);
    m.read(0x1000, back);
    expect([...back]).toEqual([1, 2, 8]);
    m.read(0x9000, back);
    expect([...back]).toEqual([0, 0, 0]);
    expect(saved.pages[0]).toEqual(before);
    expect(saved.pageNumbers).toEqual([1]);
  });
});

describe('ownership database', () => {
  it('agrees with a list of pages, and neighbouring intervals always differ', () => {
    const move = fc.record({
      base: fc.nat({ max: 15 }),
      size: fc.integer({ min: 1, max: 8 }),
      from: fc.integer({ min: -1, max: 2 }),
      to: fc.integer({ min: -1, max: 2 }),
    });
    fc.assert(
      fc.property(fc.array(move, { maxLength: 40 }), (moves) => {
        const db = ownership();
        const pages = new Array(24).fill(-1);
        for (const { base, size, from, to } of moves) {
          const all = pages.slice(base, base + size).every((o) => o === from);
          expect(moveOwnership(db, base * 4096, size * 4096, from, to)).toBe(all);
          if (all) pages.fill(to, base, base + size);
          expect(pages.map((_, i) => ownerOf(db, i * 4096))).toEqual(pages);
          for (let i = 1; i < db.owner.length; i++) expect(db.owner[i]).not.toBe(db.owner[i - 1]);
        }
        const seen = new Array(24).fill(false);
        const run = { base: 0, size: 0 };
        while (nextOwned(db, run.base + run.size, 24 * 4096, 1, run)) {
          seen.fill(true, run.base / 4096, (run.base + run.size) / 4096);
        }
        expect(seen).toEqual(pages.map((o) => o === 1));
        expect(db.owner.filter((o) => o === 1).length).toBe(
          pages.filter((o, i) => o === 1 && pages[i - 1] !== 1).length,
        );
      }),
      { numRuns: 60 },
    );
  });
});

describe('stage-2 tables', () => {
  const RW = (6 | (6 << 4) | (15 << 16)) >>> 0;
  const R = (4 | (4 << 4) | (15 << 16)) >>> 0;

  it('map 1 GiB of aligned memory with one entry', () => {
    const s = stage2();
    expect(mapRange(s, 0x4000_0000, 0x4000_0000, 0x4000_0000, RW)).toBe(HypError.OK);
    expect(leaves(s)).toEqual([[0x4000_0000, 0x4000_0000, expect.any(Number)]]);
    expect(s.tables.length).toBe(1);
    expect(leafAttrs(pageAt(s, 0x5234_5678))).toBe(RW);
  });

  it('refuse addresses outside 36 bits', () => {
    const s = stage2();
    expect(mapRange(s, 2 ** 36, 4096, 0x4000_0000, RW)).toBe(HypError.ADDR_INVALID);
    expect(mapRange(s, 2 ** 36 - 4096, 8192, 0x4000_0000, RW)).toBe(HypError.ADDR_OVERFLOW);
  });

  it('split a block when a page of it changes access, and never merge it again', () => {
    const s = stage2();
    mapRange(s, 0x4000_0000, 0x4000_0000, 0x4000_0000, RW);
    mapRange(s, 0x5100_0000, 0x1000, 0x5100_0000, R);
    expect(leaves(s).length).toBe(511 + 512);
    mapRange(s, 0x5100_0000, 0x1000, 0x5100_0000, RW);
    expect(leaves(s).length).toBe(511 + 512);
  });

  it('keep a block mapping when an unmap names pages inside it but not its base (lend quirk)', () => {
    const s = stage2();
    mapRange(s, 0x4000_0000, 0x4000_0000, 0x4000_0000, RW);
    unmapRange(s, 0x5100_0000, 0x4000, 0x5100_0000, true);
    expect(leaves(s).length).toBe(1);
    unmapRange(s, 0x4000_0000, 0x1000, 0x4000_0000, true);
    expect(pageAt(s, 0x4000_0000)).toBe(0);
    expect(pageAt(s, 0x4000_1000)).not.toBe(0);
    expect(leaves(s).length).toBe(511 + 511);
  });

  it('remove exactly the named pages when repaired', () => {
    const s = stage2();
    mapRange(s, 0x4000_0000, 0x4000_0000, 0x4000_0000, RW);
    unmapRange(s, 0x5100_0000, 0x4000, 0x5100_0000, false);
    expect(pageAt(s, 0x50ff_f000)).not.toBe(0);
    expect(pageAt(s, 0x5100_0000)).toBe(0);
    expect(pageAt(s, 0x5100_3000)).toBe(0);
    expect(pageAt(s, 0x5100_4000)).not.toBe(0);
  });

  it('leave an overwritten address alone', () => {
    const s = stage2();
    mapRange(s, 0x8000_0000, 0x1000, 0x5000_0000, RW);
    mapRange(s, 0x8000_0000, 0x1000, 0x6000_0000, RW);
    unmapRange(s, 0x8000_0000, 0x1000, 0x5000_0000, true);
    expect(pageAt(s, 0x8000_0000)).not.toBe(0);
    unmapRange(s, 0x8000_0000, 0x1000, 0x6000_0000, true);
    expect(leaves(s)).toEqual([]);
    expect(s.free.length).toBe(2);
  });

  it('agree with a list of pages when repaired', () => {
    const range = fc
      .tuple(fc.constantFrom(0, 1, 2, 511, 512, 513, 1023, 1024), fc.constantFrom(1, 2, 510, 511, 512, 1024))
      .filter(([start, pages]) => start + pages <= 1536);
    const step = fc.record({
      op: fc.constantFrom('map', 'unmap'),
      range,
      delta: fc.nat({ max: 1 }),
      access: fc.constantFrom(4, 6),
    });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 25 }), (steps) => {
        const s = stage2();
        const pages = new Array<string>(1536).fill('');
        for (const {
          op,
          range: [start, count],
          delta,
          access,
        } of steps) {
          // Two physical windows 64 MiB apart, so that mapping over another memory is covered.
          const vbase = 0x8000_0000 + start * 4096;
          const phys = 0x5000_0000 + delta * 0x400_0000 + start * 4096;
          if (op === 'map') {
            mapRange(s, vbase, count * 4096, phys, access | (access << 4) | (15 << 16));
            pages.fill(`${delta}${access}`, start, start + count);
          } else {
            unmapRange(s, vbase, count * 4096, phys, false);
            for (let i = start; i < start + count; i++) if (pages[i][0] === String(delta)) pages[i] = '';
          }
        }
        const real = pages.map((_, i) => {
          const leaf = pageAt(s, 0x8000_0000 + i * 4096);
          if (leaf === 0) return '';
          const pa = leaf - (leaf % 4096) - i * 4096 - 0x5000_0000;
          return `${pa / 0x400_0000}${leafKernelAccess(leaf)}`;
        });
        expect(real).toEqual(pages);
        // Every table in use is reachable and counted right.
        let reachable = 0;
        const count = (entries: Float64Array): number => {
          let used = 0;
          for (const e of entries) {
            if (e !== 0) used++;
            if (e < 0) {
              reachable++;
              expect(count(s.tables[-e])).toBe(s.used[-e]);
            }
          }
          return used;
        };
        count(s.root);
        expect(reachable).toBe(s.tables.length - 1 - s.free.length);
      }),
      { numRuns: 60 },
    );
  });
});

describe('mapping records', () => {
  it('use a second set when the same pages are mapped twice into one space, and fail after four', () => {
    const maps = emptyMaps();
    for (let i = 0; i < 4; i++) {
      const vbase = 0x8000_0000 + i * 0x10000;
      expect(recordSparse(maps, 7, { phys: 0, size: 0x2000, vbase, attrs: 1 })).toBe(HypError.OK);
    }
    const fifth = { phys: 0x1000, size: 0x1000, vbase: 0x9000_0000, attrs: 1 };
    expect(recordSparse(maps, 7, fifth)).toBe(HypError.MEMEXTENT_MAPPINGS_FULL);
    expect(recordSparse(maps, 7, { ...fifth, phys: 0x2000 })).toBe(HypError.OK);
  });

  it('join neighbours and cut sub-ranges', () => {
    const maps = emptyMaps();
    recordSparse(maps, 7, { phys: 0, size: 0x1000, vbase: 0x8000, attrs: 1 });
    recordSparse(maps, 7, { phys: 0x2000, size: 0x1000, vbase: 0xa000, attrs: 1 });
    recordSparse(maps, 7, { phys: 0x1000, size: 0x1000, vbase: 0x9000, attrs: 1 });
    expect(maps[0].segments.length).toBe(1);
    expect(forgetSparse(maps, 7, 0x1000, 0x1000, 0x8000)).toBe(HypError.ADDR_INVALID);
    expect(forgetSparse(maps, 7, 0x1000, 0x1000, 0x9000)).toBe(HypError.OK);
    expect(viewSet(maps[0], 0, 0x3000)).toEqual({ as: 7, vbase: 0x8000, attrs: 1, size: 0x1000 });
    expect(viewSet(maps[0], 0x1000, 0x2000)).toEqual({ as: -1, vbase: 0, attrs: 0, size: 0x1000 });
    expect(forgetSparse(maps, 7, 0, 0x3000, 0x8000)).toBe(HypError.ADDR_INVALID);
    expect(forgetSparse(maps, 7, 0, 0x1000, 0x8000)).toBe(HypError.OK);
    expect(forgetSparse(maps, 7, 0x2000, 0x1000, 0xa000)).toBe(HypError.OK);
    expect(maps[0].as).toBe(-1);
  });
});
