/**
 * Commands of the life-cycle fuzzer: a name and a few small numbers, which are resolved against the model when the command
 * is carried out. So any part of a sequence is a sequence, and smaller numbers mean simpler commands: that makes shrinking
 * work (after fast-check's model commands).
 */
import { Msg, TransType, VmState } from '../../protocol/index.js';
import { GUESTS, IMAGE_SIZE, TREE_OFFSET, TREE_SIZE } from './guests.js';
import { bytes, HLOS, type ModelParcel, type ModelVm, RM, type World } from './world.js';

export interface Command {
  name: string;
  args: number[];
}

/** A request with its sender. */
export interface Request {
  from: number;
  id: number;
  payload: Uint8Array;
}

/** What a command comes to in a state of the model. */
export type Step =
  | { kind: 'request'; request: Request; image?: { at: number; guest: string } }
  /** Sent one after the other before RM runs. */
  | { kind: 'burst'; requests: Request[] }
  /** A packet that RM ignores. */
  | { kind: 'noise'; packet: Uint8Array; why: string }
  | { kind: 'stops'; vmid: number; reset: boolean }
  | { kind: 'reads'; vmid: number };

export interface CommandKind {
  /** How often it is chosen. */
  weight: number;
  /** Exclusive upper limit of each argument. */
  limits: readonly number[];
  /** Undefined: makes no sense in this state. */
  build(w: World, a: readonly number[]): Step | undefined;
}

const secondary = (w: World): ModelVm[] => [...w.vms.values()].filter((vm) => vm.vmid !== HLOS && vm.vmid !== RM);
const PICK = 40;
/** One in ten picks is none of the VMs. */
const STRANGE = [0x90, HLOS, RM, 0, 300, 5];

/** A VM to name: one that exists, or a strange number. */
function pick(w: World, a: number, suits: (vm: ModelVm) => boolean = () => true): number | undefined {
  if (a >= PICK - 4) return STRANGE[(a + secondary(w).length) % STRANGE.length];
  const all = secondary(w);
  const fitting = all.filter(suits);
  // Mostly one that fits, sometimes any: wrong states are part of the game.
  const from = fitting.length > 0 && a < PICK - 10 ? fitting : all;
  return from.length === 0 ? undefined : from[a % from.length].vmid;
}

const inState =
  (...states: number[]) =>
  (vm: ModelVm): boolean =>
    states.includes(vm.state);

const parcelOf = (w: World, a: number, suits: (p: ModelParcel) => boolean = () => true): ModelParcel | undefined => {
  const fitting = w.parcels.filter(suits);
  const from = fitting.length > 0 && a < PICK - 10 ? fitting : w.parcels;
  return from.length === 0 ? undefined : from[a % from.length];
};
const handleOf = (w: World, a: number, suits?: (p: ModelParcel) => boolean): number =>
  a >= PICK - 3 ? 0x1000 + a : (parcelOf(w, a, suits)?.handle ?? 0);

const from3 = (id: number, payload: Uint8Array): Step => ({ kind: 'request', request: { from: HLOS, id, payload } });

const vmRequest = (
  weight: number,
  id: number,
  suits: (vm: ModelVm) => boolean,
  rest: readonly [number, number][] = [[2, 0]],
): CommandKind => ({
  weight,
  limits: [PICK],
  build: (w, [a]) => {
    const vmid = pick(w, a, suits);
    return vmid === undefined ? undefined : from3(id, bytes([2, vmid], ...rest));
  },
});

const AREAS = 6;
export const areaAt = (area: number): number => 0x5000_0000 + area * 0x20_0000;
const pageAt = (slot: number): number => 0x5800_0000 + slot * 4096;
const GUEST_NAMES = Object.keys(GUESTS);

const acl = (...list: [number, number][]): (readonly [number, number])[] => [
  [2, list.length],
  [2, 0],
  ...list.flatMap(
    ([vmid, rights]) =>
      [
        [2, vmid],
        [1, rights],
        [1, 0],
      ] as [number, number][],
  ),
];
const sgl = (...list: [number, number][]): (readonly [number, number])[] => [
  [2, list.length],
  [2, 0],
  ...list.flatMap(
    ([ipa, size]) =>
      [
        [8, ipa],
        [8, size],
      ] as [number, number][],
  ),
];

const CREATE = [Msg.MEM_SHARE, Msg.MEM_LEND, Msg.MEM_DONATE] as const;

