/** Calls of the reference client. */
export type CallEnd = { kind: 'reply'; error: number; data: Uint8Array } | { kind: 'failed'; reason: string };

export interface ClientCall {
  id: number;
  payload: Uint8Array;
  seq: number;
  packets: Uint8Array[];
  sent: number;
  end?: CallEnd;
  /** Reply that came before the request was out. */
  early?: CallEnd;
  /** Defect `duplicate-reply-completes`: its reply came again. */
  again?: boolean;
  /** When it was made. */
  at: number;
}

/** A defect hit memory that is not there. */
export class ClientCrash extends Error {}
