/** Words of `conform rm`: cases, verdicts, and what a driver needs of the connection. */
import type { Transcript } from '../transcript/events.js';

/** FAIL: an answer is not as recorded, or no frame of the link. HANG: no answer. CRASH: the connection, or the server, ended. */
export type RmVerdict = 'PASS' | 'FAIL' | 'SKIP' | 'HANG' | 'CRASH';

/** Mode 0 of the link: a vCPU with its hypercalls. Mode 1: bare packets. */
export type LinkMode = 'vcpu' | 'rpc';

/** One recording as a check of a server. */
export interface RmCase {
  /** Name of the recording. */
  readonly id: string;
  /** File that it came from, without folder and extension. */
  readonly group: string;
  readonly title: string;
  readonly transcript: Transcript;
}

export interface RmResult {
  readonly verdict: RmVerdict;
  /** Why not PASS: several lines each. */
  readonly reasons: readonly string[];
  /** Events of the recording whose answers were compared, and how many of them were excused. */
  readonly compared: number;
  readonly excused: number;
}

export interface Request {
  readonly type: number;
  readonly payload: Uint8Array;
}

/** Payload of a reply, status first. */
export interface Reply {
  readonly status: number;
  readonly payload: Uint8Array;
}

/** Why a connection is of no more use. `silent`: no answer in time; `lost`: it ended; `garbage`: bytes that are no frames of the link. */
export type FaultKind = 'silent' | 'lost' | 'garbage';

export class LinkFault extends Error {
  override readonly name = 'LinkFault';
  constructor(
    readonly kind: FaultKind,
    message: string,
    /** What the system said, where it did. */
    cause?: unknown,
  ) {
    super(message, { cause });
  }
}

/** A connection that has greeted, used without promises: a replay asks and compares step by step. */
export interface Exchange {
  /** Sends all, waits for all answers. Throws {@link LinkFault}. */
  request(requests: readonly Request[]): Reply[];
  /** Packets that came as events since the last call. `waitMs`: waits so long for one if there is none. */
  packets(waitMs: number): Uint8Array[];
}
