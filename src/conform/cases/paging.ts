/**
 * MEM-15 to 17, PROXY-18 and 19: guest memory on demand (fact base: clients 7.1, 9.1, 9.2, 11). The open RM and hypervisor have none
 * of it, so the test answers: the messages, extents and an address space in the list of resources, the page faults, donations and
 * mappings.
 */
import { le32, le64 } from '../../base/index.js';
import { Call, HypError, Msg, Platform } from '../../protocol/index.js';
import { answer, call, type Rule, request } from '../interfere/index.js';
import type { Tester } from '../tester.js';
import { type Case, check, type Script } from '../types.js';
import { resources } from './res.js';

const MS = 1_000_000;
const SET_DEMAND_PAGING = 0x5600_0033;
const SET_ADDRESS_LAYOUT = 0x5600_0034;
const PAGE = Platform.PAGE_SIZE;
const FAULT = 7n;
const WAITS = 1n;

const RAM = 0x8000_0000;
const HOST = 0x6000_0000;
const READ_ONLY = 0x8100_0000;
const HOLE = 0x9000_0000;
const LENT = `ram=lend:${RAM}:1048576:${HOST},lend:${READ_ONLY}:65536:${HOST + 0x10_0000}:ro,share:2281701376:65536:${HOST + 0x20_0000}`;

const VCPU = [0x1_0000_0003n, 0x1_0000_0004n] as const;
const SPACE = 0x101n;
const GUEST_PRIVATE = 0x201n;
const HOST_PRIVATE = 0x203n;

/** What such an RM would do. */
const PAGING: readonly Rule[] = [
  request(SET_DEMAND_PAGING).becomes(answer(0)),
  request(SET_ADDRESS_LAYOUT).becomes(answer(0)),
  resources(7, [
    { type: 4, label: 0, cap: VCPU[0], virq: 962 },
    { type: 4, label: 1, cap: VCPU[1], virq: 963 },
    { type: 9, label: 0, cap: GUEST_PRIVATE, virq: 0 },
    { type: 9, label: 1, cap: 0x202n, virq: 0 },
    { type: 9, label: 2, cap: HOST_PRIVATE, virq: 0 },
    { type: 9, label: 3, cap: 0x204n, virq: 0 },
    { type: 10, label: 0, cap: SPACE, virq: 0 },
  ]),
];

type Fault = readonly [address: number, write: boolean];

/** Every vCPU misses these pages one after the other, then waits. */
function faults(t: Tester, list: readonly Fault[]): void {
  const at = new Map<bigint, number>();
  t.interfere(
    call(Call.VCPU_RUN, (_, x) => {
      const n = at.get(x[0]) ?? 0;
      at.set(x[0], n + 1);
      const fault = list[n];
      return fault === undefined
        ? [0n, WAITS, 0n, 0n, 0n, 0n, 0n, 0n]
        : [0n, FAULT, BigInt(fault[0]), fault[1] ? 1n : 0n, 0n, 0n, 0n, 0n];
    }),
  );
}

/** A hypercall ends with these errors, later ones with OK. */
const ends = (num: number, errors: readonly number[] = []): Rule =>
  call(num, (hit) => [BigInt.asUintN(64, BigInt(errors[hit] ?? HypError.OK)), 0n, 0n, 0n, 0n, 0n, 0n, 0n]);

const made = (t: Tester, num: number) => t.bench.calls.filter((c) => c.num === num);
const ran = (t: Tester): number => t.events.filter((e) => e.startsWith('ran a ')).length;
const covers = (at: bigint, size: bigint, place: number): boolean =>
  at <= BigInt(place) && at + size >= BigInt(place + PAGE) && at % BigInt(PAGE) === 0n && size % BigInt(PAGE) === 0n;

/** Donations of the host page: 'out' to the guest's extent, 'back' to the host's. */
const donations = (t: Tester, host: number): string[] =>
  made(t, Call.MEMEXTENT_DONATE)
    .filter(({ x }) => covers(x[3], x[4], host))
    .map(({ x }) =>
      x[1] === HOST_PRIVATE && x[2] === GUEST_PRIVATE
        ? 'out'
        : x[1] === GUEST_PRIVATE && x[2] === HOST_PRIVATE
          ? 'back'
          : `0x${x[1].toString(16)} to 0x${x[2].toString(16)}`,
    );

