/** Decodes RM RPC packets and messages for people. Never throws: whatever does not fit is reported in words.
 *
 * Fact base: rm-rpc-transport 2, 3, 8 and rm-rpc-messages. Leaves out reassembly: a fragment of a longer message is decoded as far
 * as its bytes go; give `decodeMessage` the reassembled payload to see all of it.
 */
import { le16, le32, le64, toHex } from '../base/index.js';
import { enumName, RpcType } from './enums.js';
import { rmErrorName } from './errors.js';
import { type DataLayout, type FieldLayout, LAYOUTS, LISTS, type PayloadLayout } from './layouts.js';
import { MESSAGES, messageName } from './messages.js';
import { Platform } from './platform.js';
import { parseRpcHeader, type RpcHeader, rpcHeaderValid } from './rpc.js';
import { roundUp4 } from './special.js';
import { bytesText, valueText } from './values.js';

export interface DecodedField {
  readonly name: string;
  /** Bytes from the start of the payload. */
  readonly off: number;
  readonly size: number;
  readonly value: number | bigint | Uint8Array;
  /** The value with its name or in its usual notation. */
  readonly text: string;
}

export interface DecodedList {
  readonly name: string;
  readonly off: number;
  /** As announced; `entries` has those whose bytes are there. */
  readonly count: number;
  readonly entries: readonly (readonly DecodedField[])[];
}

export interface DecodedMessage {
  /** RpcType of the message. */
  readonly type: number;
  readonly id: number;
  readonly name: string;
  readonly payload: Uint8Array;
  /** First word of a reply. */
  readonly code?: number;
  readonly fields: readonly DecodedField[];
  readonly lists: readonly DecodedList[];
  /** What does not fit, and what RM makes of it. */
  readonly problems: readonly string[];
}

export interface DecodedPacket {
  readonly bytes: number;
  /** Absent when there are fewer than 8 bytes. */
  readonly header?: RpcHeader;
  /** False: RM drops the packet without a word. */
  readonly valid: boolean;
  /** True: only a part of a message; lengths are not judged. */
  readonly partial: boolean;
  /** Absent for CONTINUED packets and invalid headers. */
  readonly message?: DecodedMessage;
  /** Bytes after the header. */
  readonly content: Uint8Array;
  readonly problems: readonly string[];
}

interface Walk {
  b: Uint8Array;
  /** More bytes follow in other fragments: being short is no problem. */
  partial: boolean;
  fields: DecodedField[];
  lists: DecodedList[];
  problems: string[];
}

function readField(b: Uint8Array, base: number, f: FieldLayout): DecodedField {
  const at = base + f.off;
  const value =
    f.size === 1
      ? b[at]
      : f.size === 2
        ? le16(b, at)
        : f.size === 4
          ? le32(b, at)
          : f.size === 8
            ? le64(b, at)
            : b.slice(at, at + f.size);
  return { name: f.name, off: at, size: f.size, value, text: valueText(f, value) };
}

const isZero = (v: number | bigint | Uint8Array): boolean => !(v instanceof Uint8Array) && Number(v) === 0;

/** Fields of a payload; returns the offset behind them, or undefined when bytes are missing. */
function walkFields(w: Walk, p: PayloadLayout): number | undefined {
  let end = p.fields.length > 0 ? p.fields[0].off : 0;
  for (const f of p.fields) {
    if (f.off + f.size > w.b.length) {
      if (f.optional && f.off === w.b.length) return undefined;
      if (!w.partial && w.problems.length === 0)
        w.problems.push(`${f.name} is missing: ${w.b.length} bytes, ${f.off + f.size} needed`);
      return undefined;
    }
    end = f.off + f.size;
    const d = readField(w.b, 0, f);
    if (f.ignored && isZero(d.value)) continue;
    if (f.zero && isZero(d.value)) continue;
    if (f.zero) w.problems.push(`${f.name} must be 0 and is ${d.text}`);
    w.fields.push(f.ignored ? { ...d, text: `${d.text} (ignored)` } : d);
  }
  return end;
}

function fieldValue(w: Walk, name: string): number {
  const f = w.fields.find((x) => x.name === name);
  return f === undefined || f.value instanceof Uint8Array ? 0 : Number(f.value);
}

/** `count` entries of `list` from `at`; stops where bytes end. Returns the offset behind the last one. */
function walkEntries(w: Walk, name: string, list: string, at: number, count: number, off: number): number {
  const layout = LISTS[list];
  const entries: DecodedField[][] = [];
  let pos = at;
  for (let i = 0; i < count; i++) {
    if (pos + layout.size > w.b.length) {
      if (!w.partial) w.problems.push(`${name} announces ${count} entries, ${i} are there`);
      break;
    }
    entries.push(
      layout.fields
        .map((f): DecodedField & { hide: boolean } => {
          const d = readField(w.b, pos, f);
          return { ...d, hide: (f.ignored === true || f.zero === true) && isZero(d.value) };
        })
        .filter((f) => !f.hide)
        .map(({ name: n, off: o, size, value, text }) => ({ name: n, off: o, size, value, text })),
    );
    pos += layout.size;
  }
  w.lists.push({ name, off, count, entries });
  return pos;
}

