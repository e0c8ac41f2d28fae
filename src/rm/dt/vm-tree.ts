/**
 * Patching a guest's device tree at VM_START (fact base: rm-boot-and-dt 5; observations 30, 32, 33). RM builds an overlay,
 * applies it to a copy of the tree and writes the packed result back: done here with the same steps on the same bytes.
 */
import { toNumber } from '../../base/index.js';
import {
  applyOverlay,
  be32,
  cells,
  checkHeader,
  graft,
  Head,
  indexTree,
  nodeAtPath,
  type OverlayWriter,
  openInto,
  overlayBlob,
  overlayLength,
  pack,
  pathOffset,
  type TreeIndex,
} from '../../board/fdt/index.js';
import { Platform } from '../../protocol/index.js';
import { contextOf } from './cells.js';
import { deviceNodes } from './device-nodes.js';
import {
  type Dto,
  type DtoRefusal,
  finishDto,
  modifyEnd,
  modifyPath,
  modifyPhandle,
  newDto,
  nodeBegin,
  nodeEnd,
  propEmpty,
  propRanges,
  propString,
  propStrings,
  propText,
  propU32,
  propU64,
} from './dto.js';
import { bufferNodes, iomemNodes, memoryNode, patchReserved, type RangeCells } from './memory-nodes.js';
import { Node, Prop, Value } from './names.js';
import type { VmTreeInput, VmTreeParcelPort } from './vm-tree-types.js';

export * from './vm-tree-types.js';

/** RM's heap gives a work buffer of this size; larger trees are worked on inside the VM's own area. */
const HEAP_BUFFER = 0x4000;

/**
 * `written`: `bytes` go to the start of the area (more than the tree if RM worked there). `refused`: VM_START answers
 * NORESOURCE. `overflow`: `bytes` were written, then RM died (FAULT, `vm-start-dt-overflow`): the caller throws.
 */
export type VmTreeResult =
  | { readonly kind: 'written'; readonly bytes: Uint8Array }
  | { readonly kind: 'refused'; readonly why: string }
  | { readonly kind: 'overflow'; readonly bytes: Uint8Array };

const guidText = (guid: readonly number[]): string =>
  guid
    .map((b) => b.toString(16).padStart(2, '0'))
    .join('')
    .replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');

/** `/hypervisor` and its node about the VM (5.5). */
function hypervisorNode(dto: Dto, v: VmTreeInput): void {
  modifyPath(dto, '/');
  nodeBegin(dto, Node.HYPERVISOR);
  propU32(dto, Prop.ADDRESS_CELLS, 2);
  propU32(dto, Prop.SIZE_CELLS, 0);
  propText(dto, Prop.COMPATIBLE, Value.HYPERVISOR);
  nodeBegin(dto, Node.VM);
  propText(dto, Prop.COMPATIBLE, Value.VM_ID);
  propU32(dto, Prop.QCOM_VMID, v.vmid);
  propU32(dto, Prop.QCOM_OWNER_VMID, v.owner);
  propText(dto, Prop.QCOM_VENDOR, Value.VENDOR);
  propString(dto, Prop.QCOM_IMAGE_NAME, v.name);
  if (v.uri !== '') propString(dto, Prop.QCOM_VM_URI, v.uri);
  if (v.guid !== null) propString(dto, Prop.QCOM_VM_GUID, guidText(v.guid));
  const peers: string[] = [];
  for (const d of v.devices) {
    if (d.kind === 'message-queue-pair' && d.peerId !== null && !peers.includes(d.peerId)) peers.push(d.peerId);
  }
  if (peers.length > 0) propStrings(dto, Prop.QCOM_PEERS, peers);
  nodeEnd(dto);
  nodeEnd(dto);
  modifyEnd(dto);
}

function vsocNode(dto: Dto): void {
  modifyPath(dto, '/');
  nodeBegin(dto, Node.VSOC);
  propU32(dto, Prop.ADDRESS_CELLS, 2);
  propU32(dto, Prop.SIZE_CELLS, 2);
  propEmpty(dto, Prop.RANGES);
  propText(dto, Prop.COMPATIBLE, Value.SIMPLE_BUS);
  nodeEnd(dto);
  modifyEnd(dto);
}

/** The guest's tree, and its index if it has one. */
interface BaseTree {
  readonly f: Uint8Array;
  readonly index: TreeIndex | undefined;
}

const has = ({ f, index }: BaseTree, path: string): boolean =>
  index !== undefined && path.startsWith('/') ? nodeAtPath(index, path) >= 0 : pathOffset(f, path) >= 0;

function cpuNodes(dto: Dto, base: BaseTree, v: VmTreeInput): DtoRefusal {
  for (const cpu of v.cpus) {
    if (cpu.cap === null) continue;
    if (!has(base, cpu.path)) return `no CPU node ${cpu.path}`;
    modifyPath(dto, cpu.path);
    propU64(dto, Prop.QCOM_GUNYAH_CAPABILITY, cpu.cap);
    modifyEnd(dto);
  }
  return undefined;
}

/** Addresses of the interrupt controller, if RM chose them. */
function gicNode(dto: Dto, v: VmTreeInput): DtoRefusal {
  const { gic } = v;
  if (!gic.patch) return undefined;
  if (gic.phandle === null) return 'no interrupt controller node to patch';
  modifyPhandle(dto, gic.phandle);
  propText(dto, Prop.COMPATIBLE, Value.GIC);
  propU32(dto, Prop.REDISTRIBUTOR_REGIONS, 1);
  propU64(dto, Prop.REDISTRIBUTOR_STRIDE, gic.stride);
  if (gic.vcpus === 0) return 'interrupt controller of a VM without VCPUs';
  const frames = [
    { ipa: toNumber(gic.gicd), size: Platform.GICD_SIZE },
    { ipa: toNumber(gic.gicr), size: toNumber(gic.stride) * gic.vcpus },
  ];
  const refusal = propRanges(dto, Prop.REG, frames, gic.addrCells, gic.sizeCells);
  modifyEnd(dto);
  return refusal;
}

