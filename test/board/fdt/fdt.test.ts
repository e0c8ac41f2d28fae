import fc from 'fast-check';
import { afterAll, describe, expect, it } from 'vitest';
import {
  applyOverlay,
  be32,
  checkHeader,
  compileFdt,
  type FdtNode,
  type FdtTree,
  Head,
  isFdtError,
  node,
  openInto,
  pack,
  parseFdt,
  pathOffset,
  putBe32,
  setProp,
  strings,
  u32s,
  writeFdt,
} from '../../../src/board/fdt/index.js';
import { tools } from './tools.js';

const dt = tools();
afterAll(() => dt.remove());

const parsed = (blob: Uint8Array): FdtTree => {
  const tree = parseFdt(blob);
  if (isFdtError(tree)) throw new Error(tree.error);
  return tree;
};

const SAMPLE: FdtTree = {
  root: node(
    '',
    { '#address-cells': 2, '#size-cells': 2, compatible: ['a', 'b,c'], interrupt: 1, 'second-interrupt': 2 },
    node('soc@0', { ranges: true, reg: [1, 2, 3, 4], label: 'x' }, node('uart', { 'qcom,label': 5, label: 6 })),
    node('memory', { device_type: 'memory', reg: new Uint8Array([1, 2, 3, 4, 5]) }),
  ),
  reservations: [[0x8000_0000n, 0x1000n]],
  bootCpu: 3,
};

/** Random trees with names that the tools accept; properties and siblings have distinct names. */
const nameArb = fc.stringMatching(/^[a-z][a-z0-9,_-]{0,11}$/);
const levelArb = (below: number): fc.Arbitrary<FdtNode> =>
  fc
    .record({
      name: nameArb.map((n) => `${n}@1`),
      props: fc.uniqueArray(fc.record({ name: nameArb, value: fc.uint8Array({ maxLength: 24 }) }), {
        maxLength: 5,
        selector: (p) => p.name,
      }),
      children:
        below === 0 ? fc.constant([]) : fc.uniqueArray(levelArb(below - 1), { maxLength: 3, selector: (c) => c.name }),
    })
    .map((n) => ({ ...n }));
const treeArb: fc.Arbitrary<FdtTree> = levelArb(3).map((n) => ({
  root: { ...n, name: '' },
  reservations: [],
  bootCpu: 0,
}));

describe('reading and writing', () => {
  it('reads back what it writes, in both layouts', () => {
    expect(parsed(writeFdt(SAMPLE))).toEqual(SAMPLE);
    expect(parsed(compileFdt(SAMPLE))).toEqual(SAMPLE);
    fc.assert(
      fc.property(treeArb, (tree) => {
        expect(parsed(writeFdt(tree))).toEqual(tree);
        expect(parsed(compileFdt(tree))).toEqual(tree);
      }),
      { numRuns: 60 },
    );
  });

  it('writes blobs that dtc and fdtget understand', () => {
    for (const blob of [writeFdt(SAMPLE), compileFdt(SAMPLE)]) {
      const text = dt.decompile(blob);
      expect(text).toContain('/memreserve/\t0x0000000080000000 0x0000000000001000;');
      expect(text).toContain('compatible = "a\\0b,c";');
      expect(dt.fdtget(blob, '/soc@0', 'reg', 'x')).toBe('1 2 3 4');
      expect(dt.fdtget(blob, '/soc@0/uart', 'label', 'i')).toBe('6');
    }
  });

  it('lays a compiled tree out byte for byte as dtc does', () => {
    const source = `/dts-v1/; /memreserve/ 0x1000 0x2000;
      / { #address-cells = <2>; model = "m"; interrupt-parent = <&gic>;
        a { label = "l"; qcom,label = <1>; empty; b@1 { reg = <1 2>; bytes = [01 02 03]; }; };
        gic: intc { parent; phandle = <7>; }; };`;
    const blob = dt.dtc(source);
    expect(compileFdt(parsed(blob))).toEqual(blob);
    fc.assert(
      fc.property(treeArb, (tree) => {
        const ours = compileFdt(tree);
        expect(dt.decompile(ours)).toBe(dt.decompile(writeFdt(tree)));
      }),
      { numRuns: 8 },
    );
  });

  it('says what is wrong with a header', () => {
    const blob = compileFdt(SAMPLE);
    const broken = (field: number, value: number): object => {
      const copy = blob.slice();
      putBe32(copy, field, value);
      return parseFdt(copy);
    };
    expect(parseFdt(new Uint8Array(0))).toEqual({ error: 'TRUNCATED' });
    expect(broken(Head.MAGIC, 0)).toEqual({ error: 'BADMAGIC' });
    expect(broken(Head.VERSION, 1)).toEqual({ error: 'BADVERSION' });
    expect(broken(Head.LAST_COMP, 18)).toEqual({ error: 'BADVERSION' });
    expect(broken(Head.TOTALSIZE, blob.length + 4)).toEqual({ error: 'TRUNCATED' });
    expect(broken(Head.OFF_STRUCT, blob.length)).toEqual({ error: 'TRUNCATED' });
    expect(broken(Head.OFF_STRINGS, 0xffff_fff0)).toEqual({ error: 'TRUNCATED' });
  });

  it('finds nodes by path, with and without unit address', () => {
    const blob = compileFdt(SAMPLE);
    const uart = pathOffset(blob, '/soc@0/uart');
    expect(uart).toBeGreaterThan(0);
    expect(pathOffset(blob, '/soc/uart')).toBe(uart);
    expect(pathOffset(blob, '//soc//uart/')).toBe(uart);
    expect(pathOffset(blob, '/soc@1')).toBe(-1);
    expect(pathOffset(blob, 'alias')).toBe(-5);
  });
});

