/** Rules as lines of text: what scenario files contain. */
import { fromHex, named } from '../../base/index.js';
import { HYPERCALLS, HypError, Msg, messageName, RmError, Smccc } from '../../protocol/index.js';
import { call, notification, receive, repeat, reply, request, rewrite, send, smccc, stall, withhold } from './build.js';
import {
  answer,
  before,
  behind,
  corrupt,
  delay,
  drop,
  duplicate,
  errorCode,
  payload,
  reverse,
  shorten,
  spread,
  truncate,
} from './changes.js';
import type { Change, Rule } from './rules.js';

const IDS: Readonly<Record<string, number>> = Msg;
const CODES: Readonly<Record<string, number>> = RmError;
const HYP_CODES: Readonly<Record<string, number>> = HypError;
const FUNCTIONS: Readonly<Record<string, number>> = Smccc;
const SELECTORS = { reply, notification, request } as const;

/** A word that cannot be understood, and why. */
class Complaint extends Error {}

function natural(text: string, word: string): number {
  const n = Number(text);
  if (text === '' || !Number.isInteger(n) || n < 0) throw new Complaint(`${word}: not a number`);
  return n;
}

/** Duration like `5ms`, in nanoseconds. */
function duration(text: string, word: string): number {
  const m = /^(\d+)(ns|us|ms|s)$/.exec(text);
  if (m === null) throw new Complaint(`${word}: not a time like 5ms`);
  return Number(m[1]) * ({ ns: 1, us: 1e3, ms: 1e6, s: 1e9 }[m[2]] ?? 1);
}

function code(names: Readonly<Record<string, number>>, text: string, word: string): number {
  const known = named(names, text);
  if (known !== undefined) return known;
  if (!/^(0x[0-9a-f]+|\d+)$/i.test(text)) throw new Complaint(`${word}: no such error`);
  return natural(text, word);
}

function bytes(text: string, word: string): Uint8Array {
  const found = fromHex(text);
  if (found === undefined) throw new Complaint(`${word}: not pairs of hexadecimal digits`);
  return found;
}

function change(name: string, arg: string, word: string): Change {
  switch (name) {
    case 'drop':
      return drop;
    case 'duplicate':
      return duplicate;
    case 'reverse':
      return reverse;
    case 'delay':
      return delay(duration(arg, word));
    case 'spread':
      return spread(duration(arg, word));
    case 'truncate':
      return truncate(natural(arg, word));
    case 'shorten':
      return shorten(natural(arg, word));
    case 'corrupt': {
      const parts = arg.split(':');
      if (parts.length !== 3) throw new Complaint(`${word}: not PACKET:BYTE:MASK`);
      const at = Number(parts[0]);
      if (!Number.isInteger(at)) throw new Complaint(`${word}: not a number`);
      return corrupt(at, natural(parts[1], word), natural(parts[2], word));
    }
    case 'payload':
      return payload(bytes(arg, word));
    case 'before':
    case 'behind': {
      const packet = bytes(arg, word);
      return (name === 'before' ? before : behind)(() => [packet]);
    }
    case 'error':
      return errorCode(code(CODES, arg, word));
    case 'answer':
      return answer(code(CODES, arg, word));
    default:
      throw new Complaint(`${word}: not a change`);
  }
}

/** The words of a rule: `once`, `times=N` and `after=N`; the others. */
interface Words {
  skip: number;
  times: number;
  others: { name: string; arg: string; word: string }[];
}

function split(words: readonly string[], times: number): Words {
  const out: Words = { skip: 0, times, others: [] };
  for (const word of words) {
    const [name, arg = ''] = word.split('=');
    if (name === 'once') out.times = 1;
    else if (name === 'times') out.times = natural(arg, word);
    else if (name === 'after') out.skip = natural(arg, word);
    else out.others.push({ name, arg, word });
  }
  return out;
}

/** `x0=1 x1=0x20`: registers as the client sees them afterwards. */
function registers(words: Words): bigint[] {
  const x: bigint[] = [];
  for (const { name, arg, word } of words.others) {
    const m = /^x(\d+)$/.exec(name);
    if (m === null || Number(m[1]) > 17) throw new Complaint(`${word}: not a register x0 to x17`);
    if (!/^(0x[0-9a-f]+|\d+)$/i.test(arg)) throw new Complaint(`${word}: not a number`);
    x[Number(m[1])] = BigInt.asUintN(64, BigInt(arg));
  }
  return Array.from(x, (v) => v ?? 0n);
}

/** `error=MSGQUEUE_FULL more`: how a send or a receive ends. */
function queueRule(on: 'send' | 'receive', words: Words): Rule {
  let error: number | undefined;
  let more = false;
  for (const { name, arg, word } of words.others) {
    if (name === 'error') error = code(HYP_CODES, arg, word);
    else if (word === 'more') more = true;
    else throw new Complaint(`${word}: not error=NAME or more`);
  }
  if (error === undefined) throw new Complaint(`${on}: error=NAME is missing`);
  return (on === 'send' ? send : receive)({ error, more }, words.skip, words.times);
}

