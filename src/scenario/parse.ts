/** Reads and checks a scenario file. Everything that can be wrong before the machine runs is found here. */
import { parseRules } from './interference.js';
import { checkExpect, checkSave } from './outcome.js';
import { STEP_KINDS } from './steps.js';
import {
  checkKeys,
  choices,
  isArray,
  isObject,
  type Json,
  type JsonObject,
  number,
  ScenarioError,
  type Scope,
  sized,
} from './values.js';

export const FORMAT = 'gunyah-scenario/1';

export interface ScenarioStep {
  /** JSON path of the step in its file. */
  path: string;
  kind: string;
  label: string | undefined;
  json: JsonObject;
}

export interface Scenario {
  name: string;
  about: string;
  /** Seed of everything random; undefined: 1. */
  seed: number | undefined;
  vars: ReadonlyMap<string, bigint>;
  /** Rules of interference that hold from the start, as text. */
  interfere: readonly string[];
  steps: readonly ScenarioStep[];
}

const TOP_KEYS = ['format', 'name', 'about', 'seed', 'vars', 'interfere', 'steps'];
const COMMON_KEYS = ['label', 'comment', 'expect', 'save'];

function lineAndColumn(text: string, at: number): string {
  const before = text.slice(0, at);
  return `line ${before.split('\n').length}, column ${before.length - before.lastIndexOf('\n')}`;
}

/** Line and column of the character at which JSON.parse gave up. */
function place(text: string, message: string): string {
  const m = /position (\d+)/.exec(message);
  return m === null ? '$' : lineAndColumn(text, Number(m[1]));
}

/** The first key that an object of valid JSON has twice: JSON.parse would drop the first without a word. */
function repeatedKey(text: string): { key: string; place: string } | undefined {
  const open: Set<string>[] = [];
  for (const m of text.matchAll(/("[^"\\]*(?:\\.[^"\\]*)*")(\s*:)?|[{}[\]]/g)) {
    const [token, string, colon] = m;
    if (token === '{' || token === '[') open.push(new Set());
    else if (token === '}' || token === ']') open.pop();
    else if (colon !== undefined) {
      const keys = open[open.length - 1];
      if (keys.has(string)) return { key: string, place: lineAndColumn(text, m.index) };
      keys.add(string);
    }
  }
  return undefined;
}

function parseJson(text: string): Json {
  try {
    const json = JSON.parse(text) as Json;
    const twice = repeatedKey(text);
    if (twice !== undefined)
      throw new ScenarioError(
        twice.place,
        `${twice.key} is there twice in one object`,
        'JSON keeps only the last: split it or drop one',
      );
    return json;
  } catch (error) {
    if (error instanceof ScenarioError) throw error;
    const message = error instanceof Error ? error.message : String(error);
    throw new ScenarioError(
      place(text, message),
      `not JSON: ${message.replace(/ in JSON at position.*$/, '').replace(/\s+/g, ' ')}`,
      'correct the syntax',
    );
  }
}

function parseStep(json: Json, path: string, scope: Scope): ScenarioStep {
  const kinds = Object.keys(STEP_KINDS);
  if (!isObject(json)) throw new ScenarioError(path, 'a step is an object', `give it one of ${kinds.join(', ')}`);
  const found = kinds.filter((k) => json[k] !== undefined);
  // A step that has a kind as one of its other keys, or none at all.
  const kind = found[0];
  if (kind === undefined) {
    const first = Object.keys(json)[0] ?? '';
    throw new ScenarioError(path, 'a step without an action', choices(first, kinds));
  }
  if (found.length > 1) throw new ScenarioError(path, `${found.join(' and ')} in one step`, 'make two steps of it');
  const step = STEP_KINDS[kind];
  checkKeys(json, [kind, ...step.keys, ...COMMON_KEYS], path);
  step.check(json, scope, path);
  const names = step.names?.(json, scope, path);
  checkExpect(json.expect, names, `${path}.expect`);
  checkSave(json.save, names, scope, `${path}.save`);
  if (json.label !== undefined && typeof json.label !== 'string')
    throw new ScenarioError(`${path}.label`, 'not text', 'write a string');
  return { path, kind, label: json.label, json };
}

/** Throws {@link ScenarioError}. */
export function parseScenario(text: string): Scenario {
  const json = parseJson(text);
  if (!isObject(json))
    throw new ScenarioError('$', 'not a scenario', `write {"format": "${FORMAT}", "name": ..., "steps": [...]}`);
  if (json.format !== FORMAT)
    throw new ScenarioError('$.format', `${JSON.stringify(json.format) ?? 'missing'}`, `write "${FORMAT}"`);
  checkKeys(json, TOP_KEYS, '$');
  if (typeof json.name !== 'string') throw new ScenarioError('$.name', 'missing', 'give the scenario a name');
  if (!isArray(json.steps) || json.steps.length === 0)
    throw new ScenarioError('$.steps', 'no steps', 'write a list of steps');
  const scope: Scope = { vars: new Map(), dry: true };
  if (json.vars !== undefined && !isObject(json.vars))
    throw new ScenarioError('$.vars', 'not an object', 'write {"name": value}');
  for (const [name, v] of Object.entries(json.vars ?? {})) scope.vars.set(name, number(v, scope, `$.vars.${name}`));
  const vars = new Map(scope.vars);
  parseRules(json.interfere, '$.interfere');
  const interfere = isArray(json.interfere) ? json.interfere.map(String) : [];
  const labels = new Set<string>();
  const steps = json.steps.map((step, i) => {
    const parsed = parseStep(step, `$.steps[${i}]`, scope);
    if (parsed.label !== undefined && labels.has(parsed.label))
      throw new ScenarioError(`${parsed.path}.label`, `${parsed.label} is there twice`, 'use every label once');
    if (parsed.label !== undefined) labels.add(parsed.label);
    return parsed;
  });
  const seed = json.seed === undefined ? undefined : Number(sized(json.seed, 4, scope, '$.seed'));
  return { name: json.name, about: typeof json.about === 'string' ? json.about : '', seed, vars, interfere, steps };
}
