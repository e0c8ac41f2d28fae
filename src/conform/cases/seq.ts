/** SEQ: sequence numbers and matching (fact base: rm-rpc-transport 4, 5; clients 4.4; catalog 6). */
import { Msg, RmError } from '../../protocol/index.js';
import { answer, before, type Change, delay, emit, replyPayload, request } from '../interfere/index.js';
import { type Answer, notify, pattern, TEST_ID, type Tester, u16x2, vmStatus } from '../tester.js';
import { type Case, check, type Script } from '../types.js';

const MS = 1_000_000;
const CALLS = 66_000;
const AT_ONCE = 20;
const RIGHT = pattern(8, 1);
const WRONG = pattern(8, 9);

/** A reply of {@link WRONG} with other header fields in front of the right one. */
const wrongFirst = (seq: number, id: number): Change =>
  before((m) =>
    emit({ type: 2, id: m.id + id, seq: (m.seq + seq) & 0xffff, payload: replyPayload(0, WRONG) }).map((e) => e.bytes),
  );

/** More calls than there are numbers, a few asked for at once: the round trips of the upper tester would take most of the time. */
function* many(t: Tester, judge: (a: Answer, what: string) => void): Script {
  for (let i = 0; i < CALLS; i += AT_ONCE) {
    const tickets = Array.from({ length: AT_ONCE }, () => t.begin(TEST_ID));
    for (const [k, n] of tickets.entries()) judge(yield* t.end(n, `call ${i + k}`), `call ${i + k}`);
    t.events.length = 0;
  }
}

