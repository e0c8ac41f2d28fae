import fc from 'fast-check';
import { expect, test } from 'vitest';
import { readTranscripts } from '../../src/transcript/index.js';

const HEADER = '{"format":"gunyah-transcript/1","name":"t","title":"a test"}';

test('several transcripts in one text each begin with their header', () => {
  const text = [HEADER, '{"ev":"quiet","ms":10}', '', HEADER, '{"ev":"rx","bytes":"21"}'].join('\n');
  const read = readTranscripts(text);
  expect('transcripts' in read && read.transcripts.map((t) => t.events.length)).toEqual([1, 1]);
});

test.each([
  ['', 'empty file'],
  ['hello', 'line 1 is not a JSON object: a transcript has one on every line (.jsonl)'],
  ['{"format":"x"}', 'line 1 is no header of format gunyah-transcript/1'],
  ['{"ev":"quiet","ms":1}', 'line 1 is no header'],
  [`${HEADER}\n{"ms":1}`, "line 2 has no event kind 'ev'"],
  [`${HEADER}\n{"ev":"rx","bytes":"2"}`, "line 2: 'bytes' of event 'rx' has the wrong form"],
  [`${HEADER}\n{"ev":"hvc","imm":"0x6000","x":["-1"]}`, "line 2: 'x' of event 'hvc'"],
  ['{"format":"gunyah-transcript/1","txBuffer":7}', "line 1: 'txBuffer' of the header"],
  ['{"format":"gunyah-transcript/1","hyp":[7]}', "line 1: 'hyp' of the header"],
  [`${HEADER}\n{"ev":"smccc","conduit":"hvc","x":[],"imm":"abc"}`, "line 2: 'imm' of event 'smccc'"],
  [`${HEADER}\n{"ev":"code","code":[],"x":[],"taken":7}`, "line 2: 'taken' of event 'code'"],
  [`${HEADER}\n{"ev":"burst","imm":"0x6000","x":[],"count":1,"r":[[],[]]}`, "line 2: 'r' of event 'burst'"],
])('a broken file is one line of text: %j', (text, error) => {
  const read = readTranscripts(text);
  expect('error' in read && read.error).toContain(error);
});

test('unknown keys and unknown event kinds are kept', () => {
  const read = readTranscripts(`${HEADER}\n{"ev":"dance","with":"me"}`);
  expect('transcripts' in read && read.transcripts[0].events[0].ev).toBe('dance');
});

test('no text makes the reader throw', () => {
  fc.assert(
    fc.property(fc.array(fc.oneof(fc.string(), fc.json(), fc.constant(HEADER))), (lines) => {
      readTranscripts(lines.join('\n'));
    }),
    { numRuns: 200, seed: 1 },
  );
});
