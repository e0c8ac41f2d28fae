/**
 * What the script of a case has at hand: the client's upper tester, the bench, expectations.
 */
import { concatBytes, fromHex, put16, put32, toHex } from '../base/index.js';
import { Msg, RpcType, rmErrorName, rpcPacket } from '../protocol/index.js';
import type { Bench } from './bench.js';
import type { Greeting } from './greeting.js';
import { type GuestTree, putGuest } from './guest.js';
import { answer, type Rule, request } from './interfere/index.js';
import { Lines } from './lines.js';
import { differenceLines, packetDifference } from './show.js';
import type { Script, VerdictKind } from './types.js';

/** The client under test as a case sees it. */
interface Client {
  command(line: string): void;
}

export type Answer = { kind: 'reply'; error: number; data: Uint8Array } | { kind: 'failed'; reason: string };

/** Ends a case. */
export class CaseEnd extends Error {
  constructor(
    readonly verdict: VerdictKind,
    message: string,
  ) {
    super(message);
  }
}

const MS = 1_000_000;
/** No progress for this long is a hang. */
const HANG_NS = 5000 * MS;

/** Lines of the client that are shown. */
const MOST_WRONG = 5;

const EMPTY = new Uint8Array(0);

/** A message id that no RM handles: its reply is the test's to make. */
export const TEST_ID = 0x5600_7700;

export const u16x2 = (a: number, b = 0): Uint8Array => {
  const out = new Uint8Array(4);
  put16(out, 0, a);
  put16(out, 2, b);
  return out;
};

export const u32s = (...v: number[]): Uint8Array => {
  const out = new Uint8Array(v.length * 4);
  v.forEach((x, i) => {
    put32(out, i * 4, x);
  });
  return out;
};

/** Bytes that differ from place to place. */
export const pattern = (n: number, seed = 1): Uint8Array =>
  Uint8Array.from({ length: n }, (_, i) => (i * 7 + seed * 31 + (i >> 8)) & 0xff);

/** One packet of a notification. */
export const notify = (id: number, payload: Uint8Array, seq = 0): Uint8Array =>
  rpcPacket(RpcType.NOTIFICATION, id, seq, 0, payload);

export const vmStatus = (vmid: number, status: number): Uint8Array =>
  notify(Msg.N_VM_STATUS, concatBytes(u16x2(vmid), u16x2(status)));
export const vmExited = (vmid: number, type: number, reason = u32s(0)): Uint8Array =>
  notify(Msg.N_VM_EXITED, concatBytes(u16x2(vmid, type), u32s(reason.length), reason));

/** What a case says to the client's upper tester, and hears from it. */
export class Tester {
  /** Event lines of the client, oldest first. */
  readonly events: string[] = [];
  /** What the client said first. */
  greeting: Greeting = { level: 'T', features: [] };
  /** What was wrong with lines of the client, until the case has ended with it. */
  readonly wrong: string[] = [];
  readonly client: Client;
  private readonly lines = new Lines();
  private tickets = 0;

  constructor(
    readonly bench: Bench,
    client: Client,
  ) {
    this.client = {
      command: (line) => {
        this.lines.given(line);
        client.command(line);
      },
    };
  }

  /** Lines of the client. */
  hear(lines: readonly string[]): void {
    for (const text of lines) {
      const line = text.trim().split(/\s+/).join(' ');
      if (line === '') continue;
      const problem = this.lines.problem(line);
      if (problem === undefined) this.events.push(line);
      else if (this.wrong.length < MOST_WRONG) this.wrong.push(problem);
    }
  }

  /** A line that makes no sense ends the case: what it was to say will not be said. */
  private endIfWrong(): void {
    if (this.wrong.length > 0) this.fail(this.wrong.splice(0).join('\n'));
  }

  fail(message: string): never {
    throw new CaseEnd('FAIL', message);
  }

  expect(condition: boolean, message: string): void {
    if (!condition) this.fail(message);
  }

