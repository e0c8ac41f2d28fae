/**
 * The first line of a client under test, and which checks it can take.
 *
 * `hello LEVEL [FEATURE...]`: attached. `refused TEXT`: its discovery found no Resource Manager that it can use; it has sent nothing.
 */
import { nearest } from '../base/index.js';
import type { Case, Feature, Level } from './types.js';

export interface Greeting {
  level: Level;
  features: readonly string[];
  /** Why the client does not attach. */
  refused?: string;
}

/** The feature that is about the run, not about a check: the client says when it is idle. */
export const SYNC = 'sync';

/** What an optional feature lets the suite ask for. */
export const FEATURES: Readonly<Record<Feature, string>> = {
  alloc: 'make an allocation fail',
  auth: 'VMs with an image that RM authenticates',
  bell: 'ring doorbells',
  entry: 'a payload that begins behind the start of the image',
  firmware: 'VMs with firmware',
  guest: 'what a secondary VM does',
  irq: 'accept interrupts that RM lists',
  irqlend: 'lend interrupts to a VM',
  owner: 'end the owner of a VM',
  paging: 'memory on demand',
  set: 'set single registers',
  shm: 'share memory by label',
  shutdown: 'ask a guest to end',
};

/** Undefined: the line is no greeting. */
export function parseGreeting(line: string): Greeting | undefined {
  const [word, level = '', ...features] = line.trim().split(/\s+/);
  if (word === 'refused') return { level: 'T', features: [], refused: line.trim().slice('refused '.length) };
  if (word !== 'hello' || (level !== 'T' && level !== 'V')) return undefined;
  return { level, features };
}

/** Words behind the level that name nothing. */
export function unknownFeatures(g: Greeting): string[] {
  const known = [...Object.keys(FEATURES), SYNC];
  return g.features
    .filter((f) => !known.includes(f))
    .map((f) => {
      const near = nearest(f, known);
      return `the client offers "${f}", which is no feature${near === undefined ? '' : `: is "${near}" meant?`}`;
    });
}

/** Why this client cannot take the check; undefined: it can. `rpcOnly`: attached for bare packets (mode 1 of the link). */
export function unsuitable(c: Case, g: Greeting, rpcOnly: boolean): string | undefined {
  if (c.level === 'V' && g.level === 'T' && g.refused === undefined) return 'the client offers level T';
  if (rpcOnly && (c.queues === true || c.id.startsWith('XPORT-'))) return 'the client does not drive the queues itself';
  if (rpcOnly && c.prepare !== undefined) return 'the client does not discover: it attached for bare packets';
  if (c.needs !== undefined && g.refused === undefined && !g.features.includes(c.needs))
    return `the client does not offer "${c.needs}": ${FEATURES[c.needs]}`;
  return undefined;
}
