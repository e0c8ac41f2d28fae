/** `fuzz`: random VM lives against the model, until something fails or the time is over. */
import { availableParallelism } from 'node:os';
import { counted } from '../../../base/index.js';
import {
  answerLines,
  answerTable,
  defaultFuzzOptions,
  type FuzzOptions,
  machineLines,
  recordingText,
} from '../../../fuzz/index.js';
import { CliError, Exit } from '../../errors.js';
import { onInterrupt } from '../../interrupt.js';
import { goOnUnread, prepareOutput, print, printJson, progress } from '../../output.js';
import { checkNames, failureLines, freeName, keep } from './failure.js';
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
  const fault = o.fault ?? '';
  checkNames(excuse, fault);
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

/** Where a sequence comes from. */
const origin = (seed = 0): string => (seed < 0 ? `from sequence ${-seed} of the corpus` : `from sequence seed ${seed}`);

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
  const file = o.record ?? freeName(`fuzz-${options.seed}`, o.force === true);
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
    if (failure !== undefined)
      for (const l of failureLines(failure, origin(failure.seed), kept ? file : undefined)) print(l);
    print(
      `${totalsLine(outcome.totals, since)}; seed ${options.seed}, ${failure === undefined ? 'nothing failed' : '1 failed'}${interrupt.code === undefined ? '' : ' before it was interrupted'}${goesOn}`,
    );
  }
  return failure === undefined ? (interrupt.code ?? Exit.OK) : Exit.FAILED;
}
