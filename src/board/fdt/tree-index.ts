/**
 * A well-formed tree of usual size as linked tokens and nodes, made in one pass, so that lookups and changes cost neither
 * walks over the blob nor moves of its tail. Whatever is not plainly well-formed (an old version, blocks in another order
 * or overlapping, NOP tags, properties behind subnodes, bytes behind the end, names outside the strings) has no index:
 * such trees are left to the functions that work on the bytes and define the behaviour.
 *
 * There is one index: it is valid until the next one is made.
 */
import { align4, be32, FdtErr, HEADER_SIZE, Head, Tag } from './blob.js';
import { countReservations } from './read.js';

/** Largest tree with an index, and room for what a graft adds. */
const INDEX_MAX = 0x4000;
const ADDED_MAX = 0x1_0000;
/** Where the three parts of the arena start: the tree, added tokens, the new blob. */
export const ADDED_AT = INDEX_MAX;
export const OUT_AT = ADDED_AT + ADDED_MAX;
const MAX_TOKENS = 0x4000;
const MAX_NODES = 0x1000;

/** No token, no node, or (as a name) not a property. */
export const NONE = -1;

export interface TreeIndex {
  /** Copy of the tree, then the bytes of tokens added to it. */
  readonly arena: Uint8Array;
  readonly view: DataView;
  readonly words: Int32Array;
  /** Not yet grafted on. */
  fresh: boolean;
  total: number;
  structAt: number;
  structSize: number;
  stringsAt: number;
  stringsSize: number;
  rsvAt: number;
  rsvSize: number;
  bootCpu: number;
  lastComp: number;
  /** Tags in the order of the blob: where in the arena, how many bytes, the following one; a property's name offset. */
  tokens: number;
  readonly at: Int32Array;
  readonly size: Int32Array;
  readonly next: Int32Array;
  readonly name: Int32Array;
  /** Nodes: their BEGIN_NODE, the last token in front of their children, relations; name in the arena; phandle. */
  nodes: number;
  readonly begin: Int32Array;
  readonly lastProp: Int32Array;
  readonly parent: Int32Array;
  readonly child: Int32Array;
  readonly sibling: Int32Array;
  readonly nameAt: Int32Array;
  readonly nameSize: Int32Array;
  readonly phandle: Float64Array;
  maxPhandle: number;
}

const arena = new Uint8Array(OUT_AT + INDEX_MAX);
const tokenArray = (): Int32Array => new Int32Array(MAX_TOKENS);
const nodeArray = (): Int32Array => new Int32Array(MAX_NODES);
const theIndex: TreeIndex = {
  arena,
  view: new DataView(arena.buffer),
  words: new Int32Array(arena.buffer),
  fresh: false,
  total: 0,
  structAt: 0,
  structSize: 0,
  stringsAt: 0,
  stringsSize: 0,
  rsvAt: 0,
  rsvSize: 0,
  bootCpu: 0,
  lastComp: 0,
  tokens: 0,
  at: tokenArray(),
  size: tokenArray(),
  next: tokenArray(),
  name: tokenArray(),
  nodes: 0,
  begin: nodeArray(),
  lastProp: nodeArray(),
  parent: nodeArray(),
  child: nodeArray(),
  sibling: nodeArray(),
  nameAt: nodeArray(),
  nameSize: nodeArray(),
  phandle: new Float64Array(MAX_NODES),
  maxPhandle: 0,
};
/** Last child so far and second phandle property of nodes while they are read. */
const lastChild = nodeArray();
const oldPhandle = new Float64Array(MAX_NODES);

/** Values of `phandle` and `oldPhandle` besides phandles: no such property; one that is not four bytes long. */
const ABSENT = -1;
const BAD = -2;

