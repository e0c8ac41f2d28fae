/**
 * Applying an overlay to an indexed tree in one pass over the overlay: the same bytes as `openInto`, `applyOverlay` and
 * `pack` (edit.ts, overlay.ts), which define what is done, at a fraction of the cost. Added properties come in front of
 * older ones, added nodes in front of older ones, added names at the end of the strings; the bytes between a property's
 * end and the next tag are those that stood there when it was written. Whatever would be an error there, or is unusual,
 * gives no result here, and nothing is changed: the caller then does it the other way.
 */
import { align4, HEADER_SIZE, Head, MAGIC, Tag } from './blob.js';
import { type Fragment, type OverlayWriter, PROP_NAMES, type PropName } from './overlay-writer.js';
import {
  ADDED_AT,
  addNode,
  addToken,
  childOf,
  NONE,
  nodeAtPath,
  nodeWithPhandle,
  OUT_AT,
  type TreeIndex,
} from './tree-index.js';

/** What is added to the arena: an END_NODE tag for all added nodes, and the structure of the overlay. */
const END_AT = ADDED_AT;
const OVERLAY_AT = ADDED_AT + 4;

let serials = 0;

interface Graft {
  readonly x: TreeIndex;
  readonly o: OverlayWriter;
  readonly serial: number;
  readonly delta: number;
  /** Room for the tree, and how much of it blocks and the gaps between them take. */
  readonly room: number;
  used: number;
  /** Names added to the strings, and their bytes. */
  readonly added: PropName[];
  addedSize: number;
  /** The next of `o.raised`. */
  raise: number;
  /** A node that had a phandle lost it: the index is no longer right about phandles. */
  moved: boolean;
}

/** Counts bytes; false: the tree outgrows its room. */
function grow(g: Graft, bytes: number): boolean {
  g.used += bytes;
  return g.used <= g.room;
}

/** Whether `text` ends at `end` and starts at `start` or behind it. */
function endsAt(bytes: Uint8Array, start: number, end: number, text: string): boolean {
  const from = end - text.length;
  if (from < start) return false;
  for (let i = text.length - 1; i >= 0; i--) if (bytes[from + i] !== text.charCodeAt(i)) return false;
  return true;
}

/** The strings block in which names were looked up last: most trees have the same names. */
let block = new Uint8Array(0);
let blocks = 0;

function noteBlock({ arena, stringsAt, stringsSize }: TreeIndex): void {
  let same = block.length === stringsSize ? 0 : -1;
  while (same >= 0 && same < stringsSize && arena[stringsAt + same] === block[same]) same++;
  if (same === stringsSize) return;
  block = arena.slice(stringsAt, stringsAt + stringsSize);
  blocks++;
}

/** Offset of a name in the base's strings: the first place where it and its end stand; NONE. */
function findName({ arena, stringsAt, stringsSize }: TreeIndex, text: string): number {
  const last = text.charCodeAt(text.length - 1);
  const end = stringsAt + stringsSize;
  for (let at = stringsAt; at < end; at++) {
    const start = at;
    while (arena[at] !== 0) at++;
    if (arena[at - 1] === last && endsAt(arena, start, at, text)) return at - text.length - stringsAt;
  }
  return NONE;
}

/** Offset of a name in the strings of the base and those added; NONE. */
function offsetOf(g: Graft, name: PropName): number {
  if (name.graft === g.serial) return name.offset;
  if (name.block !== blocks) {
    name.block = blocks;
    name.inBlock = findName(g.x, name.text);
  }
  name.graft = g.serial;
  name.added = false;
  name.offset = name.inBlock;
  if (name.offset !== NONE) return name.offset;
  for (const n of name.longer) {
    if (n.graft !== g.serial || !n.added) continue;
    const offset = n.offset + n.text.length - name.text.length;
    if (name.offset === NONE || offset < name.offset) name.offset = offset;
  }
  return name.offset;
}

/** Adds a name to the strings. */
function addName(g: Graft, name: PropName): boolean {
  if (!grow(g, name.text.length + 1)) return false;
  name.offset = g.x.stringsSize + g.addedSize;
  name.added = true;
  g.addedSize += name.text.length + 1;
  g.added.push(name);
  return true;
}

