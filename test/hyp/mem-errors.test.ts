import { describe, expect, it } from 'vitest';
import type { HypObject, Thread } from '../../src/hyp/index.js';
import {
  type Addrspace,
  bootMap,
  createBootExtent,
  type MemExtent,
  memState,
  ownerOf,
} from '../../src/hyp/mem/index.js';
import { Access, Call, ExtentMemType, HypError, ObjectType, Rights } from '../../src/protocol/index.js';
import { both, extentAttrs, type MemBench, mapAttrs, memBench, NO_SYNC, WB } from './mem-bench.js';

const E = HypError;
const P = 0x5000_0000;
const PAGE = 0x1000;
const MINUS1 = 0xffff_ffff_ffff_ffffn;

/** A copy of a capability with fewer rights. */
function weak(m: MemBench, cap: bigint, rights: number): bigint {
  const [error, copy] = m.b.call(Call.CSPACE_COPY_CAP_FROM, m.b.caps.cspace, cap, m.b.caps.cspace, BigInt(rights));
  expect(error).toBe(0n);
  return copy;
}

describe('memextent_configure refuses in order', () => {
  const m = memBench();
  const cap = m.create(Call.PARTITION_CREATE_MEMEXTENT);
  const attrs = Number(extentAttrs(7, false));
  const configure = (phys: bigint, size: bigint, a: number, which = cap): number =>
    m.call(Call.MEMEXTENT_CONFIGURE, which, phys, size, BigInt(a >>> 0));

  it.each([
    [
      'reserved argument before everything',
      () => m.call(Call.MEMEXTENT_CONFIGURE, 0xdeadn, 0n, 0n, 0n, 1n),
      E.ARGUMENT_INVALID,
    ],
    ['empty slot', () => configure(0n, 0n, 0, 0x30n), E.CSPACE_CAP_NULL],
    ['right before type', () => configure(0n, 0n, 0, weak(m, m.b.caps.vic, 1)), E.CSPACE_INSUFFICIENT_RIGHTS],
    ['type', () => configure(0n, 0n, 0, m.b.caps.vic), E.CSPACE_WRONG_OBJECT_TYPE],
    ['size 0 before alignment', () => configure(1n, 0n, 0), E.ARGUMENT_INVALID],
    ['wrap before alignment', () => configure(MINUS1, 2n, 0), E.ARGUMENT_INVALID],
    ['alignment before attributes', () => configure(0x800n, 0x1000n, 8), E.ARGUMENT_ALIGNMENT],
    ['reserved attribute bit', () => configure(BigInt(P), 0x1000n, attrs | 8), E.ARGUMENT_INVALID],
    ['append', () => configure(BigInt(P), 0x1000n, attrs | 0x80000000), E.ARGUMENT_INVALID],
    ['type 2', () => configure(BigInt(P), 0x1000n, 0x20007), E.ARGUMENT_INVALID],
    ['cached', () => configure(BigInt(P), 0x1000n, 0x307), E.ARGUMENT_INVALID],
    ['access none', () => configure(BigInt(P), 0x1000n, 0), E.ARGUMENT_INVALID],
    ['access write and execute', () => configure(BigInt(P), 0x1000n, 3), E.ARGUMENT_INVALID],
    ['up to the end of the address space', () => configure(0xffff_ffff_ffff_f000n, 0x1000n, 7), E.OK],
  ])('%s', (_name, run, error) => expect(run()).toBe(error));

  it('and OBJECT_STATE after activation, before the arguments', () => {
    const { cap: active } = m.root(P, PAGE, 7, false);
    expect(m.call(Call.MEMEXTENT_CONFIGURE, active, 0n, 0n, 0n)).toBe(E.OBJECT_STATE);
  });
});

