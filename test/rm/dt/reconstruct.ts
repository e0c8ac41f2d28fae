/**
 * Works out, from a tree that RM wrote and the tree it started from, what RM must have had in hand: capabilities,
 * interrupts, parcels. Used to run our patch on the recorded base and compare the bytes.
 */
import {
  be32,
  be64,
  children,
  getProp,
  getU32,
  isFdtError,
  nodeName,
  parseFdt,
  pathOffset,
} from '../../../src/board/fdt/index.js';
import type {
  IpaRange,
  IrqSpec,
  VdeviceCommon,
  VmTreeDevice,
  VmTreeInput,
  VmTreeParcel,
} from '../../../src/rm/dt/index.js';
import { DEFAULT_GENERATE, isVmConfigError, PHANDLE_UNSET, parseVmConfig } from '../../../src/rm/dt/index.js';

const bytes = (f: Uint8Array, node: number, name: string): Uint8Array => {
  const v = getProp(f, node, name);
  if (typeof v === 'number') throw new Error(`no ${name}`);
  return v;
};

function irqs(f: Uint8Array, node: number): IrqSpec[] {
  const v = bytes(f, node, 'interrupts');
  return Array.from({ length: v.length / 12 }, (_, i) => ({
    irq: be32(v, i * 12 + 4) + 32,
    cpuLocal: false,
    edge: be32(v, i * 12 + 8) === 1,
  }));
}

function ranges(v: Uint8Array): IpaRange[] {
  return Array.from({ length: v.length / 16 }, (_, i) => ({
    ipa: Number(be64(v, i * 16)),
    size: Number(be64(v, i * 16 + 8)),
  }));
}

/** Nodes of the patched tree made for each of these devices: last created first among equal paths. */
function nodesFor(f: Uint8Array, paths: readonly string[], unit: boolean): number[] {
  return paths.map((path, k) => {
    const cut = path.lastIndexOf('/');
    const parent = pathOffset(f, path.slice(0, cut) || '/');
    const name = path.slice(cut + 1);
    const found = children(f, parent).filter((n) => {
      const full = String(nodeName(f, n));
      return unit ? full.slice(0, full.lastIndexOf('@')) === name : full === name;
    });
    const later = paths.slice(k + 1).filter((p) => p === path).length;
    return found[later] ?? -1;
  });
}

/** Parts of `all` outside of `holes`. */
function subtract(all: readonly IpaRange[], holes: readonly IpaRange[]): IpaRange[] {
  let rest = [...all];
  for (const h of holes) {
    rest = rest.flatMap((r) => {
      const end = r.ipa + r.size;
      const hEnd = h.ipa + h.size;
      if (hEnd <= r.ipa || h.ipa >= end) return [r];
      return [
        { ipa: r.ipa, size: Math.max(0, h.ipa - r.ipa) },
        { ipa: hEnd, size: Math.max(0, end - hEnd) },
      ].filter((x) => x.size > 0);
    });
  }
  return rest;
}

const parcel = (p: Partial<VmTreeParcel>): VmTreeParcel => ({
  handle: 1_000_000,
  label: 0,
  peers: [],
  isPrivate: true,
  exclusive: true,
  mapped: null,
  phandle: PHANDLE_UNSET,
  phandleExternal: false,
  regions: [],
  selfRights: 7,
  selfAttrs: 0,
  peerRights: null,
  peerAttrs: null,
  ...p,
});

function parcels(base: Uint8Array, f: Uint8Array): VmTreeParcel[] {
  const out: VmTreeParcel[] = [];
  for (const node of children(f, pathOffset(f, '/reserved-memory'))) {
    const name = String(nodeName(f, node));
    const handle = getU32(f, node, 'qcom,rm-mem-handle');
    if (handle === undefined) continue;
    const mapped = ranges(bytes(f, node, 'reg'));
    const old = pathOffset(base, `/reserved-memory/${name}`) >= 0;
    const peers = getProp(f, node, 'peers');
    const label = getU32(f, node, 'qcom,label') ?? 0xffff;
    const list =
      typeof peers === 'number' ? [] : Array.from({ length: peers.length / 4 }, (_, i) => be32(peers, i * 4));
    out.unshift(parcel({ handle, label, peers: list, isPrivate: false, mapped, exclusive: !old }));
  }
  const memory = ranges(bytes(f, pathOffset(f, '/memory'), 'reg'));
  const image = subtract(
    memory,
    out.flatMap((p) => p.mapped ?? []),
  );
  return [...out, ...(image.length > 0 ? [parcel({ mapped: image })] : [])];
}

