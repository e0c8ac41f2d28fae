/** Packets to and from RM: tx, rx, quiet. Fact base: transcript format 2 and 4. */
import { toHex } from '../base/index.js';
import { HYPERCALL_BASE } from '../hyp/index.js';
import {
  Call,
  decodePacket,
  describePacket,
  hypErrorName,
  Platform,
  parseRpcHeader,
  RpcType,
} from '../protocol/index.js';
import { translateCaps } from './cap-numbers.js';
import type { QuietEvent, RxEvent, TxEvent } from './events.js';
import { tellsExit, tellsForcedStop } from './exit-packets.js';
import { noteReceived, noteSent } from './guest-images.js';
import { learnHandles, translatePacket } from './irq-handles.js';
import { compareText, type Difference, hexWord, type Verdict } from './outcome.js';
import { runOn } from './replay-vcpu.js';
import { bytesOf, type Session, settle } from './session.js';

const CAP_TO_RM = 0n;
const CAP_FROM_RM = 1n;
/** Longest wait for a recorded packet, in virtual milliseconds; waiting steps double up to it. */
const RX_WAIT_MS = 256;
/** Packets taken at once at most: a queue that never ends is a difference too. */
const RX_LIMIT = 64;

/** Events that may stand between a look at the second VM and the next packet: to the recorded driver they are only time. */
const TAKES_TIME: ReadonlySet<string> = new Set(['note', 'irqs', 'mem', 'peek', 'guest']);

/** Events in which HLOS only looks at what there is. */
const LOOKS: ReadonlySet<string> = new Set(['note', 'irqs', 'guestResult', 'rx']);

/**
 * Whether RM came to this packet before it came to a vCPU that had halted: word of the exit follows the reply, or the exit is
 * one that the packet forced.
 */
function requestFirst(s: Session, sent: Uint8Array): boolean {
  const seq = parseRpcHeader(sent)?.seq;
  let replied = false;
  for (let i = s.at + 1; i < s.events.length; i++) {
    const e = s.events[i];
    if (e.ev === 'note') continue;
    if (e.ev !== 'rx') return false;
    const bytes = bytesOf(e.bytes);
    const header = parseRpcHeader(bytes);
    if (tellsForcedStop(bytes) || (tellsExit(bytes) && replied)) return true;
    replied ||= header?.type === RpcType.REPLY && header.seq === seq;
  }
  return false;
}

/** Between a look at the second VM and the next packet the recorded driver left RM the CPU: what a halted vCPU causes comes first. */
function settleAfterGuest(s: Session, sent: Uint8Array): void {
  let i = s.at - 1;
  while (i >= 0 && TAKES_TIME.has(s.events[i].ev)) i--;
  const before = s.events[i]?.ev;
  if ((before === 'guestResult' || before === 'vcpu_run') && !requestFirst(s, sent)) settle(s);
}

export function replayTx(s: Session, e: TxEvent): Verdict {
  const bytes = translatePacket(s.handles, bytesOf(e.bytes));
  settleAfterGuest(s, bytes);
  noteSent(s.images, bytes);
  s.driver.writeMem(0, s.buffers.tx, bytes);
  const push = BigInt(Number(e.push ?? true));
  const x = [CAP_TO_RM, BigInt(bytes.length), BigInt(s.buffers.tx), push];
  const result = s.driver.hvc(0, HYPERCALL_BASE + Call.MSGQUEUE_SEND, x);
  if (e.r === undefined || e.r.length < 2) return [];
  if (result.kind !== 'done') return [{ field: 'end', expected: 'done', actual: result.kind }];
  const differences: Difference[] = [];
  const error = BigInt(e.r[0]);
  if (error !== result.x[0]) {
    differences.push({
      field: 'r[0]',
      expected: hypErrorName(Number(error)),
      actual: hypErrorName(Number(result.x[0])),
      words: describePacket(decodePacket(bytes)),
    });
  }
  differences.push(...compareText('r[1]', hexWord(BigInt(e.r[1])), hexWord(result.x[1])));
  // Long requests went out with a yield after every packet.
  const header = parseRpcHeader(bytes);
  const part = header !== undefined && (header.fragments > 0 || header.type === RpcType.CONTINUED);
  if (part) settle(s);
  return differences;
}

