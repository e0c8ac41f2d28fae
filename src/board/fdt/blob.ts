/**
 * The bytes of a flattened device tree: header, tags, walking. Document: Devicetree Specification 5.2 to 5.4. Bounds are
 * checked in the places and in the order in which the usual C library checks them, because a guest's tree may be hostile
 * and RM's verdict depends on what the library calls an error.
 *
 * Functions return offsets into the structure block, or a negative `FdtErr`.
 */

/** Result codes; all negative, so an offset or a length is never mistaken for one. */
export const FdtErr = {
  NOTFOUND: -1,
  EXISTS: -2,
  NOSPACE: -3,
  BADOFFSET: -4,
  BADPATH: -5,
  BADPHANDLE: -6,
  BADSTATE: -7,
  TRUNCATED: -8,
  BADMAGIC: -9,
  BADVERSION: -10,
  BADSTRUCTURE: -11,
  BADLAYOUT: -12,
  INTERNAL: -13,
  BADNCELLS: -14,
  BADVALUE: -15,
  BADOVERLAY: -16,
  NOPHANDLES: -17,
} as const;

export const Tag = { BEGIN_NODE: 1, END_NODE: 2, PROP: 3, NOP: 4, END: 9 } as const;

export const MAGIC = 0xd00d_feed;
/** Byte offsets of the header's fields. */
export const Head = {
  MAGIC: 0,
  TOTALSIZE: 4,
  OFF_STRUCT: 8,
  OFF_STRINGS: 12,
  OFF_RSVMAP: 16,
  VERSION: 20,
  LAST_COMP: 24,
  BOOT_CPU: 28,
  SIZE_STRINGS: 32,
  SIZE_STRUCT: 36,
} as const;
/** Header size of version 17, and where the reservation map of a packed tree starts. */
export const HEADER_SIZE = 40;
const INT_MAX = 0x7fff_ffff;

export const be32 = (f: Uint8Array, at: number): number =>
  ((f[at] << 24) | (f[at + 1] << 16) | (f[at + 2] << 8) | f[at + 3]) >>> 0;

export const be64 = (f: Uint8Array, at: number): bigint => (BigInt(be32(f, at)) << 32n) | BigInt(be32(f, at + 4));

export function putBe32(f: Uint8Array, at: number, value: number): void {
  f[at] = value >>> 24;
  f[at + 1] = value >>> 16;
  f[at + 2] = value >>> 8;
  f[at + 3] = value;
}

export function putBe64(f: Uint8Array, at: number, value: bigint): void {
  putBe32(f, at, Number((value >> 32n) & 0xffff_ffffn));
  putBe32(f, at + 4, Number(value & 0xffff_ffffn));
}

export const align4 = (n: number): number => (n + 3) & ~3;

/** Names and string properties are byte strings: one character per byte, 0..255. */
export function latin1(f: Uint8Array, from: number, to: number): string {
  let s = '';
  for (let i = from; i < to; i++) s += String.fromCharCode(f[i]);
  return s;
}

/** The bytes of a byte string with its terminating zero. */
export function cString(s: string): Uint8Array {
  const out = new Uint8Array(s.length + 1);
  for (let i = 0; i < s.length; i++) out[i] = s.charCodeAt(i);
  return out;
}

const headerSize = (version: number): number => {
  if (version <= 1) return 28;
  if (version <= 2) return 32;
  return version <= 16 ? 36 : HEADER_SIZE;
};

