/**
 * How fast the link is: a server process and a client process on a unix socket, one request at a time and many at once. The limit is
 * an echo server in node that sends back the same bytes, with the same client: what the socket and the event loop leave. Rounds of
 * both alternate and the best of each counts. Real time, so figures differ from machine to machine.
 */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { performance } from 'node:perf_hooks';
import { packageFolder } from '../src/cli/files.js';
import { EventType, LinkClient } from '../src/link/index.js';
import { Call, Msg, Platform, RpcType, rpcPackets } from '../src/protocol/index.js';
import { CLIENTS, Crowd, delays, ROUND } from './crowd.js';
import type { Figure, Figures } from './measure.js';

const PIPELINE = 256;
const ROUNDS = 6;
const ROUND_MS = 200;
const ECHO = `require('node:net').createServer((s) => s.on('data', (b) => s.write(b)).on('error', () => {}))
  .listen(process.argv[1], () => console.log('ready'))`;
/** Bytes of an RPC_SEND frame with the request. */
const FRAME_BYTES = 20;

/** A child process that says something when it is ready. */
async function start(args: readonly string[]): Promise<ChildProcess> {
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] });
  await new Promise<void>((resolve, reject) => {
    child.stdout?.once('data', () => resolve());
    child.once('exit', (code) => reject(new Error(`the server ended with ${code}`)));
  });
  return child;
}

/** Runs `begin` `depth` times and again whenever it reports an end, for some time. Ends per second. */
function keepGoing(depth: number, ms: number, begin: (ended: () => void) => void): Promise<number> {
  return new Promise((resolve) => {
    const since = performance.now();
    let ends = 0;
    let outstanding = depth;
    let over = false;
    const ended = (): void => {
      ends++;
      if ((ends & 15) === 0) over ||= performance.now() - since >= ms;
      if (!over) begin(ended);
      else if (--outstanding === 0) resolve((ends * 1000) / (performance.now() - since));
    };
    for (let i = 0; i < depth; i++) begin(ended);
  });
}

/** What one connection can do, as `begin` of {@link keepGoing}. */
interface Worker {
  begin(ended: () => void): void;
  close(): void | Promise<void>;
}

async function rpcWorker(path: string): Promise<Worker> {
  const [packet] = rpcPackets(RpcType.REQUEST, Msg.VM_GET_HYP_RESOURCES, 1, new Uint8Array(4)) ?? [];
  const client = await LinkClient.connect({ kind: 'unix', path });
  await client.hello({ rpc: true, name: 'bench' });
  let ended = (): void => {};
  client.onEvent = (type) => {
    if (type === EventType.RPC_PACKET) ended();
    return true;
  };
  return {
    begin(then) {
      ended = then;
      client.sendPacket(packet);
    },
    close: () => client.bye(),
  };
}

async function hvcWorker(path: string): Promise<Worker> {
  const client = await LinkClient.connect({ kind: 'unix', path });
  await client.hello({ name: 'bench' });
  return {
    begin: (then) => void client.hvc(Platform.HYPERCALL_BASE + Call.HYPERVISOR_IDENTIFY, []).then(then),
    close: () => client.bye(),
  };
}

async function echoWorker(path: string): Promise<Worker> {
  const socket = connect(path);
  await new Promise<void>((resolve) => socket.once('connect', resolve));
  const request = new Uint8Array(FRAME_BYTES);
  let ended = (): void => {};
  let got = 0;
  socket.on('data', (chunk) => {
    for (got += chunk.length; got >= FRAME_BYTES; got -= FRAME_BYTES) ended();
  });
  // As the client of the link does: one write for all that is begun in a turn.
  let waiting = 0;
  return {
    begin(then) {
      ended = then;
      if (waiting++ > 0) return;
      queueMicrotask(() => {
        socket.write(waiting === 1 ? request : new Uint8Array(FRAME_BYTES * waiting));
        waiting = 0;
      });
    },
    close: () => void socket.destroy(),
  };
}

/** User and system time of a process so far, in s; undefined where the system does not tell. */
function cpuOf(child: ChildProcess): number | undefined {
  const stat = `/proc/${child.pid}/stat`;
  if (!existsSync(stat)) return undefined;
  const fields = readFileSync(stat, 'utf8').split(') ')[1].split(' ');
  return (Number(fields[11]) + Number(fields[12])) / 100;
}