/** A further token, linked by the caller; NONE: too many. */
export function addToken(x: TreeIndex, at: number, size: number, name: number): number {
  const t = x.tokens;
  if (t >= MAX_TOKENS) return NONE;
  x.at[t] = at;
  x.size[t] = size;
  x.name[t] = name;
  x.tokens = t + 1;
  return t;
}

/** A further node without children; NONE: too many. */
export function addNode(x: TreeIndex, token: number, parent: number, nameAt: number, nameSize: number): number {
  const n = x.nodes;
  if (n >= MAX_NODES) return NONE;
  x.begin[n] = token;
  x.lastProp[n] = token;
  x.parent[n] = parent;
  x.child[n] = NONE;
  x.sibling[n] = NONE;
  x.nameAt[n] = nameAt;
  x.nameSize[n] = nameSize;
  x.phandle[n] = ABSENT;
  x.nodes = n + 1;
  return n;
}

/** Whether these characters and a zero stand at `at`. */
function textAt(at: number, text: string): boolean {
  for (let i = 0; i < text.length; i++) if (arena[at + i] !== text.charCodeAt(i)) return false;
  return arena[at + text.length] === 0;
}

function notePhandle(x: TreeIndex, node: number, name: number, at: number, length: number): void {
  const first = arena[name];
  const values = first === 0x70 ? x.phandle : oldPhandle;
  if (first !== 0x70 && first !== 0x6c) return;
  if (values[node] !== ABSENT || !textAt(name, first === 0x70 ? 'phandle' : 'linux,phandle')) return;
  values[node] = length === 4 ? x.view.getUint32(at) : BAD;
}

/** The end of a node: which of its two possible phandles counts. */
function closeNode(x: TreeIndex, node: number): void {
  let phandle = x.phandle[node];
  if (phandle < 0) phandle = Math.max(0, oldPhandle[node]);
  x.phandle[node] = phandle;
  if (phandle > x.maxPhandle) x.maxPhandle = phandle;
}

/** Reads the structure block; false: no index. */
function readStruct(x: TreeIndex): boolean {
  const { view, structAt, stringsAt, stringsSize, at, size, next, name, begin, lastProp, parent } = x;
  const { child, sibling, nameAt, nameSize } = x;
  const end = structAt + x.structSize - 4;
  let tokens = 0;
  let nodes = 0;
  let node = NONE;
  let from = structAt;
  while (from < end && tokens < MAX_TOKENS - 1) {
    const tag = view.getUint32(from);
    const t = tokens++;
    let length = 4;
    at[t] = from;
    next[t] = tokens;
    name[t] = NONE;
    if (tag === Tag.PROP) {
      if (node === NONE || child[node] !== NONE || from + 12 > end) return false;
      const bytes = view.getUint32(from + 4);
      const text = view.getUint32(from + 8);
      if (bytes > INDEX_MAX || text >= stringsSize) return false;
      length = 12 + align4(bytes);
      name[t] = text;
      lastProp[node] = t;
      notePhandle(x, node, stringsAt + text, from + 12, bytes);
    } else if (tag === Tag.BEGIN_NODE) {
      let to = from + 4;
      while (to < end && arena[to] !== 0) to++;
      length = align4(to + 1 - from);
      if ((node === NONE && nodes > 0) || nodes === MAX_NODES) return false;
      const n = nodes++;
      begin[n] = t;
      lastProp[n] = t;
      parent[n] = node;
      child[n] = NONE;
      sibling[n] = NONE;
      nameAt[n] = from + 4;
      nameSize[n] = to - from - 4;
      x.phandle[n] = ABSENT;
      oldPhandle[n] = ABSENT;
      if (node !== NONE) {
        if (child[node] === NONE) child[node] = n;
        else sibling[lastChild[node]] = n;
        lastChild[node] = n;
      }
      node = n;
    } else if (tag === Tag.END_NODE && node !== NONE) {
      closeNode(x, node);
      node = parent[node];
    } else {
      return false;
    }
    size[t] = length;
    from += length;
  }
  if (from !== end || node !== NONE || nodes === 0 || view.getUint32(from) !== Tag.END) return false;
  at[tokens] = from;
  size[tokens] = 4;
  next[tokens] = NONE;
  name[tokens] = NONE;
  x.tokens = tokens + 1;
  x.nodes = nodes;
  return true;
}

