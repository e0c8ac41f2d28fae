/** One worker thread of `fuzz`. It runs what the command line runs: the bundle, else the modules. */
import { parentPort, workerData } from 'node:worker_threads';
import { loadBundle } from '../../bundle.js';

if (parentPort === null) throw new Error('this is a worker thread of `gunyah-sim fuzz`');
const bundled = await loadBundle(new URL('../../', import.meta.url).href)?.program.fuzzThreads();
const { fuzzThread } = bundled ?? (await import('./thread.js'));
fuzzThread(workerData, parentPort);
