/** ROB: robustness and load (catalog 16). */
import { nextU32, prng } from '../../base/index.js';
import { Msg, RpcType, rpcPacket } from '../../protocol/index.js';
import { answer, before, corrupt, delay, drop, notification, reply, request } from '../interfere/index.js';
import { pattern, TEST_ID, u16x2, vmStatus } from '../tester.js';
import { type Case, check } from '../types.js';

const MS = 1_000_000;
const RIGHT = pattern(8);
const RANDOM_MESSAGES = 10_000;
const SEED = 0x5eed;

export const rob: Case[] = [
  {
    ...check(
      'ROB-1',
      'T',
      'M',
      'C',
      'H',
      'foreign API byte',
      'A message with another API byte is skipped; the reply behind it is accepted.',
    ),
    *run(t) {
      t.interfere(
        request(TEST_ID).becomes(
          answer(0, RIGHT),
          before((m) => {
            const b = rpcPacket(RpcType.REPLY, m.id, m.seq, 0, pattern(12, 9));
            b[0] = 0x22;
            return [b];
          }),
        ),
      );
      t.expectReply(yield* t.call(TEST_ID), 0, RIGHT);
    },
  },
  {
    ...check(
      'ROB-2',
      'T',
      'M',
      'C',
      'H',
      'request from RM',
      'A message of type REQUEST is skipped; the reply behind it is accepted.',
    ),
    *run(t) {
      t.interfere(
        request(TEST_ID).becomes(
          answer(0, RIGHT),
          before((m) => [rpcPacket(RpcType.REQUEST, m.id, m.seq, 0, pattern(12, 9))]),
        ),
      );
      t.expectReply(yield* t.call(TEST_ID), 0, RIGHT);
    },
  },
  {
    ...check('ROB-3', 'V', 'M', 'C', 'H', 'random bytes', 'Ten thousand random messages do no harm.'),
    *run(t) {
      const g = prng(SEED);
      yield* t.rest();
      for (let i = 0; i < RANDOM_MESSAGES; i += 50) {
        const batch = Array.from({ length: 50 }, () => {
          const b = new Uint8Array(nextU32(g) % 241);
          for (let k = 0; k < b.length; k++) b[k] = nextU32(g);
          // Every second one gets past the first check.
          if (b.length >= 8 && nextU32(g) % 2 === 0) {
            b[0] = 0x21;
            if (nextU32(g) % 2 === 0) b.set(u16x2(0x0001, 0x5610), 4);
          }
          return b;
        });
        t.bench.inject(batch);
        yield* t.rest(MS);
        t.events.length = 0;
      }
    },
  },
  {
    ...check(
      'ROB-4',
      'V',
      'M',
      'C',
      'H',
      'every bit of a bring-up flipped',
      "Whatever single bit of RM's traffic is wrong, nothing breaks and a clean VM can be started afterwards.",
    ),
    leaksAnyway: true,
    slow: true,
    *run(t) {
      // One reply of the bring-up is damaged per VM: its code, and the data of lists and handles. A damaged header is a lost reply
      // (ERR-14), a damaged VMID cannot be recognised.
      const places: [number, number][] = [
        [Msg.VM_GET_HYP_RESOURCES, 400],
        [Msg.VM_ALLOCATE, 32],
        [Msg.MEM_LEND, 64],
        [Msg.VM_CONFIG_IMAGE, 32],
        [Msg.VM_INIT, 32],
      ];
      let n = 0;
      let used = 0;
      for (const [id, bits] of places) {
        for (let bit = n % 3; bit < bits; bit += 7) {
          t.interfere(
            reply(id)
              .once()
              .becomes(corrupt(0, 8 + (bit >> 3), 1 << (bit & 7))),
          );
          const name = `b${n++}`;
          // What a damaged reply hides from the client stays with RM: such a VM gets memory of its own.
          const place = id === Msg.VM_GET_HYP_RESOURCES ? 0 : ++used;
          yield* t.create(name, '', undefined, place);
          yield* t.vm('start', name);
          t.bench.rules.clear();
          yield* t.vm('destroy', name);
        }
      }
      yield* t.up('good', '', undefined, used + 1);
      yield* t.vmOk('destroy', 'good');
    },
  },
  {
    ...check('ROB-5', 'T', 'S', 'H', 'R', 'interrupt storm', 'A thousand edges without cause do not stop progress.'),
    *run(t) {
      yield* t.rest();
      for (let i = 0; i < 20; i++) {
        t.bench.edge('rx', 25);
        t.bench.edge('tx', 25);
        yield* t.probe();
      }
    },
  },
  {
    ...check('ROB-6', 'V', 'M', 'H', 'R', 'many life cycles', 'Fifty VMs one after the other leave nothing behind.'),
    slow: true,
    *run(t) {
      for (let i = 0; i < 50; i++) {
        yield* t.up(`c${i}`, i % 2 === 0 ? '' : 'share=1');
        yield* t.vmOk('destroy', `c${i}`);
      }
    },
  },
  {
    ...check(
      'ROB-7',
      'V',
      'M',
      'H',
      'R',
      'eight VMs at once',
      'Eight VMs that start and end at the same time, with a slow RM, all end in the right state.',
    ),
    *run(t) {
      t.interfere(reply().becomes(delay(2 * MS)));
      const names = ['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h'];
      for (const [i, n] of names.entries()) yield* t.create(n, '', undefined, i);
      for (const action of ['start', 'destroy']) {
        const tickets = names.map((n) => t.vmBegin(action, n));
        for (const [i, k] of tickets.entries()) {
          const text = yield* t.vmEnd(k, `${action} of ${names[i]}`);
          t.expect(text === 'ok', `${action} of ${names[i]}: ${text}`);
        }
      }
    },
  },
  {
    ...check(
      'ROB-8',
      'T',
      'S',
      'H',
      'R',
      'RM dies',
      'When RM stops answering, every waiting call ends or can be cancelled.',
    ),
    noProbe: true,
    *run(t) {
      yield* t.probe();
      t.interfere(request().becomes(), reply().becomes(drop), notification().becomes(drop));
      const tickets = [0, 1, 2].map(() => t.begin(Msg.VM_GET_VMID));
      yield* t.rest();
      for (const n of tickets) t.cancel(n);
      for (const n of tickets) t.expectFailed(yield* t.end(n, 'a call to a dead RM'));
    },
  },
  {
    ...check('ROB-9', 'T', 'M', 'Md', 'R', 'slow RM', 'An answer that takes ten seconds is an answer.'),
    *run(t) {
      t.interfere(request(TEST_ID).becomes(answer(0, RIGHT), delay(10_000 * MS)));
      t.expectReply(yield* t.end(t.begin(TEST_ID), 'the call', 60_000 * MS), 0, RIGHT);
    },
  },
  {
    ...check(
      'ROB-10',
      'T',
      'M',
      'H',
      'R',
      'edge and data apart',
      'An edge before its message, or a message whose edge comes with the next one, is handled in the end.',
    ),
    *run(t) {
      yield* t.rest();
      t.bench.edge('rx');
      yield* t.rest();
      t.bench.inject([vmStatus(0x90, 3)], false);
      yield* t.rest();
      t.bench.inject([vmStatus(0x91, 3)]);
      yield* t.rest();
      t.expect(
        t.notified(Msg.N_VM_STATUS).length === 2,
        `${t.notified(Msg.N_VM_STATUS).length} of 2 notifications were handled`,
      );
    },
  },
];
