/**
 * The overlay RM builds for a tree (fact base: rm-boot-and-dt 3, 5): one fragment per modification, phandles counted from
 * 1, and a list of the places that hold such phandles. Its exact size is kept, because it decides which work buffer RM
 * takes. RM's own limits (path length, nesting, retries when its buffer is full) are assertions and end it.
 */
import { hi32, lo32 } from '../../base/index.js';
import {
  beginOverlay,
  hexDigits,
  latin1,
  type OverlayWriter,
  overlayBlob,
  overlayNode,
  overlayNodeEnd,
  overlayNodeText,
  overlayProp,
  overlayText,
  overlayUnitNode,
  type PropName,
  type Text,
  textOf,
} from '../../board/fdt/index.js';
import { RmDeath } from '../death.js';
import { IRQ_CLASSES } from './irq-classes.js';
import { Node, Prop } from './names.js';
import type { IrqSpec } from './vm-config-types.js';
import type { IpaRange } from './vm-tree-types.js';

/** Room for the path of the node being written. */
const MAX_PWD = 512;
/** Deepest node with children in the list of places to fix. */
const MAX_FIXUP_LEVEL = 15;
/** Most address ranges in one property. */
const MAX_RANGES = 1024;

/** Places to fix below one node of the overlay. */
interface Fixups {
  readonly name: string;
  readonly props: PropName[];
  readonly nodes: Fixups[];
}

export interface Dto {
  readonly overlay: OverlayWriter;
  /** Nodes that are open, from the fragment down. */
  depth: number;
  /** Length of their path, with its end. */
  pwd: number;
  readonly fixups: Fixups[];
  phandles: number;
}

/** Of the open nodes: where their names stand in the overlay, and how long they are with their ends. */
const openAt = new Int32Array(MAX_PWD);
const openSize = new Int32Array(MAX_PWD);

/** undefined: done. Else why the overlay cannot be built (VM_START then answers NORESOURCE). */
export type DtoRefusal = string | undefined;

export const newDto = (): Dto => ({ overlay: beginOverlay(), depth: 0, pwd: 1, fixups: [], phandles: 0 });

/** Notes the node opened last, whose name has `size` bytes with its end and started at `at`. */
function opened(dto: Dto, at: number, size: number): void {
  dto.pwd += size;
  if (dto.pwd >= MAX_PWD) throw new RmDeath('ABORT', 'dt-overlay-limit');
  openAt[dto.depth] = at;
  openSize[dto.depth] = size;
  dto.depth++;
}

export function nodeBegin(dto: Dto, name: Text): void {
  const at = dto.overlay.struct + 4;
  overlayNodeText(dto.overlay, name);
  opened(dto, at, name.length);
}

/** Opens a node whose name stands in `text`. */
export function namedBegin(dto: Dto, text: string, from = 0, to = text.length): void {
  const at = dto.overlay.struct + 4;
  overlayNode(dto.overlay, text, from, to);
  opened(dto, at, to - from + 1);
}

export function nodeEnd(dto: Dto): void {
  overlayNodeEnd(dto.overlay);
  if (dto.depth > 0) dto.pwd -= openSize[--dto.depth];
}

export function propU32(dto: Dto, name: PropName, value: number): void {
  const at = overlayProp(dto.overlay, name, 4);
  if (at >= 0) dto.overlay.view.setUint32(at, value);
}

export function propCells(dto: Dto, name: PropName, values: readonly number[]): void {
  const at = overlayProp(dto.overlay, name, values.length * 4);
  if (at < 0) return;
  const { view } = dto.overlay;
  for (let i = 0; i < values.length; i++) view.setUint32(at + i * 4, values[i]);
}

function putU64({ view }: OverlayWriter, at: number, value: bigint): void {
  view.setUint32(at, hi32(value));
  view.setUint32(at + 4, lo32(value));
}

export function propU64(dto: Dto, name: PropName, value: bigint): void {
  const at = overlayProp(dto.overlay, name, 8);
  if (at >= 0) putU64(dto.overlay, at, value);
}

export function propU64s(dto: Dto, name: PropName, values: readonly bigint[]): void {
  const at = overlayProp(dto.overlay, name, values.length * 8);
  if (at < 0) return;
  for (let i = 0; i < values.length; i++) putU64(dto.overlay, at + i * 8, values[i]);
}