/** 0, or the reason why the header cannot be that of a tree. Says nothing about the length of the buffer. */
export function checkHeader(f: Uint8Array): number {
  if (f.length < Head.SIZE_STRINGS) return FdtErr.TRUNCATED;
  if (be32(f, Head.MAGIC) !== MAGIC) return FdtErr.BADMAGIC;
  const version = be32(f, Head.VERSION);
  const lastComp = be32(f, Head.LAST_COMP);
  if (version < 2 || lastComp > 17 || version < lastComp) return FdtErr.BADVERSION;
  const size = headerSize(version);
  const total = be32(f, Head.TOTALSIZE);
  if (total < size || total > INT_MAX) return FdtErr.TRUNCATED;
  if (f.length < size) return FdtErr.TRUNCATED;
  const inside = (off: number): boolean => off >= size && off <= total;
  const block = (off: number, len: number): boolean => inside(off) && inside(off + len);
  if (!inside(be32(f, Head.OFF_RSVMAP))) return FdtErr.TRUNCATED;
  const struct = be32(f, Head.OFF_STRUCT);
  if (version < 17 ? !inside(struct) : !block(struct, be32(f, Head.SIZE_STRUCT))) return FdtErr.TRUNCATED;
  return block(be32(f, Head.OFF_STRINGS), be32(f, Head.SIZE_STRINGS)) ? 0 : FdtErr.TRUNCATED;
}

/** First offset of the structure block that may not be read any more. */
function structLimit(f: Uint8Array): number {
  const room = be32(f, Head.TOTALSIZE) - be32(f, Head.OFF_STRUCT);
  return be32(f, Head.VERSION) >= 17 ? Math.min(room, be32(f, Head.SIZE_STRUCT)) : room;
}

/**
 * Where the last tag read ended: offset of the following one, or a negative error. A variable of this file instead of a
 * second result, because every walk spends its time here.
 */
let tagEnd = 0;

/** The tag at `offset` of a structure block at `base` with `limit` bytes. Properties of old versions are realigned. */
function readTag(f: Uint8Array, base: number, limit: number, version: number, offset: number): number {
  if (offset < 0 || offset + 4 > limit) {
    tagEnd = FdtErr.TRUNCATED;
    return Tag.END;
  }
  const tag = be32(f, base + offset);
  let end = offset + 4;
  tagEnd = FdtErr.BADSTRUCTURE;
  if (tag === Tag.PROP) {
    if (end + 4 > limit) return Tag.END;
    const len = be32(f, base + end);
    if (len + end >= INT_MAX) return Tag.END;
    end += 8 + len;
    if (version < 16 && len >= 8 && (end - len) % 8 !== 0) end += 4;
  } else if (tag === Tag.BEGIN_NODE) {
    while (end < limit && f[base + end] !== 0) end++;
    if (end >= limit) return Tag.END;
    end++;
  } else if (tag !== Tag.END && tag !== Tag.END_NODE && tag !== Tag.NOP) {
    return Tag.END;
  }
  if (end > limit) return Tag.END;
  tagEnd = align4(end);
  return tag;
}

/** Where `nextTag` stopped: offset of the following tag, or a negative error. */
export interface Cursor {
  next: number;
}

/** The tag at `offset`; `Tag.END` also for anything unreadable, with the reason in `cursor.next`. */
export function nextTag(f: Uint8Array, offset: number, cursor: Cursor): number {
  const tag = readTag(f, be32(f, Head.OFF_STRUCT), structLimit(f), be32(f, Head.VERSION), offset);
  cursor.next = tagEnd;
  return tag;
}

/** The offset behind the tag at `offset` if it is the one wanted, else BADOFFSET. */
function checkTag(f: Uint8Array, offset: number, wanted: number): number {
  if (offset < 0 || offset % 4 !== 0) return FdtErr.BADOFFSET;
  const tag = readTag(f, be32(f, Head.OFF_STRUCT), structLimit(f), be32(f, Head.VERSION), offset);
  return tag === wanted ? tagEnd : FdtErr.BADOFFSET;
}

/** The offset behind the BEGIN_NODE tag at `offset`, or BADOFFSET. */
export const checkNode = (f: Uint8Array, offset: number): number => checkTag(f, offset, Tag.BEGIN_NODE);

/** A walk's depth relative to its start. */
export interface Depth {
  depth: number;
}

/**
 * The node after `offset` in the order of the blob (-1: the first). With `d` the depth is kept up to date and the walk
 * ends (positive result, depth below 0) behind the node it started in.
 */
