/** Which checks a run takes. */
import { nearest } from '../base/index.js';
import type { Case } from './types.js';

export interface Selection {
  /** Ids or prefixes: `FRAG`, `FRAG-6`, `rmclient/frag/6`; empty: everything. */
  ids: readonly string[];
  skip: readonly string[];
  /** Checks of what a client should do. */
  strict: boolean;
  /** Checks with a faulty or hostile server. */
  hostile: boolean;
  /** Only checks that this level of client can take. */
  level?: 'T' | 'V';
}

/** Ids that name nothing in the catalog. */
export class UnknownIds extends Error {}

/** `rmclient/frag/6` and `frag-6` are FRAG-6. */
export const normalId = (id: string): string =>
  id
    .replace(/^rmclient\//, '')
    .replace(/\/$/, '')
    .replaceAll('/', '-')
    .toUpperCase();

/** Whether `wanted`, in normal form, is this check or its group. */
export const matchesId = (check: string, wanted: string): boolean => check === wanted || check.startsWith(`${wanted}-`);

/** Those of `ids` that are neither a check nor a group. */
export const unknownIds = (catalog: readonly Case[], ids: readonly string[]): string[] =>
  ids.map(normalId).filter((w) => !catalog.some((c) => matchesId(c.id, w)));

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
  const unknown = unknownIds(catalog, [...ids, ...skip]);
  if (unknown.length > 0) {
    const best = nearest(unknown[0], [...new Set(catalog.flatMap((c) => [c.id.replace(/-\d+$/, ''), c.id]))]);
    const near = best === undefined ? '--list shows all' : `did you mean ${best}?`;
    throw new UnknownIds(`no check is called ${unknown.join(', ')}: ${near}`);
  }
  return catalog.filter((c) => {
    if (skip.some((w) => matchesId(c.id, w))) return false;
    if (s.level === 'T' && c.level !== 'T') return false;
    if (s.level === 'V' && c.level === 'G') return false;
    if (ids.includes(c.id)) return true;
    if (ids.length > 0 && !ids.some((w) => matchesId(c.id, w))) return false;
    return (s.strict || c.req === 'M') && (s.hostile || c.stim !== 'H');
  });
}
