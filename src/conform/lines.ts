/**
 * What a client says: the grammar of its lines (docs/conformance.md 4), and which ticket each of them ends.
 *
 * Capital words of a form stand for values, `...` behind one for the rest of the line.
 */
import { nearest } from '../base/index.js';

const FORMS = [
  'reply TICKET CODE BYTES',
  'failed TICKET REASON...',
  'notify ID BYTES',
  'audit TICKET N',
  'done TICKET ok',
  'done TICKET error TEXT...',
  'exited NAME TYPE SIZE BYTES',
  'resource NAME TYPE LABEL CAP VIRQ',
  'memory NAME free',
  'memory NAME kept',
  'mmio NAME VCPU read ADDRESS SIZE',
  'mmio NAME VCPU write ADDRESS SIZE VALUE',
  'ran NAME VCPU REASON...',
  'peer NAME VMID',
  'id VMID TYPE BYTES',
  'parcel HANDLE RANGES',
  'irq HANDLE VIRQ',
  'heard ID',
  'synced N',
].map((form) => form.split(' '));
const VERBS = [...new Set(FORMS.map(([verb]) => verb))];

interface Kind {
  is: RegExp;
  text: string;
}

const DECIMAL: Kind = { is: /^\d+$/, text: 'a decimal number' };
const WORD: Kind = { is: /^(0x)?[0-9a-f]{1,8}$/i, text: 'a hexadecimal number of 32 bits' };
const LONG: Kind = { is: /^(0x)?[0-9a-f]{1,16}$/i, text: 'a hexadecimal number of 64 bits' };
const BYTES: Kind = { is: /^(-|([0-9a-f]{2})+)$/i, text: 'two hexadecimal digits for each byte, - for none' };
const ANY: Kind = { is: /./, text: 'a word' };
const KINDS: Readonly<Record<string, Kind>> = {
  CODE: WORD,
  ID: WORD,
  BYTES,
  CAP: LONG,
  ADDRESS: LONG,
  VALUE: LONG,
  RANGES: { is: /^[0-9a-f]+:[0-9a-f]+(,[0-9a-f]+:[0-9a-f]+)*$/i, text: 'ADDRESS:SIZE,..., hexadecimal' },
  NAME: ANY,
  'REASON...': { is: /./, text: 'what happened, in words' },
  'TEXT...': { is: /./, text: 'what happened, in words' },
};

const isValue = (word: string): boolean => word.toUpperCase() === word;
const kindOf = (word: string): Kind =>
  isValue(word) ? (KINDS[word] ?? DECIMAL) : { is: new RegExp(`^${word}$`), text: '' };

/** How far the words follow a form, and what is wrong then. */
function compare(words: readonly string[], form: readonly string[]): { at: number; problem?: string } {
  for (const [at, word] of form.entries()) {
    const { is, text } = kindOf(word);
    const name = isValue(word) ? `${word.replace('...', '')} (${text})` : `"${word}"`;
    if (at >= words.length) return { at, problem: `${name} is missing` };
    if (!is.test(words[at])) return { at, problem: `"${shortened(words[at])}" is not ${name}` };
  }
  if (words.length > form.length && !form[form.length - 1].endsWith('...'))
    return { at: form.length, problem: `"${shortened(words.slice(form.length).join(' '))}" is too much` };
  return { at: form.length };
}

/** What is wrong with a line by itself: problem and grammar, one line each. */
function grammarProblem(words: readonly string[]): string[] | undefined {
  const [verb] = words;
  const forms = FORMS.filter((f) => f[0] === verb);
  if (forms.length === 0) {
    const near = nearest(verb, VERBS);
    const meant = near === undefined ? '' : `: is "${near}" meant?`;
    return [
      `no line begins with "${shortened(verb)}"${meant}`,
      `lines begin with ${VERBS.join(', ')}; other text belongs on stderr`,
    ];
  }
  let best: { at: number; problem?: string } = { at: -1 };
  for (const form of forms) {
    const c = compare(words, form);
    if (c.problem === undefined) return undefined;
    if (c.at > best.at) best = c;
  }
  return [best.problem ?? '', `the form is ${forms.map((f) => `"${f.join(' ')}"`).join(' or ')}`];
}

const SHOWN = 100;
const shortened = (text: string): string =>
  text.length > SHOWN ? `${text.slice(0, SHOWN)}... (${text.length} characters)` : text;

/** What a ticket was given for. */
type Asked = 'call' | 'order' | 'audit';
const ENDS: Readonly<Record<string, Asked>> = { reply: 'call', failed: 'call', done: 'order', audit: 'audit' };
const ENDED_BY: Readonly<Record<Asked, string>> = { call: '"reply" or "failed"', order: '"done"', audit: '"audit"' };

/** Judges the lines of one client. */
export class Lines {
  private readonly asked = new Map<string, Asked>();
  private readonly ended = new Map<string, string>();

  /** A command that the client was given. */
  given(command: string): void {
    const [verb, one, two] = command.split(' ');
    if (verb === 'onnotify') this.asked.set(two, 'call');
    else if (verb === 'audit') this.asked.set(one, 'audit');
    else if (verb !== 'cancel') this.asked.set(one, verb === 'call' ? 'call' : 'order');
  }

  /** What is wrong with this line, as text of several lines. */
  problem(line: string): string | undefined {
    const words = line.split(' ');
    const wrong = grammarProblem(words) ?? this.ticketProblem(words, line);
    return wrong && [`the client said something wrong: ${shortened(line)}`, ...wrong].join('\n  ');
  }

  private ticketProblem([verb, ticket]: readonly string[], line: string): string[] | undefined {
    if (verb === 'synced') return ['no "sync" with this number was asked, or not yet'];
    const what = ENDS[verb];
    if (what === undefined) return undefined;
    const asked = this.asked.get(ticket);
    if (asked === undefined) return [`there is no ticket ${ticket}`];
    if (asked !== what) return [`ticket ${ticket} is that of a command that ends with ${ENDED_BY[asked]}`];
    const before = this.ended.get(ticket);
    if (before !== undefined) return [`ticket ${ticket} has ended before, with: ${before}`];
    this.ended.set(ticket, shortened(line));
    return undefined;
  }
}
