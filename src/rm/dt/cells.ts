/**
 * Which `#address-cells` and `#size-cells` count (fact base: rm-boot-and-dt 4.2). RM computes a context for the first
 * node it meets one level down and keeps it for that node's siblings, so the cells of a first child decide for all.
 */
import { ancestors, be32, getProp, getU32 } from '../../board/fdt/index.js';
import { RmDeath } from '../death.js';

/** Cells of a node's own addresses, and of its children's. Values are what the tree says: any u32. */
export interface CellContext {
  readonly addr: number;
  readonly size: number;
  readonly isPhys: boolean;
  readonly childAddr: number;
  readonly childSize: number;
  readonly childIsPhys: boolean;
}

const DEFAULT_ADDR = 2;
const DEFAULT_SIZE = 1;

/** A number of 0, 1 or 2 cells at word `at` of a property. More cells: assertion of RM. */
export function readCells(value: Uint8Array, at: number, count: number): bigint {
  if (count > 2) throw new RmDeath('ABORT', 'dt-cells');
  let n = 0n;
  for (let i = 0; i < count; i++) n = (n << 32n) | BigInt(be32(value, (at + i) * 4));
  return n;
}

function rangesAreDirect(f: Uint8Array, node: number, addr: number, childAddr: number, childSize: number): boolean {
  const ranges = getProp(f, node, 'ranges');
  if (typeof ranges === 'number') return false;
  const words = (childAddr + addr + childSize) >>> 0;
  const count = words === 0 ? 0 : Math.floor(Math.floor(ranges.length / 4) / words);
  for (let i = 0; i < count; i++) {
    const child = readCells(ranges, i * words, childAddr);
    if (child !== readCells(ranges, i * words + childAddr, addr)) return false;
  }
  return true;
}

/** The context of a node below one with `parent` (null: the root). */
export function childContext(f: Uint8Array, node: number, parent: CellContext | null): CellContext {
  const addr = parent?.childAddr ?? DEFAULT_ADDR;
  const size = parent?.childSize ?? DEFAULT_SIZE;
  const isPhys = parent?.childIsPhys ?? true;
  const childAddr = getU32(f, node, '#address-cells') ?? DEFAULT_ADDR;
  const childSize = getU32(f, node, '#size-cells') ?? DEFAULT_SIZE;
  const childIsPhys = parent === null || (isPhys && rangesAreDirect(f, node, addr, childAddr, childSize));
  return { addr, size, isPhys, childAddr, childSize, childIsPhys };
}

/** The proper context of one node, from its ancestors (at most 7 of them count). */
export function contextOf(f: Uint8Array, node: number): CellContext {
  const chain = ancestors(f, node);
  let ctx: CellContext | null = null;
  for (const at of typeof chain === 'number' ? [node] : chain.slice(-8)) ctx = childContext(f, at, ctx);
  return ctx ?? childContext(f, node, null);
}

/** A number property of exactly `cells` cells; undefined if missing, of another length, or if cells is not 1 or 2. */
export function getNumber(f: Uint8Array, node: number, name: string, cells: number): bigint | undefined {
  if (cells !== 1 && cells !== 2) return undefined;
  const v = getProp(f, node, name);
  return typeof v === 'number' || v.length !== cells * 4 ? undefined : readCells(v, 0, cells);
}
