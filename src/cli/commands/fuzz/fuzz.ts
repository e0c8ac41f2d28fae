/** `fuzz`: random VM lives against the model, until something fails or the time is over. */
import { existsSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { counted } from '../../../base/index.js';
import {
  answerLines,
  answerTable,
  defaultFuzzOptions,
  FAULTS,
  type FuzzFailure,
  type FuzzOptions,
  machineLines,
  recordingText,
} from '../../../fuzz/index.js';
import { DEATHS, Msg } from '../../../protocol/index.js';
import { INVARIANTS } from '../../../sim/index.js';
import { CliError, Exit } from '../../errors.js';
import { shellWord } from '../../files.js';
import { onInterrupt } from '../../interrupt.js';
import { meant } from '../../options/values.js';
import { goOnUnread, prepareOutput, print, printJson, progress, writeOutput } from '../../output.js';
import type { FuzzJob } from './job.js';
import { type FuzzReplayOptions, replayFile } from './replay.js';
import { runJobs, totalsLine } from './run.js';

export interface FuzzCliOptions extends FuzzReplayOptions {
  /** 60 where nothing else ends the run. */
  readonly seconds?: number;
  readonly runs?: number;
  readonly from?: number;
  readonly jobs?: number;
  readonly length: number;
  readonly swarm?: boolean;
  readonly excuse?: string[];
  readonly record?: string;
  readonly replay?: string;
  readonly fault?: string;
}

const SECONDS = 60;

function fuzzOptions(o: FuzzCliOptions): FuzzOptions {
  const excuse = o.excuse ?? [];
  for (const id of excuse) {
    if (id !== 'all' && !Object.hasOwn(DEATHS, id))
      throw new CliError(
        `--excuse ${id}: no such way to die; ${meant(id, Object.keys(DEATHS))}"gunyah-sim explain deaths" lists them, "all" means every one`,
      );
  }
  const fault = o.fault ?? '';
  if (fault !== '' && !Object.hasOwn(FAULTS, fault))
    throw new CliError(
      `--fault ${fault}: ${meant(fault, Object.keys(FAULTS))}there are ${Object.keys(FAULTS).join(', ')}`,
    );
  return {
    ...defaultFuzzOptions(),
    corpus: o.from === undefined,
    seed: o.seed ?? 1,
    swarm: o.swarm === true,
    length: o.length,
    excuse,
    fault,
  };
}

const beginning = (o: FuzzCliOptions, seconds: number, seed: number, threads: number): string => {
  const time = seconds === Number.POSITIVE_INFINITY ? [] : [`${seconds} s`];
  const limits = [...time, ...(o.runs === undefined ? [] : [counted(o.runs, 'sequence')])].join(' or ');
  const from = o.from === undefined ? '' : ` from ${o.from}`;
  return `fuzzing for ${limits}${from}: seed ${seed}, ${counted(threads, 'thread')}; Ctrl-C ends it early`;
};

/** The command that goes on behind this run: the same sequences only with the same options. */
function goOnCommand(o: FuzzCliOptions, { seed, length, swarm, excuse, fault }: FuzzOptions, next: number): string {
  const words = [`--seed ${seed} --from ${next}`];
  if (length !== defaultFuzzOptions().length) words.push(`--length ${length}`);
  if (swarm) words.push('--swarm');
  if (excuse.length > 0) words.push(`--excuse ${excuse.join(',')}`);
  if (fault !== '') words.push(`--fault ${fault}`);
  for (const limit of ['seconds', 'runs', 'jobs'] as const)
    if (o[limit] !== undefined) words.push(`--${limit} ${o[limit]}`);
  return `gunyah-sim fuzz ${words.join(' ')}`;
}

/** Name of a new recording in the working directory. */
function freeName(seed: number, force: boolean): string {
  const name = (n: number): string => `fuzz-${seed}${n === 1 ? '' : `-${n}`}.json`;
  let n = 1;
  while (!force && existsSync(name(n))) n++;
  return name(n);
}

/** Hours may have gone into it: where its file cannot be written any more, it is printed. Returns whether there is a file. */
function keep(file: string, text: string, force: boolean): boolean {
  try {
    writeOutput(file, text, force);
    return file !== '-';
  } catch (error) {
    if (!(error instanceof CliError)) throw error;
    process.stderr.write(`error: ${error.message}; the recording is printed instead\n`);
    print(text);
    return false;
  }
}

/** What `explain` knows about a failure: the invariant, the way to die, or the message. */
function explained(tag: string): string | undefined {
  if (Object.hasOwn(INVARIANTS, tag) || Object.hasOwn(DEATHS, tag)) return tag;
  return tag.split(/[^A-Z_]+/).find((word) => Object.hasOwn(Msg, word) || Object.hasOwn(Msg, `N_${word}`));
}

/** `file`: where it is; undefined: it was printed. */
function failureLines(failure: FuzzFailure, file: string | undefined): string[] {
  const from = failure.seed < 0 ? `sequence ${-failure.seed} of the corpus` : `sequence seed ${failure.seed}`;
  const about = explained(failure.tag);
  return [
    `FAILED (${failure.kind}): ${failure.what}`,
    `${counted(failure.commands.length, 'command')}, from ${from}:`,
    ...failure.words.map((w, i) => `  ${i + 1}. ${w}`),
    ...(about === undefined ? [] : [`what was checked: gunyah-sim explain ${about}`]),
    file === undefined
      ? 'replay: put the recording above into a FILE, then gunyah-sim fuzz --replay FILE'
      : `replay: gunyah-sim fuzz --replay ${shellWord(file)}`,
    'with its packets: --trace; as a scenario: --scenario FILE',
  ];
}

export async function fuzz(o: FuzzCliOptions): Promise<Exit> {
  if (o.trace === true && (o.replay === undefined || o.json === true))
    throw new CliError('--trace shows a --replay, in words');
  if (o.scenario !== undefined && o.replay === undefined)
    throw new CliError('--scenario makes a scenario of a --replay');
  if (o.replay !== undefined) return replayFile(o.replay, o);
  const options = fuzzOptions(o);
  prepareOutput(o.record, o.force === true);
  goOnUnread();
  const since = Date.now();
  const count = Math.max(1, o.jobs ?? Math.max(1, availableParallelism() - 1));
  const seconds = o.seconds ?? (o.runs === undefined ? SECONDS : Number.POSITIVE_INFINITY);
  const until = since + seconds * 1000;
  const runs = o.runs === undefined ? Number.POSITIVE_INFINITY : Math.ceil(o.runs / count);
  const jobs = Array.from(
    { length: count },
    (_, index): FuzzJob => ({ index, jobs: count, from: o.from ?? 0, until, runs }),
  );
  const live = progress(o);
  const interrupt = onInterrupt();
  live.begin(beginning(o, seconds, options.seed, count));
  const outcome = await runJobs(options, jobs, live, since, interrupt);
  live.done();
  const { failure } = outcome;
  const file = o.record ?? freeName(options.seed, o.force === true);
  const kept = failure !== undefined && keep(file, recordingText(options, failure), o.force === true);
  if (o.json === true) {
    printJson({
      ok: failure === undefined,
      interrupted: interrupt.code !== undefined,
      seed: options.seed,
      seconds: (Date.now() - since) / 1000,
      next: outcome.next,
      ...outcome.totals,
      counts: undefined,
      failure,
      recording: kept ? file : undefined,
      answers: answerTable(outcome.totals.counts),
      machines: outcome.coverage,
    });
  } else {
    if (o.quiet !== true) {
      for (const l of answerLines(answerTable(outcome.totals.counts))) print(l);
      for (const l of machineLines(outcome.coverage)) print(l);
      const deaths = Object.entries(outcome.totals.deaths);
      if (deaths.length > 0) print(`RM died as foretold: ${deaths.map(([id, n]) => `${id} ${n}`).join(', ')}`);
    }
    // Interrupted in the corpus: there is nothing yet to go on behind.
    const goesOn =
      outcome.next === 0 && failure === undefined ? '' : `; go on: ${goOnCommand(o, options, outcome.next)}`;
    if (failure !== undefined) for (const l of failureLines(failure, kept ? file : undefined)) print(l);
    print(
      `${totalsLine(outcome.totals, since)}; seed ${options.seed}, ${failure === undefined ? 'nothing failed' : '1 failed'}${interrupt.code === undefined ? '' : ' before it was interrupted'}${goesOn}`,
    );
  }
  return failure === undefined ? (interrupt.code ?? Exit.OK) : Exit.FAILED;
}
