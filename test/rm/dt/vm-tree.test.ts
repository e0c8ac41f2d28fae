import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  be32,
  be64,
  children,
  type FdtNode,
  getProp,
  getU32,
  isFdtError,
  node,
  nodeName,
  parseFdt,
  pathOffset,
  putBe32,
  stringList,
} from '../../../src/board/fdt/index.js';
import { RmDeath } from '../../../src/rm/death.js';
import {
  type IpaRange,
  isVmConfigError,
  PHANDLE_UNSET,
  parseVmConfig,
  patchVmTree,
  type TreeArea,
  type VmTreeDevice,
  type VmTreeInput,
  type VmTreeResult,
} from '../../../src/rm/dt/index.js';
import { mergeRanges } from '../../../src/rm/dt/memory-nodes.js';
import { blob, fromHex, guestTrees } from './data.js';
import { reconstruct } from './reconstruct.js';
import { area, bell, edge, type GuestParts, guest, image, input, parcel } from './samples.js';

/** An area that is at hand. */
const treeArea = (region: Uint8Array): TreeArea => ({ tree: region, size: region.length, copy: () => region.slice() });

const refuseAll = { acceptAt: () => null, acceptAnywhere: () => null };

/** Accepts everything: fixed addresses as asked, others one behind the other from 0x50000000. */
function acceptAll(): {
  acceptAt: (p: object, ipa: number, size: number) => IpaRange[];
  acceptAnywhere: () => IpaRange[];
} {
  let next = 0x5000_0000;
  return {
    acceptAt: (_p, ipa, size) => [{ ipa, size }],
    acceptAnywhere: () => {
      const range = { ipa: next, size: 0x1000 };
      next += 0x2000;
      return [range];
    },
  };
}

const patch = (v: Partial<VmTreeInput>, parts: GuestParts = {}, port = acceptAll()): VmTreeResult =>
  patchVmTree(treeArea(area(guest(parts))), input(v), port);

/** The patched blob of an input that works. */
function written(v: Partial<VmTreeInput>, parts: GuestParts = {}): Uint8Array {
  const r = patch(v, parts);
  if (r.kind !== 'written') throw new Error(r.kind === 'refused' ? r.why : r.kind);
  expect(isFdtError(parseFdt(r.bytes))).toBe(false);
  return r.bytes;
}

const why = (v: Partial<VmTreeInput>, parts: GuestParts = {}, port = acceptAll()): string | undefined => {
  const r = patch(v, parts, port);
  return r.kind === 'refused' ? r.why : undefined;
};

const words = (f: Uint8Array, path: string, name: string): number[] => {
  const v = getProp(f, pathOffset(f, path), name);
  if (typeof v === 'number') throw new Error(`no ${name} in ${path}`);
  return Array.from({ length: v.length / 4 }, (_, i) => be32(v, i * 4));
};

const names = (f: Uint8Array, path: string): string[] =>
  children(f, pathOffset(f, path)).map((n) => String(nodeName(f, n)));

const u32At = (f: Uint8Array, path: string, name: string): number | undefined => getU32(f, pathOffset(f, path), name);

const shm = (d: Partial<Extract<VmTreeDevice, { kind: 'shm' }>>): VmTreeDevice => ({
  kind: 'shm',
  generate: '/hypervisor/shm',
  pushCompatible: [],
  label: 9,
  peer: 3,
  optional: false,
  dmaBase: null,
  doorbells: null,
  ...d,
});

