/**
 * The quick way of applying an overlay against the one that works on the bytes: `openInto`, `applyOverlay`, `pack` are the
 * reference, for good trees and for damaged ones.
 */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  addProp,
  applyOverlay,
  be32,
  beginNode,
  beginOverlay,
  checkHeader,
  compileFdt,
  createFdt,
  endNode,
  type FdtBuilder,
  type FdtNode,
  finishFdt,
  graft,
  Head,
  indexTree,
  maxPhandle,
  nodeAtPath,
  type OverlayWriter,
  openInto,
  overlayBlob,
  overlayLength,
  overlayNode,
  overlayNodeEnd,
  overlayProp,
  overlayUnitNode,
  pack,
  pathOffset,
  propNameOf,
  putBe32,
  u32s,
  writeFdt,
} from '../../../src/board/fdt/index.js';

/** Names that are tails of one another, of nodes with and without unit address. */
const PROPS = ['label', 'qcom,label', 'abel', 'reg', 'phandle', 'linux,phandle', 'compatible', 'x', 'status'];
const NODES = ['a', 'a@1', 'a@2', 'b', 'bc', 'chosen', 'cpus', 'c@1,2', ''];

const propArb = fc
  .oneof(
    fc.record({ name: fc.constantFrom(...PROPS), value: fc.uint8Array({ maxLength: 11 }) }),
    fc.record({ name: fc.constantFrom('phandle', 'linux,phandle'), value: fc.nat(9).map((n) => u32s(n)) }),
  )
  .map((p) => p);
const propsArb = fc.uniqueArray(propArb, { maxLength: 4, selector: (p) => p.name });
const nodeArb = (below: number): fc.Arbitrary<FdtNode> =>
  fc.record({
    name: fc.constantFrom(...NODES.slice(0, -1)),
    props: propsArb,
    children:
      below === 0 ? fc.constant([]) : fc.uniqueArray(nodeArb(below - 1), { maxLength: 3, selector: (n) => n.name }),
  });
const rootArb = nodeArb(2).map((n) => ({ ...n, name: '' }));
const baseArb = fc
  .record({
    root: rootArb,
    reservations: fc.constantFrom([], [[0x1000n, 0x2000n] as const]),
    bootCpu: fc.nat(3),
    compiled: fc.boolean(),
  })
  .map(({ compiled, ...tree }) => (compiled ? compileFdt(tree) : writeFdt(tree)));

interface Change {
  path: string;
  phandle: number | null;
  content: FdtNode;
  /** Which properties of the content hold a phandle of the overlay. */
  raised: boolean;
}

const pathArb = fc.array(fc.constantFrom(...NODES), { maxLength: 3 }).map((parts) => `/${parts.join('/')}`);
const changesArb = fc.array(
  fc.record({
    path: fc.oneof(fc.constant('/'), pathArb),
    phandle: fc.oneof({ weight: 4, arbitrary: fc.constant(null) }, { weight: 1, arbitrary: fc.nat(9) }),
    content: nodeArb(2).map((n) => ({ ...n, name: '__overlay__' })),
    raised: fc.boolean(),
  }),
  { maxLength: 4 },
);

function writeNode(o: OverlayWriter, n: FdtNode, raise: boolean, mine: { phandle: number }): void {
  overlayNode(o, n.name);
  for (const p of n.props) {
    if (p.name.endsWith('phandle')) continue;
    const at = overlayProp(o, propNameOf(p.name), p.value.length);
    o.bytes.set(p.value, at);
  }
  if (raise) {
    o.raised.push(o.struct + 12);
    o.view.setUint32(overlayProp(o, propNameOf('phandle'), 4), ++mine.phandle);
  }
  for (const c of n.children) writeNode(o, c, false, mine);
  overlayNodeEnd(o);
}

