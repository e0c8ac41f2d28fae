/**
 * Payloads and device trees back as a scenario writes them: the inverse of `encodePayload` and `treeBlob`. What they cannot write
 * the same way (cut payloads, damaged trees) stays bytes. Leaves out: variables.
 */
import { hex, toHex } from '../base/index.js';
import { type FdtNode, isFdtError, latin1, parseFdt } from '../board/fdt/index.js';
import {
  type DecodedField,
  type DecodedMessage,
  decodeMessage,
  ENUM_NAMES,
  type FieldLayout,
  FLAG_NAMES,
  LAYOUTS,
  LISTS,
  type PayloadLayout,
  RpcType,
} from '../protocol/index.js';
import { encodePayload } from './encode.js';
import { treeBlob } from './tree.js';
import type { Json, JsonObject, Scope } from './values.js';

const NO_VARS: Scope = { vars: new Map(), dry: false };
const VM_NAMES: Readonly<Record<number, string>> = { 3: 'HLOS', 255: 'RM' };
const IN_HEX: readonly FieldLayout['kind'][] = ['hex', 'ipa', 'size', 'cap'];

/** What `make` makes of the JSON is `bytes`. */
function makes(bytes: Uint8Array, make: () => Uint8Array): boolean {
  try {
    return toHex(make()) === toHex(bytes);
  } catch {
    return false;
  }
}

function flagNames(of: string, value: number): string | undefined {
  const set = (FLAG_NAMES[of] ?? []).filter(([, bit]) => (value & bit) !== 0);
  const known = set.reduce((word, [, bit]) => word | bit, 0);
  return set.length > 0 && known === value ? set.map(([name]) => name).join('|') : undefined;
}

/** A value as scenarios write it: by its name where it has one. `expect` knows the names of enumerations only. */
function valueJson(value: number | bigint | Uint8Array, f: FieldLayout | undefined, expected = false): Json {
  if (value instanceof Uint8Array) return toHex(value);
  const n = Number(value);
  const name =
    f?.enum !== undefined
      ? ENUM_NAMES[f.enum]?.[n]
      : expected
        ? undefined
        : f?.flags !== undefined
          ? flagNames(f.flags, n)
          : f?.kind === 'vmid'
            ? VM_NAMES[n]
            : undefined;
  return name ?? (Number.isSafeInteger(n) && !IN_HEX.includes(f?.kind) ? n : hex(value));
}

function entryJson(fields: readonly DecodedField[], list: string | undefined, expected = false): JsonObject {
  const layouts = LISTS[list ?? '']?.fields ?? [];
  return Object.fromEntries(
    fields.map((d) => [
      d.name,
      valueJson(
        d.value,
        layouts.find((f) => f.name === d.name),
        expected,
      ),
    ]),
  );
}

const isText = (bytes: Uint8Array): boolean => bytes.every((b) => b >= 0x20 && b < 0x7f);

function fieldsJson(m: DecodedMessage, p: PayloadLayout, expected = false): Record<string, Json> {
  const out: Record<string, Json> = {};
  for (const d of m.fields) {
    const f = p.fields.find((x) => x.name === d.name);
    if (f?.countOf !== undefined || f?.lenOf !== undefined) continue;
    const data = p.data.find((x) => x.name === d.name);
    if (data?.kind === 'bytes' && d.value instanceof Uint8Array && !expected)
      out[d.name] =
        data.text === true && isText(d.value) ? latin1(d.value, 0, d.value.length) : { hex: toHex(d.value) };
    else if (d.value !== 0 || !p.data.some((x) => x.second === d.name)) out[d.name] = valueJson(d.value, f, expected);
  }
  return out;
}

/** `fields` of an `rpc` step that gives exactly this payload; undefined: none does. */
export function payloadJson(id: number, payload: Uint8Array): JsonObject | undefined {
  const p = LAYOUTS[id]?.payload;
  if (p === undefined) return undefined;
  const m = decodeMessage(RpcType.REQUEST, id, payload);
  const fields = fieldsJson(m, p);
  for (const l of m.lists) {
    const list = p.data.find((d) => d.name === l.name)?.list;
    fields[l.name] = l.entries.map((e) => entryJson(e, list));
  }
  return makes(payload, () => encodePayload(id, fields, NO_VARS, '$')) ? fields : undefined;
}

/** `expect` of an `rpc` step for a reply: its code, and what else it carries. */
export function replyJson(id: number, payload: Uint8Array): JsonObject {
  const m = decodeMessage(RpcType.REPLY, id, payload);
  const p = LAYOUTS[id]?.reply;
  const expect: Record<string, Json> = p === undefined ? {} : fieldsJson(m, p, true);
  for (const l of m.lists) {
    expect[l.name] = l.entries.length;
    const list = p?.data.find((d) => d.name === l.name)?.list;
    for (const [i, e] of l.entries.entries())
      for (const [name, value] of Object.entries(entryJson(e, list, true))) expect[`${l.name}[${i}].${name}`] = value;
  }
  return expect;
}

function propertyJson(value: Uint8Array): Json {
  if (value.length === 0) return true;
  const texts = latin1(value, 0, value.length - 1).split('\0');
  const areTexts = value[value.length - 1] === 0 && texts.every((t) => /^[\x21-\x7e][\x20-\x7e]*$/.test(t));
  if (areTexts && !texts.some((t) => /^(\$|0x)/.test(t))) return texts.length === 1 ? texts[0] : texts;
  if (value.length % 4 !== 0) return { hex: toHex(value) };
  const view = new DataView(value.buffer, value.byteOffset);
  const cells = Array.from({ length: value.length / 4 }, (_, i) => view.getUint32(i * 4));
  const written = cells.map((c) => (c < 4096 ? c : hex(c)));
  return written.length === 1 ? written[0] : written;
}

const nodeJson = (node: FdtNode): JsonObject =>
  Object.fromEntries([
    ...node.props.map((p) => [p.name, propertyJson(p.value)] as const),
    ...node.children.map((c) => [c.name, nodeJson(c)] as const),
  ]);

/** `tree` of a `write` step that gives exactly this blob; undefined: none does. */
export function treeJson(blob: Uint8Array): JsonObject | undefined {
  const tree = parseFdt(blob);
  if (isFdtError(tree)) return undefined;
  const json = nodeJson(tree.root);
  return makes(blob, () => treeBlob(json, NO_VARS, '$')) ? json : undefined;
}
