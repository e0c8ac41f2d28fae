import { readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import { disturbLink, parseLinkRule } from '../../src/conform/disturb-link.js';
import {
  buffersOf,
  judge,
  LinkDriver,
  type Recording,
  type RmCase,
  type RmResult,
  readTranscripts,
  recordingsIn,
} from '../../src/conform-rm/index.js';
import { bootedSim } from '../link/support.js';
import { HubExchange, type Tamper } from './hub-exchange.js';

const packs = new Map<string, readonly Recording[]>();

/** A packed recording as a case. */
export function caseOf(group: string, id: string): RmCase {
  let recordings = packs.get(group);
  if (recordings === undefined) {
    const path = new URL(`../transcripts/${group}.jsonl.gz`, import.meta.url);
    recordings = recordingsIn(path.pathname, gunzipSync(readFileSync(path)).toString());
    packs.set(group, recordings);
  }
  const read = readTranscripts(recordings.find((r) => r.id === id)?.text ?? '');
  if ('error' in read) throw new Error(`recording ${id}: ${read.error}`);
  const [transcript] = read.transcripts;
  return { id, group, title: transcript.header.title, transcript };
}

/** The verdict on our own server, with what a broken one does beside it. */
export function judged(c: RmCase, broken: { rules?: readonly string[]; tamper?: Tamper } = {}): RmResult {
  const sim = bootedSim();
  const rules = (broken.rules ?? []).map((text) => {
    const rule = parseLinkRule(text);
    if (typeof rule === 'string') throw new Error(rule);
    return rule;
  });
  if (rules.length > 0) disturbLink(sim, rules);
  return judge(c, () => new LinkDriver(new HubExchange(sim, 0, broken.tamper), buffersOf(c.transcript.header)));
}
