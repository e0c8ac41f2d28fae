/** What a connection is bound to: one vCPU, or the RM link. Both answer frames and let the hub ask how they are. */

/** `wait`: the frame was taken, its reply comes later; `later`: not taken, offer it again after the machine has run. */
export type Handled = 'done' | 'wait' | 'later';

export interface Session {
  /** A frame's payload is `bytes[at, at + size)`. */
  handle(type: number, tag: number, bytes: Uint8Array, at: number, size: number): Handled;
  /** Sends what is due: replies that were waited for, events. True: something was sent. */
  tick(): boolean;
  /** It cannot go on before the machine runs. */
  readonly waiting: boolean;
  /** Virtual time at which it stops waiting by itself; Infinity: never. */
  readonly deadline: number;
  /** It executes guest code of its own between frames, so virtual time is its time too. */
  readonly computing: boolean;
  /** Time waits for it however long it takes. */
  readonly step: boolean;
  close(): void;
}
