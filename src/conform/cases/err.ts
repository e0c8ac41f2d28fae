/** ERR: error replies and payload checks (fact base: rm-rpc-transport 4, 8; clients 4.6; catalog 7). */
import { concatBytes } from '../../base/index.js';
import { Msg, messageName, RmError, rmErrorName } from '../../protocol/index.js';
import { answer, before, payload, reply, replyPayload, request, shorten } from '../interfere/index.js';
import { pattern, TEST_ID, type Tester, u16x2, u32s, vmStatus } from '../tester.js';
import { type Case, check, type Script } from '../types.js';

const KNOWN = [...Array.from({ length: 0x11 }, (_, i) => i + 1), 0xffffffff];

/** Every code arrives as that code. */
function* codes(t: Tester, list: readonly number[]): Script {
  for (const code of list) {
    t.interfere(request(TEST_ID).once().becomes(answer(code)));
    const a = yield* t.call(TEST_ID);
    t.expectReply(a, code, new Uint8Array(0), `a call answered ${rmErrorName(code)}`);
  }
}

/** The typed calls of a bring-up, their reply data cut to `sizes` bytes. The client may remember its own VMID once it knows it. */
function* shortData(t: Tester, sizes: readonly number[]): Script {
  let index = 0;
  for (const id of [Msg.VM_GET_VMID, Msg.VM_ALLOCATE, Msg.MEM_SHARE]) {
    for (const n of sizes) {
      t.interfere(
        reply(id)
          .once()
          .becomes(payload((m) => m.payload.slice(0, 4 + n))),
      );
      yield* t.create(`v${index}`, 'share=1', undefined, index);
      const text = yield* t.vm('start', `v${index}`);
      t.expect(text.startsWith('error'), `${messageName(id)}: a reply of ${4 + n} bytes passed: ${text}`);
      t.expect(t.sent(Msg.VM_START).length === 0, `${messageName(id)}: the start went on`);
      index++;
    }
  }
}

