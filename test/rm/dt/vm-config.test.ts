import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { be32, type FdtNode, node, putBe32, u32s } from '../../../src/board/fdt/index.js';
import { RmDeath } from '../../../src/rm/death.js';
import { isVmConfigError, parseVmConfig, type VmConfig } from '../../../src/rm/dt/index.js';
import { fromHex, guestConfigs } from './data.js';
import { area, cpu, type GuestParts, guest } from './samples.js';

function config(parts: GuestParts = {}): VmConfig {
  const c = parseVmConfig(area(guest(parts)));
  if (isVmConfigError(c)) throw new Error(c.why);
  return c;
}

const why = (parts: GuestParts): string | undefined => {
  const c = parseVmConfig(area(guest(parts)));
  return isVmConfigError(c) ? c.why : undefined;
};

const device = (type: string, props: Parameters<typeof node>[1] = {}, ...children: FdtNode[]): FdtNode =>
  node('dev', { 'vdevice-type': type, 'peer-default': true, ...props }, ...children);

const mem = (props: Parameters<typeof node>[1]): FdtNode => node('memory', props);

describe('recorded trees', () => {
  it('are accepted and refused as the real RM did', () => {
    const all = guestConfigs();
    expect(all.length).toBeGreaterThan(100);
    for (const r of all) {
      const region = new Uint8Array(r.size);
      region.set(fromHex(r.tree));
      expect([r.name, isVmConfigError(parseVmConfig(region))]).toEqual([r.name, !r.accepted]);
    }
  });
});

describe('the vm-config node', () => {
  it('gives name, URI, GUID and attributes', () => {
    const c = config({
      config: {
        'vm-uri': 'uri',
        'vm-guid': '01234567-89ab-cdef-0123-456789ABCDEF',
        'vm-attrs': ['crash-fatal', 'unknown', 'context-dump'],
        'qcom,sensitive': true,
      },
    });
    expect(c.name).toBe('vm');
    expect(c.uri).toBe('uri');
    expect(c.guid).toEqual([1, 0x23, 0x45, 0x67, 0x89, 0xab, 0xcd, 0xef, 1, 0x23, 0x45, 0x67, 0x89, 0xab, 0xcd, 0xef]);
    expect(c.attrs).toEqual({
      rasErrorHandler: false,
      amuCountingDisabled: true,
      sensitive: true,
      crashFatal: true,
      contextDump: true,
      noShutdown: true,
      noReset: true,
    });
  });

  it('needs a name of at most 79 bytes, and ignores a longer URI', () => {
    expect(why({ config: { 'image-name': 'n'.repeat(79) } })).toBeUndefined();
    expect(why({ config: { 'image-name': 'n'.repeat(80) } })).toContain('image-name');
    expect(config({ config: { 'vm-uri': 'u'.repeat(80) } }).uri).toBe('');
  });

  it('refuses a malformed attribute list', () => {
    expect(why({ config: { 'vm-attrs': new Uint8Array([65]) } })).toContain('vm-attrs');
  });

  it('checks iomemory-ranges and dies of more than two cells', () => {
    const good = [0, 0x1000, 0, 0x2000, 0, 0x1000, 2];
    expect(config({ config: { 'iomemory-ranges': good } }).iomemRanges).toEqual([
      { phys: 0x1000n, ipa: 0x2000n, size: 0x1000n, access: 2 },
    ]);
    expect(why({ config: { 'iomemory-ranges': good.slice(1) } })).toContain('length');
    expect(why({ config: { 'iomemory-ranges': [0, 1, ...good.slice(2)] } })).toContain('aligned');
    expect(why({ config: { 'iomemory-ranges': [...good.slice(0, 6), 7] } })).toContain('access');
    const cells = { root: { '#address-cells': 3 }, config: { 'iomemory-ranges': new Uint8Array(9 * 4) } };
    expect(() => why(cells)).toThrow(RmDeath);
  });

  it('may be missing: then there are no VCPUs', () => {
    const c = parseVmConfig(area(guest()).map((b, i, all) => (b === 0x67 && all[i + 1] === 0x75 ? 0x68 : b)));
    expect(isVmConfigError(c) ? c.why : c.vcpus).toEqual([]);
  });
});