  interfere(...rules: Rule[]): void {
    this.bench.interfere(...rules);
  }

  // ---- calls --------------------------------------------------------------------------------------------------------

  begin(id: number, payload: Uint8Array = EMPTY): string {
    const ticket = String(++this.tickets);
    this.client.command(`call ${ticket} ${id.toString(16)} ${toHex(payload) || '-'}`);
    return ticket;
  }

  cancel(ticket: string): void {
    this.client.command(`cancel ${ticket}`);
  }

  peek(ticket: string): Answer | undefined {
    const reply = `reply ${ticket} `;
    const failed = `failed ${ticket} `;
    for (const e of this.events) {
      if (!e.startsWith(reply) && !e.startsWith(failed)) continue;
      const [verb, , a, b] = e.split(' ');
      if (verb === 'reply')
        return { kind: 'reply', error: Number.parseInt(a, 16), data: b === '-' ? EMPTY : (fromHex(b) ?? EMPTY) };
      if (verb === 'failed') return { kind: 'failed', reason: e.split(' ').slice(2).join(' ') };
    }
    return undefined;
  }

  /** Lets everything work until `done` or rest. Returns whether `done`. */
  *until(done: () => boolean, limitNs = HANG_NS): Script<boolean> {
    if (!done()) yield { done: () => this.wrong.length > 0 || done(), limitNs };
    this.endIfWrong();
    return done();
  }

  /** Lets everything work until nothing is left to do. */
  *rest(limitNs = 200 * MS): Script {
    yield { done: () => this.wrong.length > 0, limitNs, rest: true };
    this.endIfWrong();
  }

  *end(ticket: string, what = 'the call', limitNs = HANG_NS): Script<Answer> {
    yield* this.until(() => this.peek(ticket) !== undefined, limitNs);
    const a = this.peek(ticket);
    if (a === undefined) throw new CaseEnd('HANG', `${what} does not end`);
    return a;
  }

  *call(id: number, payload: Uint8Array = EMPTY, what?: string): Script<Answer> {
    return yield* this.end(this.begin(id, payload), what);
  }

  /** A call that must succeed with this data. */
  *callExpect(id: number, payload: Uint8Array, data: Uint8Array, what = 'the call'): Script {
    this.expectReply(yield* this.call(id, payload, what), 0, data, what);
  }

  expectReply(a: Answer, error: number, data: Uint8Array | undefined, what = 'the call'): void {
    if (a.kind !== 'reply') this.fail(`${what}: ${a.reason}, a reply was there`);
    this.expect(a.error === error, `${what} ended with ${codeText(a.error)}, ${codeText(error)} was expected`);
    if (data !== undefined) this.expectBytes(a.data, data, `${what}: data behind the code of the reply`, 4);
  }

  expectFailed(a: Answer, what = 'the call'): void {
    this.expect(a.kind === 'failed' || a.error !== 0, `${what} must not succeed`);
  }

  /** The answer to {@link TEST_ID}, made by the test: what a call of this id ends with. */
  answers(id: number, data: Uint8Array, times = Number.POSITIVE_INFINITY): void {
    this.interfere(request(id).times(times).becomes(answer(0, data)));
  }

  // ---- the usual test -----------------------------------------------------------------------------------------------

  /** One harmless call, answered by RM itself: the channel works. */
  *probe(): Script {
    const a = yield* this.call(Msg.VM_GET_STATE, u16x2(this.bench.client.vmid), 'the next call');
    this.expectReply(a, 0, undefined, 'the next call (VM_GET_STATE)');
    this.expect(a.kind === 'reply' && a.data.length === 4 && a.data[0] === 3, 'the next call: not its reply');
  }

  // ---- expectations -------------------------------------------------------------------------------------------------

