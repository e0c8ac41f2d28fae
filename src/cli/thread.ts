/** A thread of the command line: the bundle beside this file if it has been made of the modules as they are, else the modules. */
import { parentPort, workerData } from 'node:worker_threads';
import { loadBundle } from './bundle.js';
import type { ThreadStart } from './start-thread.js';

if (parentPort === null) throw new Error('this is a thread of gunyah-sim');
const { threads } = loadBundle(import.meta.url)?.program ?? (await import('./program.js'));
const { name, data } = workerData as ThreadStart;
await threads[name](data, parentPort);
