/** BOOT: registers at the start (fact base: clients 8; catalog 13). RM knows the message and refuses it, so the test answers it. */
import { le64 } from '../../base/index.js';
import { Msg } from '../../protocol/index.js';
import { GUEST_BASE } from '../guest.js';
import { answer, request } from '../interfere/index.js';
import type { Tester } from '../tester.js';
import { type Case, check, type Script } from '../types.js';
import { FIRMWARE, FIRMWARE_WORDS } from './firmware.js';

const accept = (t: Tester): void => t.interfere(request(Msg.VM_SET_CONTEXT).becomes(answer(0)));

/** set.index=value of every register sent. */
const sent = (t: Tester): string[] =>
  t.sent(Msg.VM_SET_CONTEXT).map(({ payload: p }) => `${p[2]}.${p[3]}=${le64(p, 8).toString(16)}`);

function* started(t: Tester, boot: string): Script {
  accept(t);
  yield* t.up('a', `boot=${boot}`);
  yield* t.vmOk('destroy');
}

export const boot: Case[] = [
  {
    ...check('BOOT-1', 'V', 'M', 'H', 'L', 'between VM_INIT and VM_START', 'Registers are set in state READY only.'),
    *run(t) {
      yield* started(t, '1:0:0x80000000');
      const order = t.bench.audit.requests.map((r) => r.id);
      const at = order.indexOf(Msg.VM_SET_CONTEXT);
      t.expect(
        at > order.indexOf(Msg.VM_INIT) && at < order.indexOf(Msg.VM_START),
        'VM_SET_BOOT_CONTEXT at the wrong time',
      );
    },
  },
  {
    ...check(
      'BOOT-2',
      'V',
      'M',
      'H',
      'L',
      'all registers',
      'X0 to X30, PC, SP_EL0 and SP_EL1 each arrive once with their set and index.',
    ),
    *run(t) {
      const list = [...Array.from({ length: 31 }, (_, i) => [0, i]), [1, 0], [2, 0], [2, 1]];
      yield* started(t, list.map(([s, i], n) => `${s}:${i}:${0x1000 * (n + 1)}`).join(','));
      const want = list.map(([s, i], n) => `${s}.${i}=${(0x1000 * (n + 1)).toString(16)}`).sort();
      t.expect(sent(t).sort().join() === want.join(), `sent: ${sent(t).join()}`);
    },
  },
  {
    ...check('BOOT-3', 'V', 'M', 'H', 'L', '64-bit values', 'Values are sent with all 64 bits.'),
    *run(t) {
      yield* started(t, '0:0:0xfffffffffffffff0');
      t.expect(sent(t).join() === '0.0=fffffffffffffff0', `sent: ${sent(t).join()}`);
    },
  },
  {
    ...check('BOOT-4', 'V', 'M', 'Md', 'L', 'value 0', 'A register that is set to 0 is sent.'),
    *run(t) {
      yield* started(t, '0:0:0,1:0:0');
      t.expect(sent(t).sort().join() === '0.0=0,1.0=0', `sent: ${sent(t).join()}`);
    },
  },
  {
    ...check('BOOT-5', 'V', 'M', 'C', 'L', 'values that end in binary 10', 'A value with any low bits is sent.'),
    *run(t) {
      yield* started(t, '0:1:0x80000002,0:2:2');
      t.expect(sent(t).sort().join() === '0.1=80000002,0.2=2', `sent: ${sent(t).join()}`);
    },
  },
  {
    ...check('BOOT-6', 'V', 'M', 'L', 'R', 'bounds', 'Registers that do not exist are refused by the client.'),
    needs: 'set',
    *run(t) {
      accept(t);
      yield* t.create();
      for (const r of ['0:32:1', '1:1:4096', '2:3:1', '3:0:1']) {
        const text = yield* t.vm('set', 'a', r);
        t.expect(text.startsWith('error'), `register ${r} was taken`);
      }
      yield* t.vmOk('set', 'a', '0:30:7');
      yield* t.vmOk('start');
      t.expect(sent(t).join() === '0.30=7', `sent: ${sent(t).join()}`);
      yield* t.vmOk('destroy');
    },
  },
  {
    ...check('BOOT-7', 'V', 'S', 'L', 'L', 'last write wins', 'Of two writes to a register only the second is sent.'),
    *run(t) {
      yield* started(t, '1:0:0x1000,1:0:0x2000');
      t.expect(sent(t).join() === '1.0=2000', `sent: ${sent(t).join()}`);
    },
  },
  {
    ...check('BOOT-8', 'V', 'M', 'L', 'R', 'after the start', 'Registers of a running VM cannot be set.'),
    needs: 'set',
    *run(t) {
      accept(t);
      yield* t.up();
      const text = yield* t.vm('set', 'a', '0:0:1');
      t.expect(text.startsWith('error'), 'a register of a running VM was taken');
      t.expect(sent(t).length === 0, `sent: ${sent(t).join()}`);
      yield* t.vmOk('destroy');
    },
  },
  {
    ...check(
      'BOOT-9',
      'V',
      'S',
      'H',
      'R',
      'not supported by RM',
      'Without VM_SET_BOOT_CONTEXT the start fails cleanly.',
    ),
    *run(t) {
      yield* t.create('a', 'boot=1:0:0x80001000');
      const text = yield* t.vm('start');
      t.expect(text.startsWith('error'), 'the start succeeds although the registers were not set');
    },
  },
  {
    ...check(
      'BOOT-10',
      'V',
      'M',
      'H',
      'L',
      'authenticated VM',
      'The registers of a VM whose firmware owns them are not set.',
    ),
    needs: 'firmware',
    *run(t) {
      accept(t);
      t.interfere(...FIRMWARE);
      yield* t.up('a', `${FIRMWARE_WORDS} boot=1:0:0x80000000,0:0:7`);
      t.expect(sent(t).length === 0, `sent: ${sent(t).join()}`);
      yield* t.vmOk('destroy');
    },
  },
  {
    ...check(
      'BOOT-11',
      'V',
      'M',
      'H',
      'R',
      'entry is the start of the image',
      'Without VM_SET_BOOT_CONTEXT a payload with another entry is refused.',
    ),
    needs: 'entry',
    *run(t) {
      yield* t.create('a', `entry=4096:${GUEST_BASE}`);
      t.expect((yield* t.vm('start')).startsWith('error'), 'the VM starts at another place than its payload');
      yield* t.vm('destroy');
      yield* t.create('b', `entry=0:${GUEST_BASE}`, undefined, 1);
      const text = yield* t.vm('start', 'b');
      t.expect(text === 'ok' || text.startsWith('error'), `start: ${text}`);
      yield* t.vmOk('destroy', 'b');
      const before = sent(t).length;
      accept(t);
      yield* t.up('c', `entry=4096:${GUEST_BASE}`, undefined, 2);
      t.expect(sent(t).slice(before).join() === '1.0=80001000', `sent: ${sent(t).slice(before).join()}`);
      yield* t.vmOk('destroy', 'c');
    },
  },
];
