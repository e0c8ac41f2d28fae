/**
 * Hostile connections for a server of the link: arbitrary bytes, cut frames, absurd lengths, writers of one byte at a time, clients
 * that never read, half-open sockets, and well-formed frames with arbitrary contents. What is sent follows from the seed; how the
 * sockets interleave does not.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { nextU32, type Prng, prng, put16, put32 } from '../src/base/index.js';
import { At, EventType, FrameType, LINK, LinkClient, type LinkServer, serveLink } from '../src/link/index.js';
import { Msg, Platform, RpcType, rpcPackets } from '../src/protocol/index.js';
import { restoreSnapshot, Simulator, type Snapshot, takeSnapshot } from '../src/sim/index.js';

export interface AttackOptions {
  seed: number;
  connections: number;
  /** Called after every batch. */
  progress?(report: AttackReport): void;
}

export interface AttackReport {
  connections: number;
  bytesSent: number;
  bytesReceived: number;
  /** RPCs of a well-behaved client in between, all answered. */
  polite: number;
  /** JavaScript heap and buffers, after garbage collection where the process allows it: after the first batch, at most, at the end. */
  startBytes: number;
  peakBytes: number;
  endBytes: number;
  /** How often the server gave which reason for closing, or said what else; numbers in it are #. */
  reasons: Record<string, number>;
}

/** Connections at once; and before the machine is put back to its first instruction and a well-behaved client looks in. */
const AT_ONCE = 16;
const BATCH = 160;
/** Short, but long enough for a well-behaved client beside them on a busy machine. */
const LIMITS = { graceMs: 1, helloMs: 400, stuckMs: 100 };
const VCPUS = 8;
const POLITE_MS = 10_000;
const CUT_OFF_MS = 1_500;

const below = (g: Prng, n: number): number => nextU32(g) % n;
const pick = <T>(g: Prng, from: readonly T[]): T => from[below(g, from.length)];
const TYPES = Object.values(FrameType);
const pause = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

function bytes(g: Prng, length: number): Uint8Array {
  const b = new Uint8Array(length);
  // Small numbers and ones are likelier to mean something than anything.
  const style = below(g, 3);
  for (let i = 0; i < length; i++) b[i] = style === 0 ? nextU32(g) : style === 1 ? below(g, 4) : 0xff * below(g, 2);
  return b;
}

function frame(type: number, payload: Uint8Array, length = payload.length + 4): Uint8Array {
  const b = new Uint8Array(8 + payload.length);
  put32(b, 0, length);
  b[4] = type;
  put16(b, 6, 1);
  b.set(payload, 8);
  return b;
}

function greeting(g: Prng): Uint8Array {
  const p = new Uint8Array(At.HELLO.SIZE);
  put32(p, At.HELLO.MAGIC, LINK.MAGIC);
  put16(p, At.HELLO.VERSION_MIN, LINK.VERSION_MIN);
  put16(p, At.HELLO.VERSION_MAX, LINK.VERSION_MAX);
  put16(p, At.HELLO.VMID, below(g, 8) === 0 ? nextU32(g) : Platform.VMID_HLOS);
  put16(p, At.HELLO.VCPU, below(g, VCPUS));
  p[At.HELLO.MODE] = below(g, 4) === 0 ? 1 : 0;
  p[At.HELLO.TIME] = below(g, 4) === 0 ? 1 : 0;
  return frame(FrameType.HELLO, p);
}

/** A frame that is nearly right. */
export function nearly(g: Prng): Uint8Array {
  const type = pick(g, TYPES);
  if (type === FrameType.HVC && below(g, 4) > 0) {
    const inline = below(g, 3) === 0 ? below(g, 300) : 0;
    const p = new Uint8Array(At.HVC.SIZE + inline);
    p.set(bytes(g, p.length));
    put16(p, At.HVC.IMM, Platform.HYPERCALL_BASE + below(g, 0x70));
    p[At.HVC.INLINE_REG] = inline === 0 ? 0xff : below(g, 9);
    p[At.HVC.INLINE_DIR] = below(g, 4);
    put32(p, At.HVC.INLINE_LENGTH, inline);
    return frame(type, p);
  }
  if (type === FrameType.RPC_SEND) {
    const [packet] =
      rpcPackets(RpcType.REQUEST, Msg.VM_GET_ID + below(g, 16), below(g, 4), bytes(g, below(g, 64))) ?? [];
    return frame(type, packet);
  }
  const fields = (At as Record<string, { SIZE: number }>)[Object.keys(FrameType)[TYPES.indexOf(type)]]?.SIZE ?? 0;
  return frame(type, bytes(g, below(g, 3) === 0 ? below(g, 200) : fields));
}

function wildLength(g: Prng): Uint8Array {
  return frame(pick(g, TYPES), bytes(g, below(g, 40)), pick(g, [0, 1, 3, 0xffff, 0x10001, 0x7fff_ffff, 0xffff_ffff]));
}

/** Many reads of as much as one may ask for. */
function greed(): Uint8Array {
  const p = new Uint8Array(At.MEM_READ.SIZE);
  p[At.MEM_READ.IPA + 3] = 0x50;
  put32(p, At.MEM_READ.LENGTH, LINK.MAX_MEMORY_ACCESS);
  const one = frame(FrameType.MEM_READ, p);
  const all = new Uint8Array(one.length * 64);
  for (let i = 0; i < 64; i++) all.set(one, i * one.length);
  return all;
}

type Attack = (g: Prng, s: Socket) => Promise<void> | void;

