/** How the Resource Manager lends, donates and shares, as hypercalls: what the owner still sees (observations 12). */
import { describe, expect, it } from 'vitest';
import { Call } from '../../src/protocol/index.js';
import { type MemBench, mapAttrs, memBench, NO_SYNC } from './mem-bench.js';

const HLOS = 0x4000_0000;
const PAGE = 0x1000;

interface World {
  m: MemBench;
  hlosAs: bigint;
  hlos: bigint;
  root: bigint;
  /** A parcel extent over everything, as RM makes them. */
  parcel(): bigint;
  /** What HLOS may do at an address: '', 'r', 'rw'. */
  sees(ipa: number): string;
}

/** HLOS with 1 GiB mapped one to one from a sparse extent whose parent is RM's extent of all memory. */
function world(lendKeepsBlockMappings: boolean): World {
  const m = memBench({ lendKeepsBlockMappings });
  const root = m.root(0, 2 ** 44, 7, true).cap;
  m.donate(0, m.b.caps.partition, root, HLOS, 0x4000_0000);
  const hlos = m.derive(root, 0, 2 ** 44, 7, true).cap;
  m.donate(0, root, hlos, HLOS, 0x4000_0000);
  const hlosAs = m.space(3);
  expect(m.map(hlosAs, hlos, HLOS, 7, HLOS, 0x4000_0000)).toBe(0);
  const as = m.object(hlosAs).id;
  const { mem } = m.b.hyp;
  return {
    m,
    hlosAs,
    hlos,
    root,
    parcel: () => m.derive(root, 0, 2 ** 44, 7, true).cap,
    sees: (ipa) => `${mem.translate(as, ipa, false) >= 0 ? 'r' : ''}${mem.translate(as, ipa, true) >= 0 ? 'w' : ''}`,
  };
}

/** MEM_LEND: to a sibling extent. MEM_RECLAIM: back, and the parcel's extent goes. */
function lend(w: World, ipa: number, size: number): bigint {
  const parcel = w.parcel();
  expect(w.m.donate(2, w.hlos, parcel, ipa, size)).toBe(0);
  return parcel;
}
function reclaim(w: World, parcel: bigint, ipa: number, size: number): void {
  expect(w.m.donate(2, parcel, w.hlos, ipa, size)).toBe(0);
  expect(w.m.remove(parcel)).toBe(0);
}
/** MEM_SHARE: the owner gets the parcel mapped again where its own mapping was. */
function share(w: World, ipa: number, size: number, access: number): bigint {
  const parcel = w.parcel();
  expect(w.m.map(w.hlosAs, parcel, ipa, access, ipa, size)).toBe(0);
  expect(w.m.donate(2, w.hlos, parcel, ipa, size)).toBe(0);
  return parcel;
}

describe('with the real hypervisor', () => {
  it.each([
    [0x5200_0000, PAGE],
    [0x5100_0000, 4 * PAGE],
    [0x5400_0000, 0x20_0000],
  ])('lent memory inside a 1 GiB block stays accessible (0x%s, %s bytes), also the second time', (ipa, size) => {
    const w = world(true);
    for (let round = 0; round < 2; round++) {
      const parcel = lend(w, ipa, size);
      expect(w.sees(ipa)).toBe('rw');
      expect(w.sees(ipa + size - PAGE)).toBe('rw');
      reclaim(w, parcel, ipa, size);
      expect(w.sees(ipa)).toBe('rw');
    }
  });

  it('sharing splits the block, after which donation removes the pages', () => {
    const w = world(true);
    const ipa = 0x5100_0000;
    const shared = share(w, ipa, 4 * PAGE, 4);
    expect([w.sees(ipa), w.sees(ipa + 3 * PAGE), w.sees(ipa + 4 * PAGE)]).toEqual(['r', 'r', 'rw']);
    reclaim(w, shared, ipa, 4 * PAGE);
    expect(w.sees(ipa)).toBe('rw');
    const lent = lend(w, ipa, 4 * PAGE);
    expect([w.sees(ipa - PAGE), w.sees(ipa), w.sees(ipa + 3 * PAGE), w.sees(ipa + 4 * PAGE)]).toEqual([
      'rw',
      '',
      '',
      'rw',
    ]);
    // The rest of the gigabyte is in 2 MiB blocks now: a page at the base of one is removed, one in the middle is not.
    lend(w, 0x5800_0000, PAGE);
    expect([w.sees(0x5800_0000), w.sees(0x5800_1000)]).toEqual(['', 'rw']);
    lend(w, 0x5900_1000, PAGE);
    expect(w.sees(0x5900_1000)).toBe('rw');
    reclaim(w, lent, ipa, 4 * PAGE);
    expect(w.sees(ipa)).toBe('rw');
  });

  it('a share with the same access as before changes nothing until the extent goes', () => {
    const w = world(true);
    const parcel = share(w, 0x5100_0000, PAGE, 7);
    expect(w.sees(0x5100_0000)).toBe('rw');
    reclaim(w, parcel, 0x5100_0000, PAGE);
    lend(w, 0x5100_0000, PAGE);
    expect(w.sees(0x5100_0000)).toBe('rw');
  });
});

