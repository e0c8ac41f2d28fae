/**
 * The overlay RM builds for a tree (fact base: rm-boot-and-dt 3, 5): one fragment per modification, phandles counted from
 * 1, and a list of the places that hold such phandles. Kept as a real blob, because its size decides which work buffer RM
 * takes. RM's own limits (path length, nesting, retries when its buffer is full) are assertions and end it.
 */
import {
  addProp,
  beginNode,
  createFdt,
  EMPTY,
  endNode,
  type FdtBuilder,
  finishFdt,
  growFdt,
  putBe32,
  putBe64,
  strings,
  u32s,
  u64s,
} from '../../board/fdt/index.js';
import { RmDeath } from '../death.js';
import type { IrqSpec } from './vm-config-types.js';

const BUFFER_STEP = 4096;
/** Attempts to write something; after each failed one the buffer grows by a step. */
const MAX_TRIES = 4;
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
  readonly blob: FdtBuilder;
  /** Open nodes, from the fragment down. */
  readonly open: string[];
  readonly fixups: Fixups[];
  fragments: number;
  phandles: number;
}

export interface AddrRange {
  readonly addr: bigint;
  readonly size: bigint;
}

/** undefined: done. Else why the overlay cannot be built (VM_START then answers NORESOURCE). */
export type DtoRefusal = string | undefined;

function run(dto: Dto, write: () => number): boolean {
  for (let i = 0; i < MAX_TRIES; i++) {
    if (write() === 0) return true;
    growFdt(dto.blob, dto.blob.buf.length + BUFFER_STEP);
  }
  return false;
}

function enter(dto: Dto, name: string): void {
  dto.open.push(name);
  const length = dto.open.reduce((sum, n) => sum + n.length + 1, 1);
  if (length >= MAX_PWD) throw new RmDeath('ABORT', 'dt-overlay-limit');
}

export function newDto(): Dto {
  const dto: Dto = { blob: createFdt(BUFFER_STEP), open: [], fixups: [], fragments: 0, phandles: 0 };
  beginNode(dto.blob, '');
  return dto;
}

export function nodeBegin(dto: Dto, name: string): void {
  run(dto, () => beginNode(dto.blob, name));
  enter(dto, name);
}

export function nodeEnd(dto: Dto): void {
  run(dto, () => endNode(dto.blob));
  dto.open.pop();
}

export function prop(dto: Dto, name: string, value: Uint8Array): void {
  run(dto, () => addProp(dto.blob, name, value));
}

export const propU32 = (dto: Dto, name: string, ...values: readonly number[]): void => prop(dto, name, u32s(...values));
export const propU64 = (dto: Dto, name: string, ...values: readonly bigint[]): void => prop(dto, name, u64s(...values));
export const propEmpty = (dto: Dto, name: string): void => prop(dto, name, EMPTY);
export const propStrings = (dto: Dto, name: string, values: readonly string[]): void =>
  prop(dto, name, values.length === 0 ? EMPTY : strings(...values));

/** Starts a fragment that changes the node at `path` of the base tree. */
export function modifyPath(dto: Dto, path: string): void {
  nodeBegin(dto, `fragment@${dto.fragments++}`);
  propStrings(dto, 'target-path', [path]);
  nodeBegin(dto, '__overlay__');
}

/** Starts a fragment that changes the node with this phandle of the base tree. */
export function modifyPhandle(dto: Dto, phandle: number): void {
  nodeBegin(dto, `fragment@${dto.fragments++}`);
  propU32(dto, 'target', phandle);
  nodeBegin(dto, '__overlay__');
}

export function modifyEnd(dto: Dto): void {
  nodeEnd(dto);
  nodeEnd(dto);
}

/** A fragment with all nodes of an absolute path, the last one open. The path comes from the guest's tree. */
export function constructPath(dto: Dto, path: string): void {
  if (!path.startsWith('/')) throw new RmDeath('ABORT', 'dt-generate-not-absolute');
  const names = path.slice(1).split('/');
  if (path === '/') throw new RmDeath('ABORT', 'dt-generate-without-name');
  modifyPath(dto, '/');
  names.forEach((name, i) => {
    if (i === names.length - 1 && name === '') throw new RmDeath('ABORT', 'dt-generate-without-name');
    nodeBegin(dto, name);
  });
}

export function constructEnd(dto: Dto, path: string): void {
  for (let i = path.split('/').length - 1; i > 0; i--) nodeEnd(dto);
  modifyEnd(dto);
}

/** Gives the open node a phandle of the overlay. */
export function propPhandle(dto: Dto): number {
  dto.phandles++;
  propU32(dto, 'phandle', dto.phandles);
  return dto.phandles;
}

/** A property that holds a phandle of the overlay: it is renumbered with it. */
export function propReference(dto: Dto, name: string, phandle: number): void {
  propU32(dto, name, phandle);
  let level = dto.fixups;
  let at: Fixups | undefined;
  for (const part of dto.open) {
    // Empty components vanish when RM cuts the path up again.
    if (part === '') continue;
    at = level.find((n) => n.name === part);
    if (at === undefined) {
      at = { name: part, props: [], nodes: [] };
      level.push(at);
    }
    level = at.nodes;
  }
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
  const value = new Uint8Array((addrCells + sizeCells) * 4 * ranges.length);
  let at = 0;
  const put = (n: bigint, cells: number): void => {
    if (cells === 2) putBe64(value, at, n);
    if (cells === 1) putBe32(value, at, Number(n & 0xffff_ffffn));
    at += cells * 4;
  };
  for (const r of ranges) {
    put(r.addr, addrCells);
    put(r.size, sizeCells);
  }
  if (!run(dto, () => addProp(dto.blob, name, value))) throw new RmDeath('ABORT', 'dt-overlay-limit');
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
  propU32(dto, 'interrupts', ...words);
  return undefined;
}

function writeFixups(dto: Dto, nodes: readonly Fixups[], level: number): void {
  for (const n of nodes) {
    run(dto, () => beginNode(dto.blob, n.name));
    for (const name of n.props) propU32(dto, name, 0);
    if (n.nodes.length > 0) {
      if (level >= MAX_FIXUP_LEVEL) throw new RmDeath('ABORT', 'dt-overlay-limit');
      writeFixups(dto, n.nodes, level + 1);
    }
    run(dto, () => endNode(dto.blob));
  }
}

/** Ends the overlay; its blob. */
export function finishDto(dto: Dto): Uint8Array {
  nodeBegin(dto, '__fixups__');
  nodeEnd(dto);
  run(dto, () => beginNode(dto.blob, '__local_fixups__'));
  writeFixups(dto, dto.fixups, 0);
  run(dto, () => endNode(dto.blob));
  run(dto, () => endNode(dto.blob));
  for (;;) {
    const blob = finishFdt(dto.blob);
    if (typeof blob !== 'number') return blob;
    growFdt(dto.blob, dto.blob.buf.length + BUFFER_STEP);
  }
}
