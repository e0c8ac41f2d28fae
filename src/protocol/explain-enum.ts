/** Enumerations and flag words for `explain`: found by their name or that of a value, with the fields of messages that carry them. */
import { hex } from '../base/index.js';
import { ENUM_EXPLANATIONS, type EnumExplanation } from './explain-data.js';
import { type FieldLayout, LAYOUTS, LISTS, type PayloadLayout } from './layouts.js';
import { messageName } from './messages.js';

/** `value`: asked for by this name of a value; undefined: all of them. */
export interface FoundEnum {
  readonly kind: 'enum';
  readonly enumeration: EnumExplanation;
  readonly value?: string;
  readonly fields: readonly string[];
}

const carries = (f: FieldLayout, name: string): boolean => f.enum === name || f.flags === name;

function fieldsOf(p: PayloadLayout, name: string): string[] {
  const inLists = p.data.flatMap((d) =>
    (LISTS[d.list ?? '']?.fields ?? []).filter((f) => carries(f, name)).map((f) => `${d.name}[].${f.name}`),
  );
  return [...p.fields.filter((f) => carries(f, name)).map((f) => f.name), ...inLists];
}

/** `VM_STATUS vm_state`: every field of a message that has these values. */
const usedIn = (name: string): string[] =>
  Object.entries(LAYOUTS).flatMap(([id, { payload, reply }]) => [
    ...fieldsOf(payload, name).map((field) => `${messageName(Number(id))} ${field}`),
    ...(reply === undefined ? [] : fieldsOf(reply, name).map((field) => `${messageName(Number(id))} reply ${field}`)),
  ]);

const plain = (name: string): string => name.replace(/[\s_-]/g, '').toLowerCase();

/** `VmState`, `vm_state`, `RUNNING` or `VmState.RUNNING`. The name of a value may be one of several enumerations. */
export function findEnums(word: string): FoundEnum[] {
  const [, of, last] = /^(?:(\w+)\.)?(.*)$/.exec(word) ?? ['', undefined, word];
  const known = (e: EnumExplanation, value?: string): FoundEnum => ({
    kind: 'enum',
    enumeration: e,
    value,
    fields: usedIn(e.name),
  });
  if (of === undefined) {
    const named = ENUM_EXPLANATIONS.filter((e) => plain(e.name) === plain(last));
    if (named.length > 0) return named.map((e) => known(e));
  }
  const upper = last.toUpperCase();
  return ENUM_EXPLANATIONS.filter(
    (e) => (of === undefined || plain(e.name) === plain(of)) && e.values.some(([name]) => name === upper),
  ).map((e) => known(e, upper));
}

const number = (e: EnumExplanation, value: number | bigint): string => (e.flags ? hex(value) : String(value));

export function enumLines({ enumeration: e, value, fields }: FoundEnum): string[] {
  const kind = e.flags ? 'flags' : 'enumeration';
  const numbers = e.values.map(([name, v]) => [number(e, v), name]);
  const width = Math.max(...numbers.map(([v]) => v.length));
  const mine = numbers.find(([, name]) => name === value);
  const list =
    mine === undefined
      ? numbers.map(([v, name]) => `  ${v.padStart(width)}  ${name}`)
      : [`all: ${numbers.map(([v, name]) => `${name} ${v}`).join(', ')}`];
  return [
    mine === undefined ? `${kind} ${e.name}` : `${mine[1]} (${mine[0]}), of the ${kind} ${e.name}`,
    e.about,
    ...list,
    ...(fields.length === 0 ? [] : [`in: ${fields.join(', ')}`]),
    `source: ${e.source}`,
  ];
}
