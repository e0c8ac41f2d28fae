/**
 * What goes into a call or message and what comes out, for `explain`: registers of hypercalls, fields of payloads with the
 * names of their values. Leaves out what counts and lengths follow from; docs/reference has every byte.
 */
import { hex } from '../base/index.js';
import { type CallArg, HYPERCALLS } from './calls.js';
import { ENUM_NAMES, FLAG_NAMES } from './enums.js';
import { type DataLayout, type FieldLayout, LAYOUTS, LISTS, type PayloadLayout } from './layouts.js';

const register = (first: number, args: readonly CallArg[]): string =>
  args.flatMap((a, i) => (a.type === 'reserved' ? [] : [`x${first + i} ${a.name} (${a.type})`])).join(', ');

/** Named registers that a hypercall takes and gives. */
export function callLines(number: number): string[] {
  const info = HYPERCALLS[number];
  const given = [...(info.errorOutput ? ['w0 error'] : []), register(info.errorOutput ? 1 : 0, info.outputs)];
  return [
    `takes: ${register(0, info.inputs) || 'nothing'}`,
    `gives: ${given.filter((text) => text !== '').join(', ') || 'nothing'}`,
  ];
}

/** `: NORMAL 0, IO 1`: the names that a field's values have. */
function valueNames(f: FieldLayout): string {
  if (f.flags !== undefined)
    return `: flags ${(FLAG_NAMES[f.flags] ?? []).map(([name, bit]) => `${name} ${hex(bit)}`).join(', ')}`;
  if (f.enum === undefined) return '';
  return `: ${Object.entries(ENUM_NAMES[f.enum] ?? {})
    .map(([value, name]) => `${name} ${value}`)
    .join(', ')}`;
}

const wanted = (f: FieldLayout): boolean => f.ignored !== true && f.zero !== true;
const typeOf = (f: FieldLayout): string => (f.size > 8 ? `${f.size} bytes` : `u${f.size * 8}`);

function fieldLine(f: FieldLayout): string {
  const of =
    f.countOf !== undefined ? `: entries of ${f.countOf}` : f.lenOf !== undefined ? `: length of ${f.lenOf}` : '';
  return `${typeOf(f)} ${f.name}${valueNames(f)}${of}${f.optional === true ? ' (may be missing)' : ''}`;
}

function dataLine(d: DataLayout): string {
  const missing = d.optional === true ? ' (may be missing)' : '';
  if (d.kind === 'bytes') return `${d.text === true ? 'text' : 'bytes'} ${d.name}${missing}`;
  const fields = LISTS[d.list ?? '']?.fields.filter(wanted) ?? [];
  const of = fields.length === 0 ? '' : ` of ${fields.map(fieldLine).join('; ')}`;
  return `list ${d.name}${of}${d.second === undefined ? '' : `; and u16 ${d.second}`}${missing}`;
}

const payloadLines = (p: PayloadLayout): string[] => [
  ...p.fields.filter(wanted).map((f) => `  ${f.off}: ${fieldLine(f)}`),
  ...p.data.map((d) => `  then: ${dataLine(d)}`),
];

function partLines(head: string, p: PayloadLayout): string[] {
  const lines = payloadLines(p);
  return lines.length === 0 ? [] : [head, ...lines];
}

/** Fields of a message and of its reply, each with its offset. */
export function messageLines(id: number, kind: 'request' | 'notification'): string[] {
  const layout = LAYOUTS[id];
  if (layout === undefined) return [];
  const { payload, reply } = layout;
  const size = payload.size === undefined ? `at least ${payload.min} bytes` : `${payload.size} bytes`;
  return [
    ...partLines(kind === 'request' ? `fields (${size}):` : 'fields:', payload),
    ...(reply === undefined ? [] : partLines('reply, behind the code:', reply)),
  ];
}
