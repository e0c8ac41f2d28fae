/** The recordings that ship with the repository, unpacked once per worker. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { readTranscripts, type Transcript } from '../../src/transcript/index.js';

const FOLDER = join(import.meta.dirname, '..', 'transcripts');
const packs = new Map<string, readonly Transcript[]>();

/** Names of the packs: `directed`, `random`, ... */
export const packNames = (): string[] =>
  readdirSync(FOLDER)
    .filter((name) => name.endsWith('.jsonl.gz'))
    .map((name) => name.slice(0, -'.jsonl.gz'.length))
    .sort();

export function pack(name: string): readonly Transcript[] {
  const known = packs.get(name);
  if (known !== undefined) return known;
  const read = readTranscripts(gunzipSync(readFileSync(join(FOLDER, `${name}.jsonl.gz`))).toString('utf8'));
  if ('error' in read) throw new Error(`${name}: ${read.error}`);
  packs.set(name, read.transcripts);
  return read.transcripts;
}

export const allRecordings = (): readonly Transcript[] => packNames().flatMap((name) => [...pack(name)]);
