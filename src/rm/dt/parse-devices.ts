/** Virtual-device nodes of a guest's tree (fact base: rm-boot-and-dt 4.6). Each parser returns the reason of a refusal. */
import {
  be32,
  be64,
  children,
  firstString,
  getProp,
  getU32,
  hasProp,
  nodeName,
  stringList,
} from '../../board/fdt/index.js';
import { Platform } from '../../protocol/index.js';
import { type CellContext, childContext, getNumber } from './cells.js';
import { IRQ_CLASSES } from './irq-classes.js';
import { getPair, type Refusal } from './parse-config.js';
import { PAGE, type ParseState } from './parse-state.js';
import type { IrqSpec, VdeviceCommon } from './vm-config-types.js';

const MAX_PUSH_COMPATIBLE = 6;

const EDGE_RISING = 1;
const LEVEL_HIGH = 4;

/** The `interrupts` property if it is exactly `count` good specifiers, else null (then RM allocates). */
function getInterrupts(f: Uint8Array, node: number, count: number): IrqSpec[] | null {
  const v = getProp(f, node, 'interrupts');
  if (typeof v === 'number' || v.length !== count * 12) return null;
  const out: IrqSpec[] = [];
  for (let at = 0; at < v.length; at += 12) {
    const kind = IRQ_CLASSES[be32(v, at)];
    if (kind === undefined) return null;
    const irq = (be32(v, at + 4) + kind.first) >>> 0;
    const trigger = be32(v, at + 8) & 0xf;
    if (irq >= kind.end || (trigger !== EDGE_RISING && trigger !== LEVEL_HIGH)) return null;
    out.push({ irq, cpuLocal: kind.cpuLocal, edge: trigger === EDGE_RISING });
  }
  return out;
}

const label = (f: Uint8Array, node: number): number | undefined =>
  getU32(f, node, 'qcom,label') ?? getU32(f, node, 'label');

const getU64 = (f: Uint8Array, node: number, name: string): bigint | undefined => {
  const v = getProp(f, node, name);
  return typeof v === 'number' || v.length !== 8 ? undefined : be64(v, 0);
};

/** Common properties, or null when there are too many compatible strings. */
function common(f: Uint8Array, node: number, memoryLabel = 0): VdeviceCommon | null {
  const generate = firstString(f, node, 'generate');
  const push = stringList(f, node, 'push-compatible');
  if (typeof push !== 'number' && push.length > MAX_PUSH_COMPATIBLE) return null;
  return {
    label: label(f, node) ?? memoryLabel,
    generate: typeof generate === 'number' ? null : generate,
    pushCompatible: typeof push === 'number' ? [] : push,
  };
}

const TOO_MANY = 'push-compatible: too many strings';

const queueSizes = (f: Uint8Array, node: number): { messageSize: number; queueDepth: number } => ({
  messageSize: (getU32(f, node, 'message-size') ?? Platform.RM_QUEUE_MSG_SIZE) & 0xffff,
  queueDepth: (getU32(f, node, 'queue-depth') ?? Platform.RM_QUEUE_DEPTH) & 0xffff,
});

/** The `peer` string, null for `peer-default`, undefined for neither. */
function peerOf(f: Uint8Array, node: number): string | null | undefined {
  if (hasProp(f, node, 'peer-default')) return null;
  const peer = firstString(f, node, 'peer');
  return typeof peer === 'number' ? undefined : peer;
}

const pair = (irqs: IrqSpec[] | null): readonly [IrqSpec, IrqSpec] | null =>
  irqs === null ? null : [irqs[0], irqs[1]];

/** A child `memory` of shm, shm-doorbell and virtio-mmio, or why it is refused. */
function memoryChild(
  f: Uint8Array,
  node: number,
  ctx: CellContext,
): { label: number; baseIpa: bigint; allocateBase: boolean; optional: boolean } | string {
  const nodes = children(f, node);
  if (nodes.length !== 1 || nodeName(f, nodes[0]) !== 'memory') return 'vdevice: not exactly one child "memory"';
  const mem = nodes[0];
  const memCtx = childContext(f, mem, ctx);
  const memLabel = label(f, mem);
  if (memLabel === undefined) return 'vdevice memory: no label';
  const base = getNumber(f, mem, 'base', memCtx.addr);
  if (base !== undefined && base % PAGE !== 0n) return 'vdevice memory: base not page aligned';
  const allocateBase = hasProp(f, mem, 'allocate-base');
  if (allocateBase === (base !== undefined)) return 'vdevice memory: not exactly one of base and allocate-base';
  return { label: memLabel, baseIpa: base ?? 0n, allocateBase, optional: hasProp(f, mem, 'optional') };
}

