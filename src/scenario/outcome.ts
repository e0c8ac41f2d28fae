/** Results of a step as named values: what `expect` compares and `save` keeps. */
import { hex, toHex } from '../base/index.js';
import {
  type DecodedField,
  type DecodedMessage,
  LAYOUTS,
  LISTS,
  RM_ERROR_NAMES,
  RmError,
  RpcType,
} from '../protocol/index.js';
import { namesOf } from './encode.js';
import { choices, isArray, isObject, type Json, type JsonObject, number, ScenarioError, type Scope } from './values.js';

/** One value under its name. `names`: of the values it can have. */
export interface Value {
  readonly value: bigint | Uint8Array;
  readonly text: string;
  readonly names?: Readonly<Record<string, number>>;
}

export interface Result {
  readonly values: ReadonlyMap<string, Value>;
  readonly lists: ReadonlyMap<string, readonly ReadonlyMap<string, Value>[]>;
}

export const EMPTY_RESULT: Result = { values: new Map(), lists: new Map() };

/** Names of the values of a field of this message, or of an entry of one of its lists. */
function fieldNames(
  m: DecodedMessage,
  list: string | undefined,
  name: string,
): Readonly<Record<string, number>> | undefined {
  const layout = LAYOUTS[m.id];
  const part = m.type === RpcType.REPLY ? layout?.reply : layout?.payload;
  const data = part?.data.find((d) => d.name === list);
  if (data?.special === 'ids') return name === 'type' ? namesOf('IdType') : undefined;
  const fields = list === undefined ? part?.fields : LISTS[data?.list ?? '']?.fields;
  const of = fields?.find((f) => f.name === name);
  const from = of?.enum ?? of?.flags;
  return from === undefined ? undefined : namesOf(from);
}

const fieldMap = (m: DecodedMessage, list: string | undefined, fields: readonly DecodedField[]): Map<string, Value> =>
  new Map(
    fields.map((f) => [
      f.name,
      {
        value: f.value instanceof Uint8Array ? f.value : BigInt(f.value),
        text: f.text,
        names: fieldNames(m, list, f.name),
      },
    ]),
  );

/** A reply: `error` and its fields and lists. */
export function messageResult(m: DecodedMessage): Result {
  const values = fieldMap(m, undefined, m.fields);
  if (m.code !== undefined) {
    values.set('error', { value: BigInt(m.code), text: RM_ERROR_NAMES[m.code] ?? hex(m.code), names: RmError });
  }
  return { values, lists: new Map(m.lists.map((l) => [l.name, l.entries.map((e) => fieldMap(m, l.name, e))])) };
}

export function numbersResult(
  values: Readonly<Record<string, bigint | undefined>>,
  names: Readonly<Record<string, Readonly<Record<string, number>>>> = {},
): Result {
  const map = new Map<string, Value>();
  for (const [name, value] of Object.entries(values)) {
    if (value === undefined) continue;
    const known = names[name];
    const text =
      known === undefined
        ? undefined
        : Object.keys(known).find((k) => BigInt.asUintN(64, BigInt(known[k])) === BigInt.asUintN(64, value));
    map.set(name, { value, text: text ?? hex(value), names: known });
  }
  return { values: map, lists: new Map() };
}

/** `same`: holds. Otherwise what there is instead. */
function compare(v: Value, wanted: Json, scope: Scope, path: string): string | undefined {
  if (v.value instanceof Uint8Array) {
    const text = String(isObject(wanted) ? wanted.hex : wanted);
    const plain = v.text.startsWith('"') ? (JSON.parse(v.text) as string) : v.text;
    return text === plain || text.replace(/[\s,:]/g, '').toLowerCase() === toHex(v.value) ? undefined : v.text;
  }
  const options = isArray(wanted) ? wanted : [wanted];
  const hit = options.some((w, i) => {
    const n = number(w, scope, isArray(wanted) ? `${path}[${i}]` : path, v.names);
    const have = v.value as bigint;
    return BigInt.asUintN(64, n) === BigInt.asUintN(64, have);
  });
  return hit ? undefined : v.text;
}

const PATH = /^(\w+)(?:\[([^\]]*)\])?(?:\.(\w+))?$/;
const PATH_FIX = 'write "field", "list[0].field" or "list[type=VIRTUAL_CPU].field"';

