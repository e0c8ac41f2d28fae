import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { CliLines } from '../support/cli.js';

const MAIN = join(import.meta.dirname, '../../dist/src/cli/main.js');
/** The smallest of the packs: reading all recordings takes longer than a run. */
const KILLERS = join(import.meta.dirname, '../transcripts/killers.jsonl.gz');

let folder = '';
let lines: CliLines;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'gunyah-clients-'));
  lines = new CliLines(folder);
});
afterAll(() => {
  lines.close();
  rmSync(folder, { recursive: true });
});

describe('a client under test', () => {
  it.each([
    ['tcp:foo', /^error: --client: 'tcp:foo' is not unix:PATH or tcp:HOST:PORT\n$/],
    ['tcp:h:-1', /^error: --client: 'tcp:h:-1' is not unix:PATH or tcp:HOST:PORT\n$/],
    ['tcp:1.2.3.4:99999', /^error: --client: tcp:1.2.3.4:99999: there is no port 99999, give one up to 65535\n$/],
    ['unix:', /^error: --client: unix: needs a path.*\n$/],
  ])('is not looked for at %s: exit code 2', async (client, message) => {
    const r = await lines.run('conform', 'FRAG-1', '--client', client);
    expect(r.err).toMatch(message);
    expect(r.status).toBe(2);
  });

  it('that runs already is not asked for mutants', async () => {
    const r = await lines.run('conform', '--self', '--client', 'tcp:127.0.0.1:1');
    expect(r.err).toBe('error: --self starts the client with --mutants: give its command\n');
    expect(r.status).toBe(2);
  });

  it('is named at once where it is waited for, and in the end with how long', async () => {
    const r = await lines.run('conform', 'FRAG-1', '--client', 'sleep 60 #{link}', '--start-timeout', '30');
    expect(r.err).toBe(
      'checking sleep 60 #{link}: it has 30 ms to attach\nerror: the client does not attach to the link within 30 ms (--start-timeout): sleep 60 #{link}\n',
    );
    expect(r.status).toBe(4);
  });

  it('is not waited for longer when it is asked for its mutants', async () => {
    const r = await lines.run('conform', '--self', '--client', 'sleep 60 #{link}', '--start-timeout', '30');
    expect(r.err).toBe(
      "asking for mutants: sleep 60 #--mutants\nerror: --self: 'sleep 60 #--mutants' does not list mutants: no answer within 30 ms (--start-timeout)\n",
    );
    expect(r.status).toBe(4);
  });

  it.each([
    ['SIGINT', 130],
    ['SIGTERM', 143],
  ] as const)('ends with %s to the suite, and leaves no folder', async (signal, code) => {
    const place = join(folder, signal);
    const tmp = join(place, 'tmp');
    mkdirSync(tmp, { recursive: true });
    const client = `echo $$ > ${place}/$$.pid; exec sleep 600 #{link}`;
    // The first one has a thread of its own.
    const child = spawn(process.execPath, [MAIN, 'conform', '--client', client, 'SEQ-2', 'SEQ-4'], {
      stdio: 'ignore',
      env: { ...process.env, TMPDIR: tmp },
    });
    const end = once(child, 'exit');
    const clients = (): number[] =>
      readdirSync(place)
        .filter((name) => name.endsWith('.pid'))
        .map((name) => Number.parseInt(name, 10));
    while (clients().length < 2 && child.exitCode === null) await setTimeout(5);
    child.kill(signal);
    expect((await end)[0]).toBe(code);
    expect(readdirSync(tmp)).toEqual([]);
    // One that is killed stays for a moment, until its parent has asked for its end.
    const lives = (pid: number): boolean =>
      existsSync(`/proc/${pid}`) && !/^State:\s+Z/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'));
    for (let i = 0; clients().some(lives) && i < 200; i++) await setTimeout(5);
    expect(clients().filter(lives)).toEqual([]);
  });
});

describe('a server under test', () => {
  it('is named at once where it is waited for, and in the end with how long', async () => {
    const server = ['--server-command', 'echo no >&2; sleep 60 #{link}', '--start-timeout', '300'];
    const r = await lines.run('conform', 'rm', 'killer-10', '--transcripts', KILLERS, ...server);
    expect(r.err).toBe(
      'checking echo no >&2; sleep 60 #{link}: it has 300 ms to listen\nerror: the server does not listen at {link} within 300 ms (--start-timeout): echo no >&2; sleep 60 #{link}\nno\n',
    );
    expect(r.status).toBe(4);
  });

  it('has no report in place of its recordings', async () => {
    writeFileSync(join(folder, 'one.jsonl'), '{}');
    const files = ['--transcripts', 'one.jsonl', '--force', '--junit', 'one.jsonl'];
    const r = await lines.run('conform', 'rm', '--server', 'unix:./none', ...files);
    expect(r.err).toBe('error: --junit one.jsonl is what is read: give another file\n');
    expect(r.status).toBe(2);
  });
});
