/**
 * An overlay while it is written: its structure block, with the number of each property name instead of an offset, and
 * what a merge needs to know about it, so that it can be grafted onto a tree (graft.ts) without being read again. The
 * blob itself, which only unusual trees need, comes from `overlayBlob`; its length is known at any time.
 *
 * There is one buffer: an overlay is valid until the next one is begun.
 */
import { assert } from '../../base/index.js';
import { align4, be32, cString, latin1, Tag } from './blob.js';
import { addProp, beginNode, createFdt, endNode, finishFdt } from './build.js';

/** A property name. Names are few and fixed in the code of whoever writes overlays, so all of them are kept. */
export interface PropName {
  /** Index in {@link PROP_NAMES}. */
  readonly id: number;
  readonly text: string;
  /** `phandle` or `linux,phandle`. */
  readonly isPhandle: boolean;
  /** Known names that end with this one: the bytes of one of these serve for both. */
  readonly longer: PropName[];
  /** Serial number of the last overlay that has it. */
  overlay: number;
  /** Number of the strings block in which it was looked up last; its offset there, -1: not there. */
  block: number;
  inBlock: number;
  /** Serial number of the last graft that used it, its offset then, and whether that graft added it. */
  graft: number;
  offset: number;
  added: boolean;
}

export const PROP_NAMES: PropName[] = [];
const byText = new Map<string, PropName>();

export function propNameOf(text: string): PropName {
  const known = byText.get(text);
  if (known !== undefined) return known;
  const name: PropName = {
    id: PROP_NAMES.length,
    text,
    isPhandle: text === 'phandle' || text === 'linux,phandle',
    longer: PROP_NAMES.filter((n) => n.text.endsWith(text)),
    overlay: 0,
    block: 0,
    inBlock: -1,
    graft: 0,
    offset: -1,
    added: false,
  };
  for (const n of PROP_NAMES) if (text.endsWith(n.text)) n.longer.push(name);
  PROP_NAMES.push(name);
  byText.set(text, name);
  return name;
}

/**
 * Strings one behind the other, each with its end, as they stand in a structure block: what whoever writes overlays has
 * fixed in its code need not be spelled again each time.
 */
export interface Text {
  readonly strings: readonly string[];
  /** Bytes, without those that fill up the last word. */
  readonly length: number;
  readonly words: Int32Array;
}

export function textOf(...strings: readonly string[]): Text {
  let length = 0;
  for (const s of strings) length += s.length + 1;
  const bytes = new Uint8Array(align4(length));
  let at = 0;
  for (const s of strings) {
    bytes.set(cString(s), at);
    at += s.length + 1;
  }
  return { strings, length, words: new Int32Array(bytes.buffer) };
}

/** One change: the node of the base, by path or by phandle, and where in the structure its content starts. */
export interface Fragment {
  readonly path: string | null;
  readonly phandle: number;
  readonly content: number;
}

export interface OverlayWriter {
  readonly serial: number;
  bytes: Uint8Array;
  view: DataView;
  words: Int32Array;
  /** Bytes of structure and of names so far. */
  struct: number;
  strings: number;
  /** Size of the buffer that a sequential writer would have now. */
  room: number;
  readonly fragments: Fragment[];
  /** Offsets of cells that the base's highest phandle is added to, in increasing order. */
  readonly raised: number[];
  /** Something that only the blob expresses: no graft. */
  odd: boolean;
}

/** Offset of the structure block in the blob: header, rounded up, and the end of an empty reservation map. */
const STRUCT_AT = 64;
/** A sequential writer's buffer grows by this much, this often per thing to write. */
const ROOM_STEP = 4096;
const MAX_TRIES = 4;
/** `@`, `0` and what makes 10 an `a`. */
const UNIT = 0x40;
const ZERO = 0x30;
const LETTER = 0x57;

let buffer = new Uint8Array(4 * ROOM_STEP);
let bufferView = new DataView(buffer.buffer);
let bufferWords = new Int32Array(buffer.buffer);
let serials = 0;

/** An overlay of one open, nameless node. */
export function beginOverlay(): OverlayWriter {
  const o: OverlayWriter = {
    serial: ++serials,
    bytes: buffer,
    view: bufferView,
    words: bufferWords,
    struct: 0,
    strings: 0,
    room: ROOM_STEP,
    fragments: [],
    raised: [],
    odd: false,
  };
  overlayNode(o, '');
  return o;
}

/** Makes the sequential writer's buffer large enough if it may be; false: what should be written is left out. */
function fits(o: OverlayWriter, bytes: number): boolean {
  const need = STRUCT_AT + o.struct + o.strings + bytes;
  for (let i = 0; i < MAX_TRIES; i++) {
    if (need <= o.room) return true;
    o.room += ROOM_STEP;
  }
  return false;
}

/** A larger buffer of our own. */
function enlarge(o: OverlayWriter, bytes: number): void {
  buffer = new Uint8Array((o.struct + bytes) * 2);
  buffer.set(o.bytes);
  bufferView = new DataView(buffer.buffer);
  bufferWords = new Int32Array(buffer.buffer);
  o.bytes = buffer;
  o.view = bufferView;
  o.words = bufferWords;
}

