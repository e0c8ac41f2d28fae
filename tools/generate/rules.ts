/** Rules of calls and messages with their full ids, as prose pages and `explain` use them. */
import { parseArg } from './calls.js';
import { layouts } from './layout.js';
import type { CallEntry, CheckEntry, Spec } from './spec.js';

export interface RuleOut {
  id: string;
  text: string;
  /** Names of the result codes, in the order in which they are tested. */
  errors: string[];
  death?: string;
  /** Kind of the capability lookup that the rule is. */
  lookup?: 'active' | 'any' | 'activate';
}

const LOOKUP = ['ARGUMENT_INVALID', 'CSPACE_CAP_NULL', 'CSPACE_CAP_REVOKED'];

/** Result codes of a capability lookup of this kind, in order. */
export function lookupErrors(c: CheckEntry): string[] {
  const rest =
    c.kind === 'activate'
      ? ['CSPACE_INSUFFICIENT_RIGHTS', 'CSPACE_WRONG_OBJECT_TYPE']
      : c.type === 'ANY'
        ? ['CSPACE_INSUFFICIENT_RIGHTS']
        : ['CSPACE_WRONG_OBJECT_TYPE', 'CSPACE_INSUFFICIENT_RIGHTS'];
  return [...LOOKUP, ...rest, ...(c.kind === 'active' ? ['OBJECT_STATE'] : [])];
}

function lookupText(c: CheckEntry): string {
  const what = c.type === 'ANY' ? 'a capability' : `a ${c.type} capability`;
  const right = c.kind === 'activate' ? 'the right OBJECT_ACTIVATE' : `the right ${(c.right ?? []).join(' and ')}`;
  const state = c.kind === 'active' ? '; the object must be ACTIVE' : '';
  return `${c.lookup} is not ${what} with ${right}${state}${c.text ? ` (${c.text})` : ''}`;
}

export function callRules(spec: Spec, call: CallEntry): RuleOut[] {
  const known = new Set(spec.errors.hyp.map((e) => e.name));
  const out: RuleOut[] = [];
  const reserved = call.in.map(parseArg).findIndex((a) => a.type === 'reserved');
  if (reserved >= 0) {
    const value = parseArg(call.in[reserved]).name === 'res0' ? '0' : 'all ones';
    out.push({
      id: `hvc.${call.name}.0`,
      text: `x${reserved} is not ${value} (native calls only)`,
      errors: ['ARGUMENT_INVALID'],
    });
  }
  for (const c of call.check ?? []) {
    const errors = c.lookup !== undefined ? lookupErrors(c) : [c.error ?? ''];
    for (const e of errors) if (!known.has(e)) throw new Error(`${call.name}.${c.n}: unknown error '${e}'`);
    out.push({
      id: `hvc.${call.name}.${c.n}`,
      text: c.lookup !== undefined ? lookupText(c) : (c.text ?? ''),
      errors,
      lookup: c.lookup !== undefined ? c.kind : undefined,
    });
  }
  return out;
}

export function messageRules(spec: Spec, name: string): RuleOut[] {
  const known = new Set(spec.errors.rm.map((e) => e.name));
  const deaths = new Set(spec.deaths.death.map((d) => d.id));
  const layout = layouts(spec).find((l) => l.kind === 'request' && l.message.name === name);
  const m = layout?.message;
  if (m === undefined) return [];
  if (m.implemented === false) {
    return [{ id: `rm.${name}.1`, text: 'always: there is no code behind this id', errors: ['UNIMPLEMENTED'] }];
  }
  return (m.check ?? []).map((c) => {
    if (c.error !== undefined && !known.has(c.error)) throw new Error(`${name}.${c.n}: unknown error '${c.error}'`);
    if (c.death !== undefined && !deaths.has(c.death)) throw new Error(`${name}.${c.n}: unknown death '${c.death}'`);
    return {
      id: `rm.${name}.${c.n}`,
      text: c.text ?? '',
      errors: c.error === undefined ? [] : [c.error],
      death: c.death,
    };
  });
}

/** Fails when two rules have the same id. */
export function assertUniqueRules(spec: Spec): void {
  const seen = new Set<string>();
  const all = [
    ...spec.hypercalls.call.flatMap((c) => callRules(spec, c)),
    ...spec.messages.request.flatMap((m) => messageRules(spec, m.name)),
  ];
  for (const r of all) {
    if (seen.has(r.id)) throw new Error(`rule ${r.id} twice`);
    seen.add(r.id);
  }
}