function overlayOf(changes: readonly Change[]): OverlayWriter {
  const o = beginOverlay();
  const mine = { phandle: 0 };
  changes.forEach((c, i) => {
    overlayNode(o, `fragment@${i}`);
    if (c.phandle !== null) {
      o.view.setUint32(overlayProp(o, propNameOf('target'), 4), c.phandle);
    } else {
      const at = overlayProp(o, propNameOf('target-path'), c.path.length + 1);
      for (let k = 0; k <= c.path.length; k++) o.bytes[at + k] = k < c.path.length ? c.path.charCodeAt(k) : 0;
    }
    const content = o.struct + 16;
    o.fragments.push({ path: c.phandle === null ? c.path : null, phandle: c.phandle ?? 0, content });
    writeNode(o, c.content, c.raised, mine);
    overlayNodeEnd(o);
  });
  overlayNodeEnd(o);
  return o;
}

/** The packed result, or an error number, on the bytes. */
function reference(base: Uint8Array, overlay: Uint8Array, room: number): Uint8Array | number {
  const f = new Uint8Array(room);
  const edit = openInto(base, f);
  if (typeof edit === 'number') return edit;
  const error = applyOverlay(edit, overlay);
  if (error !== 0) return error;
  pack(f);
  return f.slice(0, be32(f, Head.TOTALSIZE));
}

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');

/** Both ways; the quick one may give up, but never differ. Whether it did not give up. */
function compare(base: Uint8Array, changes: readonly Change[], room: number): boolean {
  if (checkHeader(base) !== 0 || be32(base, Head.TOTALSIZE) > base.length) return false;
  const before = base.slice();
  const index = indexTree(base);
  const overlay = overlayOf(changes);
  const blob = overlayBlob(overlay);
  const quick = index === undefined ? undefined : graft(index, overlay, room);
  expect(hex(base)).toBe(hex(before));
  expect(hex(overlayBlob(overlay))).toBe(hex(blob));
  const expected = reference(base, blob, room);
  if (quick !== undefined) expect(hex(quick)).toBe(typeof expected === 'number' ? expected : hex(expected));
  return quick !== undefined;
}

describe('a graft', () => {
  it('is the tree that the overlay functions make, byte for byte', () => {
    let quick = 0;
    let all = 0;
    fc.assert(
      fc.property(baseArb, changesArb, (base, changes) => {
        all++;
        if (compare(base, changes, 0x4000)) quick++;
      }),
      { numRuns: 400, seed: 1 },
    );
    // The rest has a target that does not exist, or a value that borrows bytes from behind the end.
    expect(quick).toBeGreaterThan(all / 4);
  });

  it('of a damaged tree is the same or left to the overlay functions', () => {
    const change = fc.record({
      at: fc.nat(999).map((n) => n / 1000),
      value: fc.constantFrom(0, 1, 2, 3, 4, 9, 255),
    });
    let quick = 0;
    fc.assert(
      fc.property(
        baseArb,
        changesArb,
        fc.array(change, { minLength: 1, maxLength: 2 }),
        fc.boolean(),
        (base, changes, damage, words) => {
          for (const { at, value } of damage) {
            // Mostly behind the header, which has few good values.
            const from = at < 0.1 ? 0 : 40;
            const offset = from + Math.floor(at * (base.length - 4 - from));
            if (words) putBe32(base, offset & ~3, value);
            else base[offset] = value;
          }
          if (compare(base, changes, 0x4000)) quick++;
        },
      ),
      { numRuns: 800, seed: 2 },
    );
    expect(quick).toBeGreaterThan(20);
  });

  it('of a cut tree is the same or left to the overlay functions', () => {
    fc.assert(
      fc.property(baseArb, changesArb, fc.nat(400), fc.boolean(), (base, changes, cut, honest) => {
        const short = base.slice(0, Math.max(40, base.length - cut));
        if (honest) putBe32(short, Head.TOTALSIZE, short.length);
        compare(short, changes, 0x4000);
      }),
      { numRuns: 200, seed: 3 },
    );
  });

  it('never outgrows its room', () => {
    fc.assert(
      fc.property(baseArb, changesArb, fc.nat(300), (base, changes, more) => {
        compare(base, changes, base.length + more);
      }),
      { numRuns: 300, seed: 4 },
    );
  });

  it('finds what the functions on bytes find', () => {
    fc.assert(
      fc.property(baseArb, pathArb, (base, path) => {
        const index = indexTree(base);
        if (index === undefined) throw new Error('no index');
        expect(nodeAtPath(index, path) >= 0).toBe(pathOffset(base, path) >= 0);
        expect(index.maxPhandle).toBe(maxPhandle(base));
      }),
      { numRuns: 300, seed: 5 },
    );
  });
});

