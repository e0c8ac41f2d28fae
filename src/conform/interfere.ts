/**
 * Interference: what a test puts between a client and the Resource Manager.
 *
 * A rule names what it applies to (requests, replies, notifications, single sends and receives, interrupts, other hypercalls)
 * and what becomes of it. Rules are values made with the builders below; the first that applies wins. They hold no reference to a
 * machine: whoever owns the boundary (the conformance bench, a scenario) asks them for every packet.
 *
 * @example
 * ```ts
 * [reply(Msg.VM_START).becomes(errorCode(RmError.NORESOURCE)), notification(Msg.N_VM_EXITED).once().becomes(drop)]
 * ```
 */
import { concatBytes, put32 } from '../base/index.js';
import { Msg, messageName, RmError, RpcType, rpcPackets } from '../protocol/index.js';

export interface WireMessage {
  /** RpcType. */
  type: number;
  id: number;
  seq: number;
  /** Reassembled; of a reply with the error code in front. */
  payload: Uint8Array;
}

/** A packet on its way to the client. */
export interface Emission {
  bytes: Uint8Array;
  /** Virtual time after the moment at which the real packet was there. */
  delayNs: number;
  /** It comes after an empty queue, so it brings its own interrupt edge. False: it slips in behind the previous packet. */
  edge: boolean;
}

/** What becomes of the packets of one message. */
export type Change = (packets: readonly Emission[], message: WireMessage) => Emission[];

export type Selector = 'request' | 'reply' | 'notification';

export interface MessageRule {
  kind: 'message';
  on: Selector;
  /** Message ids; empty: every one. */
  ids: readonly number[];
  /** Further condition. */
  when?: (m: WireMessage) => boolean;
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
  /** x0.. as the client sees them; the call is not made. Given how often the rule has hit before. */
  result: (hit: number, x: readonly bigint[]) => readonly bigint[];
}

/** A request reaches RM with another payload: RM itself then refuses it, with all that follows from it. */
export interface RewriteRule {
  kind: 'rewrite';
  ids: readonly number[];
  skip: number;
  times: number;
  payload: (m: WireMessage) => Uint8Array;
}

export type Rule = RewriteRule | MessageRule | QueueRule | LineRule | CallRule;

// ---- builders -------------------------------------------------------------------------------------------------------

interface MessageRuleBuilder {
  /** Only messages for which this holds. */
  when(condition: (m: WireMessage) => boolean): MessageRuleBuilder;
  /** Passes the first `n` untouched. */
  after(n: number): MessageRuleBuilder;
  times(n: number): MessageRuleBuilder;
  once(): MessageRuleBuilder;
  /** The rule: changes are applied one after the other. */
  becomes(...changes: Change[]): MessageRule;
}

function builder(rule: Omit<MessageRule, 'change'>): MessageRuleBuilder {
  return {
    when: (when) => builder({ ...rule, when }),
    after: (skip) => builder({ ...rule, skip }),
    times: (times) => builder({ ...rule, times }),
    once: () => builder({ ...rule, times: 1 }),
    becomes: (...changes) => ({
      ...rule,
      change: (packets, m) => changes.reduce<Emission[]>((p, change) => change(p, m), [...packets]),
    }),
  };
}

const select =
  (on: Selector) =>
  (...ids: number[]): MessageRuleBuilder =>
    builder({ kind: 'message', on, ids, skip: 0, times: Number.POSITIVE_INFINITY });

/** Replies on their way to the client. */
export const reply = select('reply');
/** Notifications on their way to the client. */
export const notification = select('notification');
/** Requests: RM does not get to see them; what the rule makes goes back (nothing by default). */
export const request = select('request');

/** Requests with these ids reach RM with another payload. */
export const rewrite = (
  ids: readonly number[],
  payload: RewriteRule['payload'],
  skip = 0,
  times = Number.POSITIVE_INFINITY,
): RewriteRule => ({ kind: 'rewrite', ids, skip, times, payload });

/** The n-th send of the client (0 the next) ends like this. */
export const send = (result: ForcedResult, skip = 0, times = 1): QueueRule => ({ kind: 'send', skip, times, result });
export const receive = (result: ForcedResult, skip = 0, times = 1): QueueRule => ({
  kind: 'receive',
  skip,
  times,
  result,
});
/** Edges of the client's receive or send interrupt never arrive. */
export const withhold = (line: 'rx' | 'tx', skip = 0, times = Number.POSITIVE_INFINITY): LineRule => ({
  kind: 'interrupt',
  line,
  skip,
  times,
  edges: 0,
});
/** Another hypercall of the client is answered by the test. */
export const call = (num: number, result: CallRule['result'], times = Number.POSITIVE_INFINITY): CallRule => ({
  kind: 'call',
  num,
  skip: 0,
  times,
  result,
});

