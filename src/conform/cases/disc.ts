/** DISC: finding RM and taking the channel over (fact base: rm-boot-and-dt 3, clients 2; catalog 2). */
import { Msg, RpcType, rpcPacket } from '../../protocol/index.js';
import { replyPayload } from '../interfere.js';
import { pattern, TEST_ID, vmStatus } from '../tester.js';
import { type Case, check, type NotImplemented } from '../types.js';

const WHY =
  'discovery happens before the link exists: it needs a client that boots in a vCPU and a changed device tree';
const skip = (
  id: string,
  req: 'M' | 'S',
  sev: 'C' | 'H' | 'Md' | 'L',
  stim: 'R' | 'L',
  title: string,
  must: string,
): NotImplemented => ({
  ...check(id, 'T', req, sev, stim, title, must),
  why: WHY,
});

export const disc: (Case | NotImplemented)[] = [
  skip('DISC-1', 'M', 'H', 'L', 'foreign hypervisor', 'With another vendor UID no Gunyah hypercall is made.'),
  skip('DISC-2', 'M', 'H', 'L', 'unsupported API version', 'API version 2 is refused.'),
  skip(
    'DISC-3',
    'S',
    'L',
    'R',
    'unknown variant and features',
    'Version 1 with other variant and feature bits is accepted.',
  ),
  skip('DISC-4', 'M', 'Md', 'L', 'no RM node', 'Without an RM node the client fails cleanly.'),
  skip('DISC-5', 'M', 'Md', 'L', 'one interrupt only', 'A node with one interrupt is refused.'),
  skip('DISC-6', 'M', 'Md', 'L', 'one capability only', 'A node with one capability is refused.'),
  {
    ...check(
      'DISC-7',
      'T',
      'M',
      'C',
      'R',
      'first is send, second is receive',
      'Requests go into the first queue, replies come from the second; the first interrupt is that of the send queue.',
    ),
    *run(t) {
      t.answers(TEST_ID, pattern(4));
      t.bench.stall(1);
      const a = t.begin(TEST_ID, pattern(400));
      yield* t.rest();
      t.bench.edge('rx');
      yield* t.rest();
      t.expect(t.bench.sends <= 2, 'the receive interrupt was taken for the send interrupt');
      t.bench.flow();
      t.expectReply(yield* t.end(a), 0, pattern(4));
    },
  },
  skip(
    'DISC-8',
    'M',
    'Md',
    'R',
    'long compatible list',
    'The node is found in the list that RM generates, whatever other properties it has.',
  ),
  {
    ...check(
      'DISC-9',
      'T',
      'S',
      'H',
      'R',
      'messages queued before',
      'What was queued before the client attached is drained, at once or with the next edge.',
    ),
    *run(t) {
      t.bench.inject(
        [0, 1, 2].map((i) => vmStatus(0x90 + i, 3)),
        false,
      );
      yield* t.rest();
      yield* t.probe();
      t.expect(
        t.notified(Msg.N_VM_STATUS).length === 3,
        `${t.notified(Msg.N_VM_STATUS).length} of 3 notifications were handled`,
      );
    },
  },
  {
    ...check(
      'DISC-10',
      'T',
      'M',
      'H',
      'L',
      'stale reply',
      'A reply for a former owner of the queue is not matched to a request that was not sent yet.',
    ),
    *run(t) {
      t.bench.inject([rpcPacket(RpcType.REPLY, TEST_ID, 0, 0, replyPayload(0, pattern(4, 9)))]);
      yield* t.rest();
      t.answers(TEST_ID, pattern(4));
      t.expectReply(yield* t.call(TEST_ID), 0, pattern(4));
    },
  },
  skip(
    'DISC-11',
    'S',
    'H',
    'R',
    "RM's own compatible list",
    'The node is found although /hypervisor is not called gunyah-hypervisor.',
  ),
];
