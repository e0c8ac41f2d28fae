/**
 * LOOK: the client is the vCPU of a secondary VM, on its own link to RM (catalog 15; fact base: clients 5.3, 6, 7.6). The primary VM has
 * lent it an interrupt and sleeps.
 */
import { concatBytes, le32, put16, toHex } from '../../base/index.js';
import { Msg, messageName, RmError, VmState } from '../../protocol/index.js';
import { LENT_IRQ, LENT_LABEL } from '../guest-bench.js';
import { answer, delay, request } from '../interfere/index.js';
import { notify, pattern, type Tester, u16x2, u32s, vmStatus } from '../tester.js';
import { type Case, check, type Script } from '../types.js';

const MS = 1_000_000;
const PEER = 0x90;
const NAME = 'peer-vm';

/** An entry of VM_GET_ID. */
function identity(type: number, bytes: Uint8Array): Uint8Array {
  const b = new Uint8Array(4 + ((bytes.length + 3) & ~3));
  b[0] = type;
  put16(b, 2, bytes.length);
  b.set(bytes, 4);
  return b;
}

const sizes = (n: number, ...list: number[]): Uint8Array =>
  concatBytes(u32s(...list), new Uint8Array(n - 4 * list.length));

/** The ten notifications, each of its right length. */
const NOTES: readonly (readonly [id: number, payload: Uint8Array])[] = [
  [Msg.N_VM_EXITED, concatBytes(u16x2(PEER, 1), u32s(4, 0))],
  [Msg.N_VM_SHUTDOWN, u32s(0)],
  [Msg.N_VM_STATUS, concatBytes(u16x2(PEER), u16x2(VmState.RUNNING))],
  [Msg.N_VM_IRQ_LENT, concatBytes(u16x2(3), u32s(0x77, 5))],
  [Msg.N_VM_IRQ_RELEASED, u32s(0x77)],
  [Msg.N_VM_IRQ_ACCEPTED, u32s(0x77)],
  [Msg.N_VM_CONSOLE_CHARS, concatBytes(u16x2(PEER, 4), u32s(0x64636261))],
  // No region, one entry in the access list.
  [
    Msg.N_MEM_SHARED,
    concatBytes(u32s(0x77, 0x0001_0000), u16x2(3), u32s(5, 0), u16x2(1), u16x2(0x80, 7), u16x2(0), u16x2(0)),
  ],
  [Msg.N_MEM_RELEASED, sizes(12, 0x77, PEER)],
  [Msg.N_MEM_ACCEPTED, sizes(12, 0x77, PEER)],
];

const heard = (t: Tester, id: number): number => t.events.filter((e) => e === `heard ${id.toString(16)}`).length;

const peers = (t: Tester): string[] => t.events.filter((e) => e.startsWith('peer '));

/** The handle of the interrupt that the primary VM has lent. */
function* lentHandle(t: Tester): Script<number> {
  yield* t.until(() => t.notified(Msg.N_VM_IRQ_LENT).length > 0);
  const [lent] = t.notified(Msg.N_VM_IRQ_LENT);
  if (lent === undefined) t.fail('VM_IRQ_LENT did not arrive');
  t.expect(le32(lent, 8) === LENT_LABEL, 'VM_IRQ_LENT with another label');
  return le32(lent, 4);
}

