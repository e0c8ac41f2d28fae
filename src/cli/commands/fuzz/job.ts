/** One worker of a fuzzing run: which sequences are its, and how it works through them in slices. */
import { Fuzzer, type FuzzFailure, type FuzzOptions } from '../../../fuzz/index.js';

/** Share of one worker of a fuzzing run. */
export interface FuzzJob {
  index: number;
  jobs: number;
  /** Number of the run's first sequence. */
  from: number;
  /** Milliseconds since the epoch. */
  until: number;
  /** Sequences of this worker, at most. */
  runs: number;
}

/** A worker's own sequences: `from + index`, and every `jobs`-th behind it. */
export const fuzzerOf = (options: FuzzOptions, job: FuzzJob): Fuzzer =>
  new Fuzzer(options, job.from + job.index, job.jobs);

/** The first sequence that this worker has not made. */
export const nextOf = (job: FuzzJob, made: number): number => job.from + job.index + made * job.jobs;

const SLICE_MS = 250;

/** Sequences for a quarter of a second. `over`: time or count is up, or something failed. */
export function runSlice(fuzzer: Fuzzer, job: FuzzJob): { failure: FuzzFailure | undefined; over: boolean } {
  const end = Math.min(Date.now() + SLICE_MS, job.until);
  while (Date.now() < end && fuzzer.totals.sequences < job.runs) {
    const failure = fuzzer.step();
    if (failure !== undefined) return { failure, over: true };
  }
  return { failure: undefined, over: Date.now() >= job.until || fuzzer.totals.sequences >= job.runs };
}
