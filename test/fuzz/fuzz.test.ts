/** The fuzzer itself: repeatability, shrinking, recordings, tables. */
import { describe, expect, it } from 'vitest';
import { corpus, parseSequence } from '../../src/fuzz/corpus.js';
import { commands } from '../../src/fuzz/draws.js';
import { generator, listed } from '../../src/fuzz/generate.js';
import {
  answerTable,
  defaultFuzzOptions,
  Fuzzer,
  type FuzzFailure,
  mergeCoverage,
  parseRecording,
  recordingText,
} from '../../src/fuzz/index.js';
import { COMMANDS } from '../../src/fuzz/lifecycle/commands.js';
import { GUESTS } from '../../src/fuzz/lifecycle/guests.js';
import { Machine } from '../../src/fuzz/machine.js';
import { Runner } from '../../src/fuzz/run.js';
import { shrink } from '../../src/fuzz/shrink.js';
import { coverage, setBackend } from '../../src/machine/index.js';
import { RmError } from '../../src/protocol/index.js';
import { isVmConfigError, parseVmConfig } from '../../src/rm/dt/index.js';
import { stateDigest } from '../../src/sim/index.js';

const LIFE = [
  ['allocate', 0],
  ['image', 0, 0, 0, 0, 0],
  ['configure', 0, 0, 0, 0],
  ['init', 0],
  ['start', 0],
  ['guestAsks', 0, 4, 0],
  ['share', 0, 0, 1, 0, 0, 0],
  ['guestReads', 0],
  ['stop', 0, 0],
  ['reset', 0],
  ['reclaim', 0, 0],
  ['deallocate', 0],
] as const;
const life = LIFE.map(([name, ...args]) => ({ name, args }));

describe('a run of the fuzzer', () => {
  it('finds nothing in the machine as it is', () => {
    const fuzzer = new Fuzzer({ ...defaultFuzzOptions(), seed: 42, swarm: true, length: 60, compareEvery: 10 });
    for (let i = 0; i < 16; i++) expect(fuzzer.step()).toBeUndefined();
    expect(fuzzer.totals.commands).toBeGreaterThan(200);
    expect(fuzzer.totals.lives).toBeGreaterThan(2);
  });

  it('is the same run again under the same seed', () => {
    const totals = () => {
      const fuzzer = new Fuzzer({ ...defaultFuzzOptions(), seed: 9 });
      for (let i = 0; i < 8; i++) fuzzer.step();
      return fuzzer.totals;
    };
    expect(totals()).toEqual(totals());
  });

  it('foretells how RM dies when that is allowed', () => {
    const fuzzer = new Fuzzer({ ...defaultFuzzOptions(), seed: 3, excuse: ['all'] });
    for (let i = 0; i < 40; i++) expect(fuzzer.step()).toBeUndefined();
    expect(Object.keys(fuzzer.totals.deaths).length).toBeGreaterThan(1);
  });

  it('leads to the same state with both backends of the state machines and after a restart', () => {
    const digestAfter = (machine: Machine): string => {
      new Runner(machine).run(listed(life.slice(0, 8)), {});
      return stateDigest(machine.sim);
    };
    const one = new Machine();
    const digest = digestAfter(one);
    expect(digestAfter(one)).toBe(digest);
    setBackend('reference');
    try {
      expect(digestAfter(one)).toBe(digest);
      expect(digestAfter(new Machine())).toBe(digest);
    } finally {
      setBackend('compiled');
    }
  });

  it('comes back to its start exactly, whatever happened', () => {
    const machine = new Machine();
    const runner = new Runner(machine);
    const start = stateDigest(machine.sim);
    for (let seed = 1; seed < 12; seed++) {
      runner.run(generator(seed, { length: 60, swarm: false, deaths: ['all'] }), {});
      machine.reset();
      expect(stateDigest(machine.sim)).toBe(start);
    }
  });

  it('goes on from where it was saved as if nothing had come between', () => {
    const machine = new Machine();
    const runner = new Runner(machine);
    const digestAfter = (part: typeof life): string => {
      for (const { name, args } of part) {
        const step = COMMANDS[name].build(runner.w, [...args]);
        if (step !== undefined) expect(runner.carryOut({ name, args: [...args] }, step), name).toBeUndefined();
      }
      return stateDigest(machine.sim);
    };
    runner.begin({});
    digestAfter(life.slice(0, 6));
    const saved = runner.save();
    const end = digestAfter(life.slice(6));
    runner.restore(saved);
    digestAfter(life.slice(8));
    runner.restore(saved);
    expect(digestAfter(life.slice(6))).toBe(end);
  });

  it('carries out a whole life', () => {
    expect(new Fuzzer(defaultFuzzOptions()).replay(life)).toBeUndefined();
  });
});

