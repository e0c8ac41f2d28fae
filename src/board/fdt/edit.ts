/**
 * Changing a blob in place, byte for byte as the usual C library does it: a new property goes in front of the older ones,
 * a new subnode in front of the older ones, a new property name to the end of the strings block; bytes between a
 * property's end and the next tag keep whatever stood there before. RM's trees show all of this (fact base:
 * observations 33).
 */
import {
  align4,
  be32,
  checkNode,
  cString,
  FdtErr,
  HEADER_SIZE,
  Head,
  nextTag,
  propOffset,
  putBe32,
  Tag,
} from './blob.js';
import { countReservations, subnodeOffset } from './read.js';

/** A blob with room to grow: `f.length` is the room and the total size in the header. */
export interface FdtEdit {
  readonly f: Uint8Array;
  /** Names already looked up in the strings block. */
  readonly names: Map<string, number>;
}

const dataSize = (f: Uint8Array): number => be32(f, Head.OFF_STRINGS) + be32(f, Head.SIZE_STRINGS);

function misordered(f: Uint8Array, rsvSize: number, structSize: number): boolean {
  const rsv = be32(f, Head.OFF_RSVMAP);
  const struct = be32(f, Head.OFF_STRUCT);
  return (
    rsv < HEADER_SIZE ||
    struct < rsv + rsvSize ||
    be32(f, Head.OFF_STRINGS) < struct + structSize ||
    be32(f, Head.TOTALSIZE) < dataSize(f)
  );
}

/** Reservation map, structure and strings one behind the other, from `from` to `to`; the header fields follow. */
function packBlocks(from: Uint8Array, to: Uint8Array, rsvSize: number, structSize: number, stringsSize: number): void {
  const move = (field: number, at: number, size: number): void => {
    const off = be32(from, field);
    const block = from === to ? undefined : from.subarray(off, off + size);
    if (block === undefined) to.copyWithin(at, off, off + size);
    else to.set(block, at);
    putBe32(to, field, at);
  };
  move(Head.OFF_RSVMAP, HEADER_SIZE, rsvSize);
  move(Head.OFF_STRUCT, HEADER_SIZE + rsvSize, structSize);
  putBe32(to, Head.SIZE_STRUCT, structSize);
  move(Head.OFF_STRINGS, HEADER_SIZE + rsvSize + structSize, stringsSize);
  putBe32(to, Head.SIZE_STRINGS, stringsSize);
}

/** Copies a tree into `room` (its length is the new total size) so that it can be edited; an error if it cannot. */
export function openInto(f: Uint8Array, room: Uint8Array): FdtEdit | number {
  const reservations = countReservations(f);
  // A map without end counts as -8 entries, which the C library uses as a size; the tree then never looks misordered.
  const rsvSize = (reservations + 1) * 16;
  const version = be32(f, Head.VERSION);
  let structSize = 0;
  if (version >= 17) {
    structSize = be32(f, Head.SIZE_STRUCT);
  } else if (version === 16) {
    const cursor = { next: 0 };
    while (nextTag(f, cursor.next, cursor) !== Tag.END);
    structSize = cursor.next;
    if (structSize < 0) return structSize;
  } else {
    return FdtErr.BADVERSION;
  }
  const total = be32(f, Head.TOTALSIZE);
  if (!misordered(f, rsvSize, structSize)) {
    if (total > room.length) return FdtErr.NOSPACE;
    room.set(f.subarray(0, total));
    putBe32(room, Head.VERSION, 17);
    putBe32(room, Head.SIZE_STRUCT, structSize);
    putBe32(room, Head.TOTALSIZE, room.length);
    return { f: room, names: new Map() };
  }
  const stringsSize = be32(f, Head.SIZE_STRINGS);
  const size = HEADER_SIZE + rsvSize + structSize + stringsSize;
  if (rsvSize < 0 || size > room.length) return FdtErr.NOSPACE;
  packBlocks(f, room, rsvSize, structSize, stringsSize);
  putBe32(room, Head.MAGIC, be32(f, Head.MAGIC));
  putBe32(room, Head.TOTALSIZE, room.length);
  putBe32(room, Head.VERSION, 17);
  putBe32(room, Head.LAST_COMP, 16);
  putBe32(room, Head.BOOT_CPU, be32(f, Head.BOOT_CPU));
  return { f: room, names: new Map() };
}

/** May this blob be edited? 0, BADVERSION or BADLAYOUT. */
function probe(f: Uint8Array): number {
  if (be32(f, Head.VERSION) < 17) return FdtErr.BADVERSION;
  if (misordered(f, 16, be32(f, Head.SIZE_STRUCT))) return FdtErr.BADLAYOUT;
  if (be32(f, Head.VERSION) > 17) putBe32(f, Head.VERSION, 17);
  return 0;
}

function splice(f: Uint8Array, at: number, oldLen: number, newLen: number): number {
  const size = dataSize(f);
  if (at + oldLen > size) return FdtErr.BADOFFSET;
  if (size - oldLen + newLen > be32(f, Head.TOTALSIZE)) return FdtErr.NOSPACE;
  f.copyWithin(at + newLen, at + oldLen, size);
  return 0;
}

