import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { recentPage, rememberPage } from '../../src/hyp/mem/recent.js';
import type { Addrspace } from '../../src/hyp/mem/space.js';
import { mapRange, pageAt, releaseStage2, stage2, unmapRange } from '../../src/hyp/mem/stage2.js';
import { Access } from '../../src/protocol/index.js';

/** Pages around the border of two blocks, where splits happen. */
const page = fc.integer({ min: 505, max: 520 });
const pages = fc.integer({ min: 1, max: 6 });
const RAM = 0x8000_0000;
const BLOCK = 0x20_0000;
const RWX = 0x77;

const step = fc.oneof(
  fc.record({ op: fc.constant('map' as const), page, pages, phys: fc.integer({ min: 0, max: 2000 }) }),
  fc.record({ op: fc.constant('block' as const), page: fc.nat(1), pages: fc.nat(1), phys: fc.nat(3) }),
  fc.record({ op: fc.constant('unmap' as const), page, pages, phys: fc.nat(1) }),
  fc.record({ op: fc.constant('release' as const), page, pages, phys: fc.nat(0) }),
  fc.record({ op: fc.constant('read' as const), page, pages, phys: fc.nat(0) }),
);

describe('recently used pages', () => {
  it('are what the tables say, whatever was mapped, split, removed or released meanwhile', () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.nat(1), step), { maxLength: 80 }), (steps) => {
        // Ids that share the places in which pages are remembered.
        const spaces = [16, 32].map((id) => ({ id, stage2: stage2() }) as Addrspace);
        const bytesAt = new Map<number, Uint8Array>();
        const read = (space: Addrspace, n: number): void => {
          const leaf = pageAt(space.stage2, n * 4096);
          const pa = leaf - (leaf & 4095);
          const access = [Access.R, Access.W, Access.X][n % 3];
          const known = recentPage(space, n, access);
          if (known !== undefined) {
            expect(leaf).not.toBe(0);
            expect(known).toBe(bytesAt.get(pa));
          } else if (leaf !== 0) {
            const bytes = bytesAt.get(pa) ?? new Uint8Array(1);
            bytesAt.set(pa, bytes);
            rememberPage(space, n, access, bytes);
          }
        };
        for (const [which, s] of steps) {
          const space = spaces[which];
          for (let n = 505; n < 526; n++) read(space, n);
          const size = s.pages * 4096;
          if (s.op === 'map') mapRange(space.stage2, s.page * 4096, size, RAM + s.phys * 4096, RWX);
          else if (s.op === 'block')
            mapRange(space.stage2, s.page * BLOCK, (s.pages + 1) * BLOCK, RAM + s.phys * BLOCK, RWX);
          else if (s.op === 'unmap') {
            const leaf = pageAt(space.stage2, s.page * 4096);
            unmapRange(space.stage2, s.page * 4096, size, leaf - (leaf & 4095), s.phys === 0);
          } else if (s.op === 'release') {
            releaseStage2(space.stage2);
            space.stage2 = stage2();
          }
        }
        for (const { stage2: tables } of spaces) releaseStage2(tables);
      }),
      { numRuns: 60 },
    );
  });
});