describe('memextent_configure_derive refuses in order', () => {
  const m = memBench();
  const parent = m.root(P, 0x10 * PAGE, 6, false, 2).cap;
  const cap = m.create(Call.PARTITION_CREATE_MEMEXTENT);
  const derive = (offset: bigint, size: bigint, attrs: bigint, from = parent, to = cap): number =>
    m.call(Call.MEMEXTENT_CONFIGURE_DERIVE, to, from, offset, size, attrs);
  const ok = extentAttrs(6, false, 2);

  it.each([
    ['parent right before child', () => derive(0n, 0n, 0n, weak(m, parent, 1), 0xdeadn), E.CSPACE_INSUFFICIENT_RIGHTS],
    ['parent not active', () => derive(0n, 0n, 0n, cap), E.OBJECT_STATE],
    ['child malformed', () => derive(0n, 0n, 0n, parent, 0x20000n), E.ARGUMENT_INVALID],
    ['child active', () => derive(0n, 0n, 0n, parent, parent), E.OBJECT_STATE],
    ['size 0', () => derive(0x100000n, 0n, 0n), E.ARGUMENT_INVALID],
    ['wrap', () => derive(MINUS1, 2n, 0n), E.ARGUMENT_INVALID],
    ['outside before alignment', () => derive(0xf001n, 0x1000n, 0n), E.ADDR_INVALID],
    ['alignment', () => derive(1n, 0x1000n, 8n), E.ARGUMENT_ALIGNMENT],
    ['reserved', () => derive(0n, 0x1000n, ok | 8n), E.ARGUMENT_INVALID],
    ['more access than the parent', () => derive(0n, 0x1000n, extentAttrs(7, false, 2)), E.ARGUMENT_INVALID],
    ['other memory type', () => derive(0n, 0x1000n, extentAttrs(6, false, 1)), E.ARGUMENT_INVALID],
    ['fits', () => derive(0xf000n, 0x1000n, ok), E.OK],
  ])('%s', (_name, run, error) => expect(run()).toBe(error));
});

describe('activation of extents', () => {
  it('refuses an extent that was never configured', () => {
    const m = memBench();
    const cap = m.create(Call.PARTITION_CREATE_MEMEXTENT);
    expect(m.call(Call.OBJECT_ACTIVATE, cap)).toBe(E.OBJECT_CONFIG);
    expect(m.call(Call.OBJECT_ACTIVATE, cap)).toBe(E.OBJECT_STATE);
  });

  it('refuses memory that the partition does not own, and leaves the extent FAILED', () => {
    const m = memBench();
    expect(m.root(P, 4 * PAGE, 7, false).error).toBe(E.OK);
    const second = m.root(P + 3 * PAGE, 2 * PAGE, 7, false);
    expect(second.error).toBe(E.MEMDB_NOT_OWNER);
    expect(m.map(m.space(1), second.cap, 0, 6)).toBe(E.OBJECT_STATE);
    expect(m.root(0x100_0000, PAGE, 7, false).error).toBe(E.MEMDB_NOT_OWNER);
  });

  it('refuses a BASIC child of a partly mapped range, and keeps it linked to the parent for ever', () => {
    const m = memBench();
    const as = m.space(1);
    const parent = m.root(P, 4 * PAGE, 7, true).cap;
    expect(m.donate(0, m.b.caps.partition, parent, 0, 4 * PAGE)).toBe(E.OK);
    expect(m.map(as, parent, 0x8000_0000, 7, PAGE, PAGE)).toBe(E.OK);
    const child = m.derive(parent, 0, 2 * PAGE, 7, false);
    expect(child.error).toBe(E.DENIED);
    expect(ownerOf(memState(m.b.hyp).owners, P)).toBe(m.object(parent).id);
    m.remove(child.cap);
    expect(m.object<MemExtent>(parent).children).toBe(1);
    expect(m.derive(parent, PAGE, PAGE, 7, false).error).toBe(E.OK);
  });

  it('refuses children while the parent is attached to the hypervisor', () => {
    const m = memBench();
    const parent = m.root(P, 2 * PAGE, 7, false).cap;
    const extent = m.object<MemExtent>(parent);
    expect(m.b.hyp.mem.attachExtent(extent, extent.partition, PAGE)).toBe(E.OK);
    expect(m.derive(parent, 0, PAGE, 7, false).error).toBe(E.BUSY);
    m.b.hyp.mem.detachExtent(extent);
    expect(m.derive(parent, 0, PAGE, 7, false).error).toBe(E.OK);
    expect(m.b.hyp.mem.attachExtent(extent, extent.partition, PAGE)).toBe(E.BUSY);
  });
});

