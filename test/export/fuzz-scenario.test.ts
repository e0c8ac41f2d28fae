import { describe, expect, test } from 'vitest';
import { fuzzScenario, scenarioText } from '../../src/export/index.js';
import { corpus, parseSequence } from '../../src/fuzz/corpus.js';
import { generator } from '../../src/fuzz/generate.js';
import { type Command, defaultFuzzOptions, Fuzzer } from '../../src/fuzz/index.js';
import { Machine } from '../../src/fuzz/machine.js';
import { Runner } from '../../src/fuzz/run.js';
import { parseScenario, Run } from '../../src/scenario/index.js';

const fuzzer = new Fuzzer(defaultFuzzOptions());

function played(commands: readonly Command[]): { run: Run; left: readonly string[]; text: string } {
  const { steps, left } = fuzzScenario(fuzzer, commands);
  const text = scenarioText('x', 'y', steps);
  const run = new Run(parseScenario(text));
  run.finish();
  return { run, left, text };
}

describe('a sequence of the fuzzer as a scenario', () => {
  const some = corpus().flatMap((commands, i) => (i % 4 === 0 ? [[i + 1, commands] as const] : []));
  test.each(some)('plays as the model says: sequence %i of the corpus', (_n, commands) => {
    const { run, left } = played(commands);
    expect(left).toEqual([]);
    expect(run.failures).toEqual([]);
    expect(run.done).toBe(true);
  });

  test.each([3, 11, 264, 296])('plays as the model says: random sequence %i', (seed) => {
    const source = generator(seed, { length: 60, swarm: false, deaths: ['all'] });
    const { executed } = new Runner(new Machine()).run(source, { unchecked: true, excuse: ['all'] });
    expect(played(executed).run.failures).toEqual([]);
  });

  const RUNNING = 'allocate, image, configure, init, start';

  test('has its guests as machine code, which asks RM, hears it, and stops', () => {
    const { run, left, text } = played(parseSequence(`${RUNNING}, guestAsks, guestStatus 3, guestStops`));
    expect([left, run.failures]).toEqual([[], []]);
    expect(text).toContain('"hvc #0x601b"');
    expect(text).toContain('"notifications":["VM_STATUS","VM_EXITED"]');
  });

  test.each([0, 1])('has requests of several clients at once, whoever sends first', (first) => {
    const { run, left, text } = played(parseSequence(`${RUNNING}, clients ${first} 9 0 0 4 0 1`));
    expect([left, run.failures]).toEqual([[], []]);
    expect(text).toMatch(/at once: (VM 128: .*\| )?primary VM: /);
  });

  test('says what a scenario has no step for', () => {
    const { run, left } = played(parseSequence(`${RUNNING}, guestWaits, query`));
    expect(left).toEqual(['6. VM 128: waits for an interrupt']);
    expect(run.failures).toEqual([]);
  });

  test('fails at the request whose answer is not what the model says', () => {
    const [allocate] = fuzzScenario(fuzzer, parseSequence('allocate')).steps.filter((s) => s.rpc !== undefined);
    const steps = [{ ...allocate, expect: { vmid: 129 } }];
    const run = new Run(parseScenario(scenarioText('x', 'y', steps)));
    expect(run.finish()).toMatchObject([{ path: '$.steps[0].expect.vmid', text: 'vmid is 128, expected 129' }]);
  });
});