export function nextNode(f: Uint8Array, offset: number, d: Depth | null): number {
  const base = be32(f, Head.OFF_STRUCT);
  const limit = structLimit(f);
  const version = be32(f, Head.VERSION);
  let next = 0;
  if (offset >= 0) {
    if (offset % 4 !== 0 || readTag(f, base, limit, version, offset) !== Tag.BEGIN_NODE) return FdtErr.BADOFFSET;
    next = tagEnd;
  }
  for (;;) {
    const at = next;
    const tag = readTag(f, base, limit, version, at);
    next = tagEnd;
    if (tag === Tag.BEGIN_NODE) {
      if (d !== null) d.depth++;
      return at;
    }
    if (tag === Tag.END_NODE && d !== null && --d.depth < 0) return next;
    if (tag === Tag.END) return next >= 0 || (next === FdtErr.TRUNCATED && d === null) ? FdtErr.NOTFOUND : next;
  }
}

/** First direct child, or NOTFOUND. */
export function firstSubnode(f: Uint8Array, offset: number): number {
  const d: Depth = { depth: 0 };
  const at = nextNode(f, offset, d);
  return at < 0 || d.depth !== 1 ? FdtErr.NOTFOUND : at;
}

/** Next sibling, or NOTFOUND. */
export function nextSubnode(f: Uint8Array, offset: number): number {
  const d: Depth = { depth: 1 };
  let at = offset;
  do {
    at = nextNode(f, at, d);
    if (at < 0 || d.depth < 1) return FdtErr.NOTFOUND;
  } while (d.depth > 1);
  return at;
}

function skipToProp(f: Uint8Array, offset: number): number {
  const base = be32(f, Head.OFF_STRUCT);
  const limit = structLimit(f);
  const version = be32(f, Head.VERSION);
  let at = offset;
  for (;;) {
    const tag = readTag(f, base, limit, version, at);
    if (tag === Tag.END) return tagEnd >= 0 ? FdtErr.BADSTRUCTURE : tagEnd;
    if (tag === Tag.PROP) return at;
    if (tag !== Tag.NOP) return FdtErr.NOTFOUND;
    at = tagEnd;
  }
}

/** Offset of a node's first property, or an error. */
export function firstProp(f: Uint8Array, node: number): number {
  const at = checkNode(f, node);
  return at < 0 ? at : skipToProp(f, at);
}

/** Offset of the property behind the one at `prop`, or an error. */
export function nextProp(f: Uint8Array, prop: number): number {
  const at = checkTag(f, prop, Tag.PROP);
  return at < 0 ? at : skipToProp(f, at);
}

/** Whether `name` and its end stand at `at` of the strings, which end before `end`. */
function nameAt(f: Uint8Array, at: number, end: number, name: string): boolean {
  const n = name.length;
  if (f[at + n] !== 0 || at + n >= end) return false;
  for (let i = 0; i < n; i++) if (f[at + i] !== name.charCodeAt(i)) return false;
  return true;
}

/** Offset of a property in its node, or an error. A property whose name cannot be read is passed over. */
export function propOffset(f: Uint8Array, node: number, name: string): number {
  const base = be32(f, Head.OFF_STRUCT);
  const limit = structLimit(f);
  const version = be32(f, Head.VERSION);
  const strings = be32(f, Head.OFF_STRINGS);
  const room = be32(f, Head.TOTALSIZE) - strings;
  const end = strings + (version >= 17 ? Math.min(room, be32(f, Head.SIZE_STRINGS)) : room);
  if (node < 0 || node % 4 !== 0 || readTag(f, base, limit, version, node) !== Tag.BEGIN_NODE) return FdtErr.BADOFFSET;
  for (;;) {
    const at = tagEnd;
    const tag = readTag(f, base, limit, version, at);
    if (tag === Tag.PROP) {
      if (nameAt(f, strings + be32(f, base + at + 8), end, name)) return at;
    } else if (tag === Tag.END) {
      return tagEnd >= 0 ? FdtErr.BADSTRUCTURE : tagEnd;
    } else if (tag !== Tag.NOP) {
      return FdtErr.NOTFOUND;
    }
  }
}
