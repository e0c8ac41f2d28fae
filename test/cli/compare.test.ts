import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test, vi } from 'vitest';
import { concatBytes } from '../../src/base/index.js';
import { compareRecordings, divergenceLines } from '../../src/cli/commands/replay/compare.js';
import { replay } from '../../src/cli/commands/replay/replay.js';
import { compareTranscripts, transcriptLines, transcriptsOf } from '../../src/cli/commands/replay/transcripts.js';
import { type Entry, HostVcpu, Recorder, type Recording, readRecording, Simulator } from '../../src/sim/index.js';

/** The bytes of a recording. */
function bytesOf(drive: (host: HostVcpu) => void): Uint8Array {
  const parts: Uint8Array[] = [];
  const sim = new Simulator({ seed: 1 });
  const recorder = new Recorder(sim, { version: '0', about: 'x' }, (part) => parts.push(part));
  sim.bootPrimary();
  drive(new HostVcpu(sim, sim.primaryVcpu()?.id ?? -1));
  recorder.finish();
  return concatBytes(...parts);
}

function recorded(drive: (host: HostVcpu) => void): Recording {
  const recording = readRecording(bytesOf(drive));
  if (typeof recording === 'string') throw new Error(recording);
  return recording;
}

const identify = (host: HostVcpu): void => void host.call('hvc', 0x6000, []);

test('a recording that is the beginning of another one ends there', () => {
  const one = recorded(identify);
  const two = recorded((host) => [identify(host), identify(host)]);
  const { inputs, difference } = compareRecordings(one, two);
  expect([inputs, difference?.kind, difference?.input]).toEqual([2, 'end', 3]);
  expect(difference?.sides[0]).toEqual(['ends here']);
  expect(difference?.sides[1][0]).toMatch(/ms {2}call hypervisor_identify\(\)$/);
});

test('digests that two programs wrote down are compared where everything else is the same', () => {
  const one = recorded(identify);
  const other = (e: Entry): Entry => ('digest' in e ? { ...e, digest: 'of another version' } : e);
  const { difference } = compareRecordings(one, { ...one, entries: one.entries.map(other) });
  expect(difference).toMatchObject({
    kind: 'recorded',
    input: 2,
    sides: [[expect.stringMatching(/^digest /)], ['digest of another version']],
  });
  expect(divergenceLines(difference as NonNullable<typeof difference>, ['a', 'b'])[0]).toMatch(
    /^done again, they are the same; what was recorded as state after 2 inputs differs/,
  );
});

test('registers of calls that no trace shows are compared', () => {
  const psci = (x0: bigint) => recorded((host) => void host.call('smc', 0, [x0]));
  const version = psci(0x8400_0000n);
  expect(compareRecordings(version, version).difference).toBeUndefined();
  expect(compareRecordings(version, psci(0x8000_0000n)).difference?.kind).toBe('input');
});

const transcript = (...events: readonly string[]) =>
  transcriptsOf('x', ['{"format":"gunyah-transcript/1","name":"one","title":"t"}', ...events].join('\n'));
const SENT = '{"ev":"tx","bytes":"2101000024000056","push":true,"r":["0x0","0x1"]}';
const reply = (vmid: number): string => `{"ev":"rx","bytes":"21020000240000560000000003000${vmid}00"}`;

test('transcripts of real systems are compared event by event, packets in words', () => {
  const [a, b] = [transcript(SENT, reply(0)), transcript(SENT, reply(7))];
  expect(compareTranscripts(a, a)).toEqual({ events: 2 });
  expect(transcriptLines(compareTranscripts(a, a), ['a', 'b'])).toEqual(['2 events, the same to the letter']);
  expect(transcriptLines(compareTranscripts(a, b), ['a', 'b']).join('\n')).toMatch(
    /^event 2 of one differs\n {2}the last that is the same:\n {4}\{"ev":"tx".*\n {2}a:\n {4}\{"ev":"rx".*\n {4}REPLY VM_GET_VMID [\s\S]*\n {6}vmid {2}3 \(HLOS\)\n {2}b:\n/,
  );
});

test('a transcript that goes on behind another one, or holds more of them, differs there', () => {
  const [one, longer] = [transcript(SENT), transcript(SENT, reply(0))];
  expect(compareTranscripts(one, longer).difference).toMatchObject({
    event: 2,
    sides: [['ends here'], expect.arrayContaining([reply(0)])],
  });
  expect(compareTranscripts(longer, [...longer, ...one])).toMatchObject({ events: 2, difference: { event: 0 } });
});

test('a replay that takes long says how far it is, unless it is to be quiet', () => {
  const folder = mkdtempSync(join(tmpdir(), 'gunyah-replay-'));
  const file = join(folder, 'long.rec');
  writeFileSync(
    file,
    bytesOf((host) => {
      for (let i = 0; i < 600; i++) identify(host);
    }),
  );
  let now = 0;
  const clock = vi.spyOn(Date, 'now').mockImplementation(() => (now += 3000));
  const said: string[] = [];
  const err = vi.spyOn(process.stderr, 'write').mockImplementation((text) => said.push(String(text)) > 0);
  const out = vi.spyOn(process.stdout, 'write').mockImplementation(() => true);
  expect(replay([file], {})).toBe(0);
  const told = said.splice(0);
  expect(replay([file], { quiet: true })).toBe(0);
  for (const spy of [clock, err, out]) spy.mockRestore();
  rmSync(folder, { recursive: true });
  const steps = ['1 of 601', '257 of 601', '513 of 601'].map((step) => `${step} inputs\n`);
  expect(told.filter((text) => !text.startsWith('warning'))).toEqual(steps);
  expect(said.filter((text) => !text.startsWith('warning'))).toEqual([]);
});
