/** MEM-22 and 23: a secondary VM accepts a parcel (fact base: rm-rpc-messages 3.3, clients 5.3). Its answers in parts are the test's. */
import { concatBytes, le32, put16, put64 } from '../../base/index.js';
import { Msg, Platform, RmError } from '../../protocol/index.js';
import { answer, type Rule, request } from '../interfere/index.js';
import type { Tester } from '../tester.js';
import { type Case, check } from '../types.js';

const HANDLE = 0x5a;
const DONE = 1 << 7;

/** Ranges `from` to `to` of the parcel; `more`: ask again. */
function part(from: number, to: number, more: boolean): Uint8Array {
  const head = new Uint8Array(4);
  put16(head, 0, to - from);
  head[2] = more ? 1 : 0;
  const ranges = Array.from({ length: to - from }, (_, i) => {
    const b = new Uint8Array(16);
    put64(b, 0, BigInt(0xa000_0000 + (from + i) * 0x10_0000));
    put64(b, 8, BigInt(Platform.PAGE_SIZE));
    return b;
  });
  return concatBytes(head, ...ranges);
}

/** The n-th MEM_ACCEPT gets the n-th answer, one with DONE an empty success. */
function accepts(answers: readonly (Uint8Array | number)[]): Rule {
  let n = 0;
  return request(Msg.MEM_ACCEPT).becomes((p, m) => {
    if ((m.payload[6] & DONE) !== 0) return answer(RmError.OK)(p, m);
    const next = answers[Math.min(n++, answers.length - 1)];
    return typeof next === 'number' ? answer(next)(p, m) : answer(RmError.OK, next)(p, m);
  });
}

const flags = (t: Tester): number[] => t.sent(Msg.MEM_ACCEPT).map((m) => (m.payload[6] & DONE) / DONE);

export const accepting: Case[] = [
  {
    ...check(
      'MEM-22',
      'G',
      'M',
      'H',
      'L',
      'MEM_ACCEPT in parts',
      'Parts of an answer are kept in order, a final call ends it.',
    ),
    needs: 'guest',
    *run(t) {
      t.interfere(accepts([part(0, 2, true), part(2, 4, true), part(4, 5, false)]));
      t.expect((yield* t.guest('accept', String(HANDLE))) === 'ok', 'the parcel was not accepted');
      const want = Array.from({ length: 5 }, (_, i) => `${(0xa000_0000 + i * 0x10_0000).toString(16)}:1000`).join();
      const got = t.events.find((e) => e.startsWith(`parcel ${HANDLE} `))?.split(' ')[2];
      t.expect(got === want, `ranges ${got ?? 'none'}, expected ${want}`);
      t.expect(flags(t).join() === '0,0,0,1', `DONE in the calls: ${flags(t).join()}, expected 0,0,0,1`);
    },
  },
  {
    ...check(
      'MEM-23',
      'G',
      'M',
      'H',
      'R',
      'MEM_ACCEPT fails in the middle',
      'After a failed part the parcel is released.',
    ),
    needs: 'guest',
    *run(t) {
      t.interfere(accepts([part(0, 2, true), RmError.NOMEM]), request(Msg.MEM_RELEASE).becomes(answer(RmError.OK)));
      t.expect((yield* t.guest('accept', String(HANDLE))).startsWith('error'), 'the failure was not noticed');
      const released = t.sent(Msg.MEM_RELEASE).map((m) => le32(m.payload, 0));
      t.expect(released.join() === String(HANDLE), `MEM_RELEASE of handles ${released.join() || 'none'}`);
      t.expect(
        flags(t).every((f) => f === 0),
        'the parcel was mapped all the same',
      );
      t.expect(!t.events.some((e) => e.startsWith('parcel ')), 'the parcel counts as accepted');
    },
  },
];