/** Appended to the compatible strings of every rm-rpc node. */
const RM_RPC_COMPATIBLE = ['gunyah-resource-manager', 'qcom,resource-manager', 'qcom,resource-manager-1-0'];

function rmRpc(s: ParseState, f: Uint8Array, node: number): Refusal {
  const c = common(f, node);
  if (c === null || c.pushCompatible.length + RM_RPC_COMPATIBLE.length > MAX_PUSH_COMPATIBLE) return TOO_MANY;
  const irqs = pair(getInterrupts(f, node, 2));
  const pushCompatible = [...c.pushCompatible, ...RM_RPC_COMPATIBLE];
  s.rmRpcs.push({ ...c, pushCompatible, consoleDev: hasProp(f, node, 'console-dev'), irqs, ...queueSizes(f, node) });
  return undefined;
}

function doorbell(s: ParseState, f: Uint8Array, node: number, isSource: boolean): Refusal {
  const peer = peerOf(f, node);
  if (peer === undefined) return 'doorbell: no peer';
  const c = common(f, node);
  if (c === null) return TOO_MANY;
  const irq = isSource ? null : (getInterrupts(f, node, 1)?.[0] ?? null);
  s.doorbells.push({ ...c, isSource, peer, sourceCanClear: hasProp(f, node, 'source-can-clear'), irq });
  return undefined;
}

function messageQueue(s: ParseState, f: Uint8Array, node: number): Refusal {
  const isSender = hasProp(f, node, 'is-sender');
  if (isSender === hasProp(f, node, 'is-receiver')) return 'message-queue: not exactly one of is-sender, is-receiver';
  if (!hasProp(f, node, 'peer-default')) return 'message-queue: no peer-default';
  const c = common(f, node);
  if (c === null) return TOO_MANY;
  s.messageQueues.push({ ...c, isSender, irq: getInterrupts(f, node, 1)?.[0] ?? null, ...queueSizes(f, node) });
  return undefined;
}

function messageQueuePair(s: ParseState, f: Uint8Array, node: number): Refusal {
  const peer = peerOf(f, node);
  if (peer === undefined) return 'message-queue-pair: no peer';
  const c = common(f, node);
  if (c === null) return TOO_MANY;
  s.messageQueuePairs.push({ ...c, peer, irqs: pair(getInterrupts(f, node, 2)), ...queueSizes(f, node) });
  return undefined;
}

function shm(s: ParseState, f: Uint8Array, node: number, ctx: CellContext): Refusal {
  const plain = firstString(f, node, 'vdevice-type') === 'shm';
  const mem = memoryChild(f, node, ctx);
  if (typeof mem === 'string') return mem;
  if (!hasProp(f, node, 'peer-default')) return 'shm: no peer-default';
  const dmaBase = getU64(f, node, 'dma_base') ?? 0xffff_ffff_ffff_ffffn;
  const c = common(f, node, mem.label);
  if (c === null) return TOO_MANY;
  const { baseIpa, allocateBase, optional } = mem;
  // All ones is how RM notes "not given".
  const given = dmaBase === 0xffff_ffff_ffff_ffffn ? null : dmaBase;
  s.shms.push({ ...c, plain, baseIpa, allocateBase, optional, dmaBase: given });
  return undefined;
}

function virtioMmio(s: ParseState, f: Uint8Array, node: number, ctx: CellContext): Refusal {
  if (!hasProp(f, node, 'peer-default')) return 'virtio-mmio: no peer-default';
  const mem = memoryChild(f, node, ctx);
  if (typeof mem === 'string') return mem;
  const c = common(f, node, mem.label);
  if (c === null) return TOO_MANY;
  s.virtioMmios.push({
    ...c,
    baseIpa: mem.baseIpa,
    allocateBase: mem.allocateBase,
    vqsNum: getU32(f, node, 'vqs-num') ?? 1,
    dmaBase: getU64(f, node, 'dma_base') ?? 0n,
    deviceType: getU32(f, node, 'virtio,device-type') ?? null,
    dmaCoherent: hasProp(f, node, 'dma-coherent'),
  });
  return undefined;
}

