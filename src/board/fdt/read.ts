/** Looking things up in a blob: names, properties, paths, phandles (Devicetree Specification 2.2, 2.3). Strict about bounds. */
import {
  be32,
  checkNode,
  type Depth,
  FdtErr,
  firstSubnode,
  Head,
  latin1,
  nextNode,
  nextSubnode,
  propOffset,
} from './blob.js';

/** A node's name (for the root: ''), or an error. */
export function nodeName(f: Uint8Array, node: number): string | number {
  const end = checkNode(f, node);
  if (end < 0) return end;
  const from = be32(f, Head.OFF_STRUCT) + node + 4;
  let to = from;
  while (to < f.length && f[to] !== 0) to++;
  const name = latin1(f, from, to);
  if (be32(f, Head.VERSION) >= 16) return name;
  const slash = name.lastIndexOf('/');
  return slash < 0 ? FdtErr.BADSTRUCTURE : name.slice(slash + 1);
}

/** [start, end) of the strings that may be read at `stroff`, or an error. */
function stringRange(f: Uint8Array, stroff: number): readonly [number, number] | number {
  const total = be32(f, Head.TOTALSIZE);
  const start = stroff + be32(f, Head.OFF_STRINGS);
  if (start >= total || stroff > 0x7fff_ffff) return FdtErr.BADOFFSET;
  let len = total - start;
  if (be32(f, Head.VERSION) >= 17) {
    const size = be32(f, Head.SIZE_STRINGS);
    if (stroff >= size) return FdtErr.BADOFFSET;
    len = Math.min(len, size - stroff);
  }
  return [start, start + len];
}

/** The string at an offset of the strings block, or an error (also when its end is missing). */
function stringAt(f: Uint8Array, stroff: number): string | number {
  const range = stringRange(f, stroff);
  if (typeof range === 'number') return range;
  const end = f.indexOf(0, range[0]);
  return end < 0 || end >= range[1] ? FdtErr.TRUNCATED : latin1(f, range[0], end);
}

/** The value of the property at `prop` (a view). */
export function propValue(f: Uint8Array, prop: number): Uint8Array {
  const base = be32(f, Head.OFF_STRUCT);
  const len = be32(f, base + prop + 4);
  const realigned = be32(f, Head.VERSION) < 16 && (prop + 12) % 8 !== 0 && len >= 8 ? 4 : 0;
  const from = base + prop + 12 + realigned;
  return f.subarray(from, from + len);
}

/** Name of the property at `prop`, or an error. */
export const propName = (f: Uint8Array, prop: number): string | number =>
  stringAt(f, be32(f, be32(f, Head.OFF_STRUCT) + prop + 8));

/** Value of a property (a view), or an error. */
export function getProp(f: Uint8Array, node: number, name: string): Uint8Array | number {
  const at = propOffset(f, node, name);
  return at < 0 ? at : propValue(f, at);
}

export const hasProp = (f: Uint8Array, node: number, name: string): boolean => propOffset(f, node, name) >= 0;

/** A u32 property; undefined when missing or not 4 bytes long. */
export function getU32(f: Uint8Array, node: number, name: string): number | undefined {
  const at = propOffset(f, node, name);
  if (at < 0) return undefined;
  const base = be32(f, Head.OFF_STRUCT);
  return be32(f, base + at + 4) === 4 ? be32(f, base + at + 12) : undefined;
}

/** Strings of a list property; BADVALUE when the last one has no end. */
export function stringList(f: Uint8Array, node: number, name: string): string[] | number {
  const v = getProp(f, node, name);
  if (typeof v === 'number') return v;
  const out: string[] = [];
  for (let at = 0; at < v.length; ) {
    const end = v.indexOf(0, at);
    if (end < 0) return FdtErr.BADVALUE;
    out.push(latin1(v, at, end));
    at = end + 1;
  }
  return out;
}

