/** Which checks a run takes. */
import { nearest } from '../base/index.js';
import type { Case, Level } from './types.js';

export interface Selection {
  /** Ids or prefixes: `FRAG`, `FRAG-6`, `rmclient/frag/6`, `rmclient`; empty: everything. */
  ids: readonly string[];
  skip: readonly string[];
  /** Checks of what a client should do. */
  strict: boolean;
  /** Checks with a faulty or hostile server. */
  hostile: boolean;
  /** Only checks that this level of client can take; G: all. */
  level?: Level;
}

/** Ids that name nothing in the catalog; `near`: what the first of them probably means. */
export class UnknownIds extends Error {
  constructor(
    ids: readonly string[],
    readonly near: string | undefined,
  ) {
    const isEmpty = ids.includes('');
    const called = isEmpty ? 'an id is empty: rmclient is every check' : `no check is called ${ids.join(', ')}`;
    const hint = near === undefined || isEmpty ? '' : `did you mean ${near}? `;
    super(`${called}${isEmpty ? ',' : ':'} ${hint}--list shows all`);
  }
}

const EVERYTHING = 'RMCLIENT';

/** `rmclient/frag/6` and `frag-6` are FRAG-6; `rmclient` is everything. */
export const normalId = (id: string): string =>
  id
    .replace(/\/$/, '')
    .replace(/^rmclient\//i, '')
    .replaceAll('/', '-')
    .toUpperCase();

/** Whether `wanted`, in normal form, is this check, its group or everything. */
export const matchesId = (check: string, wanted: string): boolean =>
  wanted === EVERYTHING || check === wanted || check.startsWith(`${wanted}-`);

/** Throws {@link UnknownIds} for those that are neither a check nor a group nor everything. */
export function refuseUnknown(catalog: readonly Case[], ids: readonly string[]): void {
  const unknown = ids.filter((id) => !catalog.some((c) => matchesId(c.id, normalId(id))));
  if (unknown.length === 0) return;
  const names = new Set(catalog.flatMap((c) => [c.id.replace(/-\d+$/, ''), c.id]));
  throw new UnknownIds(unknown, nearest(unknown[0], [...names]));
}

/** Why {@link select} took nothing. */
export function whyNothing(catalog: readonly Case[], s: Selection): string {
  const byLevel = select(catalog, { ...s, level: undefined });
  if (byLevel.length > 0) {
    const levels = [...new Set(byLevel.map((c) => c.level))].join(' and ');
    const what = s.ids.length === 0 ? 'everything' : s.ids.join(', ');
    const are = s.ids.length === 1 ? 'it is' : 'they are';
    return `--level ${s.level} leaves out ${what}: ${are} for clients of level ${levels}`;
  }
  if (select(catalog, { ...s, skip: [] }).length > 0) return '--skip leaves everything out';
  return '--strict and --hostile add checks, --list shows all';
}

/** A check named in full is taken whatever its class. Throws {@link UnknownIds}. */
export function select(catalog: readonly Case[], s: Selection): Case[] {
  const ids = s.ids.map(normalId);
  const skip = s.skip.map(normalId);
  refuseUnknown(catalog, [...s.ids, ...s.skip]);
  return catalog.filter((c) => {
    if (skip.some((w) => matchesId(c.id, w))) return false;
    if (s.level === 'T' && c.level !== 'T') return false;
    if (s.level === 'V' && c.level === 'G') return false;
    if (ids.includes(c.id)) return true;
    if (ids.length > 0 && !ids.some((w) => matchesId(c.id, w))) return false;
    return (s.strict || c.req === 'M') && (s.hostile || c.stim !== 'H');
  });
}
