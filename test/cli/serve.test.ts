import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { LinkClient } from '../../src/link/index.js';
import { readRecording } from '../../src/sim/index.js';
import { CliLines, type Ended } from '../support/cli.js';

const MAIN = join(import.meta.dirname, '../../dist/src/cli/main.js');
let folder = '';
let lines: CliLines;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'gunyah-serve-'));
  lines = new CliLines(folder);
});
afterAll(() => {
  lines.close();
  rmSync(folder, { recursive: true });
});

/** What does not serve, and needs no process of its own. */
const serve = (...args: string[]): Promise<Ended> => lines.run('serve', ...args);
const replay = (file: string): Promise<Ended> => lines.run('replay', file);

/** Inputs before each checkpoint of a recording that may still grow. */
function checkpoints(file: string): number[] {
  const read = readRecording(readFileSync(join(folder, file)));
  return typeof read === 'string' ? [] : read.entries.flatMap((e) => (e.kind === 'frame' ? [e.inputs] : []));
}

/** A server that records into `file`, a client that has written memory through it. */
async function recording(file: string) {
  const server = spawn(process.execPath, [MAIN, 'serve', '--listen', `unix:./${file}.s`, '--record', file], {
    cwd: folder,
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  const ended = once(server, 'exit');
  await once(server.stdout, 'data');
  const client = await LinkClient.connect({ kind: 'unix', path: join(folder, `${file}.s`) });
  await client.hello();
  for (let i = 0; i < 20; i++) await client.write(0x4100_0000n, new Uint8Array(100).fill(i));
  return { server, ended };
}

describe('serve', () => {
  it('says at once that a file cannot be written, not when the session is over', async () => {
    writeFileSync(join(folder, 'kept'), 'precious');
    const listen = ['--listen', 'unix:./s'];
    const exists = await serve(...listen, '--pcap', 'new', '--record', 'kept');
    expect(exists).toMatchObject({ status: 2, out: '' });
    expect(exists.err).toMatch(/kept exists: give --force/);
    expect((await serve(...listen, '--record', 'nowhere/r')).err).toMatch(/cannot write nowhere\/r: no such folder/);
    expect((await serve(...listen, '--record', '-', '--pcap', '-')).err).toMatch(/--record and --pcap are both stdout/);
    expect((await serve(...listen, '--record', '-', '--json')).err).toMatch(/--record and --json are both stdout/);
    expect((await serve(...listen, '--record', 'new', '--pcap', 'kept')).status).toBe(2);
    expect(existsSync(join(folder, 'new'))).toBe(false);
    expect(readFileSync(join(folder, 'kept'), 'utf8')).toBe('precious');
  });

  it('does not listen where others can reach it unless told to', async () => {
    const r = await serve('--listen', 'tcp:0.0.0.0:0');
    expect(r.status).toBe(2);
    expect(r.err).toMatch(/--allow-remote/);
  });

  it('leaves no files behind when it cannot listen', async () => {
    const r = await serve('--listen', 'unix:./nowhere/s', '--record', 'r', '--pcap', 'p');
    expect(r).toMatchObject({ status: 4, out: '' });
    expect(r.err).toMatch(/cannot listen on unix:\.\/nowhere\/s: no such folder/);
    expect(existsSync(join(folder, 'r')) || existsSync(join(folder, 'p'))).toBe(false);
  });

  it('writes its recording as it goes: a server that is killed leaves what was done so far', async () => {
    const { server, ended } = await recording('killed');
    // The checkpoint comes when nobody has called for a while.
    while (!checkpoints('killed').some((inputs) => inputs > 20)) await setTimeout(10);
    server.kill('SIGKILL');
    await ended;
    const r = await replay('killed');
    expect(r.err).toMatch(/killed: the recording is cut off: replayed up to the cut/);
    expect(r.out).toMatch(/same run up to the cut \([1-9]\d inputs, [1-9] states? compared/);
    expect(r.status).toBe(0);
  });

  it.each([
    ['SIGTERM', 0],
    ['SIGINT', 130],
  ] as const)('ends its recording on %s, with exit code %i', async (signal, code) => {
    const { server, ended } = await recording(signal);
    server.kill(signal);
    expect(await ended).toEqual([code, null]);
    const r = await replay(signal);
    expect(r).toMatchObject({ status: 0, err: '' });
    expect(r.out).toMatch(/same run \(2\d inputs, \d states? compared/);
  });

  it('writes a capture or a recording to stdout as it comes, and the address to stderr; the reader may go', async () => {
    const server = spawn(process.execPath, [MAIN, 'serve', '--listen', 'unix:./out', '--pcap', '-', '--seed', '9'], {
      cwd: folder,
    });
    const ended = once(server, 'exit');
    let said = '';
    server.stderr.on('data', (text) => {
      said += text;
    });
    const parts: Buffer[] = [];
    server.stdout.on('data', (part) => parts.push(part));
    while (!said.includes('listening on unix:./out\n')) await once(server.stderr, 'data');
    expect(said).toContain('seed 9\n');
    const client = await LinkClient.connect({ kind: 'unix', path: join(folder, 'out') });
    await client.hello({ rpc: true });
    const before = Buffer.concat(parts).length;
    expect([...Buffer.concat(parts).subarray(0, 4)]).toEqual([0x0a, 0x0d, 0x0d, 0x0a]);
    const request = Buffer.of(0x21, 1, 0, 0, 0x24, 0, 0, 0x56);
    client.sendPacket(request);
    while (Buffer.concat(parts).length === before) await once(server.stdout, 'data');
    expect(Buffer.concat(parts).includes(request)).toBe(true);
    server.stdout.destroy();
    client.sendPacket(request);
    while (!said.includes('--pcap ends here\n')) await once(server.stderr, 'data');
    server.kill('SIGTERM');
    expect(await ended).toEqual([0, null]);
  });

  it('goes on without a file that cannot be written any more, and says so', async () => {
    const server = spawn(
      process.execPath,
      [MAIN, 'serve', '--listen', 'unix:./full', '--record', '/dev/full', '--force'],
      {
        cwd: folder,
      },
    );
    const ended = once(server, 'exit');
    let said = '';
    server.stderr.on('data', (text) => {
      said += text;
    });
    await once(server.stdout, 'data');
    const client = await LinkClient.connect({ kind: 'unix', path: join(folder, 'full') });
    expect((await client.hello()).on).toBe(true);
    server.kill('SIGTERM');
    expect(await ended).toEqual([3, null]);
    expect(said).toMatch(/^error: cannot write \/dev\/full: no space left on the device: --record ends here$/m);
  });
});