describe('editing in place', () => {
  const opened = (tree: FdtTree): { f: Uint8Array; names: Map<string, number> } => {
    const edit = openInto(compileFdt(tree), new Uint8Array(0x1000));
    if (typeof edit === 'number') throw new Error(`open: ${edit}`);
    return edit;
  };

  it('puts a new property in front, replaces an old one where it is, and shares tails of names', () => {
    const edit = opened(SAMPLE);
    const before = be32(edit.f, Head.SIZE_STRINGS);
    expect(setProp(edit, 0, 'interrupt', strings('longer value'))).toBe(0);
    expect(setProp(edit, 0, 'label', u32s(9))).toBe(0);
    expect(be32(edit.f, Head.SIZE_STRINGS)).toBe(before);
    expect(setProp(edit, 0, 'new', u32s(10))).toBe(0);
    expect(be32(edit.f, Head.SIZE_STRINGS)).toBe(before + 4);
    expect(pack(edit.f)).toBe(0);
    const names = parsed(edit.f).root.props.map((p) => p.name);
    expect(names).toEqual([
      'new',
      'label',
      '#address-cells',
      '#size-cells',
      'compatible',
      'interrupt',
      'second-interrupt',
    ]);
  });

  it('refuses what does not fit and leaves the tree whole', () => {
    const blob = compileFdt(SAMPLE);
    const edit = openInto(blob, new Uint8Array(blob.length + 16));
    if (typeof edit === 'number') throw new Error('open');
    expect(setProp(edit, 0, 'quite-a-long-new-name', u32s(1))).toBe(-3);
    expect(setProp(edit, 0, 'x', new Uint8Array(8))).toBe(-3);
    expect(pack(edit.f)).toBe(0);
    expect(parsed(edit.f)).toEqual(SAMPLE);
    expect(openInto(blob, new Uint8Array(blob.length - 1))).toBe(-3);
  });
});

describe('overlays', () => {
  const applied = (base: Uint8Array, overlay: Uint8Array): Uint8Array => {
    const edit = openInto(base, new Uint8Array(0x4000));
    if (typeof edit === 'number') throw new Error(`open: ${edit}`);
    expect(applyOverlay(edit, overlay.slice())).toBe(0);
    pack(edit.f);
    return edit.f.slice(0, be32(edit.f, Head.TOTALSIZE));
  };

  it('gives the same bytes as fdtoverlay: references, symbols, merged nodes, replaced properties', () => {
    const base = dt.dtc(`/dts-v1/; / { #address-cells = <1>; model = "base";
      bus: bus { compatible = "x", "yy"; dev@1 { reg = <1>; label = "a"; }; };
      clk: clock { phandle = <0x20>; }; chosen { }; };`);
    const overlay = dt.dtc(`/dts-v1/; /plugin/;
      &bus { compatible = "z"; added = <1 2 3>; dev@1 { reg = <7>; clocks = <&clk>, <&local>; };
             local: new@2 { reg = <2>; odd = [01 02 03 04 05]; self = <&local>; inner { label; }; }; };
      &clk { frequency = <100>; };
      &{/chosen} { bootargs = "hello"; };`);
    expect(applied(base, overlay)).toEqual(dt.fdtoverlay(base, overlay));
  });

  it('refuses a fragment whose target does not exist', () => {
    const base = compileFdt(SAMPLE);
    const overlay = writeFdt({
      root: node('', {}, node('fragment@0', { 'target-path': '/nowhere' }, node('__overlay__', { a: 1 }))),
      reservations: [],
      bootCpu: 0,
    });
    const edit = openInto(base, new Uint8Array(0x1000));
    if (typeof edit === 'number') throw new Error('open');
    expect(applyOverlay(edit, overlay)).toBe(-1);
  });
});

describe('hostile bytes', () => {
  const blob = compileFdt(SAMPLE);

  it('never throws, whatever is overwritten or cut', () => {
    const change = fc.record({
      at: fc.nat(Math.floor(blob.length / 4) - 1),
      value: fc.oneof(fc.nat(16), fc.integer()),
    });
    fc.assert(
      fc.property(fc.array(change, { minLength: 1, maxLength: 4 }), fc.nat(blob.length), (changes, length) => {
        const bad = blob.slice();
        for (const c of changes) putBe32(bad, c.at * 4, c.value >>> 0);
        parseFdt(bad.subarray(0, length));
        if (checkHeader(bad) !== 0 || be32(bad, Head.TOTALSIZE) > bad.length) return;
        parseFdt(bad);
        const edit = openInto(bad, new Uint8Array(0x800));
        if (typeof edit !== 'number') {
          setProp(edit, 0, 'x', u32s(1));
          pack(edit.f);
        }
      }),
      { numRuns: 400 },
    );
  });

  it('refuses trees that are too deep or do not end', () => {
    let deep = node('x', {});
    for (let i = 0; i < 200; i++) deep = node('x', {}, deep);
    expect(parseFdt(compileFdt({ root: { ...deep, name: '' }, reservations: [], bootCpu: 0 }))).toEqual({
      error: 'BADSTRUCTURE',
    });
    const cut = blob.slice();
    putBe32(cut, Head.SIZE_STRUCT, be32(cut, Head.SIZE_STRUCT) - 8);
    expect(isFdtError(parseFdt(cut))).toBe(true);
  });
});