describe('requests of several clients at once', () => {
  const LIVES = 'allocate 0, image 0 0 0 0 0, configure 0 0 0 0, init 0';
  it.each([
    [
      'in whatever order RM takes them',
      'allocate 0, allocate 0, image 0 1 0 0 0, configure 0 0 0 0, image 0 0 0 0 0, configure 0 0 0 0, init 15, init 0, start 0, start 0, clients 0 6 0 1 0 0 0',
    ],
    [
      'when one of them gives its own image back',
      `${LIVES}, share 0 0 0 0 0 0, start 0, guestReleases 0 0 0, clients 0 8 0 0 0 0 0`,
    ],
  ])('are foretold %s', (_how, sequence) => {
    const result = new Runner(new Machine()).run(listed(parseSequence(sequence)), {});
    expect(result.failure).toBeUndefined();
    expect(result.executed.at(-1)?.name).toBe('clients');
  });
});

describe('shrinking', () => {
  it('leaves what is needed, with the smallest numbers', () => {
    const kinds = Object.entries(COMMANDS);
    const failing = Array.from({ length: 60 }, (_, i) => {
      const [name, { limits }] = kinds[(i * 5) % kinds.length];
      return { name, args: limits.map((limit, j) => (i * 7 + j) % limit) };
    });
    const small = shrink(failing, (list) => {
      const configured = list.findIndex(({ name, args }) => name === 'configure' && args[1] >= 5);
      const started = list.findLastIndex(({ name }) => name === 'start');
      return configured >= 0 && started > configured ? [...list] : undefined;
    });
    expect(small).toEqual([
      { name: 'configure', args: [0, 5, 0, 0] },
      { name: 'start', args: [0] },
    ]);
  });

  it('takes whatever a sequence may consist of', () => {
    const runner = new Runner(new Machine());
    const drawn = [true, false].map(
      (swarm) => runner.run(generator(11, { length: 200, swarm, deaths: [] }), {}).executed,
    );
    for (const command of [...drawn.flat(), ...corpus().flat()])
      expect(commands.canShrinkWithoutContext(command), command.name).toBe(true);
  });
});

describe('recordings of failures', () => {
  const failure: FuzzFailure = { kind: 'mismatch', tag: 't', what: 'w', at: 0, seed: 7, commands: life, words: [] };

  it('come back as they were', () => {
    const options = { ...defaultFuzzOptions(), seed: 7 };
    expect(parseRecording(recordingText(options, failure))).toMatchObject({ options, failure });
  });

  it('are refused when they are something else', () => {
    const unknown = { ...failure, commands: [{ name: 'fly', args: [] }] };
    for (const text of ['', '{}', '[]', 'null', recordingText(defaultFuzzOptions(), unknown)])
      expect(parseRecording(text)).toBeUndefined();
  });
});

describe('tables', () => {
  it('name what was not answered, with a reason', () => {
    const row = answerTable({ VM_STOP: { OK: 2, VM_STATE: 5 } }).find((r) => r.message === 'VM_STOP');
    expect(row?.seen).toEqual([
      { answer: 'VM_STATE', count: 5 },
      { answer: 'OK', count: 2 },
    ]);
    expect(row?.unseen.map((u) => u.answer)).toContain('MSG_INVALID');
    expect(row?.unseen.every((u) => u.why !== '')).toBe(true);
    const start = answerTable({}).find((r) => r.message === 'VM_START');
    expect(start?.unseen.find((u) => u.answer === 'ARGUMENT_INVALID')?.why).toContain('rm.VM_START.7f');
  });

  it('count a transition as taken when one worker took it', () => {
    const now = coverage();
    const none = now.map((m) => ({ ...m, missedTransitions: ['x', 'y'], missedGuards: [] }));
    const some = now.map((m) => ({ ...m, missedTransitions: ['y'], missedGuards: [] }));
    for (const m of mergeCoverage([none, some])) expect(m.missedTransitions).toEqual(['y']);
  });
});

describe('guest images', () => {
  it('are what they say', () => {
    for (const guest of Object.values(GUESTS)) {
      const area = new Uint8Array(0x1_0000);
      area.set(guest.tree);
      const config = parseVmConfig(area);
      expect(isVmConfigError(config)).toBe(guest.init === RmError.MEM_INVALID);
    }
  });
});
