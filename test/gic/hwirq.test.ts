/** Physical interrupts that a device raises (fact base: vgic-and-timer 5). */
import { expect, test } from 'vitest';
import { bindHwirq, createHwirq, type Hwirq, raiseHwirq, unbindHwirq } from '../../src/gic/hwirq.js';
import { gicOfHyp } from '../../src/gic/index.js';
import { SourceKind, virqSource } from '../../src/hyp/index.js';
import { HypError } from '../../src/protocol/index.js';
import { parseScenario, Run } from '../../src/scenario/index.js';
import { type Raised, raiseInterrupt } from '../../src/sim/index.js';
import { EOIR1, enableGroup1, GICD, machine as gicMachine, IAR1, IGRPEN1, setUpSpi } from './machine.js';

const SPI = 64;
const doorbellSource = virqSource(SourceKind.DOORBELL, 0);

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

test('the number of an unbound one that a vCPU has not ended takes no other before it has', () => {
  const m = gicMachine(2);
  const g = gicOfHyp(m.hyp);
  m.run(0);
  enableGroup1(m, 1);
  m.run(1);
  const [first, second] = [72, 73].map((irq) => createHwirq(m.hyp, 0, irq));
  const virq = 40;
  const bind = (hwirq: Hwirq): number => bindHwirq(g, hwirq, m.vic, virq);
  expect(bind(first)).toBe(HypError.OK);
  setUpSpi(m, virq, false, 0, 1);
  expect(raiseHwirq(g, first, 1)).toBe(true);
  expect(m.mrs(1, IAR1)).toBe(BigInt(virq));
  // It stays active in a list register that nobody looks at: its route leads elsewhere, both groups are off.
  m.store(0, GICD + 0x6000 + virq * 8, 0, 8);
  m.msr(1, IGRPEN1, 0);
  m.act(0);
  expect(unbindHwirq(g, first)).toBe(HypError.OK);
  expect(bind(second)).toBe(HypError.RETRY);
  expect(m.hyp.vic.bindSource(doorbellSource, m.vic.id, virq)).toBe(HypError.OK);
  m.hyp.vic.unbindSource(doorbellSource);
  m.msr(1, EOIR1, virq);
  expect(bind(second)).toBe(HypError.OK);
});
