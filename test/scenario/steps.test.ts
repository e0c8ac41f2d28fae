import { expect, test } from 'vitest';
import { parseScenario, Run } from '../../src/scenario/index.js';

test('interrupts taken can be saved and expected, by either step that takes them', () => {
  const steps = [
    { wfi: '1ms', save: { n: 'count', woke: 'irq' } },
    { irqs: true, save: { none: 'count' }, expect: { count: 0 } },
  ];
  const run = new Run(parseScenario(JSON.stringify({ format: 'gunyah-scenario/1', name: 't', steps })));
  expect(run.finish()).toEqual([]);
  expect(Object.fromEntries(run.scope.vars)).toMatchObject({ n: 1n, woke: 27n, none: 0n });
});