describe('recorded guest trees', () => {
  const all = guestTrees();

  it('are reproduced byte for byte', () => {
    expect(all.length).toBeGreaterThan(50);
    for (const { name, base, patched } of all) {
      const before = fromHex(base);
      const after = fromHex(patched);
      const r = patchVmTree(treeArea(area(before)), reconstruct(before, after), refuseAll);
      if (r.kind !== 'written') throw new Error(`${name}: ${r.kind}`);
      expect([name, Buffer.from(r.bytes).toString('hex')]).toEqual([name, patched]);
    }
  });

  it('that outgrow their area kill RM after the area was filled', () => {
    const tree = blob('overflowing-tree');
    const config = parseVmConfig(tree);
    if (isVmConfigError(config)) throw new Error(config.why);
    let cap = 0n;
    let irq = 32;
    const pair = () => ({ txCap: cap++, rxCap: cap++, txIrq: edge(irq++), rxIrq: edge(irq++) });
    const sizes = { txMessageSize: 240, rxMessageSize: 240, txQueueDepth: 8, rxQueueDepth: 8, handle: 0 };
    const peer = { peerId: null, peerVmid: null };
    const path = (c: { generate: string | null }): string => c.generate ?? '/none';
    const devices: VmTreeDevice[] = [
      ...config.rmRpcs.map((c) => ({ kind: 'rm-rpc' as const, ...c, generate: path(c), ...pair(), ...sizes, ...peer })),
      ...config.doorbells.map((c) =>
        bell({ ...c, generate: path(c), source: c.isSource, cap: cap++, irq: c.isSource ? null : edge(irq++) }),
      ),
      ...config.messageQueues.map((c) => ({
        kind: 'message-queue' as const,
        ...c,
        generate: path(c),
        sender: c.isSender,
        cap: cap++,
        irq: edge(irq++),
      })),
      ...config.messageQueuePairs.map((c) => ({
        kind: 'message-queue-pair' as const,
        ...c,
        generate: path(c),
        ...pair(),
        ...sizes,
        ...peer,
      })),
    ];
    const parcels = [parcel({ ...image(), label: 0x11, isPrivate: false, peers: [3, 3, 0x80] })];
    const r = patchVmTree(treeArea(area(tree, 0x1000)), input({ name: config.name, parcels, devices }), refuseAll);
    expect(r.kind).toBe('overflow');
    // The register dump of the real RM shows this size.
    if (r.kind === 'overflow') expect([r.bytes.length, be32(r.bytes, 4)]).toEqual([0x1000, 0x13e3]);
  });
});

