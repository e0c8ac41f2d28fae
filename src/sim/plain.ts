/**
 * Copies, packs and digests of plain data: the state of every part is numbers, bigints, strings, booleans, arrays, typed
 * arrays and plain objects, so one walk serves snapshot, restore, recording and digest.
 */
// Not the package's main entry: that one looks for a native addon.
import { Packr } from 'msgpackr/pack';
import { assert } from '../base/index.js';

/** Deep copy. Typed arrays are copied byte by byte, never shared. */
export function clonePlain<T>(value: T): T {
  if (typeof value !== 'object' || value === null) return value;
  if (Array.isArray(value)) {
    const out = new Array(value.length);
    for (let i = 0; i < value.length; i++) {
      const item = value[i];
      out[i] = typeof item === 'object' && item !== null ? clonePlain(item) : item;
    }
    return out as T;
  }
  if (ArrayBuffer.isView(value)) return (value as unknown as Uint8Array).slice() as unknown as T;
  // Spread keeps the hidden class of the source: several times faster than copying key by key.
  const out = { ...value } as Record<string, unknown>;
  for (const key in out) {
    const item = out[key];
    if (typeof item === 'object' && item !== null) out[key] = clonePlain(item);
  }
  return out as T;
}

/** Few kinds of array per function: code that sees more than four of them reads elements several times slower. */
function sameElements(a: ArrayLike<unknown>, b: ArrayLike<unknown>): boolean {
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return false;
  return true;
}
function sameBytes(a: Uint8Array, b: Uint8Array): boolean {
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return false;
  return true;
}
function sameWords(a: Int32Array, b: Int32Array): boolean {
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return false;
  return true;
}
function sameFloats(a: Float64Array, b: Float64Array): boolean {
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return false;
  return true;
}

/** Below that many bytes, elements are compared as they are. */
const SHORT = 64;

const wordsOf = (a: Uint8Array): Int32Array => new Int32Array(a.buffer, a.byteOffset, a.byteLength >> 2);

/** Two typed arrays of one class and length. Long ones word by word; reading a 64-bit element makes a number object. */
function sameView(a: Uint8Array, b: Uint8Array): boolean {
  if ((a as unknown) instanceof Float64Array)
    return sameFloats(a as unknown as Float64Array, b as unknown as Float64Array);
  const { byteLength } = a;
  if (byteLength > SHORT && ((a.byteOffset | b.byteOffset | byteLength) & 3) === 0)
    return sameWords(wordsOf(a), wordsOf(b));
  if ((a as unknown) instanceof Int32Array) return sameWords(a as unknown as Int32Array, b as unknown as Int32Array);
  return a instanceof Uint8Array ? sameBytes(a, b) : sameElements(a, b);
}

/** A typed array: `known` if it has the same content, else a copy. */
function copyView(value: Uint8Array, known: unknown): unknown {
  if (value.constructor !== known?.constructor || value.length !== (known as Uint8Array).length) return value.slice();
  return sameView(value, known as Uint8Array) ? known : value.slice();
}

/**
 * Deep copy of `value` that reuses every part of `known`, an older copy, that is still the same. Most of a machine does not
 * change between two key frames, and comparing costs a fraction of allocating. `known` must not change afterwards either.
 */
export function copyReusing<T>(value: T, known: unknown): T {
  if (typeof value !== 'object' || value === null || (value as unknown) === known) return value;
  if (typeof known !== 'object' || known === null) return clonePlain(value);
  if (Array.isArray(value)) return (Array.isArray(known) ? copyArray(value, known) : clonePlain(value)) as T;
  if (ArrayBuffer.isView(value)) return copyView(value as unknown as Uint8Array, known) as T;
  const old = known as Record<string, unknown>;
  const now = value as Record<string, unknown>;
  let out: Record<string, unknown> | undefined;
  let extra = 0;
  for (const key in now) {
    const item = now[key];
    const before = old[key];
    // A field that is there with the value undefined counts as a field.
    const added = item === undefined && !(key in old);
    if (out === undefined) {
      extra++;
      if (item === before && !added) continue;
    }
    const copy = typeof item === 'object' && item !== null ? copyReusing(item, before) : item;
    if (out === undefined) {
      if (copy === before && !added) continue;
      out = { ...now };
      // What came before is the same as in the old copy.
      for (const k in now) {
        if (k === key) break;
        out[k] = old[k];
      }
    }
    out[key] = copy;
  }
  if (out !== undefined) return out as T;
  for (const _key in old) extra--;
  const plain = !Array.isArray(known) && !ArrayBuffer.isView(known);
  return extra === 0 && plain ? (known as T) : clonePlain(value);
}

