/** Which rule applies now. */
import { type RpcMessage, RpcType } from '../../protocol/index.js';
import { emit } from './changes.js';
import type {
  CallRule,
  Emission,
  ForcedResult,
  LineRule,
  MessageRule,
  QueueRule,
  RewriteRule,
  Rule,
  Selector,
  SmcccRule,
} from './rules.js';

/** Messages from RM with this type. */
export const selectorOf = (type: number): Selector => (type === RpcType.REPLY ? 'reply' : 'notification');

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
  message(on: Selector, m: RpcMessage): Emission[] | undefined {
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
  rewritten(m: RpcMessage): Uint8Array | undefined {
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

  smccc(id: number, x: readonly bigint[]): readonly bigint[] | undefined {
    const found = this.take((r): r is SmcccRule => r.kind === 'smccc' && r.ids.includes(id));
    return found?.rule.result(found.hit, x);
  }
}
