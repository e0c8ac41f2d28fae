/** Looks up what a code, call, message, rule, quirk or death means. Not part of index.ts: only tools for people need this data. */
import { hex, nearest } from '../base/index.js';
import { DEATHS, type DeathInfo } from './deaths.js';
import {
  CALL_EXPLANATIONS,
  type CallExplanation,
  ENUM_EXPLANATIONS,
  ERROR_EXPLANATIONS,
  type ErrorExplanation,
  MESSAGE_EXPLANATIONS,
  type MessageExplanation,
  OBJECT_EXPLANATIONS,
  type ObjectExplanation,
  QUIRKS,
  type Quirk,
  type Rule,
  SMCCC_EXPLANATIONS,
  type SmcccExplanation,
} from './explain-data.js';
import { enumLines, type FoundEnum, findEnums } from './explain-enum.js';
import { callLines, messageLines } from './explain-layout.js';
import { type ObjectType, Rights } from './objects.js';
import { Platform } from './platform.js';

export * from './explain-data.js';

export type Explanation =
  | { readonly kind: 'call'; readonly call: CallExplanation }
  | { readonly kind: 'message'; readonly message: MessageExplanation }
  | { readonly kind: 'error'; readonly error: ErrorExplanation; readonly givenBy: readonly string[] }
  | { readonly kind: 'rule'; readonly rule: Rule; readonly of: string }
  | { readonly kind: 'object'; readonly object: ObjectExplanation; readonly rights: readonly RightUse[] }
  | FoundEnum
  | { readonly kind: 'smccc'; readonly smccc: SmcccExplanation }
  | { readonly kind: 'quirk'; readonly quirk: Quirk }
  | { readonly kind: 'death'; readonly death: DeathInfo };

/** A right of an object type, and the calls that want it. */
export interface RightUse {
  readonly name: string;
  readonly bit: number;
  readonly calls: readonly string[];
}

/** Every right of a type. Who wants it is in the words of the rules, which are made of one pattern. */
function rightsOf(type: string): RightUse[] {
  const rights: Readonly<Record<string, number>> = {
    ...Rights[type as keyof typeof ObjectType],
    OBJECT_ACTIVATE: Rights.OBJECT_ACTIVATE,
  };
  const pattern = (right: string): RegExp => new RegExp(`\\b(${type}|a) capability with the right [^;]*\\b${right}\\b`);
  const wants = (rules: readonly Rule[], right: string): boolean => rules.some((r) => pattern(right).test(r.text));
  return Object.entries(rights).map(([name, bit]) => ({
    name,
    bit,
    calls: CALL_EXPLANATIONS.filter((c) => wants(c.rules, name)).map((c) => c.name),
  }));
}

/** Ids of the rules that can give this code. */
function rulesGiving(error: ErrorExplanation): string[] {
  const of: readonly { readonly rules: readonly Rule[] }[] =
    error.domain === 'hypercall' ? CALL_EXPLANATIONS : MESSAGE_EXPLANATIONS;
  return of.flatMap((x) => x.rules.filter((r) => r.errors.includes(error.name)).map((r) => r.id));
}

/** The rule with this id, and the name of the call or message it belongs to. */
export function findRule(id: string): { rule: Rule; of: string } | undefined {
  for (const x of [...CALL_EXPLANATIONS, ...MESSAGE_EXPLANATIONS]) {
    const rule = x.rules.find((r) => r.id === id);
    if (rule !== undefined) return { rule, of: x.name };
  }
  return undefined;
}

function byNumber(n: number): Explanation[] {
  const out: Explanation[] = [];
  const code = n | 0;
  for (const error of ERROR_EXPLANATIONS) {
    if ((error.value | 0) === code) out.push({ kind: 'error', error, givenBy: rulesGiving(error) });
  }
  const number = n >= Platform.HYPERCALL_BASE ? n - Platform.HYPERCALL_BASE : n;
  const call = CALL_EXPLANATIONS.find((c) => c.number === number);
  if (call !== undefined) out.push({ kind: 'call', call });
  const message = MESSAGE_EXPLANATIONS.find((m) => m.id === n);
  if (message !== undefined) out.push({ kind: 'message', message });
  const smccc = SMCCC_EXPLANATIONS.find((c) => c.ids.includes(n));
  if (smccc !== undefined) out.push({ kind: 'smccc', smccc });
  return out;
}

