/** Memory in a guest's tree: `/reserved-memory`, `/memory`, iomem nodes (fact base: rm-boot-and-dt 5.2 to 5.4, 5.7). */
import { children, getProp, getU32, hasProp, nodeName, phandleOf } from '../../board/fdt/index.js';
import { type CellContext, readCells } from './cells.js';
import {
  constructEnd,
  constructPath,
  type Dto,
  type DtoRefusal,
  modifyEnd,
  modifyPath,
  namedBegin,
  nodeBegin,
  nodeEnd,
  propCells,
  propEmpty,
  propPhandle,
  propRanges,
  propStrings,
  propText,
  propU32,
  propU64,
  propU64s,
} from './dto.js';
import { Node, Prop, Value } from './names.js';
import {
  type IpaRange,
  PHANDLE_UNSET,
  type VmTreeInput,
  type VmTreeParcel,
  type VmTreeParcelPort,
} from './vm-tree-types.js';

/** Cells of the ranges of a node's children. */
export interface RangeCells {
  readonly addr: number;
  readonly size: number;
}

/** Room for the target path of a patched child. */
const MAX_TARGET = 128;

const isFirmware = (v: VmTreeInput, p: VmTreeParcel): boolean => v.firmware !== null && v.firmware.handle === p.handle;

const isIomem = (v: VmTreeInput, p: VmTreeParcel): boolean =>
  v.devices.some((d) => d.kind === 'iomem' && d.label === p.label);

const isOneRange = (p: VmTreeParcel, ipa: bigint, size: bigint): boolean =>
  p.mapped?.length === 1 && BigInt(p.mapped[0].ipa) === ipa && BigInt(p.mapped[0].size) === size;

/** Address and size of a reserved-memory child, or why it cannot be used. */
function oneRange(f: Uint8Array, node: number, ctx: CellContext): { ipa: bigint; size: bigint } | string {
  const reg = getProp(f, node, 'reg');
  if (typeof reg === 'number') return 'no reg';
  if (reg.length !== 4 * ((ctx.childAddr + ctx.childSize) >>> 0)) return 'reg is not one range';
  const ipa = readCells(reg, 0, ctx.childAddr);
  const size = readCells(reg, ctx.childAddr, ctx.childSize);
  return size === 0n || ipa + size - 1n > 0xffff_ffff_ffff_ffffn ? 'reg is empty or overflows' : { ipa, size };
}

function parcelByLabel(
  v: VmTreeInput,
  port: VmTreeParcelPort,
  label: number,
  range: { ipa: bigint; size: bigint },
): VmTreeParcel | undefined {
  const p = v.parcels.find((candidate) => candidate.label === label);
  if (p === undefined) return undefined;
  if (p.mapped !== null) return isOneRange(p, range.ipa, range.size) ? p : undefined;
  p.mapped = port.acceptAt(p, Number(range.ipa), Number(range.size));
  return p.mapped === null ? undefined : p;
}

function parcelByAddress(v: VmTreeInput, range: { ipa: bigint; size: bigint }): VmTreeParcel | undefined {
  for (const p of v.parcels) {
    if (p.mapped === null) continue;
    if (p.mapped.length !== 1) return undefined;
    if (isOneRange(p, range.ipa, range.size)) return p;
  }
  return undefined;
}

/** Children that the base tree already has: each must be a parcel of the VM (5.3). */
export function patchReserved(
  dto: Dto,
  f: Uint8Array,
  reserved: number,
  ctx: CellContext,
  v: VmTreeInput,
  port: VmTreeParcelPort,
): DtoRefusal {
  for (const node of children(f, reserved)) {
    const name = String(nodeName(f, node));
    const label = getU32(f, node, 'qcom,label');
    if (label === undefined && hasProp(f, node, 'size') && !hasProp(f, node, 'reg')) continue;
    const range = oneRange(f, node, ctx);
    if (typeof range === 'string') return `/reserved-memory/${name}: ${range}`;
    const parcel = label === undefined ? parcelByAddress(v, range) : parcelByLabel(v, port, label, range);
    if (parcel === undefined) return `/reserved-memory/${name}: no such parcel`;
    if (!parcel.exclusive && hasProp(f, node, 'reusable')) return `/reserved-memory/${name}: shared but reusable`;
    modifyPath(dto, `/reserved-memory/${name}`.slice(0, MAX_TARGET - 1));
    propU32(dto, Prop.QCOM_RM_MEM_HANDLE, parcel.handle);
    const phandle = phandleOf(f, node);
    parcel.phandleExternal = phandle !== 0 && phandle !== 0xffff_ffff;
    parcel.phandle = parcel.phandleExternal ? phandle : propPhandle(dto);
    modifyEnd(dto);
  }
  return undefined;
}