/** The index of a tree whose header was checked and whose total size is inside `f`; undefined: it has none. */
export function indexTree(f: Uint8Array): TreeIndex | undefined {
  const x = theIndex;
  const { view } = x;
  const total = be32(f, Head.TOTALSIZE);
  if (total > INDEX_MAX || total > f.length || be32(f, Head.VERSION) !== 17) return undefined;
  arena.set(f.length === total ? f : f.subarray(0, total));
  x.total = total;
  x.fresh = true;
  x.structAt = view.getUint32(Head.OFF_STRUCT);
  x.structSize = view.getUint32(Head.SIZE_STRUCT);
  x.stringsAt = view.getUint32(Head.OFF_STRINGS);
  x.stringsSize = view.getUint32(Head.SIZE_STRINGS);
  x.rsvAt = view.getUint32(Head.OFF_RSVMAP);
  x.bootCpu = view.getUint32(Head.BOOT_CPU);
  x.lastComp = view.getUint32(Head.LAST_COMP);
  x.tokens = 0;
  x.nodes = 0;
  x.maxPhandle = 0;
  const reservations = countReservations(f);
  if (reservations === FdtErr.TRUNCATED) return undefined;
  x.rsvSize = (reservations + 1) * 16;
  const ordered =
    x.rsvAt >= HEADER_SIZE &&
    x.structAt >= x.rsvAt + x.rsvSize &&
    x.stringsAt >= x.structAt + x.structSize &&
    total >= x.stringsAt + x.stringsSize;
  if (!ordered || x.structSize % 4 !== 0) return undefined;
  if (x.stringsSize > 0 && arena[x.stringsAt + x.stringsSize - 1] !== 0) return undefined;
  return readStruct(x) ? x : undefined;
}

const SLASH = 0x2f;
const UNIT = 0x40;

/**
 * A child by name, which stands at from .. from+length-1 of `bytes`; NONE. As everywhere, a name without unit address
 * also finds the first node with one.
 */
export function childOf(x: TreeIndex, parent: number, bytes: Uint8Array, from: number, length: number): number {
  const { child, sibling, nameAt, nameSize } = x;
  for (let n = child[parent]; n !== NONE; n = sibling[n]) {
    const size = nameSize[n];
    if (size < length) continue;
    const at = nameAt[n];
    let i = 0;
    while (i < length && arena[at + i] === bytes[from + i]) i++;
    if (i < length) continue;
    if (size === length) return n;
    if (arena[at + length] !== UNIT) continue;
    while (i > 0 && bytes[from + i - 1] !== UNIT) i--;
    if (i === 0) return n;
  }
  return NONE;
}

const pathBytes = new Uint8Array(INDEX_MAX);

/** A node by its absolute path; NONE. */
export function nodeAtPath(x: TreeIndex, path: string): number {
  if (path.length > INDEX_MAX || path.charCodeAt(0) !== SLASH) return NONE;
  let node = 0;
  let from = 0;
  for (let i = 0; i <= path.length; i++) {
    const c = i < path.length ? path.charCodeAt(i) : SLASH;
    pathBytes[i] = c;
    if (c !== SLASH) continue;
    if (i > from) {
      node = childOf(x, node, pathBytes, from, i - from);
      if (node === NONE) return NONE;
    }
    from = i + 1;
  }
  return node;
}

/** First node of the tree as it was read with this phandle; NONE. */
export function nodeWithPhandle(x: TreeIndex, phandle: number, nodes: number): number {
  for (let n = 0; n < nodes; n++) if (x.phandle[n] === phandle) return n;
  return NONE;
}
