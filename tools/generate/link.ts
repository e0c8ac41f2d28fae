/** Emits what both ends of the link need: frame numbers, statuses, limits, and where each field is. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'smol-toml';
import { HEAD, q } from './ids.js';

interface FieldSpec {
  name: string;
  type: 'u8' | 'u16' | 'u32' | 'u64' | 'u64x8' | 'u64x18' | 'bytes';
  doc?: string;
}

export interface FrameSpec {
  name: string;
  type: number;
  doc: string;
  fields: FieldSpec[];
  reply?: FieldSpec[];
}

export interface LinkSpec {
  link: Record<string, number>;
  status: Record<string, number>;
  frame: FrameSpec[];
  event: FrameSpec[];
}

export interface PlacedField extends FieldSpec {
  /** Bytes from the start of the payload. */
  off: number;
  size: number;
}

const SIZES: Record<FieldSpec['type'], number> = { u8: 1, u16: 2, u32: 4, u64: 8, u64x8: 64, u64x18: 144, bytes: 0 };

export const loadLink = (root: string): LinkSpec =>
  parse(readFileSync(join(root, 'spec', 'link.toml'), 'utf8')) as unknown as LinkSpec;

/** Fields with offsets; every number must be naturally aligned, so that both ends may use plain structures. */
export function place(where: string, fields: FieldSpec[]): { fields: PlacedField[]; size: number } {
  let at = 0;
  const placed = fields.map((f) => {
    const size = SIZES[f.type];
    const alignment = f.type.startsWith('u64') ? 8 : size || 1;
    if (at % alignment !== 0) throw new Error(`${where}.${f.name}: offset ${at} is not aligned`);
    const out = { ...f, off: at, size };
    at += size;
    return out;
  });
  return { fields: placed, size: at };
}

const h = (n: number): string => `0x${n.toString(16).padStart(2, '0')}`;

function at(name: string, fields: FieldSpec[]): string {
  const p = place(name, fields);
  const rows = p.fields
    .filter((f) => !f.name.startsWith('reserved'))
    .map((f) => `${f.doc ? `    /** ${f.doc} */\n` : ''}    ${f.name.toUpperCase()}: ${f.off},`);
  return `  ${name}: {\n${rows.join('\n')}\n    /** Bytes of the payload without its data. */\n    SIZE: ${p.size},\n  },`;
}

export function linkTs(spec: LinkSpec): string {
  const { link, status, frame, event } = spec;
  const constants = (name: string, doc: string, rows: [string, number | string, string?][]): string =>
    `/** ${doc} */\nexport const ${name} = {\n${rows
      .map(([k, v, d]) => `${d ? `  /** ${d} */\n` : ''}  ${k}: ${v},`)
      .join('\n')}\n} as const;\n`;
  return [
    HEAD('The link protocol: frames, statuses, limits, and where each field is. Source: spec/link.toml.'),
    constants(
      'LINK',
      'Magic, versions and limits; sizes in bytes.',
      Object.entries(link).map(([k, v]) => [k.toUpperCase(), k === 'magic' ? h(v) : v]),
    ),
    constants(
      'Status',
      'First field of every reply.',
      Object.entries(status).map(([k, v]) => [k, v]),
    ),
    `export type Status = (typeof Status)[keyof typeof Status];\n`,
    constants(
      'FrameType',
      'Request types; a reply has bit 7 set too.',
      frame.map((f) => [f.name, h(f.type), f.doc]),
    ),
    constants(
      'EventType',
      'Types of what the server sends by itself.',
      event.map((f) => [f.name, h(f.type), f.doc]),
    ),
    `/** Bit that makes a request type the type of its reply. */\nexport const REPLY = 0x80;\n`,
    `/** Bytes before the payload: u32 length of what follows it, u8 type, u8 flags, u16 tag. */\nexport const FRAME_HEAD = 8;\n`,
    `/** Offsets in the payload. */\nexport const At = {\n${[...frame, ...event]
      .flatMap((f) => [at(f.name, f.fields), ...(f.reply ? [at(`${f.name}_REPLY`, f.reply)] : [])])
      .join('\n')}\n} as const;\n`,
    `/** Names of frames and events, for logs. */\nexport const FRAME_NAMES: Readonly<Record<number, string>> = {\n${[
      ...frame.map((f) => `  [FrameType.${f.name}]: ${q(f.name)},`),
      ...event.map((f) => `  [EventType.${f.name}]: ${q(f.name)},`),
    ].join('\n')}\n};\n`,
  ].join('\n');
}

const row = (f: PlacedField): string => `| ${f.off} | ${f.type} | \`${f.name}\` | ${f.doc ?? ''} |`;
const table = (name: string, fields: FieldSpec[]): string => {
  const p = place(name, fields);
  return p.fields.length === 0
    ? 'No payload.\n'
    : `| offset | type | field | |\n|---|---|---|---|\n${p.fields.map(row).join('\n')}\n`;
};

/** docs/reference/link.md */
export function linkPage(spec: LinkSpec): string {
  const parts = [
    '<!-- Generated from spec/ by tools/generate.ts; edit the specification, not this file. -->\n',
    '# Link frames\n',
    'Every frame: `u32 length` of what follows it, `u8 type`, `u8 flags` (0), `u16 tag`, payload. Little endian.',
    'A reply carries the tag of its request and its type with bit 7 set; events carry tag 0. How to use them: [link](../link.md).',
    'Replies are as long as shown when their status is OK, and perhaps shorter otherwise: [statuses](../link.md#statuses).\n',
    '| limit | value |\n|---|---|',
    ...Object.entries(spec.link).map(([k, v]) => `| ${k} | ${k === 'magic' ? h(v) : v} |`),
    '\n| status | value |\n|---|---|',
    ...Object.entries(spec.status).map(([k, v]) => `| ${k} | ${v} |`),
    '',
  ];
  for (const f of spec.frame) {
    parts.push(`## ${f.name} (${h(f.type)})\n`, `${f.doc}\n`, `Request:\n`, table(f.name, f.fields));
    parts.push('Reply:\n', table(`${f.name} reply`, f.reply ?? []));
  }
  for (const f of spec.event) parts.push(`## Event ${f.name} (${h(f.type)})\n`, `${f.doc}\n`, table(f.name, f.fields));
  return `${parts.join('\n').trimEnd()}\n`;
}
