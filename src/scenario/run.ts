/** Runs a checked scenario step by step. */
import { type SimOptions, Simulator } from '../sim/index.js';
import type { Listener } from './events.js';
import { parseRules } from './interference.js';
import { Machine } from './machine.js';
import { failures, type Result, save } from './outcome.js';
import type { Scenario, ScenarioStep } from './parse.js';
import { STEP_KINDS, stepTitle } from './steps.js';
import { isObject, type JsonObject, type Scope } from './values.js';

export interface RunOptions {
  /** Wins over the scenario's own seed. */
  seed?: number;
  sim?: SimOptions;
  listener?: Listener;
  /** Hypercalls that become events: none, those of VMs other than RM, or all. Default `guests`. */
  calls?: 'none' | 'guests' | 'all';
  /** Called with the new simulator before it boots: recorders connect here. */
  prepare?: (sim: Simulator) => void;
}

export interface Failure {
  index: number;
  path: string;
  text: string;
}

/** Buffer of `send`; the RM client has its own. */
const PACKET_BUFFER = 0x4102_c000;

/**
 * A scenario while it is played: `step` plays one step, `finish` the rest. Never throws for what a guest does: see
 * `failures`.
 */
export class Run {
  readonly machine: Machine;
  readonly scope: Scope;
  /** Index of the next step. */
  next = 0;
  readonly failures: Failure[] = [];

  constructor(
    readonly scenario: Scenario,
    private readonly options: RunOptions = {},
  ) {
    const sim = new Simulator(simOptions(scenario, options));
    options.prepare?.(sim);
    sim.bootPrimary();
    this.machine = new Machine(sim, options.listener, options.calls);
    this.machine.interfere(parseRules([...scenario.interfere], '$.interfere'));
    this.scope = { vars: new Map(scenario.vars), dry: false };
  }

  get sim(): Simulator {
    return this.machine.sim;
  }

  get done(): boolean {
    return this.next >= this.scenario.steps.length || this.failures.length > 0;
  }

  packetBuffer(): number {
    return PACKET_BUFFER;
  }

  say(text: string): void {
    this.options.listener?.({ kind: 'result', at: this.sim.hyp.now, text });
  }

  note(text: string): void {
    this.options.listener?.({ kind: 'note', at: this.sim.hyp.now, text });
  }

  fail(path: string, text: string): void {
    const index = Math.max(0, this.next - 1);
    this.failures.push({ index, path, text });
    this.options.listener?.({ kind: 'failed', at: this.sim.hyp.now, index, path, text });
  }

  /** Carries out one step. Throws ScenarioError when a value turns out not to fit. */
  step(): ScenarioStep {
    const index = this.next++;
    const step = this.scenario.steps[index];
    const kind = STEP_KINDS[step.kind];
    if (step.kind !== 'note') {
      this.options.listener?.({ kind: 'step', at: this.sim.hyp.now, index, title: stepTitle(step) });
    }
    const result = kind.run(this, step.json, step.path);
    if (this.failures.length === 0) this.judge(step, kind.normally, result);
    return step;
  }

  private judge(step: ScenarioStep, normally: JsonObject | undefined, result: Result): void {
    const { expect } = step.json;
    const unanswered = step.json.unanswered === true;
    const wanted = isObject(expect)
      ? { ...(expect.error === undefined ? normally : undefined), ...expect }
      : expect === 'any' || unanswered
        ? undefined
        : typeof expect === 'string'
          ? { error: expect }
          : normally;
    if (wanted !== undefined) {
      for (const f of failures(result, wanted, this.scope, `${step.path}.expect`)) this.fail(f.path, f.text);
    }
    if (isObject(step.json.save) && this.failures.length === 0) {
      for (const f of save(result, step.json.save, this.scope, `${step.path}.save`)) this.fail(f.path, f.text);
    }
  }

  /** All steps that are left, or up to the first failure. */
  finish(): readonly Failure[] {
    while (!this.done) this.step();
    return this.failures;
  }
}

const simOptions = (scenario: Scenario, options: RunOptions): SimOptions => ({
  ...options.sim,
  seed: options.seed ?? scenario.seed ?? options.sim?.seed ?? 1,
});
