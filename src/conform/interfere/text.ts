/** Rules as lines of text: what scenario files contain. */
import { Msg, messageName, RmError } from '../../protocol/index.js';
import { notification, reply, request, withhold } from './build.js';
import { answer, corrupt, delay, drop, duplicate, errorCode, reverse, shorten, spread, truncate } from './changes.js';
import type { Change, Rule } from './rules.js';

const IDS: Readonly<Record<string, number>> = Msg;
const CODES: Readonly<Record<string, number>> = RmError;

const SELECTORS = { reply, notification, request } as const;

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
  let rule = SELECTORS[on](...(id === undefined ? [] : [id]));
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
  if (rule.kind === 'smccc') return `smccc ${rule.ids.map((id) => `0x${id.toString(16)}`).join(', ')}`;
  if (rule.kind === 'tree') return 'another device tree';
  return `${rule.kind} gives ${rule.result.error}`;
}
