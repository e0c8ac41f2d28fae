/** What a run of the fuzzer is made of and comes to. */
import type { Expected } from './compare.js';
import type { Command, Step } from './lifecycle/commands.js';
import type { World } from './lifecycle/world.js';
import type { SavedMachine } from './machine.js';

export type FailureKind = 'mismatch' | 'invariant' | 'death' | 'crash' | 'divergence';

export interface Failure {
  kind: FailureKind;
  /** What makes two failures the same one: name of the invariant, message and error codes, or trigger. */
  tag: string;
  what: string;
  /** Index of the command. */
  at: number;
}

/** A failure before it is known which command of a sequence it was. */
export type Found = Omit<Failure, 'at'>;

/** Why nothing follows a command. */
export type End =
  | { kind: 'failure'; failure: Found }
  /** RM died as the model said, or of what is excused. */
  | { kind: 'death'; trigger: string | undefined }
  /** The model does not follow RM from here on. */
  | { kind: 'over'; why: string };

/** Where a run stands between two commands. */
export interface SavedRun {
  machine: SavedMachine;
  w: World;
  /** What guests find when they read next. */
  inbox: Map<number, Expected[]>;
  guestSeq: number;
}

/** How often each message got each answer: `VM_INIT` -> `OK` -> count. */
export type AnswerCounts = Record<string, Record<string, number>>;

export interface RunResult {
  /** Commands that made sense and were carried out. */
  executed: Command[];
  failure: Failure | undefined;
  /** RM died as the model said: trigger. */
  death: string | undefined;
  /** Requests answered. */
  requests: number;
  /** Lives that went from allocation to deallocation. */
  lives: number;
}

/** A command, and what it comes to in the present state if its source has found that out already. */
export interface Planned {
  command: Command;
  step?: Step;
}

/** Gives the next command for a state of the model; undefined: the sequence is over. */
export type Source = (w: World) => Planned | undefined;

export interface RunOptions {
  /** Leaves the invariants out: for runs that are only compared with another one. */
  unchecked?: boolean;
  counts?: AnswerCounts;
  /** Triggers that may kill RM although the model did not say so. */
  excuse?: readonly string[];
  afterCommand?: () => void;
  watcher?: Watcher;
}

/** Hears of a run command by command. */
export interface Watcher {
  /** What comes next, in this state of the model. */
  step(command: Command, step: Step, w: World): void;
  /** What the primary VM must get of it, and the model behind it. */
  expects?(messages: readonly Expected[], w: World): void;
}
