/** With GUNYAH_COVERAGE set to a folder, leaves there what the state machines of this worker went through (npm run coverage). */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { threadId } from 'node:worker_threads';
import { afterAll } from 'vitest';
import '../../src/rm/index.js';
import '../../src/vcpu/index.js';
import { coverage } from '../../src/machine/index.js';

const folder = process.env.GUNYAH_COVERAGE;
// Counters live as long as the worker, so the last file that it runs leaves the complete count.
if (folder !== undefined) {
  afterAll(() => {
    mkdirSync(folder, { recursive: true });
    writeFileSync(join(folder, `${process.pid}-${threadId}.json`), JSON.stringify(coverage()));
  });
}
