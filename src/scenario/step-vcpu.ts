/** Steps that run vCPUs of other VMs. */
import { hex } from '../base/index.js';
import { HYPERCALL_BASE } from '../hyp/index.js';
import { hypErrorName, hypErrorOf, VcpuRunState } from '../protocol/index.js';
import type { Outcome } from '../sim/index.js';
import { Mailbox, mailboxAt, mailboxRequest } from './mailbox.js';
import { numbersResult } from './outcome.js';
import type { Run } from './run.js';
import { REGISTER_NAMES, registers } from './step-calls.js';
import { ended, HYP_ERRORS, type StepKind } from './step-kind.js';
import { codeWords } from './step-memory.js';
import {
  address,
  duration,
  isArray,
  type JsonObject,
  number,
  ScenarioError,
  type Scope,
  signedOrNot,
  sized,
} from './values.js';

/** Time slice of one vcpu_run: the driver's timer brings the CPU back. */
const RUN_MS = '20ms';
const MAX_RUNS = 200;
const RUN_VALUES = ['error', 'vcpu_state', 'state_data_0', 'state_data_1', 'state_data_2', 'runs'];

function runOnce(run: Run, cap: bigint, resume: readonly bigint[], ns: number): Outcome {
  const { machine } = run;
  machine.enableInterrupts();
  machine.takeInterrupts();
  machine.timer(ns);
  const outcome = machine.host.call('hvc', HYPERCALL_BASE + 0x65, [cap, ...resume]);
  const x = machine.host.x.slice(0, 5);
  machine.timer(undefined);
  machine.takeInterrupts();
  machine.host.x.set(x);
  return outcome;
}

export const vcpuRun: StepKind = {
  keys: ['resume', 'slice', 'until'],
  names: () => RUN_VALUES,
  check(step, scope, path) {
    number(step.vcpu_run, scope, `${path}.vcpu_run`);
    if (step.slice !== undefined) duration(step.slice, `${path}.slice`);
    if (step.until !== undefined) number(step.until, scope, `${path}.until`, VcpuRunState);
    registers(step.resume, undefined, scope, `${path}.resume`, 3);
  },
  run(run, step, path) {
    const { machine } = run;
    const cap = sized(step.vcpu_run, 8, run.scope, `${path}.vcpu_run`);
    const until = step.until === undefined ? undefined : number(step.until, run.scope, `${path}.until`, VcpuRunState);
    const ns = duration(step.slice ?? RUN_MS, `${path}.slice`);
    let resume = registers(step.resume, undefined, run.scope, `${path}.resume`, 3).slice(0, 3);
    let runs = 0;
    let outcome: Outcome;
    do {
      outcome = runOnce(run, cap, resume, ns);
      resume = [0n, 0n, 0n];
      runs++;
    } while (
      outcome.kind === 'done' &&
      until !== undefined &&
      machine.host.x[0] === 0n &&
      machine.host.x[1] !== until &&
      runs < MAX_RUNS
    );
    const bad = ended(outcome, run);
    if (bad !== undefined) run.fail(`${path}.vcpu_run`, bad);
    const { x } = machine.host;
    const result = numbersResult(
      {
        error: BigInt(hypErrorOf(x[0])),
        vcpu_state: x[1],
        state_data_0: x[2],
        state_data_1: x[3],
        state_data_2: x[4],
        runs: BigInt(runs),
      },
      { ...HYP_ERRORS, vcpu_state: VcpuRunState },
    );
    const text = (name: string): string => result.values.get(name)?.text ?? '';
    run.say(
      x[0] === 0n
        ? `state ${text('vcpu_state')}, data ${text('state_data_0')} ${text('state_data_1')} ${text('state_data_2')}${runs > 1 ? ` after ${runs} runs` : ''}`
        : `error ${text('error')}`,
    );
    if (until !== undefined && x[1] !== until)
      run.fail(`${path}.until`, `still ${text('vcpu_state')} after ${runs} runs`);
    return result;
  },
  normally: { error: 'OK' },
  title: (step) => `vcpu_run ${String(step.vcpu_run)}`,
};