function copyArray(value: readonly unknown[], known: readonly unknown[]): readonly unknown[] {
  let out: unknown[] | undefined = value.length === known.length ? undefined : new Array(value.length);
  for (let i = 0; i < value.length; i++) {
    const item = value[i];
    const before = known[i];
    if (out === undefined && item === before) continue;
    // Run queues: hundreds of empty lists.
    if (Array.isArray(item) && item.length === 0 && Array.isArray(before) && before.length === 0 && out === undefined)
      continue;
    const copy = typeof item === 'object' && item !== null ? copyReusing(item, before) : item;
    if (out === undefined) {
      if (copy === before) continue;
      out = known.slice();
    }
    out[i] = copy;
  }
  return out ?? known;
}

/**
 * Makes `live`, a record that nothing else refers to, equal to `value`, and returns it; a copy of `value` if the two are of
 * different make. Typed arrays are filled, not replaced, which costs a fraction of comparing them; records inside of it are
 * written too, lists of records are replaced where they differ.
 */
export function writeInto<T extends object>(live: T, value: T): T {
  const to = live as Record<string, unknown>;
  const from = value as Record<string, unknown>;
  let extra = 0;
  for (const key in from) {
    const item = from[key];
    const old = to[key];
    extra++;
    // A field that is there with the value undefined counts as a field.
    if (item !== old || (item === undefined && !(key in to))) to[key] = writeValue(old, item);
  }
  for (const _key in to) extra--;
  return extra === 0 ? live : clonePlain(value);
}

/** What takes the place of `old`, a part of a record that is written: see {@link writeInto}. */
function writeValue(old: unknown, item: unknown): unknown {
  if (typeof item !== 'object' || item === null) return item;
  if (typeof old !== 'object' || old === null) return clonePlain(item);
  if (ArrayBuffer.isView(item)) return fill(old, item as Uint8Array);
  if (Array.isArray(item)) return Array.isArray(old) ? writeList(old, item) : clonePlain(item);
  return Array.isArray(old) || ArrayBuffer.isView(old) ? clonePlain(item) : writeInto(old, item);
}

function fill(live: unknown, value: Uint8Array): unknown {
  const old = live as Uint8Array;
  if (old.constructor !== value.constructor || old.length !== value.length) return value.slice();
  old.set(value);
  return live;
}

/** Lists of numbers and of typed arrays in place; records in lists may belong to several. */
function writeList(live: unknown[], value: readonly unknown[]): unknown[] {
  if (live.length > value.length) live.length = value.length;
  for (let i = 0; i < value.length; i++) {
    const item = value[i];
    const old = live[i];
    // Undefined at the end of a longer list is an item, no hole.
    if (item === old && i < live.length) continue;
    live[i] =
      ArrayBuffer.isView(item) && ArrayBuffer.isView(old) ? fill(old, item as Uint8Array) : copyReusing(item, old);
  }
  return live;
}

/** Marks a typed array in packed form: `[TAG, constructor index, bytes]`. */
const TAG = '\u0000t';
const SHAPE = '\u0000s';
const ARRAYS = [
  Uint8Array,
  Int8Array,
  Uint16Array,
  Int16Array,
  Uint32Array,
  Int32Array,
  BigUint64Array,
  BigInt64Array,
  Float64Array,
] as const;