/** The property of a node; NONE. The strings may hold a name more than once. */
function findProp(g: Graft, node: number, name: PropName, offset: number): number {
  const { next, name: names, arena, stringsAt, stringsSize } = g.x;
  for (let t = next[g.x.begin[node]]; names[t] !== NONE; t = next[t]) {
    const other = names[t];
    if (other === offset) return t;
    if (other >= stringsSize) continue;
    const at = stringsAt + other;
    if (arena[at] !== name.text.charCodeAt(0)) continue;
    const end = at + name.text.length;
    if (end < stringsAt + stringsSize && arena[end] === 0 && endsAt(arena, at, end, name.text)) return t;
  }
  return NONE;
}

/** The byte `distance` bytes behind the start of token `t`, as the tree is now; NONE behind the structure's end. */
function byteAt(x: TreeIndex, t: number, distance: number): number {
  let at = t;
  let rest = distance;
  while (rest >= x.size[at]) {
    rest -= x.size[at];
    at = x.next[at];
    if (at === NONE) return NONE;
  }
  return x.arena[x.at[at] + rest];
}

/** Raises a value of the overlay by the base's highest phandle if it is one; false: no such phandle. */
function raise(g: Graft, at: number): boolean {
  const { raised } = g.o;
  if (g.raise === raised.length || raised[g.raise] !== at - OVERLAY_AT) return true;
  g.raise++;
  const { view } = g.x;
  const value = view.getUint32(at) + g.delta;
  if (value >= 0xffff_ffff) return false;
  view.setUint32(at, value);
  return true;
}

/** Overwrites property `t` with the one at `at`; what is left of its old bytes, or of those behind them, fills up the last word. */
function replace(g: Graft, t: number, at: number, length: number): boolean {
  const { x } = g;
  const { arena, view } = x;
  const old = x.at[t];
  const oldSize = x.size[t];
  const size = 12 + align4(length);
  if (!grow(g, size - oldSize) || !raise(g, at + 12)) return false;
  view.setUint32(at + 8, view.getUint32(old + 8));
  for (let i = 12 + length; i < size; i++) {
    const byte = i < oldSize ? arena[old + i] : byteAt(x, t, i);
    if (byte === NONE) return false;
    arena[at + i] = byte;
  }
  x.at[t] = at;
  x.size[t] = size;
  return true;
}

/** Sets the property of the overlay that stands at `at` in a node. */
function setProp(g: Graft, node: number, name: PropName, at: number, length: number): boolean {
  const { x } = g;
  const { arena, next } = x;
  const offset = offsetOf(g, name);
  if (name.isPhandle && x.phandle[node] > 0) g.moved = true;
  if (offset !== NONE) {
    const t = findProp(g, node, name, offset);
    if (t !== NONE) return replace(g, t, at, length);
  } else if (!addName(g, name)) {
    return false;
  }
  const size = 12 + align4(length);
  const t = grow(g, size) && raise(g, at + 12) ? addToken(x, at, size, name.offset) : NONE;
  if (t === NONE) return false;
  x.view.setUint32(at + 8, name.offset);
  const begin = x.begin[node];
  const behind = next[begin];
  for (let i = 12 + length; i < size; i++) {
    const byte = byteAt(x, behind, i);
    if (byte === NONE) return false;
    arena[at + i] = byte;
  }
  next[t] = behind;
  next[begin] = t;
  if (x.lastProp[node] === begin) x.lastProp[node] = t;
  return true;
}

/** Adds an empty node, which begins at `at` of the overlay; NONE. */
function insertNode(g: Graft, parent: number, at: number, length: number): number {
  const { x } = g;
  const { next } = x;
  const size = 4 + align4(length + 1);
  const begin = grow(g, size + 4) ? addToken(x, at, size, NONE) : NONE;
  const end = begin === NONE ? NONE : addToken(x, END_AT, 4, NONE);
  const node = end === NONE ? NONE : addNode(x, begin, parent, at + 4, length);
  if (node === NONE) return NONE;
  const before = x.lastProp[parent];
  next[end] = next[before];
  next[begin] = end;
  next[before] = begin;
  x.sibling[node] = x.child[parent];
  x.child[parent] = node;
  return node;
}

