/** Recordings of the real system made to find differences; each shows one that there was. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { expect, test } from 'vitest';
import { describeOutcome, readTranscripts, replayTranscript, SimDriver } from '../../src/transcript/index.js';

const file = join(import.meta.dirname, '..', 'data', 'rare.jsonl.gz');
const read = readTranscripts(gunzipSync(readFileSync(file)).toString('utf8'));
const recordings = 'error' in read ? [] : read.transcripts;

/** What the recorded system stopped of, where it did: a recording only shows that nobody answers. */
const STOPPED: Readonly<Record<string, string>> = {
  'stride30000-noreg': 'gic-stride',
  'ex-dbsrc60': 'vdevice-without-peer',
  'ex-vcpu': 'virq-not-mapped',
  vqs0: 'hyp-virtio-without-queues',
  'peer-vmname': 'peer-without-value',
  acceptmix: 'rm-assertion',
  io2a: 'iomem-freed-twice',
  'all-active': 'hyp-all-listed-active',
  'low-priority': 'kill-low-priority-vcpu',
  'low-priority-ran': 'kill-low-priority-vcpu',
  'affinity-8': 'hyp-affinity-out-of-range',
  'affinity-map-8': 'hyp-affinity-out-of-range',
  'virtio-config-overrun': 'hyp-virtio-config-overrun',
  'share-beyond-guest-range': 'hyp-lookup-beyond-limit',
};

test.each(recordings.map((r) => [r.header.name, r] as const))('%s is repeated', (name, recording) => {
  const driver = new SimDriver(recording.header);
  const found = [...replayTranscript(recording, driver)].filter(
    ({ outcome }) => outcome.kind === 'mismatched' || outcome.kind === 'unsupported',
  );
  expect(found.map(describeOutcome)).toEqual([]);
  const { rm, hyp } = driver.sim;
  expect(rm.dead?.trigger ?? hyp.dead?.rule).toBe(STOPPED[name]);
});

test('all of them are there', () => {
  expect(recordings.map((r) => r.header.name)).toEqual(
    expect.arrayContaining([
      'stale',
      'gsys',
      'pmu-interrupt',
      'a64-words',
      'level-bell',
      'fault-unheard',
      'send-interrupted',
      ...Object.keys(STOPPED),
    ]),
  );
});
