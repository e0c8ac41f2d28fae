/** The thread in which recordings are replayed: it waits for every answer, while the main thread has the socket. */
import { type MessagePort, receiveMessageOnPort } from 'node:worker_threads';
import { buffersOf } from '../transcript/recorded-driver.js';
import { judge } from './judge.js';
import { LinkDriver } from './link-driver.js';
import { RpcDriver } from './rpc-driver.js';
import {
  type Exchange,
  type FaultKind,
  LinkFault,
  type LinkMode,
  type Reply,
  type Request,
  type RmCase,
} from './types.js';

/** What the main thread gets. */
export type FromThread =
  | { readonly kind: 'request'; readonly requests: readonly Request[] }
  | { readonly kind: 'packets'; readonly waitMs: number }
  | { readonly kind: 'result'; readonly result: ReturnType<typeof judge> };

/** What it answers to a request, over a port of its own. */
export type Answer =
  | { readonly replies: Reply[] }
  | { readonly packets: Uint8Array[] }
  | { readonly fault: { readonly kind: FaultKind; readonly message: string } };

export interface Job {
  readonly check: RmCase;
  readonly mode: LinkMode;
}

const LOOK_MS = 500;

/** What the thread gets when it begins. */
export interface ReplayData {
  /** Where answers come. */
  readonly port: MessagePort;
  /** Its word 0 becomes 1 when there is one. */
  readonly signal: Int32Array;
}

/** The thread's exchange with the server: it waits while the main thread asks. */
function exchangeOf({ port, signal }: ReplayData, main: MessagePort): Exchange {
  const ask = (message: FromThread): Answer => {
    main.postMessage(message);
    // The main thread answers every question, in time or with a fault: this only looks again should a wake-up go astray.
    for (;;) {
      Atomics.wait(signal, 0, 0, LOOK_MS);
      Atomics.store(signal, 0, 0);
      const answer = receiveMessageOnPort(port)?.message as Answer | undefined;
      if (answer === undefined) continue;
      if ('fault' in answer) throw new LinkFault(answer.fault.kind, answer.fault.message);
      return answer;
    }
  };
  return {
    request(requests) {
      const answer = ask({ kind: 'request', requests });
      if (!('replies' in answer)) throw new Error('a request was answered with packets');
      return answer.replies;
    },
    packets(waitMs) {
      const answer = ask({ kind: 'packets', waitMs });
      if (!('packets' in answer)) throw new Error('packets were asked for, replies came');
      return answer.packets;
    },
  };
}

/** The thread's program: replays every {@link Job} that `main` posts. */
export function replayThread(data: ReplayData, main: MessagePort): void {
  const exchange = exchangeOf(data, main);
  main.on('message', ({ check, mode }: Job) => {
    const buffers = buffersOf(check.transcript.header);
    const result = judge(check, () =>
      mode === 'rpc' ? new RpcDriver(exchange, buffers) : new LinkDriver(exchange, buffers),
    );
    main.postMessage({ kind: 'result', result } satisfies FromThread);
  });
}
