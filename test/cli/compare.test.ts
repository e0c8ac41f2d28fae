import { expect, test } from 'vitest';
import { concatBytes } from '../../src/base/index.js';
import { compareRecordings, divergenceLines } from '../../src/cli/commands/replay/compare.js';
import { type Entry, HostVcpu, Recorder, type Recording, readRecording, Simulator } from '../../src/sim/index.js';

function recorded(drive: (host: HostVcpu) => void): Recording {
  const parts: Uint8Array[] = [];
  const sim = new Simulator({ seed: 1 });
  const recorder = new Recorder(sim, { version: '0', about: 'x' }, (part) => parts.push(part));
  sim.bootPrimary();
  drive(new HostVcpu(sim, sim.primaryVcpu()?.id ?? -1));
  recorder.finish();
  const recording = readRecording(concatBytes(...parts));
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