describe('memory', () => {
  it('lists accepted parcels in /memory and gives the others buffer nodes at free addresses', () => {
    const parcels = [
      image(),
      parcel({ handle: 1, label: 9, peers: [3, 3, 0x80], isPrivate: false }),
      parcel({ handle: 2, label: 10, peers: [0x80], isPrivate: false, mapped: [{ ipa: 0x8020_0000, size: 0x1000 }] }),
    ];
    const f = written({ parcels });
    expect(words(f, '/memory', 'reg')).toEqual([0, 0x5000_0000, 0, 0x1000, 0, 0x8000_0000, 0, 0x20_1000]);
    expect(names(f, '/reserved-memory')).toEqual(['buffer@80200000', 'buffer@50000000']);
    expect(words(f, '/reserved-memory/buffer@50000000', 'peers')).toEqual([3, 3, 0x80]);
    expect(u32At(f, '/reserved-memory/buffer@50000000', 'qcom,rm-mem-handle')).toBe(1);
    expect(u32At(f, '/reserved-memory/buffer@50000000', 'phandle')).toBe(2);
    expect(u32At(f, '/reserved-memory/buffer@80200000', 'phandle')).toBe(3);
    expect(parcels.map((p) => p.phandle)).toEqual([PHANDLE_UNSET, 1, 2]);
  });

  it('makes no node for a parcel that had one at an earlier start', () => {
    const parcels = [image(), parcel({ label: 9, isPrivate: false, phandle: 1 })];
    expect(names(written({ parcels }), '/reserved-memory')).toEqual([]);
  });

  it('forgives a parcel that cannot be accepted if a later one can', () => {
    const shy = { ...acceptAll(), acceptAnywhere: (p: { handle: number }) => (p.handle === 1 ? null : []) };
    const one = parcel({ handle: 1, isPrivate: false });
    const port = shy as unknown as ReturnType<typeof acceptAll>;
    expect(why({ parcels: [image(), one] }, {}, port)).toContain('parcel 1');
    expect(why({ parcels: [image(), one, parcel({ handle: 2 })] }, {}, port)).toBeUndefined();
  });

  it('merges ranges, and cuts one that holds another', () => {
    const r = (ipa: number, size: number): IpaRange => ({ ipa, size });
    expect(mergeRanges([r(3, 1), r(1, 2)])).toEqual([r(1, 3)]);
    expect(mergeRanges([r(1, 10), r(3, 1)])).toEqual([r(1, 3)]);
    expect(mergeRanges([r(1, 1), r(4, 1)])).toEqual([r(1, 1), r(4, 1)]);
  });

  it('matches the children of an existing /reserved-memory by label or by address', () => {
    const reserved = (...nodes: FdtNode[]): GuestParts => ({
      last: [node('reserved-memory', { '#address-cells': 2, '#size-cells': 2, ranges: true }, ...nodes)],
    });
    const byLabel = node('a', { 'qcom,label': 9, reg: [0, 0x9000_0000, 0, 0x1000] });
    const p = (): VmTreeInput['parcels'] => [image(), parcel({ label: 9, isPrivate: false, exclusive: false })];
    const parcels = p();
    const f = written({ parcels }, reserved(byLabel, node('later', { size: [0, 0x1000] })));
    expect(u32At(f, '/reserved-memory/a', 'qcom,rm-mem-handle')).toBe(1);
    expect(parcels[1].mapped).toEqual([{ ipa: 0x9000_0000, size: 0x1000 }]);
    expect(names(f, '/reserved-memory')).toEqual(['a', 'later']);
    const own = node('own', { reg: [0, 0x8000_0000, 0, 0x20_0000], phandle: 77 });
    const external = p();
    expect(u32At(written({ parcels: external }, reserved(own)), '/reserved-memory/own', 'phandle')).toBe(77);
    expect([external[0].phandle, external[0].phandleExternal]).toEqual([77, true]);
    expect(why({}, reserved(node('b', { reg: [0, 0x8000_0000, 0, 0x1000] })))).toContain('/reserved-memory/b');
    expect(why({}, reserved(node('b', { reg: [0, 1] })))).toContain('not one range');
    expect(why({}, reserved(byLabel))).toContain('no such parcel');
    const reusable = node('a', { 'qcom,label': 9, reusable: true, reg: [0, 0x9000_0000, 0, 0x1000] });
    expect(why({ parcels: p() }, reserved(reusable))).toContain('reusable');
    const wide: GuestParts = {
      last: [node('reserved-memory', { '#address-cells': 3 }, node('a', { reg: [0, 0, 0, 0] }))],
    };
    expect(() => why({}, wide)).toThrow(RmDeath);
  });

  it('describes firmware memory and leaves its parcel out', () => {
    const firmware = { handle: 4, ipa: 0x7000_0000, size: 0x1000 };
    const fw = parcel({ handle: 4, mapped: [{ ipa: 0x7000_0000, size: 0x1000 }] });
    const f = written({ firmware, parcels: [image(), fw] });
    expect(names(f, '/reserved-memory')).toEqual(['firmware@70000000']);
    expect(words(f, '/memory', 'reg')).toEqual([0, 0x8000_0000, 0, 0x20_0000]);
  });

  it('writes iomem nodes from the physical regions', () => {
    const device: VmTreeDevice = { kind: 'iomem', generate: '/soc/io', pushCompatible: ['x'], label: 5, peer: 3 };
    const regions = [{ ipa: 0x0a00_0000, size: 0x1000 }];
    const p = parcel({
      label: 5,
      regions,
      mapped: regions,
      peerRights: 6,
      peerAttrs: 1,
      selfAttrs: 2,
      isPrivate: false,
    });
    const f = written({ devices: [device], parcels: [image(), p] });
    expect(words(f, '/soc/io', 'reg')).toEqual([0, 0x0a00_0000, 0, 0x1000]);
    expect(words(f, '/soc/io', 'qcom,rm-acl')).toEqual([7, 6]);
    expect(words(f, '/soc/io', 'qcom,rm-attributes')).toEqual([2, 1]);
    expect(words(f, '/soc/io', 'qcom,rm-mem-handle')).toEqual([0, 1]);
    expect(words(f, '/memory', 'reg')).toEqual([0, 0x8000_0000, 0, 0x20_0000]);
    expect(pathOffset(written({ devices: [device] }), '/soc/io')).toBeLessThan(0);
  });

  it('needs root cells of one or two', () => {
    expect(why({}, { root: { '#address-cells': 3 } })).toContain('cells');
    expect(why({}, { root: { '#address-cells': 0 } })).toContain('cells');
  });
});

