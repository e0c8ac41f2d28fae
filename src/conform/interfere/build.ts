/** Builders of rules. */
import type { RpcMessage } from '../../protocol/index.js';
import type {
  CallRule,
  Change,
  Emission,
  ForcedResult,
  LineRule,
  MessageRule,
  QueueRule,
  RewriteRule,
  Selector,
  SmcccRule,
  StallRule,
  TreeRule,
} from './rules.js';

interface MessageRuleBuilder {
  /** Only messages for which this holds. */
  when(condition: (m: RpcMessage) => boolean): MessageRuleBuilder;
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
/** Every edge arrives `edges` times. */
export const repeat = (line: 'rx' | 'tx', edges = 2, skip = 0, times = Number.POSITIVE_INFINITY): LineRule => ({
  ...withhold(line, skip, times),
  edges,
});
/** Another hypercall of the client is answered by the test. */
export const call = (num: number, result: CallRule['result'], times = Number.POSITIVE_INFINITY): CallRule => ({
  kind: 'call',
  num,
  skip: 0,
  times,
  result,
});

/** An SMCCC call of the client (HVC #0, SMC #0) is answered by the test. */
export const smccc = (ids: readonly number[], result: SmcccRule['result']): SmcccRule => ({
  kind: 'smccc',
  ids,
  skip: 0,
  times: Number.POSITIVE_INFINITY,
  result,
});
/** Another device tree. */
export const deviceTree = (edit: TreeRule['edit']): TreeRule => ({ kind: 'tree', skip: 0, times: 1, edit });
/** RM takes nothing more; `depth` packets of the client fit into its queue. */
export const stall = (depth: number): StallRule => ({ kind: 'stall', skip: 0, times: 1, depth });
