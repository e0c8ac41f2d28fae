import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

const MAIN = join(import.meta.dirname, '../../dist/src/cli/main.js');
let folder = '';
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'gunyah-serve-'));
});
afterAll(() => rmSync(folder, { recursive: true }));

const serve = (...args: string[]) =>
  spawnSync(process.execPath, [MAIN, 'serve', ...args], { cwd: folder, encoding: 'utf8' });

describe('serve', () => {
  it('says at once that a file cannot be written, not when the session is over', () => {
    writeFileSync(join(folder, 'kept'), 'precious');
    const listen = ['--listen', 'unix:./s'];
    const exists = serve(...listen, '--pcap', 'new', '--record', 'kept');
    expect(exists).toMatchObject({ status: 2, stdout: '' });
    expect(exists.stderr).toMatch(/kept exists: give --force/);
    expect(serve(...listen, '--record', 'nowhere/r').stderr).toMatch(/cannot write nowhere\/r: no such folder/);
    expect(serve(...listen, '--record', '-').stderr).toMatch(/--record needs a file/);
    expect(serve(...listen, '--record', 'new', '--pcap', 'kept').status).toBe(2);
    expect(existsSync(join(folder, 'new'))).toBe(false);
    expect(readFileSync(join(folder, 'kept'), 'utf8')).toBe('precious');
  });

  it('does not listen where others can reach it unless told to', () => {
    const r = serve('--listen', 'tcp:0.0.0.0:0');
    expect(r.status).toBe(2);
    expect(r.stderr).toMatch(/--allow-remote/);
  });

  it('leaves no files behind when it cannot listen', () => {
    const r = serve('--listen', 'unix:./nowhere/s', '--record', 'r', '--pcap', 'p');
    expect(r).toMatchObject({ status: 4, stdout: '' });
    expect(r.stderr).toMatch(/cannot listen on unix:\.\/nowhere\/s: no permission, or no such folder/);
    expect(existsSync(join(folder, 'r')) || existsSync(join(folder, 'p'))).toBe(false);
  });
});
