/**
 * The overlay RM builds for a tree (fact base: rm-boot-and-dt 3, 5): one fragment per modification, phandles counted from
 * 1, and a list of the places that hold such phandles. Its exact size is kept, because it decides which work buffer RM
 * takes. RM's own limits (path length, nesting, retries when its buffer is full) are assertions and end it.
 */
import {
  beginOverlay,
  type OverlayWriter,
  overlayBlob,
  overlayNode,
  overlayNodeEnd,
  overlayProp,
} from '../../board/fdt/index.js';
import { RmDeath } from '../death.js';
import type { IrqSpec } from './vm-config-types.js';

/** Room for the path of the node being written. */
const MAX_PWD = 512;
/** Deepest node with children in the list of places to fix. */
const MAX_FIXUP_LEVEL = 15;
/** Most address ranges in one property. */
const MAX_RANGES = 1024;

/** Places to fix below one node of the overlay. */
interface Fixups {
  readonly name: string;
  readonly props: string[];
  readonly nodes: Fixups[];
}

export interface Dto {
  readonly overlay: OverlayWriter;
  /** Open nodes, from the fragment down. */
  readonly open: string[];
  /** Length of their path, with its end. */
  pwd: number;
  readonly fixups: Fixups[];
  phandles: number;
}

export interface AddrRange {
  readonly addr: bigint;
  readonly size: bigint;
}

/** undefined: done. Else why the overlay cannot be built (VM_START then answers NORESOURCE). */
export type DtoRefusal = string | undefined;

export const newDto = (): Dto => ({ overlay: beginOverlay(), open: [], pwd: 1, fixups: [], phandles: 0 });

export function nodeBegin(dto: Dto, name: string): void {
  overlayNode(dto.overlay, name);
  dto.open.push(name);
  dto.pwd += name.length + 1;
  if (dto.pwd >= MAX_PWD) throw new RmDeath('ABORT', 'dt-overlay-limit');
}

export function nodeEnd(dto: Dto): void {
  overlayNodeEnd(dto.overlay);
  const name = dto.open.pop();
  if (name !== undefined) dto.pwd -= name.length + 1;
}

export function propU32(dto: Dto, name: string, value: number): void {
  const at = overlayProp(dto.overlay, name, 4);
  if (at >= 0) dto.overlay.view.setUint32(at, value);
}

export function propCells(dto: Dto, name: string, values: readonly number[]): void {
  const at = overlayProp(dto.overlay, name, values.length * 4);
  if (at < 0) return;
  const { view } = dto.overlay;
  for (let i = 0; i < values.length; i++) view.setUint32(at + i * 4, values[i]);
}

export function propU64(dto: Dto, name: string, value: bigint): void {
  const at = overlayProp(dto.overlay, name, 8);
  if (at >= 0) dto.overlay.view.setBigUint64(at, value);
}

export function propU64s(dto: Dto, name: string, values: readonly bigint[]): void {
  const at = overlayProp(dto.overlay, name, values.length * 8);
  if (at < 0) return;
  const { view } = dto.overlay;
  for (let i = 0; i < values.length; i++) view.setBigUint64(at + i * 8, values[i]);
}

export function propEmpty(dto: Dto, name: string): void {
  overlayProp(dto.overlay, name, 0);
}

/** Strings one behind the other, each with its end. */
export function propStrings(dto: Dto, name: string, values: readonly string[]): void {
  let length = 0;
  for (const v of values) length += v.length + 1;
  let at = overlayProp(dto.overlay, name, length);
  if (at < 0) return;
  const { bytes } = dto.overlay;
  for (const v of values) {
    for (let i = 0; i < v.length; i++) bytes[at + i] = v.charCodeAt(i);
    bytes[at + v.length] = 0;
    at += v.length + 1;
  }
}

export function propString(dto: Dto, name: string, value: string): void {
  const at = overlayProp(dto.overlay, name, value.length + 1);
  if (at < 0) return;
  const { bytes } = dto.overlay;
  for (let i = 0; i < value.length; i++) bytes[at + i] = value.charCodeAt(i);
  bytes[at + value.length] = 0;
}

