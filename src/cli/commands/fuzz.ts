/** `fuzz`: random VM lives against the model, until something fails or the time is over. */
import { existsSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { setImmediate } from 'node:timers/promises';
import { Worker } from 'node:worker_threads';
import { counted } from '../../base/index.js';
import { fuzzScenario, scenarioText } from '../../export/index.js';
import {
  addTotals,
  answerLines,
  answerTable,
  defaultFuzzOptions,
  FAULTS,
  Fuzzer,
  type FuzzFailure,
  type FuzzOptions,
  type FuzzRecording,
  type FuzzTotals,
  machineLines,
  mergeCoverage,
  noTotals,
  parseRecording,
  recordingText,
  stepWords,
  type Watcher,
} from '../../fuzz/index.js';
import { coverage, type MachineCoverage } from '../../machine/index.js';
import { DEATHS, Msg } from '../../protocol/index.js';
import { Machine, parseScenario, Run, textTrace } from '../../scenario/index.js';
import { INVARIANTS } from '../../sim/index.js';
import { CliError, Exit } from '../errors.js';
import { misplaced } from '../file-kind.js';
import { readInput } from '../files.js';
import { type FuzzJob, fuzzerOf, nextOf, runSlice, WORKER_URL } from '../fuzz-job.js';
import { type Interrupt, onInterrupt } from '../interrupt.js';
import { meant } from '../options.js';
import {
  checkDistinct,
  type GlobalOptions,
  goOnUnread,
  type Progress,
  prepareOutput,
  print,
  printBeside,
  printJson,
  progress,
  useColor,
  writeOutput,
} from '../output.js';

export interface FuzzCliOptions extends GlobalOptions {
  /** 60 where nothing else ends the run. */
  readonly seconds?: number;
  readonly runs?: number;
  readonly from?: number;
  readonly jobs?: number;
  readonly length: number;
  readonly swarm?: boolean;
  readonly excuse?: string[];
  readonly record?: string;
  readonly force?: boolean;
  readonly replay?: string;
  readonly trace?: boolean;
  readonly scenario?: string;
  readonly fault?: string;
}

const SECONDS = 60;

interface Outcome {
  /** The first sequence that was not made. */
  next: number;
  totals: FuzzTotals;
  failure: FuzzFailure | undefined;
  coverage: MachineCoverage[];
  seconds: number;
}

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

const line = (t: FuzzTotals, since: number): string => {
  const seconds = Math.max((Date.now() - since) / 1000, 0.001);
  return `${seconds.toFixed(0)} s: ${t.sequences} sequences, ${t.commands} commands (${Math.round(t.commands / seconds)}/s), ${t.lives} VM lives`;
};

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

/** In this thread: one worker needs no other. */
async function fuzzHere(
  options: FuzzOptions,
  job: FuzzJob,
  live: Progress,
  since: number,
  interrupt: Interrupt,
): Promise<Omit<Outcome, 'seconds'>> {
  const fuzzer = fuzzerOf(options, job);
  for (;;) {
    const { failure, over } = runSlice(fuzzer, job);
    live.update(line(fuzzer.totals, since));
    const next = nextOf(job, fuzzer.totals.sequences);
    if (over || interrupt.code !== undefined)
      return { totals: fuzzer.totals, failure, coverage: [...coverage()], next };
    // Lets signals through.
    await setImmediate();
  }
}

type Report = { totals: FuzzTotals; failure: FuzzFailure | undefined; coverage: MachineCoverage[]; over: boolean };

function fuzzThere(
  options: FuzzOptions,
  jobs: readonly FuzzJob[],
  live: Progress,
  since: number,
  interrupt: Interrupt,
): Promise<Omit<Outcome, 'seconds'>> {
  const last: (Report | undefined)[] = jobs.map(() => undefined);
  const sum = (): FuzzTotals => {
    const totals = noTotals();
    for (const r of last) if (r !== undefined) addTotals(totals, r.totals);
    return totals;
  };
  return new Promise((resolve, reject) => {
    const workers: Worker[] = [];
    const finish = (failure: FuzzFailure | undefined): void => {
      for (const w of workers) void w.terminate();
      const covered = last.filter((r) => r !== undefined).map((r) => r.coverage);
      const next = Math.min(...jobs.map((job) => nextOf(job, last[job.index]?.totals.sequences ?? 0)));
      resolve({ totals: sum(), failure, coverage: mergeCoverage(covered), next });
    };
    void interrupt.happened.then(() => finish(undefined));
    for (const job of jobs) {
      const worker = new Worker(WORKER_URL, { workerData: { ...job, options } });
      workers.push(worker);
      worker.on('error', reject);
      worker.on('message', (report: Report) => {
        last[job.index] = report;
        live.update(line(sum(), since));
        if (report.failure !== undefined) finish(report.failure);
        else if (last.every((r) => r?.over === true)) finish(undefined);
      });
    }
  });
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

/** A file's name as a shell reads it. */
const quoted = (file: string): string => (/^[\w./+-]+$/.test(file) ? file : `'${file.replaceAll("'", "'\\''")}'`);

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
      : `replay: gunyah-sim fuzz --replay ${quoted(file)}`,
    'with its packets: --trace; as a scenario: --scenario FILE',
  ];
}