describe('memory', () => {
  it('has its defaults', () => {
    const c = config({ memory: { 'base-address': undefined as never } });
    expect(c.memory).toEqual({
      base: 0x2880_0000n,
      sizeMin: 0n,
      sizeMax: 0x7ff_ffffn,
      isDirect: false,
      constraints: null,
      firmwareBase: null,
      firmwareSizeMax: 0x40_0000n,
    });
  });

  it('takes the cells of the first child of the root, not its own', () => {
    const own = { '#address-cells': 2, '#size-cells': 2, 'base-address': [0, 0x8000_0000] };
    expect(config({ memory: { ...own, 'size-max': [0, 0x10_0000] } }).memory.sizeMax).toBe(2n ** 64n - 0x8000_0000n);
    expect(config({ memory: { ...own, 'size-max': 0x10_0000 } }).memory.sizeMax).toBe(0x10_0000n);
    const one = [node('first', { '#address-cells': 1, '#size-cells': 1 })];
    const c = config({ first: one, memory: { 'base-address': 0x9000_0000, 'size-max': 0x10_0000 } });
    expect([c.memory.base, c.memory.sizeMax]).toEqual([0x9000_0000n, 0x10_0000n]);
  });

  it('rounds the base up to 2 MiB and refuses unaligned values and overflows', () => {
    expect(config({ memory: { 'base-address': [0, 0x8000_1000] } }).memory.base).toBe(0x8020_0000n);
    expect(why({ memory: { 'base-address': [0, 0x8000_0800] } })).toContain('base-address');
    const first = [node('first', { '#size-cells': 2 })];
    expect(why({ first, memory: { 'size-min': [0, 1] } })).toContain('size-min');
    expect(why({ first, memory: { 'size-max': [0, 1] } })).toContain('size-max');
    expect(why({ first, memory: { 'size-max': [0xffff_ffff, 0xffff_f000] } })).toContain('overflow');
    expect(why({ memory: { 'firmware-address': [0, 1] } })).toContain('firmware-address');
    expect(why({ first, memory: { 'firmware-size-max': [0, 0x1000] } })).toContain('overflow');
    expect(why({ memory: { 'base-mem-constraints': [1, 2, 3] } })).toContain('constraints');
    expect(config({ memory: { 'base-mem-constraints': 8 } }).memory.constraints).toEqual([8, 0]);
  });

  it('may only be described by a node /memory', () => {
    const memory = { device_type: 'memory', reg: [0, 0, 0, 0] };
    expect(why({ last: [node('memory', memory)] })).toBeUndefined();
    expect(why({ last: [node('memory@80000000', memory)] })).toContain('memory node');
    expect(why({ last: [node('bus', {}, node('memory', memory))] })).toContain('memory node');
  });
});

describe('VCPUs', () => {
  it('are the CPU nodes: the first without status runs, others need a method', () => {
    const c = config({ cpus: [cpu(0), node('cpu-map', {}), cpu(1, { 'enable-method': 'psci' })] });
    expect(c.vcpus).toEqual([
      { path: '/cpus/cpu@0', boot: true },
      { path: '/cpus/cpu@1', boot: false },
    ]);
    expect(c.psci).toBe(true);
    expect(why({ cpus: [cpu(0), cpu(1)] })).toContain('enable-method');
    expect(why({ cpus: [cpu(0), cpu(1, { 'enable-method': 'spin-table' })] })).toContain('enable-method');
    expect(config({ cpus: [cpu(0), cpu(1, { 'enable-method': 'qcom,gunyah-hvc' })] }).psci).toBe(false);
  });

  it('follow their status', () => {
    const statuses = [{ status: 'fail-x' }, { status: 'okay' }, { status: 'okay' }];
    expect(config({ cpus: statuses.map((s, i) => cpu(i, s)) }).vcpus.map((v) => v.boot)).toEqual([true, true]);
    expect(why({ cpus: [cpu(0, { status: 'disabled', 'enable-method': 'psci' })] })).toContain('boot CPU');
    expect(why({ cpus: [cpu(0, { status: 'reserved' })] })).toContain('status');
  });

  it('need an affinity-map and idle states with PSCI unless the owner schedules them', () => {
    const pinned = { affinity: 'pinned', 'affinity-map': 0x1_0003, 'sched-priority': 0xffff_ffff };
    const c = config({ vcpus: { ...pinned, 'sched-timeslice': 5000 } });
    expect([c.affinity, c.affinityMap, c.priorityOffset, c.timesliceUs]).toEqual(['pinned', [3], -1, 5000]);
    expect(why({ vcpus: { affinity: 'unknown' } })).toContain('affinity-map');
    expect(why({ vcpus: { ...pinned, 'affinity-map': [0, 1] } })).toContain('affinity-map');
    const psci = node('psci', { compatible: 'arm,psci-1.0' });
    expect(why({ vcpus: pinned, first: [psci] })).toContain('cpu-idle-states');
    expect(why({ vcpus: pinned, last: [psci] })).toBeUndefined();
    expect(why({ vcpus: { ...pinned, config: '/nowhere' } })).toContain('config');
  });
});