/** First string of a list property; a later malformed one does not matter. NOTFOUND for an empty list. */
export function firstString(f: Uint8Array, node: number, name: string): string | number {
  const v = getProp(f, node, name);
  if (typeof v === 'number') return v;
  if (v.length === 0) return FdtErr.NOTFOUND;
  const end = v.indexOf(0);
  return end < 0 ? FdtErr.BADVALUE : latin1(v, 0, end);
}

/** Whether `wanted` and its end stand at `at`, before `end`. */
function stringIs(f: Uint8Array, at: number, end: number, wanted: string): boolean {
  const n = wanted.length;
  if (at + n >= end || f[at + n] !== 0) return false;
  for (let i = 0; i < n; i++) if (f[at + i] !== wanted.charCodeAt(i)) return false;
  return true;
}

/** Whether a list property contains a string in front of any malformed one. */
export function listContains(f: Uint8Array, node: number, name: string, wanted: string): boolean {
  const prop = propOffset(f, node, name);
  if (prop < 0) return false;
  const v = propValue(f, prop);
  const start = v.byteOffset - f.byteOffset;
  const end = start + v.length;
  for (let at = start; at < end; at++) {
    if (stringIs(f, at, end, wanted)) return true;
    while (at < end && f[at] !== 0) at++;
  }
  return false;
}

/**
 * Whether `compatible` contains a string. Unlike `listContains`, a last string without its end matches when the byte
 * behind the property happens to be zero: that is how the C library compares here.
 */
export function isCompatible(f: Uint8Array, node: number, wanted: string): boolean {
  const v = getProp(f, node, 'compatible');
  if (typeof v === 'number') return false;
  const start = v.byteOffset - f.byteOffset;
  for (let at = 0; v.length - at >= wanted.length; ) {
    let same = 0;
    while (same < wanted.length && f[start + at + same] === wanted.charCodeAt(same)) same++;
    if (same === wanted.length && f[start + at + same] === 0) return true;
    const end = v.indexOf(0, at);
    if (end < 0) return false;
    at = end + 1;
  }
  return false;
}

function nameMatches(f: Uint8Array, node: number, wanted: string): boolean {
  if (be32(f, Head.VERSION) < 16) {
    const name = nodeName(f, node);
    if (typeof name === 'number' || !name.startsWith(wanted)) return false;
    return name.length === wanted.length || (name[wanted.length] === '@' && !wanted.includes('@'));
  }
  // The walk that found the node has seen the end of its name.
  const from = be32(f, Head.OFF_STRUCT) + node + 4;
  for (let i = 0; i < wanted.length; i++) if (f[from + i] !== wanted.charCodeAt(i)) return false;
  const next = f[from + wanted.length];
  return next === 0 || (next === 0x40 && !wanted.includes('@'));
}

/** A direct child by name; a name without unit address also finds the first node with one. */
export function subnodeOffset(f: Uint8Array, parent: number, name: string): number {
  const d: Depth = { depth: 0 };
  let at = parent;
  while (at >= 0 && d.depth >= 0) {
    if (d.depth === 1 && nameMatches(f, at, name)) return at;
    at = nextNode(f, at, d);
  }
  return d.depth < 0 ? FdtErr.NOTFOUND : at;
}

/** Node at an absolute path, or at one that starts with an alias. */
export function pathOffset(f: Uint8Array, path: string): number {
  let node = 0;
  let rest = path;
  if (!path.startsWith('/')) {
    const slash = path.indexOf('/');
    const alias = slash < 0 ? path : path.slice(0, slash);
    rest = slash < 0 ? '' : path.slice(slash);
    const aliases = pathOffset(f, '/aliases');
    const target = aliases < 0 ? aliases : getProp(f, aliases, alias);
    if (typeof target === 'number') return FdtErr.BADPATH;
    const end = target.indexOf(0);
    // The C library follows an alias with its own lookup; an alias of an alias could go round for ever.
    const text = latin1(target, 0, end < 0 ? target.length : end);
    if (!text.startsWith('/')) return FdtErr.BADPATH;
    node = pathOffset(f, text);
  }
  for (const part of rest.split('/')) {
    if (part === '') continue;
    node = subnodeOffset(f, node, part);
    if (node < 0) return node;
  }
  return node;
}

