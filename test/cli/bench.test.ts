import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { benchParts } from '../../src/cli/bench-parts.js';
import { bench } from '../../src/cli/commands/bench.js';

const PROGRAM = join(import.meta.dirname, '../../dist/bench/main.cjs');
/** How `bench` is ended by a program that ends so, and what it started. */
async function benched(end: readonly [number | null, NodeJS.Signals | null], parts: readonly string[], json = false) {
  let started: readonly string[] = [];
  const code = await bench(parts, { json }, async (args) => {
    started = args;
    return end;
  });
  return { code, started };
}

describe('bench', () => {
  it('starts what npm run bench starts, with the parts and the form that are asked for', async () => {
    expect(await benched([0, null], [])).toEqual({ code: 0, started: [PROGRAM, ...benchParts([])] });
    const some = await benched([0, null], ['rpc', 'heap'], true);
    expect(some).toEqual({ code: 0, started: [PROGRAM, '--json', 'rpc', 'heap'] });
  });

  it.each([
    [[1, null], 1],
    [[null, 'SIGINT'], 130],
    [[null, 'SIGTERM'], 143],
    [[null, 'SIGKILL'], 1],
  ] as const)('that ends with %j ends this', async (end, code) => {
    expect((await benched(end, ['rpc'])).code).toBe(code);
  });

  it('is a program of its own, which refuses what is no part in the same words', () => {
    const r = spawnSync(process.execPath, [PROGRAM, 'nope'], { encoding: 'utf8' });
    expect([r.status, r.stdout]).toEqual([2, '']);
    expect(r.stderr).toMatch(/^error: no part is called nope: there are rpc, .*\n$/);
    expect(() => benchParts(['rpc', ''])).toThrow("no part is called '': ");
  });
});
