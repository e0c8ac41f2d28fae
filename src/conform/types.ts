/** Words of the catalog (fact base: client-conformance-catalog 1). */
import type { Bench } from './bench.js';
import type { Tester } from './tester.js';

/** Must (default run) or should (`--strict`). */
export type Req = 'M' | 'S';
/** Consequence of failing: critical, high, medium, low. */
export type Sev = 'C' | 'H' | 'Md' | 'L';
/** The open RM does this normally; legal on the wire; faulty or hostile server (`--hostile`). */
export type Stim = 'R' | 'L' | 'H';
/** What the client offers: calls and notifications; VMs too; it is itself a secondary VM. */
export type Level = 'T' | 'V' | 'G';
export type VerdictKind = 'PASS' | 'FAIL' | 'HANG' | 'CRASH' | 'LEAK' | 'SKIP';

/** What the script of a case wants: let the client and the machine work until `done`, rest, or `limitNs` from now. */
export interface Until {
  done: () => boolean;
  limitNs: number;
  /** It waits for rest, not for something. */
  rest?: boolean;
}

export type Script<T = void> = Generator<Until, T, undefined>;

export interface Check {
  id: string;
  level: Level;
  req: Req;
  sev: Sev;
  stim: Stim;
  title: string;
  /** The requirement, as a sentence. */
  must: string;
}

/** Optional features of a client, announced behind its level. */
export type Feature =
  | 'alloc'
  | 'auth'
  | 'bell'
  | 'entry'
  | 'firmware'
  | 'guest'
  | 'irq'
  | 'irqlend'
  | 'owner'
  | 'paging'
  | 'set'
  | 'shm'
  | 'shutdown';

export interface Case extends Check {
  run: (t: Tester) => Script;
  /** What the client finds when it starts. */
  prepare?: (bench: Bench) => void;
  /** The client must not attach: its discovery ends with `refused`. */
  refuses?: boolean;
  /** Only clients that announce this can take the check. */
  needs?: Feature;
  /** It is about the queues and their interrupts, which clients for bare packets do not have. */
  queues?: boolean;
  /** The client cannot take the usual test afterwards. */
  noProbe?: boolean;
  /** RM keeps something although the client did nothing wrong. */
  leaksAnyway?: boolean;
  /** Takes seconds. */
  slow?: boolean;
}

export interface Verdict {
  id: string;
  verdict: VerdictKind;
  /** Why not PASS; one line each. */
  reasons: string[];
  /** About the client, whatever the verdict. */
  warnings?: readonly string[];
  /** Virtual time that the case took. */
  virtualNs: number;
}

/** Shorthand of the tables: id, level, req, sev, stim, title, sentence. */
export const check = (
  id: string,
  level: Level,
  req: Req,
  sev: Sev,
  stim: Stim,
  title: string,
  must: string,
): Check => ({ id, level, req, sev, stim, title, must });
