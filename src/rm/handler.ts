/** What the service of one message id is. */
import type { Rm } from './types.js';

/** The reply comes later: the request started a kill loop. */
export const NO_REPLY = -1;

/**
 * `request` is the payload and valid only during the call; copy what must stay. Returns an `RmError` (4-byte reply), the
 * whole reply payload, or {@link NO_REPLY}. Length checks are the handler's own, in RM's order.
 */
export type Handler = (rm: Rm, from: number, request: Uint8Array, seq: number) => number | Uint8Array;