export function propEmpty(dto: Dto, name: PropName): void {
  overlayProp(dto.overlay, name, 0);
}

function putString(bytes: Uint8Array, at: number, text: string): number {
  for (let i = 0; i < text.length; i++) bytes[at + i] = text.charCodeAt(i);
  bytes[at + text.length] = 0;
  return at + text.length + 1;
}

/** Strings one behind the other, each with its end. */
export function propStrings(dto: Dto, name: PropName, values: readonly string[]): void {
  let length = 0;
  for (let i = 0; i < values.length; i++) length += values[i].length + 1;
  let at = overlayProp(dto.overlay, name, length);
  if (at < 0) return;
  for (let i = 0; i < values.length; i++) at = putString(dto.overlay.bytes, at, values[i]);
}

export function propString(dto: Dto, name: PropName, value: string): void {
  const at = overlayProp(dto.overlay, name, value.length + 1);
  if (at >= 0) putString(dto.overlay.bytes, at, value);
}

export const propText = (dto: Dto, name: PropName, value: Text): void => overlayText(dto.overlay, name, value);

/** `compatible`: strings that the guest gave, and then RM's own. */
export function propCompatible(dto: Dto, push: readonly string[], own: Text): void {
  if (push.length === 0) overlayText(dto.overlay, Prop.COMPATIBLE, own);
  else propStrings(dto, Prop.COMPATIBLE, [...push, ...own.strings]);
}

/** Names of fragments. */
const fragmentNames: Text[] = [];

/** Starts a fragment that changes a node of the base tree; the caller says which. */
function fragment(dto: Dto, path: string | null, phandle: number): void {
  const { overlay } = dto;
  const number = overlay.fragments.length;
  if (number === fragmentNames.length) fragmentNames.push(textOf(`fragment@${number}`));
  nodeBegin(dto, fragmentNames[number]);
  if (path === null) propU32(dto, Prop.TARGET, phandle);
  else propString(dto, Prop.TARGET_PATH, path);
  nodeBegin(dto, Node.OVERLAY);
  overlay.fragments.push({ path, phandle, content: overlay.struct });
}

/** Starts a fragment that changes the node at `path` of the base tree. */
export const modifyPath = (dto: Dto, path: string): void => fragment(dto, path, 0);

/** Starts a fragment that changes the node with this phandle of the base tree. */
export const modifyPhandle = (dto: Dto, phandle: number): void => fragment(dto, null, phandle);

export function modifyEnd(dto: Dto): void {
  nodeEnd(dto);
  nodeEnd(dto);
}

const SLASH = 0x2f;

/** A fragment with all nodes of an absolute path but the last, whose name starts at the offset returned. */
function constructParents(dto: Dto, path: string): number {
  if (path.charCodeAt(0) !== SLASH) throw new RmDeath('ABORT', 'dt-generate-not-absolute');
  modifyPath(dto, '/');
  let from = 1;
  for (let to = 1; to < path.length; to++) {
    if (path.charCodeAt(to) !== SLASH) continue;
    namedBegin(dto, path, from, to);
    from = to + 1;
  }
  return from;
}

/** A fragment with all nodes of an absolute path, the last one open. The path comes from the guest's tree. */
export function constructPath(dto: Dto, path: string): void {
  const last = constructParents(dto, path);
  if (last === path.length) throw new RmDeath('ABORT', 'dt-generate-without-name');
  namedBegin(dto, path, last);
}

/** As {@link constructPath}, with a unit address behind the path. */
export function constructUnit(dto: Dto, path: string, unit: bigint): void {
  const last = constructParents(dto, path);
  const at = dto.overlay.struct + 4;
  overlayUnitNode(dto.overlay, path, last, hi32(unit), lo32(unit));
  opened(dto, at, path.length - last + 2 + hexDigits(hi32(unit), lo32(unit)));
}

/** Ends a fragment with all its nodes. */
export function constructEnd(dto: Dto): void {
  while (dto.depth > 0) nodeEnd(dto);
}

/** Gives the open node a phandle of the overlay. */
export function propPhandle(dto: Dto): number {
  dto.phandles++;
  dto.overlay.raised.push(dto.overlay.struct + 12);
  propU32(dto, Prop.PHANDLE, dto.phandles);
  return dto.phandles;
}

