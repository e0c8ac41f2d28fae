/** RM as a process (fact base: rm-state-machines 8, rm-rpc-transport 9). */
import { setup } from 'xstate';

export type ProcessEvent =
  /** HLOS was powered on. */
  | { type: 'BOOTED' }
  /** A failed assertion, a panic, an exit or a null access. */
  | { type: 'DIE' };

export const processMachine = setup({ types: { events: {} as ProcessEvent } }).createMachine({
  id: 'rm-process',
  initial: 'booting',
  states: {
    booting: { meta: { doc: 'Creates HLOS; serves nothing.' }, on: { BOOTED: 'serving', DIE: 'dead' } },
    serving: { meta: { doc: 'Event loop.' }, on: { DIE: 'dead' } },
    dead: { type: 'final', meta: { doc: 'Interrupts off for ever; queues fill up.' } },
  },
});
