/**
 * The fuzzing loop of one worker: sequences until the time or the count is over, or something fails; then the failure is
 * made small. Leaves out clocks, files and threads: the command line has those.
 */
import { setBackend } from '../machine/index.js';
import { digest, encodeSnapshot, type Simulator, sameSnapshot } from '../sim/index.js';
import { corpus } from './corpus.js';
import type { DrawOptions } from './draws.js';
import { FAULTS } from './faults.js';
import { generator, listed } from './generate.js';
import type { Command } from './lifecycle/commands.js';
import { Machine } from './machine.js';
import { Runner } from './run.js';
import type { AnswerCounts, Failure, RunOptions, RunResult, Source, Watcher } from './run-types.js';
import { shrink } from './shrink.js';
import { stepWords } from './words.js';

export interface FuzzOptions extends DrawOptions {
  seed: number;
  /** Triggers that may kill RM. */
  excuse: readonly string[];
  /** Every so many sequences are also run with the reference backend of the state machines. */
  compareEvery: number;
  /** Starts with the directed sequences of the corpus. They do not count as sequences of the run. */
  corpus: boolean;
  /** Canary fault, or ''. */
  fault: string;
}

/** Options of `gunyah-sim fuzz` when none is given. */
export const defaultFuzzOptions = (): FuzzOptions => ({
  seed: 1,
  swarm: false,
  length: 150,
  excuse: [],
  compareEvery: 200,
  corpus: false,
  fault: '',
});

export interface FuzzFailure extends Failure {
  /** Seed of the sequence in which it was found; -1 and below: a sequence of the corpus; none: no sequence of a run. */
  seed?: number;
  commands: Command[];
  words: string[];
}

export interface FuzzTotals {
  sequences: number;
  commands: number;
  lives: number;
  deaths: Record<string, number>;
  counts: AnswerCounts;
}

export const noTotals = (): FuzzTotals => ({ sequences: 0, commands: 0, lives: 0, deaths: {}, counts: {} });

export function addTotals(to: FuzzTotals, from: FuzzTotals): void {
  to.sequences += from.sequences;
  to.commands += from.commands;
  to.lives += from.lives;
  for (const [id, n] of Object.entries(from.deaths)) to.deaths[id] = (to.deaths[id] ?? 0) + n;
  for (const [message, errors] of Object.entries(from.counts)) {
    const of = to.counts[message] ?? {};
    to.counts[message] = of;
    for (const [error, n] of Object.entries(errors)) of[error] = (of[error] ?? 0) + n;
  }
}

/** Plays one sequence per `step`; what it returns is the failure made small, or undefined. */
export class Fuzzer {
  readonly totals = noTotals();
  private readonly runner: Runner;
  private readonly afterCommand: (() => void) | undefined;
  private next: number;
  private readonly directed: readonly Command[][];
  private done = 0;

  constructor(
    readonly options: FuzzOptions,
    /** Sequences of this worker: first, first + stride, ... */
    first = 0,
    private readonly stride = 1,
  ) {
    const machine = new Machine();
    this.afterCommand = options.fault === '' ? undefined : FAULTS[options.fault].install(machine);
    this.runner = new Runner(machine);
    this.next = first;
    this.directed = options.corpus && first === 0 ? corpus() : [];
  }

  private runOptions(): RunOptions {
    return { excuse: this.options.excuse, afterCommand: this.afterCommand };
  }

  /** One sequence; its failure, made small, if it fails. */
  step(): FuzzFailure | undefined {
    const { options, totals } = this;
    if (this.done < this.directed.length) return this.directedStep();
    const seed = sequenceSeed(options.seed, this.next);
    this.next += this.stride;
    const source = generator(seed, { ...options, deaths: options.excuse });
    const result = this.counted(source);
    totals.sequences++;
    if (result.failure === undefined && totals.sequences % options.compareEvery === 0) {
      result.failure = this.compareBackends(result.executed);
      if (result.failure !== undefined) return { ...result.failure, commands: result.executed, words: [], seed };
    }
    return result.failure === undefined ? undefined : { ...this.minimal(result, result.failure), seed };
  }

  private directedStep(): FuzzFailure | undefined {
    const n = this.done++;
    const result = this.counted(listed(this.directed[n]));
    return result.failure === undefined ? undefined : { ...this.minimal(result, result.failure), seed: -1 - n };
  }

  private counted(source: Source): RunResult {
    const { totals } = this;
    const result = this.runner.run(source, { ...this.runOptions(), counts: totals.counts });
    totals.commands += result.requests;
    totals.lives += result.lives;
    if (result.death !== undefined) totals.deaths[result.death] = (totals.deaths[result.death] ?? 0) + 1;
    return result;
  }

  /** Commands that were just carried out with compiled state machines must lead to the same state with interpreted ones. */
  private compareBackends(commands: readonly Command[]): Failure | undefined {
    const compiled = this.runner.machine.snapshot();
    setBackend('reference');
    this.carryOut(commands);
    setBackend('compiled');
    const reference = this.runner.machine.snapshot();
    // Digests cost far more than the comparison.
    if (sameSnapshot(compiled, reference)) return undefined;
    const [a, b] = [compiled, reference].map((s) => digest(encodeSnapshot(s)));
    if (a === b) return undefined;
    const what = `compiled state machines lead to state ${a}, XState to ${b}`;
    return { kind: 'divergence', tag: 'backends', what, at: commands.length - 1 };
  }

  private minimal(result: RunResult, found: Failure): Omit<FuzzFailure, 'seed'> {
    const same = (r: RunResult): boolean => r.failure?.kind === found.kind && r.failure.tag === found.tag;
    const commands = shrink(result.executed, (candidate) => {
      const r = this.runner.run(listed(candidate), this.runOptions());
      return same(r) ? r.executed : undefined;
    });
    return this.replay(commands) ?? { ...found, commands: result.executed, words: [] };
  }

  /** The machine: for who wants to watch a replay. */
  get sim(): Simulator {
    return this.runner.machine.sim;
  }

  /** Carries out a list of commands with all checks; its failure, in words. */
  replay(commands: readonly Command[], watcher?: Watcher): Omit<FuzzFailure, 'seed'> | undefined {
    const words: string[] = [];
    const both: Watcher = {
      step(command, step, w) {
        words.push(stepWords(command, step));
        watcher?.step(command, step, w);
      },
      expects: (messages, w) => watcher?.expects?.(messages, w),
    };
    const r = this.runner.run(listed(commands), { ...this.runOptions(), watcher: both });
    return r.failure === undefined ? undefined : { ...r.failure, commands: r.executed, words };
  }

  private carryOut(commands: readonly Command[]): void {
    this.runner.run(listed(commands), { ...this.runOptions(), unchecked: true });
  }
}

/** Seed of the n-th sequence of a run. */
const sequenceSeed = (seed: number, n: number): number =>
  (Math.imul(seed, 0x9e37_79b1) + Math.imul(n, 0x85eb_ca6b)) >>> 0;
