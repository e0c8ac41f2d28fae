/** Memory stays flat: after any number of sequences a machine holds what it held after boot. Counted, not measured. */
import { describe, expect, it } from 'vitest';
import { generator } from '../../src/fuzz/generate.js';
import { Machine } from '../../src/fuzz/machine.js';
import { Runner } from '../../src/fuzz/run.js';

/** Objects and bytes that can be reached from here. */
function weigh(root: object): { objects: number; bytes: number } {
  const seen = new Set<object>();
  const open: object[] = [root];
  let bytes = 0;
  const add = (x: unknown): void => {
    if (typeof x === 'object' && x !== null && !seen.has(x)) {
      seen.add(x);
      open.push(x);
    }
  };
  for (let x = open.pop(); x !== undefined; x = open.pop()) {
    if (ArrayBuffer.isView(x)) bytes += x.byteLength;
    else if (x instanceof Map || x instanceof Set) for (const part of [...x.keys(), ...x.values()]) add(part);
    else for (const part of Object.values(x)) add(part);
  }
  return { objects: seen.size, bytes };
}

describe('a machine that goes back to its start', () => {
  it('keeps nothing of what happened', () => {
    const machine = new Machine();
    const runner = new Runner(machine);
    const run = (from: number, count: number): void => {
      for (let seed = from; seed < from + count; seed++)
        runner.run(generator(seed, { length: 40, swarm: true, deaths: ['all'] }), {});
      machine.reset();
    };
    // The first few fill what is kept on purpose, such as pages and scratch lists.
    run(0, 20);
    const { memory } = machine.snapshot();
    const before = weigh([machine.sim, memory]);
    run(20, 60);
    const after = weigh([machine.sim, machine.snapshot().memory]);
    expect(after).toEqual(before);
  });
});
