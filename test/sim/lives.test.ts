/** Arrays of objects that are gone are used again: no machine may notice. */
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { stateInHead, typeInHead } from '../../src/hyp/hypervisor.js';
import { ObjectType } from '../../src/protocol/index.js';
import { parseScenario, Run } from '../../src/scenario/index.js';
import { restoreSnapshot, stateDigest, takeSnapshot } from '../../src/sim/index.js';
import type { Vcpu } from '../../src/vcpu/index.js';

const text = readFileSync(new URL('../../examples/two-vms.json', import.meta.url), 'utf8');
const scenario = parseScenario(text);
const at = (label: string): number => scenario.steps.findIndex((s) => s.label === label);

function runTo(run: Run, step: number): string {
  while (run.next <= step) run.step();
  expect(run.failures).toEqual([]);
  return stateDigest(run.sim);
}

/** Ids of live objects by type, as a walk over all objects finds them. */
function byType(run: Run): number[][] {
  const found: number[][] = run.sim.hyp.ofType.map(() => []);
  for (const object of run.sim.hyp.objects) if (object !== undefined) found[object.type].push(object.id);
  return found;
}

const sorted = (ids: readonly number[][]): number[][] => ids.map((list) => [...list].sort((a, b) => a - b));

describe('the life of a VM', () => {
  it('leaves the same state whether its arrays were new or used before', () => {
    const first = new Run(scenario);
    const running = runTo(first, at('running'));
    const gone = runTo(first, at('gone'));
    const second = new Run(scenario);
    expect(runTo(second, at('running'))).toBe(running);
    // Nothing of the first machine is reached by the second.
    expect(stateDigest(first.sim)).toBe(gone);
    expect(runTo(second, at('gone'))).toBe(gone);
    expect(stateDigest(first.sim)).toBe(gone);
  });

  it('can be taken back by a snapshot and lived again, beside another machine', () => {
    const run = new Run(scenario);
    const running = runTo(run, at('running'));
    const snapshot = takeSnapshot(run.sim);
    const gone = runTo(run, at('gone'));
    const other = new Run(scenario);
    restoreSnapshot(run.sim, snapshot);
    expect(stateDigest(run.sim)).toBe(running);
    expect(runTo(other, at('gone'))).toBe(gone);
    expect(stateDigest(run.sim)).toBe(running);
  });

  it('leaves every vCPU registers of its own, also those of vCPUs that are gone and of other machines', () => {
    const machines = [new Run(scenario), new Run(scenario)];
    const seen = new Set<BigUint64Array>();
    for (const label of ['running', 'gone']) {
      for (const run of machines) {
        runTo(run, at(label));
        for (const id of run.sim.hyp.ofType[ObjectType.THREAD]) seen.add(run.sim.hyp.get<Vcpu>(id).x);
      }
    }
    const all = [...seen];
    for (const [i, x] of all.entries()) x.fill(BigInt(i));
    for (const [i, x] of all.entries()) expect(x.every((value) => value === BigInt(i))).toBe(true);
  });

  it('keeps the index of objects by type, and what lookups read of them, right', () => {
    const run = new Run(scenario);
    const check = (): void => {
      const { hyp } = run.sim;
      expect(sorted(hyp.ofType)).toEqual(byType(run));
      for (const o of hyp.objects) {
        if (o !== undefined)
          expect([typeInHead(hyp.heads[o.id]), stateInHead(hyp.heads[o.id])]).toEqual([o.type, o.state]);
      }
    };
    check();
    runTo(run, at('running'));
    check();
    const snapshot = takeSnapshot(run.sim);
    runTo(run, at('gone'));
    check();
    restoreSnapshot(run.sim, snapshot);
    check();
  });
});
