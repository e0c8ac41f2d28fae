/** Threads of the command line: they run what it runs itself, the bundle or the modules. */
import { type TransferListItem, Worker } from 'node:worker_threads';
import type { threads } from './program.js';

/** What a thread is told: which of `threads` (program.ts) it is, and what that one gets. */
export interface ThreadStart {
  readonly name: keyof typeof threads;
  readonly data: unknown;
}

/** `transfer`: what of `data` the thread gets for itself. Of one folder with the bundle, which stands for the modules of all. */
export const startThread = (name: ThreadStart['name'], data: unknown, transfer?: TransferListItem[]): Worker =>
  new Worker(new URL('./thread.js', import.meta.url), {
    workerData: { name, data } satisfies ThreadStart,
    transferList: transfer,
  });