/** Room for `bytes` bytes of structure beside `names` bytes of names: its offset, or -1. */
function reserve(o: OverlayWriter, bytes: number, names: number): number {
  assert(o.serial === serials, 'an overlay was written after the next one was begun');
  const at = o.struct;
  if (STRUCT_AT + at + o.strings + bytes + names > o.room && !fits(o, bytes + names)) return -1;
  if (at + bytes > o.bytes.length) enlarge(o, bytes);
  o.struct = at + bytes;
  o.strings += names;
  return at;
}

function putText({ words }: OverlayWriter, at: number, text: Text): void {
  const to = at >> 2;
  const from = text.words;
  for (let i = 0; i < from.length; i++) words[to + i] = from[i];
}

/** Opens a node with a fixed name. */
export function overlayNodeText(o: OverlayWriter, name: Text): boolean {
  const at = reserve(o, 4 + align4(name.length), 0);
  if (at < 0) return false;
  o.view.setUint32(at, Tag.BEGIN_NODE);
  putText(o, at + 4, name);
  return true;
}

/** Opens a node whose name is `text` from `from` on, up to `to`. */
export function overlayNode(o: OverlayWriter, text: string, from = 0, to = text.length): boolean {
  const length = 4 + align4(to - from + 1);
  const at = reserve(o, length, 0);
  if (at < 0) return false;
  const { bytes, view } = o;
  view.setUint32(at, Tag.BEGIN_NODE);
  view.setUint32(at + length - 4, 0);
  for (let i = from; i < to; i++) bytes[at + 4 + i - from] = text.charCodeAt(i);
  return true;
}

/** Digits of a 64-bit number without leading zeros. */
export const hexDigits = (high: number, low: number): number => {
  const bits = high === 0 ? 32 - Math.clz32(low) : 64 - Math.clz32(high);
  return bits === 0 ? 1 : (bits + 3) >> 2;
};

/** Opens a node whose name is `text` from `from` on, and a unit address. */
export function overlayUnitNode(o: OverlayWriter, text: string, from: number, high: number, low: number): boolean {
  const digits = hexDigits(high, low);
  const name = text.length - from;
  const length = 4 + align4(name + digits + 2);
  const at = reserve(o, length, 0);
  if (at < 0) return false;
  const { bytes, view } = o;
  view.setUint32(at, Tag.BEGIN_NODE);
  view.setUint32(at + length - 4, 0);
  let to = at + 4;
  for (let i = from; i < text.length; i++) bytes[to++] = text.charCodeAt(i);
  bytes[to++] = UNIT;
  for (let i = digits - 1; i >= 0; i--) {
    const digit = ((i < 8 ? low : high) >>> ((i & 7) * 4)) & 15;
    bytes[to++] = digit < 10 ? ZERO + digit : LETTER + digit;
  }
  return true;
}

export function overlayNodeEnd(o: OverlayWriter): boolean {
  const at = reserve(o, 4, 0);
  if (at < 0) return false;
  o.view.setUint32(at, Tag.END_NODE);
  return true;
}

/** Bytes that a name not yet used adds to the names. */
function newNameSize(o: OverlayWriter, { text, longer }: PropName): number {
  for (const n of longer) if (n.overlay === o.serial) return 0;
  return text.length + 1;
}

/** A property of `length` bytes, to be written by the caller at the offset returned; -1: left out. */
export function overlayProp(o: OverlayWriter, name: PropName, length: number): number {
  const padded = align4(length);
  const at = reserve(o, 12 + padded, name.overlay === o.serial ? 0 : newNameSize(o, name));
  if (at < 0) return -1;
  name.overlay = o.serial;
  const { view } = o;
  view.setUint32(at, Tag.PROP);
  view.setUint32(at + 4, length);
  view.setUint32(at + 8, name.id);
  if (padded !== length) view.setUint32(at + 8 + padded, 0);
  return at + 12;
}

/** A property with a fixed value. */
export function overlayText(o: OverlayWriter, name: PropName, value: Text): void {
  const at = overlayProp(o, name, value.length);
  if (at >= 0) putText(o, at, value);
}

/** Size of the finished blob, with the end tag that is still missing. */
export const overlayLength = (o: OverlayWriter): number => STRUCT_AT + o.struct + 4 + o.strings;

/** The blob of a complete overlay. */
export function overlayBlob(o: OverlayWriter): Uint8Array {
  const f = o.bytes;
  const t = createFdt(overlayLength(o) + 8);
  for (let at = 0; at < o.struct; ) {
    const tag = be32(f, at);
    if (tag === Tag.PROP) {
      const length = be32(f, at + 4);
      addProp(t, PROP_NAMES[be32(f, at + 8)].text, f.subarray(at + 12, at + 12 + length));
      at += 12 + align4(length);
    } else if (tag === Tag.BEGIN_NODE) {
      const end = f.indexOf(0, at + 4);
      beginNode(t, latin1(f, at + 4, end));
      at = align4(end + 1);
    } else {
      endNode(t);
      at += 4;
    }
  }
  const blob = finishFdt(t);
  assert(typeof blob !== 'number', 'overlay larger than computed');
  return blob;
}
