/**
 * Message queues, after fact base ipc 3: send, receive, flush, thresholds, push, and the silent copy failures.
 * Left out: delays ("holdoff"), which real Gunyah refuses as well.
 */
export { registerMsgQueue } from './calls.js';
export type { MsgQueue } from './msgqueue.js';
