/** Life of a memory parcel; the numbers are RM's `ParcelState` (fact base: rm-state-machines 5). */
import { assign, setup } from 'xstate';

export type ParcelEvent =
  /** The list of regions is complete: MEM_DONATE, LEND or SHARE without APPEND, or MEM_APPEND with DONE. */
  | { type: 'FINISH' }
  /** First successful accept of a target, also one that only reserves addresses. */
  | { type: 'ACCEPT' }
  /** A target gives it back: MEM_RELEASE or reset of the VM. */
  | { type: 'RELEASE' }
  /** The owner takes it back. */
  | { type: 'RECLAIM' }
  /** A donation was accepted as a whole. */
  | { type: 'MOVE' };

export const memparcelMachine = setup({
  types: { context: {} as { sharers: number }, events: {} as ParcelEvent },
  guards: { lastSharer: ({ context }) => context.sharers === 1 },
}).createMachine({
  id: 'memparcel',
  context: { sharers: 0 },
  initial: 'init',
  states: {
    init: {
      meta: { value: 0, doc: 'Created with APPEND; regions may follow. It can be accepted all the same.' },
      on: {
        FINISH: 'sharing',
        ACCEPT: { target: 'shared', actions: assign({ sharers: ({ context }) => context.sharers + 1 }) },
        RECLAIM: 'deleted',
        MOVE: 'deleted',
      },
    },
    sharing: {
      meta: { value: 1, doc: 'Offered; nobody has accepted.' },
      on: {
        ACCEPT: { target: 'shared', actions: assign({ sharers: ({ context }) => context.sharers + 1 }) },
        RECLAIM: 'deleted',
        MOVE: 'deleted',
      },
    },
    shared: {
      meta: { value: 2, doc: 'At least one target accepted. The owner cannot reclaim.' },
      on: {
        ACCEPT: { actions: assign({ sharers: ({ context }) => context.sharers + 1 }) },
        RELEASE: [
          { guard: 'lastSharer', target: 'sharing', actions: assign({ sharers: 0 }) },
          { actions: assign({ sharers: ({ context }) => context.sharers - 1 }) },
        ],
        MOVE: 'deleted',
      },
    },
    deleted: { type: 'final', meta: { value: 3, doc: 'The handle is unknown.' } },
  },
});