export const err: Case[] = [
  {
    ...check(
      'ERR-1',
      'T',
      'M',
      'Md',
      'R',
      'every known code',
      'Codes 1 to 0x11 and 0xffffffff are failures that can be told apart.',
    ),
    *run(t) {
      yield* codes(t, KNOWN);
    },
  },
  {
    ...check('ERR-2', 'T', 'M', 'Md', 'R', 'codes 0x12 to 0x14', 'IN_USE, IRQ_NOT_MAPPED and VM_STATE are failures.'),
    *run(t) {
      yield* codes(t, [0x12, 0x13, 0x14]);
    },
  },
  {
    ...check('ERR-3', 'T', 'M', 'Md', 'L', 'unknown codes', 'Codes that no RM has today are failures.'),
    *run(t) {
      yield* codes(t, [0x15, 0x7fffffff, 0xfffffffe]);
    },
  },
  {
    ...check('ERR-4', 'T', 'M', 'H', 'R', 'error with payload', 'An error reply with more bytes is that error.'),
    *run(t) {
      t.interfere(request(TEST_ID).becomes(answer(RmError.DENIED, u32s(30))));
      t.expectReply(yield* t.call(TEST_ID), RmError.DENIED, undefined);
    },
  },
  {
    ...check('ERR-5', 'T', 'S', 'Md', 'L', 'fragmented error reply', 'An error reply of two fragments is that error.'),
    *run(t) {
      t.interfere(request(TEST_ID).becomes(answer(RmError.NOMEM, pattern(300))));
      t.expectReply(yield* t.call(TEST_ID), RmError.NOMEM, undefined);
    },
  },
  {
    ...check(
      'ERR-6',
      'T',
      'M',
      'C',
      'H',
      'reply shorter than an error code',
      'A reply of 8 to 11 bytes fails the call; the next one works.',
    ),
    *run(t) {
      for (let n = 8; n < 12; n++) {
        t.interfere(request(TEST_ID).once().becomes(answer(0), shorten(n)));
        const a = t.begin(TEST_ID);
        yield* t.rest();
        t.cancel(a);
        const end = yield* t.end(a, `the call with a reply of ${n} bytes`);
        t.expectFailed(end, `a reply of ${n} bytes`);
        t.expect(
          end.kind === 'failed' && end.reason !== 'cancelled',
          `the call with a reply of ${n} bytes had to be cancelled`,
        );
      }
    },
  },
  {
    ...check(
      'ERR-7',
      'V',
      'M',
      'C',
      'H',
      'success without the payload that is due',
      'VM_ALLOCATE, MEM_SHARE and VM_GET_VMID answered OK without data are errors.',
    ),
    leaksAnyway: true,
    *run(t) {
      yield* shortData(t, [0]);
    },
  },
  {
    ...check(
      'ERR-8',
      'V',
      'M',
      'C',
      'H',
      'success with a short payload',
      'One to three bytes where four are due are an error.',
    ),
    leaksAnyway: true,
    *run(t) {
      yield* shortData(t, [1, 3]);
    },
  },
  {
    ...check(
      'ERR-9',
      'V',
      'S',
      'L',
      'L',
      'success with a longer payload',
      'A VMID followed by four more bytes is a VMID.',
    ),
    *run(t) {
      t.interfere(reply(Msg.VM_ALLOCATE).becomes(payload((m) => concatBytes(m.payload, u32s(7)))));
      yield* t.up();
      yield* t.vmOk('destroy');
    },
  },
  {
    ...check(
      'ERR-10',
      'V',
      'S',
      'L',
      'L',
      'payload where none is due',
      'A success of VM_START with data is a success.',
    ),
    *run(t) {
      t.interfere(reply(Msg.VM_START).becomes(payload(replyPayload(0, u32s(0)))));
      yield* t.up();
      yield* t.vmOk('destroy');
    },
  },
  {
    ...check(
      'ERR-11',
      'V',
      'M',
      'H',
      'R',
      'fixed VMID',
      'VM_ALLOCATE of a given VMID answers OK without data; that VMID is used.',
    ),
    *run(t) {
      yield* t.up('a', 'vmid=5');
      for (const id of [Msg.VM_CONFIG_IMAGE, Msg.VM_INIT, Msg.VM_START])
        t.expect(t.sent(id)[0]?.payload[0] === 5, `${id.toString(16)} names another VMID`);
      yield* t.vmOk('destroy');
    },
  },
  {
    ...check(
      'ERR-12',
      'V',
      'S',
      'Md',
      'L',
      'BUSY',
      'BUSY is reported, or the request is repeated a bounded number of times with a pause.',
    ),
    *run(t) {
      t.interfere(request(Msg.VM_START).becomes(answer(RmError.BUSY)));
      yield* t.create();
      yield* t.vm('start');
      t.expect(t.sent(Msg.VM_START).length <= 10, `VM_START was sent ${t.sent(Msg.VM_START).length} times`);
      t.bench.rules.clear();
      yield* t.vm('destroy');
    },
  },
  {
    ...check(
      'ERR-13',
      'V',
      'S',
      'H',
      'R',
      'optional message unknown',
      'An RM without VM_SET_BOOT_CONTEXT makes the start fail clearly, with a clean roll-back.',
    ),
    *run(t) {
      yield* t.create('a', 'boot=1:0:0x80000000');
      const text = yield* t.vm('start');
      t.expect(text.startsWith('error'), 'the start succeeds although the registers were not set');
    },
  },
  {
    ...check(
      'ERR-14',
      'T',
      'S',
      'H',
      'R',
      'no reply at all',
      'A caller without an answer can be cancelled or has a time limit; other calls work.',
    ),
    *run(t) {
      t.interfere(request(TEST_ID).becomes());
      const a = t.begin(TEST_ID);
      yield* t.rest();
      t.cancel(a);
      t.expectFailed(yield* t.end(a, 'the cancelled call'));
    },
  },
  {
    ...check(
      'ERR-15',
      'T',
      'S',
      'H',
      'R',
      'reply lost under pipelining',
      'Calls made at once all end although RM keeps one pending reply only.',
    ),
    *run(t) {
      yield* t.rest();
      // RM drops the older of two replies that wait for room: what was asked together with another call is never answered.
      let open = 0;
      t.interfere(
        request(TEST_ID).becomes((_, m) => {
          const pipelined = t.bench.audit.outstandingCount > 0;
          open += pipelined ? 1 : 0;
          return pipelined && open === 1 ? [] : answer(0, pattern(4))([], m);
        }),
      );
      const tickets = [0, 1, 2].map(() => t.begin(TEST_ID));
      for (const n of tickets) t.expectReply(yield* t.end(n), 0, pattern(4));
    },
  },
  {
    ...check(
      'ERR-16',
      'T',
      'S',
      'H',
      'L',
      'allocation failure in the client',
      'A failed allocation during reassembly fails the call only.',
    ),
    needs: 'alloc',
    *run(t) {
      yield* t.order('nomem');
      t.answers(TEST_ID, pattern(600));
      t.interfere(
        reply(Msg.VM_GET_STATE)
          .once()
          .becomes(before(() => [vmStatus(0x90, 3)])),
      );
      const a = t.begin(TEST_ID);
      const b = t.begin(Msg.VM_GET_STATE, u16x2(3));
      t.expectFailed(yield* t.end(a, 'the call without memory'), 'the call without memory');
      t.expectReply(yield* t.end(b, 'the call behind it'), 0, undefined, 'the call behind it');
      t.expectReply(yield* t.call(TEST_ID), 0, pattern(600), 'the same call again');
      t.expect(t.notified(Msg.N_VM_STATUS).length === 1, 'the notification behind it was lost');
    },
  },
];
