/** Whatever a file of events holds: it is refused in one line, or it can be replayed. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { readTranscripts, replayTranscript, SimDriver, type TranscriptEvent } from '../../src/transcript/index.js';
import { allRecordings } from '../support/recordings.js';

/** One short event of every kind that occurs, and of every set of keys. */
function samples(): TranscriptEvent[] {
  const found = new Map<string, TranscriptEvent>();
  for (const { events } of allRecordings()) {
    for (const e of events) {
      const make = `${e.ev} ${Object.keys(e).join()}`;
      if (!found.has(make) && JSON.stringify(e).length < 2000) found.set(make, e);
    }
  }
  return [...found.values()];
}

const ODD: readonly unknown[] = [
  undefined,
  null,
  -1,
  1.5,
  300,
  1e9,
  '',
  'abc',
  '0x',
  '0x0',
  '0xffffffffffffffff',
  '0x1ffffffffffffffff',
  '21',
  [],
  ['0x0'],
  ['x'],
  [[]],
  [1, -1],
  {},
  true,
];

const kinds = samples();

test('a recorded event with one part changed is refused or replayed', () => {
  let refused = 0;
  let replayed = 0;
  const broken = fc
    .constantFrom(...kinds)
    .chain((event) => fc.tuple(fc.constant(event), fc.constantFrom(...Object.keys(event)), fc.constantFrom(...ODD)));
  fc.assert(
    fc.property(fc.array(broken, { minLength: 1, maxLength: 3 }), (changes) => {
      const lines = changes.map(([event, key, value]) => JSON.stringify({ ...event, [key]: value }));
      const read = readTranscripts(['{"format":"gunyah-transcript/1","name":"t","title":"t"}', ...lines].join('\n'));
      if ('error' in read) {
        refused++;
        return;
      }
      replayed++;
      for (const transcript of read.transcripts)
        for (const { outcome } of replayTranscript(transcript, new SimDriver(transcript.header)))
          expect(outcome.kind).toBeTypeOf('string');
    }),
    { numRuns: 400, seed: 1 },
  );
  expect(Math.min(refused, replayed)).toBeGreaterThan(20);
});
