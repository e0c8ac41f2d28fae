/** FRAG: reassembly of replies and notifications (fact base: rm-rpc-transport 3; catalog 5). */
import { concatBytes } from '../../base/index.js';
import { Msg, RpcType, rpcPacket } from '../../protocol/index.js';
import { answer, type Change, packets, request, spread, truncate } from '../interfere/index.js';
import { pattern, TEST_ID, type Tester, u16x2, u32s, vmStatus } from '../tester.js';
import { type Case, check, type Script } from '../types.js';

const MS = 1_000_000;
const DATA = pattern(500);
const N = Msg.N_VM_STATUS;

/** The call whose answer the test cuts: 504 bytes in 3 packets unless changed. */
function answered(t: Tester, data: Uint8Array, ...changes: Change[]): void {
  t.interfere(
    request(TEST_ID)
      .once()
      .becomes(answer(0, data), ...changes),
  );
}

const cutAt = (id: number, seq: number, payload: Uint8Array, ...sizes: number[]): Uint8Array[] => {
  let at = 0;
  return sizes.map((n, i) => {
    const part = payload.subarray(at, at + n);
    at += n;
    return rpcPacket(i === 0 ? RpcType.REPLY : 0, id, seq, sizes.length - 1, part);
  });
};

/** The reply with the given fragment sizes. */
const sizes =
  (...n: number[]): Change =>
  (_, m) =>
    packets(() => cutAt(m.id, m.seq, concatBytes(u32s(0), DATA), ...n))([], m);

const edit = (i: number, change: (b: Uint8Array) => void): Change =>
  packets((own) =>
    own.map((p, k) => {
      const b = p.slice();
      if (k === i) change(b);
      return b;
    }),
  );

/** A damaged fragment in front of the right one: the call completes or fails, and is not corrupted. */
function* wrongThenRight(t: Tester, change: (b: Uint8Array) => void): Script {
  answered(
    t,
    DATA,
    packets((own) => {
      const wrong = own[1].slice();
      wrong.fill(0xee, 8);
      change(wrong);
      return [own[0], wrong, ...own.slice(1)];
    }),
  );
  const a = yield* t.call(TEST_ID);
  if (a.kind === 'reply') t.expectReply(a, 0, DATA, 'the call with a wrong fragment in between');
}

/** Stray packets between two good calls do no harm. */
function* stray(t: Tester, make: (seq: number) => Uint8Array[]): Script {
  answered(t, pattern(4), (p, m) => [...p, ...make(m.seq).map((bytes) => ({ bytes, delayNs: 0, edge: false }))]);
  t.expectReply(yield* t.call(TEST_ID), 0, pattern(4));
  yield* t.rest();
}

