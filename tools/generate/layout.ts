/** Payload layouts of messages, resolved and checked: the one form that codecs, decoder, pages and generators use. */
import type { FieldEntry, ListEntry, MessageEntry, Spec } from './spec.js';

export type FieldType = 'u8' | 'u16' | 'u32' | 'u64' | 'bytes16';

const SIZES: Record<FieldType, number> = { u8: 1, u16: 2, u32: 4, u64: 8, bytes16: 16 };

export interface Field {
  name: string;
  off: number;
  type: FieldType;
  size: number;
  kind?: string;
  enum?: string;
  flags?: string;
  ignored: boolean;
  zero: boolean;
  optional: boolean;
  lenOf?: string;
  countOf?: string;
  about?: string;
}

export interface Data {
  kind: 'list' | 'entries' | 'bytes' | 'special';
  name: string;
  /** Entry layout (list, entries, special). */
  list?: string;
  second?: string;
  /** Which hand-written codec of src/protocol/special.ts (special). */
  special?: string;
  optional: boolean;
  pad: number;
  text: boolean;
  about?: string;
}

export interface Payload {
  fields: Field[];
  data: Data[];
  /** Exact length, when the payload has no data parts and no optional fields. */
  size?: number;
  min: number;
  trailing: boolean;
}

export interface Layout {
  message: MessageEntry;
  kind: 'request' | 'notification';
  payload: Payload;
  /** Success reply, offsets counted from the code at offset 0. */
  reply?: Payload;
  errorExtra?: string;
}

function fields(list: FieldEntry[], start: number, where: string): { fields: Field[]; end: number; required: number } {
  let at = start;
  let optional = false;
  let required = start;
  const out = list.map((f): Field => {
    const size = SIZES[f.type];
    if (size === undefined) throw new Error(`${where}.${f.name}: type ${f.type}`);
    if (f.off !== at) throw new Error(`${where}.${f.name}: offset ${f.off}, expected ${at}`);
    at += size;
    optional ||= f.optional === true;
    if (!optional) required = at;
    return {
      name: f.name,
      off: f.off,
      type: f.type,
      size,
      kind: f.kind,
      enum: f.enum,
      flags: f.flags,
      ignored: f.ignored === true,
      zero: f.zero === true,
      optional,
      lenOf: f.len_of,
      countOf: f.count_of,
      about: f.about,
    };
  });
  return { fields: out, end: at, required };
}

function payload(
  where: string,
  list: FieldEntry[],
  data: FieldEntry[],
  start: number,
  declared: { size?: number; min?: number; trailing?: boolean },
): Payload {
  const f = fields(list, start, where);
  const parts = data.map(
    (d): Data => ({
      kind: d.list ? 'list' : d.entries ? 'entries' : d.bytes ? 'bytes' : 'special',
      name: d.name ?? d.bytes ?? d.special ?? '',
      list: d.list ?? d.entries ?? d.of,
      second: d.second,
      special: d.special,
      optional: d.optional === true,
      pad: d.pad ?? 1,
      text: d.text === true,
      about: d.about,
    }),
  );
  const fixed = parts.length === 0 && f.required === f.end && declared.trailing !== true;
  if (declared.size !== undefined && (!fixed || declared.size !== f.end)) {
    throw new Error(`${where}: size ${declared.size} declared, layout ends at ${f.end}`);
  }
  return {
    fields: f.fields,
    data: parts,
    size: fixed ? f.end : undefined,
    min: declared.min ?? f.required,
    trailing: declared.trailing === true,
  };
}

export function listLayouts(spec: Spec): Map<string, { entry: ListEntry; fields: Field[] }> {
  return new Map(
    spec.messages.list.map((entry) => {
      const f = fields(entry.field, 0, `list ${entry.name}`);
      if (entry.size !== 0 && entry.size !== f.end) throw new Error(`list ${entry.name}: size ${entry.size}`);
      return [entry.name, { entry, fields: f.fields }];
    }),
  );
}

export function layouts(spec: Spec): Layout[] {
  const byName = new Map(spec.messages.request.map((m) => [m.name, m]));
  const resolve = (m: MessageEntry): MessageEntry => {
    if (m.same_as === undefined) return m;
    const base = byName.get(m.same_as);
    if (base === undefined) throw new Error(`${m.name}: same_as ${m.same_as}`);
    return { ...base, ...m };
  };
  const requests = spec.messages.request.map((raw): Layout => {
    const m = resolve(raw);
    return {
      message: m,
      kind: 'request',
      payload: payload(m.name, m.field ?? [], m.data ?? [], 0, m),
      reply: m.reply || m.reply_data ? payload(`${m.name} reply`, m.reply ?? [], m.reply_data ?? [], 4, {}) : undefined,
      errorExtra: m.error_extra,
    };
  });
  const notifications = spec.messages.notification.map(
    (m): Layout => ({
      message: m,
      kind: 'notification',
      payload: payload(m.name, m.field ?? [], m.data ?? [], 0, m),
    }),
  );
  return [...requests, ...notifications];
}