describe('addrspace_map refuses in order', () => {
  const m = memBench();
  const as = m.space(1);
  const basic = m.root(P, 4 * PAGE, 6, false).cap;
  const sparse = m.root(P + 0x10000, 4 * PAGE, 6, true).cap;
  const uncached = m.root(P + 0x20000, PAGE, 6, false, 2).cap;
  const good = mapAttrs(6);
  const map = (me: bigint, vbase: bigint, attrs: bigint, flags: bigint, offset = 0n, size = 0n, space = as): number =>
    m.call(Call.ADDRSPACE_MAP, space, me, vbase, attrs, flags, offset, size);

  it.each([
    ['reserved attributes before lookups', () => map(0xdeadn, 0n, 8n, 0n, 0n, 0n, 0xdeadn), E.ARGUMENT_INVALID],
    ['reserved flags before lookups', () => map(0xdeadn, 0n, 0n, 2n, 0n, 0n, 0xdeadn), E.ARGUMENT_INVALID],
    ['address space before extent', () => map(0x20000n, 0n, good, 0n, 0n, 0n, basic), E.CSPACE_WRONG_OBJECT_TYPE],
    ['extent right', () => map(weak(m, basic, Rights.MEMEXTENT.DERIVE), 1n, good, 0n), E.CSPACE_INSUFFICIENT_RIGHTS],
    ['alignment of vbase', () => map(basic, 1n, 0n, 0n), E.ARGUMENT_ALIGNMENT],
    ['whole: offset and size ignored', () => map(basic, 0x8000_0000n, good, 0n, 1n, 1n), E.OK],
    ['partial: alignment of offset', () => map(basic, 0n, good, 1n, 1n, 0n), E.ARGUMENT_ALIGNMENT],
    ['partial: size 0', () => map(basic, 0n, good, 1n, 0n, 0n), E.ARGUMENT_SIZE],
    ['partial: beyond the extent', () => map(basic, 0n, good, 1n, 0x3000n, 0x2000n), E.ARGUMENT_SIZE],
    ['partial: vbase wraps', () => map(basic, 0xffff_ffff_ffff_f000n, good, 1n, 0n, 0x2000n), E.ARGUMENT_SIZE],
    ['access before BASIC partial', () => map(basic, 0n, mapAttrs(7), 1n, 0n, 0x1000n), E.ARGUMENT_INVALID],
    ['memory type 4', () => map(basic, 0n, BigInt((4 << 16) | both(6)), 0n), E.ARGUMENT_INVALID],
    ['memory type 16', () => map(basic, 0n, BigInt((16 << 16) | both(6)), 0n), E.ARGUMENT_INVALID],
    ['write-back of uncached', () => map(uncached, 0n, good, 0n), E.ARGUMENT_INVALID],
    ['non-cacheable of uncached', () => map(uncached, 0n, BigInt((5 << 16) | both(6)), 0n), E.OK],
    ['BASIC partial', () => map(basic, 0n, good, 1n, 0n, 0x1000n), E.MEMEXTENT_TYPE],
    ['BASIC wrap', () => map(basic, 0xffff_ffff_ffff_f000n, good, 0n), E.ADDR_OVERFLOW],
    ['BASIC beyond 36 bits', () => map(basic, 1n << 36n, good, 0n), E.ADDR_INVALID],
    ['BASIC over the end', () => map(basic, (1n << 36n) - 0x1000n, good, 0n), E.ADDR_OVERFLOW],
    ['SPARSE at 2^48', () => map(sparse, 1n << 48n, good, 1n, 0n, 0x1000n), E.ADDR_INVALID],
    [
      'SPARSE that owns nothing: any address can be recorded',
      () => map(sparse, 1n << 40n, good, 1n, 0n, 0x1000n),
      E.OK,
    ],
  ])('%s', (_name, run, error) => expect(run()).toBe(error));

  it('and has four records per BASIC extent', () => {
    expect(m.map(as, basic, 0x8000_0000, 6)).toBe(E.OK);
    expect(m.map(as, basic, 0x8100_0000, 6)).toBe(E.OK);
    expect(m.map(as, basic, 0x8200_0000, 6)).toBe(E.OK);
    expect(m.map(as, basic, 0x8300_0000, 6)).toBe(E.MEMEXTENT_MAPPINGS_FULL);
    expect(m.unmap(as, basic, 0x8200_0000)).toBe(E.OK);
    expect(m.unmap(as, basic, 0x8200_0000)).toBe(E.ADDR_INVALID);
  });

  it('stops the hypervisor when user and kernel differ in read or write', () => {
    const d = memBench();
    const space = d.space(1);
    const me = d.root(P, PAGE, 7, false).cap;
    d.call(Call.ADDRSPACE_MAP, space, me, 0n, BigInt(WB | 4 | (6 << 4)), NO_SYNC);
    expect(d.b.hyp.dead?.rule).toBe('hyp-stage2-access');
  });
});

