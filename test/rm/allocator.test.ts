import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { HypError } from '../../src/protocol/index.js';
import { allocRange, createAllocator, freeRange, Tag, tagRegion, untagRange } from '../../src/rm/allocator.js';

const PAGE = 4096;
const make = (pages = 16) => createAllocator(0x10000, pages * PAGE);
const at = (page: number) => 0x10000 + page * PAGE;
const TAG = Tag.VALID | Tag.NORMAL;

describe('address allocator', () => {
  test('takes the lowest range that fits at the alignment', () => {
    const a = createAllocator(0x1000, 0x40_0000);
    expect(allocRange(a, null, PAGE).base).toBe(0x1000);
    expect(allocRange(a, null, 0x20_0000, 0x20_0000).base).toBe(0x20_0000);
    expect(allocRange(a, null, PAGE).base).toBe(0x2000);
  });

  test('refuses what is not free as a whole', () => {
    const a = make();
    expect(allocRange(a, at(4), PAGE).error).toBe(HypError.OK);
    expect(allocRange(a, at(3), 2 * PAGE).error).toBe(HypError.NORESOURCES);
    expect(allocRange(a, at(15), 2 * PAGE).error).toBe(HypError.ARGUMENT_INVALID);
    expect(allocRange(a, at(1) + 1, PAGE).error).toBe(HypError.ARGUMENT_INVALID);
    expect(allocRange(a, null, 100).error).toBe(HypError.ARGUMENT_INVALID);
  });

  test('a reservation serves explicit addresses only, and tells its tag', () => {
    const a = make();
    expect(tagRegion(a, at(0), PAGE, 4 * PAGE, PAGE, TAG)).toMatchObject({ error: HypError.OK, base: at(0) });
    expect(allocRange(a, null, PAGE).base).toBe(at(4));
    expect(allocRange(a, at(1), PAGE)).toMatchObject({ error: HypError.OK, tag: TAG });
    expect(allocRange(a, at(3), 2 * PAGE).error).toBe(HypError.NORESOURCES);
    expect(untagRange(a, at(0), 4 * PAGE, TAG)).toBe(HypError.NORESOURCES);
    expect(freeRange(a, at(1), PAGE)).toBe(HypError.OK);
    expect(untagRange(a, at(0), 4 * PAGE, TAG)).toBe(HypError.OK);
    expect(a.subs).toEqual([]);
  });

  test('only the start of a reservation must lie in the wanted region', () => {
    const a = make();
    expect(tagRegion(a, at(3), PAGE, 8 * PAGE, PAGE, TAG)).toMatchObject({ error: HypError.OK, base: at(3) });
    expect(tagRegion(a, at(0), PAGE, 8 * PAGE, PAGE, TAG).error).toBe(HypError.NORESOURCES);
  });

  test('agrees with a page map, and free ranges are merged again', () => {
    const operation = fc.record({
      base: fc.option(fc.nat(15), { nil: null }),
      pages: fc.integer({ min: 1, max: 5 }),
      align: fc.constantFrom(1, 2, 4),
      free: fc.boolean(),
      pick: fc.nat(20),
    });
    fc.assert(
      fc.property(fc.array(operation, { maxLength: 40 }), (operations) => {
        const a = createAllocator(0, 16 * PAGE);
        const used = new Array<boolean>(16).fill(false);
        const held: [number, number][] = [];
        for (const { base, pages, align, free, pick } of operations) {
          if (free && held.length > 0) {
            const [[first, count]] = held.splice(pick % held.length, 1);
            expect(freeRange(a, first * PAGE, count * PAGE)).toBe(HypError.OK);
            used.fill(false, first, first + count);
            continue;
          }
          const fits = (first: number) => first + pages <= 16 && !used.slice(first, first + pages).includes(true);
          const candidates = base === null ? [...used.keys()].filter((p) => p % align === 0) : [base];
          const expected = candidates.find(fits);
          const got = allocRange(
            a,
            base === null ? null : base * PAGE,
            pages * PAGE,
            base === null ? align * PAGE : PAGE,
          );
          expect(got.error === HypError.OK ? got.base / PAGE : undefined).toBe(expected);
          if (expected === undefined) continue;
          used.fill(true, expected, expected + pages);
          held.push([expected, pages]);
        }
        for (const [first, count] of held) freeRange(a, first * PAGE, count * PAGE);
        expect(a.ranges).toEqual([{ base: 0, size: 16 * PAGE, tag: 0 }]);
      }),
      { numRuns: 60 },
    );
  });
});