function bufferNode(
  dto: Dto,
  v: VmTreeInput,
  p: VmTreeParcel,
  mapped: readonly IpaRange[],
  cells: RangeCells,
): DtoRefusal {
  if (mapped.length === 0) return `parcel ${p.handle} is mapped nowhere`;
  namedBegin(dto, `buffer@${mapped[0].ipa.toString(16)}`);
  const refusal = propRanges(dto, Prop.REG, mapped, cells.addr, cells.size);
  if (refusal === undefined) {
    propEmpty(dto, Prop.QCOM_SHARED_MEMORY);
    propEmpty(dto, Prop.NO_MAP);
    propCells(dto, Prop.PEERS, p.peers);
    propU32(dto, Prop.QCOM_RM_MEM_HANDLE, p.handle);
    p.phandle = propPhandle(dto);
    p.phandleExternal = false;
    propU32(dto, Prop.QCOM_LABEL, p.label);
    const user = v.devices.find((d) => (d.kind === 'shm' || d.kind === 'virtio-mmio') && d.label === p.label);
    if (user !== undefined && user.pushCompatible.length > 0) propStrings(dto, Prop.COMPATIBLE, user.pushCompatible);
  }
  nodeEnd(dto);
  return refusal;
}

/**
 * Nodes of the parcels that have none, in creation order (5.4). Parcels not accepted yet are accepted now; a failure only
 * counts if nothing after it succeeds.
 */
export function bufferNodes(dto: Dto, v: VmTreeInput, port: VmTreeParcelPort, cells: RangeCells): DtoRefusal {
  let refusal: DtoRefusal;
  for (const p of v.parcels) {
    if (isFirmware(v, p)) continue;
    if (p.mapped === null) {
      p.mapped = port.acceptAnywhere(p);
      refusal = p.mapped === null ? `parcel ${p.handle} cannot be accepted` : undefined;
    }
    if (p.mapped === null || isIomem(v, p) || p.isPrivate || p.phandle !== PHANDLE_UNSET) continue;
    refusal = bufferNode(dto, v, p, p.mapped, cells);
    if (refusal !== undefined) break;
  }
  if (v.firmware !== null && v.firmware.size !== 0) {
    namedBegin(dto, `firmware@${v.firmware.ipa.toString(16)}`);
    refusal = propRanges(dto, Prop.REG, [v.firmware], cells.addr, cells.size);
    if (refusal === undefined) {
      propEmpty(dto, Prop.NO_MAP);
      propText(dto, Prop.COMPATIBLE, Value.FIRMWARE);
    }
    nodeEnd(dto);
  }
  return refusal;
}

/** Touching and overlapping ranges become one; a range inside another one ends it (as RM computes it). */
export function mergeRanges(ranges: readonly IpaRange[]): IpaRange[] {
  const sorted = ranges.length < 2 ? ranges : [...ranges].sort((a, b) => a.ipa - b.ipa);
  const out: { ipa: number; size: number }[] = [];
  for (const r of sorted) {
    const last = out.length > 0 ? out[out.length - 1] : undefined;
    if (last !== undefined && last.ipa + last.size >= r.ipa) last.size = r.ipa + r.size - last.ipa;
    else out.push({ ipa: r.ipa, size: r.size });
  }
  return out;
}

/** `/memory` with everything the VM has accepted, except iomem and a separate firmware parcel. */
export function memoryNode(dto: Dto, v: VmTreeInput, cells: RangeCells): DtoRefusal {
  const separate = v.firmware !== null && v.firmware.handle !== v.imageHandle;
  const ranges: IpaRange[] = [];
  for (const p of v.parcels) {
    if (p.mapped === null || (separate && isFirmware(v, p)) || isIomem(v, p)) continue;
    for (const r of p.mapped) ranges.push(r);
  }
  nodeBegin(dto, Node.MEMORY);
  propText(dto, Prop.DEVICE_TYPE, Value.MEMORY);
  const refusal = propRanges(dto, Prop.REG, mergeRanges(ranges), cells.addr, cells.size);
  nodeEnd(dto);
  return refusal;
}

/** Nodes of iomem devices that have a parcel (5.7). */
export function iomemNodes(dto: Dto, v: VmTreeInput): void {
  for (const d of v.devices) {
    if (d.kind !== 'iomem') continue;
    const p = v.parcels.find((candidate) => candidate.label === d.label);
    if (p === undefined) continue;
    constructPath(dto, d.generate);
    propU32(dto, Prop.ADDRESS_CELLS, 2);
    propU32(dto, Prop.SIZE_CELLS, 2);
    propStrings(dto, Prop.COMPATIBLE, d.pushCompatible);
    propU64s(
      dto,
      Prop.REG,
      p.regions.flatMap((r) => [BigInt(r.ipa), BigInt(r.size)]),
    );
    propU32(dto, Prop.PEER, d.peer);
    propU64(dto, Prop.QCOM_RM_MEM_HANDLE, BigInt(p.handle));
    if (p.peerRights !== null) propCells(dto, Prop.QCOM_RM_ACL, [p.selfRights, p.peerRights]);
    if (p.peerAttrs !== null) propCells(dto, Prop.QCOM_RM_ATTRIBUTES, [p.selfAttrs, p.peerAttrs]);
    propU32(dto, Prop.QCOM_LABEL, d.label);
    constructEnd(dto);
  }
}
