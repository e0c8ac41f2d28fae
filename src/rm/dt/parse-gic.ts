/** The guest's interrupt controller (fact base: rm-boot-and-dt 4.7; qemu platform). */
import {
  be64,
  FdtErr,
  firstString,
  getProp,
  getU32,
  hasProp,
  isCompatible,
  nodeByPhandle,
  pathOffset,
  phandleOf,
} from '../../board/fdt/index.js';
import { Platform } from '../../protocol/index.js';
import { contextOf, readCells } from './cells.js';
import type { Refusal } from './parse-config.js';
import type { ParseState } from './parse-state.js';
import type { GicConfig } from './vm-config-types.js';

const NO_PHANDLE = 0xffff_ffff;
/** A redistributor without LPIs for guests: two 64 KiB frames. */
const GICR_SIZE = BigInt(Platform.GICR_STRIDE);

function readGic(f: Uint8Array, phandle: number): GicConfig | string {
  const node = nodeByPhandle(f, phandle);
  if (node < 0) return 'interrupt controller: bad phandle';
  const ctx = contextOf(f, node);
  if (!isCompatible(f, node, 'arm,gic-v3')) return 'interrupt controller: not a GICv3';
  if (!hasProp(f, node, 'interrupt-controller')) return 'interrupt controller: no interrupt-controller property';
  if ((getU32(f, node, '#redistributor-regions') ?? 1) !== 1) return 'interrupt controller: several GICR regions';
  if (getU32(f, node, '#interrupt-cells') !== 3) return 'interrupt controller: #interrupt-cells is not 3';
  const reg = getProp(f, node, 'reg');
  const cells = (ctx.addr + ctx.size) >>> 0;
  let gicd: bigint | null = null;
  let gicr: bigint | null = null;
  if (typeof reg !== 'number') {
    if (reg.length < cells * 8) return 'interrupt controller: reg too short';
    gicd = readCells(reg, 0, ctx.addr);
    gicr = readCells(reg, cells, ctx.addr);
  }
  let stride = GICR_SIZE;
  const given = getProp(f, node, 'redistributor-stride');
  if (typeof given !== 'number' && given.length === 8) {
    stride = be64(given, 0);
    if (stride < GICR_SIZE || stride % 0x1_0000n !== 0n) return 'interrupt controller: bad redistributor-stride';
  }
  return { phandle, addrCells: ctx.addr, sizeCells: ctx.size, gicd, gicr, stride };
}

function useGic(s: ParseState, f: Uint8Array, phandle: number): Refusal {
  const gic = readGic(f, phandle);
  const good = typeof gic !== 'string';
  s.gic = good ? gic : null;
  s.gicPhandle = good ? phandle : NO_PHANDLE;
  return good ? undefined : gic;
}

/** The root's `interrupt-parent`: used if it is a good GIC, else ignored for now. */
export function parseRootGic(s: ParseState, f: Uint8Array, node: number): void {
  s.gicPhandle = NO_PHANDLE;
  const phandle = getU32(f, node, 'interrupt-parent');
  if (phandle !== undefined) useGic(s, f, phandle);
}

/** `vm-config/interrupts`: its `config` is a path (or, tolerated, a phandle). */
export function parseInterruptsConfig(s: ParseState, f: Uint8Array, node: number): Refusal {
  const path = firstString(f, node, 'config');
  let phandle: number | undefined;
  if (typeof path !== 'number' && path.length > 1 && path.startsWith('/')) {
    const gic = pathOffset(f, path);
    if (gic < 0) return 'interrupts: no node at config';
    phandle = phandleOf(f, gic);
  } else if (path === FdtErr.NOTFOUND && s.gicPhandle !== NO_PHANDLE) {
    return undefined;
  } else {
    phandle = getU32(f, node, 'config');
    if (phandle === undefined) return 'interrupts: config is neither a path nor a phandle';
  }
  return phandle === s.gicPhandle ? undefined : useGic(s, f, phandle);
}