/** Enlarges the buffer; what is written stays. */
function growFdt(t: FdtBuilder, room: number): void {
  const buf = new Uint8Array(room);
  buf.set(t.buf.subarray(0, t.structAt + t.struct));
  buf.set(t.buf.subarray(t.buf.length - t.strings), room - t.strings);
  t.buf = buf;
}

describe('the overlay writer', () => {
  /** A sequential writer in a buffer that grows by pages, at most four times for one thing. */
  function sequential(things: readonly Thing[]): Uint8Array {
    const t = createFdt(4096);
    const run = (write: () => number): void => {
      for (let i = 0; i < 4; i++) {
        if (write() === 0) return;
        growFdt(t, t.buf.length + 4096);
      }
    };
    run(() => beginNode(t, ''));
    for (const thing of things) {
      if (thing.node) {
        run(() => beginNode(t, thing.name));
        run(() => endNode(t));
      } else {
        run(() => addProp(t, thing.name, new Uint8Array(thing.length).fill(7)));
      }
    }
    run(() => endNode(t));
    for (;;) {
      const blob = finishFdt(t);
      if (typeof blob !== 'number') return blob;
      growFdt(t, t.buf.length + 4096);
    }
  }
  interface Thing {
    node: boolean;
    name: string;
    length: number;
  }
  const thingArb = fc.oneof(
    fc.record({ node: fc.constant(true), name: fc.constantFrom(...NODES), length: fc.constant(0) }),
    fc.record({
      node: fc.constant(false),
      name: fc.constantFrom(...PROPS),
      length: fc.oneof(fc.nat(40), fc.constantFrom(4000, 8000, 12_000, 16_000, 20_000)),
    }),
  );

  it('makes the blob that a sequential writer makes, of the size it says, and leaves out the same', () => {
    fc.assert(
      fc.property(fc.array(thingArb, { maxLength: 20 }), (things) => {
        const o = beginOverlay();
        for (const thing of things) {
          if (thing.node) {
            overlayNode(o, thing.name);
            overlayNodeEnd(o);
          } else {
            const at = overlayProp(o, propNameOf(thing.name), thing.length);
            if (at >= 0) o.bytes.fill(7, at, at + thing.length);
          }
        }
        overlayNodeEnd(o);
        const blob = overlayBlob(o);
        expect(overlayLength(o)).toBe(blob.length);
        expect(hex(blob)).toBe(hex(sequential(things)));
      }),
      { numRuns: 100, seed: 6 },
    );
  });

  it('finds a name in the newest one that ends with it', () => {
    const t = createFdt(4096);
    beginNode(t, '');
    for (const name of ['label', 'qcom,label', 'label']) addProp(t, name, new Uint8Array(0));
    endNode(t);
    const blob = finishFdt(t) as Uint8Array;
    const struct = be32(blob, Head.OFF_STRUCT);
    // Behind the root's begin (8 bytes) properties of 12 bytes; the names are "qcom,label", "label".
    expect([0, 1, 2].map((i) => be32(blob, struct + 8 + 12 * i + 8))).toEqual([11, 0, 5]);
  });

  it('writes unit addresses as digits without leading zeros', () => {
    fc.assert(
      fc.property(
        fc.oneof(fc.bigInt({ min: 0n, max: 0xffff_ffff_ffff_ffffn }), fc.bigInt({ min: 0n, max: 0xffffn })),
        (unit) => {
          const named = beginOverlay();
          overlayNode(named, `doorbell@${unit.toString(16)}`);
          overlayNodeEnd(named);
          overlayNodeEnd(named);
          const expected = hex(overlayBlob(named));
          const again = beginOverlay();
          overlayUnitNode(again, '/a/doorbell', 3, Number(unit >> 32n), Number(unit & 0xffff_ffffn));
          overlayNodeEnd(again);
          overlayNodeEnd(again);
          expect(hex(overlayBlob(again))).toBe(expected);
        },
      ),
      { numRuns: 50, seed: 7 },
    );
  });
});
