/** DISC: finding RM and taking the channel over (fact base: rm-boot-and-dt 3, clients 2; catalog 2). */
import { EMPTY, type FdtNode, node, strings, u32s, u64s } from '../../board/fdt/index.js';
import { Call, Msg, RpcType, rpcPacket } from '../../protocol/index.js';
import { HYPERVISOR, hypervisorNode, withChild, withProp } from '../boundary/client-tree.js';
import { call, deviceTree, type Rule, replyPayload, smccc } from '../interfere/index.js';
import { pattern, TEST_ID, type Tester, vmStatus } from '../tester.js';
import { type Case, check, type Script } from '../types.js';

const UID_CALLS = [0x8600_ff01, 0x8500_ff01];
/** The UUID of another hypervisor. */
const STRANGER = [0xb66fb428n, 0xe911c52en, 0x564bcaa9n, 0x743a004dn];
/** API version 2. */
const OTHER_VERSION = 0x5100_0000_0000_8002n;
/** Version 1, another variant and endianness-independent bits set that no document names. */
const OTHER_BITS = 0x7200_0000_00ff_8001n;

const rmNode = (edit: (n: FdtNode) => FdtNode | undefined): Rule =>
  deviceTree((root) =>
    withChild(root, HYPERVISOR, (h) => ({
      ...h,
      children: h.children.flatMap((c) => (c.name.startsWith(RM_NODE) ? (edit(c) ?? []) : c)),
    })),
  );
const RM_NODE = 'qcom,resource-manager-rpc';

/** hypervisor_identify answers with this API information, its other words as they are. */
const apiInfo = (value: bigint): Rule => call(Call.HYPERVISOR_IDENTIFY, () => [value, 1n]);

/** The client gave up cleanly, without hypercalls other than those of `allowed`. */
function* refused(t: Tester, why: string, allowed: readonly number[] = [Call.HYPERVISOR_IDENTIFY]): Script {
  yield* t.rest();
  t.expect(t.greeting.refused !== undefined, `${why}: the client attached`);
  const made = t.bench.calls.filter((c) => !allowed.includes(c.num)).map((c) => `0x${(0x6000 + c.num).toString(16)}`);
  t.expect(t.bench.sends + t.bench.receives === 0, `${why}: the client used its queues`);
  t.expect(made.length === 0, `${why}: the client made hypercalls ${made.join(', ')}`);
}

/** The client attached, and works. */
function* attached(t: Tester, why: string): Script {
  t.expect(t.greeting.refused === undefined, `${why}: the client refuses: ${t.greeting.refused}`);
  yield* t.probe();
}

/** RM's node as RM makes it, behind other nodes, with more properties and a longer list. */
const crowded = (h: FdtNode): FdtNode => {
  const bell = node('qcom,bell@44', {
    reg: u64s(0x44n),
    interrupts: u32s(0, 900, 1),
    compatible: strings('qcom,bell'),
  });
  const other = h.children.filter((c) => !c.name.startsWith(RM_NODE));
  const rm = h.children
    .filter((c) => c.name.startsWith(RM_NODE))
    .map((c) => {
      const own = c.props.filter((p) => p.name !== 'compatible');
      const list = strings(
        'gunyah-resource-manager',
        'qcom,resource-manager-1-0',
        'qcom,resource-manager',
        'qcom,rm-later-one',
        'simple-rpc',
      );
      return {
        ...c,
        props: [
          { name: 'qcom,console-dev', value: EMPTY },
          ...own,
          { name: 'qcom,later', value: u32s(1, 2, 3) },
          { name: 'compatible', value: list },
        ],
      };
    });
  return { ...h, children: [bell, ...other, ...rm] };
};

export const disc: Case[] = [
  {
    ...check(
      'DISC-1',
      'T',
      'M',
      'H',
      'L',
      'foreign hypervisor',
      'With another vendor UID no Gunyah hypercall is made.',
    ),
    refuses: true,
    prepare: (b) => b.interfere(smccc(UID_CALLS, () => STRANGER)),
    *run(t) {
      yield* refused(t, 'another vendor UID', []);
    },
  },
  {
    ...check('DISC-2', 'T', 'M', 'H', 'L', 'unsupported API version', 'API version 2 is refused.'),
    refuses: true,
    prepare: (b) => b.interfere(apiInfo(OTHER_VERSION)),
    *run(t) {
      yield* refused(t, 'API version 2');
    },
  },
  {
    ...check(
      'DISC-3',
      'T',
      'S',
      'L',
      'R',
      'unknown variant and features',
      'Version 1 with other variant and feature bits is accepted.',
    ),
    prepare: (b) => b.interfere(call(Call.HYPERVISOR_IDENTIFY, () => [OTHER_BITS, 0xffff_ffff_ffffn, 0x7n, 0x7n])),
    *run(t) {
      yield* attached(t, `API information 0x${OTHER_BITS.toString(16)}`);
    },
  },
  {
    ...check('DISC-4', 'T', 'M', 'Md', 'L', 'no RM node', 'Without an RM node the client fails cleanly.'),
    refuses: true,
    prepare: (b) => b.interfere(rmNode(() => undefined)),
    *run(t) {
      yield* refused(t, 'no RM node');
    },
  },
  {
    ...check('DISC-5', 'T', 'M', 'Md', 'L', 'one interrupt only', 'A node with one interrupt is refused.'),
    refuses: true,
    prepare: (b) => b.interfere(rmNode((n) => withProp(n, 'interrupts', u32s(0, 928, 1)))),
    *run(t) {
      yield* refused(t, 'one interrupt');
    },
  },
  {
    ...check('DISC-6', 'T', 'M', 'Md', 'L', 'one capability only', 'A node with one capability is refused.'),
    refuses: true,
    prepare: (b) => b.interfere(rmNode((n) => withProp(n, 'reg', u64s(0n)))),
    *run(t) {
      yield* refused(t, 'one capability');
    },
  },
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
    queues: true,
    *run(t) {
      t.answers(TEST_ID, pattern(4));
      t.bench.stall(1);
      const a = t.begin(TEST_ID, pattern(400));
      yield* t.rest();
      const before = t.bench.sends;
      t.bench.edge('rx');
      yield* t.rest();
      t.expect(t.bench.sends === before, 'the receive interrupt was taken for the send interrupt');
      t.bench.flow();
      t.expectReply(yield* t.end(a), 0, pattern(4));
    },
  },
  {
    ...check(
      'DISC-8',
      'T',
      'M',
      'Md',
      'R',
      'long compatible list',
      'The node is found in the list that RM generates, whatever other properties it has.',
    ),
    prepare: (b) => b.interfere(deviceTree((root) => withChild(root, HYPERVISOR, crowded))),
    *run(t) {
      yield* attached(t, 'more nodes, properties and strings');
    },
  },
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
    prepare: (b) =>
      b.inject(
        [0, 1, 2].map((i) => vmStatus(0x90 + i, 3)),
        false,
      ),
    *run(t) {
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
  {
    ...check(
      'DISC-11',
      'T',
      'S',
      'H',
      'R',
      "RM's own compatible list",
      'The node is found although /hypervisor is not called gunyah-hypervisor.',
    ),
    prepare: (b) => b.interfere(deviceTree(hypervisorNode(true))),
    *run(t) {
      yield* attached(t, "RM's own tree");
    },
  },
];
