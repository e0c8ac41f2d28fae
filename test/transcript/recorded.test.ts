import { readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import { expect, test } from 'vitest';
import { describeOutcome, readTranscripts, replayTranscript, SimDriver } from '../../src/transcript/index.js';

/** A sample of the recordings; `gunyah-sim verify` replays all of them. */
function load(name: string): ReturnType<typeof readTranscripts> {
  return readTranscripts(gunzipSync(readFileSync(new URL(`../transcripts/${name}`, import.meta.url))).toString());
}

/** Two vCPUs competing for hundreds of milliseconds: too slow for a unit test. */
const SLOW = /^g7_/;

test.each([
  ['directed.jsonl.gz', 3],
  ['killers.jsonl.gz', 2],
  ['c5.jsonl.gz', 20],
  ['c8.jsonl.gz', 9],
  ['g.jsonl.gz', 1],
  ['random.jsonl.gz', 25],
])('recordings of %s (one of every %i) are answered as the real system did', (name, every) => {
  const read = load(name);
  if ('error' in read) throw new Error(read.error);
  const differences: string[] = [];
  read.transcripts
    .filter((t, i) => i % every === 0 && !SLOW.test(t.header.name))
    .forEach((transcript) => {
      for (const outcome of replayTranscript(transcript, new SimDriver(transcript.header))) {
        const { kind } = outcome.outcome;
        if (kind === 'mismatched' || kind === 'unsupported') {
          differences.push(`${transcript.header.name} ${describeOutcome(outcome)}`);
        }
      }
    });
  expect(differences).toEqual([]);
});

test('a changed answer is found: the comparison can fail', () => {
  const read = load('g.jsonl.gz');
  if ('error' in read) throw new Error(read.error);
  const { header, events } = read.transcripts[0];
  const changed = events.map((e) =>
    e.ev === 'smccc' && e.r !== undefined ? { ...e, r: ['0x77', ...e.r.slice(1)] } : e,
  );
  const outcomes = [...replayTranscript({ header, events: changed }, new SimDriver(header))];
  expect(outcomes.filter((o) => o.outcome.kind === 'mismatched').length).toBeGreaterThan(0);
});