/** Guests that can be played: running, with a link, and their image readable and writable at its place. */
export const playable = (w: World): ModelVm[] =>
  secondary(w).filter((vm) => {
    if (vm.state !== VmState.RUNNING || !w.links.has(vm.vmid)) return false;
    const target = w.parcels.find((p) => p.handle === vm.memHandle)?.targets.find((t) => t.vmid === vm.vmid);
    return target?.mapped === true && (target.rights & 6) === 6;
  });

const byGuest = (
  weight: number,
  limits: readonly number[],
  make: (w: World, vm: ModelVm, a: readonly number[]) => [number, Uint8Array] | undefined,
): CommandKind => ({
  weight,
  limits: [PICK, ...limits],
  build: (w, [a, ...rest]) => {
    const guests = playable(w);
    if (guests.length === 0) return undefined;
    const vm = guests[a % guests.length];
    const made = make(w, vm, rest);
    return made === undefined
      ? undefined
      : { kind: 'request', request: { from: vm.vmid, id: made[0], payload: made[1] } };
  },
});

const loanHandle = (w: World, a: number): number => {
  const irqs = [...w.loans.keys()];
  return (w.irqBase + (a >= PICK - 4 || irqs.length === 0 ? 77 : irqs[a % irqs.length])) >>> 0;
};

/** Requests with nothing to choose but a VM, for queries and bursts. */
const QUERIES = [
  Msg.VM_GET_STATE,
  Msg.VM_GET_ID,
  Msg.VM_GET_HYP_RESOURCES,
  Msg.VM_GET_CRASH_MSG,
  Msg.VM_GET_VMID,
  Msg.VM_GET_PEERS,
  Msg.VM_GET_OWNER,
  Msg.VM_HOST_GET_TYPE,
] as const;

function query(w: World, q: number, a: number): [number, Uint8Array] {
  const id = QUERIES[q % QUERIES.length];
  const vmid = pick(w, a) ?? HLOS;
  return [id, q % QUERIES.length < 4 ? bytes([2, vmid], [2, 0]) : new Uint8Array(0)];
}

const ODD_IDS = [Msg.VM_SUSPEND, Msg.VM_GET_HYP_CAPIDS, Msg.IPA_UNRESERVE, 0x5600_00ff, 0x5100_0016, 0x1234_5678];

