import { expect, test } from 'vitest';
import { parseScenario, Run } from '../../src/scenario/index.js';

const failuresOf = (...steps: unknown[]): string[] =>
  new Run(parseScenario(JSON.stringify({ format: 'gunyah-scenario/1', name: 't', steps }))).finish().map((f) => f.text);

test('interrupts taken can be saved and expected, by either step that takes them', () => {
  const steps = [
    { wfi: '1ms', save: { n: 'count', woke: 'irq' } },
    { irqs: true, save: { none: 'count' }, expect: { count: 0 } },
  ];
  const run = new Run(parseScenario(JSON.stringify({ format: 'gunyah-scenario/1', name: 't', steps })));
  expect(run.finish()).toEqual([]);
  expect(Object.fromEntries(run.scope.vars)).toMatchObject({ n: 1n, woke: 27n, none: 0n });
});

test('a hypercall without expectation must succeed, like a request', () => {
  const bell = { hvc: 'doorbell_send', args: { doorbell: 9, new_flags: 1 } };
  expect(failuresOf(bell)).toEqual(['error is CSPACE_CAP_NULL, expected "OK"']);
  expect(failuresOf({ hvc: '0x9999' })).toEqual(['error is UNIMPLEMENTED, expected "OK"']);
  expect(failuresOf({ ...bell, expect: 'any' }, { hvc: 'hypervisor_identify' })).toEqual([]);
});

test('guest code whose vCPU cannot be run says why, once', () => {
  expect(failuresOf({ guest: '0x50000000', run: 9, asm: ['nop'] })).toEqual(['vcpu_run is CSPACE_CAP_NULL']);
});

test('an entry that is not there is named in a whole sentence', () => {
  const step = { rpc: 'VM_GET_ID', fields: { vmid: 3 }, expect: { 'ids[9].type': 3 } };
  expect(failuresOf(step)).toEqual(['ids has no entry [9] (3 entries), expected 3']);
});
