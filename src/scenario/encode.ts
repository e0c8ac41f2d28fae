/**
 * Payloads of requests from named fields, by the same layouts that the decoder uses.
 * Models what the generated codecs encode (a test holds both equal); leaves out: whether RM likes the values.
 */
import { concatBytes, put16, put32, put64 } from '../base/index.js';
import {
  type DataLayout,
  ENUM_NAMES,
  type FieldLayout,
  FLAG_NAMES,
  LAYOUTS,
  LISTS,
  MESSAGES,
  Msg,
  type PayloadLayout,
  roundUp4,
} from '../protocol/index.js';
import {
  checkKeys,
  choices,
  hexBytes,
  isArray,
  isObject,
  type Json,
  type JsonObject,
  number,
  ScenarioError,
  type Scope,
  sized,
} from './values.js';

/** VMs that always exist, by name. */
const VMIDS: Readonly<Record<string, number>> = { HLOS: 3, RM: 255 };

const inverted = new Map<string, Readonly<Record<string, number>>>();

/** Values of an enumeration or flag word by name. */
export function namesOf(of: string): Readonly<Record<string, number>> {
  let names = inverted.get(of);
  if (names === undefined) {
    const entries = ENUM_NAMES[of] ?? {};
    names = Object.fromEntries([
      ...Object.entries(entries).map(([value, name]) => [name, Number(value)] as const),
      ...(FLAG_NAMES[of] ?? []),
    ]);
    inverted.set(of, names);
  }
  return names;
}

/** The request with this name or number. */
export function messageId(v: Json | undefined, scope: Scope, path: string): number {
  if (typeof v === 'string' && /^N?_?[A-Z]/i.test(v)) {
    const id = (Msg as Readonly<Record<string, number>>)[v.toUpperCase()];
    if (id !== undefined) return id;
    if (Object.hasOwn(Msg, `N_${v.toUpperCase()}`))
      throw new ScenarioError(path, `${v} is a notification`, 'RM sends it; see the step "notifications"');
    const requests = Object.values(MESSAGES)
      .filter((m) => m.kind === 'request')
      .map((m) => m.name);
    throw new ScenarioError(path, `RM has no message ${v}`, choices(v, requests));
  }
  return Number(sized(v, 4, scope, path));
}

function flagWord(v: Json, of: string, size: number, scope: Scope, path: string): bigint {
  const parts = isArray(v) ? v : typeof v === 'string' ? v.split('|').map((s) => s.trim()) : [v];
  return parts.reduce<bigint>(
    (word, part, i) => word | sized(part, size, scope, isArray(v) ? `${path}[${i}]` : path, namesOf(of)),
    0n,
  );
}

function put(b: Uint8Array, at: number, size: number, value: bigint): void {
  if (size === 1) b[at] = Number(value);
  else if (size === 2) put16(b, at, Number(value));
  else if (size === 4) put32(b, at, Number(value));
  else put64(b, at, value);
}

function putField(b: Uint8Array, at: number, f: FieldLayout, v: Json, scope: Scope, path: string): void {
  if (f.size > 8) {
    const bytes = hexBytes(v, path);
    if (bytes.length !== f.size) throw new ScenarioError(path, `${bytes.length} bytes`, `give ${f.size} bytes of hex`);
    b.set(bytes, at);
    return;
  }
  if (f.flags !== undefined) put(b, at, f.size, flagWord(v, f.flags, f.size, scope, path));
  else {
    const names = f.enum !== undefined ? namesOf(f.enum) : f.kind === 'vmid' ? VMIDS : undefined;
    put(b, at, f.size, sized(v, f.size, scope, path, names));
  }
}

const isImplied = (f: FieldLayout): boolean => f.countOf !== undefined || f.lenOf !== undefined;

/** Fields of one list entry. A list of single values may be written without names: `"vms": [3, 4]`. */
function entry(list: string, v: Json, scope: Scope, path: string): Uint8Array {
  const layout = LISTS[list];
  const wanted = layout.fields.filter((f) => f.ignored !== true && f.zero !== true);
  const o: JsonObject = !isObject(v) && wanted.length === 1 ? { [wanted[0].name]: v } : isObject(v) ? v : {};
  if (!isObject(v) && wanted.length !== 1) {
    throw new ScenarioError(path, 'not an object', `give ${wanted.map((f) => f.name).join(', ')}`);
  }
  checkKeys(
    o,
    layout.fields.map((f) => f.name),
    path,
  );
  const b = new Uint8Array(layout.size);
  for (const f of layout.fields) {
    const given = o[f.name];
    if (given !== undefined) putField(b, f.off, f, given, scope, `${path}.${f.name}`);
    else if (f.ignored !== true && f.zero !== true)
      throw new ScenarioError(path, `${f.name} is missing`, `add "${f.name}"`);
  }
  return b;
}