/** Takes one packet from RM's queue, if there is one. */
function receive(s: Session): Uint8Array | undefined {
  const x = [CAP_FROM_RM, BigInt(s.buffers.rx), BigInt(Platform.RM_QUEUE_MSG_SIZE), 0n];
  const result = s.driver.hvc(0, HYPERCALL_BASE + Call.MSGQUEUE_RECEIVE, x);
  if (result.kind !== 'done' || result.x[0] !== 0n) return undefined;
  return s.driver.readMem(0, s.buffers.rx, Number(result.x[1]));
}

/** Whether HLOS has done nothing but look since it last ran the second VM. */
function sinceRun(s: Session): boolean {
  let i = s.at - 1;
  while (i >= 0 && LOOKS.has(s.events[i].ev)) i--;
  return s.events[i]?.ev === 'vcpu_run';
}

/** The next packet, waiting for it as the recorded driver did. */
function nextPacket(s: Session, recorded: Uint8Array): Uint8Array | undefined {
  const held = s.held.shift();
  if (held !== undefined) return held;
  let packet = receive(s);
  if (packet !== undefined) return packet;
  settle(s);
  packet = receive(s);
  // The guest had the time to run into what RM did for it, and RM saw it before HLOS: it released the memory it runs in, say.
  if (packet === undefined && tellsExit(recorded) && sinceRun(s)) {
    s.driver.letRmGoFirst?.();
    if (runOn(s)) settle(s);
    packet = receive(s);
  }
  for (let ms = 1; packet === undefined && ms <= RX_WAIT_MS && s.driver.dead() === undefined; ms *= 2) {
    s.driver.delay(ms);
    settle(s);
    packet = receive(s);
  }
  return packet;
}

const words = (expected: Uint8Array | undefined, actual: Uint8Array | undefined): string =>
  [
    `recorded: ${expected === undefined ? 'nothing' : describePacket(decodePacket(expected))}`,
    `here:     ${actual === undefined ? 'nothing' : describePacket(decodePacket(actual))}`,
  ].join('\n');

const packetDifference = (expected: Uint8Array | undefined, actual: Uint8Array | undefined): Difference => ({
  field: 'bytes',
  expected: expected === undefined ? 'no packet' : toHex(expected),
  actual: actual === undefined ? 'no packet' : toHex(actual),
  words: words(expected, actual),
});

export function replayRx(s: Session, e: RxEvent): Verdict {
  const recorded = bytesOf(e.bytes);
  noteReceived(s.images, recorded);
  const actual = nextPacket(s, recorded);
  if (actual === undefined) return [packetDifference(translatePacket(s.handles, recorded), undefined)];
  learnHandles(s.handles, recorded, actual);
  const expected = translateCaps(s.caps, translatePacket(s.handles, recorded), actual);
  if (toHex(expected) === toHex(actual)) return [];
  // One packet too few or too many must not shift all that follow.
  const next = s.events[s.at + 1];
  if (next?.ev === 'rx' && toHex(translatePacket(s.handles, bytesOf(next.bytes))) === toHex(actual)) {
    s.held.unshift(actual);
    return [packetDifference(expected, undefined)];
  }
  const second = s.held.shift() ?? receive(s);
  if (second !== undefined && toHex(second) !== toHex(expected)) s.held.unshift(second);
  return [packetDifference(expected, actual)];
}

export function replayQuiet(s: Session, e: QuietEvent): Verdict {
  const extra: Uint8Array[] = s.held.splice(0);
  const drain = (): void => {
    for (let p = receive(s); p !== undefined && extra.length < RX_LIMIT; p = receive(s)) extra.push(p);
  };
  drain();
  settle(s);
  drain();
  s.driver.delay(e.ms);
  settle(s);
  drain();
  return extra.map((packet) => packetDifference(undefined, packet));
}
