/** One worker thread of `fuzz`: sequences in slices, with a message to the main thread after each. */
import { parentPort, workerData } from 'node:worker_threads';
import { Fuzzer, type FuzzOptions } from '../fuzz/index.js';
import { coverage } from '../machine/index.js';
import { type FuzzJob, runSlice } from './fuzz-job.js';

const job = workerData as FuzzJob & { options: FuzzOptions };
const fuzzer = new Fuzzer(job.options, job.index, job.jobs);
for (;;) {
  const done = runSlice(fuzzer, job);
  parentPort?.postMessage({ totals: fuzzer.totals, failure: done.failure, coverage: coverage(), over: done.over });
  if (done.over) break;
}