const packr = new Packr({ useRecords: false, copyBuffers: true, moreTypes: false, largeBigIntToFloat: false });

type Shapes = { names: string[][]; byKey: Map<string, number> };

/** Objects become `[SHAPE, shape number, values...]`; property names are written once for the whole snapshot. */
function flatten(value: unknown, shapes: Shapes): unknown {
  if (value === undefined) return [SHAPE, -1];
  if (typeof value === 'bigint') return BigInt.asUintN(64, value);
  if (typeof value !== 'object' || value === null) return value;
  if (Array.isArray(value)) return value.map((item) => flatten(item, shapes));
  if (value instanceof Uint8Array) return value;
  if (ArrayBuffer.isView(value)) {
    const index = ARRAYS.findIndex((type) => value instanceof type);
    assert(index >= 0, 'a typed array of an unknown kind in the state');
    return [TAG, index, new Uint8Array(value.buffer, value.byteOffset, value.byteLength)];
  }
  const keys = Object.keys(value);
  const name = keys.join();
  let shape = shapes.byKey.get(name);
  if (shape === undefined) {
    shape = shapes.names.length;
    shapes.names.push(keys);
    shapes.byKey.set(name, shape);
  }
  return [SHAPE, shape, ...keys.map((key) => flatten((value as Record<string, unknown>)[key], shapes))];
}

function unflatten(value: unknown, names: readonly string[][]): unknown {
  if (value instanceof Uint8Array) return new Uint8Array(value);
  if (!Array.isArray(value)) return value;
  if (value[0] === TAG) {
    const bytes = new Uint8Array(value[2] as Uint8Array);
    return new ARRAYS[value[1] as number](bytes.buffer as ArrayBuffer);
  }
  if (value[0] === SHAPE) {
    if (value[1] === -1) return undefined;
    const out: Record<string, unknown> = {};
    names[value[1] as number].forEach((key, i) => {
      out[key] = unflatten(value[i + 2], names);
    });
    return out;
  }
  return value.map((item) => unflatten(item, names));
}

/** Plain data to bytes. Equal data give equal bytes. */
export function packPlain(value: unknown): Uint8Array {
  const shapes: Shapes = { names: [], byKey: new Map() };
  const body = flatten(value, shapes);
  return new Uint8Array(packr.pack([shapes.names, body]));
}

/** The inverse of {@link packPlain}. Throws on bytes that are not its output. */
export function unpackPlain(bytes: Uint8Array): unknown {
  const decoded = packr.unpack(bytes) as unknown;
  if (!Array.isArray(decoded) || !Array.isArray(decoded[0])) throw new TypeError('not a packed state');
  return unflatten(decoded[1], decoded[0] as string[][]);
}

/**
 * Packed values one after the other. `complete` is false when the bytes end inside a value, or go on with something else;
 * the values before that are returned.
 */
export function unpackStream(bytes: Uint8Array): { values: unknown[]; complete: boolean } {
  const values: unknown[] = [];
  let complete = true;
  try {
    packr.unpackMultiple(bytes, (decoded: unknown) => {
      if (!Array.isArray(decoded) || !Array.isArray(decoded[0])) {
        complete = false;
        return false;
      }
      values.push(unflatten(decoded[1], decoded[0] as string[][]));
      return undefined;
    });
  } catch {
    complete = false;
  }
  return { values, complete };
}

/** 64-bit digest (two FNV-1a lanes) of bytes, as 16 hex digits. For comparison of runs, not for security. */
export function digest(bytes: Uint8Array): string {
  let a = 0x811c9dc5;
  let b = 0xcbf29ce4;
  for (let i = 0; i < bytes.length; i++) {
    a = Math.imul(a ^ bytes[i], 0x01000193);
    b = Math.imul(b ^ bytes[i] ^ (a >>> 24), 0x01000193);
  }
  const word = (n: number): string => (n >>> 0).toString(16).padStart(8, '0');
  return word(a) + word(b);
}
