/** Emits the data behind `explain`: what every call, message and code means, and the rules in order. */
import { HEAD, hexNum, hexNum64, q } from './ids.js';
import { layouts } from './layout.js';
import { assertUniqueRules, callRules, messageRules, type RuleOut } from './rules.js';
import type { Spec } from './spec.js';

const rule = (r: RuleOut): string =>
  `{ id: ${q(r.id)}, text: ${q(r.text)}, errors: [${r.errors.map(q).join(', ')}]${r.death ? `, death: ${q(r.death)}` : ''} }`;

function enumeration(e: Spec['enums']['enum'][number], flags: boolean): string {
  const number = (v: number): string => (e.bits64 === true ? `${hexNum64(1n << BigInt(v))}n` : hexNum(v));
  const values = Object.entries(e.values).map(([name, v]) => `['${name}', ${number(v)}]`);
  return `  { name: '${e.name}', flags: ${flags}, about: ${q(e.doc)}, source: ${q(e.source)}, values: [${values.join(', ')}] },`;
}

export function explainTs(spec: Spec): string {
  assertUniqueRules(spec);
  const messages = layouts(spec);
  const quirks = spec.quirks.quirk;
  return [
    HEAD('What every hypercall, message, result code, enumeration and quirk means, with the ordered rules of each.'),
    `import type { DeathId } from './deaths.js';\n`,
    `/** One step of the ordered validation of a call or request. */
export interface Rule {
  /** hvc.<call>.<n> or rm.<MESSAGE>.<n>; n = 0 of a call is the reserved argument. */
  readonly id: string;
  /** The condition under which the step refuses. */
  readonly text: string;
  /** Names of the possible result codes, in the order of testing. Empty when RM stops instead. */
  readonly errors: readonly string[];
  readonly death?: DeathId;
}

export interface CallExplanation {
  readonly number: number;
  readonly name: string;
  readonly about: string;
  readonly effect: string;
  readonly source: string;
  readonly rules: readonly Rule[];
}

export interface MessageExplanation {
  readonly id: number;
  readonly name: string;
  readonly kind: 'request' | 'notification';
  readonly about: string;
  /** Who may send the request, or who gets the notification. */
  readonly who: string;
  readonly effect: string;
  readonly source: string;
  readonly rules: readonly Rule[];
}

export interface ErrorExplanation {
  readonly domain: 'hypercall' | 'rm';
  readonly name: string;
  readonly value: number;
  readonly meaning: string;
}

export interface ObjectExplanation {
  readonly name: string;
  readonly about: string;
}

/** An enumeration, or the bits of a flag word. */
export interface EnumExplanation {
  readonly name: string;
  readonly flags: boolean;
  readonly about: string;
  readonly source: string;
  readonly values: readonly (readonly [name: string, value: number | bigint])[];
}

export interface SmcccExplanation {
  readonly name: string;
  /** Function ids: of SMC32 or the only one there is, then of SMC64. */
  readonly ids: readonly number[];
  readonly owner: string;
  readonly about: string;
  readonly source: string;
}

export interface Quirk {
  readonly id: string;
  readonly area: string;
  readonly text: string;
  readonly source: string;
  /** What a client should do about it. */
  readonly consequence: string;
}
`,
    `export const CALL_EXPLANATIONS: readonly CallExplanation[] = [\n${spec.hypercalls.call
      .map(
        (c) =>
          `  { number: ${hexNum(c.number)}, name: '${c.name}', about: ${q(c.about)}, effect: ${q(c.effect)}, source: ${q(c.source)}, rules: [${callRules(
            spec,
            c,
          )
            .map(rule)
            .join(', ')}] },`,
      )
      .join('\n')}\n];\n`,
    `export const MESSAGE_EXPLANATIONS: readonly MessageExplanation[] = [\n${messages
      .map(
        (l) =>
          `  { id: ${hexNum(l.message.id)}, name: '${l.message.name}', kind: '${l.kind}', about: ${q(l.message.about)}, who: ${q(
            l.message.caller ?? l.message.receiver ?? 'nobody: not implemented',
          )}, effect: ${q(l.message.effect ?? '')}, source: ${q(l.message.source)}, rules: [${(l.kind === 'request'
            ? messageRules(spec, l.message.name)
            : []
          )
            .map(rule)
            .join(', ')}] },`,
      )
      .join('\n')}\n];\n`,
    `export const ERROR_EXPLANATIONS: readonly ErrorExplanation[] = [\n${[
      ...spec.errors.hyp.map(
        (e) => `  { domain: 'hypercall', name: '${e.name}', value: ${e.value}, meaning: ${q(e.meaning)} },`,
      ),
      ...spec.errors.rm.map(
        (e) => `  { domain: 'rm', name: '${e.name}', value: ${hexNum(e.value)}, meaning: ${q(e.meaning)} },`,
      ),
    ].join('\n')}\n];\n`,
    `export const OBJECT_EXPLANATIONS: readonly ObjectExplanation[] = [\n${spec.objects.type
      .map((t) => `  { name: '${t.name}', about: ${q(t.about)} },`)
      .join('\n')}\n];\n`,
    `export const ENUM_EXPLANATIONS: readonly EnumExplanation[] = [\n${[
      ...spec.enums.enum.map((e) => enumeration(e, false)),
      ...spec.enums.flags.map((e) => enumeration(e, true)),
    ].join('\n')}\n];\n`,
    `export const SMCCC_EXPLANATIONS: readonly SmcccExplanation[] = [\n${spec.smccc.call
      .map(
        (c) =>
          `  { name: '${c.name}', ids: [${[c.id, ...(c.id64 === undefined ? [] : [c.id64])].map(hexNum).join(', ')}], owner: '${c.owner}', about: ${q(c.about)}, source: ${q(c.source)} },`,
      )
      .join('\n')}\n];\n`,
    `/** Behaviour of the real system that surprises. */
export const QUIRKS: readonly Quirk[] = [\n${quirks
      .map(
        (k) =>
          `  { id: '${k.id}', area: ${q(k.area)}, text: ${q(k.text)}, source: ${q(k.source)}, consequence: ${q(k.consequence)} },`,
      )
      .join('\n')}\n];\n`,
  ].join('\n');
}