interface Guest {
  image: number;
  ipa: bigint;
  vcpu: number;
}

/** Where VMs of the examples see their image. */
const DEFAULT_IPA = '0x80000000';

function guestOf(step: JsonObject, scope: Scope, path: string): Guest {
  const vcpu = Number(number(step.vcpu ?? 0, scope, `${path}.vcpu`));
  if (vcpu < 0 || vcpu > 7) throw new ScenarioError(`${path}.vcpu`, `no vCPU ${vcpu}`, 'use 0 to 7');
  return {
    image: address(step.guest, scope, `${path}.guest`),
    ipa: sized(step.ipa ?? DEFAULT_IPA, 8, scope, `${path}.ipa`),
    vcpu,
  };
}

export const guest: StepKind = {
  keys: ['ipa', 'vcpu', 'words', 'asm', 'x', 'run', 'runs'],
  names: () => ['done', 'esr', 'elr', 'far', ...REGISTER_NAMES],
  check(step, scope, path) {
    guestOf(step, scope, path);
    if ((step.words === undefined) === (step.asm === undefined))
      throw new ScenarioError(path, 'what shall the guest execute?', 'give "asm" or "words"');
    codeWords(step, scope, path);
    registers(step.x, undefined, scope, `${path}.x`);
    if (step.run !== undefined) number(step.run, scope, `${path}.run`);
  },
  run(run, step, path) {
    const { image, ipa, vcpu } = guestOf(step, run.scope, path);
    const { host } = run.machine;
    const x = isArray(step.x) ? step.x.map((a, i) => signedOrNot(a, 8, run.scope, `${path}.x[${i}]`)) : [];
    for (const part of mailboxRequest(ipa, vcpu, codeWords(step, run.scope, path), x)) {
      if (!host.writeMemory(image + part.at, part.bytes))
        run.fail(`${path}.guest`, 'HLOS has no access to the mailbox: the image must be shared, not lent');
    }
    const box = new Uint8Array(0x240);
    const word = (at: number): bigint => new DataView(box.buffer).getBigUint64(at, true);
    const limit = Number(number(step.runs ?? 50, run.scope, `${path}.runs`));
    for (let i = 0; i < limit; i++) {
      if (step.run !== undefined) {
        const cap = sized(step.run, 8, run.scope, `${path}.run`);
        const outcome = runOnce(run, cap, [], duration(RUN_MS, path));
        const error = hypErrorOf(host.x[0]);
        const bad = ended(outcome, run) ?? (error === 0 ? undefined : `is ${hypErrorName(error)}`);
        if (bad !== undefined) {
          run.fail(`${path}.run`, `vcpu_run ${bad}`);
          break;
        }
      } else run.sim.spin(100_000);
      host.readMemory(image + mailboxAt(vcpu), box);
      if (word(Mailbox.DONE) === 1n) break;
    }
    const values: Record<string, bigint> = {
      done: word(Mailbox.DONE),
      esr: word(Mailbox.ESR),
      elr: word(Mailbox.ELR),
      far: word(Mailbox.FAR),
    };
    for (let i = 0; i < 18; i++) values[`x${i}`] = word(Mailbox.RESULT + i * 8);
    run.say(
      values.done !== 1n
        ? 'the guest has not finished'
        : values.esr !== 0n
          ? `the guest took an exception: ESR ${hex(values.esr)} at ${hex(values.elr)}`
          : `the guest's x0..x3: ${[0, 1, 2, 3].map((i) => hex(values[`x${i}`])).join(' ')}`,
    );
    return numbersResult(values, HYP_ERRORS);
  },
  normally: { done: 1 },
  title: (step) => `guest code on vCPU ${String(step.vcpu ?? 0)}`,
};
