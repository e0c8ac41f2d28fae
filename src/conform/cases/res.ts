/** RES: hypervisor resources (fact base: rm-rpc-messages 5, clients 10; catalog 11). */
import { concatBytes, le32, put16, put32, put64 } from '../../base/index.js';
import { Call, Msg } from '../../protocol/index.js';
import { answer, payload, reply, replyPayload, request } from '../interfere/index.js';
import { type Tester, u32s } from '../tester.js';
import { type Case, check, type Script } from '../types.js';

export interface Entry {
  type: number;
  label: number;
  cap?: bigint;
  virq?: number;
  virqHandle?: number;
  noise?: boolean;
}

/** One entry of 44 bytes; every field that a client must not confuse has a value of its own. */
export function entry(e: Entry): Uint8Array {
  const b = new Uint8Array(44);
  b[0] = e.type;
  if (e.noise) {
    b[1] = 0x5a;
    put16(b, 2, 0xabcd);
    put32(b, 4, 0x1234_5678);
    put32(b, 20, 0x9abc_def0);
    put64(b, 28, 0x1122_3344_5566_7788n);
    put64(b, 36, 0x99aa_bbcc_ddee_ff00n);
  }
  put32(b, 8, e.label);
  put64(b, 12, e.cap ?? 0x77n);
  if (e.virqHandle !== undefined) put32(b, 20, e.virqHandle);
  put32(b, 24, e.virq ?? 962);
  return b;
}

/** VM_GET_HYP_RESOURCES answered with this. */
export const resources = (count: number, entries: readonly Entry[]) =>
  reply(Msg.VM_GET_HYP_RESOURCES).becomes(payload(replyPayload(0, concatBytes(u32s(count), ...entries.map(entry)))));

const VCPU0: Entry = { type: 4, label: 0, cap: 0x1_0000_0003n, virq: 962 };

/** A start with this list: must it work? `either`: it may be refused, but cleanly. */
function* startWith(t: Tester, count: number, entries: readonly Entry[], want: 'ok' | 'error' | 'either'): Script {
  t.interfere(resources(count, entries));
  yield* t.create();
  const text = yield* t.vm('start');
  if (want !== 'either') t.expect(text.startsWith(want), `start: ${text}`);
  yield* t.vmOk('destroy');
}

const listed = (t: Tester): string[] =>
  t.events.filter((e) => e.startsWith('resource a ')).map((e) => e.slice('resource a '.length));

/** A handle that no other field has. */
const HANDLE = 0x0bad_cafe;

/** Arguments of the calls to doorbells, `CAP,...`. */
const bellCalls = (t: Tester, num: number, args = 2): string[] =>
  t.bench.calls
    .filter((c) => c.num === num)
    .map((c) =>
      c.x
        .slice(0, args)
        .map((v) => v.toString(16))
        .join(),
    );

