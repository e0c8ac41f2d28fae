/** Trees as plain objects, for building, reading and comparing. Byte-exact work on RM's trees uses the other files. */

import {
  align4,
  be32,
  be64,
  checkHeader,
  cString,
  FdtErr,
  firstProp,
  firstSubnode,
  Head,
  nextNode,
  nextProp,
  nextSubnode,
  putBe32,
  putBe64,
} from './blob.js';
import { addProp, beginNode, createFdt, endNode, finishFdt } from './build.js';
import { countReservations, nodeName, propName, propValue } from './read.js';

export interface FdtProp {
  readonly name: string;
  readonly value: Uint8Array;
}

export interface FdtNode {
  readonly name: string;
  readonly props: readonly FdtProp[];
  readonly children: readonly FdtNode[];
}

export interface FdtTree {
  readonly root: FdtNode;
  /** Memory reservations: address, size. */
  readonly reservations: readonly (readonly [bigint, bigint])[];
  readonly bootCpu: number;
}

/** Deepest tree that `parseFdt` reads: far above any real one, far below the stack. */
const MAX_DEPTH = 64;

export interface FdtError {
  readonly error: keyof typeof FdtErr;
}

const failure = (code: number): FdtError => {
  const found = (Object.keys(FdtErr) as (keyof typeof FdtErr)[]).find((k) => FdtErr[k] === code);
  return { error: found ?? 'INTERNAL' };
};

export const isFdtError = (x: object): x is FdtError => 'error' in x;

function readNode(f: Uint8Array, at: number, depth: number): FdtNode | number {
  if (depth >= MAX_DEPTH) return FdtErr.BADSTRUCTURE;
  const name = nodeName(f, at);
  if (typeof name === 'number') return name;
  const props: FdtProp[] = [];
  let p = firstProp(f, at);
  for (; p >= 0; p = nextProp(f, p)) {
    const prop = propName(f, p);
    if (typeof prop === 'number') return prop;
    props.push({ name: prop, value: propValue(f, p).slice() });
  }
  if (p !== FdtErr.NOTFOUND) return p;
  const nodes: FdtNode[] = [];
  for (let c = firstSubnode(f, at); c >= 0; c = nextSubnode(f, c)) {
    const child = readNode(f, c, depth + 1);
    if (typeof child === 'number') return child;
    nodes.push(child);
  }
  return { name, props, children: nodes };
}

/** Reads a whole blob. Any bytes are allowed; whatever is not a complete, well-formed tree is an `FdtError`. */
export function parseFdt(f: Uint8Array): FdtTree | FdtError {
  const bad = checkHeader(f);
  if (bad !== 0) return failure(bad);
  if (be32(f, Head.TOTALSIZE) > f.length) return failure(FdtErr.TRUNCATED);
  const count = countReservations(f);
  if (count < 0) return failure(count);
  const rsv = be32(f, Head.OFF_RSVMAP);
  const reservations = Array.from(
    { length: count },
    (_, i) => [be64(f, rsv + i * 16), be64(f, rsv + i * 16 + 8)] as const,
  );
  // The walk must reach the root's end: a cut tree is not a tree.
  const d = { depth: 0 };
  let at = nextNode(f, -1, null);
  if (at < 0) return failure(FdtErr.BADSTRUCTURE);
  const rootAt = at;
  while (at >= 0 && d.depth >= 0) at = nextNode(f, at, d);
  if (at < 0) return failure(at);
  const root = readNode(f, rootAt, 0);
  if (typeof root === 'number') return failure(root);
  return { root, reservations, bootCpu: be32(f, Head.BOOT_CPU) };
}

const sizeOf = (n: FdtNode): number =>
  12 +
  n.name.length +
  n.props.reduce((sum, p) => sum + 13 + p.name.length + align4(p.value.length), 0) +
  n.children.reduce((sum, c) => sum + sizeOf(c), 0);

/**
 * The blob of a tree, laid out as the C library's sequential writer lays it out (strings newest first). Depth is limited
 * only by the stack; names must be byte strings without zero.
 */
export function writeFdt(tree: FdtTree): Uint8Array {
  const t = createFdt(128 + tree.reservations.length * 16 + sizeOf(tree.root), tree.reservations);
  const write = (n: FdtNode): void => {
    beginNode(t, n.name);
    for (const p of n.props) addProp(t, p.name, p.value);
    for (const c of n.children) write(c);
    endNode(t);
  };
  write(tree.root);
  const out = finishFdt(t);
  if (typeof out === 'number') throw new RangeError('device tree larger than computed');
  putBe32(out, Head.BOOT_CPU, tree.bootCpu);
  return out;
}

/** Values of properties: cells, 64-bit cells, strings, bytes. */
export const u32s = (...values: readonly number[]): Uint8Array => {
  const out = new Uint8Array(values.length * 4);
  values.forEach((v, i) => {
    putBe32(out, i * 4, v);
  });
  return out;
};

export const u64s = (...values: readonly bigint[]): Uint8Array => {
  const out = new Uint8Array(values.length * 8);
  values.forEach((v, i) => {
    putBe64(out, i * 8, v);
  });
  return out;
};

export const strings = (...values: readonly string[]): Uint8Array => cString(values.join('\0'));

export const EMPTY = new Uint8Array(0);

type PropInput = Uint8Array | number | string | readonly number[] | readonly string[] | true;

/**
 * A node in few words: numbers are one cell, arrays of numbers cells, strings and arrays of strings string lists, `true`
 * an empty property.
 * @example node('memory', { device_type: 'memory', reg: [0, 0x80000000, 0, 0x1000] })
 */
export function node(name: string, props: Readonly<Record<string, PropInput>>, ...nodes: readonly FdtNode[]): FdtNode {
  const value = (v: PropInput): Uint8Array => {
    if (v instanceof Uint8Array) return v;
    if (v === true) return EMPTY;
    if (typeof v === 'number') return u32s(v);
    if (typeof v === 'string') return strings(v);
    return typeof v[0] === 'string' ? strings(...(v as readonly string[])) : u32s(...(v as readonly number[]));
  };
  return { name, props: Object.entries(props).map(([k, v]) => ({ name: k, value: value(v) })), children: nodes };
}