  /** `base`: bytes of the same message in front of these. */
  expectBytes(actual: Uint8Array, expected: Uint8Array, what: string, base = 0): void {
    if (toHex(actual) === toHex(expected)) return;
    this.fail(`${what}: ${differenceLines(actual, expected, base).join('\n  ')}`);
  }

  expectPacket(actual: Uint8Array | undefined, expected: Uint8Array, what: string): void {
    if (actual !== undefined && toHex(actual) === toHex(expected)) return;
    this.fail(`${what} is wrong\n  ${packetDifference(actual, expected).join('\n  ')}`);
  }

  notified(id: number): Uint8Array[] {
    return this.events
      .map((e) => e.split(' '))
      .filter((w) => w[0] === 'notify' && Number.parseInt(w[1], 16) === id)
      .map((w) => (w[2] === '-' ? EMPTY : (fromHex(w[2]) ?? EMPTY)));
  }

  // ---- VMs ----------------------------------------------------------------------------------------------------------

  vmBegin(action: string, name = 'a', words = ''): string {
    const ticket = String(++this.tickets);
    this.client.command(`vm ${ticket} ${action} ${name}${words === '' ? '' : ` ${words}`}`);
    return ticket;
  }

  done(ticket: string): string | undefined {
    return this.events.find((e) => e.startsWith(`done ${ticket} `))?.slice(`done ${ticket} `.length);
  }

  *vmEnd(ticket: string, what: string, limitNs = 60 * HANG_NS): Script<string> {
    yield* this.until(() => this.done(ticket) !== undefined, limitNs);
    const text = this.done(ticket);
    if (text === undefined) throw new CaseEnd('HANG', `${what} does not end`);
    return text;
  }

  *vm(action: string, name = 'a', words = ''): Script<string> {
    return yield* this.vmEnd(this.vmBegin(action, name, words), `${action} of VM ${name}`);
  }

  *vmOk(action: string, name = 'a', words = ''): Script {
    const text = yield* this.vm(action, name, words);
    this.expect(text === 'ok', `${action} of VM ${name}: ${text}`);
  }

  /** Memory of a small VM prepared and described to the client. */
  *create(name = 'a', words = '', program?: readonly number[], index = 0, layout?: GuestTree): Script {
    const place = putGuest(this.bench.host, index, program, layout);
    yield* this.vmOk('create', name, `${place}${words === '' ? '' : ` ${words}`}`);
  }

  /** A VM that is up. */
  *up(name = 'a', words = '', program?: readonly number[], index = 0, layout?: GuestTree): Script {
    yield* this.create(name, words, program, index, layout);
    yield* this.vmOk('start', name);
  }

  /** What a secondary VM does: `guest TICKET ACTION ARGUMENT`. */
  *guest(action: string, argument: string): Script<string> {
    const ticket = String(++this.tickets);
    this.client.command(`guest ${ticket} ${action} ${argument}`);
    return yield* this.vmEnd(ticket, `guest ${action}`);
  }

  /** Orders that fit no other command. */
  *order(line: string): Script {
    const ticket = String(++this.tickets);
    this.client.command(`${line} ${ticket}`);
    yield* this.until(() => this.done(ticket) !== undefined);
    this.expect(this.done(ticket) === 'ok', `${line}: ${this.done(ticket) ?? 'no answer'}`);
  }

  /** Places of these requests among all that the client sent; -1: not sent. */
  places(...ids: number[]): number[] {
    const all = this.bench.audit.requests.map((r) => r.id);
    return ids.map((id) => all.lastIndexOf(id));
  }

  /** Requests that the client sent, by id. */
  sent(id: number): readonly { seq: number; payload: Uint8Array; packets: Uint8Array[] }[] {
    return this.bench.audit.requests.filter((r) => r.id === id);
  }

  exits(name = 'a'): string[][] {
    return this.events.filter((e) => e.startsWith(`exited ${name} `)).map((e) => e.split(' ').slice(2));
  }
}

const codeText = (code: number): string => `${rmErrorName(code)} (0x${code.toString(16)})`;
