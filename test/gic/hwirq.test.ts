/** Physical interrupts that a device raises (fact base: vgic-and-timer 5). */
import { expect, test } from 'vitest';
import { parseScenario, Run } from '../../src/scenario/index.js';
import { type Raised, raiseInterrupt } from '../../src/sim/index.js';

const SPI = 64;

/** A booted machine whose primary VM has enabled all of its shared interrupts, or none yet. */
function machine(enabled: boolean): { raise: (intid?: number) => Raised; run: Run } {
  const scenario = { format: 'gunyah-scenario/1', name: 't', steps: [{ note: '-' }] };
  const run = new Run(parseScenario(JSON.stringify(scenario)));
  if (enabled) run.machine.enableInterrupts();
  return { raise: (intid = SPI) => raiseInterrupt(run.sim, intid), run };
}

test('an interrupt goes to the VM that has enabled it, once until it is ended', () => {
  const { raise, run } = machine(true);
  const first = raise();
  expect(first).toMatchObject({ kind: 'delivered', virq: SPI });
  expect(raise()).toEqual({ kind: 'active' });
  expect(run.machine.takeInterrupts()).toEqual([SPI]);
  expect(raise()).toEqual(first);
});

test('one that is not enabled, and one that the board does not have', () => {
  const { raise } = machine(false);
  expect(raise()).toEqual({ kind: 'disabled' });
  expect(raise(1000)).toEqual({ kind: 'unknown' });
});

test('it is an input, so that recordings hold it', () => {
  const { raise, run } = machine(true);
  const inputs: unknown[] = [];
  run.sim.onInput = (input) => inputs.push(input);
  raise();
  expect(inputs).toEqual([{ op: 'raise', intid: SPI }]);
});