/** Prefixes that sources of the hypervisor, of RM and of their clients put before the name of a code, by whose code it is. */
const ERROR_PREFIX = /^(?:GH_|GUNYAH_)?(RM_)?ERROR_/;

function byErrorName(upper: string): Explanation[] {
  const prefix = ERROR_PREFIX.exec(upper);
  const domain = prefix === null ? undefined : prefix[1] === undefined ? 'hypercall' : 'rm';
  const name = upper.slice(prefix?.[0].length ?? 0);
  return ERROR_EXPLANATIONS.filter((e) => e.name === name && (domain === undefined || e.domain === domain)).map(
    (error) => ({ kind: 'error', error, givenBy: rulesGiving(error) }),
  );
}

/** Everything that the word means: a name in any case, a number (decimal or 0x; of codes, calls and messages only), a rule id,
 * a quirk or death id. Several results when it is ambiguous (a number, or a code name of both domains); empty when nothing is known. */
export function explain(query: string): Explanation[] {
  const word = query.trim();
  if (/^(0x[0-9a-f]+|-?\d+)$/i.test(word)) return byNumber(Number(word));
  const rule = findRule(word);
  if (rule !== undefined) return [{ kind: 'rule', ...rule }];
  const lower = word.toLowerCase();
  const upper = word.toUpperCase().replace(/^N_/, '');
  const out = byErrorName(upper);
  for (const call of CALL_EXPLANATIONS) if (call.name === lower) out.push({ kind: 'call', call });
  for (const message of MESSAGE_EXPLANATIONS) if (message.name === upper) out.push({ kind: 'message', message });
  for (const object of OBJECT_EXPLANATIONS)
    if (object.name === upper) out.push({ kind: 'object', object, rights: rightsOf(object.name) });
  for (const smccc of SMCCC_EXPLANATIONS) if (smccc.name === upper) out.push({ kind: 'smccc', smccc });
  out.push(...findEnums(word));
  for (const quirk of QUIRKS) if (quirk.id === lower) out.push({ kind: 'quirk', quirk });
  for (const death of Object.values(DEATHS)) if (death.id === lower) out.push({ kind: 'death', death });
  return out;
}

/** What there is to explain: by topic, names with what each of them is about. */
export const TOPICS: Readonly<Record<string, readonly (readonly [name: string, about: string])[]>> = {
  hypercalls: CALL_EXPLANATIONS.map((c) => [c.name, c.about]),
  messages: MESSAGE_EXPLANATIONS.map((m) => [m.name, m.about]),
  results: ERROR_EXPLANATIONS.map((e) => [
    e.name,
    `${e.domain === 'rm' ? 'RM' : 'hypercall'} ${e.value}: ${e.meaning}`,
  ]),
  objects: OBJECT_EXPLANATIONS.map((o) => [o.name, o.about]),
  enums: ENUM_EXPLANATIONS.map((e) => [e.name, e.values.map(([name]) => name).join(' ')]),
  smccc: SMCCC_EXPLANATIONS.map((c) => [c.name, c.about]),
  quirks: QUIRKS.map((q) => [q.id, q.text]),
  deaths: Object.values(DEATHS).map((d) => [d.id, d.trigger]),
};

const unique = (names: readonly string[]): string[] => [...new Set(names)];
const NAMES = unique(Object.values(TOPICS).flatMap((list) => list.map(([name]) => name)));
const VALUES = unique(ENUM_EXPLANATIONS.flatMap((e) => e.values.map(([name]) => name)));

const RULE_IDS = [...CALL_EXPLANATIONS, ...MESSAGE_EXPLANATIONS].flatMap((x) => x.rules.map((r) => r.id));
/** `rm.VM_START` of `rm.VM_START.1`. */
const groupOf = (rule: string): string => rule.replace(/(\.[^.]*)\..*/, '$1');

