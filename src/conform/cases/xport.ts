/** XPORT: message queues and interrupts (fact base: ipc 1, rm-rpc-transport 1, 6; catalog 3). */
import { HypError, Msg } from '../../protocol/index.js';
import { answer, receive, reply, request, send } from '../interfere/index.js';
import { pattern, TEST_ID, u16x2, vmStatus } from '../tester.js';
import { type Case, check } from '../types.js';

const N = Msg.N_VM_STATUS;

const status = (n: number): Uint8Array[] => Array.from({ length: n }, (_, i) => vmStatus(0x90 + i, 3));

export const xport: Case[] = [
  {
    ...check(
      'XPORT-1',
      'T',
      'M',
      'H',
      'R',
      'send queue full',
      'A client stops at a full send queue, waits for the interrupt and goes on without losing or repeating a fragment.',
    ),
    *run(t) {
      t.answers(TEST_ID, pattern(8));
      t.bench.stall(8);
      const payload = pattern(19 * 232 + 100);
      const call = t.begin(TEST_ID, payload);
      yield* t.rest();
      t.expect(t.bench.stalledPackets.length === 8, `${t.bench.stalledPackets.length} packets in a queue of 8`);
      t.expect(t.bench.sends <= 10, `${t.bench.sends} sends into a full queue without an interrupt`);
      for (let i = 0; i < 4; i++) {
        t.bench.drainStalled(8);
        yield* t.rest();
      }
      t.bench.flow();
      t.expectReply(yield* t.end(call), 0, pattern(8));
      t.expectBytes(t.sent(TEST_ID)[0].payload, payload, 'the request');
    },
  },
  {
    ...check(
      'XPORT-2',
      'T',
      'M',
      'H',
      'L',
      'FULL although space was announced',
      'A fragment refused with FULL is sent again later.',
    ),
    *run(t) {
      t.answers(TEST_ID, pattern(4));
      t.interfere(send({ error: HypError.MSGQUEUE_FULL, more: false }, 1, 1));
      const payload = pattern(600);
      const a = yield* t.call(TEST_ID, payload);
      t.expectReply(a, 0, pattern(4));
      t.expectBytes(t.sent(TEST_ID)[0].payload, payload, 'the request');
    },
  },
  {
    ...check(
      'XPORT-3',
      'T',
      'M',
      'H',
      'R',
      'every send says not-full = false',
      'After a good send that filled the queue the next one follows the interrupt (or tolerates FULL).',
    ),
    *run(t) {
      t.answers(TEST_ID, pattern(4));
      t.interfere(send({ error: HypError.OK, more: false, made: true }, 0, 5));
      const payload = pattern(1000);
      t.expectReply(yield* t.call(TEST_ID, payload), 0, pattern(4));
      t.expectBytes(t.sent(TEST_ID)[0].payload, payload, 'the request');
    },
  },
  {
    ...check(
      'XPORT-4',
      'T',
      'M',
      'H',
      'R',
      'interrupt before the wait',
      'An edge between the result of a send and the wait for it is not lost.',
    ),
    *run(t) {
      t.answers(TEST_ID, pattern(4));
      t.bench.stall(1);
      const call = t.begin(TEST_ID, pattern(300));
      // Raised while the client is still at its send: it finds it when it begins to wait.
      yield* t.until(() => t.bench.stalledPackets.length === 1);
      t.bench.flow();
      t.expectReply(yield* t.end(call), 0, pattern(4));
    },
  },
  {
    ...check(
      'XPORT-5',
      'T',
      'M',
      'Md',
      'R',
      'spurious send interrupts',
      'Edges while the queue is full cost a FULL each at most.',
    ),
    *run(t) {
      t.answers(TEST_ID, pattern(4));
      t.bench.stall(2);
      const call = t.begin(TEST_ID, pattern(1000));
      yield* t.rest();
      for (let i = 0; i < 5; i++) {
        t.bench.edge('tx');
        yield* t.rest();
      }
      t.expect(t.bench.sends <= 2 + 1 + 5 * 2, `${t.bench.sends} sends for 5 edges: a busy loop`);
      t.expect(t.bench.stalledPackets.length === 2, 'the queue of 2 holds more');
      t.bench.flow();
      t.expectReply(yield* t.end(call), 0, pattern(4));
      t.expectBytes(t.sent(TEST_ID)[0].payload, pattern(1000), 'the request');
    },
  },
  {
    ...check(
      'XPORT-6',
      'T',
      'S',
      'Md',
      'R',
      'push on the last fragment',
      'The last fragment of every request has the push flag, so that RM is woken whatever its threshold.',
    ),
    *run(t) {
      t.answers(TEST_ID, pattern(4));
      yield* t.call(TEST_ID, pattern(10));
      t.expect(t.bench.pushes.at(-1) === true, 'a request of one fragment was not pushed');
      yield* t.call(TEST_ID, pattern(600));
      t.expect(t.bench.pushes.at(-1) === true, 'the last of 3 fragments was not pushed');
    },
  },
  {
    ...check(
      'XPORT-7',
      'T',
      'M',
      'C',
      'R',
      'one edge, many messages',
      'On an edge the queue is drained until it is empty.',
    ),
    *run(t) {
      yield* t.rest();
      t.bench.inject(status(8));
      yield* t.rest();
      t.expect(t.notified(N).length === 8, `${t.notified(N).length} of 8 notifications were handled`);
    },
  },
  {
    ...check(
      'XPORT-8',
      'T',
      'M',
      'L',
      'R',
      'edge with an empty queue',
      'A receive interrupt without a message has no effect.',
    ),
    *run(t) {
      yield* t.probe();
      for (let i = 0; i < 3; i++) {
        t.bench.edge('rx');
        yield* t.rest();
      }
    },
  },
  {
    ...check('XPORT-9', 'T', 'M', 'Md', 'L', 'not-empty, then EMPTY', 'EMPTY after "not empty" ends the loop quietly.'),
    *run(t) {
      yield* t.rest();
      t.interfere(
        receive({ error: HypError.OK, more: true, bytes: vmStatus(0x90, 3) }),
        receive({ error: HypError.MSGQUEUE_EMPTY, more: false }, 0, 1),
      );
      t.bench.edge('rx');
      yield* t.rest();
      t.expect(t.notified(N).length === 1, 'the message before EMPTY was not handled');
    },
  },
  {
    ...check(
      'XPORT-10',
      'T',
      'M',
      'H',
      'R',
      'message while draining',
      'A message that arrives between the last receive and the end of the handler is handled.',
    ),
    *run(t) {
      yield* t.rest();
      // The first message ends the queue; the second and its edge come when the client has just been told so.
      t.interfere(receive({ error: HypError.OK, more: false, bytes: vmStatus(0x90, 3) }));
      const before = t.bench.receives;
      t.bench.edge('rx');
      yield* t.until(() => t.bench.receives > before);
      t.bench.inject(status(1));
      yield* t.rest();
      t.expect(t.notified(N).length === 2, 'the second message was not handled');
    },
  },
  {
    ...check(
      'XPORT-11',
      'T',
      'M',
      'C',
      'H',
      'runt before a good message',
      'A message shorter than a header is ignored; the reply behind it is accepted.',
    ),
    *run(t) {
      t.interfere(
        request(TEST_ID).becomes(answer(0, pattern(4)), (p) => [{ ...p[0], bytes: p[0].bytes.slice(0, 4) }, ...p]),
      );
      t.expectReply(yield* t.call(TEST_ID), 0, pattern(4));
    },
  },
  {
    ...check(
      'XPORT-12',
      'T',
      'S',
      'C',
      'H',
      'zero-length receive',
      'A queue that for ever returns nothing is given up after bounded tries.',
    ),
    *run(t) {
      yield* t.rest();
      t.interfere(receive({ error: HypError.OK, more: true }, 0, 30_000));
      const before = t.bench.receives;
      t.bench.edge('rx');
      yield* t.rest();
      t.expect(t.bench.receives - before < 1000, `${t.bench.receives - before} receives`);
      t.bench.rules.clear();
    },
  },
  {
    ...check(
      'XPORT-13',
      'T',
      'M',
      'H',
      'H',
      'receive fails once',
      'After a failed receive the client recovers on the next edge.',
    ),
    *run(t) {
      yield* t.rest();
      t.interfere(receive({ error: HypError.DENIED, more: false }));
      t.bench.inject(status(1));
      yield* t.rest();
      t.bench.inject(status(1));
      yield* t.rest();
      t.expect(t.notified(N).length === 2, `${t.notified(N).length} of 2 notifications were handled`);
    },
  },
  {
    ...check(
      'XPORT-14',
      'T',
      'M',
      'H',
      'L',
      'send fails',
      'A send error other than FULL fails the call, frees its sequence number and leaves the channel usable.',
    ),
    *run(t) {
      t.answers(TEST_ID, pattern(4));
      t.interfere(send({ error: HypError.DENIED, more: true }, 2, 1));
      t.expectFailed(yield* t.call(TEST_ID, pattern(1000)));
      t.expectReply(yield* t.call(TEST_ID, pattern(300)), 0, pattern(4));
    },
  },
  {
    ...check(
      'XPORT-15',
      'T',
      'M',
      'H',
      'R',
      'receive queue full',
      'A caller that waits does not keep the queue from being drained.',
    ),
    *run(t) {
      yield* t.rest();
      t.interfere(
        reply(Msg.VM_GET_VMID).becomes((p) => [
          ...status(8).map((bytes) => ({ bytes, delayNs: 0, edge: false })),
          ...p,
        ]),
      );
      t.expectReply(yield* t.call(Msg.VM_GET_VMID), 0, u16x2(3));
      t.expect(t.notified(N).length === 8, `${t.notified(N).length} of 8 notifications were handled`);
    },
  },
  {
    ...check(
      'XPORT-16',
      'T',
      'M',
      'H',
      'R',
      'at most 240 bytes',
      'No send exceeds 240 bytes: the hypervisor loses longer ones without an error.',
    ),
    *run(t) {
      t.answers(TEST_ID, pattern(4));
      for (const n of [0, 1, 231, 232, 233, 240, 241, 464, 3000])
        t.expectReply(yield* t.call(TEST_ID, pattern(n)), 0, pattern(4));
    },
  },
];