const ATTACKS: Readonly<Record<string, Attack>> = {
  async garbage(g, s) {
    for (let n = below(g, 8); n >= 0; n--) {
      s.write(bytes(g, below(g, 5_000)));
      if (below(g, 2) === 0) await pause();
    }
  },
  async frames(g, s) {
    s.write(greeting(g));
    for (let n = below(g, 60); n >= 0; n--) {
      s.write(nearly(g));
      if (below(g, 8) === 0) await pause();
    }
  },
  async cutFrame(g, s) {
    s.write(greeting(g));
    const f = nearly(g);
    s.write(f.subarray(0, below(g, f.length)));
    await pause();
  },
  async length(g, s) {
    if (below(g, 4) > 0) s.write(greeting(g));
    s.write(wildLength(g));
    await pause();
    s.write(bytes(g, below(g, 70_000)));
  },
  async slow(g, s) {
    const all = below(g, 2) === 0 ? greeting(g) : nearly(g);
    for (const byte of all) {
      s.write(Uint8Array.of(byte));
      await pause();
    }
  },
  async neverReads(g, s) {
    s.pause();
    s.write(greeting(g));
    const chunk = greed();
    for (let n = below(g, 20); n >= 0 && s.writableLength < 1 << 20; n--) {
      s.write(chunk);
      await pause();
    }
  },
  async halfOpen(g, s) {
    if (below(g, 2) === 0) s.write(greeting(g));
    if (below(g, 2) === 0) s.end();
    for (let n = below(g, 50); n >= 0; n--) await pause();
  },
  async silent(g, s) {
    // Until the server has had enough.
    if (below(g, 2) === 0) await new Promise<void>((resolve) => s.once('end', resolve).once('close', resolve));
    for (let n = below(g, 50); n >= 0; n--) await pause();
  },
};
const NAMES = Object.keys(ATTACKS);

/** One hostile connection, from connect to close. */
async function oneAttack(path: string, seed: number, report: AttackReport): Promise<void> {
  const g = prng(seed);
  const s = connect({ path, allowHalfOpen: true });
  const closed = new Promise<void>((resolve) => s.on('close', () => resolve()));
  // A server that throws us out is what we came for.
  s.on('error', () => {});
  s.on('data', () => {});
  await ATTACKS[pick(g, NAMES)](g, s);
  // A few leave without a word, the others wait a little for what the server says.
  for (let n = below(g, 20); n > 0 && !s.destroyed; n--) await pause();
  if (below(g, 2) === 0) s.destroy();
  else s.end(() => s.destroy());
  await closed;
  report.connections++;
  report.bytesSent += s.bytesWritten;
  report.bytesReceived += s.bytesRead;
}

/** A client that does everything right gets its answer. */
async function politeRpc(path: string): Promise<void> {
  const client = await LinkClient.connect({ kind: 'unix', path });
  await client.hello({ rpc: true, name: 'polite' });
  const answered = new Promise<void>((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error('the well-behaved client got no answer')), POLITE_MS);
    client.onEvent = (type) => {
      if (type !== EventType.RPC_PACKET) return false;
      clearTimeout(timer);
      resolve();
      return true;
    };
  });
  client.sendRpc(Msg.VM_GET_ID, 1, new Uint8Array(4));
  await answered;
  await client.bye();
}

async function memory(): Promise<number> {
  // Twice: buffers of sockets are given back between turns.
  for (let i = 0; i < 2; i++) {
    (globalThis as { gc?: () => void }).gc?.();
    await new Promise((resolve) => setTimeout(resolve, 1));
  }
  const m = process.memoryUsage();
  return m.heapUsed + m.external;
}

/** Until the server has let go of everybody. */
async function emptied(server: LinkServer): Promise<void> {
  for (let tries = 0; server.hub.connections.size > 0; tries++) {
    if (tries > 2_000) throw new Error(`${server.hub.connections.size} connections stay open`);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

export async function attack(options: AttackOptions): Promise<AttackReport> {
  const folder = mkdtempSync(join(tmpdir(), 'gunyah-attack-'));
  const path = join(folder, 's');
  const sim = new Simulator();
  sim.bootPrimary();
  const booted: Snapshot = takeSnapshot(sim);
  const report: AttackReport = {
    connections: 0,
    bytesSent: 0,
    bytesReceived: 0,
    polite: 0,
    startBytes: 0,
    peakBytes: 0,
    endBytes: 0,
    reasons: {},
  };
  const log = (line: string): void => {
    const reason = line.replace(/^.*?: /, '').replace(/\d+/g, '#');
    report.reasons[reason] = (report.reasons[reason] ?? 0) + 1;
  };
  const server = await serveLink(sim, { kind: 'unix', path }, { ...LIMITS, log });
  const seeds = prng(options.seed);
  try {
    await politeRpc(path);
    for (let left = options.connections; left > 0; left -= BATCH) {
      let begun = 0;
      const worker = async (): Promise<void> => {
        while (begun < Math.min(left, BATCH)) {
          begun++;
          await oneAttack(path, nextU32(seeds), report);
          report.peakBytes = Math.max(
            report.peakBytes,
            process.memoryUsage().heapUsed + process.memoryUsage().external,
          );
        }
      };
      await Promise.all(Array.from({ length: AT_ONCE }, worker));
      await emptied(server);
      restoreSnapshot(sim, booted);
      server.hub.restarted();
      await politeRpc(path);
      await emptied(server);
      report.polite++;
      report.endBytes = await memory();
      if (report.polite === 1) report.startBytes = report.endBytes;
      options.progress?.(report);
    }
    if ('gc' in globalThis) {
      // Whoever did not read is cut off a second after the server has closed.
      await new Promise((resolve) => setTimeout(resolve, CUT_OFF_MS));
      report.endBytes = await memory();
    }
  } finally {
    await server.close();
    rmSync(folder, { recursive: true, force: true });
  }
  return report;
}