/** Mappings of the guest page. */
const mappings = (t: Tester, page: number) =>
  made(t, Call.ADDRSPACE_MAP).filter(({ x }) => x[0] === SPACE && covers(x[2], x[6], page));

function* faulting(
  t: Tester,
  list: readonly Fault[],
  donate: readonly number[] = [],
  map: readonly number[] = [],
): Script {
  t.interfere(...PAGING);
  yield* t.up('a', LENT);
  faults(t, list);
  t.interfere(ends(Call.MEMEXTENT_DONATE, donate), ends(Call.ADDRSPACE_MAP, map), ends(Call.ADDRSPACE_UNMAP));
  yield* t.vmOk('run', 'a', '0');
  yield* t.rest(50 * MS);
}

function* listed(t: Tester, name: string, words: string, index: number): Script<Uint8Array[]> {
  const before = t.sent(SET_DEMAND_PAGING).length;
  yield* t.up(name, words, undefined, index);
  yield* t.vmOk('destroy', name);
  return t
    .sent(SET_DEMAND_PAGING)
    .slice(before)
    .map((m) => m.payload);
}

const ranges = (b: Uint8Array): { ipa: number; size: number }[] =>
  Array.from({ length: Math.floor((b.length - 8) / 16) }, (_, i) => ({
    ipa: Number(le64(b, 8 + i * 16)),
    size: Number(le64(b, 16 + i * 16)),
  }));

export const pagingMem: Case[] = [
  {
    ...check('MEM-15', 'V', 'M', 'H', 'L', 'demand-paging list', 'The list names lent ranges only, in whole pages.'),
    needs: 'paging',
    *run(t) {
      t.interfere(...PAGING);
      const [list, ...more] = yield* listed(t, 'a', LENT, 0);
      t.expect(list !== undefined && more.length === 0, 'VM_SET_DEMAND_PAGING was not sent once');
      const [config, paging, init] = t.places(Msg.VM_CONFIG_IMAGE, SET_DEMAND_PAGING, Msg.VM_INIT);
      t.expect(config < paging && paging < init, 'VM_SET_DEMAND_PAGING is not between VM_CONFIG_IMAGE and VM_INIT');
      t.expect(list.length === 8 + 16 * le32(list, 4), `${list.length} bytes for ${le32(list, 4)} ranges`);
      const text = ranges(list).map((r) => `${r.ipa.toString(16)}+${r.size.toString(16)}`);
      t.expect(text.join() === '80000000+100000,81000000+10000', `ranges ${text.join()}`);
      const [odd] = yield* listed(t, 'b', `ram=lend:${RAM}:9029:${HOST}`, 1);
      t.expect(
        ranges(odd).every((r) => r.ipa % PAGE === 0 && r.size % PAGE === 0 && r.size >= 9029),
        'a range that is no multiple of a page',
      );
      const none = yield* listed(t, 'c', '', 2);
      const shared = yield* listed(t, 'd', `ram=share:${RAM}:65536:${HOST}`, 3);
      t.expect(none.length + shared.length === 0, 'an empty list was sent');
    },
  },
  {
    ...check(
      'MEM-16',
      'V',
      'M',
      'C',
      'L',
      'donate, then map',
      'A page is donated before it is mapped, and donated back when mapping fails.',
    ),
    needs: 'paging',
    *run(t) {
      const [good, bad] = [0x3000, 0x8000];
      yield* faulting(
        t,
        [
          [RAM + good + 0x123, true],
          [RAM + bad, false],
        ],
        [],
        [HypError.OK, HypError.NOMEM],
      );
      const order = t.bench.calls
        .map((c) => c.num)
        .filter((n) => n === Call.VCPU_RUN || n === Call.MEMEXTENT_DONATE || n === Call.ADDRSPACE_MAP);
      const want = [Call.VCPU_RUN, Call.MEMEXTENT_DONATE, Call.ADDRSPACE_MAP, Call.VCPU_RUN];
      t.expect(
        want.every((n, i) => order[i] === n),
        'the page is not donated, mapped, and the vCPU run again, in this order',
      );
      t.expect(donations(t, HOST + good).join() === 'out', `the first page: ${donations(t, HOST + good).join()}`);
      t.expect(mappings(t, RAM + good).length === 1, 'the first page was not mapped once');
      t.expect(
        donations(t, HOST + bad).join() === 'out,back',
        `the page that could not be mapped was donated: ${donations(t, HOST + bad).join()}; expected: out,back`,
      );
      t.expect(ran(t) === 1, 'the fault was not reported');
      yield* t.vmOk('destroy');
    },
  },
  {
    ...check('MEM-17', 'V', 'M', 'H', 'L', 'donate refused', 'A page whose donation fails stays with the host.'),
    needs: 'paging',
    *run(t) {
      yield* faulting(t, [[RAM + 0x5000, true]], [HypError.DENIED]);
      t.expect(donations(t, HOST + 0x5000).join() === 'out', `donations: ${donations(t, HOST + 0x5000).join()}`);
      t.expect(mappings(t, RAM + 0x5000).length === 0, 'the page was mapped all the same');
      t.expect(ran(t) === 1, 'the fault was not reported');
      yield* t.vmOk('destroy');
      t.expect(donations(t, HOST + 0x5000).join() === 'out', 'the page was donated back although it was never given');
    },
  },
];

