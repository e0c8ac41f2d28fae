/** FRAME: encoding of requests (fact base: rm-rpc-transport 2, 3.1, 8, 9; catalog 4). */
import { Msg } from '../../protocol/index.js';
import { pattern, TEST_ID, u16x2 } from '../tester.js';
import { type Case, check } from '../types.js';

const SIZES = [231, 232, 233, 464, 465];
const COUNTS = [0, 0, 1, 1, 2];

export const frame: Case[] = [
  {
    ...check(
      'FRAME-1',
      'T',
      'M',
      'H',
      'R',
      'header bytes',
      'Byte 0 is 0x21, the type is REQUEST, sequence number and id are little endian.',
    ),
    *run(t) {
      for (let i = 0; i < 8; i++) yield* t.callExpect(Msg.VM_GET_STATE, u16x2(3), Uint8Array.of(3, 0, 0, 0));
      const sent = t.sent(Msg.VM_GET_STATE);
      t.expect(sent.length === 8, `${sent.length} requests were seen, 8 made`);
      const want = (p: Uint8Array): Uint8Array => Uint8Array.of(0x21, 1, p[2], p[3], 0x17, 0, 0, 0x56, 3, 0, 0, 0);
      for (const r of sent) t.expectPacket(r.packets[0], want(r.packets[0]), 'a request of VM_GET_STATE(3)');
    },
  },
  {
    ...check(
      'FRAME-2',
      'T',
      'M',
      'H',
      'R',
      'empty request',
      'A request without payload is exactly 8 bytes with count 0.',
    ),
    *run(t) {
      t.expectReply(yield* t.call(Msg.VM_GET_VMID), 0, u16x2(3), 'VM_GET_VMID');
      const p = t.sent(Msg.VM_GET_VMID)[0]?.packets[0];
      t.expectPacket(p, Uint8Array.of(0x21, 1, p?.[2] ?? 0, p?.[3] ?? 0, 0x24, 0, 0, 0x56), 'VM_GET_VMID');
    },
  },
  {
    ...check(
      'FRAME-3',
      'T',
      'M',
      'H',
      'R',
      'boundary sizes',
      'Payloads of 231, 232, 233, 464 and 465 bytes need 0, 0, 1, 1 and 2 more fragments, all but the last full.',
    ),
    *run(t) {
      t.answers(TEST_ID, pattern(4));
      for (const n of SIZES)
        t.expectReply(yield* t.call(TEST_ID, pattern(n)), 0, pattern(4), `a request of ${n} bytes`);
      t.sent(TEST_ID).forEach((r, i) => {
        t.expect(r.packets.length === COUNTS[i] + 1, `${SIZES[i]} bytes went in ${r.packets.length} fragments`);
        t.expectBytes(r.payload, pattern(SIZES[i]), `the request of ${SIZES[i]} bytes`);
      });
      t.expect(t.sent(TEST_ID).length === SIZES.length, 'a request is missing');
    },
  },
  {
    ...check(
      'FRAME-4',
      'T',
      'M',
      'Md',
      'R',
      'largest request',
      'The largest payload is sent correctly; a longer one is refused without sending anything.',
    ),
    *run(t) {
      t.answers(TEST_ID, pattern(4));
      t.expectReply(yield* t.call(TEST_ID, pattern(62 * 232)), 0, pattern(4), 'a request of 14384 bytes');
      t.expectBytes(t.sent(TEST_ID)[0].payload, pattern(62 * 232), 'the request of 14384 bytes');
      const before = t.bench.sends;
      t.expectFailed(yield* t.call(TEST_ID, pattern(63 * 232 + 1)), 'a request of 14617 bytes');
      t.expect(t.bench.sends === before, 'parts of a request that is too long were sent');
    },
  },
  {
    ...check(
      'FRAME-5',
      'T',
      'M',
      'H',
      'R',
      'continuation header',
      'Continuations have type 0 and the same sequence number, id and count.',
    ),
    *run(t) {
      t.answers(TEST_ID, pattern(4));
      t.expectReply(yield* t.call(Msg.VM_GET_STATE, u16x2(3)), 0, undefined);
      t.expectReply(yield* t.call(TEST_ID, pattern(600)), 0, pattern(4));
      const [first, ...more] = t.sent(TEST_ID)[0]?.packets ?? [];
      t.expect(more.length === 2, 'a request of 600 bytes has three fragments');
      for (const p of more) {
        const want = p.slice();
        want.set(first.subarray(0, 8));
        want[1] = first[1] & 0xfc;
        t.expectPacket(p, want, 'a continuation');
      }
    },
  },
  {
    ...check(
      'FRAME-6',
      'T',
      'M',
      'C',
      'R',
      'no interleaving',
      'The fragments of one request are contiguous, also when two are made at once and the queue is full.',
    ),
    *run(t) {
      t.answers(TEST_ID, pattern(4));
      t.bench.stall(5);
      const a = t.begin(TEST_ID, pattern(2200, 1));
      const b = t.begin(TEST_ID, pattern(2300, 2));
      for (let i = 0; i < 12; i++) {
        yield* t.rest();
        t.bench.drainStalled(5);
      }
      t.bench.flow();
      t.expectReply(yield* t.end(a), 0, pattern(4), 'the first');
      t.expectReply(yield* t.end(b), 0, pattern(4), 'the second');
      t.expect(t.sent(TEST_ID).length === 2, 'two requests were made');
    },
  },
  {
    ...check('FRAME-7', 'V', 'M', 'Md', 'R', 'reserved fields', 'Padding and reserved fields of all requests are 0.'),
    *run(t) {
      yield* t.up();
      yield* t.vmOk('destroy');
    },
  },
  {
    ...check('FRAME-8', 'V', 'M', 'H', 'R', 'payload lengths', 'Requests have exactly the length that RM expects.'),
    *run(t) {
      yield* t.up('a', 'share=1');
      yield* t.vmOk('destroy');
      t.expect(t.bench.audit.requests.length >= 8, 'a VM needs at least 8 requests');
    },
  },
  {
    ...check(
      'FRAME-9',
      'V',
      'M',
      'C',
      'R',
      'no request that kills RM',
      'None of the requests that end the open RM is sent, whether VMs start, fail or end.',
    ),
    *run(t) {
      yield* t.up('a');
      yield* t.vmOk('destroy', 'a');
      yield* t.up('b', '', undefined, 1);
      yield* t.vmOk('stop', 'b');
      yield* t.vmOk('destroy', 'b');
      yield* t.create('c', '', undefined, 2);
      yield* t.vmOk('destroy', 'c');
    },
  },
];
