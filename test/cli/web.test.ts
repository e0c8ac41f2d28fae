import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, expect, it } from 'vitest';
import { found } from '../../src/web/index.js';
import { CliLines, type Ended } from '../support/cli.js';

const root = resolve(import.meta.dirname, '..', '..');
const folder = mkdtempSync(join(tmpdir(), 'web-'));
const lines = new CliLines(folder);
afterAll(() => {
  lines.close();
  rmSync(folder, { recursive: true });
});
const web = (...args: string[]): Promise<Ended> => lines.run('web', ...args);
const built = join(root, 'dist', 'web', 'explorer.html');
const namesIn = (page: string): string[] => (JSON.parse(found(page, 'files')) as { name: string }[]).map((f) => f.name);

it('says where the built page is', async () => {
  expect(await web()).toEqual({ status: 0, out: `open in a browser: ${pathToFileURL(built)}\n`, err: '' });
  expect(JSON.parse((await web('--json')).out)).toEqual({ page: built, url: pathToFileURL(built).href });
  expect(namesIn(readFileSync(built, 'utf8'))[0]).toBe('first-rpc');
  expect((await web('--seed', '1')).err).toContain('--seed has no effect on web');
});

it('writes a page that begins with a scenario, and nothing over another one', async () => {
  const page = join(folder, 'explorer.html');
  const mine = join(folder, 'mine.json');
  const text = readFileSync(join(root, 'examples', 'first-rpc.json'), 'utf8');
  writeFileSync(mine, text);
  expect(await web(mine, '--seed', '7')).toMatchObject({
    status: 0,
    out: `open in a browser: ${pathToFileURL(page)}\n`,
  });
  expect(JSON.parse(found(readFileSync(page, 'utf8'), 'files'))[0]).toEqual({ name: 'mine', text, seed: 7 });
  expect(await web(mine)).toMatchObject({ status: 2, out: '', err: expect.stringMatching(/^error: .*--force.*\n$/) });
  const again = await web(join(root, 'examples', 'proxy.json'), '--force');
  expect([again.status, namesIn(readFileSync(page, 'utf8')).filter((n) => n === 'proxy')]).toEqual([0, ['proxy']]);
  expect(namesIn((await web(mine, '--out', '-')).out)[0]).toBe('mine');
});

it('refuses what is no scenario, and leaves no page behind', async () => {
  const wrong = join(folder, 'wrong.json');
  writeFileSync(wrong, '{');
  const out = join(folder, 'none.html');
  expect(await web(wrong, '--out', out)).toMatchObject({
    status: 3,
    err: expect.stringMatching(/^error: .*not JSON.*\n$/),
  });
  expect(() => readFileSync(out)).toThrow('ENOENT');
  expect((await web(wrong, '--out', wrong, '--force')).err).toContain('is what is read');
});