export const res: Case[] = [
  {
    ...check(
      'RES-1',
      'V',
      'M',
      'H',
      'R',
      'layout of an entry',
      'The fields of a 44-byte entry are found; capability ids have 64 bits.',
    ),
    *run(t) {
      yield* startWith(t, 1, [{ ...VCPU0, noise: true }], 'ok');
      t.expect(listed(t)[0] === '4 0 100000003 962', `read as: ${listed(t)[0]}`);
    },
  },
  {
    ...check('RES-2', 'V', 'M', 'C', 'H', 'count too large', 'A count that exceeds the entries is refused.'),
    *run(t) {
      yield* startWith(t, 10, [VCPU0, { type: 0, label: 1 }], 'error');
    },
  },
  {
    ...check(
      'RES-3',
      'V',
      'S',
      'Md',
      'L',
      'count too small',
      'Entries behind the announced ones are ignored, or the list is refused.',
    ),
    *run(t) {
      yield* startWith(t, 1, [VCPU0, { type: 0, label: 1 }], 'either');
      t.expect(listed(t).length <= 1, 'an entry that was not announced was used');
    },
  },
  {
    ...check('RES-4', 'V', 'M', 'C', 'H', 'count 0xffffffff', 'A count whose size overflows is refused.'),
    *run(t) {
      yield* startWith(t, 0xffffffff, [VCPU0], 'error');
    },
  },
  {
    ...check(
      'RES-5',
      'V',
      'M',
      'Md',
      'R',
      'no entries',
      'An empty list is accepted; using what is missing fails cleanly.',
    ),
    *run(t) {
      t.interfere(resources(0, []));
      yield* t.up();
      t.expect((yield* t.vm('run', 'a', '0')).startsWith('error'), 'a vCPU that is not listed runs');
      yield* t.vmOk('destroy');
    },
  },
  {
    ...check('RES-6', 'V', 'M', 'C', 'H', 'empty success', 'A success without a count is refused.'),
    *run(t) {
      t.interfere(reply(Msg.VM_GET_HYP_RESOURCES).becomes(payload(replyPayload(0))));
      yield* t.create();
      t.expect((yield* t.vm('start')).startsWith('error'), 'a list without a count passed');
      yield* t.vmOk('destroy');
    },
  },
  {
    ...check('RES-7', 'V', 'M', 'H', 'L', 'unknown type', 'Entries of unknown type are ignored or kept unused.'),
    *run(t) {
      yield* startWith(t, 3, [{ type: 11, label: 0 }, { type: 200, label: 1 }, VCPU0], 'ok');
    },
  },
  {
    ...check(
      'RES-8',
      'V',
      'M',
      'H',
      'L',
      'duplicate entry',
      'Of two entries with the same type and label the first is used; nothing is freed twice.',
    ),
    *run(t) {
      yield* startWith(t, 2, [VCPU0, { ...VCPU0, cap: 0x99n }], 'either');
      t.expect(!listed(t).some((l) => l.startsWith('4 0 99')), 'the second entry was used');
    },
  },
  {
    ...check(
      'RES-9',
      'V',
      'M',
      'Md',
      'R',
      'missing vCPU',
      'A vCPU that RM does not list fails to run; the others work.',
    ),
    *run(t) {
      yield* t.up();
      t.expect((yield* t.vm('run', 'a', '2')).startsWith('error'), 'vCPU 2 of 2 runs');
      yield* t.vmOk('destroy');
    },
  },
  {
    ...check(
      'RES-10',
      'V',
      'M',
      'H',
      'R',
      'no extents, no address space',
      'A client that wants resources of types 9 and 10 fails cleanly without them.',
    ),
    *run(t) {
      // The real list of the open RM: it has neither type.
      yield* t.create();
      yield* t.vm('start');
      t.expect(!listed(t).some((l) => /^(9|10) /.test(l)), 'the open RM listed types 9 or 10');
      yield* t.vmOk('destroy');
    },
  },
  {
    ...check('RES-11', 'V', 'M', 'H', 'R', 'interrupt 0', 'A resource with interrupt 0 has no interrupt.'),
    *run(t) {
      yield* startWith(t, 2, [VCPU0, { type: 2, label: 16, virq: 0 }], 'ok');
    },
  },
  {
    ...check(
      'RES-12',
      'V',
      'M',
      'H',
      'R',
      'interrupt 0xffffffff',
      'A vCPU without wake-up interrupt leaves the VM usable, or is refused clearly.',
    ),
    *run(t) {
      yield* startWith(t, 1, [{ ...VCPU0, virq: 0xffffffff }], 'ok');
    },
  },
  {
    ...check(
      'RES-13',
      'V',
      'M',
      'Md',
      'L',
      'interrupt outside the ranges',
      'Interrupts 16, 31, 1020, 4095 and 5120 are refused cleanly.',
    ),
    *run(t) {
      yield* startWith(
        t,
        5,
        [16, 31, 1020, 4095, 5120].map((virq, label) => ({ type: 2, label, virq })),
        'either',
      );
    },
  },
  {
    ...check('RES-14', 'V', 'S', 'Md', 'L', 'extended interrupt', 'Interrupt 4096 is an interrupt.'),
    *run(t) {
      yield* startWith(t, 1, [{ ...VCPU0, virq: 4096 }], 'ok');
      t.expect(listed(t)[0]?.endsWith(' 4096') === true, `read as: ${listed(t)[0]}`);
    },
  },
  {
    ...check(
      'RES-15',
      'V',
      'S',
      'L',
      'L',
      'fields without meaning',
      'Partner, handles, base, size and byte 1 have no effect.',
    ),
    *run(t) {
      yield* startWith(
        t,
        2,
        [
          { ...VCPU0, noise: true },
          { type: 0, label: 16, cap: 0x55n, noise: true },
        ],
        'ok',
      );
      t.expect(listed(t).join('; ') === '4 0 100000003 962; 0 16 55 962', `read as: ${listed(t).join('; ')}`);
    },
  },
  {
    ...check(
      'RES-16',
      'V',
      'M',
      'H',
      'R',
      'doorbell label',
      'Signalling label n rings exactly the doorbell of label n.',
    ),
    needs: 'bell',
    *run(t) {
      yield* t.up('a', 'bells=17:edge,16:edge,18:edge', undefined, 0, { bells: [16, 17, 18] });
      const caps = listed(t)
        .map((l) => l.split(' '))
        .filter((w) => w[0] === '0');
      for (const label of ['18', '16', '17']) {
        const cap = caps.find((w) => w[1] === label)?.[2];
        const before = bellCalls(t, Call.DOORBELL_SEND).length;
        yield* t.vmOk('ring', 'a', label);
        const made = bellCalls(t, Call.DOORBELL_SEND).slice(before);
        t.expect(
          made.join() === `${cap},1`,
          `label ${label}: doorbell_send ${made.join('; ') || 'not made'}, expected ${cap},1`,
        );
      }
      t.expect((yield* t.vm('ring', 'a', '19')).startsWith('error'), 'label 19 was rung');
      t.expect(bellCalls(t, Call.DOORBELL_SEND).length === 3, 'another doorbell was rung for label 19');
      yield* t.vmOk('destroy');
    },
  },
  {
    ...check('RES-17', 'V', 'S', 'Md', 'R', 'level doorbell', 'A level doorbell gets its masks set once.'),
    needs: 'bell',
    *run(t) {
      yield* t.up('a', 'bells=16:edge,17:level', undefined, 0, { bells: [16, 17] });
      const cap = listed(t)
        .map((l) => l.split(' '))
        .find((w) => w[0] === '0' && w[1] === '17')?.[2];
      yield* t.vmOk('ring', 'a', '17');
      yield* t.vmOk('ring', 'a', '16');
      const made = bellCalls(t, Call.DOORBELL_MASK, 3);
      t.expect(
        made.join('; ') === `${cap},1,1`,
        `doorbell_mask: ${made.join('; ') || 'not made'}, expected ${cap},1,1`,
      );
      yield* t.vmOk('destroy');
    },
  },
  {
    ...check(
      'RES-18',
      'V',
      'S',
      'H',
      'L',
      'lent interrupt',
      'A resource with a virtual interrupt handle leads to VM_IRQ_ACCEPT and later VM_IRQ_RELEASE.',
    ),
    needs: 'irq',
    *run(t) {
      t.interfere(
        resources(2, [VCPU0, { type: 1, label: 20, virq: 0xffffffff, virqHandle: HANDLE }]),
        request(Msg.VM_IRQ_ACCEPT).becomes(answer(0, u32s(970))),
        request(Msg.VM_IRQ_RELEASE).becomes(answer(0)),
      );
      yield* t.up();
      const accepted = t.sent(Msg.VM_IRQ_ACCEPT).map((m) => le32(m.payload, 0));
      t.expect(accepted.join() === String(HANDLE), `VM_IRQ_ACCEPT of handles ${accepted.join() || 'none'}`);
      t.expect(t.sent(Msg.VM_IRQ_RELEASE).length === 0, 'VM_IRQ_RELEASE while the VM runs');
      yield* t.vmOk('destroy');
      const released = t.sent(Msg.VM_IRQ_RELEASE).map((m) => le32(m.payload, 0));
      t.expect(released.join() === String(HANDLE), `VM_IRQ_RELEASE of handles ${released.join() || 'none'}`);
    },
  },
];
