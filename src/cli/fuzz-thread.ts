import type { MessagePort } from 'node:worker_threads';
import { Fuzzer, type FuzzOptions } from '../fuzz/index.js';
import { coverage } from '../machine/index.js';
import { type FuzzJob, runSlice } from './fuzz-job.js';

/** Sequences in slices, with a message to the main thread after each. */
export function fuzzThread(job: FuzzJob & { options: FuzzOptions }, main: MessagePort): void {
  const fuzzer = new Fuzzer(job.options, job.index, job.jobs);
  for (;;) {
    const done = runSlice(fuzzer, job);
    main.postMessage({ totals: fuzzer.totals, failure: done.failure, coverage: coverage(), over: done.over });
    if (done.over) break;
  }
}