function iomem(s: ParseState, f: Uint8Array, node: number, ctx: CellContext): Refusal {
  const c = common(f, node);
  if (c === null) return TOO_MANY;
  const patch = firstString(f, node, 'patch');
  if (!hasProp(f, node, 'peer-default')) return 'iomem: no peer-default';
  // RM compares only as many characters as the child's name has.
  const nodes = children(f, node).filter((child) => 'memory'.startsWith(String(nodeName(f, child))));
  if (nodes.length !== 1) return 'iomem: not exactly one child "memory"';
  const mem = nodes[0];
  childContext(f, mem, ctx);
  const memLabel = label(f, mem);
  if (memLabel === undefined) return 'iomem memory: no label';
  const acl = getPair(f, node, 'qcom,rm_acl');
  const attrs = acl === undefined ? undefined : getPair(f, node, 'qcom,rm_attributes');
  if (acl === undefined || attrs === undefined) return 'iomem: bad qcom,rm_acl or qcom,rm_attributes';
  const sgl = getProp(f, node, 'qcom,rm_sglist');
  if (typeof sgl !== 'number' && sgl.length % 16 !== 0) return 'iomem: bad qcom,rm_sglist';
  s.iomems.push({
    ...c,
    label: memLabel,
    patch: typeof patch === 'number' ? null : patch,
    memInfoTag: getU32(f, mem, 'qcom,mem-info-tag') ?? null,
    allocateBase: hasProp(f, mem, 'allocate-base'),
    acl,
    attrs,
    sglist:
      typeof sgl === 'number'
        ? []
        : Array.from({ length: sgl.length / 16 }, (_, i) => ({ ipa: be64(sgl, i * 16), size: be64(sgl, i * 16 + 8) })),
  });
  return undefined;
}

function vsmmu(f: Uint8Array, node: number): Refusal {
  if (getU32(f, node, 'smmu-handle') === undefined) return 'vsmmu-v2: no smmu-handle';
  if (typeof firstString(f, node, 'patch') === 'number') return 'vsmmu-v2: no patch';
  const cbs = getU32(f, node, 'num-cbs');
  const smrs = getU32(f, node, 'num-smrs');
  const good = cbs !== undefined && cbs <= 255 && smrs !== undefined && smrs <= 255;
  return good ? undefined : 'vsmmu-v2: bad num-cbs or num-smrs';
}

function vrtc(s: ParseState, f: Uint8Array, node: number): Refusal {
  if (s.vrtcs.length !== 0) return 'vrtc-pl031: more than one';
  const base = getU64(f, node, 'base');
  if (base === undefined && hasProp(f, node, 'base')) return 'vrtc-pl031: base has a wrong size';
  const allocateBase = hasProp(f, node, 'allocate-base');
  if (allocateBase === (base !== undefined)) return 'vrtc-pl031: not exactly one of base and allocate-base';
  if (base !== undefined && base % PAGE !== 0n) return 'vrtc-pl031: base not page aligned';
  s.vrtcs.push({ base: base ?? 0n, allocateBase });
  return undefined;
}

type DeviceParser = (s: ParseState, f: Uint8Array, node: number, ctx: CellContext) => Refusal;

/** In the order in which RM tries them: the first type found anywhere in the `vdevice-type` list wins. */
export const VDEVICE_PARSERS: readonly (readonly [string, DeviceParser])[] = [
  ['rm-rpc', rmRpc],
  ['shm-doorbell', shm],
  ['shm', shm],
  ['doorbell-source', (s, f, node) => doorbell(s, f, node, true)],
  ['doorbell', (s, f, node) => doorbell(s, f, node, false)],
  ['message-queue', messageQueue],
  ['message-queue-pair', messageQueuePair],
  ['virtio-mmio', virtioMmio],
  ['iomem', iomem],
  ['vsmmu-v2', (_s, f, node) => vsmmu(f, node)],
  ['vrtc-pl031', vrtc],
];
