import { execFile, execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { expect, it } from 'vitest';
import { type Served, withServer } from './support.js';

const root = fileURLToPath(new URL('../..', import.meta.url));
const addressOf = ({ address }: Served): string => (address.kind === 'unix' ? `unix:${address.path}` : '');
const run = async (command: string, ...args: string[]): Promise<string> =>
  (await promisify(execFile)(command, args, { cwd: root, timeout: 30_000 })).stdout;

/** Interrupts as they were taken: each once or twice, then none. */
function expectEnd(out: string): void {
  const taken = out.trim().split('\n').map(Number);
  expect(taken.at(-1)).toBe(1023);
  expect(taken).toContain(961);
  expect(taken).toContain(960);
  expect(taken.length).toBeLessThan(8);
}

it('the C client runs out of interrupts after its queue to RM was full', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'gunyah-full-'));
  const source = join(import.meta.dirname, 'full_queue.c');
  execFileSync('gcc', ['-std=c11', '-I', join(root, 'clients', 'c'), '-o', join(folder, 'full'), source]);
  await withServer({}, async (served) => expectEnd(await run(join(folder, 'full'), addressOf(served))));
  rmSync(folder, { recursive: true });
});

it('so does the TypeScript one', () =>
  withServer({}, async (served) =>
    expectEnd(await run(process.execPath, join(import.meta.dirname, 'full_queue.mjs'), addressOf(served))),
  ));
