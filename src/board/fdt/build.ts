/**
 * Writing a blob from the first node to the last, as the C library's sequential writer does: structure from the front,
 * names from the back (each new name in front of the older ones), brought together at the end. The resulting size is
 * visible: RM picks its work buffer by the size of the overlay (fact base: rm-boot-and-dt 5.1).
 */
import { align4, be32, cString, FdtErr, HEADER_SIZE, Head, MAGIC, putBe32, putBe64, Tag } from './blob.js';
import { findBytes } from './edit.js';

/** Offset of the reservation map: the header rounded up to an entry of that map. */
const RSVMAP = 48;

/** A tree being written into a buffer of `room` bytes, which can be enlarged. */
export interface FdtBuilder {
  buf: Uint8Array;
  /** Bytes of structure so far, and where it starts. */
  struct: number;
  readonly structAt: number;
  /** Bytes of names so far, at the end of the buffer. */
  strings: number;
  /** Distance of each name from the end of the buffer. */
  readonly names: Map<string, number>;
}

/** An empty tree in `room` bytes (at least 64 plus 16 per reservation). */
export function createFdt(room: number, reservations: readonly (readonly [bigint, bigint])[] = []): FdtBuilder {
  const buf = new Uint8Array(room);
  reservations.forEach(([address, size], i) => {
    putBe64(buf, RSVMAP + i * 16, address);
    putBe64(buf, RSVMAP + i * 16 + 8, size);
  });
  return { buf, struct: 0, structAt: RSVMAP + (reservations.length + 1) * 16, strings: 0, names: new Map() };
}

function grab(t: FdtBuilder, len: number): number {
  if (t.struct + len > t.buf.length - t.structAt - t.strings) return FdtErr.NOSPACE;
  const at = t.structAt + t.struct;
  t.struct += len;
  return at;
}

/** Starts a node. 0 or NOSPACE, as all of these. */
export function beginNode(t: FdtBuilder, name: string): number {
  const at = grab(t, 4 + align4(name.length + 1));
  if (at < 0) return at;
  putBe32(t.buf, at, Tag.BEGIN_NODE);
  t.buf.set(cString(name), at + 4);
  return 0;
}

export function endNode(t: FdtBuilder): number {
  const at = grab(t, 4);
  if (at < 0) return at;
  putBe32(t.buf, at, Tag.END_NODE);
  return 0;
}

function nameDistance(t: FdtBuilder, name: string): { distance: number; added: boolean } {
  const known = t.names.get(name);
  if (known !== undefined) return { distance: known, added: false };
  const bytes = cString(name);
  const room = t.buf.length;
  const found = findBytes(t.buf, room - t.strings, room, bytes);
  if (found >= 0) {
    t.names.set(name, room - found);
    return { distance: room - found, added: false };
  }
  const distance = t.strings + bytes.length;
  if (room - distance < t.structAt + t.struct) return { distance: 0, added: false };
  t.buf.set(bytes, room - distance);
  t.strings = distance;
  // The search begins with the newest name: what ends it is found there from now on.
  for (const older of t.names.keys()) if (name.endsWith(older)) t.names.delete(older);
  t.names.set(name, distance);
  return { distance, added: true };
}

export function addProp(t: FdtBuilder, name: string, value: Uint8Array): number {
  const { distance, added } = nameDistance(t, name);
  if (distance === 0) return FdtErr.NOSPACE;
  const at = grab(t, 12 + align4(value.length));
  if (at < 0) {
    if (added) {
      t.strings -= name.length + 1;
      t.names.delete(name);
    }
    return at;
  }
  putBe32(t.buf, at, Tag.PROP);
  putBe32(t.buf, at + 4, value.length);
  // For now the distance from the end, made an offset when the size of the strings block is known.
  putBe32(t.buf, at + 8, distance);
  t.buf.set(value, at + 12);
  return 0;
}

/** Ends the tree; the blob, or NOSPACE. The root node must be closed. */
export function finishFdt(t: FdtBuilder): Uint8Array | number {
  const end = grab(t, 4);
  if (end < 0) return end;
  const { buf } = t;
  putBe32(buf, end, Tag.END);
  const stringsAt = t.structAt + t.struct;
  buf.copyWithin(stringsAt, buf.length - t.strings, buf.length);
  for (let at = t.structAt; at < end; ) {
    const tag = be32(buf, at);
    if (tag === Tag.PROP) {
      putBe32(buf, at + 8, t.strings - be32(buf, at + 8));
      at += 12 + align4(be32(buf, at + 4));
    } else if (tag === Tag.BEGIN_NODE) {
      at = align4(buf.indexOf(0, at + 4) + 1);
    } else {
      at += 4;
    }
  }
  const total = stringsAt + t.strings;
  putBe32(buf, Head.MAGIC, MAGIC);
  putBe32(buf, Head.TOTALSIZE, total);
  putBe32(buf, Head.OFF_STRUCT, t.structAt);
  putBe32(buf, Head.OFF_STRINGS, stringsAt);
  putBe32(buf, Head.OFF_RSVMAP, RSVMAP);
  putBe32(buf, Head.VERSION, 17);
  putBe32(buf, Head.LAST_COMP, 16);
  putBe32(buf, Head.SIZE_STRINGS, t.strings);
  putBe32(buf, Head.SIZE_STRUCT, t.struct);
  buf.fill(0, HEADER_SIZE, RSVMAP);
  return buf.slice(0, total);
}
