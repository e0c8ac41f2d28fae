/** The work of a fuzzing run: in this thread, or in several. */
import { setImmediate } from 'node:timers/promises';
import type { Worker } from 'node:worker_threads';
import {
  addTotals,
  type FuzzFailure,
  type FuzzOptions,
  type FuzzTotals,
  mergeCoverage,
  noTotals,
} from '../../../fuzz/index.js';
import { coverage, type MachineCoverage } from '../../../machine/index.js';
import type { Interrupt } from '../../interrupt.js';
import type { Progress } from '../../output.js';
import { startThread } from '../../start-thread.js';
import { type FuzzJob, fuzzerOf, nextOf, runSlice } from './job.js';
import type { FuzzThreadData } from './thread.js';

export interface Outcome {
  /** The first sequence that was not made. */
  next: number;
  totals: FuzzTotals;
  failure: FuzzFailure | undefined;
  coverage: MachineCoverage[];
}

/** What a run has done so far, in one line; `since`: when it began, milliseconds since the epoch. */
export const totalsLine = (t: FuzzTotals, since: number): string => {
  const seconds = Math.max((Date.now() - since) / 1000, 0.001);
  return `${seconds.toFixed(0)} s: ${t.sequences} sequences, ${t.commands} commands (${Math.round(t.commands / seconds)}/s), ${t.lives} VM lives`;
};

/** In this thread: one worker needs no other. */
async function fuzzHere(
  options: FuzzOptions,
  job: FuzzJob,
  live: Progress,
  since: number,
  interrupt: Interrupt,
): Promise<Outcome> {
  const fuzzer = fuzzerOf(options, job);
  for (;;) {
    const { failure, over } = runSlice(fuzzer, job);
    live.update(totalsLine(fuzzer.totals, since));
    const next = nextOf(job, fuzzer.totals.sequences);
    if (over || interrupt.code !== undefined)
      return { totals: fuzzer.totals, failure, coverage: [...coverage()], next };
    // Lets signals through.
    await setImmediate();
  }
}

/** What a worker thread says after every slice. */
type Report = { totals: FuzzTotals; failure: FuzzFailure | undefined; coverage: MachineCoverage[]; over: boolean };

function fuzzThere(
  options: FuzzOptions,
  jobs: readonly FuzzJob[],
  live: Progress,
  since: number,
  interrupt: Interrupt,
): Promise<Outcome> {
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
      const worker = startThread('fuzz', { ...job, options } satisfies FuzzThreadData);
      workers.push(worker);
      worker.on('error', reject);
      worker.on('message', (report: Report) => {
        last[job.index] = report;
        live.update(totalsLine(sum(), since));
        if (report.failure !== undefined) finish(report.failure);
        else if (last.every((r) => r?.over === true)) finish(undefined);
      });
    }
  });
}

/** One share for each job, until time or count is up, something fails, or the run is interrupted. */
export const runJobs = (
  options: FuzzOptions,
  jobs: readonly FuzzJob[],
  live: Progress,
  since: number,
  interrupt: Interrupt,
): Promise<Outcome> =>
  jobs.length === 1
    ? fuzzHere(options, jobs[0], live, since, interrupt)
    : fuzzThere(options, jobs, live, since, interrupt);
