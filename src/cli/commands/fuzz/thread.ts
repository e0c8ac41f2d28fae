/** A thread of `fuzz`: its share of the sequences, in slices. */
import type { MessagePort } from 'node:worker_threads';
import type { FuzzOptions } from '../../../fuzz/index.js';
import { coverage } from '../../../machine/index.js';
import { type FuzzJob, fuzzerOf, runSlice } from './job.js';

export type FuzzThreadData = FuzzJob & { options: FuzzOptions };

/** A message to the main thread after each slice. */
export function fuzzThread(job: FuzzThreadData, main: MessagePort): void {
  const fuzzer = fuzzerOf(job.options, job);
  for (;;) {
    const done = runSlice(fuzzer, job);
    main.postMessage({ totals: fuzzer.totals, failure: done.failure, coverage: coverage(), over: done.over });
    if (done.over) break;
  }
}