/** Identities of VM_GET_ID: entries of different length. */
function walkIds(w: Walk, at: number, count: number): number {
  const entries: DecodedField[][] = [];
  let pos = at;
  for (let i = 0; i < count; i++) {
    const size = pos + 4 <= w.b.length ? le16(w.b, pos + 2) : -1;
    if (size < 0 || pos + 4 + roundUp4(size) > w.b.length) {
      if (!w.partial) w.problems.push(`ids announces ${count} entries, ${i} are there`);
      break;
    }
    const data = w.b.slice(pos + 4, pos + 4 + size);
    const type = w.b[pos];
    entries.push([
      { name: 'type', off: pos, size: 1, value: type, text: `${enumName('IdType', type)} (${type})` },
      { name: 'data', off: pos + 4, size, value: data, text: type === 0 ? toHex(data) : bytesText(data) },
    ]);
    pos += 4 + roundUp4(size);
  }
  w.lists.push({ name: 'ids', off: at, count, entries });
  return pos;
}

/** Bytes whose number a field gives, padded if their layout says so. */
function walkBytes(w: Walk, d: DataLayout, at: number, len: number): number {
  const announced = at + len;
  const end = Math.min(announced, w.b.length);
  const value = w.b.slice(at, end);
  if (announced > w.b.length && !w.partial) w.problems.push(`${d.name} has ${value.length} bytes, ${len} announced`);
  w.fields.push({ name: d.name, off: at, size: value.length, value, text: d.text ? bytesText(value) : toHex(value) });
  const padded = d.pad === 4 ? at + roundUp4(len) : announced;
  for (let i = end; i < Math.min(padded, w.b.length); i++) {
    if (w.b[i] !== 0) w.problems.push(`padding byte ${i} is not 0`);
  }
  if (padded > w.b.length && announced <= w.b.length && !w.partial)
    w.problems.push(`${d.name} is not padded to 4 bytes`);
  return Math.min(padded, w.b.length);
}

/** One data part at `at`; returns the offset behind it, or undefined when the rest cannot be placed. */
function walkData(w: Walk, p: PayloadLayout, d: DataLayout, at: number): number | undefined {
  const counter = p.fields.find((f) => f.countOf === d.name || f.lenOf === d.name)?.name ?? '';
  if (d.kind === 'bytes') return walkBytes(w, d, at, fieldValue(w, counter));
  if (d.kind === 'special') {
    if (d.special === 'ids') return walkIds(w, at, fieldValue(w, counter));
    const list = fieldValue(w, 'type') === 1 ? 'IPA_ALLOC' : 'IPA_FIXED';
    return walkEntries(w, d.name, list, at, fieldValue(w, counter) & 0xffff, at);
  }
  const list = d.list ?? '';
  if (d.kind === 'entries') return walkEntries(w, d.name, list, at, fieldValue(w, counter), at);
  if (at === w.b.length && (d.optional || w.partial)) return at;
  if (at + 4 > w.b.length) {
    if (!w.partial) w.problems.push(`${d.name} has no complete list header`);
    return undefined;
  }
  const second = le16(w.b, at + 2);
  const next = walkEntries(w, d.name, list, at + 4, le16(w.b, at), at);
  if (d.second !== undefined) {
    w.fields.push({ name: d.second, off: at + 2, size: 2, value: second, text: String(second) });
  }
  return next;
}

function walk(w: Walk, p: PayloadLayout): void {
  if (p.size !== undefined && w.b.length !== p.size && !w.partial) {
    w.problems.push(`${w.b.length} bytes, ${p.size} needed`);
  } else if (w.b.length < p.min && !w.partial) {
    w.problems.push(`${w.b.length} bytes, at least ${p.min} needed`);
  }
  let at = walkFields(w, p);
  for (const d of p.data) {
    if (at === undefined) return;
    at = walkData(w, p, d, at);
  }
  const broken = w.problems.some((x) => x.includes('entries,'));
  if (at !== undefined && at < w.b.length && !p.trailing && p.size === undefined && !w.partial && !broken) {
    w.problems.push(`${w.b.length - at} bytes after the end`);
  }
}