describe('addrspace_unmap and addrspace_update_access', () => {
  const m = memBench();
  const as = m.space(1);
  const basic = m.root(P, 4 * PAGE, 7, false).cap;
  const sparse = m.root(P + 0x10000, 4 * PAGE, 7, true).cap;
  m.donate(0, m.b.caps.partition, sparse, 0, 4 * PAGE);
  m.map(as, basic, 0x8000_0000, 7);
  m.map(as, sparse, 0x9000_0000, 7, 0, 4 * PAGE);
  const update = (me: bigint, vbase: bigint, access: bigint, flags = 0n, offset = 0n, size = 0n): number =>
    m.call(Call.ADDRSPACE_UPDATE_ACCESS, as, me, vbase, access, flags, offset, size);

  it.each([
    ['unmap: reserved flags', () => m.call(Call.ADDRSPACE_UNMAP, 0xdeadn, 0xdeadn, 0n, 2n), E.ARGUMENT_INVALID],
    ['unmap: partial BASIC', () => m.unmap(as, basic, 0x8000_0000, 0, PAGE), E.MEMEXTENT_TYPE],
    ['unmap: other address', () => m.unmap(as, basic, 0x8000_1000), E.ADDR_INVALID],
    ['unmap: sparse range at the wrong place', () => m.unmap(as, sparse, 0x9000_1000, 0, PAGE), E.ADDR_INVALID],
    ['update: reserved bits', () => update(basic, 0n, 8n), E.ARGUMENT_INVALID],
    ['update: access before alignment', () => update(weak(m, sparse, 1), 1n, 0x100n), E.ARGUMENT_INVALID],
    ['update: alignment', () => update(basic, 1n, BigInt(both(4))), E.ARGUMENT_ALIGNMENT],
    ['update: partial BASIC', () => update(basic, 0x8000_0000n, BigInt(both(4)), 1n, 0n, 0x1000n), E.MEMEXTENT_TYPE],
    ['update: not mapped there', () => update(basic, 0n, BigInt(both(4))), E.ADDR_INVALID],
    [
      'update: SPARSE never works',
      () => update(sparse, 0x9000_0000n, BigInt(both(4)), 1n, 0n, 0x4000n),
      E.ADDR_INVALID,
    ],
    ['update: BASIC', () => update(basic, 0x8000_0000n, BigInt(both(4))), E.OK],
  ])('%s', (_name, run, error) => expect(run()).toBe(error));

  it('an updated mapping is read-only, and a cut sub-range is gone', () => {
    const id = m.object(as).id;
    const { mem } = m.b.hyp;
    expect(mem.translate(id, 0x8000_0123, false)).toBe(P + 0x123);
    expect(mem.translate(id, 0x8000_0123, true)).toBe(-2);
    expect(m.unmap(as, sparse, 0x9000_1000, PAGE, PAGE)).toBe(E.OK);
    expect(mem.translate(id, 0x9000_0000, true)).toBe(P + 0x10000);
    expect(mem.translate(id, 0x9000_1000, true)).toBe(-1);
    expect(mem.translate(id, 0x9000_2000, true)).toBe(P + 0x12000);
  });
});

