/** What a rule of interference is: plain values. */
import type { FdtNode } from '../../board/fdt/index.js';
import type { RpcMessage } from '../../protocol/index.js';

/** A packet on its way to the client. */
export interface Emission {
  bytes: Uint8Array;
  /** Virtual time after the moment at which the real packet was there. */
  delayNs: number;
  /** It comes after an empty queue, so it brings its own interrupt edge. False: it slips in behind the previous packet. */
  edge: boolean;
}

/** What becomes of the packets of one message. */
export type Change = (packets: readonly Emission[], message: RpcMessage) => Emission[];

export type Selector = 'request' | 'reply' | 'notification';

export interface MessageRule {
  kind: 'message';
  on: Selector;
  /** Message ids; empty: every one. */
  ids: readonly number[];
  /** Further condition. */
  when?: (m: RpcMessage) => boolean;
  /** Messages that pass untouched before the first hit. */
  skip: number;
  /** Hits; Infinity: always. */
  times: number;
  /** Of a reply or notification: the packets instead of the real ones. Of a request: packets sent back instead of RM's answer. */
  change: Change;
}

/** Result that is forced upon a send or a receive instead of making the call. */
export interface ForcedResult {
  error: number;
  /** not_full or not_empty. */
  more: boolean;
  /** Bytes of a forced receive. */
  bytes?: Uint8Array;
  /** The call is made all the same; only what the client is told changes. */
  made?: boolean;
}

export interface QueueRule {
  kind: 'send' | 'receive';
  skip: number;
  times: number;
  result: ForcedResult;
}

export interface LineRule {
  kind: 'interrupt';
  line: 'rx' | 'tx';
  skip: number;
  times: number;
  /** Edges for each one that the machine raises: 0 withholds, 2 duplicates. */
  edges: number;
}

export interface CallRule {
  kind: 'call';
  /** Hypercall number. */
  num: number;
  skip: number;
  times: number;
  /** x0.. as the client sees them; the call is not made. Undefined: it is made. Given how often the rule has hit before. */
  result: (hit: number, x: readonly bigint[]) => readonly bigint[] | undefined;
}

/** The same for SMCCC calls of the client: HVC #0 and SMC #0. */
export interface SmcccRule {
  kind: 'smccc';
  /** Function ids. */
  ids: readonly number[];
  skip: number;
  times: number;
  result: CallRule['result'];
}

/** The client finds another device tree. Takes effect at once. */
export interface TreeRule {
  kind: 'tree';
  skip: number;
  times: number;
  edit: (root: FdtNode) => FdtNode;
}

/** A request reaches RM with another payload: RM itself then refuses it, with all that follows from it. */
export interface RewriteRule {
  kind: 'rewrite';
  ids: readonly number[];
  skip: number;
  times: number;
  payload: (m: RpcMessage) => Uint8Array;
}

/** RM takes nothing out of its queue, which looks as if it held `depth` packets at most. From where the rule is set until the rules end. */
export interface StallRule {
  kind: 'stall';
  skip: number;
  times: number;
  depth: number;
}

export type Rule = StallRule | RewriteRule | MessageRule | QueueRule | LineRule | CallRule | SmcccRule | TreeRule;