/** Merges the content that starts at `from` into a node. Offset behind its end tag; NONE. */
function merge(g: Graft, node: number, from: number): number {
  const { arena, view } = g.x;
  let at = from;
  let nodes = false;
  for (;;) {
    const tag = view.getUint32(at);
    if (tag === Tag.PROP) {
      const length = view.getUint32(at + 4);
      if (nodes || !setProp(g, node, PROP_NAMES[view.getUint32(at + 8)], at, length)) return NONE;
      at += 12 + align4(length);
    } else if (tag === Tag.BEGIN_NODE) {
      nodes = true;
      let to = at + 4;
      while (arena[to] !== 0) to++;
      const length = to - at - 4;
      let into = childOf(g.x, node, arena, at + 4, length);
      if (into === NONE) into = insertNode(g, node, at, length);
      if (into === NONE) return NONE;
      at = merge(g, into, align4(to + 1));
      if (at === NONE) return NONE;
    } else {
      return tag === Tag.END_NODE ? at + 4 : NONE;
    }
  }
}

function targetOf(x: TreeIndex, { path, phandle }: Fragment, nodes: number): number {
  if (path !== null) return nodeAtPath(x, path);
  return phandle === 0 || phandle === 0xffff_ffff ? NONE : nodeWithPhandle(x, phandle, nodes);
}

/** Header, reservations, structure and strings one behind the other. */
function write(g: Graft): Uint8Array {
  const { x } = g;
  const { arena, view, words, at, size, next } = x;
  let to = OUT_AT + HEADER_SIZE;
  arena.copyWithin(to, x.rsvAt, x.rsvAt + x.rsvSize);
  to += x.rsvSize;
  const structAt = to;
  for (let t = 0; t !== NONE; ) {
    // Neighbours in the arena are copied together.
    const from = at[t];
    let end = from;
    while (t !== NONE && at[t] === end) {
      end += size[t];
      t = next[t];
    }
    if (end - from > 128 || ((from | to) & 3) !== 0) {
      arena.copyWithin(to, from, end);
    } else {
      const shift = (to - from) >> 2;
      for (let i = from >> 2; i < end >> 2; i++) words[i + shift] = words[i];
    }
    to += end - from;
  }
  const stringsAt = to;
  arena.copyWithin(to, x.stringsAt, x.stringsAt + x.stringsSize);
  to += x.stringsSize;
  for (const { text } of g.added) {
    for (let i = 0; i < text.length; i++) arena[to + i] = text.charCodeAt(i);
    arena[to + text.length] = 0;
    to += text.length + 1;
  }
  const head = (field: number, value: number): void => view.setUint32(OUT_AT + field, value);
  head(Head.MAGIC, MAGIC);
  head(Head.TOTALSIZE, to - OUT_AT);
  head(Head.OFF_STRUCT, structAt - OUT_AT);
  head(Head.OFF_STRINGS, stringsAt - OUT_AT);
  head(Head.OFF_RSVMAP, HEADER_SIZE);
  head(Head.VERSION, 17);
  head(Head.LAST_COMP, x.lastComp);
  head(Head.BOOT_CPU, x.bootCpu);
  head(Head.SIZE_STRINGS, to - stringsAt);
  head(Head.SIZE_STRUCT, stringsAt - structAt);
  return arena.subarray(OUT_AT, to);
}

function copyOverlay({ words }: TreeIndex, o: OverlayWriter): void {
  const from = o.words;
  const end = o.struct >> 2;
  const to = OVERLAY_AT >> 2;
  for (let i = 0; i < end; i++) words[to + i] = from[i];
}

/**
 * The packed tree of `x` with the complete overlay `o` applied, if it never outgrows `room` bytes (at most 16 KiB) on the
 * way; undefined: to be done on the bytes. The index is used up; what is returned is a view, valid until the next graft.
 */
export function graft(x: TreeIndex, o: OverlayWriter, room: number): Uint8Array | undefined {
  if (o.odd || !x.fresh || x.total > room || OVERLAY_AT + o.struct > OUT_AT) return undefined;
  x.fresh = false;
  const g: Graft = {
    x,
    o,
    serial: ++serials,
    delta: x.maxPhandle,
    room,
    used: x.stringsAt + x.stringsSize,
    added: [],
    addedSize: 0,
    raise: 0,
    moved: false,
  };
  noteBlock(x);
  x.view.setUint32(END_AT, Tag.END_NODE);
  copyOverlay(x, o);
  const { nodes } = x;
  for (const fragment of o.fragments) {
    const target = fragment.path === null && g.moved ? NONE : targetOf(x, fragment, nodes);
    if (target === NONE || merge(g, target, OVERLAY_AT + fragment.content) === NONE) return undefined;
  }
  return g.raise === o.raised.length ? write(g) : undefined;
}