describe('with the corrected hypervisor', () => {
  it('lent memory is gone until it is reclaimed, and nothing else', () => {
    const w = world(false);
    const parcel = lend(w, 0x5100_0000, 0x20_1000);
    expect([0x50ff_f000, 0x5100_0000, 0x5120_0000, 0x5120_1000].map(w.sees)).toEqual(['rw', '', '', 'rw']);
    reclaim(w, parcel, 0x5100_0000, 0x20_1000);
    expect([0x50ff_f000, 0x5100_0000, 0x5120_0000, 0x5120_1000].map(w.sees)).toEqual(['rw', 'rw', 'rw', 'rw']);
  });
});

describe('mapping of parcels into a guest', () => {
  it('follows the pages: records first, memory later', () => {
    const w = world(true);
    const guestAs = w.m.space(4);
    const guest = w.m.object(guestAs).id;
    const parcel = w.parcel();
    const vbase = 0x8000_0000;
    expect(w.m.map(guestAs, parcel, vbase, 6, 0x5000_0000, 2 * PAGE)).toBe(0);
    const { mem } = w.m.b.hyp;
    expect(mem.translate(guest, vbase, true)).toBe(-1);
    w.m.donate(2, w.hlos, parcel, 0x5000_0000, PAGE);
    expect(mem.translate(guest, vbase + 8, true)).toBe(0x5000_0008);
    expect(mem.translate(guest, vbase + PAGE, true)).toBe(-1);
    expect(w.m.call(Call.MEMEXTENT_MODIFY, parcel, NO_SYNC, 0n, 0n)).toBe(0);
    expect(mem.translate(guest, vbase, true)).toBe(-1);
    expect(w.m.unmap(guestAs, parcel, vbase, 0x5000_0000, PAGE)).not.toBe(0);
  });

  it('a deleted parcel gives its pages to the parent, with the parent\u2019s mappings', () => {
    const w = world(false);
    const parcel = lend(w, 0x5100_0000, PAGE);
    w.m.remove(parcel);
    expect(w.sees(0x5100_0000)).toBe('');
    const again = w.parcel();
    expect(w.m.donate(2, w.hlos, again, 0x5100_0000, PAGE)).toBe(111);
    expect(w.m.donate(0, w.root, again, 0x5100_0000, PAGE)).toBe(0);
  });

  it('a guest loses everything with its address space', () => {
    const w = world(true);
    const guestAs = w.m.space(4);
    const parcel = lend(w, 0x5100_0000, PAGE);
    w.m.map(guestAs, parcel, 0, 6, 0x5100_0000, PAGE);
    w.m.remove(guestAs);
    const next = w.m.space(4);
    expect(w.m.unmap(next, parcel, 0, 0x5100_0000, PAGE)).toBe(22);
    expect(w.m.call(Call.ADDRSPACE_MAP, next, parcel, 0n, mapAttrs(6), 1n, 0x5100_0000n, 0x1000n)).toBe(0);
  });
});