/** `/reserved-memory` (if the base has none) and `/memory`. */
function rootMemory(
  dto: Dto,
  v: VmTreeInput,
  port: VmTreeParcelPort,
  root: RangeCells,
  hasReserved: boolean,
): DtoRefusal {
  modifyPath(dto, '/');
  if (!hasReserved) {
    nodeBegin(dto, Node.RESERVED_MEMORY);
    propU32(dto, Prop.ADDRESS_CELLS, root.addr);
    propU32(dto, Prop.SIZE_CELLS, root.size);
    propEmpty(dto, Prop.RANGES);
    const refusal = bufferNodes(dto, v, port, root);
    nodeEnd(dto);
    if (refusal !== undefined) return refusal;
  }
  const refusal = memoryNode(dto, v, root);
  modifyEnd(dto);
  return refusal;
}

/** The overlay for a tree (5.2), or why there is none. */
function buildOverlay(base: BaseTree, v: VmTreeInput, port: VmTreeParcelPort): OverlayWriter | string {
  const { f } = base;
  const root: RangeCells = { addr: cells(f, 0, '#address-cells'), size: cells(f, 0, '#size-cells') };
  if (root.addr < 0 || root.size < 0) return 'bad cells of the root';
  if (has(base, '/hypervisor')) return '/hypervisor exists already';
  const dto = newDto();
  const hasReserved = has(base, '/reserved-memory');
  if (hasReserved) {
    const reserved = pathOffset(f, '/reserved-memory');
    const ctx = contextOf(f, reserved);
    let refusal = patchReserved(dto, f, reserved, ctx, v, port);
    if (refusal !== undefined) return refusal;
    modifyPath(dto, '/reserved-memory');
    refusal = bufferNodes(dto, v, port, { addr: ctx.childAddr, size: ctx.childSize });
    modifyEnd(dto);
    if (refusal !== undefined) return refusal;
  }
  iomemNodes(dto, v);
  modifyPath(dto, '/chosen');
  propU64(dto, Prop.KASLR_SEED, v.kaslrSeed);
  modifyEnd(dto);
  let refusal = rootMemory(dto, v, port, root, hasReserved);
  if (refusal !== undefined) return refusal;
  if (!has(base, '/vsoc')) vsocNode(dto);
  refusal = cpuNodes(dto, base, v);
  if (refusal !== undefined) return refusal;
  hypervisorNode(dto, v);
  refusal = deviceNodes(dto, v.devices, v.parcels) ?? gicNode(dto, v);
  return refusal ?? finishDto(dto);
}

/** The tree with the overlay applied, packed in `room` byte by byte; or why not. */
function applyInto(tree: Uint8Array, overlay: OverlayWriter, room: Uint8Array): Uint8Array | string {
  const edit = openInto(tree, room);
  if (typeof edit === 'number') return 'tree cannot be opened';
  if (applyOverlay(edit, overlayBlob(overlay)) !== 0) return 'overlay cannot be applied';
  pack(room);
  return room.slice(0, be32(room, Head.TOTALSIZE));
}

/** A VM's device tree area, of which only what counts need be copied. */
export interface TreeArea {
  /** The first bytes of the area: at least the tree. */
  readonly tree: Uint8Array;
  /** Size of the area. */
  readonly size: number;
  /** A copy of all of it. */
  copy(): Uint8Array;
}

/**
 * Patches the tree in a VM's device tree area (not changed). Parcels of `input` that are not accepted yet are accepted
 * through `port`, and their `mapped` and `phandle` are set, also when the result is a refusal. Throws `RmDeath` for the
 * trees that kill RM before it writes.
 */
export function patchVmTree({ tree, size, copy }: TreeArea, input: VmTreeInput, port: VmTreeParcelPort): VmTreeResult {
  const refuse = (why: string): VmTreeResult => ({ kind: 'refused', why });
  if (checkHeader(tree) !== 0) return refuse('bad header');
  const total = be32(tree, Head.TOTALSIZE);
  if (total > size) return refuse('tree larger than its area');
  const index = indexTree(tree);
  const overlay = buildOverlay({ f: tree, index }, input, port);
  if (typeof overlay === 'string') return refuse(overlay);
  const estimate = ((total + 3) & ~3) + overlayLength(overlay);
  const mapped = Math.ceil(size / Platform.PAGE_SIZE) * Platform.PAGE_SIZE;
  if (estimate <= HEAP_BUFFER) {
    const quick = index === undefined ? undefined : graft(index, overlay, HEAP_BUFFER);
    const bytes = quick ?? applyInto(tree, overlay, new Uint8Array(HEAP_BUFFER));
    if (typeof bytes === 'string') return refuse(bytes);
    if (bytes.length > mapped) return { kind: 'overflow', bytes: bytes.slice(0, mapped) };
    return { kind: 'written', bytes };
  }
  if (estimate * 2 > size) return refuse('device tree area too small to work in');
  // A tree must start at a multiple of eight bytes.
  if (estimate % 8 !== 0) return refuse('work buffer not aligned');
  const area = copy();
  const bytes = applyInto(tree, overlay, area.subarray(estimate, estimate * 2));
  if (typeof bytes === 'string') return refuse(bytes);
  area.set(bytes);
  return { kind: 'written', bytes: area };
}
