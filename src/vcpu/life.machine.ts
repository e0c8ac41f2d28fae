/**
 * Life of a thread (fact base vcpu-and-scheduler 1). The order of the states is that of the numbers in `Life`. Whether a
 * ready thread runs is decided by its block reasons, which are data.
 */
import { setup } from 'xstate';

export const lifeMachine = setup({
  types: { events: {} as { type: 'ACTIVATE' } | { type: 'KILL' } | { type: 'EXIT' } },
}).createMachine({
  id: 'thread-life',
  initial: 'init',
  states: {
    init: { meta: { doc: 'created, not activated', value: 0 }, on: { ACTIVATE: 'ready' } },
    ready: { meta: { doc: 'runs whenever nothing blocks it', value: 1 }, on: { KILL: 'killed' } },
    killed: { meta: { doc: 'exits as soon as it gets CPU time', value: 2 }, on: { EXIT: 'exited' } },
    exited: { meta: { doc: 'never runs again', value: 3 }, type: 'final' },
  },
});