/** The sequence as a scenario: what it says of itself, in lines. It is played once, to tell what it shows. */
function writeScenario(to: string, { options, failure }: FuzzRecording, force: boolean): string[] {
  const { steps, left } = fuzzScenario(new Fuzzer(options), failure.commands);
  const text = scenarioText('fuzz', `A sequence of the fuzzer. ${failure.kind}: ${failure.what.split('\n')[0]}`, steps);
  writeOutput(to, text, force);
  const [failed] = new Run(parseScenario(text)).finish();
  return [
    ...(to === '-' ? [] : [`scenario: gunyah-sim run ${quoted(to)}`]),
    ...left.map((words) => `  left out, a scenario has no step for it: ${words}`),
    ...(options.fault === '' ? [] : [`  the fault ${options.fault} is not in it`]),
    ...(failure.kind === 'invariant'
      ? [`  a scenario does not check invariants: look at the state, as with caps`]
      : []),
    failed === undefined ? '  every step is as the model says' : `  fails at ${failed.path}: ${failed.text}`,
  ];
}

function replayFile(file: string, o: FuzzCliOptions): Exit {
  const { json, trace, scenario } = o;
  checkDistinct({ '--scenario': scenario, '--json': json === true ? '-' : undefined }, [file]);
  prepareOutput(scenario, o.force === true);
  const bytes = readInput(file);
  const recording = parseRecording(new TextDecoder().decode(bytes));
  if (recording === undefined)
    throw new CliError(`${file}: ${misplaced('not a recording made by fuzz', bytes, 'fuzz')}`, Exit.INPUT);
  const fuzzer = new Fuzzer(recording.options);
  const say = scenario === '-' ? printBeside : print;
  let n = 0;
  const told: Watcher = { step: (command, step) => say(`${++n}. ${stepWords(command, step)}`) };
  if (trace === true) new Machine(fuzzer.sim, textTrace({ print: say, calls: true, color: useColor(o) }));
  const again = fuzzer.replay(recording.failure.commands, trace === true ? told : undefined);
  const { kind, tag } = recording.failure;
  const written = scenario === undefined ? [] : writeScenario(scenario, recording, o.force === true);
  if (json === true) printJson({ file, failed: again !== undefined, failure: again, scenario: written });
  else if (again === undefined) say(`passes now: ${recording.failure.commands.length} commands of ${file}`);
  else {
    const same = again.kind === kind && again.tag === tag ? 'fails as recorded' : 'FAILS IN ANOTHER WAY';
    say(`${same} (${again.kind}): ${again.what}`);
    if (trace !== true) for (const [i, w] of again.words.entries()) say(`  ${i + 1}. ${w}`);
  }
  if (json !== true) for (const line of written) say(line);
  return again === undefined ? Exit.OK : Exit.FAILED;
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
  const done =
    count === 1
      ? await fuzzHere(options, jobs[0], live, since, interrupt)
      : await fuzzThere(options, jobs, live, since, interrupt);
  live.done();
  const outcome: Outcome = { ...done, seconds: (Date.now() - since) / 1000 };
  const { failure } = outcome;
  const file = o.record ?? freeName(options.seed, o.force === true);
  const kept = failure !== undefined && keep(file, recordingText(options, failure), o.force === true);
  if (o.json === true) {
    printJson({
      ok: failure === undefined,
      interrupted: interrupt.code !== undefined,
      seed: options.seed,
      seconds: outcome.seconds,
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
      `${line(outcome.totals, since)}; seed ${options.seed}, ${failure === undefined ? 'nothing failed' : '1 failed'}${interrupt.code === undefined ? '' : ' before it was interrupted'}${goesOn}`,
    );
  }
  return failure === undefined ? (interrupt.code ?? Exit.OK) : Exit.FAILED;
}
