/**
 * Commands of the life-cycle fuzzer: a name and a few small numbers, which are resolved against the model when the command
 * is carried out. So any part of a sequence is a sequence, and smaller numbers mean simpler commands: that makes fast-check's
 * shrinking work.
 */
import { Msg, VmState } from '../../protocol/index.js';
import {
  AREAS,
  acl,
  areaAt,
  byGuest,
  type Command,
  type CommandKind,
  CREATE,
  from3,
  GUEST_NAMES,
  handleOf,
  inState,
  loanHandle,
  PICK,
  pageAt,
  parcelOf,
  pick,
  playable,
  query,
  type Request,
  type Step,
  secondary,
  sgl,
  targets,
  vmRequest,
} from './command-parts.js';
import { guestCommands } from './commands-guest.js';
import { rareCommands } from './commands-rare.js';
import { IMAGE_SIZE, TREE_OFFSET, TREE_SIZE } from './guests.js';
import { bytes, HLOS } from './world.js';

export { type Command, type CommandKind, playable, type Request, type Step };

/** Known or not, there is no code behind them. */
const ODD_IDS = [
  Msg.VM_SUSPEND,
  Msg.VM_GET_HYP_CAPIDS,
  Msg.IPA_UNRESERVE,
  0x5600_00ff,
  0x5100_0016,
  0x1234_5678,
  Msg.VM_RESUME,
  Msg.VM_SET_CONTEXT,
  Msg.VM_GET_HYP_IRQS,
  Msg.VM_IRQ_UNMAP,
];

const FIRST_OF_THREE = bytes([1, 0x21], [1, 1 | (2 << 2)], [2, 7], [4, Msg.MEM_SHARE], [4, 0]);
const OTHER_CONTINUATION = bytes([1, 0x21], [1, 2 << 2], [2, 8], [4, Msg.MEM_SHARE], [4, 0]);

const frequentCommands: Readonly<Record<string, CommandKind>> = {
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
      const guest = g < GUEST_NAMES.length ? GUEST_NAMES[g] : GUEST_NAMES[g % 3];
      const rights = r < 9 ? 7 : r - 5;
      const id = CREATE[way < 9 ? 0 : way - 9];
      const list = targets(id, [vmid, rights]);
      const payload = bytes([4, 0], [4, 0x1d], ...acl(...list), ...sgl([areaAt(area), IMAGE_SIZE]));
      return {
        kind: 'request',
        request: { from: HLOS, id, payload },
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
      const id = CREATE[type];
      const pages = Array.from({ length: count + 1 }, (_, i) => [pageAt(64 + 2 * i), 4096] as [number, number]);
      return from3(id, bytes([4, 0], [4, 6], ...acl(...targets(id, [vmid, 7])), ...sgl(...pages)));
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
    limits: [10, 3],
    build: (_w, [i, length]) => from3(ODD_IDS[i], new Uint8Array(length * 4)),
  },
  cut: {
    // Any request of the ones above with bytes cut off or added.
    weight: 5,
    limits: [64, 8, PICK, 12],
    build: (w, [which, cut, a, b]) => {
      const kind = COMMANDS[CUTTABLE[which % CUTTABLE.length]];
      return cutShort(kind.build(w, argsFor(kind, a, b)), cut);
    },
  },
  noise: {
    weight: 2,
    limits: [8],
    build: (_w, [what]) => ({
      kind: 'noise',
      why: NOISE[what][0],
      packets: NOISE[what].slice(1) as Uint8Array[],
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
  clients: {
    // The primary VM and one or two guests at the same time: who sends first, and what.
    weight: 5,
    limits: [2, 16, PICK, 12, 8, PICK, 3],
    build: (w, [first, which, a, b, q, c, more]) => {
      const guest = COMMANDS[BESIDE_OTHERS[which % BESIDE_OTHERS.length]];
      const theirs: Request[] = [];
      for (const vm of [a, a + 1]) {
        const step = guest.build(w, argsFor(guest, vm, b));
        if (step?.kind === 'request' && step.request.from !== theirs[0]?.from) theirs.push(step.request);
      }
      if (theirs.length === 0) return undefined;
      const ours = Array.from({ length: more + 1 }, (_, i) => {
        const [id, payload] = query(w, q === 2 ? 4 : q, c + i);
        return { from: HLOS, id, payload };
      });
      return { kind: 'clients', requests: first === 0 ? [...theirs, ...ours] : [...ours, ...theirs] };
    },
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
  guestTries: byGuest(5, [64, PICK, 8], (w, _vm, [which, a, b]) => {
    // A request that is the primary VM's business.
    const kind = COMMANDS[CUTTABLE[which % CUTTABLE.length]];
    const step = kind.build(w, argsFor(kind, a, b));
    return step?.kind === 'request' ? [step.request.id, step.request.payload] : undefined;
  }),
  guestCut: {
    // Any request of a guest with bytes cut off or added.
    weight: 3,
    limits: [16, 8, PICK, 12],
    build: (w, [which, cut, a, b]) => {
      const kind = COMMANDS[GUEST_CUTTABLE[which % GUEST_CUTTABLE.length]];
      return cutShort(kind.build(w, argsFor(kind, a, b)), cut);
    },
  },
};

export const COMMANDS: Readonly<Record<string, CommandKind>> = {
  ...frequentCommands,
  ...guestCommands,
  ...rareCommands,
};

/** Arguments for a command within another: the first, and one for all others. */
const argsFor = (kind: CommandKind, a: number, b: number): number[] =>
  kind.limits.map((limit, i) => (i === 0 ? a : b) % limit);

/** The request with a few bytes less or more. */
function cutShort(step: Step | undefined, cut: number): Step | undefined {
  if (step?.kind !== 'request') return undefined;
  const { payload } = step.request;
  const length = Math.max(0, payload.length + [-4, -1, 1, 4, -8, -payload.length, 8, -2][cut]);
  const changed = new Uint8Array(length);
  changed.set(payload.subarray(0, length));
  return { ...step, request: { ...step.request, payload: changed }, image: undefined };
}

/** Packets that RM ignores: why, and what they are. */
const NOISE: readonly (readonly [string, ...Uint8Array[]])[] = [
  ['shorter than a header', bytes([4, 0x0101_0121])],
  ['API version 2', bytes([1, 0x22], [1, 1], [2, 0], [4, Msg.VM_GET_VMID])],
  ['a reply', bytes([1, 0x21], [1, 2], [2, 0], [4, Msg.VM_GET_VMID])],
  ['a notification', bytes([1, 0x21], [1, 3], [2, 0], [4, Msg.VM_GET_VMID])],
  ['a continuation of nothing', bytes([1, 0x21], [1, 0], [2, 0], [4, Msg.VM_GET_VMID])],
  ['the first of three', FIRST_OF_THREE],
  ['the first of three, twice', FIRST_OF_THREE, FIRST_OF_THREE],
  ['the first of three and a continuation of another message', FIRST_OF_THREE, OTHER_CONTINUATION],
];

/** Requests of a guest that {@link cutShort} is good for. */
const GUEST_CUTTABLE = [
  'guestAccepts',
  'guestStatus',
  'guestCrash',
  'guestTakesIrq',
  'guestReturnsIrq',
  'guestConsole',
  'guestTells',
  'guestReserves',
  'guestReleases',
];

/** Requests of a guest that leave its VM running. */
const BESIDE_OTHERS = [...GUEST_CUTTABLE, 'guestAsks', 'guestShares', 'guestTellsIrq', 'guestTries', 'guestDescribes'];

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
  'append',
  'attribute',
  'describe',
  'firmware',
];