export const pagingProxy: Case[] = [
  {
    ...check('PROXY-18', 'V', 'M', 'H', 'L', 'page fault', 'A page fault is served or becomes a fault of the guest.'),
    needs: 'paging',
    *run(t) {
      yield* faulting(t, [
        [RAM, false],
        [RAM + 0x1000, true],
        [READ_ONLY, false],
        [HOLE, false],
        [HOLE, true],
        [READ_ONLY + 0x1000, true],
      ]);
      t.expect(ran(t) === 1, `a hole: the run ended ${ran(t)} times, once expected`);
      for (const page of [RAM, RAM + 0x1000, READ_ONLY])
        t.expect(mappings(t, page).length === 1, `page 0x${page.toString(16)} was not provided`);
      for (const what of ['a write to a hole', 'a write to read-only memory']) {
        const before = ran(t);
        yield* t.vmOk('run', 'a', '0');
        yield* t.rest(50 * MS);
        t.expect(ran(t) === before + 1, `${what}: the run does not end`);
      }
      t.expect(mappings(t, HOLE).length + mappings(t, READ_ONLY + 0x1000).length === 0, 'something was provided');
      yield* t.vmOk('destroy');
    },
  },
  {
    ...check(
      'PROXY-19',
      'V',
      'M',
      'C',
      'L',
      'page faults of two vCPUs',
      'A page that two vCPUs miss is provided once.',
    ),
    needs: 'paging',
    *run(t) {
      t.interfere(...PAGING);
      yield* t.up('a', LENT);
      faults(t, [[RAM + 0x7000, true]]);
      t.interfere(ends(Call.MEMEXTENT_DONATE), ends(Call.ADDRSPACE_MAP), ends(Call.ADDRSPACE_UNMAP));
      const tickets = ['0', '1'].map((n) => t.vmBegin('run', 'a', n));
      for (const n of tickets) yield* t.vmEnd(n, 'run');
      yield* t.rest(50 * MS);
      t.expect(donations(t, HOST + 0x7000).join() === 'out', `donations: ${donations(t, HOST + 0x7000).join()}`);
      t.expect(mappings(t, RAM + 0x7000).length === 1, `${mappings(t, RAM + 0x7000).length} mappings`);
      for (const cap of VCPU) {
        const n = made(t, Call.VCPU_RUN).filter((c) => c.x[0] === cap).length;
        t.expect(n === 2, `vCPU 0x${cap.toString(16)} ran ${n} times, twice expected`);
      }
      yield* t.vmOk('destroy');
    },
  },
];
