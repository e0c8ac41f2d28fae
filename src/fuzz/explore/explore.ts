/**
 * Exhaustive exploration of VM lives: every state that a few commands can lead to, and in each of them every command, on the real
 * machine. Leaves out clocks, files and threads: the command line has those.
 */
import { resetCoverage } from '../../machine/index.js';
import { FAULTS } from '../faults.js';
import { defaultFuzzOptions, Fuzzer, type FuzzFailure, type FuzzOptions } from '../fuzz.js';
import { Machine } from '../machine.js';
import { Runner } from '../run.js';
import type { AnswerCounts, SavedRun } from '../run-types.js';
import { commandsOf, type Move } from './choices.js';
import { type Bound, type Lives, lives } from './lives.js';
import { type Ending, type Kind, Search, type Trap } from './search.js';
import { missingBack, type Sights, sightsOf } from './sights.js';

export interface ExploreOptions extends Bound {
  /** Commands and sets of them, by name. */
  commands: readonly string[];
  /** States that many commands away from the start are not followed. */
  depth: number;
  /** Triggers that may kill RM although the model did not say so. */
  excuse: readonly string[];
  /** Canary fault, or ''. */
  fault: string;
}

export const defaultExploreOptions = (): ExploreOptions => ({
  vms: 1,
  parcels: 1,
  messages: 1,
  commands: ['life', 'guests', 'queries'],
  depth: Number.POSITIVE_INFINITY,
  excuse: [],
  fault: '',
});

/** What an exploration has come to so far. */
export interface Exploration {
  states: number;
  edges: number;
  /** Commands from the start to the farthest state. */
  depth: number;
  /** States in which not everything has been tried; 0: the exploration is complete. */
  left: number;
  kinds: Kind[];
  counts: AnswerCounts;
  ends: Ending<Move>[];
  sights: Sights;
  /** Known only when it is complete: states without a way back to the start. */
  traps: Trap<Move>[] | undefined;
  /** Commands without which there need not be one. */
  missingBack: string[];
}

/** Plays one state per `step`: every command in it. */
export class Explorer {
  private readonly search: Search<SavedRun, Move>;
  private readonly model: Lives;
  private readonly commands: readonly string[];
  private readonly counts: AnswerCounts = {};

  /** Counts transitions from now on: coverage begins anew. */
  constructor(readonly options: ExploreOptions) {
    const { excuse, fault, depth } = options;
    resetCoverage();
    this.commands = commandsOf(options.commands);
    const machine = new Machine();
    const afterCommand = fault === '' ? undefined : FAULTS[fault].install(machine);
    this.model = lives(new Runner(machine), this.commands, options, { excuse, afterCommand, counts: this.counts });
    this.search = new Search(this.model, depth);
  }

  /** Tries everything in one more state. False: that was all, or something failed. */
  step(): boolean {
    return this.search.step();
  }

  /** States and edges so far. */
  get size(): { states: number; edges: number; depth: number; left: number } {
    const { states, edges, depth, left } = this.search;
    return { states, edges, depth, left };
  }

  result(): Exploration {
    const { search, counts, commands, size } = this;
    const traps = size.left === 0 ? search.traps() : undefined;
    return {
      ...size,
      kinds: search.kinds(),
      counts,
      ends: search.ends(),
      sights: sightsOf(commands),
      traps,
      missingBack: missingBack(commands),
    };
  }

  /** The options under which the fuzzer repeats the failure. */
  get replayOptions(): FuzzOptions {
    const { excuse, fault } = this.options;
    return { ...defaultFuzzOptions(), excuse, fault };
  }

  /** The shortest sequence that fails, carried out again from the start of another machine. */
  failure(): FuzzFailure | undefined {
    const { broken } = this.search;
    const found = this.model.failure;
    if (broken === undefined || found === undefined) return undefined;
    const commands = broken.map(({ command }) => command);
    const again = new Fuzzer(this.replayOptions).replay(commands);
    const what = `${found.what}; but not when everything before it is carried out anew`;
    return again ?? { kind: 'divergence', tag: 'snapshot', what, at: commands.length - 1, commands, words: [] };
  }
}