describe('virtual devices', () => {
  it('are found anywhere, in tree order, with their defaults', () => {
    const c = config({
      vdevices: [
        device('rm-rpc', { generate: '/hypervisor/rpc', 'message-size': 0x1_0080 }),
        device('doorbell', { label: 4, 'qcom,label': 5, interrupts: [0, 8, 1], 'push-compatible': ['x', 'y'] }),
        device('message-queue', { 'is-sender': true }),
        device('message-queue-pair', { interrupts: [1, 0, 1, 0, 1, 4] }),
      ],
      last: [node('elsewhere', {}, device('doorbell-source', { 'source-can-clear': true }))],
    });
    expect(c.rmRpcs[0].messageSize).toBe(0x80);
    expect(c.rmRpcs[0].pushCompatible).toEqual([
      'gunyah-resource-manager',
      'qcom,resource-manager',
      'qcom,resource-manager-1-0',
    ]);
    expect(c.doorbells.map((d) => [d.isSource, d.label, d.irq?.irq, d.sourceCanClear])).toEqual([
      [false, 5, 40, false],
      [true, 0, undefined, true],
    ]);
    expect(c.doorbells[0].pushCompatible).toEqual(['x', 'y']);
    expect([c.messageQueues[0].messageSize, c.messageQueues[0].queueDepth]).toEqual([240, 8]);
    expect(c.messageQueuePairs[0].irqs).toEqual([
      { irq: 16, cpuLocal: true, edge: true },
      { irq: 33, cpuLocal: false, edge: false },
    ]);
  });

  it('lose bad interrupts silently', () => {
    for (const interrupts of [
      [0, 8],
      [4, 8, 1],
      [0, 988, 1],
      [0, 8, 2],
      [0, 8, 1, 0, 9, 1],
    ]) {
      expect(config({ vdevices: [device('doorbell', { interrupts })] }).doorbells[0].irq).toBeNull();
    }
  });

  it('need a peer and a direction', () => {
    const lonely = node('dev', { 'vdevice-type': 'doorbell' });
    expect(why({ vdevices: [lonely] })).toContain('peer');
    expect(config({ vdevices: [node('d', { 'vdevice-type': 'doorbell', peer: 'vm-name:x' })] }).doorbells[0].peer).toBe(
      'vm-name:x',
    );
    expect(why({ vdevices: [device('message-queue')] })).toContain('is-sender');
    expect(why({ vdevices: [device('message-queue', { 'is-sender': true, 'is-receiver': true })] })).toBeDefined();
    const seven = Array.from({ length: 7 }, (_, i) => `c${i}`);
    expect(why({ vdevices: [device('doorbell', { 'push-compatible': seven })] })).toContain('push-compatible');
    expect(why({ vdevices: [device('rm-rpc', { 'push-compatible': seven.slice(0, 4) })] })).toBeDefined();
  });

  it('of shared memory have exactly one child "memory" with label and one kind of base', () => {
    const shm = config({ vdevices: [device('shm', {}, mem({ label: 9, base: [0, 0x9000_0000] }))] }).shms[0];
    expect(shm).toMatchObject({ plain: true, label: 9, baseIpa: 0x9000_0000n, allocateBase: false, dmaBase: null });
    const own = device('shm-doorbell', { label: 3 }, mem({ label: 9, 'allocate-base': true, optional: true }));
    expect(config({ vdevices: [own] }).shms[0]).toMatchObject({ plain: false, label: 3, optional: true });
    expect(why({ vdevices: [device('shm', {}, mem({ base: [0, 0] }))] })).toContain('label');
    expect(why({ vdevices: [device('shm', {}, mem({ label: 1 }))] })).toContain('base');
    expect(why({ vdevices: [device('shm', {}, mem({ label: 1, base: [0, 4] }))] })).toContain('aligned');
    expect(
      why({ vdevices: [device('shm', {}, mem({ label: 1, base: [0, 0], 'allocate-base': true }))] }),
    ).toBeDefined();
    expect(why({ vdevices: [device('shm', {}, node('memory@0', { label: 1 }))] })).toContain('memory');
    const virtio = device(
      'virtio-mmio',
      { 'vqs-num': 4, 'dma-coherent': true },
      mem({ label: 2, 'allocate-base': true }),
    );
    expect(config({ vdevices: [virtio] }).virtioMmios[0]).toMatchObject({ label: 2, vqsNum: 4, dmaCoherent: true });
  });

  it('of kind iomem take the label of their memory, whose name may be cut short', () => {
    const sglist = [0, 0x1000, 0, 0x2000];
    const io = device(
      'iomem',
      { label: 1, patch: '/p', 'qcom,rm_acl': [6, 7], 'qcom,rm_sglist': sglist },
      node('mem', { label: 2 }),
    );
    expect(config({ vdevices: [io] }).iomems[0]).toMatchObject({
      label: 2,
      patch: '/p',
      acl: [6, 7],
      attrs: null,
      sglist: [{ ipa: 0x1000n, size: 0x2000n }],
    });
    expect(why({ vdevices: [device('iomem', {}, node('memory@0', { label: 2 }))] })).toContain('memory');
  });

  it('of other kinds are checked or ignored', () => {
    expect(why({ vdevices: [device('unheard-of')] })).toBeUndefined();
    expect(why({ vdevices: [device('vsmmu-v2')] })).toContain('vsmmu');
    expect(why({ vdevices: [device('vrtc-pl031')] })).toContain('vrtc');
    expect(config({ vdevices: [device('vrtc-pl031', { base: [0, 0x1000] })] }).vrtcs).toHaveLength(1);
  });
});

