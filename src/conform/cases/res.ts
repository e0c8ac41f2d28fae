/** RES: hypervisor resources (fact base: rm-rpc-messages 5, clients 10; catalog 11). */
import { concatBytes, put16, put32, put64 } from '../../base/index.js';
import { Msg } from '../../protocol/index.js';
import { payload, reply, replyPayload } from '../interfere/index.js';
import { type Tester, u32s } from '../tester.js';
import { type Case, check, type NotImplemented, type Script } from '../types.js';

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

export const res: (Case | NotImplemented)[] = [
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
    why: 'the upper tester has no command for doorbells',
  },
  {
    ...check('RES-17', 'V', 'S', 'Md', 'R', 'level doorbell', 'A level doorbell gets its masks set once.'),
    why: 'the upper tester has no command for doorbells',
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
    why: 'the open RM never lists a handle; only clients of other RMs can be asked for this',
  },
];