function callRule(target: string, words: Words): Rule {
  const info = Object.values(HYPERCALLS).find((c) => c.name === target);
  if (info === undefined) throw new Complaint(`${target}: no such hypercall`);
  const x = registers(words);
  return { ...call(info.number, () => x), skip: words.skip, times: words.times };
}

function smcccRule(target: string, words: Words): Rule {
  const id = named(FUNCTIONS, target) ?? (/^0x[0-9a-f]+$/i.test(target) ? Number(target) : undefined);
  if (id === undefined) throw new Complaint(`${target}: no such SMCCC function`);
  const x = registers(words);
  return { ...smccc([id], () => x), skip: words.skip, times: words.times };
}

function messageId(target: string): number {
  const id = named(IDS, target) ?? IDS[`N_${target}`];
  if (id === undefined) throw new Complaint(`${target}: no such message`);
  return id;
}

/** `payload=HEX`: what RM gets in place of the request's own payload. */
function rewriteRule(target: string, words: Words): Rule {
  const [given, more] = words.others;
  if (given?.name !== 'payload' || more !== undefined) throw new Complaint(`rewrite ${target}: payload=HEX is missing`);
  const other = bytes(given.arg, given.word);
  return rewrite([messageId(target)], () => other, words.skip, words.times);
}

function messageRule(on: keyof typeof SELECTORS, target: string, words: Words): Rule {
  const id = target === '*' ? undefined : messageId(target);
  const changes = words.others.map(({ name, arg, word }) => change(name, arg, word));
  if (changes.length === 0 && on !== 'request') throw new Complaint(`${on} ${target}: what becomes of it?`);
  const rule = SELECTORS[on](...(id === undefined ? [] : [id]));
  return rule
    .after(words.skip)
    .times(words.times)
    .becomes(...changes);
}

function read(text: string): Rule {
  const [on, ...rest] = text.trim().split(/\s+/);
  const always = Number.POSITIVE_INFINITY;
  if (on === 'send' || on === 'receive') return queueRule(on, split(rest, 1));
  const [target, ...words] = rest;
  if (target === undefined) throw new Complaint(`${on}: of what?`);
  const parsed = split(words, always);
  if (on === 'stall') {
    if (words.length > 0) throw new Complaint(`${words[0]}: a stall lasts until the rules end`);
    return stall(natural(target, target));
  }
  if (on === 'withhold' || on === 'repeat') {
    if (target !== 'rx' && target !== 'tx') throw new Complaint(`${on} what? rx or tx`);
    if (parsed.others.length > 0) throw new Complaint(`${parsed.others[0].word}: not for interrupts`);
    const { skip, times } = parsed;
    return on === 'withhold' ? withhold(target, skip, times) : repeat(target, 2, skip, times);
  }
  if (on === 'call') return callRule(target, parsed);
  if (on === 'smccc') return smcccRule(target, parsed);
  if (on === 'rewrite') return rewriteRule(target, parsed);
  if (on === 'reply' || on === 'notification' || on === 'request') return messageRule(on, target, parsed);
  throw new Complaint(
    `${on}: not reply, notification, request, rewrite, withhold, repeat, stall, send, receive, call or smccc`,
  );
}

/**
 * A rule as one line of text: `reply VM_START error=NORESOURCE once`, `notification VM_STATUS delay=5ms`,
 * `request VM_RESET answer=DENIED`, `withhold rx`, `send error=MSGQUEUE_FULL after=1`, `call doorbell_send x0=30`,
 * `smccc 0x8600ff01 x0=1`, `rewrite VM_GET_ID payload=0300`, `repeat rx`, `stall 3`. Words: drop, duplicate, reverse, delay=T,
 * spread=T, truncate=N, shorten=N, corrupt=PACKET:BYTE:MASK, payload=HEX, before=HEX and behind=HEX (a packet), error=CODE,
 * answer=CODE, once, times=N, after=N; `*` is every message. A string is the complaint.
 */
export function parseRule(text: string): Rule | string {
  try {
    return read(text);
  } catch (e) {
    if (e instanceof Complaint) return e.message;
    throw e;
  }
}

/** For listings. */
export function ruleText(rule: Rule): string {
  switch (rule.kind) {
    case 'message':
      return `${rule.on} ${rule.ids.map(messageName).join(', ') || '*'}`;
    case 'rewrite':
      return `rewrite ${rule.ids.map(messageName).join(', ')}`;
    case 'interrupt':
      return `${rule.edges === 0 ? 'withhold' : 'repeat'} ${rule.line}`;
    case 'call':
      return `call 0x${rule.num.toString(16)}`;
    case 'smccc':
      return `smccc ${rule.ids.map((id) => `0x${id.toString(16)}`).join(', ')}`;
    case 'tree':
      return 'another device tree';
    case 'stall':
      return `stall ${rule.depth}`;
    default:
      return `${rule.kind} gives ${rule.result.error}`;
  }
}
