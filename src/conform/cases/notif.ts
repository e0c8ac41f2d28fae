/** NOTIF: notifications (fact base: rm-rpc-transport 6, rm-state-machines 3, clients 6; catalog 8). */
import { Msg, RpcType, rpcPacket } from '../../protocol/index.js';
import { answer, before, delay, drop, type Emission, notification, reply } from '../interfere/index.js';
import { notify, pattern, TEST_ID, type Tester, u16x2, u32s, vmExited, vmStatus } from '../tester.js';
import { type Case, check, type Script } from '../types.js';

const MS = 1_000_000;
const STATUS = Msg.N_VM_STATUS;
const EXITED = Msg.N_VM_EXITED;
const FIRST_VMID = 0x80;

const now = (bytes: Uint8Array): Emission => ({ bytes, delayNs: 0, edge: false });

/** A running VM gets these notifications and is then ended as usual. */
function* whileRunning(t: Tester, ...packets: Uint8Array[]): Script {
  yield* t.up();
  t.bench.inject(packets);
  yield* t.rest();
  t.bench.rules.clear();
}

export const notif: Case[] = [
  {
    ...check(
      'NOTIF-1',
      'V',
      'M',
      'H',
      'R',
      'status before the reply',
      'VM_STATUS before or after the reply that it belongs to makes no difference.',
    ),
    *run(t) {
      yield* t.up('a');
      yield* t.vmOk('destroy', 'a');
      t.interfere(notification(STATUS).becomes(delay(3 * MS)));
      yield* t.up('b', '', undefined, 1);
      yield* t.vmOk('destroy', 'b');
      yield* t.rest();
      t.expect(
        t.notified(STATUS).length >= 6,
        `${t
          .notified(STATUS)
          .map((p) => p[4])
          .join()}: status notifications are missing`,
      );
    },
  },
  {
    ...check(
      'NOTIF-2',
      'V',
      'M',
      'H',
      'R',
      'exit before the reply to VM_STOP',
      'VM_EXITED before the reply to a forced stop is recorded and blocks nothing.',
    ),
    *run(t) {
      yield* t.up();
      yield* t.vmOk('stop');
      yield* t.rest();
      t.expect(t.exits().length === 1 && t.exits()[0][0] === '7', `exits seen: ${t.exits().join(';')}`);
      yield* t.vmOk('destroy');
    },
  },
  {
    ...check(
      'NOTIF-3',
      'V',
      'M',
      'H',
      'R',
      'late end of the reset',
      'VM_STATUS(RESET) seconds after the reply to VM_RESET is waited for; only then the VM is taken apart.',
    ),
    *run(t) {
      yield* t.up();
      // RM itself is slow: its answers about the state of the VM agree with the missing notification.
      t.interfere(
        notification(STATUS)
          .when((m) => m.payload[4] === 11)
          .becomes(delay(5000 * MS)),
        reply(Msg.VM_GET_STATE)
          .times(4)
          .becomes((_, m) => answer(0, u32s(10))([], m)),
      );
      const ticket = t.vmBegin('destroy');
      yield* t.rest(3500 * MS);
      t.expect(t.sent(Msg.VM_DEALLOCATE).length === 0, 'VM_DEALLOCATE was sent before the reset ended');
      const text = yield* t.vmEnd(ticket, 'destroy');
      t.expect(text === 'ok', text);
    },
  },
  {
    ...check(
      'NOTIF-4',
      'V',
      'S',
      'H',
      'L',
      'end of the reset before its reply',
      'VM_STATUS(RESET) before the reply to VM_RESET is remembered.',
    ),
    *run(t) {
      yield* t.up();
      t.interfere(
        notification(STATUS)
          .when((m) => m.payload[4] === 11)
          .becomes(drop),
        reply(Msg.VM_RESET).becomes((p) => [
          now(vmStatus(FIRST_VMID, 11)),
          ...p.map((e) => ({ ...e, delayNs: 50 * MS, edge: true })),
        ]),
      );
      yield* t.vmOk('destroy');
    },
  },
  {
    ...check(
      'NOTIF-5',
      'V',
      'M',
      'H',
      'R',
      'another VMID',
      'Notifications about VMs that the client does not own are ignored.',
    ),
    *run(t) {
      yield* whileRunning(t, vmExited(0x91, 7), vmStatus(0x91, 11));
      t.expect(t.exits().length === 0, 'an exit of another VM was taken for its own');
      yield* t.vmOk('destroy');
    },
  },
  {
    ...check(
      'NOTIF-6',
      'V',
      'M',
      'C',
      'L',
      'exit during bring-up',
      'VM_EXITED before the reply to VM_START blocks nothing; the VM is seen as exited.',
    ),
    *run(t) {
      t.interfere(reply(Msg.VM_START).becomes(before(() => [vmExited(FIRST_VMID, 1)])));
      yield* t.create();
      yield* t.vm('start');
      t.expect(t.exits().length === 1, 'the exit was not seen');
      // RM has not seen it: the VM is ended behind the client's back, so that both agree again.
      const stop = t.begin(Msg.VM_STOP, Uint8Array.of(FIRST_VMID, 0, 1, 0, 3, 0, 0, 0));
      t.expectReply(yield* t.end(stop), 0, undefined);
      yield* t.vmOk('destroy');
    },
  },
  {
    ...check(
      'NOTIF-7',
      'V',
      'M',
      'C',
      'H',
      'empty notification',
      'VM_EXITED and VM_STATUS without payload are ignored.',
    ),
    *run(t) {
      yield* whileRunning(t, notify(EXITED, new Uint8Array(0)), notify(STATUS, new Uint8Array(0)));
      t.expect(t.exits().length === 0, 'an exit was reported');
      yield* t.vmOk('destroy');
    },
  },
  {
    ...check('NOTIF-8', 'V', 'M', 'C', 'H', 'short notification', 'VM_EXITED and VM_STATUS of 4 bytes are ignored.'),
    *run(t) {
      yield* whileRunning(t, notify(EXITED, u16x2(FIRST_VMID, 1)), notify(STATUS, u16x2(FIRST_VMID)));
      t.expect(t.exits().length === 0, 'an exit was reported');
      yield* t.vmOk('destroy');
    },
  },
  {
    ...check(
      'NOTIF-9',
      'V',
      'M',
      'C',
      'H',
      'reason size too large',
      'Of the reason of an exit at most the bytes that are there are used.',
    ),
    *run(t) {
      const reason = Uint8Array.of(FIRST_VMID, 0, 1, 0, 0xff, 0xff, 0xff, 0xff, 0xaa, 0xbb, 0xcc, 0xdd);
      yield* whileRunning(t, notify(EXITED, reason));
      for (const [, size, hex] of t.exits())
        t.expect(Number(size) <= 4 && 'aabbccdd'.startsWith(hex === '-' ? '' : hex), `reason of ${size} bytes: ${hex}`);
      t.bench.rules.clear();
      const stop = t.begin(Msg.VM_STOP, Uint8Array.of(FIRST_VMID, 0, 1, 0, 3, 0, 0, 0));
      yield* t.end(stop);
      yield* t.vmOk('destroy');
    },
  },
  {
    ...check(
      'NOTIF-10',
      'V',
      'M',
      'Md',
      'R',
      'reasons of 0, 4 and 16 bytes',
      'The size of the reason is reported as it is.',
    ),
    *run(t) {
      let index = 0;
      for (const n of [0, 4, 16]) {
        const name = `v${index}`;
        yield* t.up(name, '', undefined, index);
        t.bench.inject([vmExited(FIRST_VMID + index, n === 16 ? 3 : 1, pattern(n))]);
        yield* t.rest();
        const [, size, hex] = t.exits(name)[0] ?? [];
        t.expect(Number(size) <= n, `a reason of ${n} bytes is reported as ${size}`);
        t.expect(n === 0 ? hex === '-' : (hex ?? '').length >= Math.min(n, 8) * 2, `a reason of ${n} bytes: ${hex}`);
        const stop = t.begin(Msg.VM_STOP, Uint8Array.of(FIRST_VMID + index, 0, 1, 0, 3, 0, 0, 0));
        yield* t.end(stop);
        index++;
      }
      for (let i = 0; i < index; i++) yield* t.vmOk('destroy', `v${i}`);
    },
  },
  {
    ...check(
      'NOTIF-11',
      'V',
      'M',
      'Md',
      'R',
      'unknown notification',
      'A notification with an unknown id is ignored and the next message is handled.',
    ),
    *run(t) {
      yield* whileRunning(t, notify(0x51100014, u32s(1, 2)), notify(0x56100099, pattern(20)), vmStatus(0x90, 3));
      t.expect(
        t.notified(STATUS).some((p) => p[0] === 0x90),
        'the notification behind it was not handled',
      );
      yield* t.vmOk('destroy');
    },
  },
  {
    ...check(
      'NOTIF-12',
      'V',
      'M',
      'Md',
      'L',
      'unknown status and exit values',
      'Status values 7, 12, 200 and exit type 8 do no harm.',
    ),
    *run(t) {
      yield* whileRunning(
        t,
        vmStatus(FIRST_VMID, 7),
        vmStatus(FIRST_VMID, 12),
        vmStatus(FIRST_VMID, 200),
        vmExited(FIRST_VMID, 8),
      );
      const stop = t.begin(Msg.VM_STOP, Uint8Array.of(FIRST_VMID, 0, 1, 0, 3, 0, 0, 0));
      yield* t.end(stop);
      yield* t.vmOk('destroy');
    },
  },
  {
    ...check(
      'NOTIF-13',
      'V',
      'S',
      'H',
      'R',
      'burst with loss',
      'No single notification is indispensable: RM keeps 256 and drops the oldest.',
    ),
    *run(t) {
      yield* t.up();
      t.bench.inject(Array.from({ length: 256 }, (_, i) => vmStatus(0x90 + (i % 16), 3)));
      yield* t.rest();
      t.interfere(notification(EXITED, STATUS).becomes(drop));
      yield* t.vmOk('destroy');
    },
  },
  {
    ...check('NOTIF-14', 'V', 'M', 'Md', 'R', 'exit twice', 'A second VM_EXITED is harmless.'),
    *run(t) {
      t.interfere(notification(EXITED).becomes((p) => [...p, ...p]));
      yield* t.up();
      yield* t.vmOk('stop');
      yield* t.rest();
      yield* t.vmOk('destroy');
    },
  },
  {
    ...check(
      'NOTIF-15',
      'V',
      'S',
      'H',
      'H',
      'exit after the reset',
      'A VM_EXITED that follows VM_STATUS(RESET) does not undo it.',
    ),
    *run(t) {
      yield* t.up();
      t.interfere(
        notification(STATUS)
          .when((m) => m.payload[4] === 11)
          .becomes((p) => [...p, now(vmExited(FIRST_VMID, 7))]),
        reply(Msg.VM_GET_STATE).becomes((_, m) => answer(0, u32s(10))([], m)),
      );
      const text = yield* t.vm('destroy');
      t.expect(text === 'ok', text);
      t.bench.rules.clear();
    },
  },
  {
    ...check('NOTIF-16', 'T', 'S', 'C', 'R', 'call from a handler', 'A call made when a notification arrives ends.'),
    *run(t) {
      yield* t.rest();
      t.answers(TEST_ID, pattern(4));
      t.client.command(`onnotify ${STATUS.toString(16)} 9000 ${TEST_ID.toString(16)} -`);
      t.bench.inject([vmStatus(0x90, 3)]);
      t.expectReply(yield* t.end('9000', 'the call from the handler'), 0, pattern(4));
    },
  },
  {
    ...check(
      'NOTIF-17',
      'V',
      'M',
      'C',
      'R',
      'notification of a freed VM',
      'A status of a VMID that was given back, or of its former owner, is not attributed to a new VM.',
    ),
    *run(t) {
      yield* t.up('a');
      yield* t.vmOk('destroy', 'a');
      t.bench.inject([vmStatus(FIRST_VMID, 11), vmExited(FIRST_VMID, 7)]);
      yield* t.rest();
      t.interfere(reply(Msg.VM_ALLOCATE).becomes(before(() => [vmExited(FIRST_VMID, 7), vmStatus(FIRST_VMID, 11)])));
      yield* t.up('b', '', undefined, 1);
      t.expect(t.exits('b').length === 0, 'the new VM is believed to have exited');
      yield* t.vmOk('destroy', 'b');
    },
  },
  {
    ...check(
      'NOTIF-18',
      'T',
      'M',
      'Md',
      'H',
      'reply with the id of a notification',
      'A message of type REPLY is never taken for a notification.',
    ),
    *run(t) {
      yield* t.rest();
      t.bench.inject([rpcPacket(RpcType.REPLY, EXITED, 3, 0, u32s(0, 0))]);
      yield* t.rest();
      t.expect(t.notified(EXITED).length === 0, 'it was delivered as a notification');
    },
  },
];