describe('memextent_modify refuses in order', () => {
  const m = memBench();
  const me = m.root(P, 4 * PAGE, 6, false).cap;
  const readOnly = m.root(P + 0x10000, PAGE, 4, false).cap;
  const modify = (cap: bigint, flags: bigint, offset = 0n, size = 0n): number =>
    m.call(Call.MEMEXTENT_MODIFY, cap, flags, offset, size);
  const ZERO = NO_SYNC | 1n;

  it.each([
    ['reserved flags before lookup', () => modify(0xdeadn, 0x100n), E.ARGUMENT_INVALID],
    ['right', () => modify(weak(m, me, 2), 0n), E.CSPACE_INSUFFICIENT_RIGHTS],
    ['unknown op', () => modify(me, NO_SYNC | 4n), E.ARGUMENT_INVALID],
    ['zero without no_sync', () => modify(me, 1n), E.ARGUMENT_INVALID],
    ['sync_all', () => modify(me, 255n), E.OK],
    ['sync_all with no_sync', () => modify(me, NO_SYNC | 255n), E.ARGUMENT_INVALID],
    ['not writable before alignment', () => modify(readOnly, ZERO, 1n), E.DENIED],
    ['alignment', () => modify(me, ZERO, 1n), E.ARGUMENT_ALIGNMENT],
    ['base wraps', () => modify(me, ZERO, 0xffff_ffff_ffff_f000n, 0n), E.ARGUMENT_INVALID],
    ['size 0', () => modify(me, ZERO), E.ARGUMENT_SIZE],
    ['outside', () => modify(me, ZERO, 0x3000n, 0x2000n), E.ARGUMENT_INVALID],
    ['flush', () => modify(me, NO_SYNC | 3n, 0n, 0x4000n), E.OK],
    ['unmap_all of nothing', () => modify(me, 0n), E.OK],
  ])('%s', (_name, run, error) => expect(run()).toBe(error));

  it('zeroes only the pages that the extent owns', () => {
    const d = memBench();
    const parent = d.root(P, 2 * PAGE, 6, false).cap;
    d.derive(parent, PAGE, PAGE, 6, false);
    d.b.hyp.mem.writePhys(P, new Uint8Array(2 * PAGE).fill(5));
    expect(d.call(Call.MEMEXTENT_MODIFY, parent, ZERO, 0n, 0x2000n)).toBe(E.OK);
    const bytes = new Uint8Array(2 * PAGE);
    d.b.hyp.mem.readPhys(P, bytes);
    expect([bytes[0], bytes[PAGE - 1], bytes[PAGE]]).toEqual([0, 0, 5]);
  });
});

describe('memextent_donate refuses in order', () => {
  const m = memBench();
  const partition = m.b.caps.partition;
  const root = m.root(P, 0x10 * PAGE, 7, true).cap;
  m.donate(0, partition, root, 0, 0x10 * PAGE);
  const a = m.derive(root, 0, 4 * PAGE, 7, true).cap;
  const b = m.derive(root, 0, 8 * PAGE, 7, true).cap;
  const basic = m.derive(root, 8 * PAGE, PAGE, 7, false).cap;
  const donate = (options: bigint, from: bigint, to: bigint, offset: bigint, size: bigint): number =>
    m.call(Call.MEMEXTENT_DONATE, options, from, to, offset, size);

  it.each([
    ['reserved', () => donate(0x100n, 0xdeadn, 0xdeadn, 0n, 0n), E.ARGUMENT_INVALID],
    ['unknown type', () => donate(3n, 0x3000n, 0x3000n, 0n, 0n), E.ARGUMENT_INVALID],
    ['child looked up first', () => donate(0n, 0xdeadn, m.b.caps.vic, 0n, 0n), E.CSPACE_WRONG_OBJECT_TYPE],
    ['to_parent: child is from', () => donate(1n, m.b.caps.vic, 0xdeadn, 0n, 0n), E.CSPACE_WRONG_OBJECT_TYPE],
    ['partition of a derived child', () => donate(0n, partition, a, 0n, 0n), E.CSPACE_WRONG_OBJECT_TYPE],
    ['not the parent', () => donate(0n, b, a, 0n, 0n), E.ARGUMENT_INVALID],
    ['extent for a child without parent', () => donate(0n, a, root, 0n, 0n), E.CSPACE_WRONG_OBJECT_TYPE],
    ['alignment', () => donate(0n, root, a, 1n, 0n), E.ARGUMENT_ALIGNMENT],
    ['base wraps', () => donate(0n, root, a, 0xffff_ffff_ffff_f000n, 0n), E.ARGUMENT_INVALID],
    ['size 0', () => donate(0n, root, a, 0n, 0n), E.ARGUMENT_SIZE],
    ['outside the child', () => donate(0n, root, a, 0x3000n, 0x2000n), E.ARGUMENT_INVALID],
    ['BASIC child', () => donate(0n, root, basic, 0n, 0x1000n), E.MEMEXTENT_TYPE],
    ['sibling: outside to', () => donate(2n, b, a, 0x4000n, 0x1000n), E.ARGUMENT_INVALID],
    ['sibling: same object', () => donate(2n, a, a, 0n, 0x1000n), E.ARGUMENT_INVALID],
    ['sibling: other parents', () => donate(2n, root, a, 0n, 0x1000n), E.ARGUMENT_INVALID],
    ['sibling: BASIC from', () => donate(2n, basic, basic, 0n, 0x1000n), E.ARGUMENT_INVALID],
    ['donor owns nothing', () => donate(2n, a, b, 0n, 0x1000n), E.MEMDB_NOT_OWNER],
    ['to child', () => donate(NO_SYNC, root, a, 0n, 0x4000n), E.OK],
    ['to sibling', () => donate(2n, a, b, 0n, 0x1000n), E.OK],
    ['to parent of a range not all owned', () => donate(1n, a, root, 0n, 0x2000n), E.MEMDB_NOT_OWNER],
    ['to parent', () => donate(1n, b, root, 0n, 0x1000n), E.OK],
  ])('%s', (_name, run, error) => expect(run()).toBe(error));
});

