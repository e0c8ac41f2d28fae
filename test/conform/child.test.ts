import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { runChild } from '../../src/cli/conform-child.js';
import * as suite from '../../src/conform/index.js';

const folder = mkdtempSync(join(tmpdir(), 'conform-test-'));
const program = join(folder, 'client');
const image = suite.bootBench();
const TIMEOUT_MS = 5000;

async function verdict(id: string, client = `${program} {link}`): Promise<string> {
  const c = suite.CATALOG.find((x) => x.id === id);
  if (c === undefined || !suite.isCase(c)) throw new Error(`${id} cannot run`);
  const v = await runChild(suite, c, image, client, TIMEOUT_MS);
  return [v.verdict, ...v.reasons].join(': ');
}

describe('a client in another process', () => {
  beforeAll(() => {
    const source = join(import.meta.dirname, '../../clients/c/conform_client.c');
    execFileSync('gcc', ['-std=c11', '-Wall', '-Wextra', '-Werror', '-O1', '-o', program, source], { stdio: 'pipe' });
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  it('is checked through the queues, its own interrupts, and the upper tester', async () => {
    for (const id of ['XPORT-1', 'FRAG-2', 'SEQ-9', 'NOTIF-16', 'ROB-1'])
      expect([id, await verdict(id)]).toEqual([id, 'PASS']);
  });

  it('is not asked for VMs that it does not offer', async () => {
    expect(await verdict('TEAR-1')).toBe('SKIP: the client offers level T');
  });

  it('is an error of transport when it does not start', async () => {
    await expect(verdict('SEQ-4', 'false {link}')).rejects.toThrow('the client ended before it was ready');
  });
});