describe('the interrupt controller', () => {
  it('comes from the root or from vm-config/interrupts', () => {
    const gic = {
      phandle: 1,
      addrCells: 2,
      sizeCells: 2,
      gicd: 0x3fff_0000n,
      gicr: 0x3ffb_0000n,
      stride: 0x2_0000n,
    };
    expect(config().gic).toEqual(gic);
    const none = undefined as never;
    expect(config({ interrupts: { config: none } }).gic).toEqual(gic);
    expect(config({ root: { 'interrupt-parent': none } }).gic).toEqual(gic);
    expect(config({ root: { 'interrupt-parent': none }, interrupts: { config: 1 } }).gic).toEqual(gic);
    expect(config({ gic: { reg: none } }).gic).toMatchObject({ gicd: null, gicr: null });
  });

  it('is refused with a bad node or path', () => {
    expect(why({ interrupts: { config: '/nowhere' } })).toContain('config');
    expect(why({ interrupts: { config: new Uint8Array([1, 2]) } })).toContain('config');
    expect(why({ gic: { compatible: 'arm,gic-400' } })).toContain('GICv3');
    expect(why({ gic: { '#interrupt-cells': 2 } })).toContain('#interrupt-cells');
    expect(why({ gic: { '#redistributor-regions': 2 } })).toContain('GICR');
    expect(why({ gic: { reg: [0, 0, 0, 0, 0, 0, 0] } })).toContain('reg');
    expect(why({ gic: { 'redistributor-stride': [0, 0x1_0000] } })).toContain('stride');
    expect(config({ gic: { 'redistributor-stride': 5 } }).gic?.stride).toBe(0x2_0000n);
  });
});

describe('hostile trees', () => {
  it('kill RM when a node is 16 levels deep, not before', () => {
    const nested = (depth: number): FdtNode[] => {
      let n = node('x', {});
      for (let i = 1; i < depth; i++) n = node('x', {}, n);
      return [n];
    };
    expect(why({ last: nested(15) })).toBeUndefined();
    expect(() => why({ last: nested(16) })).toThrow(RmDeath);
  });

  it('kill RM when the first child of a level has ranges with three address cells', () => {
    const pci = node('pci', { '#address-cells': 3, '#size-cells': 2, ranges: new Uint8Array(28) });
    expect(() => why({ first: [pci] })).toThrow(RmDeath);
    expect(why({ last: [pci] })).toBeUndefined();
  });

  it('are refused when a path is too long', () => {
    expect(why({ last: [node('x'.repeat(253), {})] })).toBeUndefined();
    expect(why({ last: [node('x'.repeat(255), {})] })).toContain('path');
  });

  it('are refused with their header or their size', () => {
    const tree = guest();
    expect(parseVmConfig(new Uint8Array(0x1000))).toMatchObject({ error: 'MEM_INVALID' });
    expect(parseVmConfig(tree.subarray(0, tree.length - 1))).toMatchObject({ error: 'MEM_INVALID' });
    expect(isVmConfigError(parseVmConfig(tree))).toBe(false);
  });

  it('never do anything else than be read, be refused or kill RM', () => {
    const base = guest({ vdevices: [device('shm', {}, mem({ label: 1, base: [0, 0] })), device('doorbell')] });
    const words = Math.floor(base.length / 4);
    const change = fc.record({
      at: fc.nat(words - 1),
      value: fc.oneof(fc.nat(16), fc.integer(), fc.constantFrom(...Array.from(u32s(1, 2, 3, 4, 9)))),
    });
    fc.assert(
      fc.property(fc.array(change, { minLength: 1, maxLength: 5 }), (changes) => {
        const bad = area(base, 0x2000);
        for (const c of changes) putBe32(bad, c.at * 4, c.value >>> 0);
        try {
          parseVmConfig(bad);
        } catch (e) {
          expect(e).toBeInstanceOf(RmDeath);
        }
        expect(be32(bad, 0)).toBeDefined();
      }),
      { numRuns: 400 },
    );
  });
});
