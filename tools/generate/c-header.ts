/** Emits clients/c/gunyah_ids.h: every number of the protocol, the message layouts and the link frames for C. */
import { type Field, type Layout, layouts, listLayouts, type Payload } from './layout.js';
import { type LinkSpec, place } from './link.js';
import type { Spec } from './spec.js';

const TYPES: Record<string, string> = { u8: 'uint8_t', u16: 'uint16_t', u32: 'uint32_t', u64: 'uint64_t' };
const hex = (n: number | bigint): string => `0x${n.toString(16)}`;
const num = (n: number): string => (n < 0 ? `(${n})` : n > 0xffff_ffff ? `UINT64_C(${hex(n)})` : `${hex(n)}u`);
const snake = (s: string): string =>
  s
    .replace(/([a-z0-9])([A-Z])/g, '$1_$2')
    .replace(/[^A-Za-z0-9]+/g, '_')
    .toUpperCase();

function block(title: string, rows: [string, string][]): string {
  const width = Math.max(...rows.map(([k]) => k.length));
  return `/* ${title} */\n${rows.map(([k, v]) => `#define ${k.padEnd(width)} ${v}`).join('\n')}\n`;
}

function member(f: { name: string; type: string }): string {
  const name = f.name === 'register' ? 'reg' : f.name;
  const array = /^(u64)x(\d+)$/.exec(f.type);
  if (array) return `  ${TYPES[array[1]]} ${name}[${array[2]}];`;
  if (f.type === 'bytes16') return `  uint8_t ${name}[16];`;
  return `  ${TYPES[f.type]} ${name};`;
}

function struct(name: string, doc: string, fields: { name: string; type: string }[], size: number): string {
  if (fields.length === 0) return '';
  return `/* ${doc} */\nstruct GH_PACKED ${name} {\n${fields.map(member).join('\n')}\n};\n_Static_assert(sizeof(struct ${name}) == ${size}, "${name}");\n`;
}

/** Fixed part of a payload; what follows it is told in words. */
function payload(name: string, doc: string, p: Payload, start: number): string {
  const fields: Pick<Field, 'name' | 'type'>[] = [...p.fields];
  if (start === 4) fields.unshift({ name: 'error', type: 'u32' });
  const size = fields.reduce((n, f) => n + (f.type === 'bytes16' ? 16 : Number(f.type.slice(1)) / 8), 0);
  const tail = p.data.map((d) => `${d.name}${d.list ? ` (struct gh_entry_${d.list.toLowerCase()})` : ''}`);
  return struct(name, tail.length === 0 ? doc : `${doc} Followed by: ${tail.join(', ')}.`, fields, size);
}

function message(l: Layout): string[] {
  const name = `gh_${l.message.name.toLowerCase()}_${l.kind === 'request' ? 'req' : 'note'}`;
  const out = [payload(name, l.message.about, l.payload, 0)];
  if (l.reply) out.push(payload(name.replace(/req$/, 'reply'), `Reply to ${l.message.name}.`, l.reply, 4));
  return out;
}

export function cHeader(spec: Spec, link: LinkSpec): string {
  const { errors, objects, hypercalls, messages, enums, platform, smccc } = spec;
  const rights = objects.type.flatMap((t) =>
    Object.entries(t.rights ?? {}).map(([k, v]): [string, string] => [`GH_RIGHT_${t.name}_${snake(k)}`, num(v)]),
  );
  const values = [...enums.enum, ...enums.flags].flatMap((e) =>
    Object.entries(e.values).map(([k, v]): [string, string] => [`GH_${snake(e.name)}_${snake(k)}`, num(v)]),
  );
  const frames = [...link.frame, ...link.event];
  return `${[
    "/* Numbers and layouts of Gunyah, its Resource Manager and the simulator's link.\n * Generated from spec/ by tools/generate.ts; edit the specification, not this file. */",
    '#ifndef GUNYAH_IDS_H\n#define GUNYAH_IDS_H\n\n#include <stdint.h>\n\n#define GH_PACKED __attribute__((packed))\n',
    block(
      'Results of hypercalls: signed 32-bit in x0.',
      errors.hyp.map((e) => [`GH_ERROR_${e.name}`, num(e.value)]),
    ),
    block(
      'First word of every reply of the Resource Manager.',
      errors.rm.map((e) => [`GH_RM_${e.name}`, num(e.value)]),
    ),
    block(
      'Object types.',
      objects.type.map((t) => [`GH_OBJECT_${t.name}`, num(t.value)]),
    ),
    block('Rights of capabilities.', rights),
    block('Hypercalls: number; the HVC immediate is GH_HYPERCALL_BASE + number.', [
      ...hypercalls.call.map((c): [string, string] => [`GH_CALL_${c.name.toUpperCase()}`, num(c.number)]),
    ]),
    block(
      'SMCCC functions.',
      smccc.call.flatMap((c): [string, string][] => [
        [`GH_SMCCC_${snake(c.name)}`, num(c.id)],
        ...(c.id64 === undefined ? [] : [[`GH_SMCCC_${snake(c.name)}_64`, num(c.id64)] as [string, string]]),
      ]),
    ),
    `/* Words of ${smccc.uid.uuid}, the identity of Gunyah. */\n#define GH_SMCCC_UID {${smccc.uid.words.map(num).join(', ')}}\n`,
    block('Messages: requests, and notifications with N.', [
      ...messages.request.map((m): [string, string] => [`GH_MSG_${m.name}`, num(m.id)]),
      ...messages.notification.map((m): [string, string] => [`GH_MSG_N_${m.name}`, num(m.id)]),
    ]),
    block('Values of fields.', values),
    block('The qemu platform and limits.', [
      ...platform.constant.map((c): [string, string] => [`GH_${c.name}`, num(c.value)]),
      ...platform.constant64.map((c): [string, string] => [`GH_${c.name}`, `UINT64_C(${hex(BigInt(c.value))})`]),
    ]),
    '/* Entries of lists in messages. */',
    ...[...listLayouts(spec).values()].map(({ entry, fields }) =>
      struct(`gh_entry_${entry.name.toLowerCase()}`, entry.about, fields, entry.size || 4),
    ),
    '/* Fixed parts of message payloads. */',
    ...layouts(spec)
      .filter((l) => l.message.implemented !== false)
      .flatMap(message),
    '/* The link. */',
    block(
      'Magic, versions, limits.',
      Object.entries(link.link).map(([k, v]) => [`GL_${k.toUpperCase()}`, num(v)]),
    ),
    block(
      'Statuses.',
      Object.entries(link.status).map(([k, v]) => [`GL_STATUS_${k}`, num(v)]),
    ),
    block('Frames and events.', [
      ...link.frame.map((f): [string, string] => [`GL_${f.name}`, num(f.type)]),
      ...link.event.map((f): [string, string] => [`GL_EVENT_${f.name}`, num(f.type)]),
      ['GL_REPLY', '0x80u'],
    ]),
    ...frames.flatMap((f) =>
      [
        { name: `gl_${f.name.toLowerCase()}`, fields: f.fields },
        { name: `gl_${f.name.toLowerCase()}_reply`, fields: f.reply ?? [] },
      ].map(({ name, fields }) => {
        const p = place(name, fields);
        return struct(
          name,
          f.doc,
          p.fields.filter((x) => x.type !== 'bytes'),
          p.size,
        );
      }),
    ),
    '#endif',
  ]
    .filter((s) => s !== '')
    .join('\n')}\n`;
}