/** The input for `patchVmTree` behind a recorded result. */
export function reconstruct(base: Uint8Array, f: Uint8Array): VmTreeInput {
  const config = parseVmConfig(base);
  if (isVmConfigError(config)) throw new Error(config.why);
  if (isFdtError(parseFdt(f))) throw new Error('patched tree is damaged');
  const devices: VmTreeDevice[] = [];
  const add = <C extends VdeviceCommon>(
    list: readonly C[],
    path: (c: C) => string,
    unit: boolean,
    make: (c: C, generate: string, node: number) => VmTreeDevice,
  ): void => {
    const paths = list.map(path);
    nodesFor(f, paths, unit).forEach((node, i) => {
      if (node < 0) throw new Error(`no node for ${paths[i]}`);
      devices.push(make(list[i], paths[i], node));
    });
  };
  const reg = (node: number, i = 0): bigint => be64(bytes(f, node, 'reg'), i * 8);
  add(
    config.rmRpcs,
    (c) => c.generate ?? '',
    true,
    (c, generate, node) => ({
      kind: 'rm-rpc',
      generate,
      pushCompatible: c.pushCompatible,
      txCap: reg(node),
      rxCap: reg(node, 1),
      txIrq: irqs(f, node)[0],
      rxIrq: irqs(f, node)[1],
      txMessageSize: c.messageSize,
      rxMessageSize: c.messageSize,
      txQueueDepth: c.queueDepth,
      rxQueueDepth: c.queueDepth,
      handle: 0,
      label: 0,
      peerId: null,
      peerVmid: null,
    }),
  );
  add(
    config.doorbells,
    (c) => c.generate ?? (c.isSource ? DEFAULT_GENERATE.doorbellSource : DEFAULT_GENERATE.doorbell),
    true,
    (c, generate, node) => ({
      kind: 'doorbell',
      generate,
      pushCompatible: c.pushCompatible,
      source: c.isSource,
      cap: reg(node),
      irq: c.isSource ? null : irqs(f, node)[0],
      label: c.label,
    }),
  );
  add(
    config.messageQueues,
    (c) => c.generate ?? DEFAULT_GENERATE.messageQueue,
    true,
    (c, generate, node) => ({
      kind: 'message-queue',
      generate,
      pushCompatible: c.pushCompatible,
      sender: c.isSender,
      cap: reg(node),
      irq: irqs(f, node)[0],
      messageSize: c.messageSize,
      queueDepth: c.queueDepth,
      label: c.label,
    }),
  );
  add(
    config.messageQueuePairs,
    (c) => c.generate ?? DEFAULT_GENERATE.messageQueuePair,
    true,
    (c, generate, node) => ({
      kind: 'message-queue-pair',
      generate,
      pushCompatible: c.pushCompatible,
      txCap: reg(node),
      rxCap: reg(node, 1),
      txIrq: irqs(f, node)[0],
      rxIrq: irqs(f, node)[1],
      txMessageSize: c.messageSize,
      rxMessageSize: c.messageSize,
      txQueueDepth: c.queueDepth,
      rxQueueDepth: c.queueDepth,
      handle: getU32(f, node, 'qcom,vdevice-handle') ?? 0,
      label: c.label,
      peerId: typeof getProp(f, node, 'peer') === 'number' ? null : c.peer,
      peerVmid: getU32(f, node, 'qcom,peer-vmid') ?? null,
    }),
  );
  add(
    config.shms,
    (c) => c.generate ?? DEFAULT_GENERATE.shm,
    false,
    (c, generate) => {
      const side = (source: boolean): VmTreeDevice => {
        const path = source ? DEFAULT_GENERATE.doorbellSource : DEFAULT_GENERATE.doorbell;
        const hyp = children(f, pathOffset(f, '/hypervisor'));
        const node = hyp.find((n) => {
          const compatible = getProp(f, n, 'compatible');
          const want = source ? 'qcom,gunyah-doorbell-source\0' : 'qcom,gunyah-doorbell\0';
          return (
            getU32(f, n, 'phandle') !== undefined &&
            getU32(f, n, 'label') === c.label &&
            typeof compatible !== 'number' &&
            String.fromCharCode(...compatible).startsWith(want)
          );
        });
        if (node === undefined) throw new Error(`no doorbell of ${generate} (${path})`);
        const name = `/hypervisor/${String(nodeName(f, node))}`;
        return {
          kind: 'doorbell',
          generate: name.slice(0, name.lastIndexOf('@')),
          pushCompatible: [],
          source,
          cap: reg(node),
          irq: source ? null : irqs(f, node)[0],
          label: c.label,
        };
      };
      const source = c.plain ? null : side(true);
      const receiver = c.plain ? null : side(false);
      return {
        kind: 'shm',
        generate,
        pushCompatible: c.pushCompatible,
        label: c.label,
        peer: 3,
        optional: c.optional,
        dmaBase: c.dmaBase,
        doorbells: source?.kind === 'doorbell' && receiver?.kind === 'doorbell' ? { source, receiver } : null,
      };
    },
  );
  add(
    config.virtioMmios,
    (c) => c.generate ?? DEFAULT_GENERATE.virtioMmio,
    true,
    (c, generate, node) => ({
      kind: 'virtio-mmio',
      generate,
      pushCompatible: c.pushCompatible,
      ipa: reg(node),
      size: reg(node, 1),
      irq: irqs(f, node)[0],
      label: c.label,
      dmaBase: c.dmaBase,
      backend: 3,
      dmaCoherent: c.dmaCoherent,
    }),
  );
  const gic = config.gic;
  const gicReg = gic?.gicd === null ? bytes(f, pathOffset(f, '/intc'), 'reg') : undefined;
  const vm = pathOffset(f, '/hypervisor/qcom,gunyah-vm');
  return {
    vmid: getU32(f, vm, 'qcom,vmid') ?? -1,
    owner: getU32(f, vm, 'qcom,owner-vmid') ?? -1,
    name: config.name,
    uri: config.uri,
    guid: config.guid,
    kaslrSeed: be64(bytes(f, pathOffset(f, '/chosen'), 'kaslr-seed'), 0),
    parcels: parcels(base, f),
    imageHandle: 1_000_000,
    firmware: null,
    devices,
    cpus: config.vcpus.map((c) => {
      const cap = getProp(f, pathOffset(f, c.path), 'qcom,gunyah-capability');
      return { path: c.path, cap: typeof cap === 'number' ? null : be64(cap, 0) };
    }),
    gic: {
      patch: gicReg !== undefined,
      phandle: gic?.phandle ?? null,
      addrCells: gic?.addrCells ?? 2,
      sizeCells: gic?.sizeCells ?? 2,
      gicd: gicReg ? be64(gicReg, 0) : 0n,
      gicr: gicReg ? be64(gicReg, 16) : 0n,
      stride: gic?.stride ?? 0n,
      vcpus: config.vcpus.length,
    },
  };
}
