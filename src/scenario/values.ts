/** Values of a scenario file: JSON, numbers in every notation, variables, and how a mistake is reported. */
import { fromHex, named, nearest } from '../base/index.js';

export type Json = null | boolean | number | string | readonly Json[] | JsonObject;
export interface JsonObject {
  readonly [key: string]: Json;
}

/** A mistake in a scenario file: where (JSON path), what is wrong, what to do about it. */
export class ScenarioError extends Error {
  override readonly name = 'ScenarioError';
  constructor(
    readonly path: string,
    readonly what: string,
    readonly fix: string,
  ) {
    super(`${path}: ${what}; ${fix}`);
  }
}

/** Variables that earlier steps saved. `dry`: the file is only checked, values are not known yet. */
export interface Scope {
  readonly vars: Map<string, bigint>;
  readonly dry: boolean;
}

export const isObject = (v: Json | undefined): v is JsonObject =>
  typeof v === 'object' && v !== null && !Array.isArray(v);

export const isArray = (v: Json | undefined): v is readonly Json[] => Array.isArray(v);

/** "did you mean X", or what there is to choose from. */
export function choices(word: string, names: readonly string[]): string {
  const best = nearest(word, names);
  if (best !== undefined) return `did you mean ${best}?`;
  return names.length === 0
    ? 'nothing can stand here'
    : `use one of ${names.slice(0, 12).join(', ')}${names.length > 12 ? ', ...' : ''}`;
}

export function checkKeys(o: JsonObject, allowed: readonly string[], path: string): void {
  for (const key of Object.keys(o)) {
    if (!allowed.includes(key)) throw new ScenarioError(`${path}.${key}`, 'unknown key', choices(key, allowed));
  }
}

const NUMBER_FIX = 'write a number, "0x..." or "$variable" (sums such as "$base + 0x1000" too)';

function term(text: string, scope: Scope, path: string, names: Readonly<Record<string, number>>): bigint {
  if (/^(0x[0-9a-f_]+|\d[\d_]*)$/i.test(text)) return BigInt(text.replaceAll('_', ''));
  if (text.startsWith('$')) {
    const value = scope.vars.get(text.slice(1));
    if (value === undefined) {
      throw new ScenarioError(
        path,
        `variable ${text} has no value`,
        scope.vars.size === 0
          ? 'save it in an earlier step, or put it into "vars"'
          : `save it in an earlier step, or ${choices(text.slice(1), [...scope.vars.keys()])}`,
      );
    }
    return value;
  }
  const value = named(names, text) ?? named(names, text.toUpperCase());
  if (value !== undefined) return BigInt(value);
  const known = Object.keys(names);
  throw new ScenarioError(path, `"${text}" is not a number`, known.length > 0 ? choices(text, known) : NUMBER_FIX);
}

/** An integer: JSON number, `"0x10"`, `"-1"`, `"$name"`, a name of `names`, or a sum of those. */
export function number(
  v: Json | undefined,
  scope: Scope,
  path: string,
  names: Readonly<Record<string, number>> = {},
): bigint {
  if (typeof v === 'number') {
    if (!Number.isSafeInteger(v))
      throw new ScenarioError(path, `${v} is not a whole number below 2^53`, 'write larger values as "0x..."');
    return BigInt(v);
  }
  if (typeof v !== 'string' || v.trim() === '')
    throw new ScenarioError(path, `a number is needed, not ${JSON.stringify(v) ?? 'nothing'}`, NUMBER_FIX);
  let sum = 0n;
  let sign = 1n;
  for (const part of v.split(/\s*([+-])\s*/)) {
    if (part === '' || part === '+') continue;
    if (part === '-') {
      sign = -1n;
      continue;
    }
    sum += sign * term(part.trim(), scope, path, names);
    sign = 1n;
  }
  return sum;
}

/** An integer from `min` to `size` bytes all ones, as it is in memory. */
function inBytes(value: bigint, min: bigint, size: number, isKnown: boolean, path: string): bigint {
  const bits = size * 8;
  const max = (1n << BigInt(bits)) - 1n;
  if (isKnown && (value > max || value < min))
    throw new ScenarioError(path, `${value} does not fit into ${size} bytes`, `use ${min} to ${max}`);
  return BigInt.asUintN(bits, value);
}

/** What a variable holds is not known while a file is only checked. */
const isKnown = (v: Json | undefined, scope: Scope): boolean =>
  !(scope.dry && typeof v === 'string' && v.includes('$'));

/** An unsigned integer of `size` bytes. */
export const sized = (
  v: Json | undefined,
  size: number,
  scope: Scope,
  path: string,
  names?: Readonly<Record<string, number>>,
): bigint => inBytes(number(v, scope, path, names), 0n, size, isKnown(v, scope), path);

/** What a register or a store of `size` bytes takes: an unsigned integer, or a negative one in two's complement. */
export const signedOrNot = (v: Json | undefined, size: number, scope: Scope, path: string): bigint =>
  inBytes(number(v, scope, path), -(1n << BigInt(size * 8 - 1)), size, isKnown(v, scope), path);

export const address = (v: Json | undefined, scope: Scope, path: string): number => {
  const value = number(v, scope, path);
  if (value < 0n || value >= 1n << 44n)
    throw new ScenarioError(path, `address 0x${value.toString(16)} is out of range`, 'use 0 to 2^44 - 1');
  return Number(value);
};

export function hexBytes(v: Json | undefined, path: string): Uint8Array {
  const bytes = typeof v === 'string' ? fromHex(v) : undefined;
  if (bytes === undefined)
    throw new ScenarioError(path, 'not a string of hex digits', 'write bytes such as "0a 0b 0c"');
  return bytes;
}

const UNITS: Readonly<Record<string, number>> = { ns: 1, us: 1_000, ms: 1_000_000, s: 1_000_000_000 };

/** Virtual time in nanoseconds: `"5ms"`, `"100us"`. */
export function duration(v: Json | undefined, path: string): number {
  const m = typeof v === 'string' ? /^(\d+(?:\.\d+)?)\s*(ns|us|ms|s)$/.exec(v.trim()) : null;
  const ns = m === null ? Number.NaN : Math.round(Number(m[1]) * UNITS[m[2]]);
  if (!(ns >= 0 && ns <= 3_600_000_000_000))
    throw new ScenarioError(
      path,
      `${JSON.stringify(v) ?? 'nothing'} is not a time`,
      'write for example "5ms" (units ns, us, ms, s; at most an hour)',
    );
  return ns;
}