export const COMMANDS: Readonly<Record<string, CommandKind>> = {
  allocate: {
    weight: 8,
    limits: [20],
    build: (w, [a]) =>
      secondary(w).length >= AREAS
        ? undefined
        : from3(Msg.VM_ALLOCATE, bytes([2, a < 15 ? 0 : [4, 5, 31, 32, 128][a - 15]], [2, 0])),
  },
  image: {
    // VM, area, guest, rights, way
    weight: 16,
    limits: [PICK, AREAS, GUEST_NAMES.length * 3, 12, 12],
    build: (w, [a, area, g, r, way]) => {
      const vmid = pick(
        w,
        a,
        (vm) => vm.state === VmState.LOAD && !w.parcels.some((p) => p.targets.some((t) => t.vmid === vm.vmid)),
      );
      if (vmid === undefined) return undefined;
      // The first kinds of guests are the interesting ones.
      const guest = g < GUEST_NAMES.length ? GUEST_NAMES[g] : GUEST_NAMES[g % 2];
      const rights = r < 9 ? 7 : r - 5;
      const type = way < 9 ? 0 : way - 9;
      const list: [number, number][] =
        type === 0
          ? [
              [vmid, rights],
              [HLOS, 6],
            ]
          : [[vmid, rights]];
      const payload = bytes([4, 0], [4, 0x1d], ...acl(...list), ...sgl([areaAt(area), IMAGE_SIZE]));
      return {
        kind: 'request',
        request: { from: HLOS, id: CREATE[type], payload },
        image: { at: areaAt(area), guest },
      };
    },
  },
  share: {
    // VM, slot, pages, rights, way, flags
    weight: 8,
    limits: [PICK, 24, 3, 6, 6, 8],
    build: (w, [a, slot, pages, r, way, flags]) => {
      const vmid = pick(w, a);
      if (vmid === undefined) return undefined;
      const type = way % 3;
      const list: [number, number][] = [[vmid, r < 4 ? 7 : r]];
      if (type === 0 || way === 5) list.push([HLOS, 6]);
      const payload = bytes(
        [1, way === 4 ? 2 : 0],
        [1, 0],
        [1, flags >= 4 ? flags & 3 : 0],
        [1, 0],
        [4, 2 + (slot % 3)],
        ...acl(...list),
        ...sgl([pageAt(slot), (pages + 1) * 4096]),
      );
      return from3(CREATE[type], payload);
    },
  },
  shareMany: {
    // Scattered pages: a request of several packets. VM, number of pages, way.
    weight: 2,
    limits: [PICK, 40, 3],
    build: (w, [a, count, type]) => {
      const vmid = pick(w, a);
      if (vmid === undefined) return undefined;
      const list: [number, number][] = [[vmid, 7]];
      if (type === 0) list.push([HLOS, 6]);
      const pages = Array.from({ length: count + 1 }, (_, i) => [pageAt(64 + 2 * i), 4096] as [number, number]);
      return from3(CREATE[type], bytes([4, 0], [4, 6], ...acl(...list), ...sgl(...pages)));
    },
  },
  append: {
    weight: 2,
    limits: [PICK, 24, 2],
    build: (w, [a, slot, done]) => {
      const building = parcelOf(w, a, (p) => p.state === 0);
      if (building === undefined || w.taken.has(pageAt(slot))) return undefined;
      return from3(Msg.MEM_APPEND, bytes([4, building.handle], [1, done], [3, 0], ...sgl([pageAt(slot), 4096])));
    },
  },
  configure: {
    // VM, auth, dt size, parcel
    weight: 14,
    limits: [PICK, 16, 12, 10],
    build: (w, [a, auth, dt, other]) => {
      const vmid = pick(
        w,
        a,
        (vm) => vm.state === VmState.LOAD && w.parcels.some((p) => p.targets.some((t) => t.vmid === vm.vmid)),
      );
      if (vmid === undefined) return undefined;
      const own = w.parcels.filter((p) => p.size === IMAGE_SIZE && p.targets.some((t) => t.vmid === vmid));
      const handle = other < 9 && own.length > 0 ? own[own.length - 1].handle : handleOf(w, other);
      const size = dt < 10 ? TREE_SIZE : dt === 10 ? 0x100 : 0x4_0000;
      const type = auth < 11 ? 0 : auth < 14 ? 1 : auth - 12;
      return from3(
        Msg.VM_CONFIG_IMAGE,
        bytes([2, vmid], [2, type], [4, handle], [8, 0], [8, 0x1000], [8, TREE_OFFSET], [8, size]),
      );
    },
  },
  authenticate: vmRequest(4, Msg.VM_AUTH_IMAGE, inState(VmState.AUTH)),
  init: vmRequest(14, Msg.VM_INIT, inState(VmState.INIT)),
  start: vmRequest(14, Msg.VM_START, inState(VmState.READY)),
  stop: {
    weight: 5,
    limits: [PICK, 2],
    build: (w, [a, soft]) => {
      const vmid = pick(w, a, (vm) => vm.state === VmState.RUNNING && (soft === 0 || w.links.has(vm.vmid)));
      return vmid === undefined ? undefined : from3(Msg.VM_STOP, bytes([2, vmid], [1, 1 - soft], [1, 0], [4, 9]));
    },
  },
  reset: vmRequest(10, Msg.VM_RESET, inState(VmState.EXITED, VmState.READY, VmState.INIT_FAILED)),
  deallocate: vmRequest(8, Msg.VM_DEALLOCATE, inState(VmState.LOAD, VmState.RESET)),
  reclaim: {
    weight: 8,
    limits: [PICK, 2],
    build: (w, [a, flags]) =>
      from3(Msg.MEM_RECLAIM, bytes([4, handleOf(w, a, (p) => p.state !== 2)], [1, flags], [3, 0])),
  },
  release: {
    weight: 1,
    limits: [PICK],
    build: (w, [a]) => from3(Msg.MEM_RELEASE, bytes([4, handleOf(w, a)], [4, 0])),
  },
  announce: {
    // parcel, flag, tag
    weight: 5,
    limits: [PICK, 5, 4],
    build: (w, [a, flag, tag]) => {
      const parcel = parcelOf(w, a, (p) => p.targets.some((t) => w.links.has(t.vmid) && t.vmid !== HLOS));
      if (parcel === undefined) return undefined;
      const target = parcel.targets.find((t) => w.links.has(t.vmid)) ?? parcel.targets[0];
      return from3(
        Msg.MEM_NOTIFY,
        bytes(
          [4, parcel.handle],
          [1, [1, 8, 2, 4, 3][flag]],
          [3, 0],
          [4, tag === 3 ? 1 : 0],
          [2, 1],
          [2, 0],
          [2, target.vmid],
          [2, 0],
        ),
      );
    },
  },
  lookup: {
    weight: 1,
    limits: [PICK],
    build: (w, [a]) => {
      const p = parcelOf(w, a);
      if (p === undefined) return undefined;
      const list = p.targets.map((t) => [t.vmid, t.rights] as [number, number]);
      const places = p.regions.map((r) => [r.ipa, r.size] as [number, number]);
      return from3(Msg.MEM_QCOM_LOOKUP_SGL, bytes([4, p.memType], [4, p.label], ...acl(...list), ...sgl(...places)));
    },
  },
  lend: {
    weight: 3,
    limits: [PICK, 8],
    build: (w, [a, irq]) => {
      const vmid = pick(w, a, (vm) => w.links.has(vm.vmid));
      if (vmid === undefined || vmid === HLOS) return undefined;
      return from3(Msg.VM_IRQ_LEND, bytes([2, vmid], [2, 0], [4, [100, 101, 102, 32, 255, 256, 1, 23][irq]], [4, 7]));
    },
  },
  unlend: { weight: 3, limits: [PICK], build: (w, [a]) => from3(Msg.VM_IRQ_RECLAIM, bytes([4, loanHandle(w, a)])) },
  tellLoan: {
    weight: 2,
    limits: [PICK, 4],
    build: (w, [a, flag]) => from3(Msg.VM_IRQ_NOTIFY, bytes([4, loanHandle(w, a)], [4, [1, 2, 4, 3][flag]])),
  },
  console: {
    weight: 3,
    limits: [PICK, 4],
    build: (w, [a, what]) => {
      const vmid = pick(w, a, (vm) => vm.console !== undefined);
      if (vmid === undefined) return undefined;
      const ids = [Msg.VM_CONSOLE_OPEN, Msg.VM_CONSOLE_WRITE, Msg.VM_CONSOLE_CLOSE, Msg.VM_CONSOLE_FLUSH];
      return from3(ids[what], what === 1 ? bytes([2, vmid], [2, 3], [3, 0x414243]) : bytes([2, vmid], [2, 0]));
    },
  },
  query: { weight: 8, limits: [8, PICK], build: (w, [q, a]) => from3(...query(w, q, a)) },
  clock: {
    weight: 1,
    limits: [PICK],
    build: (w, [a]) => from3(Msg.VM_SET_TIME_BASE, bytes([2, pick(w, a) ?? 0], [2, 0], [8, 1], [8, 2])),
  },
  reserve: {
    weight: 1,
    limits: [6],
    build: (_w, [a]) =>
      from3(
        Msg.IPA_RESERVE,
        bytes([4, a === 5 ? 2 : 0], [4, [0, 0x40, 4, 8, 0, 0][a]], [4, 0], [4, 1], [8, 0], [8, 4096]),
      ),
  },
  odd: {
    weight: 2,
    limits: [6, 3],
    build: (_w, [i, length]) => from3(ODD_IDS[i], new Uint8Array(length * 4)),
  },
  cut: {
    // Any request of the ones above with bytes cut off or added.
    weight: 5,
    limits: [64, 8, PICK],
    build: (w, [which, cut, a]) => {
      const names = CUTTABLE;
      const kind = COMMANDS[names[which % names.length]];
      const step = kind.build(
        w,
        kind.limits.map((limit, i) => (i === 0 ? a % limit : 0)),
      );
      if (step?.kind !== 'request') return undefined;
      const { payload } = step.request;
      const length = Math.max(0, payload.length + [-4, -1, 1, 4, -8, -payload.length, 8, -2][cut]);
      const changed = new Uint8Array(length);
      changed.set(payload.subarray(0, length));
      return { ...step, request: { ...step.request, payload: changed }, image: undefined };
    },
  },
  noise: {
    weight: 2,
    limits: [5],
    build: (_w, [what]) => ({
      kind: 'noise',
      why: ['shorter than a header', 'API version 2', 'a reply', 'a notification', 'a continuation of nothing'][what],
      packet: [
        bytes([4, 0x0101_0121]),
        bytes([1, 0x22], [1, 1], [2, 0], [4, Msg.VM_GET_VMID]),
        bytes([1, 0x21], [1, 2], [2, 0], [4, Msg.VM_GET_VMID]),
        bytes([1, 0x21], [1, 3], [2, 0], [4, Msg.VM_GET_VMID]),
        bytes([1, 0x21], [1, 0], [2, 0], [4, Msg.VM_GET_VMID]),
      ][what],
    }),
  },
  burst: {
    weight: 4,
    limits: [3, 8, PICK, 8, PICK, 8, PICK],
    build: (w, [n, ...rest]) => ({
      kind: 'burst',
      requests: Array.from({ length: n + 2 }, (_, i) => {
        const q = rest[(2 * i) % 6];
        // A reply of several packets would fill the queue.
        const [id, payload] = query(w, q === 2 ? 4 : q, rest[(2 * i + 1) % 6]);
        return { from: HLOS, id, payload };
      }),
    }),
  },
  resetAndAsk: {
    weight: 3,
    limits: [PICK, 8, PICK],
    build: (w, [a, q, b]) => {
      const vmid = pick(w, Math.min(a, PICK - 11), inState(VmState.EXITED, VmState.READY));
      if (vmid === undefined) return undefined;
      const [id, payload] = query(w, q === 2 ? 0 : q, b);
      const requests = [
        { from: HLOS, id: Msg.VM_RESET, payload: bytes([2, vmid], [2, 0]) },
        { from: HLOS, id, payload },
        { from: HLOS, id: Msg.VM_DEALLOCATE, payload: bytes([2, vmid], [2, 0]) },
      ];
      return { kind: 'burst', requests };
    },
  },
  guestReads: {
    weight: 4,
    limits: [PICK],
    build: (w, [a]) => {
      const guests = playable(w);
      return guests.length === 0 ? undefined : { kind: 'reads', vmid: guests[a % guests.length].vmid };
    },
  },
  guestStops: {
    weight: 4,
    limits: [PICK, 2],
    build: (w, [a, reset]) => {
      const guests = playable(w);
      return guests.length === 0
        ? undefined
        : { kind: 'stops', vmid: guests[a % guests.length].vmid, reset: reset === 1 };
    },
  },
  find: {
    // By URI, name or GUID: length of the text, and what is wrong with it.
    weight: 2,
    limits: [3, 6, 4],
    build: (_w, [by, length, wrong]) => {
      const id = [Msg.VM_LOOKUP_URI, Msg.VM_LOOKUP_NAME, Msg.VM_LOOKUP_GUID][by];
      const size = by === 2 ? 16 : 4 + Math.ceil(length / 4) * 4;
      const payload = new Uint8Array(wrong === 1 ? size + 4 : wrong === 2 ? 0 : size);
      if (by !== 2 && payload.length > 0) payload[0] = wrong === 3 ? 80 : length;
      if (by !== 2 && wrong === 0) payload.fill(0x66, 4, 4 + length);
      return from3(id, payload);
    },
  },
  firmware: {
    weight: 1,
    limits: [8, PICK],
    build: (w, [what, a]) => {
      const vmid = pick(w, a) ?? 0;
      const field = (v: number): Uint8Array => bytes([2, v], [2, what === 3 ? 1 : 0], [4, 0x1000], [8, 0], [8, 4096]);
      if (what === 0) return from3(Msg.FW_MILESTONE, new Uint8Array(0));
      if (what === 1) return from3(Msg.FW_MILESTONE, new Uint8Array(4));
      if (what < 5) return from3(Msg.FW_SET_VM_FIRMWARE, what === 4 ? new Uint8Array(8) : field(2));
      return from3(Msg.VM_SET_FIRMWARE_MEM, what === 5 ? new Uint8Array(8) : field(vmid));
    },
  },
  guestTries: byGuest(5, [64, PICK, 8], (w, _vm, [which, a, b]) => {
    // A request that is the primary VM's business.
    const kind = COMMANDS[CUTTABLE[which % CUTTABLE.length]];
    const step = kind.build(
      w,
      kind.limits.map((limit, i) => (i === 0 ? a : b) % limit),
    );
    return step?.kind === 'request' ? [step.request.id, step.request.payload] : undefined;
  }),
  guestAsks: byGuest(5, [8, PICK], (w, _vm, [q, a]) => query(w, q, a)),
  guestExits: byGuest(3, [5], (_w, _vm, [code]) => [Msg.VM_EXIT, bytes([2, 1], [1, code], [1, 0])]),
  guestCrash: byGuest(2, [9], (_w, _vm, [n]) => [
    Msg.VM_SET_CRASH_MSG,
    bytes(
      [2, n],
      [2, 0],
      ...Array.from({ length: Math.ceil(n / 4) * 4 }, (_, i) => [1, i < n ? 65 : 0] as [number, number]),
    ),
  ]),
  guestStatus: byGuest(2, [9], (_w, _vm, [os]) => [Msg.VM_SET_STATUS, bytes([1, 0], [1, os], [2, 5])]),
  guestAccepts: byGuest(7, [PICK, 12, 6], (w, vm, [a, flags, type]) => {
    const p = parcelOf(w, a, (q) => q.targets.some((t) => t.vmid === vm.vmid && !t.mapped));
    if (p === undefined) return undefined;
    const flag = [16, 0, 2, 4, 1, 8, 32, 16, 0, 16, 0, 0][flags] | 128;
    const list = p.targets.map((t) => [t.vmid, t.rights] as [number, number]);
    const trans = type === 5 ? (p.transType + 1) % 3 : p.transType;
    return [
      Msg.MEM_ACCEPT,
      bytes([4, p.handle], [1, p.memType], [1, trans], [1, flag], [1, 0], [4, p.label], ...acl(...list), ...sgl()),
    ];
  }),
  guestReleases: byGuest(4, [PICK, 2], (w, vm, [a, flags]) => {
    const p = parcelOf(w, a, (q) => q.handle !== vm.memHandle && q.targets.some((t) => t.vmid === vm.vmid && t.shared));
    return p === undefined ? undefined : [Msg.MEM_RELEASE, bytes([4, p.handle], [1, flags], [3, 0])];
  }),
  guestTells: byGuest(3, [PICK, 4], (w, vm, [a, flag]) => {
    const p = parcelOf(w, a, (q) => q.targets.some((t) => t.vmid === vm.vmid));
    return p === undefined
      ? undefined
      : [Msg.MEM_NOTIFY, bytes([4, p.handle], [1, [2, 4, 1, 8][flag]], [3, 0], [4, 0])];
  }),
  guestShares: byGuest(1, [3], (_w, vm, [type]) => [
    CREATE[type],
    bytes(
      [4, 0],
      [4, 9],
      ...acl(...([[HLOS, 7], ...(type === 0 ? [[vm.vmid, 7]] : [])] as [number, number][])),
      ...sgl([0x8000_0000, 4096]),
    ),
  ]),
  guestTakesIrq: byGuest(4, [PICK], (w, _vm, [a]) => [
    Msg.VM_IRQ_ACCEPT,
    bytes([4, loanHandle(w, a)], [4, 0xffff_ffff]),
  ]),
  guestReturnsIrq: byGuest(3, [PICK], (w, _vm, [a]) => [Msg.VM_IRQ_RELEASE, bytes([4, loanHandle(w, a)])]),
  guestTellsIrq: byGuest(2, [PICK, 3], (w, _vm, [a, f]) => [
    Msg.VM_IRQ_NOTIFY,
    bytes([4, loanHandle(w, a)], [4, [2, 4, 1][f]]),
  ]),
  guestConsole: byGuest(3, [4, 8], (_w, vm, [what, whom]) => {
    const ids = [Msg.VM_CONSOLE_OPEN, Msg.VM_CONSOLE_WRITE, Msg.VM_CONSOLE_CLOSE, Msg.VM_CONSOLE_FLUSH];
    const target = whom === 7 ? vm.vmid : 0;
    return [ids[what], what === 1 ? bytes([2, target], [2, 2], [2, 0x4242]) : bytes([2, target], [2, 0])];
  }),
};

const CUTTABLE = [
  'allocate',
  'share',
  'configure',
  'authenticate',
  'init',
  'start',
  'stop',
  'reset',
  'deallocate',
  'reclaim',
  'release',
  'announce',
  'lookup',
  'lend',
  'unlend',
  'tellLoan',
  'console',
  'query',
  'clock',
  'reserve',
];

export const transName = (id: number): string =>
  id === Msg.MEM_SHARE
    ? 'share'
    : id === Msg.MEM_LEND
      ? 'lend'
      : id === Msg.MEM_DONATE
        ? 'donate'
        : String(TransType.SHARE);
