/** With GUNYAH_COVERAGE set to a folder, leaves there what the state machines of this worker went through (npm run coverage). */
import { randomUUID } from 'node:crypto';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll } from 'vitest';
import '../../src/rm/index.js';
import '../../src/vcpu/index.js';
import { coverage } from '../../src/machine/index.js';

const folder = process.env.GUNYAH_COVERAGE;
// A file for every test file: tests of the coverage itself set the counters of their worker to zero.
if (folder !== undefined) {
  afterAll(() => {
    mkdirSync(folder, { recursive: true });
    writeFileSync(join(folder, `${randomUUID()}.json`), JSON.stringify(coverage()));
  });
}