// ---- changes --------------------------------------------------------------------------------------------------------

const packet = (bytes: Uint8Array): Emission => ({ bytes, delayNs: 0, edge: false });

/** The message cut into packets as RM does it. */
export function emit(m: WireMessage): Emission[] {
  return (rpcPackets(m.type as RpcType, m.id, m.seq, m.payload) ?? []).map(packet);
}

/** An error code, or a success, as reply payload. */
export function replyPayload(code: number, data: Uint8Array = new Uint8Array(0)): Uint8Array {
  const head = new Uint8Array(4);
  put32(head, 0, code);
  return concatBytes(head, data);
}

export const drop: Change = () => [];
export const duplicate: Change = (p) => [...p, ...p];
export const reverse: Change = (p) => [...p].reverse();
export const delay =
  (ns: number): Change =>
  (p) =>
    p.map((e) => ({ ...e, delayNs: e.delayNs + ns, edge: true }));
/** Each packet `ns` after the previous one, with an interrupt of its own. */
export const spread =
  (ns: number): Change =>
  (p) =>
    p.map((e, i) => ({ ...e, delayNs: e.delayNs + i * ns, edge: true }));
/** Only the first `n` packets. */
export const truncate =
  (n: number): Change =>
  (p) =>
    p.slice(0, n);
/** Only the first `n` bytes of the last packet. */
export const shorten =
  (n: number): Change =>
  (p) =>
    p.map((e, i) => (i === p.length - 1 ? { ...e, bytes: e.bytes.slice(0, n) } : e));
/** Inverts bits: packet index (negative: from the end), byte offset, mask. */
export const corrupt =
  (at: number, offset: number, mask: number): Change =>
  (p) => {
    const index = at < 0 ? p.length + at : at;
    return p.map((e, i) => {
      if (i !== index || offset >= e.bytes.length) return e;
      const bytes = e.bytes.slice();
      bytes[offset] ^= mask;
      return { ...e, bytes };
    });
  };
/** Other payload, same header, cut anew. */
export const payload =
  (bytes: Uint8Array | ((m: WireMessage) => Uint8Array)): Change =>
  (_, m) =>
    emit({ ...m, payload: typeof bytes === 'function' ? bytes(m) : bytes });
/** An error reply, optionally with bytes behind the code. */
export const errorCode = (code: number, extra?: Uint8Array): Change => payload(replyPayload(code, extra));
/** A reply of success. Usable on requests: the type becomes REPLY. */
export const answer =
  (code: number, data?: Uint8Array): Change =>
  (_, m) =>
    emit({ ...m, type: RpcType.REPLY, payload: replyPayload(code, data) });
/** The given packets, with the message's own bytes at hand. */
export const packets =
  (make: (own: Uint8Array[], m: WireMessage) => Uint8Array[]): Change =>
  (p, m) =>
    make(
      p.map((e) => e.bytes),
      m,
    ).map(packet);
/** Packets in front of, or behind, what is there. */
export const before =
  (make: (m: WireMessage) => Uint8Array[]): Change =>
  (p, m) => [...make(m).map(packet), ...p];
export const behind =
  (make: (m: WireMessage) => Uint8Array[]): Change =>
  (p, m) => [...p, ...make(m).map(packet)];
/** Keeps messages back until `n` are there, then lets them go in reverse order. */
export function swap(n = 2): Change {
  let held: Emission[][] = [];
  return (p) => {
    held.push([...p]);
    if (held.length < n) return [];
    const out = held.reverse().flat();
    held = [];
    return out;
  };
}

// ---- application ----------------------------------------------------------------------------------------------------

/** Counts hits of rules; one per bench. */
export class RuleSet {
  private rules: { rule: Rule; seen: number; hits: number }[] = [];

  add(...rules: Rule[]): void {
    for (const rule of rules) this.rules.push({ rule, seen: 0, hits: 0 });
  }

  clear(): void {
    this.rules = [];
  }

  /** The first rule of those that `fits` and that is not used up; counted. */
  private take<R extends Rule>(fits: (r: Rule) => r is R): { rule: R; hit: number } | undefined {
    for (const entry of this.rules) {
      const { rule } = entry;
      if (!fits(rule)) continue;
      entry.seen++;
      if (entry.seen <= rule.skip || entry.hits >= rule.times) continue;
      entry.hits++;
      return { rule, hit: entry.hits - 1 };
    }
    return undefined;
  }

  /** Whether some rule could touch a message with this type and id: it must then be held until it is complete. */
  wants(on: Selector, id: number): boolean {
    return this.rules.some(
      ({ rule, hits }) =>
        hits < rule.times &&
        ((rule.kind === 'message' && rule.on === on && (rule.ids.length === 0 || rule.ids.includes(id))) ||
          (rule.kind === 'rewrite' && on === 'request' && rule.ids.includes(id))),
    );
  }

