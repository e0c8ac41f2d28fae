/**
 * How fast the link is: RPC round trips over a unix socket to a server process, one at a time and many at once, and hypercalls of
 * a vCPU. Real time, so figures differ from machine to machine.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { performance } from 'node:perf_hooks';
import { fileURLToPath } from 'node:url';
import { EventType, FrameType, LinkClient } from '../src/link/index.js';
import { Call, Msg, Platform, RpcType, rpcPackets } from '../src/protocol/index.js';

export interface LinkFigures {
  /** Requests answered per second, one outstanding. */
  rpcDepth1: number;
  /** The same with {@link PIPELINE} outstanding. */
  rpcPipelined: number;
  /** Hypercalls per second of one vCPU, one outstanding and pipelined. */
  hvcDepth1: number;
  hvcPipelined: number;
}

const PIPELINE = 256;
const FULL_RANGE_MS = 1_500;

async function startServer(path: string): Promise<ChildProcess> {
  const main = fileURLToPath(new URL('../src/cli/main.js', import.meta.url));
  const child = spawn('node', [main, 'serve', '--quiet', '--listen', `unix:${path}`], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  await new Promise<void>((resolve, reject) => {
    child.stdout?.once('data', () => resolve());
    child.once('exit', (code) => reject(new Error(`the server ended with ${code}`)));
  });
  return child;
}

/** RPCs per second with `depth` outstanding, over `ms` milliseconds. */
async function rpc(client: LinkClient, depth: number, ms: number): Promise<number> {
  const [packet] = rpcPackets(RpcType.REQUEST, Msg.VM_GET_HYP_RESOURCES, 1, new Uint8Array(4)) ?? [];
  let answered = 0;
  const start = performance.now();
  let sending = true;
  let outstanding = 0;
  await new Promise<void>((resolve) => {
    client.onEvent = (type) => {
      if (type !== EventType.RPC_PACKET) return true;
      answered++;
      outstanding--;
      if (answered % 64 === 0) sending = performance.now() - start < ms;
      if (sending) {
        client.sendPacket(packet);
        outstanding++;
      } else if (outstanding === 0) resolve();
      return true;
    };
    for (let i = 0; i < depth; i++) client.sendPacket(packet);
    outstanding = depth;
  });
  client.onEvent = undefined;
  return (answered * 1000) / (performance.now() - start);
}

async function hvc(client: LinkClient, depth: number, ms: number): Promise<number> {
  const start = performance.now();
  let done = 0;
  const one = async (): Promise<void> => {
    while (performance.now() - start < ms) {
      await client.hvc(Platform.HYPERCALL_BASE + Call.HYPERVISOR_IDENTIFY, []);
      done++;
    }
  };
  await Promise.all(Array.from({ length: depth }, one));
  return (done * 1000) / (performance.now() - start);
}

export async function benchLink(ms = FULL_RANGE_MS): Promise<LinkFigures> {
  const folder = mkdtempSync(join(tmpdir(), 'gunyah-bench-'));
  const path = join(folder, 's');
  const server = await startServer(path);
  try {
    const client = await LinkClient.connect({ kind: 'unix', path });
    await client.hello({ rpc: true, name: 'bench' });
    await rpc(client, 1, ms / 2);
    const rpcDepth1 = await rpc(client, 1, ms);
    const rpcPipelined = await rpc(client, PIPELINE, ms);
    const vcpu = await LinkClient.connect({ kind: 'unix', path });
    await client.request(FrameType.BYE, new Uint8Array(0));
    await vcpu.hello({ name: 'bench' });
    return { rpcDepth1, rpcPipelined, hvcDepth1: await hvc(vcpu, 1, ms), hvcPipelined: await hvc(vcpu, PIPELINE, ms) };
  } finally {
    server.kill('SIGTERM');
    rmSync(folder, { recursive: true, force: true });
  }
}
