import { execFileSync, spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { inLanes } from '../../../src/cli/commands/conform/case-runner.js';
import { runChild } from '../../../src/cli/commands/conform/child.js';
import { type Mutant, mutantCommand, readMutants } from '../../../src/cli/commands/conform/mutants.js';
import { failures } from '../../../src/cli/commands/conform/self-proof.js';
import * as suite from '../../../src/conform/index.js';

const folder = mkdtempSync(join(tmpdir(), 'conform-test-'));
const program = join(folder, 'example');
/** By the other compiler, and without sanitizers: it starts much faster. */
const plain = join(folder, 'plain');
const source = join(import.meta.dirname, '../../../clients/c/example.c');
const images = [0, 1].map(() => suite.bootBench());
const OPTIONS = { timeoutMs: 20_000, startMs: 20_000 };
/** For compilers and dozens of processes on a busy machine. */
const PATIENCE_MS = 120_000;
const fast = suite.CATALOG.filter((c) => c.level === 'T' && c.slow !== true);

const runner = (client: string) => ({
  lanes: images.length,
  run: (c: suite.Case, image: suite.BenchImage) => runChild(c, image, client, OPTIONS),
});

async function verdict(id: string, client = `${program} {link}`): Promise<string> {
  const c = suite.CATALOG.find((x) => x.id === id);
  if (c === undefined) throw new Error(`${id} cannot run`);
  const v = await runChild(c, images[0], client, OPTIONS);
  return [v.verdict, ...v.reasons].join(': ');
}

function compile(compiler: 'gcc' | 'clang', to: string, ...flags: string[]): void {
  execFileSync(compiler, ['-std=c11', '-Wall', '-Wextra', '-Werror', '-O0', ...flags, '-o', to, source], {
    stdio: 'pipe',
  });
}

beforeAll(() => {
  compile('gcc', program, '-g', '-fsanitize=address,undefined', '-fno-sanitize-recover=undefined');
  compile('clang', plain);
}, PATIENCE_MS);
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe('the C example under test', () => {
  it(
    'passes every check of level T, with the sanitizers watching',
    async () => {
      expect(await failures(runner(`${program} {link}`), fast, images)).toEqual([]);
    },
    PATIENCE_MS,
  );

  it('is not asked for VMs that it does not offer', async () => {
    expect(await verdict('TEAR-1')).toBe('SKIP: the client offers level T');
  });

  it('may be started by any line of the shell', async () => {
    expect(await verdict('FRAME-2', `cd / && X=1 ${program} {link}`)).toBe('PASS');
    expect(await verdict('FRAG-11', `${program} --mutant stray-crash {link}`)).toMatch(
      /^CRASH: the client ended: SIGABRT/,
    );
  });

  it('may be running already: the suite connects, and says where the link is', async () => {
    const path = join(folder, 'attached');
    const server = createServer((socket) => {
      socket.once('data', (first) => {
        const [, address] = /^link (\S+)\n/.exec(String(first)) ?? [];
        const child = spawn(program, [address], { env: { ...process.env, GUNYAH_SIM_UPPER_TESTER: '1' } });
        child.stdout.pipe(socket);
        child.stdin.write(String(first).slice(first.indexOf('\n') + 1));
        socket.pipe(child.stdin);
      });
    });
    await new Promise<void>((resolve) => server.listen(path, resolve));
    expect(await verdict('FRAG-2', `unix:${path}`)).toBe('PASS');
    server.close();
    await expect(verdict('FRAG-2', `unix:${path}.no`)).rejects.toThrow('no such file');
  });

  it('may end its lines with CR LF', async () => {
    expect(await verdict('FRAG-1', `${plain} {link} | sed -u 's/$/\\r/'`)).toBe('PASS');
  });

  it('fails with the line that is wrong, not with the end of its patience', async () => {
    const text = await verdict('FRAME-1', `${plain} {link} | sed -u 's/^reply/Reply/'`);
    expect(text).toMatch(
      /^FAIL: the client said something wrong: Reply 1 .*\n {2}no line begins with "Reply": is "reply"/,
    );
  });

  it('says hello first, with a level', async () => {
    await expect(verdict('FRAG-1', `${plain} {link} | sed -u 's/^hello T/hello X/'`)).rejects.toThrow(
      /first line is not "hello T".*, but: hello X sync alloc/,
    );
    await expect(verdict('FRAG-1', `echo My client 1.0; exec ${plain} {link}`)).rejects.toThrow('but: My client 1.0');
  });

  it('is warned about features that there are not', async () => {
    const [c] = fast.filter(({ id }) => id === 'FRAG-1');
    const v = await runChild(c, images[0], `${plain} {link} | sed -u 's/alloc/aloc frob/'`, OPTIONS);
    expect([v.verdict, v.warnings]).toEqual([
      'PASS',
      [
        'the client offers "aloc", which is no feature: is "alloc" meant?',
        'the client offers "frob", which is no feature',
      ],
    ]);
  });

  it('is an error of transport when it does not start', async () => {
    await expect(verdict('SEQ-4', 'false {link}')).rejects.toThrow('the client ended before it was ready');
  });
});

describe('a client for bare packets', () => {
  const client = `node ${join(import.meta.dirname, 'bare-client.mjs')} {link}`;

  it('is waited for while it tries again, because no interrupt tells it of space', async () => {
    expect(await verdict('FRAME-6', client)).toBe('PASS');
    expect(await verdict('DISC-10', client)).toBe('PASS');
  });
});

describe('the reference client in a process of its own', () => {
  const root = join(import.meta.dirname, '../../..');
  const client = `node ${join(root, 'clients/ts/conform_client.mjs')} {link}`;

  it('is checked with its VMs over the link', { timeout: PATIENCE_MS }, async () => {
    for (const id of ['TEAR-1', 'PROXY-1', 'LOOK-6']) expect([id, await verdict(id, client)]).toEqual([id, 'PASS']);
  });

  it('fails with a defect', { timeout: PATIENCE_MS }, async () => {
    expect(await verdict('RES-8', `${client} duplicate-resource-crash`)).toMatch(/^(CRASH|FAIL)/);
  });
});

// Every mutant against the whole level: npm run conform:self. Here each third is tried on the first check that it must fail.
describe('its mutants', () => {
  const mutants = (): Promise<Mutant[]> => readMutants(`${plain} {link}`, OPTIONS.startMs);

  it('are at least two for every group of level T', async () => {
    const all = await mutants();
    for (const group of new Set(fast.map((c) => c.id.split('-')[0]))) {
      const biting = all.filter((m) => m.fails.some((id) => id.startsWith(`${group}-`)));
      expect([group, biting.length >= 2]).toEqual([group, true]);
    }
  });

  it(
    'fail what their table says',
    async () => {
      const wrong: string[] = [];
      const free = [...images];
      await inLanes(
        (await mutants()).filter((_, i) => i % 3 === 0),
        images.length,
        () => free.pop() as suite.BenchImage,
        async (m, image) => {
          const tried = fast.filter((c) => m.fails.includes(c.id)).slice(0, 1);
          const failed = await failures(runner(mutantCommand(`${plain} {link}`, m)), tried, [image]);
          if (failed[0] !== tried[0]?.id) wrong.push(`${m.name} passes ${tried[0]?.id}`);
        },
      );
      expect(wrong).toEqual([]);
    },
    PATIENCE_MS,
  );
});
