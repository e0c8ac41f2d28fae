/**
 * Doorbells, after fact base ipc 2: send, receive, mask, reset, and one vIRQ source per doorbell.
 * Left out: nothing that a guest can observe.
 */
export { registerDoorbell } from './calls.js';
export type { Doorbell } from './doorbell.js';