interface Sides {
  link: ChildProcess;
  linkPath: string;
  echoPath: string;
}

/** Best rates of work and limit, measured in turn. Many at a time have no limit: an echo of so many bytes is one system call. */
async function compare(depth: number, work: () => Promise<number>, limit: () => Promise<number>): Promise<Figure> {
  let rate = 0;
  let best = 0;
  for (let i = 0; i < ROUNDS; i++) {
    if (depth === 1) best = Math.max(best, await limit());
    rate = Math.max(rate, await work());
  }
  return { rate, unit: '/s', ratioToLimit: depth === 1 ? rate / best : 0 };
}

async function typescriptClient({ link, linkPath, echoPath }: Sides): Promise<Figures> {
  const figures: Figures = {};
  const echo = await echoWorker(echoPath);
  for (const [name, open] of [
    ['RPC', rpcWorker],
    ['hypercall', hvcWorker],
  ] as const) {
    const worker = await open(linkPath);
    await keepGoing(1, ROUND_MS * 3, worker.begin);
    for (const depth of [1, PIPELINE]) {
      const before = cpuOf(link);
      let units = 0;
      const work = async (): Promise<number> => {
        const rate = await keepGoing(depth, ROUND_MS, worker.begin);
        units += (rate * ROUND_MS) / 1000;
        return rate;
      };
      const key = `link ${name}, ${depth} at a time`;
      figures[key] = await compare(depth, work, () => keepGoing(depth, ROUND_MS, echo.begin));
      const after = cpuOf(link);
      if (before !== undefined && after !== undefined)
        figures[`${key}: server CPU`] = { rate: ((after - before) * 1e6) / units, unit: 'us', ratioToLimit: 0 };
    }
    await worker.close();
  }
  await echo.close();
  return figures;
}

/** The same with a client that costs next to nothing, where there is a C compiler. */
async function cClient({ linkPath, echoPath }: Sides, folder: string): Promise<Figures> {
  const source = join(packageFolder(), 'bench', 'link-client.c');
  const client = join(folder, 'link-client');
  const headers = join(packageFolder(), 'clients', 'c');
  const compiled = spawnSync('cc', ['-O2', '-std=c11', `-I${headers}`, '-o', client, source], { stdio: 'ignore' });
  if (compiled.status !== 0) return {};
  const run = (path: string, mode: string, depth: number) => async (): Promise<number> => {
    const r = spawnSync(client, [path, mode, String(depth), String(ROUND_MS)], { encoding: 'utf8' });
    if (r.status !== 0) throw new Error(r.stderr);
    return Number(r.stdout);
  };
  const one = (mode: string, depth: number) => compare(depth, run(linkPath, mode, depth), run(echoPath, 'echo', depth));
  return {
    'link RPC, 1 at a time, C client': await one('rpc', 1),
    [`link RPC, ${PIPELINE} at a time, C client`]: await one('rpc', PIPELINE),
    'link RPC by hypercalls, C client': await one('vcpu', 1),
  };
}

/** Work for others that a polite client's RPC waits for, counted: the same on every machine. */
export function benchCrowd(): Figures {
  const crowd = new Crowd();
  crowd.letIn(['small', 'large', 'sleeper', 'liar']);
  const { p50, p99 } = delays(crowd, 200);
  const figure = (rate: number): Figure => ({ rate, unit: 'units', ratioToLimit: rate / ROUND });
  return {
    [`link crowd of ${CLIENTS}: work before an RPC, p50`]: figure(p50),
    [`link crowd of ${CLIENTS}: work before an RPC, p99`]: figure(p99),
  };
}

export async function benchLink(): Promise<Figures> {
  const folder = mkdtempSync(join(tmpdir(), 'gunyah-bench-'));
  const linkPath = join(folder, 'link');
  const echoPath = join(folder, 'echo');
  const main = join(packageFolder(), 'dist', 'src', 'cli', 'main.js');
  const link = await start([main, 'serve', '--quiet', '--listen', `unix:${linkPath}`]);
  const echo = await start(['-e', ECHO, echoPath]);
  try {
    const sides: Sides = { link, linkPath, echoPath };
    return { ...(await typescriptClient(sides)), ...(await cClient(sides, folder)) };
  } finally {
    link.kill('SIGTERM');
    echo.kill('SIGTERM');
    rmSync(folder, { recursive: true, force: true });
  }
}
