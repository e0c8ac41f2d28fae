import { expect, test } from 'vitest';
import { concatBytes } from '../../src/base/index.js';
import { HYPERCALL_BASE } from '../../src/hyp/index.js';
import { Call, HypError } from '../../src/protocol/index.js';
import { parseScenario, Run } from '../../src/scenario/index.js';
import { HostVcpu, Recorder, readRecording, replayRecording, Simulator } from '../../src/sim/index.js';

const PSCI_CPU_SUSPEND_64 = 0xc400_0001n;
const CAP_FROM_RM = 1n;
const BUFFER = 0x4103_4000n;

test('a call on the fast path goes out as it was asked for although the one before had not returned', () => {
  const scenario = { format: 'gunyah-scenario/1', name: 't', steps: [{ note: 'nothing' }] };
  const { machine } = new Run(parseScenario(JSON.stringify(scenario)));
  const { host } = machine;
  machine.enableInterrupts();
  machine.timer(1_000_000);
  expect(host.call('hvc', 0, [PSCI_CPU_SUSPEND_64], 1000).kind).toBe('noReturn');
  // The timer ends CPU_SUSPEND, and its result goes into x0, before this call is made.
  const { x } = host;
  [CAP_FROM_RM, BUFFER, 240n, 0n].forEach((value, i) => {
    x[i] = value;
  });
  expect(host.hvc(HYPERCALL_BASE + Call.MSGQUEUE_RECEIVE).kind).toBe('done');
  expect(Number(host.x[0])).toBe(HypError.MSGQUEUE_EMPTY);
});

test('words that were left running go on for a driver that comes later, and in a replay', () => {
  const NOP = 0xd503201f;
  const ADD_X0_1 = 0x91000400;
  const parts: Uint8Array[] = [];
  const sim = new Simulator();
  const recorder = new Recorder(sim, { version: '0', about: 't' }, (part) => parts.push(part));
  sim.bootPrimary();
  const id = sim.primaryVcpu()?.id ?? -1;
  expect(new HostVcpu(sim, id).runCode([NOP, ADD_X0_1, ADD_X0_1], [5n], 2).running).toBe(true);
  // A driver that comes later, and knows nothing of the first one.
  const host = new HostVcpu(sim, id);
  expect(host.continueCode()).toMatchObject({ running: false, outcome: { kind: 'done' } });
  expect(host.x[0]).toBe(7n);
  recorder.finish();
  const recording = readRecording(concatBytes(...parts));
  if (typeof recording === 'string') throw new Error(recording);
  expect(replayRecording(recording).difference).toBeUndefined();
});