describe('address spaces', () => {
  it('need a VMID of 1..255 that no other active space has', () => {
    const m = memBench();
    const cap = m.create(Call.PARTITION_CREATE_ADDRSPACE);
    expect(m.call(Call.ADDRSPACE_CONFIGURE, cap, 0n)).toBe(E.ARGUMENT_INVALID);
    expect(m.call(Call.ADDRSPACE_CONFIGURE, cap, 256n)).toBe(E.ARGUMENT_INVALID);
    expect(m.call(Call.ADDRSPACE_CONFIGURE, cap, 0x10005n)).toBe(E.OK);
    expect(m.object<Addrspace>(cap).vmid).toBe(5);
    m.space(5);
    expect(m.call(Call.OBJECT_ACTIVATE, cap)).toBe(E.BUSY);
    expect(m.call(Call.OBJECT_ACTIVATE, m.create(Call.PARTITION_CREATE_ADDRSPACE))).toBe(E.BUSY);
  });

  it('take eight threads', () => {
    const m = memBench();
    const as = m.space(1);
    const attach = (thread: bigint, space = as): number => m.call(Call.ADDRSPACE_ATTACH_THREAD, space, thread);
    expect(attach(0x30n, 0xdeadn)).toBe(E.CSPACE_CAP_NULL);
    const threads = Array.from({ length: 9 }, () => m.create(Call.PARTITION_CREATE_THREAD));
    expect(attach(threads[0], m.b.caps.vic)).toBe(E.CSPACE_WRONG_OBJECT_TYPE);
    expect(threads.map((t) => attach(t))).toEqual([0, 0, 0, 0, 0, 0, 0, 0, E.NOMEM]);
    expect(attach(threads[0])).toBe(E.NOMEM);
    expect(m.object<Thread>(threads[0]).addrspace).toBe(m.object(as).id);
    const active = m.create(Call.PARTITION_CREATE_THREAD);
    m.call(Call.OBJECT_ACTIVATE, active);
    expect(attach(active)).toBe(E.OBJECT_STATE);
  });

  it('check VMMIO ranges in order and never remove one', () => {
    const m = memBench();
    const as = m.create(Call.PARTITION_CREATE_ADDRSPACE);
    const vmmio = (base: bigint, size: bigint, op = 0n): number =>
      m.call(Call.ADDRSPACE_CONFIGURE_VMMIO, as, base, size, op);
    expect(vmmio(0n, 0n, 2n)).toBe(E.UNIMPLEMENTED >>> 0);
    expect(vmmio(MINUS1, 0n)).toBe(E.ARGUMENT_SIZE);
    expect(vmmio(MINUS1, 1n)).toBe(E.ADDR_OVERFLOW);
    expect(vmmio(1n << 52n, 1n)).toBe(E.ARGUMENT_SIZE);
    expect(vmmio(0n, 0x4000_0000n)).toBe(E.OK);
    expect(vmmio(0x3fff_ffffn, 1n)).toBe(E.BUSY);
    expect(vmmio(0x4000_0000n, 3n)).toBe(E.OK);
    expect(vmmio(0n, 0x4000_0000n, 1n)).toBe(E.BUSY);
    const id = m.object(as).id;
    expect(m.b.hyp.mem.inVmmioRange(id, 0x3fff_fffc, 4)).toBe(true);
    expect(m.b.hyp.mem.inVmmioRange(id, 0x3fff_fffe, 4)).toBe(false);
    for (let i = 2; i < 128; i++) expect(vmmio(0x5000_0000n + BigInt(i), 1n)).toBe(E.OK);
    expect(vmmio(0x9000_0000n, 1n)).toBe(E.NORESOURCES);
  });

  it('check the information area in order and zero it at activation', () => {
    const m = memBench();
    const as = m.create(Call.PARTITION_CREATE_ADDRSPACE);
    m.call(Call.ADDRSPACE_CONFIGURE, as, 1n);
    const info = (me: bigint, ipa: bigint): number => m.call(Call.ADDRSPACE_CONFIGURE_INFO_AREA, as, me, ipa);
    const page = m.root(P, PAGE, 6, false).cap;
    expect(info(weak(m, page, 1), 0n)).toBe(E.CSPACE_INSUFFICIENT_RIGHTS);
    expect(info(m.root(P + 0x10000, 2 * PAGE, 6, false).cap, 1n)).toBe(E.ARGUMENT_INVALID);
    expect(info(page, 1n)).toBe(E.ADDR_INVALID);
    expect(info(page, 1n << 36n)).toBe(E.ADDR_INVALID);
    expect(info(m.root(P + 0x20000, PAGE, 4, false).cap, 0n)).toBe(E.ARGUMENT_INVALID);
    expect(info(m.root(P + 0x30000, PAGE, 6, true).cap, 0n)).toBe(E.ARGUMENT_INVALID);
    expect(info(page, 0x4000_0000n)).toBe(E.OK);
    m.b.hyp.mem.writePhys(P, Uint8Array.of(1));
    expect(m.call(Call.OBJECT_ACTIVATE, as)).toBe(E.OK);
    const byte = new Uint8Array(1);
    m.b.hyp.mem.readPhys(P, byte);
    expect(byte[0]).toBe(0);
    expect(m.object<MemExtent>(page).attachedSize).toBe(PAGE);
    expect(info(page, 0x4000_0000n)).toBe(E.OBJECT_STATE);
    m.remove(as);
    expect(m.object<MemExtent>(page).attachedSize).toBe(0);
    expect(m.object<HypObject>(page).refs).toBe(1);
  });

  it('look up contiguous runs', () => {
    const m = memBench();
    const as = m.space(1);
    const me = m.root(P, 4 * PAGE, 7, true).cap;
    m.donate(0, m.b.caps.partition, me, 0, 4 * PAGE);
    const find = (vbase: bigint, size: bigint): bigint[] =>
      m.b.call(Call.ADDRSPACE_LOOKUP, as, me, vbase, size).slice(0, 4);
    expect(find(1n, 0n)[0]).toBe(BigInt(E.ARGUMENT_SIZE));
    expect(find(MINUS1, 2n)[0]).toBe(BigInt(E.ADDR_OVERFLOW));
    expect(find(1n, 0x1000n)[0]).toBe(BigInt(E.ARGUMENT_ALIGNMENT));
    expect(find(0x8000_0000n, 0x1000n)[0]).toBe(BigInt(E.ADDR_INVALID));
    m.map(as, me, 0x8000_0000, 6, 0, 3 * PAGE);
    m.map(as, me, 0x8000_3000, 4, 3 * PAGE, PAGE);
    expect(find(0x8000_1000n, 0x8000n)).toEqual([0n, 0x1000n, 0x2000n, mapAttrs(6)]);
    m.derive(me, 2 * PAGE, PAGE, 7, false);
    expect(find(0x8000_1000n, 0x8000n)[0]).toBe(BigInt(E.MEMDB_NOT_OWNER));
    expect(find(0x8000_1000n, 0x1000n)).toEqual([0n, 0x1000n, 0x1000n, mapAttrs(6)]);
  });

  it('panics on a lookup that reaches the bit above the guest range, which the check of the address lets pass', () => {
    const m = memBench();
    const as = m.space(1);
    const me = m.root(P, 2 * PAGE, 7, true).cap;
    m.donate(0, m.b.caps.partition, me, 0, 2 * PAGE);
    const find = (vbase: bigint, size: bigint): bigint => m.b.call(Call.ADDRSPACE_LOOKUP, as, me, vbase, size)[0];
    const rule = (): string | undefined => m.b.hyp.dead?.rule;
    const end = 1n << 36n;
    expect(find(2n * end, 0x1000n)).toBe(BigInt(E.ADDR_INVALID));
    expect(find(end - 0x1000n, 0x2000n)).toBe(BigInt(E.ADDR_INVALID));
    expect(rule()).toBeUndefined();
    find(2n * end - 0x1000n, 0x1000n);
    expect(rule()).toBe('hyp-lookup-beyond-limit');
    m.b.hyp.dead = undefined;
    m.map(as, me, 2 ** 36 - PAGE, 6, 0, PAGE);
    find(end - 0x1000n, 0x2000n);
    expect(rule()).toBe('hyp-lookup-beyond-limit');
  });

  it('attach virtual devices only of VIC type, and never a DMA device', () => {
    const m = memBench();
    const as = m.space(1);
    const seen: number[][] = [];
    m.b.hyp.vic.attachVdevice = (_as, vic, index, vbase, size) => {
      seen.push([vic.type, index, vbase, size]);
      return E.BUSY;
    };
    const attach = (device: bigint): number =>
      m.call(Call.ADDRSPACE_ATTACH_VDEVICE, as, device, 3n, 0x800_0000n, 0x1_0000n, 0n);
    expect(attach(as)).toBe(E.CSPACE_WRONG_OBJECT_TYPE);
    expect(attach(m.b.caps.vic)).toBe(E.BUSY);
    expect(seen).toEqual([[ObjectType.VIC, 3, 0x800_0000, 0x1_0000]]);
    expect(m.call(Call.ADDRSPACE_ATTACH_VDMA, as, 0xdeadn)).toBe(E.CSPACE_WRONG_OBJECT_TYPE);
  });
});