export const frag: Case[] = [
  {
    ...check(
      'FRAG-1',
      'T',
      'M',
      'H',
      'R',
      'reply of two fragments',
      'A reply of two fragments is put together exactly.',
    ),
    *run(t) {
      const data = concatBytes(u32s(6), pattern(264));
      answered(t, data);
      t.expectReply(yield* t.call(TEST_ID), 0, data);
    },
  },
  {
    ...check(
      'FRAG-2',
      'T',
      'M',
      'H',
      'R',
      'largest reply',
      'A reply of 63 fragments (332 resources, 14616 bytes) is put together exactly.',
    ),
    *run(t) {
      const data = concatBytes(u32s(332), pattern(332 * 44));
      answered(t, data);
      t.expectReply(yield* t.call(TEST_ID), 0, data);
    },
  },
  {
    ...check(
      'FRAG-3',
      'T',
      'M',
      'H',
      'R',
      'slow fragments',
      'One fragment per interrupt, a second apart, makes a message.',
    ),
    *run(t) {
      answered(t, DATA, spread(1000 * MS));
      t.expectReply(yield* t.end(t.begin(TEST_ID), 'the call', 60_000 * MS), 0, DATA);
    },
  },
  {
    ...check(
      'FRAG-4',
      'T',
      'M',
      'H',
      'R',
      'split over a full queue',
      'A reply that comes two packets at a time is put together.',
    ),
    *run(t) {
      const data = pattern(1500);
      answered(t, data, (p) => p.map((e, i) => ({ ...e, edge: true, delayNs: Math.floor(i / 2) * MS })));
      t.expectReply(yield* t.call(TEST_ID), 0, data);
    },
  },
  {
    ...check(
      'FRAG-5',
      'T',
      'M',
      'Md',
      'L',
      'short middle fragment',
      'A fragment that is not full is followed by the next without a gap.',
    ),
    *run(t) {
      answered(t, DATA, sizes(232, 100, 172));
      t.expectReply(yield* t.call(TEST_ID), 0, DATA);
    },
  },
  {
    ...check(
      'FRAG-6',
      'T',
      'M',
      'C',
      'L',
      'first fragment with the error word only',
      'A first fragment of 12 bytes followed by data is accepted.',
    ),
    *run(t) {
      answered(t, DATA, sizes(4, 232, 232, 36));
      t.expectReply(yield* t.call(TEST_ID), 0, DATA);
    },
  },
  {
    ...check(
      'FRAG-7',
      'T',
      'M',
      'Md',
      'L',
      'empty continuation',
      'A continuation without content counts and adds nothing.',
    ),
    *run(t) {
      answered(t, DATA, sizes(232, 0, 232, 40));
      t.expectReply(yield* t.call(TEST_ID), 0, DATA);
    },
  },
  {
    ...check(
      'FRAG-8',
      'T',
      'M',
      'C',
      'H',
      'continuation with another id',
      'A continuation with another message id fails the call or is ignored; it corrupts nothing.',
    ),
    *run(t) {
      yield* wrongThenRight(t, (b) => {
        b[4] ^= 1;
      });
    },
  },
  {
    ...check(
      'FRAG-9',
      'T',
      'M',
      'C',
      'H',
      'continuation with another count',
      'A continuation with another fragment count fails the call or is ignored.',
    ),
    *run(t) {
      yield* wrongThenRight(t, (b) => {
        b[1] += 4;
      });
    },
  },
  {
    ...check(
      'FRAG-10',
      'T',
      'S',
      'H',
      'H',
      'continuation with another sequence number',
      'A continuation with another sequence number is not merged.',
    ),
    *run(t) {
      yield* wrongThenRight(t, (b) => {
        b[2] ^= 0x55;
      });
    },
  },
  {
    ...check(
      'FRAG-11',
      'T',
      'M',
      'C',
      'H',
      'continuation out of the blue',
      'A continuation without a beginning is ignored.',
    ),
    *run(t) {
      yield* t.rest();
      t.bench.inject([rpcPacket(0, TEST_ID, 0, 1, pattern(100))]);
      yield* t.rest();
      yield* t.probe();
      t.bench.inject([rpcPacket(0, TEST_ID, 7, 1, pattern(100))]);
      yield* t.rest();
    },
  },
  {
    ...check(
      'FRAG-12',
      'T',
      'M',
      'C',
      'H',
      'one continuation too many',
      'A continuation after the announced last one is ignored.',
    ),
    *run(t) {
      answered(t, DATA, (p) => [...p, p[p.length - 1]]);
      t.expectReply(yield* t.call(TEST_ID), 0, DATA);
      yield* t.rest();
    },
  },
  {
    ...check(
      'FRAG-13',
      'T',
      'M',
      'H',
      'H',
      'missing tail, then another reply',
      'A reply whose tail is missing does not damage the next one.',
    ),
    *run(t) {
      answered(t, DATA, truncate(2));
      const a = t.begin(TEST_ID);
      yield* t.rest();
      t.cancel(a);
      const other = pattern(700, 9);
      answered(t, other);
      t.expectReply(yield* t.call(TEST_ID), 0, other, 'the call after the truncated one');
    },
  },
  {
    ...check(
      'FRAG-14',
      'T',
      'S',
      'H',
      'H',
      'missing tail, silence',
      'A caller whose reply never ends can be cancelled, or has a time limit; other calls work.',
    ),
    *run(t) {
      answered(t, DATA, truncate(2));
      const a = t.begin(TEST_ID);
      yield* t.rest();
      t.cancel(a);
      t.expectFailed(yield* t.end(a, 'the cancelled call'));
    },
  },
  {
    ...check(
      'FRAG-15',
      'T',
      'S',
      'H',
      'L',
      'notification inside a reply',
      'A notification between two fragments of a reply is delivered; the reply is too, or it fails cleanly.',
    ),
    *run(t) {
      answered(
        t,
        DATA,
        packets((own) => [own[0], vmStatus(0x90, 3), ...own.slice(1)]),
      );
      const a = yield* t.call(TEST_ID);
      if (a.kind === 'reply') t.expectReply(a, 0, DATA);
      t.expect(t.notified(N).length === 1, 'the notification was not delivered');
    },
  },
  {
    ...check(
      'FRAG-16',
      'T',
      'M',
      'Md',
      'L',
      'fragmented notification',
      'A notification of several fragments is delivered whole.',
    ),
    *run(t) {
      yield* t.rest();
      const payload = concatBytes(u16x2(0x90, 596), pattern(596));
      t.bench.inject(
        [0, 1, 2].map((i) =>
          rpcPacket(
            i === 0 ? RpcType.NOTIFICATION : 0,
            Msg.N_VM_CONSOLE_CHARS,
            4,
            2,
            payload.subarray(i * 232, (i + 1) * 232),
          ),
        ),
      );
      yield* t.rest();
      const got = t.notified(Msg.N_VM_CONSOLE_CHARS);
      t.expect(got.length === 1, `${got.length} notifications were delivered, 1 was sent`);
      t.expectBytes(got[0], payload, 'the notification');
    },
  },
  {
    ...check(
      'FRAG-17',
      'T',
      'M',
      'H',
      'H',
      'truncated notification, then a reply',
      'A notification that never ends does not keep a reply back.',
    ),
    *run(t) {
      yield* t.rest();
      t.bench.inject([rpcPacket(RpcType.NOTIFICATION, Msg.N_VM_CONSOLE_CHARS, 4, 2, pattern(232))]);
      yield* t.rest();
      answered(t, DATA);
      t.expectReply(yield* t.call(TEST_ID), 0, DATA);
    },
  },
  {
    ...check(
      'FRAG-18',
      'T',
      'M',
      'C',
      'H',
      'count 63',
      'A message that announces 63 more fragments is refused; the caller fails or can be cancelled, the next call works.',
    ),
    *run(t) {
      const data = pattern(64 * 232 - 4);
      answered(
        t,
        pattern(4),
        packets((own, m) => {
          const all = concatBytes(u32s(0), data);
          const seq = m.seq;
          return own.length === 0
            ? []
            : Array.from({ length: 64 }, (_, i) =>
                rpcPacket(i === 0 ? RpcType.REPLY : 0, m.id, seq, 63, all.subarray(i * 232, (i + 1) * 232)),
              );
        }),
      );
      const a = t.begin(TEST_ID);
      yield* t.rest();
      t.cancel(a);
      t.expectFailed(yield* t.end(a), 'a reply of 64 fragments');
    },
  },
  {
    ...check(
      'FRAG-19',
      'T',
      'M',
      'C',
      'H',
      'first fragment twice',
      'A repeated first fragment fails the call or lets it complete once.',
    ),
    *run(t) {
      answered(
        t,
        DATA,
        packets((own) => [own[0], ...own]),
      );
      const a = yield* t.call(TEST_ID);
      if (a.kind === 'reply') t.expectReply(a, 0, DATA);
      yield* t.rest();
    },
  },
  {
    ...check(
      'FRAG-20',
      'T',
      'M',
      'C',
      'H',
      'continuations of a failed reply',
      'What arrives after a reply was spoilt is ignored.',
    ),
    *run(t) {
      answered(
        t,
        DATA,
        edit(1, (b) => {
          b[4] ^= 1;
        }),
      );
      const a = t.begin(TEST_ID);
      yield* t.rest();
      t.cancel(a);
      t.expectFailed(yield* t.end(a), 'the spoilt reply');
      t.bench.inject([rpcPacket(0, TEST_ID, 0, 2, pattern(232)), rpcPacket(0, TEST_ID, 1, 2, pattern(232))]);
      yield* t.rest();
    },
  },
  {
    ...check(
      'FRAG-21',
      'T',
      'M',
      'C',
      'H',
      'continuation after a whole reply',
      'A continuation behind a reply of one fragment is ignored.',
    ),
    *run(t) {
      yield* stray(t, (seq) => [rpcPacket(0, TEST_ID, seq, 0, pattern(64))]);
    },
  },
];
