import { execFileSync, spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readRecording, replayRecording } from '../../src/sim/index.js';

const root = fileURLToPath(new URL('../..', import.meta.url));
const clients = join(root, 'clients');
/** Compilers, tshark and servers are processes: on a machine that does much else each may wait for seconds. */
const PATIENCE = { timeout: 120_000 };
let folder = '';
let example = '';

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'gunyah-c-'));
  example = compile('gcc', 'example', '-O0', '-g', '-fsanitize=address,undefined');
}, PATIENCE.timeout);
afterAll(() => rmSync(folder, { recursive: true }));

function compile(compiler: string, name: string, ...flags: string[]): string {
  const out = join(folder, name);
  const source = join(clients, 'c', 'example.c');
  execFileSync(compiler, ['-std=c11', '-Wall', '-Wextra', '-Werror', ...flags, '-o', out, source], { stdio: 'pipe' });
  return out;
}

interface Ended {
  code: number | null;
  out: string;
  err: string;
}

/** Starts a process; `until` tells from its output when it is ready. */
function start(command: string, args: string[], until?: RegExp) {
  const child = spawn(command, args, { cwd: root, stdio: ['ignore', 'pipe', 'pipe'] });
  let out = '';
  let err = '';
  let ready: (m: RegExpExecArray) => void = () => {};
  const said = new Promise<RegExpExecArray>((resolve) => {
    ready = resolve;
  });
  child.stdout.on('data', (chunk) => {
    out += chunk;
    const m = until?.exec(out);
    if (m) ready(m);
  });
  let complaint: { pattern: RegExp; heard: () => void } | undefined;
  child.stderr.on('data', (chunk) => {
    err += chunk;
    if (complaint?.pattern.test(err)) complaint.heard();
  });
  /** Waits until the process has said this on stderr. */
  const complains = (pattern: RegExp): Promise<void> =>
    new Promise((heard) => {
      complaint = { pattern, heard };
      if (pattern.test(err)) heard();
    });
  const ended = new Promise<Ended>((resolve) => child.on('close', (code) => resolve({ code, out, err })));
  /** What told that it is ready. */
  const isReady = (): Promise<RegExpExecArray> =>
    Promise.race([
      said,
      ended.then((e) => {
        throw new Error(`it ended before it was ready: ${JSON.stringify(e)}`);
      }),
    ]);
  return { child, isReady, ended, complains };
}

const serve = (...args: string[]) =>
  start(process.execPath, [join(root, 'dist', 'src', 'cli', 'main.js'), 'serve', ...args], /listening on (\S+)\n/);

describe('the TypeScript client', PATIENCE, () => {
  it('does what the guide shows', async () => {
    const socket = join(folder, 'guide');
    const server = serve('--listen', `unix:${socket}`);
    await server.isReady();
    const guide = readFileSync(join(root, 'docs/link.md'), 'utf8');
    const code = /```ts\n([\s\S]*?)```/.exec(guide)?.[1] ?? '';
    expect(code).toContain("'./g.sock'");
    const client = start(process.execPath, ['--input-type=module', '-e', code.replace('./g.sock', socket)]);
    const { out, err, code: status } = await client.ended;
    expect([status, err]).toEqual([0, '']);
    expect(out).toMatch(/^0n Uint8Array\(16\)/);
    const bytes = out.slice(out.indexOf('[')).match(/\d+/g)?.map(Number);
    expect(bytes).toEqual([0x21, 2, 1, 0, 0x24, 0, 0, 0x56, 0, 0, 0, 0, 3, 0, 0, 0]);
    server.child.kill('SIGTERM');
    expect((await server.ended).code).toBe(0);
  });
});

describe('the C client', PATIENCE, () => {
  it('compiles without a warning with both compilers', () => {
    compile('gcc', 'gcc', '-fsyntax-only');
    compile('clang', 'clang', '-fsyntax-only');
  });

  it('finds RM, brings a VM up and lists its resources; the packets and the run are on file', async () => {
    const pcap = join(folder, 'out.pcapng');
    const recording = join(folder, 'out.rec');
    const server = serve('--listen', `unix:${join(folder, 's')}`, '--pcap', pcap, '--record', recording);
    const [, address] = await server.isReady();
    const client = await start(example, [address]).ended;
    expect(client.err).toBe('');
    expect(client.code).toBe(0);
    expect(client.out).toMatch(/tx cap 0 rx cap 1 tx irq 960 rx irq 961/);
    expect(client.out).toMatch(/we are VM 3\n/);
    expect(client.out).toMatch(/resources: 5\n/);
    expect(client.out).toMatch(/running\n$/);
    // The memory is shared already: RM refuses the second time, and the client says so.
    const again = await start(example, [address]).ended;
    expect(again.code).toBe(1);
    expect(again.err).toMatch(/MEM_SHARE: error/);
    await server.complains(/example\.c \(client 2\): closed: it went away without BYE/);
    server.child.kill('SIGTERM');
    expect((await server.ended).code).toBe(0);

    const read = readRecording(readFileSync(recording));
    expect(read).not.toBeTypeOf('string');
    if (typeof read !== 'string') expect(replayRecording(read).difference).toBeUndefined();

    const lua = join(clients, 'wireshark', 'gunyah-rm.lua');
    const json = execFileSync('tshark', ['-X', `lua_script:${lua}`, '-r', pcap, '-T', 'json'], { stdio: 'pipe' });
    const packets = (JSON.parse(String(json)) as { _source: { layers: { gunyah_rm: Record<string, unknown> } } }[]).map(
      (p) => p._source.layers.gunyah_rm,
    );
    expect(packets[0]).toMatchObject({ 'gunyah_rm.direction': '0', 'gunyah_rm.vmid': '3', 'gunyah_rm.type': '1' });
    const text = JSON.stringify(packets);
    expect(text).toMatch(/"gunyah_rm.vm_allocate.reply.vmid":"128"/);
    expect(text).toMatch(/"gunyah_rm.vm_status.notification.vm_state":"3"/);
    expect(text).toMatch(/"gunyah_rm.sgl.ipa":"0x0000000050000000"/);
    expect(text).toMatch(/"gunyah_rm.resource.cap_id":"0x0000000000000007"/);
    expect(text).not.toMatch(/_ws.expert/);
  });

  it('shows a deliberate bug when asked for one', async () => {
    const server = serve('--listen', 'tcp:127.0.0.1:0');
    const [, address] = await server.isReady();
    expect((await start(example, [address, '--mutant', 'short-request']).ended).err).toMatch(/VM_ALLOCATE: error/);
    expect((await start(example, [address, '--mutant', 'no-such']).ended).code).toBe(2);
    server.child.kill('SIGINT');
    expect((await server.ended).code).toBe(130);
  });
});
