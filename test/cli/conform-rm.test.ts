import { spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { connect, createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gunzipSync } from 'node:zlib';
import { afterAll, describe, expect, it } from 'vitest';
import { disturbLink, parseLinkRule } from '../../src/conform/disturb-link.js';
import { At, FRAME_HEAD, FrameType, type LinkServer, REPLY, Status, serveLink } from '../../src/link/index.js';
import { restoreSnapshot, takeSnapshot } from '../../src/sim/index.js';
import { bootedSim } from '../link/support.js';
import { CliLines, type Ended } from '../support/cli.js';

const main = fileURLToPath(new URL('../../dist/src/cli/main.js', import.meta.url));
const folder = mkdtempSync(join(tmpdir(), 'conform-rm-'));
const CASES = ['c1_boot_second_vm', 'c6c_vmid_alloc', 'g1_access_sizes'];
const recordings = (name: string): string => fileURLToPath(new URL(`../transcripts/${name}.jsonl.gz`, import.meta.url));
/** What is small: reading all recordings takes longer than a run. */
const SOME = ['--transcripts', join(folder, 'some.jsonl'), '--transcripts', recordings('killers')];
const texts = ['b2', 'directed'].flatMap((name) =>
  String(gunzipSync(readFileSync(recordings(name)))).split(/^(?=\{"format")/m),
);
const wanted = ['b2_payload_length_011', ...CASES].map((name) => texts.find((t) => t.includes(`"name":"${name}"`)));
writeFileSync(join(folder, 'some.jsonl'), wanted.join(''));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const lines = new CliLines(folder);
afterAll(() => lines.close());
/** In a process that they share; the server may be in this one, so nobody waits here. */
const conformRm = (...args: string[]): Promise<Ended> => lines.run('conform', 'rm', ...args);

/** The command line in a process of its own. */
function ownProcess(...args: string[]): Promise<Ended> {
  const child = spawn(process.execPath, [main, 'conform', 'rm', ...args], { stdio: ['ignore', 'pipe', 'pipe'] });
  let out = '';
  let err = '';
  child.stdout.on('data', (chunk) => {
    out += chunk;
  });
  child.stderr.on('data', (chunk) => {
    err += chunk;
  });
  return new Promise((resolve) => child.on('close', (status) => resolve({ status, out, err })));
}

let sockets = 0;
const socketPath = (): string => join(folder, `s${++sockets}`);

/** What `serve --fresh --interfere RULE` does. `fresh` false: `serve` alone. */
async function served(rule: string | undefined, test: (link: string) => Promise<void>, fresh = true): Promise<void> {
  const sim = bootedSim();
  const snapshot = takeSnapshot(sim);
  const parsed = rule === undefined ? undefined : parseLinkRule(rule);
  if (typeof parsed === 'string') throw new Error(parsed);
  const restart = parsed === undefined ? undefined : disturbLink(sim, [parsed]);
  const onEmpty = (): void => {
    if (!fresh) return;
    restoreSnapshot(sim, snapshot);
    server.hub.restarted();
    restart?.();
  };
  const path = socketPath();
  const server: LinkServer = await serveLink(sim, { kind: 'unix', path }, { onEmpty });
  try {
    await test(`unix:${path}`);
  } finally {
    await server.close();
  }
}

/** A server that is none: it gets bytes and does something with the connection. */
async function pretended(
  act: Parameters<typeof createServer>[1],
  test: (link: string) => Promise<void>,
): Promise<void> {
  const path = socketPath();
  const server: Server = createServer(act);
  await new Promise<void>((resolve) => server.listen(path, resolve));
  try {
    await test(`unix:${path}`);
  } finally {
    await new Promise((resolve) => server.close(resolve));
  }
}

const verdicts = (out: string): Record<string, string> =>
  Object.fromEntries(
    (JSON.parse(out) as { results: { id: string; verdict: string }[] }).results.map((r) => [r.id, r.verdict]),
  );

describe('conform rm', () => {
  it('passes our own server and fails it where a rule disturbs it', async () => {
    await served(undefined, async (link) => {
      const r = await conformRm(...SOME, '--json', '--quiet', '--server', link, ...CASES);
      expect(r.err).toBe('');
      expect(verdicts(r.out)).toEqual({ c1_boot_second_vm: 'PASS', c6c_vmid_alloc: 'PASS', g1_access_sizes: 'SKIP' });
      expect(r.status).toBe(0);
    });
    await served('reply VM_START error=NORESOURCE', async (link) => {
      const xml = join(folder, 'out.xml');
      const r = await ownProcess(...SOME, '--quiet', '--junit', xml, '--server', link, ...CASES);
      expect(r.status).toBe(1);
      expect(r.out).toMatch(/^FAIL {2}c1_boot_second_vm /m);
      expect(r.out).toMatch(/^PASS {2}c6c_vmid_alloc /m);
      expect(r.out).toMatch(
        /recorded: REPLY VM_START .*\n {6}OK\n {4}here: {5}REPLY VM_START .*\n {6}error NORESOURCE/,
      );
      const given = [`--server '${link}'`, ...SOME].join(' ');
      expect(r.out).toMatch(/\nagain: .*\n1 passed, 1 failed, 1 skipped\n$/);
      expect(r.out.split('\n').at(-3)).toMatch(
        new RegExp(`^again: gunyah-sim conform rm rmserver/some/c1_boot_second_vm ${given}$`),
      );
      expect(readFileSync(xml, 'utf8')).toMatch(/tests="3" failures="1" skipped="1"/);
    });
  });

  it('starts a server for every case, and says how one died', async () => {
    const rule = 'reply VM_ALLOCATE error=BUSY';
    const command = `${process.execPath} ${main} serve --quiet --listen {link} --interfere '${rule}'`;
    const r = await conformRm(
      ...SOME,
      '--tap',
      '--quiet',
      '--server-command',
      command,
      'c6c_vmid_alloc',
      'g1_access_sizes',
    );
    expect(r.out).toMatch(/^TAP version 13\n1\.\.2\nnot ok 1 - c6c_vmid_alloc .*\n {2}---\n {2}verdict: FAIL\n/);
    expect(r.out).toMatch(/\nok 2 - g1_access_sizes .* # SKIP the link does not carry: machine code/);
    expect(r.status).toBe(1);
    const script =
      "require('net').createServer(s=>s.on('data',()=>{process.exit(7)})).listen(process.argv[1].slice(5))";
    const dying = `${process.execPath} -e "${script}" {link}`;
    const dead = await conformRm(
      ...SOME,
      '--quiet',
      '--server-command',
      dying,
      'killer-10',
      '--expect-fail',
      'killer-10',
    );
    expect(dead.out).toMatch(/^CRASH as expected killer-10/);
    expect(dead.status).toBe(0);
    const none = await conformRm(...SOME, '--quiet', '--server-command', 'false {link}', 'killer-10');
    expect(none).toMatchObject({ status: 4, err: 'error: the server ended before it listened: exit code 1\n' });
  });

  it('finds out that a machine is not a new one', async () => {
    await served(
      undefined,
      async (link) => {
        const r = await conformRm(
          ...SOME,
          '--json',
          '--quiet',
          '--server',
          link,
          'b2_payload_length_011',
          'c6c_vmid_alloc',
        );
        expect(Object.values(verdicts(r.out)).sort()).toEqual(['PASS', 'SKIP']);
        expect(r.out).toMatch(/the machine behind the address is the one of the case before/);
      },
      false,
    );
  });

  it('is content with bare packets where a server offers no more', async () => {
    await served(undefined, async (link) => {
      const path = link.slice('unix:'.length);
      await pretended(
        (socket) => {
          socket.on('error', () => {});
          socket.once('data', (hello: Buffer) => {
            // REFUSED to mode 0, everything else is passed on.
            if (hello[FRAME_HEAD + At.HELLO.MODE] === 0) {
              socket.end(Uint8Array.of(6, 0, 0, 0, FrameType.HELLO | REPLY, 0, hello[6], hello[7], Status.REFUSED, 0));
              return;
            }
            const server = connect(path, () => server.write(hello));
            server.on('error', () => {});
            socket.pipe(server).pipe(socket);
          });
        },
        async (proxy) => {
          const ids = ['b2_payload_length_011', 'c6c_vmid_alloc', 'c1_boot_second_vm'];
          const r = await conformRm(...SOME, '--json', '--quiet', '--server', proxy, ...ids);
          expect(verdicts(r.out)).toEqual({
            b2_payload_length_011: 'PASS',
            c6c_vmid_alloc: 'PASS',
            c1_boot_second_vm: 'SKIP',
          });
          expect(r.out).toMatch(/events \(the server offers bare packets only\)/);
        },
      );
    });
  });

  it('judges servers that write garbage or nothing', async () => {
    await pretended(
      (socket) => socket.on('data', () => socket.write('HTTP/1.1 400 Bad Request\r\n\r\n')).on('error', () => {}),
      async (link) => {
        const r = await conformRm(...SOME, '--quiet', '--server', link, 'killer-10');
        expect(r.out).toMatch(
          /^FAIL {2}killer-10 .*\n {4}this is not the link's protocol: the server sent a frame of 1347703880 bytes\n/,
        );
        expect(r.status).toBe(1);
      },
    );
    await pretended(
      (socket) => socket.resume().on('error', () => {}),
      async (link) => {
        const r = await conformRm(...SOME, '--quiet', '--timeout', '100', '--server', link, 'killer-10');
        expect(r.out).toMatch(/^HANG {2}killer-10 .*\n {4}no answer to HELLO within 100 ms\n/);
      },
    );
  });

  it('needs a server and cases', async () => {
    const [none, list, nobody] = await Promise.all([
      conformRm(...SOME, 'killer-10'),
      conformRm(...SOME, '--list', 'killers', 'g1_access_sizes'),
      conformRm(...SOME, '--quiet', '--server', `unix:${join(folder, 'nobody')}`, 'killer-10'),
    ]);
    expect(none).toMatchObject({ status: 2, out: '' });
    expect(none.err).toBe("error: give --server ADDRESS or --server-command 'PROGRAM {link}'\n");
    expect(list.out).toMatch(/^rmserver\/killers\/killer-10 /m);
    expect(list.out).toMatch(/g1_access_sizes .*the link does not carry: machine code/);
    expect(list.out).toMatch(/20 cases can run .*, 1 are skipped\n$/);
    expect(nobody.status).toBe(4);
    expect(existsSync(join(folder, 'nobody'))).toBe(false);
  });
});
