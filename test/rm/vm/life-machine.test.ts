import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { compile, reference } from '../../../src/machine/index.js';
import { ResetStage, VmState } from '../../../src/protocol/index.js';
import { vmCan, vmEvent } from '../../../src/rm/life.js';
import { linkRxMachine, linkTxMachine } from '../../../src/rm/link/link.machine.js';
import { processMachine } from '../../../src/rm/process.machine.js';
import type { VmRecord } from '../../../src/rm/types.js';
import { vmLifeMachine } from '../../../src/rm/vm/vm-life.machine.js';

const EVENTS = [
  'CONFIGURE',
  'CONFIGURE_PLATFORM',
  'AUTHENTICATE',
  'CREATE',
  'START',
  'FAIL',
  'EXIT',
  'RESET',
  'STAGE_DONE',
  'DEALLOCATE',
] as const;

const record = (state: number, more: Partial<VmRecord> = {}): VmRecord =>
  ({ state, resetStage: 0, noShutdown: false, crashFatal: false, noReset: false, ...more }) as VmRecord;

/** RM's validity table (rm-state-machines 1.2 and 1.3): target state by state and event. */
const TABLE: Record<string, Record<string, string>> = {
  LOAD: { CONFIGURE: 'INIT', CONFIGURE_PLATFORM: 'AUTH', FAIL: 'INIT_FAILED', DEALLOCATE: 'NONE' },
  RESET: { CONFIGURE: 'INIT', CONFIGURE_PLATFORM: 'AUTH', FAIL: 'INIT_FAILED', DEALLOCATE: 'NONE' },
  AUTH: { AUTHENTICATE: 'INIT', FAIL: 'INIT_FAILED' },
  INIT: { CREATE: 'READY', FAIL: 'INIT_FAILED' },
  READY: { START: 'RUNNING', FAIL: 'INIT_FAILED', RESET: 'RESETTING' },
  RUNNING: { EXIT: 'EXITED' },
  INIT_FAILED: { RESET: 'RESETTING' },
  EXITED: { RESET: 'RESETTING' },
  RESETTING: { STAGE_DONE: 'RESETTING' },
};

describe('life of a VM', () => {
  test.each(Object.keys(TABLE))('from %s only the transitions of the table', (name) => {
    for (const event of EVENTS) {
      const vm = record(VmState[name as keyof typeof VmState]);
      const target = TABLE[name][event];
      expect([event, vmCan(vm, event)]).toEqual([event, target !== undefined]);
      expect(vmEvent(vm, event)).toBe(target !== undefined);
      expect([event, vm.state]).toEqual([event, VmState[(target ?? name) as keyof typeof VmState]]);
    }
  });

  test('no-shutdown and crash-fatal forbid EXITED, no-reset forbids RESETTING', () => {
    expect(vmCan(record(VmState.RUNNING, { noShutdown: true }), 'EXIT')).toBe(false);
    expect(vmCan(record(VmState.RUNNING, { crashFatal: true }), 'EXIT')).toBe(false);
    expect(vmCan(record(VmState.EXITED, { noReset: true }), 'RESET')).toBe(false);
  });

  test('a reset runs through seven stages', () => {
    const vm = record(VmState.EXITED);
    vmEvent(vm, 'RESET');
    const stages = [vm.resetStage];
    while (vm.state === VmState.RESETTING && vmEvent(vm, 'STAGE_DONE')) stages.push(vm.resetStage);
    expect(stages.slice(0, 7)).toEqual([0, 1, 2, 3, 4, 5, 6]);
    expect(vm.state).toBe(VmState.RESET);
    expect(vm.resetStage).toBe(ResetStage.COMPLETED);
  });

  test('the second reset of a record starts where the first one ended', () => {
    const vm = record(VmState.EXITED, { resetStage: ResetStage.COMPLETED });
    vmEvent(vm, 'RESET');
    expect([vm.state, vm.resetStage]).toEqual([VmState.RESETTING, ResetStage.COMPLETED]);
  });
});

test("RM's charts run alike in both backends", () => {
  const flags = fc.tuple(fc.boolean(), fc.boolean(), fc.boolean(), fc.boolean());
  fc.assert(
    fc.property(fc.array(fc.tuple(fc.constantFrom(...EVENTS), flags), { maxLength: 20 }), (steps) => {
      const [a, b] = [compile(vmLifeMachine), reference(vmLifeMachine)];
      let [x, y] = [a.start().state, b.start().state];
      for (const [type, [noShutdown, crashFatal, noReset, cleanedBefore]] of steps) {
        const context = { noShutdown, crashFatal, noReset, cleanedBefore };
        const [m, n] = [a.next(x, context, { type }), b.next(y, context, { type })];
        expect(m).toEqual(n);
        if (m !== 'unhandled' && n !== 'unhandled') [x, y] = [m.state, n.state];
      }
    }),
    { numRuns: 60, seed: 13 },
  );
  for (const machine of [linkRxMachine, linkTxMachine, processMachine] as const) {
    expect(compile(machine).start()).toEqual(reference(machine).start());
  }
});