export const seq: Case[] = [
  {
    ...check(
      'SEQ-1',
      'T',
      'M',
      'C',
      'R',
      'unique while outstanding',
      'No two outstanding requests have the same sequence number.',
    ),
    *run(t) {
      let n = 0;
      t.interfere(
        request(TEST_ID).becomes(answer(0, RIGHT), (p) => p.map((e) => ({ ...e, delayNs: ((n++ * 37) % 11) * MS }))),
      );
      for (let round = 0; round < 40; round++) {
        const tickets = [0, 1, 2, 3].map(() => t.begin(TEST_ID, u16x2(round)));
        for (const ticket of tickets) t.expectReply(yield* t.end(ticket), 0, RIGHT);
      }
    },
  },
  {
    ...check('SEQ-2', 'T', 'M', 'H', 'R', 'wrap', 'More than 65536 calls one after the other work.'),
    slow: true,
    *run(t) {
      t.answers(TEST_ID, RIGHT);
      yield* many(t, (a, what) => t.expectReply(a, 0, RIGHT, what));
    },
  },
  {
    ...check(
      'SEQ-3',
      'T',
      'M',
      'H',
      'R',
      'release after an error',
      'More than 65536 calls that end with an error work.',
    ),
    slow: true,
    *run(t) {
      t.interfere(request(TEST_ID).becomes(answer(RmError.DENIED)));
      yield* many(t, (a, what) => t.expectReply(a, RmError.DENIED, undefined, what));
    },
  },
  {
    ...check(
      'SEQ-4',
      'T',
      'M',
      'H',
      'L',
      'unknown sequence number',
      'A reply with a number that is not outstanding is ignored.',
    ),
    *run(t) {
      t.interfere(request(TEST_ID).becomes(answer(0, RIGHT), wrongFirst(1, 0)));
      t.expectReply(yield* t.call(TEST_ID), 0, RIGHT);
    },
  },
  {
    ...check(
      'SEQ-5',
      'T',
      'M',
      'H',
      'H',
      'right number, wrong id',
      'A reply with the right number and another message id is ignored.',
    ),
    *run(t) {
      t.interfere(request(TEST_ID).becomes(answer(0, RIGHT), wrongFirst(0, 1)));
      t.expectReply(yield* t.call(TEST_ID), 0, RIGHT);
    },
  },
  {
    ...check(
      'SEQ-6',
      'T',
      'S',
      'H',
      'L',
      'replies out of order',
      'Of two outstanding calls each gets its own reply, whatever the order.',
    ),
    *run(t) {
      let n = 0;
      t.interfere(
        request(TEST_ID).becomes(
          (_, m) => answer(0, m.payload)([], m),
          (p) => p.map((e) => ({ ...e, delayNs: n++ === 0 ? 20 * MS : 0 })),
        ),
      );
      const a = t.begin(TEST_ID, pattern(8, 3));
      const b = t.begin(TEST_ID, pattern(8, 4));
      t.expectReply(yield* t.end(a), 0, pattern(8, 3), 'the first call');
      t.expectReply(yield* t.end(b), 0, pattern(8, 4), 'the second call');
    },
  },
  {
    ...check('SEQ-7', 'T', 'M', 'C', 'H', 'duplicate reply', 'The second of two equal replies is ignored.'),
    *run(t) {
      t.interfere(request(TEST_ID).becomes(answer(0, RIGHT), (p) => [...p, ...p]));
      t.expectReply(yield* t.call(TEST_ID), 0, RIGHT);
      yield* t.rest();
      t.expectReply(yield* t.call(TEST_ID), 0, RIGHT);
    },
  },
  {
    ...check(
      'SEQ-8',
      'T',
      'S',
      'H',
      'H',
      'duplicate after reuse',
      'A late duplicate whose number meanwhile belongs to another id is ignored.',
    ),
    *run(t) {
      t.interfere(
        request(TEST_ID + 1).becomes(
          answer(0, RIGHT),
          before((m) =>
            emit({ type: 2, id: TEST_ID, seq: m.seq, payload: replyPayload(0, WRONG) }).map((e) => e.bytes),
          ),
        ),
      );
      t.expectReply(yield* t.call(TEST_ID + 1), 0, RIGHT);
    },
  },
  {
    ...check(
      'SEQ-9',
      'T',
      'M',
      'C',
      'R',
      'late reply after cancellation',
      'The reply to a cancelled call is ignored and leaks nothing.',
    ),
    *run(t) {
      t.interfere(
        request(TEST_ID)
          .once()
          .becomes(answer(0, WRONG), delay(50 * MS)),
      );
      t.answers(TEST_ID, RIGHT);
      const a = t.begin(TEST_ID);
      yield* t.rest(10 * MS);
      t.cancel(a);
      t.expectFailed(yield* t.end(a), 'the cancelled call');
      t.expectReply(yield* t.call(TEST_ID), 0, RIGHT, 'the call after it');
      yield* t.rest();
    },
  },
  {
    ...check(
      'SEQ-10',
      'T',
      'M',
      'L',
      'R',
      'numbers of notifications',
      'The sequence number of a notification means nothing: gaps, repeats, numbers of outstanding calls.',
    ),
    *run(t) {
      t.interfere(
        request(TEST_ID).becomes(
          answer(0, RIGHT),
          before((m) =>
            [0, 1, 1, 500].map((n) => notify(Msg.N_VM_STATUS, vmStatus(0x90, 3).subarray(8), (m.seq + n) & 0xffff)),
          ),
        ),
      );
      t.expectReply(yield* t.call(TEST_ID), 0, RIGHT);
      t.expect(t.notified(Msg.N_VM_STATUS).length === 4, 'a notification is missing');
    },
  },
  {
    ...check(
      'SEQ-11',
      'T',
      'S',
      'Md',
      'H',
      'reply while the request is being sent',
      'A reply after the first fragment of five ends the call or is ignored; the stream stays consistent.',
    ),
    *run(t) {
      yield* t.rest();
      t.bench.stall(1);
      const a = t.begin(TEST_ID, pattern(1100));
      yield* t.rest();
      const first = t.bench.stalledPackets[0];
      const early = emit({ type: 2, id: TEST_ID, seq: first[2] | (first[3] << 8), payload: replyPayload(0, RIGHT) });
      t.bench.inject(early.map((e) => e.bytes));
      yield* t.rest();
      t.answers(TEST_ID, RIGHT);
      for (let i = 0; i < 8; i++) {
        t.bench.drainStalled(1);
        yield* t.rest();
      }
      t.bench.flow();
      t.expectReply(yield* t.end(a), 0, RIGHT);
    },
  },
];