/** All rules of the call or message that such an id names, or probably means. */
function rulesLike(id: string): string[] {
  if (!/^(hvc|rm)\../i.test(id)) return [];
  const groups = unique(RULE_IDS.map(groupOf));
  const meant = nearest(groupOf(id), groups);
  return RULE_IDS.filter((rule) => groupOf(rule) === meant);
}

/** Shorter words are in everything, and near everything. */
const SHORTEST = 3;

/**
 * Names close to a word that `explain` does not know: those that contain it (names of values only when no other does), or the
 * one that was probably meant. At most 10; of a rule that is not there, all rules of its call or message.
 */
export function suggestions(query: string): string[] {
  const word = query.trim().toLowerCase();
  if (word.length < SHORTEST) return [];
  const rules = rulesLike(word);
  if (rules.length > 0) return rules;
  for (const names of [NAMES, VALUES]) {
    const containing = names.filter((n) => n.toLowerCase().includes(word));
    if (containing.length > 0) return containing.slice(0, 10);
  }
  const meant = nearest(word, [...NAMES, ...VALUES]);
  return meant === undefined ? [] : [meant];
}

const ruleLine = (r: Rule): string => {
  const result = r.death !== undefined ? `RM stops (${r.death})` : r.errors.join(', ');
  return `  ${r.id}: ${r.text} -> ${result}`;
};

/** Rules that are named; a code as common as CSPACE_WRONG_OBJECT_TYPE has a hundred. */
const NAMED = 12;

function givenByLines(rules: readonly string[]): string[] {
  if (rules.length === 0) return [];
  const more = rules.length > NAMED ? ` and ${rules.length - NAMED} more (--json lists them)` : '';
  return [`given by ${rules.length} rules: ${rules.slice(0, NAMED).join(' ')}${more}`];
}

/** One explanation as lines of text. */
export function explanationLines(e: Explanation): string[] {
  switch (e.kind) {
    case 'call':
      return [
        `hypercall ${e.call.name} (${hex(e.call.number)}, HVC #${hex(e.call.number + Platform.HYPERCALL_BASE)})`,
        e.call.about,
        ...callLines(e.call.number),
        e.call.effect,
        ...(e.call.rules.length > 0 ? ['refused, in this order, when'] : []),
        ...e.call.rules.map(ruleLine),
        `source: ${e.call.source}`,
      ];
    case 'message':
      return [
        `${e.message.kind} ${e.message.name} (${hex(e.message.id)}), ${e.message.kind === 'request' ? 'from' : 'to'}: ${e.message.who}`,
        e.message.about,
        ...messageLines(e.message.id, e.message.kind),
        ...(e.message.effect === '' ? [] : [e.message.effect]),
        ...(e.message.rules.length > 0 ? ['refused, in this order, when'] : []),
        ...e.message.rules.map(ruleLine),
        `source: ${e.message.source}`,
      ];
    case 'error':
      return [
        `${e.error.domain === 'rm' ? 'RM reply code' : 'hypercall result'} ${e.error.name} (${e.error.value})`,
        e.error.meaning,
        ...givenByLines(e.givenBy),
      ];
    case 'rule':
      return [`rule of ${e.of}`, ruleLine(e.rule)];
    case 'object': {
      const width = Math.max(...e.rights.map((r) => r.name.length));
      return [
        `object type ${e.object.name}`,
        e.object.about,
        'rights of its capabilities, and the calls that want them',
        ...e.rights.map((r) => `  ${r.name.padEnd(width)}  ${hex(r.bit).padEnd(10)}  ${r.calls.join(', ')}`.trimEnd()),
      ];
    }
    case 'enum':
      return enumLines(e);
    case 'smccc':
      return [
        `SMCCC call ${e.smccc.name} (${e.smccc.ids.map(hex).join(', ')}), ${e.smccc.owner}`,
        e.smccc.about,
        `source: ${e.smccc.source}`,
      ];
    case 'quirk':
      return [
        `quirk ${e.quirk.id} (${e.quirk.area})`,
        e.quirk.text,
        `so: ${e.quirk.consequence}`,
        `source: ${e.quirk.source}`,
      ];
    case 'death':
      return [`death ${e.death.id} (${e.death.kind})`, e.death.trigger, `source: ${e.death.source}`];
  }
}
