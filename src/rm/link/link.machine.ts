/**
 * The two sides of RM's end of an RPC link (fact base: rm-rpc-transport 3.2, 6). Bytes, counters and queues are data of the
 * link. A message that fits one packet and leaves at once finds and leaves both sides idle: no event for the charts.
 */
import { setup } from 'xstate';

export type RxEvent =
  /** A well-formed first packet of a message that needs no more: delivered. Cancels what was being collected. */
  | { type: 'WHOLE' }
  /** A first packet of several. Cancels what was being collected. */
  | { type: 'FIRST' }
  /** A continuation; the context tells whether it belongs to the message and completes it. */
  | { type: 'CONTINUED' };

export interface RxContext {
  matches: boolean;
  last: boolean;
}

export const linkRxMachine = setup({
  types: { context: {} as RxContext, events: {} as RxEvent },
  guards: {
    completes: ({ context }) => context.matches && context.last,
    continues: ({ context }) => context.matches && !context.last,
  },
}).createMachine({
  id: 'link-rx',
  context: { matches: false, last: false },
  initial: 'idle',
  states: {
    idle: {
      meta: { value: 0, doc: 'No partial message: continuations are dropped.' },
      on: { FIRST: 'collecting' },
    },
    collecting: {
      meta: { value: 1, doc: 'A partial message; continuations of another one are dropped and change nothing.' },
      on: {
        WHOLE: 'idle',
        FIRST: 'collecting',
        CONTINUED: [{ guard: 'completes', target: 'idle' }, { guard: 'continues' }],
      },
    },
  },
});

export type TxEvent =
  /** The queue became full before the last fragment was in it. */
  | { type: 'BLOCKED' }
  /** The last fragment is in the queue. */
  | { type: 'COMPLETE' };

export const linkTxMachine = setup({ types: { events: {} as TxEvent } }).createMachine({
  id: 'link-tx',
  initial: 'idle',
  states: {
    idle: { meta: { value: 0, doc: 'A message can be started.' }, on: { BLOCKED: 'sending' } },
    sending: {
      meta: { value: 1, doc: 'Fragments wait for room in the queue; further messages are refused.' },
      on: { BLOCKED: 'sending', COMPLETE: 'idle' },
    },
  },
});
