/** Emits the layouts as data for the packet decoder. */
import { HEAD, q } from './ids.js';
import { type Data, type Field, layouts, listLayouts, type Payload } from './layout.js';
import type { Spec } from './spec.js';

const field = (f: Field): string => {
  const parts = [`name: '${f.name}'`, `off: ${f.off}`, `size: ${f.size}`];
  if (f.enum) parts.push(`enum: '${f.enum}'`);
  if (f.flags) parts.push(`flags: '${f.flags}'`);
  if (f.kind) parts.push(`kind: '${f.kind}'`);
  if (f.ignored) parts.push('ignored: true');
  if (f.zero) parts.push('zero: true');
  if (f.optional) parts.push('optional: true');
  if (f.lenOf) parts.push(`lenOf: '${f.lenOf}'`);
  if (f.countOf) parts.push(`countOf: '${f.countOf}'`);
  return `{ ${parts.join(', ')} }`;
};

const data = (d: Data): string => {
  const parts = [`kind: '${d.kind}'`, `name: '${d.name}'`];
  if (d.list) parts.push(`list: '${d.list}'`);
  if (d.second) parts.push(`second: '${d.second}'`);
  if (d.special) parts.push(`special: '${d.special}'`);
  if (d.optional) parts.push('optional: true');
  if (d.kind === 'bytes') parts.push(`pad: ${d.pad}`);
  if (d.text) parts.push('text: true');
  return `{ ${parts.join(', ')} }`;
};

const payload = (p: Payload): string => {
  const parts = [
    `min: ${p.min}`,
    `fields: [${p.fields.map(field).join(', ')}]`,
    `data: [${p.data.map(data).join(', ')}]`,
  ];
  if (p.size !== undefined) parts.unshift(`size: ${p.size}`);
  if (p.trailing) parts.push('trailing: true');
  return `{ ${parts.join(', ')} }`;
};

export function layoutsTs(spec: Spec): string {
  const all = layouts(spec);
  return [
    HEAD('Layouts of message payloads as data, for decoding packets for people. Codecs do not use them.'),
    `import { Msg } from './messages.js';\n`,
    `export interface FieldLayout {
  readonly name: string;
  /** Bytes from the start of the payload (or of the list entry). */
  readonly off: number;
  readonly size: number;
  readonly enum?: string;
  readonly flags?: string;
  readonly kind?: 'vmid' | 'handle' | 'hex' | 'ipa' | 'size' | 'cap' | 'irq';
  /** RM does not look at it. */
  readonly ignored?: true;
  /** Must be, or always is, zero. */
  readonly zero?: true;
  /** This field and all later ones are present together or not at all. */
  readonly optional?: true;
  /** Length in bytes of this data part. */
  readonly lenOf?: string;
  /** Number of entries of this data part. */
  readonly countOf?: string;
}

export interface DataLayout {
  readonly kind: 'list' | 'entries' | 'bytes' | 'special';
  readonly name: string;
  /** Key of LISTS. */
  readonly list?: string;
  /** Meaning of the second half of a list header. */
  readonly second?: string;
  readonly special?: 'ids' | 'ipa_ranges';
  readonly optional?: true;
  readonly pad?: number;
  readonly text?: true;
}

export interface PayloadLayout {
  /** Exact length, if it is fixed. */
  readonly size?: number;
  readonly min: number;
  readonly fields: readonly FieldLayout[];
  readonly data: readonly DataLayout[];
  /** Further bytes are ignored. */
  readonly trailing?: true;
}

export interface ListLayout {
  /** Bytes per entry; 0 when entries differ. */
  readonly size: number;
  readonly fields: readonly FieldLayout[];
}

export interface MessageLayout {
  /** Request or notification. */
  readonly payload: PayloadLayout;
  /** Successful reply, after the code at offset 0. */
  readonly reply?: PayloadLayout;
  /** Name of the extra word of error replies. */
  readonly errorExtra?: string;
}
`,
    `export const LISTS: Readonly<Record<string, ListLayout>> = {\n${[...listLayouts(spec).values()]
      .map(
        ({ entry, fields }) => `  ${entry.name}: { size: ${entry.size}, fields: [${fields.map(field).join(', ')}] },`,
      )
      .join('\n')}\n};\n`,
    `/** Layout of every message that RM has code for, by id. */
export const LAYOUTS: Readonly<Record<number, MessageLayout>> = {\n${all
      .filter((l) => l.message.implemented !== false)
      .map((l) => {
        const key = l.kind === 'request' ? l.message.name : `N_${l.message.name}`;
        const parts = [`payload: ${payload(l.payload)}`];
        if (l.reply) parts.push(`reply: ${payload(l.reply)}`);
        if (l.errorExtra) parts.push(`errorExtra: ${q(l.errorExtra)}`);
        return `  [Msg.${key}]: { ${parts.join(', ')} },`;
      })
      .join('\n')}\n};\n`,
  ].join('\n');
}