/** Decodes the payload of a whole message. `partial`: only the first bytes of it are known. */
export function decodeMessage(type: number, id: number, payload: Uint8Array, partial = false): DecodedMessage {
  const w: Walk = { b: payload, partial, fields: [], lists: [], problems: [] };
  const layout = LAYOUTS[id];
  let code: number | undefined;
  if (type === RpcType.REPLY) {
    if (payload.length < 4) {
      w.problems.push(`a reply has at least 4 bytes, this one ${payload.length}`);
    } else {
      code = le32(payload, 0);
      if (code === 0 && layout?.reply !== undefined) walk(w, layout.reply);
      else if (code !== 0 && layout?.errorExtra !== undefined && payload.length === 8) {
        const value = le32(payload, 4);
        w.fields.push({ name: layout.errorExtra, off: 4, size: 4, value, text: String(value) });
      } else if (payload.length !== 4) w.problems.push(`${payload.length} bytes, 4 expected`);
    }
  } else if (layout !== undefined) {
    walk(w, layout.payload);
  } else {
    const known = MESSAGES[id];
    w.problems.push(known === undefined ? 'RM does not know this id' : 'RM has no code for this id');
  }
  return { type, id, name: messageName(id), payload, code, fields: w.fields, lists: w.lists, problems: w.problems };
}

/** Why RM drops a packet with this header, or undefined. */
function headerProblem(h: RpcHeader): string | undefined {
  if (h.version !== 1) return `API version ${h.version}, only 1 is known: dropped in silence`;
  if (h.headerWords !== 2) return `header of ${h.headerWords} words, only 2 is known: dropped in silence`;
  return h.fragments > Platform.RPC_MAX_FRAGMENTS ? 'fragment count 63 is one too many: dropped in silence' : undefined;
}

/** Decodes one packet of either direction. */
export function decodePacket(bytes: Uint8Array): DecodedPacket {
  const header = parseRpcHeader(bytes);
  if (header === undefined) {
    const problems = [`${bytes.length} bytes, a packet has at least 8: dropped in silence`];
    return { bytes: bytes.length, valid: false, partial: false, content: bytes, problems };
  }
  const content = bytes.subarray(Platform.RPC_HEADER_SIZE);
  const problems: string[] = [];
  const bad = headerProblem(header);
  if (bad !== undefined) problems.push(bad);
  if (bytes.length > Platform.RM_QUEUE_MSG_SIZE)
    problems.push(`${bytes.length} bytes do not fit into a queue of 240-byte messages`);
  const valid = rpcHeaderValid(header);
  const continued = header.type === RpcType.CONTINUED;
  const partial = header.fragments > 0 || continued;
  const message = valid && !continued ? decodeMessage(header.type, header.id, content, partial) : undefined;
  return { bytes: bytes.length, header, valid, partial, message, content, problems };
}

const pad = (s: string, n: number): string => s + ' '.repeat(Math.max(0, n - s.length));

/** A decoded message as lines of text. */
export function describeMessage(m: DecodedMessage): string[] {
  const lines: string[] = [];
  if (m.code !== undefined)
    lines.push(`  ${m.code === 0 ? 'OK' : `error ${rmErrorName(m.code)} (0x${m.code.toString(16)})`}`);
  const width = Math.max(0, ...m.fields.map((f) => f.name.length));
  for (const f of m.fields) lines.push(`  ${pad(f.name, width)}  ${f.text}`);
  for (const l of m.lists) {
    lines.push(`  ${l.name}: ${l.count}`);
    l.entries.forEach((e, i) => {
      lines.push(`    [${i}] ${e.map((f) => `${f.name} ${f.text}`).join(', ')}`);
    });
  }
  if (m.fields.length === 0 && m.lists.length === 0 && m.payload.length > (m.code === undefined ? 0 : 4)) {
    lines.push(`  ${toHex(m.payload)}`);
  }
  for (const p of m.problems) lines.push(`  ! ${p}`);
  return lines;
}

/** A decoded packet as text: one head line, then one line per field, list entry and problem. */
export function describePacket(p: DecodedPacket): string {
  const lines: string[] = [];
  const h = p.header;
  if (h === undefined) lines.push(`not a packet: ${toHex(p.content)}`);
  else {
    const name = messageName(h.id);
    const id = `0x${h.id.toString(16).padStart(8, '0')}`;
    const more = h.fragments > 0 ? `, 1 of ${h.fragments + 1} fragments` : '';
    lines.push(
      `${enumName('RpcType', h.type)} ${name.startsWith('0x') ? `unknown ${id}` : `${name} (${id})`} seq ${h.seq}, ${p.content.length} bytes${more}`,
    );
    if (p.message !== undefined) lines.push(...describeMessage(p.message));
    else if (p.content.length > 0) lines.push(`  ${toHex(p.content)}`);
  }
  for (const problem of p.problems) lines.push(`  ! ${problem}`);
  return lines.join('\n');
}