/** A property that holds a phandle of the overlay: it is renumbered with it. */
export function propReference(dto: Dto, name: PropName, phandle: number): void {
  const { overlay } = dto;
  overlay.raised.push(overlay.struct + 12);
  propU32(dto, name, phandle);
  let level = dto.fixups;
  let at: Fixups | undefined;
  for (let i = 0; i < dto.depth; i++) {
    const part = latin1(overlay.bytes, openAt[i], openAt[i] + openSize[i] - 1);
    // Empty components vanish when RM cuts the path up again, and the place is then found elsewhere or not at all.
    if (part === '') {
      overlay.odd = true;
      continue;
    }
    at = level.find((n) => n.name === part);
    if (at === undefined) {
      at = { name: part, props: [], nodes: [] };
      level.push(at);
    }
    level = at.nodes;
  }
  if (at?.props.includes(name)) overlay.odd = true;
  at?.props.push(name);
}

function putCells({ view }: OverlayWriter, at: number, n: number, cells: number): void {
  if (cells === 2) view.setUint32(at, Math.floor(n / 0x1_0000_0000));
  if (cells > 0) view.setUint32(at + (cells - 1) * 4, n);
}

/** Address ranges in the given cells (0, 1 or 2; a number that needs more is cut). */
export function propRanges(
  dto: Dto,
  name: PropName,
  ranges: readonly IpaRange[],
  addrCells: number,
  sizeCells: number,
): DtoRefusal {
  if (addrCells > 2 || sizeCells > 2 || ranges.length > MAX_RANGES) return `${name.text}: cells or ranges out of range`;
  const { overlay } = dto;
  let at = overlayProp(overlay, name, (addrCells + sizeCells) * 4 * ranges.length);
  if (at < 0) throw new RmDeath('ABORT', 'dt-overlay-limit');
  for (let i = 0; i < ranges.length; i++) {
    putCells(overlay, at, ranges[i].ipa, addrCells);
    putCells(overlay, at + addrCells * 4, ranges[i].size, sizeCells);
    at += (addrCells + sizeCells) * 4;
  }
  return undefined;
}

/** Class of an interrupt; -1: it has none. */
function irqClass({ irq, cpuLocal }: IrqSpec): number {
  for (let i = 0; i < IRQ_CLASSES.length; i++) {
    const c = IRQ_CLASSES[i];
    if (c.cpuLocal === cpuLocal && irq >= c.first && irq < c.end) return i;
  }
  return -1;
}

/** An `interrupts` property (3.1). */
export function propInterrupts(dto: Dto, irqs: readonly IrqSpec[]): DtoRefusal {
  for (let i = 0; i < irqs.length; i++) if (irqClass(irqs[i]) < 0) return `interrupt ${irqs[i].irq} has no specifier`;
  const at = overlayProp(dto.overlay, Prop.INTERRUPTS, irqs.length * 12);
  if (at < 0) return undefined;
  const { view } = dto.overlay;
  for (let i = 0; i < irqs.length; i++) {
    const spec = irqs[i];
    const which = irqClass(spec);
    view.setUint32(at + i * 12, which);
    view.setUint32(at + i * 12 + 4, spec.irq - IRQ_CLASSES[which].first);
    view.setUint32(at + i * 12 + 8, spec.edge ? 1 : 4);
  }
  return undefined;
}

function writeFixups(dto: Dto, nodes: readonly Fixups[], level: number): void {
  for (const n of nodes) {
    overlayNode(dto.overlay, n.name);
    for (const name of n.props) propU32(dto, name, 0);
    if (n.nodes.length > 0) {
      if (level >= MAX_FIXUP_LEVEL) throw new RmDeath('ABORT', 'dt-overlay-limit');
      writeFixups(dto, n.nodes, level + 1);
    }
    overlayNodeEnd(dto.overlay);
  }
}

/** Ends the overlay. */
export function finishDto(dto: Dto): OverlayWriter {
  const { overlay } = dto;
  nodeBegin(dto, Node.FIXUPS);
  nodeEnd(dto);
  overlayNodeText(overlay, Node.LOCAL_FIXUPS);
  writeFixups(dto, dto.fixups, 0);
  overlayNodeEnd(overlay);
  overlayNodeEnd(overlay);
  return overlay;
}

/** The finished overlay as a blob. */
export const dtoBlob = (dto: Dto): Uint8Array => overlayBlob(finishDto(dto));