function spliceStruct(f: Uint8Array, at: number, oldLen: number, newLen: number): number {
  const err = splice(f, at, oldLen, newLen);
  if (err !== 0) return err;
  putBe32(f, Head.SIZE_STRUCT, be32(f, Head.SIZE_STRUCT) + newLen - oldLen);
  putBe32(f, Head.OFF_STRINGS, be32(f, Head.OFF_STRINGS) + newLen - oldLen);
  return 0;
}

/** First place in [from, to) where these bytes stand (so the tail of a longer name serves too), or -1. */
export function findBytes(f: Uint8Array, from: number, to: number, wanted: Uint8Array): number {
  const last = to - wanted.length;
  for (let at = from; at <= last; at++) {
    let same = 0;
    while (same < wanted.length && f[at + same] === wanted[same]) same++;
    if (same === wanted.length) return at;
  }
  return -1;
}

/** Offset of a name in the strings block, added at its end if need be; `added` tells. */
function nameOffset(e: FdtEdit, name: string): { off: number; added: boolean } {
  const known = e.names.get(name);
  if (known !== undefined) return { off: known, added: false };
  const { f } = e;
  const bytes = cString(name);
  const start = be32(f, Head.OFF_STRINGS);
  const size = be32(f, Head.SIZE_STRINGS);
  const found = findBytes(f, start, start + size, bytes);
  if (found >= 0) {
    e.names.set(name, found - start);
    return { off: found - start, added: false };
  }
  const err = splice(f, start + size, 0, bytes.length);
  if (err !== 0) return { off: err, added: false };
  putBe32(f, Head.SIZE_STRINGS, size + bytes.length);
  f.set(bytes, start + size);
  return { off: size, added: true };
}

/** Sets a property: in place if the node has it, else in front of its other properties. 0 or an error. */
export function setProp(e: FdtEdit, node: number, name: string, value: Uint8Array): number {
  const { f } = e;
  const bad = probe(f);
  if (bad !== 0) return bad;
  const base = be32(f, Head.OFF_STRUCT);
  let at = propOffset(f, node, name);
  if (at >= 0) {
    const err = spliceStruct(f, base + at + 12, align4(be32(f, base + at + 4)), align4(value.length));
    if (err !== 0) return err;
  } else {
    if (at !== FdtErr.NOTFOUND) return at;
    at = checkNode(f, node);
    if (at < 0) return at;
    const { off, added } = nameOffset(e, name);
    if (off < 0) return off;
    const err = spliceStruct(f, base + at, 0, 12 + align4(value.length));
    if (err !== 0) {
      if (added) putBe32(f, Head.SIZE_STRINGS, be32(f, Head.SIZE_STRINGS) - name.length - 1);
      return err;
    }
    if (added) e.names.set(name, off);
    putBe32(f, base + at, Tag.PROP);
    putBe32(f, base + at + 8, off);
  }
  putBe32(f, base + at + 4, value.length);
  f.set(value, base + at + 12);
  return 0;
}

/** Adds an empty node in front of its parent's other subnodes; its offset, EXISTS, or an error. */
export function addSubnode(e: FdtEdit, parent: number, name: string): number {
  const { f } = e;
  const bad = probe(f);
  if (bad !== 0) return bad;
  const existing = subnodeOffset(f, parent, name);
  if (existing >= 0) return FdtErr.EXISTS;
  if (existing !== FdtErr.NOTFOUND) return existing;
  const cursor = { next: 0 };
  if (nextTag(f, parent, cursor) !== Tag.BEGIN_NODE) return FdtErr.INTERNAL;
  let at: number;
  let tag: number;
  do {
    at = cursor.next;
    tag = nextTag(f, at, cursor);
  } while (tag === Tag.PROP || tag === Tag.NOP);
  const base = be32(f, Head.OFF_STRUCT);
  const nameLen = align4(name.length + 1);
  const err = spliceStruct(f, base + at, 0, 8 + nameLen);
  if (err !== 0) return err;
  putBe32(f, base + at, Tag.BEGIN_NODE);
  f.fill(0, base + at + 4, base + at + 4 + nameLen);
  f.set(cString(name), base + at + 4);
  putBe32(f, base + at + 4 + nameLen, Tag.END_NODE);
  return at;
}

/** Moves the blocks together and sets the total size to what is used. 0 or an error. */
export function pack(f: Uint8Array): number {
  const bad = probe(f);
  if (bad !== 0) return bad;
  const rsvSize = (countReservations(f) + 1) * 16;
  if (rsvSize < 0) return FdtErr.TRUNCATED;
  packBlocks(f, f, rsvSize, be32(f, Head.SIZE_STRUCT), be32(f, Head.SIZE_STRINGS));
  putBe32(f, Head.TOTALSIZE, dataSize(f));
  return 0;
}