describe('what RM tells the guest about itself', () => {
  it('names the VM, its owner and its peers', () => {
    const pair = (peerId: string | null, peerVmid: number | null): VmTreeDevice => ({
      kind: 'message-queue-pair',
      generate: '/hypervisor/mq',
      pushCompatible: [],
      txCap: 1n,
      rxCap: BigInt(0x10 + (peerVmid ?? 0)),
      txIrq: edge(33),
      rxIrq: edge(34),
      txMessageSize: 1,
      rxMessageSize: 2,
      txQueueDepth: 3,
      rxQueueDepth: 4,
      handle: 6,
      label: 7,
      peerId,
      peerVmid,
    });
    const devices = [pair('vm-name:a', 0x81), pair('vm-name:b', null), pair('vm-name:a', 0x82), pair(null, 5)];
    const guid = Array.from({ length: 16 }, (_, i) => i * 16 + i);
    const f = written({ devices, uri: 'u', guid });
    const vm = pathOffset(f, '/hypervisor/qcom,gunyah-vm');
    expect(stringList(f, vm, 'qcom,vm-guid')).toEqual(['00112233-4455-6677-8899-aabbccddeeff']);
    expect(stringList(f, vm, 'qcom,vm-uri')).toEqual(['u']);
    expect(stringList(f, vm, 'qcom,peers')).toEqual(['vm-name:a', 'vm-name:b']);
    expect(u32At(f, '/hypervisor/mq@91', 'qcom,peer-vmid')).toBe(0x81);
    expect(u32At(f, '/hypervisor/mq@10', 'qcom,peer-vmid')).toBeUndefined();
    expect(u32At(f, '/hypervisor/mq@15', 'qcom,peer-vmid')).toBeUndefined();
    const seed = getProp(f, pathOffset(f, '/chosen'), 'kaslr-seed');
    expect(typeof seed === 'number' ? 0n : be64(seed, 0)).toBe(0x0123_4567_89ab_cdefn);
  });

  it('gives CPUs their capability and the interrupt controller its addresses', () => {
    const gic = { ...input().gic, patch: true, gicd: 0x4001_0000n, gicr: 0x4002_0000n, vcpus: 2 };
    const cpus = [{ path: '/cpus/cpu@0', cap: 0x1_0000_0002n }];
    const f = written({ gic, cpus });
    expect(words(f, '/cpus/cpu@0', 'qcom,gunyah-capability')).toEqual([1, 2]);
    expect(words(f, '/intc', 'reg')).toEqual([0, 0x4001_0000, 0, 0x1_0000, 0, 0x4002_0000, 0, 0x4_0000]);
    expect(words(f, '/intc', 'redistributor-stride')).toEqual([0, 0x2_0000]);
    expect(why({ gic: { ...gic, phandle: null } })).toContain('interrupt controller');
    expect(why({ gic: { ...gic, phandle: 99 } })).toContain('overlay');
    expect(why({ cpus: [{ path: '/cpus/cpu@9', cap: 1n }] })).toContain('CPU');
  });

  it('refuses a tree that has /hypervisor or no /chosen', () => {
    expect(why({}, { last: [node('hypervisor@0', {})] })).toContain('/hypervisor');
    const tree = guest();
    const at = Buffer.from(tree).indexOf('chosen');
    tree[at] = 0x78;
    expect(patchVmTree(treeArea(area(tree)), input(), refuseAll)).toMatchObject({ kind: 'refused' });
    expect(patchVmTree(treeArea(new Uint8Array(0x1000)), input(), refuseAll)).toMatchObject({ kind: 'refused' });
  });

  it('keeps an existing /vsoc', () => {
    const f = written({}, { last: [node('vsoc', { mine: 1 })] });
    expect(u32At(f, '/vsoc', 'mine')).toBe(1);
    expect(u32At(f, '/vsoc', '#size-cells')).toBeUndefined();
  });
});

