import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { concatBytes } from '../../src/base/index.js';
import { setBackend } from '../../src/machine/index.js';
import { parseScenario, Run, type RunEvent } from '../../src/scenario/index.js';
import {
  decodeSnapshot,
  type Entry,
  encodeSnapshot,
  packPlain,
  Recorder,
  readRecording,
  replayRecording,
  restoreSnapshot,
  Simulator,
  stateDigest,
  takeSnapshot,
  unpackPlain,
} from '../../src/sim/index.js';
import { unsealed } from '../../src/sim/seal.js';

const folder = new URL('../../examples/', import.meta.url);
const examples = readdirSync(folder).filter((f) => f.endsWith('.json'));
const load = (file: string) => parseScenario(readFileSync(new URL(file, folder), 'utf8'));

/** A scenario played: its end, and when there was a packet or an operation on the way. */
const play = (file: string): { run: Run; digest: string; events: readonly string[] } => {
  const events: string[] = [];
  const listener = (e: RunEvent): void => {
    if (e.kind === 'packet' || e.kind === 'execute') events.push(`${e.at} ${e.kind}`);
  };
  const run = new Run(load(file), { listener });
  run.finish();
  return { run, digest: stateDigest(run.sim), events };
};

/** How each scenario goes, found once. */
const played = new Map<string, ReturnType<typeof play>>();
function once(file: string): ReturnType<typeof play> {
  const known = played.get(file) ?? play(file);
  played.set(file, known);
  return known;
}

/** A scenario played, and its recording part by part. */
function recorded(file: string, frameEvery?: number) {
  const parts: Uint8Array[] = [];
  let recorder: Recorder | undefined;
  const run = new Run(load(file), {
    prepare: (sim) => {
      recorder = new Recorder(sim, { version: '0', about: file }, (part) => parts.push(part), frameEvery);
    },
  });
  run.finish();
  recorder?.finish();
  return { run, parts, bytes: concatBytes(...parts) };
}

describe.each(examples)('%s', (file) => {
  test('does what it says', () => {
    const { run } = once(file);
    expect(run.failures).toEqual([]);
    expect(run.next).toBe(run.scenario.steps.length);
  });

  test('ends in the same state under the same seed, event for event', () => {
    const { digest, events } = play(file);
    expect(digest).toBe(once(file).digest);
    expect(events).toEqual(once(file).events);
    expect(events.length).toBeGreaterThan(10);
  });

  test('goes on as if nothing had happened when snapshots of it are restored into new simulators on the way', () => {
    const scenario = load(file);
    const run = new Run(scenario);
    let sim = run.sim;
    for (const at of [1, Math.floor(scenario.steps.length / 2), scenario.steps.length - 2]) {
      while (run.next < at) run.step();
      const bytes = encodeSnapshot(takeSnapshot(sim));
      sim = new Simulator(sim.options);
      restoreSnapshot(sim, decodeSnapshot(bytes));
      run.machine.attach(sim);
    }
    run.finish();
    expect(run.failures).toEqual([]);
    expect(stateDigest(sim)).toBe(once(file).digest);
  });

  test('is the same run with XState itself as the machine backend', () => {
    const end = once(file).digest;
    setBackend('reference');
    try {
      expect(play(file).digest).toBe(end);
    } finally {
      setBackend('compiled');
    }
  });

  test('can be recorded, replayed, and read when the recording is cut off', () => {
    const { run, bytes } = recorded(file, 100);
    const recording = readRecording(bytes);
    if (typeof recording === 'string') throw new Error(recording);
    expect(recording.complete).toBe(true);
    const result = replayRecording(recording);
    expect(result.difference).toBeUndefined();
    expect(result.compared).toBeGreaterThan(0);
    expect(result.at).toBe(run.sim.hyp.now);
    const cut = readRecording(bytes.subarray(0, bytes.length - 5));
    if (typeof cut === 'string') throw new Error(cut);
    expect(cut.complete).toBe(false);
    expect(replayRecording(cut).difference).toBeUndefined();
  });
});

test('a replay notices an input that is not as recorded', () => {
  const recording = readRecording(recorded('first-rpc.json').bytes);
  if (typeof recording === 'string') throw new Error(recording);
  for (const entry of recording.entries) if (entry.kind === 'inputs') entry.inputs.push({ op: 'spin', ns: 16 });
  expect(replayRecording(recording).difference).toBeDefined();
});

test('bytes that are no recording are refused with a reason', () => {
  expect(readRecording(Uint8Array.of(1, 2, 3))).toBe('not a recording');
  expect(readRecording(new Uint8Array(0))).toBe('not a recording');
});

test('a recording with the states themselves, as older programs made it, is read and replayed', () => {
  const { parts } = recorded('first-rpc.json', 10);
  const older = parts.map((part) => {
    const entry = unpackPlain(unsealed(part).parts[0]) as Entry;
    return packPlain(entry.kind === 'frame' ? { ...entry, snapshot: new Uint8Array(5000) } : entry);
  });
  expect(concatBytes(...older).length).toBeGreaterThan(concatBytes(...parts).length + 5000);
  const recording = readRecording(concatBytes(...older));
  if (typeof recording === 'string') throw new Error(recording);
  const { compared, difference } = replayRecording(recording);
  expect(difference).toBeUndefined();
  expect(compared).toBeGreaterThan(2);
});

test('a recording that is cut off is told from one that is damaged, wherever that is', () => {
  const { bytes, parts } = recorded('first-rpc.json', 10);
  const starts = new Set([0]);
  for (const part of parts) starts.add(Math.max(...starts) + part.length);
  const unexpected: [number, string][] = [];
  for (let n = 0; n <= bytes.length; n++) {
    const { end } = unsealed(bytes.subarray(0, n));
    if (end !== (starts.has(n) ? 'whole' : 'cut')) unexpected.push([n, end]);
  }
  for (let n = 0; n < bytes.length; n++) {
    const wrong = bytes.slice();
    wrong[n] ^= 1 << (n % 8);
    const { end } = unsealed(wrong);
    if (end !== 'damaged') unexpected.push([n, end]);
    if (n % 31 > 4) continue;
    const recording = readRecording(wrong);
    // In the first bytes of the file it may be anything.
    if (typeof recording === 'string') expect(recording).toMatch(n < 4 ? /^not a recording$/ : /damaged header/);
    else expect(recording).toMatchObject({ end: 'damaged', complete: false });
  }
  expect(unexpected).toEqual([]);
});

test('a recording is handed out while it is made, and ends anywhere', () => {
  const { parts } = recorded('first-rpc.json', 10);
  expect(parts.length).toBeGreaterThan(4);
  const inputs = parts.map((_, n) => {
    const read = readRecording(concatBytes(...parts.slice(0, n + 1)));
    if (typeof read === 'string') throw new Error(read);
    expect(read.complete).toBe(n === parts.length - 1);
    const { difference, inputs } = replayRecording(read);
    expect(difference).toBeUndefined();
    return inputs;
  });
  expect(inputs[0]).toBe(0);
  expect(inputs.at(-1)).toBeGreaterThan(30);
});