/** Starts a fragment that changes a node of the base tree; the caller says which. */
function fragment(dto: Dto, path: string | null, phandle: number): void {
  const { overlay } = dto;
  nodeBegin(dto, `fragment@${overlay.fragments.length}`);
  if (path === null) propU32(dto, 'target', phandle);
  else propString(dto, 'target-path', path);
  nodeBegin(dto, '__overlay__');
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

/** A fragment with all nodes of an absolute path, the last one open. The path comes from the guest's tree. */
export function constructPath(dto: Dto, path: string): void {
  if (!path.startsWith('/')) throw new RmDeath('ABORT', 'dt-generate-not-absolute');
  if (path === '/') throw new RmDeath('ABORT', 'dt-generate-without-name');
  modifyPath(dto, '/');
  for (let from = 1; from <= path.length; ) {
    const slash = path.indexOf('/', from);
    const to = slash < 0 ? path.length : slash;
    if (slash < 0 && to === from) throw new RmDeath('ABORT', 'dt-generate-without-name');
    nodeBegin(dto, path.slice(from, to));
    from = to + 1;
  }
}

export function constructEnd(dto: Dto, path: string): void {
  for (let at = path.indexOf('/'); at >= 0; at = path.indexOf('/', at + 1)) nodeEnd(dto);
  modifyEnd(dto);
}

/** Gives the open node a phandle of the overlay. */
export function propPhandle(dto: Dto): number {
  dto.phandles++;
  dto.overlay.raised.push(dto.overlay.struct + 12);
  propU32(dto, 'phandle', dto.phandles);
  return dto.phandles;
}

/** A property that holds a phandle of the overlay: it is renumbered with it. */
export function propReference(dto: Dto, name: string, phandle: number): void {
  const { overlay } = dto;
  overlay.raised.push(overlay.struct + 12);
  propU32(dto, name, phandle);
  let level = dto.fixups;
  let at: Fixups | undefined;
  for (const part of dto.open) {
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

/** Address ranges in the given cells (0, 1 or 2; a number that needs more is cut). */
export function propRanges(
  dto: Dto,
  name: string,
  ranges: readonly AddrRange[],
  addrCells: number,
  sizeCells: number,
): DtoRefusal {
  if (addrCells > 2 || sizeCells > 2 || ranges.length > MAX_RANGES) return `${name}: cells or ranges out of range`;
  const { overlay } = dto;
  let at = overlayProp(overlay, name, (addrCells + sizeCells) * 4 * ranges.length);
  if (at < 0) throw new RmDeath('ABORT', 'dt-overlay-limit');
  const put = (n: bigint, cells: number): void => {
    if (cells === 2) overlay.view.setBigUint64(at, n);
    if (cells === 1) overlay.view.setUint32(at, Number(n & 0xffff_ffffn));
    at += cells * 4;
  };
  for (const r of ranges) {
    put(r.addr, addrCells);
    put(r.size, sizeCells);
  }
  return undefined;
}

/** Class and number of a specifier, or undefined if no class has this interrupt. */
function specifier(i: IrqSpec): readonly [number, number] | undefined {
  if (!i.cpuLocal && i.irq >= 32 && i.irq < 1020) return [0, i.irq - 32];
  if (i.cpuLocal && i.irq >= 16 && i.irq < 32) return [1, i.irq - 16];
  if (!i.cpuLocal && i.irq >= 4096 && i.irq < 5120) return [2, i.irq - 4096];
  if (i.cpuLocal && i.irq >= 1056 && i.irq < 1120) return [3, i.irq - 1056];
  return undefined;
}

/** An `interrupts` property (3.1). */
export function propInterrupts(dto: Dto, irqs: readonly IrqSpec[]): DtoRefusal {
  const words: number[] = [];
  for (const i of irqs) {
    const s = specifier(i);
    if (s === undefined) return `interrupt ${i.irq} has no specifier`;
    words.push(s[0], s[1], i.edge ? 1 : 4);
  }
  propCells(dto, 'interrupts', words);
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
  nodeBegin(dto, '__fixups__');
  nodeEnd(dto);
  overlayNode(overlay, '__local_fixups__');
  writeFixups(dto, dto.fixups, 0);
  overlayNodeEnd(overlay);
  overlayNodeEnd(overlay);
  return overlay;
}

/** The finished overlay as a blob. */
export const dtoBlob = (dto: Dto): Uint8Array => overlayBlob(finishDto(dto));