describe('device nodes', () => {
  const shared = (): VmTreeInput['parcels'] => [image(), parcel({ label: 9, isPrivate: false })];

  it('point to the buffer of their label, with renumbered phandles except those of doorbells', () => {
    const doorbells = { source: bell({ source: true, cap: 3n, irq: null }), receiver: bell({ cap: 4n }) };
    const device = shm({ doorbells, dmaBase: 0x10n, pushCompatible: ['mine'] });
    const f = written({ devices: [device], parcels: shared() });
    expect(u32At(f, '/hypervisor/shm', 'buffer')).toBe(2);
    expect(u32At(f, '/hypervisor/shm', 'memory-region')).toBe(2);
    expect(u32At(f, '/hypervisor/bell@3', 'phandle')).toBe(3);
    expect(u32At(f, '/hypervisor/shm', 'tx-doorbell')).toBe(2);
    expect(stringList(f, pathOffset(f, '/reserved-memory/buffer@50000000'), 'compatible')).toEqual(['mine']);
    expect(stringList(f, pathOffset(f, '/hypervisor/shm'), 'compatible')).toEqual(['mine', 'qcom,gunyah-shm-doorbell']);
  });

  it('of shared memory may lack their parcel only if it is optional', () => {
    expect(why({ devices: [shm({})] })).toContain('label 9');
    const f = written({ devices: [shm({ optional: true })] });
    expect(u32At(f, '/hypervisor/shm', 'buffer')).toBeUndefined();
    expect(u32At(f, '/hypervisor/shm', 'label')).toBe(9);
  });

  it('with the same path share one node, in which the last device wins', () => {
    const devices = [shm({}), shm({ peer: 4 })];
    const f = written({ devices, parcels: shared() });
    expect(names(f, '/hypervisor')).toEqual(['shm', 'qcom,gunyah-vm']);
    expect(u32At(f, '/hypervisor/shm', 'peer')).toBe(4);
  });

  it('of virtio devices carry the page, the interrupt and the peer', () => {
    const device: VmTreeDevice = {
      kind: 'virtio-mmio',
      generate: '/hypervisor/v',
      pushCompatible: [],
      ipa: 0x4000_1000n,
      size: 0x1000n,
      irq: edge(45),
      label: 9,
      dmaBase: 0n,
      backend: 3,
      dmaCoherent: true,
    };
    const f = written({ devices: [device], parcels: shared() });
    expect(words(f, '/hypervisor/v@40001000', 'reg')).toEqual([0, 0x4000_1000, 0, 0x1000]);
    expect(words(f, '/hypervisor/v@40001000', 'interrupts')).toEqual([0, 13, 1]);
    expect(why({ devices: [device] })).toContain('label 9');
  });

  it('need an interrupt that a specifier can name', () => {
    expect(why({ devices: [bell({ irq: edge(1020) })] })).toContain('1020');
    const kinds = [
      [{ irq: 20, cpuLocal: true, edge: false }, [1, 4, 4]],
      [{ irq: 4100, cpuLocal: false, edge: true }, [2, 4, 1]],
      [{ irq: 1060, cpuLocal: true, edge: true }, [3, 4, 1]],
    ] as const;
    for (const [irq, expected] of kinds) {
      expect(words(written({ devices: [bell({ irq })] }), '/hypervisor/bell@5', 'interrupts')).toEqual(expected);
    }
  });

  it('kill RM with paths it cannot build', () => {
    for (const generate of ['relative', '']) {
      expect(() => why({ devices: [bell({ generate })] })).toThrow('dt-generate-not-absolute');
    }
    for (const generate of ['/', '/x/']) {
      expect(() => why({ devices: [shm({ generate })], parcels: shared() })).toThrow('dt-generate-without-name');
    }
    const deep = `/${Array.from({ length: 15 }, () => 'd').join('/')}`;
    expect(() => why({ devices: [shm({ generate: deep })], parcels: shared() })).toThrow('dt-overlay-limit');
    expect(() => why({ devices: [bell({ generate: `/${'x'.repeat(500)}` })] })).toThrow('dt-overlay-limit');
    expect(why({ devices: [bell({ generate: '/a//b' })] })).toBeUndefined();
  });
});

describe('large trees', () => {
  it('are worked on inside the area, which must be twice the estimate', () => {
    const pad = node('pad', { bytes: new Uint8Array(0x4000) });
    const tree = guest({ last: [pad] });
    expect(patchVmTree(treeArea(area(tree, 0x8000)), input(), refuseAll)).toMatchObject({ kind: 'refused' });
    const results = [0, 1, 2, 3, 4, 5, 6, 7].map((n) => {
      const r = patchVmTree(treeArea(area(tree, 0x2_0000)), input({ name: 'n'.repeat(60 + n) }), refuseAll);
      return r.kind === 'written' ? r.bytes : undefined;
    });
    // Only an estimate that is a multiple of eight leaves the work buffer where a tree may start.
    const good = results.filter((r) => r !== undefined);
    expect(good.length).toBeLessThan(8);
    for (const bytes of good) expect([bytes.length, isFdtError(parseFdt(bytes))]).toEqual([0x2_0000, false]);
  });
});

describe('hostile trees', () => {
  const reserved = node(
    'reserved-memory',
    { ranges: true },
    node('a', { 'qcom,label': 9, reg: [0, 0x9000_0000, 0x1000] }),
  );
  const base = guest({ last: [reserved] });

  it('are patched, refused or kill RM, whatever is overwritten', () => {
    const words = Math.floor(base.length / 4);
    const change = fc.record({ at: fc.nat(words - 1), value: fc.oneof(fc.nat(16), fc.integer()) });
    fc.assert(
      fc.property(fc.array(change, { minLength: 1, maxLength: 4 }), (changes) => {
        const bad = area(base, 0x4000);
        for (const c of changes) putBe32(bad, c.at * 4, c.value >>> 0);
        const parcels = [image(), parcel({ label: 9, isPrivate: false })];
        const devices = [shm({}), bell({})];
        const cpus = [{ path: '/cpus/cpu@0', cap: 3n }];
        try {
          patchVmTree(treeArea(bad), input({ parcels, devices, cpus }), acceptAll());
        } catch (e) {
          expect(e).toBeInstanceOf(RmDeath);
        }
      }),
      { numRuns: 300 },
    );
  });
});