export const look: Case[] = [
  {
    ...check(
      'LOOK-1',
      'G',
      'S',
      'Md',
      'L',
      'several answers to a lookup',
      'A lookup with two VMIDs has a defined outcome.',
    ),
    needs: 'guest',
    *run(t) {
      const two = concatBytes(u32s(2), u16x2(PEER), u16x2(PEER + 1));
      t.interfere(request(Msg.VM_LOOKUP_NAME).once().becomes(answer(RmError.OK, two)));
      const text = yield* t.guest('lookup', NAME);
      const known = [PEER, PEER + 1].map((v) => `peer ${NAME} ${v}`);
      t.expect(
        text.startsWith('error') ? peers(t).length === 0 : known.includes(peers(t).join()),
        `${text}; ${peers(t).join()}`,
      );
      // A count without entries is no VM either.
      t.interfere(
        request(Msg.VM_LOOKUP_NAME)
          .once()
          .becomes(answer(RmError.OK, u32s(1))),
      );
      t.expect((yield* t.guest('lookup', NAME)).startsWith('error'), 'a VM was found in an answer without one');
    },
  },
  {
    ...check('LOOK-2', 'G', 'M', 'Md', 'R', 'lookup fails', 'A failed lookup is repeated when the peer becomes READY.'),
    needs: 'guest',
    *run(t) {
      const text = yield* t.guest('lookup', NAME);
      t.expect(text.startsWith('error'), 'a VM was found that does not exist');
      yield* t.rest(100 * MS);
      const before = t.sent(Msg.VM_LOOKUP_NAME).length;
      t.expect(before <= 2, `${before} lookups without a reason`);
      t.interfere(request(Msg.VM_LOOKUP_NAME).becomes(answer(RmError.OK, concatBytes(u32s(1), u16x2(PEER)))));
      t.bench.inject([vmStatus(PEER, VmState.READY)]);
      yield* t.until(() => peers(t).length > 0);
      t.expect(peers(t).join() === `peer ${NAME} ${PEER}`, `after READY: ${peers(t).join() || 'nothing'}`);
    },
  },
  {
    ...check(
      'LOOK-3',
      'G',
      'M',
      'C',
      'R',
      'padding of identities',
      'Identities of 1, 2, 3 and 5 bytes are parsed exactly; a wrong total is refused.',
    ),
    needs: 'guest',
    *run(t) {
      const list = [1, 2, 3, 5].map((n, type) => [type, pattern(n, n)] as const);
      const whole = concatBytes(u32s(list.length), ...list.map(([type, b]) => identity(type, b)));
      const ids = (): string => t.events.filter((e) => e.startsWith(`id ${PEER} `)).join();
      const answers = (data: Uint8Array): void =>
        t.interfere(request(Msg.VM_GET_ID).once().becomes(answer(RmError.OK, data)));
      answers(whole);
      t.expect((yield* t.guest('identify', String(PEER))) === 'ok', 'the identities were refused');
      const want = list.map(([type, b]) => `id ${PEER} ${type} ${toHex(b)}`).join();
      t.expect(ids() === want, `read as: ${ids()}\n  expected: ${want}`);
      for (const wrong of [whole.subarray(0, whole.length - 4), concatBytes(whole, u32s(0))]) {
        answers(wrong);
        const text = yield* t.guest('identify', String(PEER));
        t.expect(text.startsWith('error'), `${wrong.length} bytes instead of ${whole.length} passed`);
      }
      t.expect((yield* t.guest('identify', '3')) === 'ok', "RM's own list was refused");
    },
  },
  {
    ...check(
      'LOOK-4',
      'G',
      'M',
      'C',
      'H',
      'lengths of notifications',
      'Notifications a byte too short or too long are dropped.',
    ),
    needs: 'guest',
    *run(t) {
      yield* t.rest();
      for (const [id, right] of NOTES) {
        const before = heard(t, id);
        t.bench.inject([notify(id, right)]);
        yield* t.until(() => heard(t, id) > before, 100 * MS);
        t.expect(heard(t, id) === before + 1, `${messageName(id)} of ${right.length} bytes was dropped`);
        for (const wrong of [right.subarray(0, right.length - 1), concatBytes(right, new Uint8Array(1))]) {
          t.bench.inject([notify(id, wrong)]);
          yield* t.rest(10 * MS);
          t.expect(
            heard(t, id) === before + 1,
            `${messageName(id)} of ${wrong.length} bytes instead of ${right.length} was taken`,
          );
        }
      }
    },
  },
  {
    ...check(
      'LOOK-5',
      'G',
      'S',
      'Md',
      'R',
      'console under pressure',
      'BUSY or slow console writes lose nothing, and none is empty.',
    ),
    needs: 'guest',
    *run(t) {
      const text = toHex(pattern(700, 3));
      let busy = 2;
      const taken: string[] = [];
      t.interfere(
        request(Msg.VM_CONSOLE_WRITE).becomes((p, m) => {
          if (busy-- > 0) return answer(RmError.BUSY)(p, m);
          taken.push(toHex(m.payload.subarray(4)));
          return delay(3 * MS)(answer(RmError.OK)(p, m), m);
        }),
      );
      const end = yield* t.guest('console', text);
      t.expect(end === 'ok' || end.startsWith('error'), `the write ended: ${end}`);
      t.expect(
        end !== 'ok' || taken.join('') === text,
        `${taken.join('').length / 2} of ${text.length / 2} bytes arrived in order`,
      );
      busy = Number.POSITIVE_INFINITY;
      const before = t.sent(Msg.VM_CONSOLE_WRITE).length;
      t.expect(
        (yield* t.guest('console', '0d0a')).startsWith('error'),
        'a write that never succeeded was not reported',
      );
      const tries = t.sent(Msg.VM_CONSOLE_WRITE).length - before;
      t.expect(tries <= 50, `${tries} tries of one write`);
      yield* t.guest('console', '-');
      t.expect(
        t.sent(Msg.VM_CONSOLE_WRITE).every((m) => m.payload.length > 4),
        'an empty VM_CONSOLE_WRITE',
      );
    },
  },
  {
    ...check(
      'LOOK-6',
      'G',
      'S',
      'H',
      'R',
      'lent interrupt',
      "Accepting and releasing a lent interrupt follows RM's order.",
    ),
    needs: 'guest',
    *run(t) {
      const handle = yield* lentHandle(t);
      for (let round = 0; round < 2; round++) {
        t.expect((yield* t.guest('irqaccept', String(handle))) === 'ok', 'the interrupt was not accepted');
        t.expect(t.events.includes(`irq ${handle} ${LENT_IRQ}`), 'the interrupt number of the reply was not used');
        t.expect((yield* t.guest('irqrelease', String(handle))) === 'ok', 'the interrupt was not released');
      }
      const steps = t.bench.audit.requests
        .map((m) => [m.id, m.payload] as const)
        .filter(([id]) => id === Msg.VM_IRQ_ACCEPT || id === Msg.VM_IRQ_RELEASE || id === Msg.VM_IRQ_NOTIFY);
      const words = steps.map(([id, p]) => (id === Msg.VM_IRQ_NOTIFY ? `NOTIFY ${p[4]}` : messageName(id)));
      const round = 'VM_IRQ_ACCEPT,NOTIFY 4,VM_IRQ_RELEASE,NOTIFY 2';
      t.expect(words.join() === `${round},${round}`, `requests: ${words.join()}`);
      t.expect(
        steps.every(([, p]) => le32(p, 0) === handle),
        'a request names another handle',
      );
    },
  },
];