function entriesOf(v: Json | undefined, list: string, scope: Scope, path: string): Uint8Array[] {
  if (v === undefined) return [];
  if (!isArray(v)) throw new ScenarioError(path, 'not a list', 'write [ ... ]');
  return v.map((e, i) => entry(list, e, scope, `${path}[${i}]`));
}

const utf8 = (text: string): Uint8Array => Uint8Array.from(text, (c) => c.charCodeAt(0) & 0xff);

/** Text, or `{"hex": "..."}`. */
function bytesOf(v: Json | undefined, d: DataLayout, path: string): Uint8Array {
  if (v === undefined) return new Uint8Array(0);
  if (isObject(v)) return hexBytes(v.hex, `${path}.hex`);
  if (typeof v !== 'string') throw new ScenarioError(path, 'not text', 'write a string, or {"hex": "..."}');
  return d.text ? utf8(v) : hexBytes(v, path);
}

interface Part {
  bytes: Uint8Array;
  /** Entries, or length in bytes: what the counting field holds. */
  count: number;
}

function dataPart(p: PayloadLayout, d: DataLayout, o: JsonObject, scope: Scope, path: string): Part | undefined {
  const given = o[d.name];
  const at = `${path}.${d.name}`;
  if (d.kind === 'bytes') {
    const bytes = bytesOf(given, d, at);
    const out = new Uint8Array(d.pad === 4 ? roundUp4(bytes.length) : bytes.length);
    out.set(bytes);
    return { bytes: out, count: bytes.length };
  }
  if (d.kind === 'list') {
    const hasSecond = d.second !== undefined && o[d.second] !== undefined;
    if (given === undefined && d.optional && !hasSecond) return undefined;
    if (given === undefined) throw new ScenarioError(path, `list ${d.name} is missing`, `add "${d.name}": []`);
    const entries = entriesOf(given, d.list ?? '', scope, at);
    const head = new Uint8Array(4);
    put16(head, 0, entries.length);
    if (hasSecond && d.second !== undefined)
      put16(head, 2, Number(sized(o[d.second], 2, scope, `${path}.${d.second}`, VMIDS)));
    return { bytes: concatBytes(head, ...entries), count: entries.length };
  }
  let list = d.list ?? '';
  if (d.kind === 'special' && d.special === 'ipa_ranges') {
    const type = p.fields.find((f) => f.name === 'type');
    list = number(o.type ?? 0, scope, `${path}.type`, namesOf(type?.enum ?? '')) === 1n ? 'IPA_ALLOC' : 'IPA_FIXED';
  }
  const entries = entriesOf(given, list, scope, at);
  return { bytes: concatBytes(...entries), count: entries.length };
}

/**
 * Encodes the payload of a request. Counts and lengths follow from the lists and may be given to lie about them; reserved
 * fields are 0 unless given.
 */
export function encodePayload(id: number, o: JsonObject, scope: Scope, path: string): Uint8Array {
  const p = LAYOUTS[id]?.payload;
  if (p === undefined)
    throw new ScenarioError(path, `the layout of message 0x${id.toString(16)} is not known`, 'give "payload" as hex');
  const names = [
    ...p.fields.map((f) => f.name),
    ...p.data.flatMap((d) => (d.second === undefined ? [d.name] : [d.name, d.second])),
  ];
  checkKeys(o, names, path);
  const parts = new Map(p.data.map((d) => [d.name, dataPart(p, d, o, scope, path)] as const));
  const has = (f: FieldLayout): boolean => {
    const of = f.countOf ?? f.lenOf;
    return o[f.name] !== undefined || (of !== undefined && o[of] !== undefined);
  };
  const used: FieldLayout[] = [];
  for (let i = 0; i < p.fields.length; i++) {
    const f = p.fields[i];
    if (f.optional === true && !p.fields.slice(i).some(has)) break;
    used.push(f);
  }
  const last = used[used.length - 1];
  const b = new Uint8Array(last === undefined ? 0 : last.off + last.size);
  for (const f of used) {
    const given = o[f.name];
    if (given !== undefined) putField(b, f.off, f, given, scope, `${path}.${f.name}`);
    else if (isImplied(f)) put(b, f.off, f.size, BigInt(parts.get(f.countOf ?? f.lenOf ?? '')?.count ?? 0));
    else if (f.ignored !== true && f.zero !== true && f.optional !== true) {
      throw new ScenarioError(path, `field ${f.name} is missing`, `add "${f.name}"`);
    }
  }
  return concatBytes(b, ...p.data.flatMap((d) => parts.get(d.name)?.bytes ?? []));
}