  /** What becomes of a message; undefined: no rule applies. */
  message(on: Selector, m: WireMessage): Emission[] | undefined {
    const found = this.take(
      (r): r is MessageRule =>
        r.kind === 'message' &&
        r.on === on &&
        (r.ids.length === 0 || r.ids.includes(m.id)) &&
        (r.when === undefined || r.when(m)),
    );
    if (found === undefined) return undefined;
    return found.rule.change(on === 'request' ? [] : emit(m), m);
  }

  /** The payload that RM gets instead. */
  rewritten(m: WireMessage): Uint8Array | undefined {
    const found = this.take((r): r is RewriteRule => r.kind === 'rewrite' && r.ids.includes(m.id));
    return found?.rule.payload(m);
  }

  queue(kind: 'send' | 'receive'): ForcedResult | undefined {
    return this.take((r): r is QueueRule => r.kind === kind)?.rule.result;
  }

  edges(line: 'rx' | 'tx'): number {
    return this.take((r): r is LineRule => r.kind === 'interrupt' && r.line === line)?.rule.edges ?? 1;
  }

  hypercall(num: number, x: readonly bigint[]): readonly bigint[] | undefined {
    const found = this.take((r): r is CallRule => r.kind === 'call' && r.num === num);
    return found?.rule.result(found.hit, x);
  }
}

// ---- text form ------------------------------------------------------------------------------------------------------

const IDS: Readonly<Record<string, number>> = Msg;
const CODES: Readonly<Record<string, number>> = RmError;

/** Duration like `5ms`, in nanoseconds. */
function duration(text: string): number | undefined {
  const m = /^(\d+)(ns|us|ms|s)$/.exec(text);
  if (m === null) return undefined;
  return Number(m[1]) * ({ ns: 1, us: 1e3, ms: 1e6, s: 1e9 }[m[2]] ?? 1);
}

function textChange(word: string, arg: string): Change | undefined {
  switch (word) {
    case 'drop':
      return drop;
    case 'duplicate':
      return duplicate;
    case 'reverse':
      return reverse;
    case 'delay':
    case 'spread': {
      const ns = duration(arg);
      return ns === undefined ? undefined : word === 'delay' ? delay(ns) : spread(ns);
    }
    case 'truncate':
      return truncate(Number(arg));
    case 'shorten':
      return shorten(Number(arg));
    case 'corrupt': {
      const [at, offset, mask] = arg.split(':').map(Number);
      return corrupt(at, offset, mask);
    }
    case 'error':
      return CODES[arg] === undefined ? undefined : errorCode(CODES[arg]);
    case 'answer':
      return CODES[arg] === undefined ? undefined : answer(CODES[arg]);
    default:
      return undefined;
  }
}

/**
 * A rule as one line of text: `reply VM_START error=NORESOURCE once`, `notification VM_STATUS delay=5ms`,
 * `request VM_RESET answer=DENIED`, `withhold rx`. Words: drop, duplicate, reverse, delay=T, spread=T, truncate=N,
 * shorten=N, corrupt=PACKET:BYTE:MASK, error=CODE, answer=CODE, once, times=N, after=N; `*` is every message.
 * A string is the complaint.
 */
export function parseRule(text: string): Rule | string {
  const [on, target, ...words] = text.trim().split(/\s+/);
  if (on === 'withhold') return target === 'rx' || target === 'tx' ? withhold(target) : 'withhold what? rx or tx';
  if (on !== 'reply' && on !== 'notification' && on !== 'request') return `${on}: not reply, notification or request`;
  const id = target === '*' ? undefined : (IDS[target] ?? IDS[`N_${target}`]);
  if (target !== '*' && id === undefined) return `${target}: no such message`;
  let rule = select(on)(...(id === undefined ? [] : [id]));
  const changes: Change[] = [];
  for (const word of words) {
    const [name, arg = ''] = word.split('=');
    if (name === 'once') rule = rule.once();
    else if (name === 'times') rule = rule.times(Number(arg));
    else if (name === 'after') rule = rule.after(Number(arg));
    else {
      const change = textChange(name, arg);
      if (change === undefined) return `${word}: not a change`;
      changes.push(change);
    }
  }
  return rule.becomes(...changes);
}

/** For listings. */
export function ruleText(rule: Rule): string {
  if (rule.kind === 'message') return `${rule.on} ${rule.ids.map(messageName).join(', ') || '*'}`;
  if (rule.kind === 'rewrite') return `rewrite ${rule.ids.map(messageName).join(', ')}`;
  if (rule.kind === 'interrupt') return `${rule.edges === 0 ? 'withhold' : 'repeat'} ${rule.line}`;
  if (rule.kind === 'call') return `call 0x${rule.num.toString(16)}`;
  return `${rule.kind} gives ${rule.result.error}`;
}
