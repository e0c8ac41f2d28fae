/** One connection to the server under test, and the answers that the replaying thread waits for. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { MessagePort, Worker } from 'node:worker_threads';
import { type Address, At, EventType, FRAME_NAMES, FrameType, LinkClient, LinkClosed, Status } from '../link/index.js';
import { timedRequest, word64 } from './frames.js';
import type { Answer, FromThread, Job, ReplayData } from './thread.js';
import {
  type FaultKind,
  LinkFault,
  type LinkMode,
  type Reply,
  type Request,
  type RmCase,
  type RmResult,
} from './types.js';

/** Words of the TypeScript client about bytes that are no frames. */
const NO_FRAME = /sent a frame/;
const BYE_MS = 1_000;
/** Passed at the end of a case, so that a used machine is always older than a new one. */
const MARK_NS = 1_000n;
const CONNECT_TRIES = 5;
const CONNECT_MS = 20;

export class Peer {
  private readonly received: Uint8Array[] = [];
  private heard: () => void = () => {};

  private constructor(
    private readonly client: LinkClient,
    readonly mode: LinkMode,
    /** Virtual time of the server's machine at the greeting. */
    readonly nowNs: bigint,
    private readonly timeoutMs: number,
  ) {
    client.onEvent = (type, payload) => {
      if (type === EventType.RPC_PACKET) {
        this.received.push(payload.slice());
        this.heard();
      }
      return true;
    };
  }

  /** Greets as vCPU 0 of the primary VM or, where that is refused, as RPC end. Throws {@link LinkFault}. */
  static async open(address: Address, name: string, timeoutMs: number): Promise<Peer> {
    const refusals: string[] = [];
    for (const mode of ['vcpu', 'rpc'] as const) {
      const client = await connected(address);
      try {
        const greeting = client.hello({ name: `conform rm ${name}`.slice(0, 60), rpc: mode === 'rpc' });
        const { nowNs } = await within(timeoutMs, 'HELLO', greeting);
        return new Peer(client, mode, nowNs, timeoutMs);
      } catch (error) {
        client.socket.destroy();
        const fault = faultOf(error);
        if (fault.kind !== 'lost') throw fault;
        refusals.push(fault.message);
      }
    }
    throw new LinkFault('lost', `the greeting was refused: ${[...new Set(refusals)].join('; ')}`);
  }

  async request(requests: readonly Request[]): Promise<Reply[]> {
    const names = requests.map((r) => FRAME_NAMES[r.type]);
    const replies = await within(
      this.timeoutMs,
      [...new Set(names)].join(', '),
      Promise.all(requests.map((r) => this.client.request(r.type, r.payload))),
    );
    replies.forEach((reply, i) => {
      if (reply.type !== requests[i].type) {
        throw new LinkFault('garbage', `the answer to ${names[i]} is of type ${FRAME_NAMES[reply.type] ?? reply.type}`);
      }
      if (reply.payload.length < 2) throw new LinkFault('garbage', `the answer to ${names[i]} has no status`);
    });
    // Views into the socket's buffer would be copied whole.
    return replies.map(({ status, payload }) => ({ status, payload: payload.slice() }));
  }

  /** Packets that came as events; waits for one if there is none. */
  async packets(waitMs: number): Promise<Uint8Array[]> {
    if (this.received.length === 0 && waitMs > 0) {
      const stop = new AbortController();
      const waited = sleep(waitMs, undefined, { signal: stop.signal }).catch(() => undefined);
      await Promise.race([waited, new Promise<void>((resolve) => (this.heard = resolve))]);
      stop.abort();
    }
    return this.received.splice(0);
  }

  /** Drops the connection. */
  destroy(): void {
    this.client.socket.destroy();
  }

  /** Says goodbye and waits for the end of the connection. The virtual time at the end, if the server still tells. */
  async close(): Promise<bigint | undefined> {
    let nowNs: bigint | undefined;
    const { socket } = this.client;
    const ended = new Promise<void>((resolve) =>
      socket.destroyed ? resolve() : socket.once('close', () => resolve()),
    );
    try {
      if (this.mode === 'vcpu') {
        const [reply] = await within(BYE_MS, 'TIME', this.request([timedRequest(FrameType.TIME, MARK_NS)]));
        if (reply.status === Status.OK) nowNs = word64(reply, At.TIME_REPLY.NOW_NS);
      }
      await within(BYE_MS, 'BYE', this.client.bye());
      await within(BYE_MS, 'BYE', ended);
    } catch {
      // A server that does not answer any more has had its verdict.
    }
    socket.destroy();
    return nowNs;
  }
}

/** A socket may be there a moment before anybody listens. */
async function connected(address: Address): Promise<LinkClient> {
  for (let i = 1; ; i++) {
    try {
      return await LinkClient.connect(address);
    } catch (error) {
      if (i >= CONNECT_TRIES) throw new LinkFault('lost', (error as Error).message, error);
      await sleep(CONNECT_MS);
    }
  }
}

function faultOf(error: unknown): LinkFault {
  if (error instanceof LinkFault) return error;
  const message = error instanceof Error ? error.message : String(error);
  const kind: FaultKind = error instanceof LinkClosed && NO_FRAME.test(message) ? 'garbage' : 'lost';
  return new LinkFault(kind, message);
}

async function within<T>(ms: number, what: string, answer: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => reject(new LinkFault('silent', `no answer to ${what} within ${ms} ms`)), ms);
  });
  try {
    return await Promise.race([answer, late]);
  } catch (error) {
    throw faultOf(error);
  } finally {
    clearTimeout(timer);
  }
}

/** Starts a thread that runs {@link replayThread}; it gets what is in `transfer` for itself. */
export type StartThread = (data: ReplayData, transfer: MessagePort[]) => Worker;

/** The replaying thread, one for a whole run. */
export class Replayer {
  private readonly worker: Worker;
  private readonly port: MessagePort;
  private readonly signal = new Int32Array(new SharedArrayBuffer(4));

  constructor(startThread: StartThread) {
    const { port1, port2 } = new MessageChannel();
    this.port = port1 as unknown as MessagePort;
    const port = port2 as unknown as MessagePort;
    this.worker = startThread({ port, signal: this.signal }, [port]);
  }

  /** Rejects when the thread itself fails: our bug. */
  run(check: RmCase, peer: Peer): Promise<RmResult> {
    return new Promise((resolve, reject) => {
      const { worker } = this;
      const onMessage = (message: FromThread): void => {
        if (message.kind !== 'result') {
          void this.answer(message, peer);
          return;
        }
        worker.off('message', onMessage);
        worker.off('error', reject);
        resolve(message.result);
      };
      worker.on('message', onMessage);
      worker.once('error', reject);
      worker.postMessage({ check, mode: peer.mode } satisfies Job);
    });
  }

  private async answer(message: Exclude<FromThread, { kind: 'result' }>, peer: Peer): Promise<void> {
    let answer: Answer;
    try {
      answer =
        message.kind === 'request'
          ? { replies: await peer.request(message.requests) }
          : { packets: await peer.packets(message.waitMs) };
    } catch (error) {
      const { kind, message: text } = faultOf(error);
      answer = { fault: { kind, message: text } };
    }
    this.port.postMessage(answer);
    Atomics.store(this.signal, 0, 1);
    Atomics.notify(this.signal, 0);
  }

  async end(): Promise<void> {
    this.port.close();
    await this.worker.terminate();
  }
}