describe('copies between guests and the hypervisor', () => {
  const m = memBench();
  const as = m.space(1);
  const me = m.root(P, 2 * PAGE, 7, true).cap;
  m.donate(0, m.b.caps.partition, me, 0, 2 * PAGE);
  m.map(as, me, 0x8000_0000, 6, 0, PAGE);
  m.map(as, me, 0x8000_1000, 4, PAGE, PAGE);
  m.b.thread.addrspace = m.object(as).id;
  const { mem } = m.b.hyp;
  const bytes = new Uint8Array(240).fill(3);

  it.each([
    ['size 0', () => mem.copyFromGuest(m.b.thread, 0n, 0n, bytes, 240), E.ARGUMENT_SIZE],
    ['too large', () => mem.copyFromGuest(m.b.thread, 0n, 241n, bytes, 240), E.ARGUMENT_SIZE],
    ['wrap', () => mem.copyFromGuest(m.b.thread, MINUS1, 2n, bytes, 240), E.ADDR_OVERFLOW],
    ['unmapped', () => mem.copyFromGuest(m.b.thread, 0x7000_0000n, 2n, bytes, 240), E.ADDR_INVALID],
    ['beyond 36 bits', () => mem.copyFromGuest(m.b.thread, 1n << 40n, 2n, bytes, 240), E.ADDR_INVALID],
    ['small buffer', () => mem.copyToGuest(m.b.thread, 0x8000_0000n, 239n, bytes, 240), E.ARGUMENT_SIZE],
    ['read-only', () => mem.copyToGuest(m.b.thread, 0x8000_1000n, 240n, bytes, 240), E.DENIED],
    ['second page refuses', () => mem.copyToGuest(m.b.thread, 0x8000_0ff0n, 240n, bytes, 240), E.DENIED],
    ['across pages', () => mem.copyFromGuest(m.b.thread, 0x8000_0ff0n, 240n, bytes, 240), E.OK],
  ])('%s', (_name, run, error) => expect(run()).toBe(error));

  it('keep what was copied before the page that refused', () => {
    expect([...bytes.subarray(14, 18)]).toEqual([3, 3, 0, 0]);
  });

  it('stop the hypervisor at a device mapping', () => {
    const device = createBootExtent(m.b.hyp, {
      partition: m.object<MemExtent>(me).partition,
      access: Access.RW,
      memtype: ExtentMemType.DEVICE,
      physBase: 0x900_0000,
      size: PAGE,
      device: true,
    });
    bootMap(m.b.hyp, m.object<Addrspace>(as), device, 0x900_0000, both(Access.RW));
    mem.copyFromGuest(m.b.thread, 0x900_0000n, 4n, bytes, 240);
    expect(m.b.hyp.dead?.rule).toBe('hyp-copy-to-device-mapping');
  });
});