/** Absolute path of a node if it fits into `bufLen` bytes with its end, or an error. */
export function nodePath(f: Uint8Array, node: number, bufLen: number): string | number {
  const names: string[] = [];
  const d: Depth = { depth: 0 };
  let at = 0;
  while (at >= 0 && at <= node) {
    const name = nodeName(f, at);
    if (typeof name === 'number') return name;
    names.length = Math.min(names.length, d.depth);
    names[d.depth] = name;
    if (at === node) {
      let room = 0;
      for (const n of names) room += n.length + 1;
      if (room > bufLen) return FdtErr.NOSPACE;
      const path = names.join('/');
      return path === '' ? '/' : path;
    }
    at = nextNode(f, at, d);
  }
  if (at === FdtErr.NOTFOUND || at >= 0) return FdtErr.BADOFFSET;
  return at === FdtErr.BADOFFSET ? FdtErr.BADSTRUCTURE : at;
}

/** Ancestors of a node from the root down to itself, or an error. */
export function ancestors(f: Uint8Array, node: number): number[] | number {
  const chain: number[] = [];
  const d: Depth = { depth: 0 };
  let at = 0;
  while (at >= 0 && at <= node) {
    chain.length = Math.min(chain.length, d.depth);
    chain[d.depth] = at;
    if (at === node) return chain;
    at = nextNode(f, at, d);
    if (d.depth < 0) break;
  }
  return FdtErr.BADOFFSET;
}

/** `phandle` (or the old `linux,phandle`) of a node; 0: none. */
export const phandleOf = (f: Uint8Array, node: number): number =>
  getU32(f, node, 'phandle') ?? getU32(f, node, 'linux,phandle') ?? 0;

/** First node with this phandle, or an error. */
export function nodeByPhandle(f: Uint8Array, phandle: number): number {
  if (phandle === 0 || phandle === 0xffff_ffff) return FdtErr.BADPHANDLE;
  let at = nextNode(f, -1, null);
  while (at >= 0 && phandleOf(f, at) !== phandle) at = nextNode(f, at, null);
  return at;
}

/** Highest phandle of the tree (0: none), or an error. */
export function maxPhandle(f: Uint8Array): number {
  let max = 0;
  for (let at = nextNode(f, -1, null); ; at = nextNode(f, at, null)) {
    if (at === FdtErr.NOTFOUND) return max;
    if (at < 0) return at;
    max = Math.max(max, phandleOf(f, at));
  }
}

/** `#address-cells` (1..4, default 2) or `#size-cells` (0..4, default 1) of a node, or an error. */
export function cells(f: Uint8Array, node: number, name: '#address-cells' | '#size-cells'): number {
  const at = propOffset(f, node, name);
  if (at === FdtErr.NOTFOUND) return name === '#address-cells' ? 2 : 1;
  if (at < 0) return at;
  const base = be32(f, Head.OFF_STRUCT);
  if (be32(f, base + at + 4) !== 4) return FdtErr.BADNCELLS;
  const n = be32(f, base + at + 12);
  return n > 4 || (n === 0 && name === '#address-cells') ? FdtErr.BADNCELLS : n;
}

/** Number of entries of the reservation map, or TRUNCATED. */
export function countReservations(f: Uint8Array): number {
  const off = be32(f, Head.OFF_RSVMAP);
  const total = be32(f, Head.TOTALSIZE);
  for (let n = 0; off + n * 16 <= total - 16; n++) {
    if (be32(f, off + n * 16 + 8) === 0 && be32(f, off + n * 16 + 12) === 0) return n;
  }
  return FdtErr.TRUNCATED;
}

/** Direct children in order. */
export function children(f: Uint8Array, node: number): number[] {
  const out: number[] = [];
  for (let at = firstSubnode(f, node); at >= 0; at = nextSubnode(f, at)) out.push(at);
  return out;
}