function checkResultPath(text: string, path: string): string {
  const m = PATH.exec(text);
  if (m === null) throw new ScenarioError(path, `"${text}" names no value`, PATH_FIX);
  return m[1];
}

/** The value that a path names, or what is wrong with it. */
function find(result: Result, text: string, scope: Scope, path: string): Value | string {
  const m = PATH.exec(text);
  if (m === null) throw new ScenarioError(path, `"${text}" names no value`, PATH_FIX);
  const [, name, filter, field] = m;
  const list = result.lists.get(name);
  if (filter === undefined) {
    if (list !== undefined) return { value: BigInt(list.length), text: String(list.length) };
    return result.values.get(name) ?? `there is no ${name}`;
  }
  if (list === undefined) return `there is no list ${name}`;
  const entry = /^\d+$/.test(filter) ? list[Number(filter)] : list.find((e) => matches(e, filter, scope, path));
  if (entry === undefined) return `${name} has no entry [${filter}] (${list.length} entries)`;
  return entry.get(field ?? '') ?? `entries of ${name} have no ${field ?? 'field name'}`;
}

function matches(entry: ReadonlyMap<string, Value>, filter: string, scope: Scope, path: string): boolean {
  return filter.split(',').every((part) => {
    const [key, wanted] = part.split('=').map((s) => s.trim());
    const v = entry.get(key);
    return v !== undefined && wanted !== undefined && compare(v, wanted, scope, path) === undefined;
  });
}

/** Expectations that do not hold, in words. */
export function failures(
  result: Result,
  expect: JsonObject,
  scope: Scope,
  path: string,
): { path: string; text: string }[] {
  const out: { path: string; text: string }[] = [];
  for (const [key, wanted] of Object.entries(expect)) {
    const at = `${path}.${key}`;
    const v = find(result, key, scope, at);
    const have = typeof v === 'string' ? v : compare(v, wanted, scope, at);
    const is = typeof v === 'string' ? '' : `${key} is `;
    if (have !== undefined) out.push({ path: at, text: `${is}${have}, expected ${JSON.stringify(wanted)}` });
  }
  return out;
}

/** Keeps values in variables. Returns what could not be found. */
export function save(result: Result, what: JsonObject, scope: Scope, path: string): { path: string; text: string }[] {
  const out: { path: string; text: string }[] = [];
  for (const [name, from] of Object.entries(what)) {
    const at = `${path}.${name}`;
    const v = find(result, String(from), scope, at);
    if (typeof v === 'string') out.push({ path: at, text: v });
    else if (v.value instanceof Uint8Array) out.push({ path: at, text: `${String(from)} is not a number` });
    else scope.vars.set(name, v.value);
  }
  return out;
}

/** Checks `save` of a step in a dry run: syntax, and the first name when the possible ones are known. */
export function checkSave(
  what: Json | undefined,
  names: readonly string[] | undefined,
  scope: Scope,
  path: string,
): void {
  if (what === undefined) return;
  if (!isObject(what)) throw new ScenarioError(path, 'not an object', 'write {"variable": "field"}');
  for (const [name, from] of Object.entries(what)) {
    if (!/^[A-Za-z_]\w*$/.test(name))
      throw new ScenarioError(`${path}.${name}`, 'not a variable name', 'use letters, digits and _');
    if (typeof from !== 'string') throw new ScenarioError(`${path}.${name}`, 'not a field name', PATH_FIX);
    const head = checkResultPath(from, `${path}.${name}`);
    if (names !== undefined && !names.includes(head))
      throw new ScenarioError(`${path}.${name}`, `there is no ${head}`, choices(head, names));
    scope.vars.set(name, 1n);
  }
}

export function checkExpect(expect: Json | undefined, names: readonly string[] | undefined, path: string): void {
  if (expect === undefined || typeof expect === 'string') return;
  if (!isObject(expect))
    throw new ScenarioError(path, 'not an object', 'write {"field": value}, or the name of an error');
  for (const key of Object.keys(expect)) {
    const head = checkResultPath(key, `${path}.${key}`);
    if (names !== undefined && !names.includes(head))
      throw new ScenarioError(`${path}.${key}`, `there is no ${head}`, choices(head, names));
  }
}
