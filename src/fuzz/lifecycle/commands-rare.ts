/** Commands for answers that hardly anything else gets: lists, attributes, devices, firmware, many parcels, reservations. */
import { AuthType, Msg, Platform, VmState } from '../../protocol/index.js';
import {
  acl,
  byGuest,
  type CommandKind,
  CREATE,
  from3,
  handleOf,
  PICK,
  pageAt,
  parcelOf,
  pick,
  playable,
  type Request,
  sgl,
  targets,
} from './command-parts.js';
import { IO_BASE, RESERVE_BASE } from './parcels.js';
import { bytes, HLOS, RM, type World } from './world.js';

const IO = 1;
/** More entries than RM takes in one list. */
const TOO_MANY = Platform.MAX_LIST_ENTRIES + 1;

/** One in `n`: for what is costly, and done by argument 0. */
const seldom = (a: number): boolean => a === 0;

const attrs = (...list: [number, number][]): [number, number][] => [
  [2, list.length],
  [2, 0],
  ...list.flatMap(
    ([attr, vmid]) =>
      [
        [2, attr],
        [2, vmid],
      ] as [number, number][],
  ),
];

/** Requests whose first list is said to be longer than RM takes. */
const describe = (what: number): [number, Uint8Array] => {
  const lists = [Msg.MEM_SHARE, Msg.MEM_LEND, Msg.MEM_DONATE, Msg.MEM_APPEND, Msg.MEM_QCOM_LOOKUP_SGL, Msg.MEM_ACCEPT];
  if (what === 6) return [Msg.IPA_RESERVE, bytes([4, 0], [4, 4], [4, 0], [4, 31])];
  const id = lists[what % lists.length];
  return [id, bytes([8, 0], ...(id === Msg.MEM_ACCEPT ? ([[4, 0]] as [number, number][]) : []), [4, TOO_MANY], [8, 0])];
};

const firmwareRange = (what: number, size: number): [number, number] =>
  what === 1 ? [0, 0] : what === 2 ? [4096, size] : what === 3 ? [0, size + 1] : [0, size];

/** FW_SET_VM_FIRMWARE: mostly with a parcel for RM. */
function setFirmware(w: World, what: number, a: number): [number, Uint8Array] {
  const parcel = parcelOf(w, a, (p) => p.targets.some((t) => t.vmid === RM));
  const [offset, size] = firmwareRange(what, parcel?.size ?? 4096);
  const auth = what === 4 ? AuthType.PLATFORM : AuthType.ANDROID;
  return [
    Msg.FW_SET_VM_FIRMWARE,
    bytes([2, auth], [2, what === 5 ? 1 : 0], [4, parcel?.handle ?? 0x2000], [8, offset], [8, size]),
  ];
}

/** VM_SET_FIRMWARE_MEM: mostly for a VM that waits for it, in its own image. */
function setFirmwareMem(w: World, what: number, a: number): [number, Uint8Array] {
  const vmid = pick(w, a, (vm) => vm.state === VmState.INIT && vm.auth === AuthType.ANDROID) ?? 0;
  const image = w.parcels.find((p) => p.handle === w.vms.get(vmid)?.memHandle);
  const [offset, size] = firmwareRange(what === 1 ? 0 : what, image?.size ?? 4096);
  const handle = what === 4 ? handleOf(w, PICK - 1) : (image?.handle ?? 0);
  return [
    Msg.VM_SET_FIRMWARE_MEM,
    bytes([2, vmid], [2, what === 5 ? 1 : 0], [4, handle], [8, offset], [8, what === 1 ? 16 : size]),
  ];
}

export const rareCommands: Readonly<Record<string, CommandKind>> = {
  append: {
    // parcel, slot, last, what is wrong
    weight: 3,
    limits: [PICK, 24, 2, 10],
    build: (w, [a, slot, done, wrong]) => {
      const building = parcelOf(w, a, (p) => p.state === 0);
      if (building === undefined) return undefined;
      const at = pageAt(slot);
      const list: [number, number][] = wrong === 1 ? [] : [[wrong === 2 ? at + 1 : at, 4096]];
      const handle = wrong === 3 ? 0x3000 : building.handle;
      return from3(Msg.MEM_APPEND, bytes([4, handle], [1, done], [3, 0], ...sgl(...list)));
    },
  },
  attribute: {
    // VM, slot, way, attribute, whose
    weight: 2,
    limits: [PICK, 24, 3, 5, 5],
    build: (w, [a, slot, type, attr, whose]) => {
      const vmid = pick(w, a);
      if (vmid === undefined) return undefined;
      const id = CREATE[type];
      const given: [number, number][] = [[attr, whose < 3 ? vmid : whose === 3 ? 31 : HLOS]];
      if (whose === 2) given.push([attr, vmid]);
      const lists = [...acl(...targets(id, [vmid, 7])), ...sgl([pageAt(slot), 4096]), ...attrs(...given)];
      return from3(id, bytes([4, 0], [4, 7], ...lists));
    },
  },
  describe: { weight: 2, limits: [7], build: (_w, [what]) => from3(...describe(what)) },
  device: {
    // Device memory, which nobody owns. VM, slot, way, rights, attribute list, sanitize
    weight: 2,
    limits: [PICK, 16, 3, 5, 3, 6],
    build: (w, [a, slot, type, r, attr, flags]) => {
      const vmid = pick(w, a);
      if (vmid === undefined) return undefined;
      const id = CREATE[type];
      const given: [number, number][] = attr === 0 ? [] : [[attr - (attr === 1 ? 0 : 2), vmid]];
      return from3(
        id,
        bytes(
          [1, IO],
          [1, 0],
          [1, flags >= 4 ? flags - 3 : 0],
          [1, 0],
          [4, 0],
          ...acl(...targets(id, [vmid, r < 3 ? 6 : r + 1])),
          ...sgl([IO_BASE + slot * 4096, 4096]),
          ...attrs(...given),
        ),
      );
    },
  },
  hoard: {
    // As many parcels as RM lets one VM own, and one more. Way.
    weight: 1,
    limits: [24, 3],
    build: (w, [a, type]) => {
      const owned = w.parcels.filter((p) => p.owner === HLOS).length;
      const vmid = pick(w, 0);
      if (!seldom(a) || vmid === undefined || owned >= Platform.MAX_PARCELS_PER_OWNER) return undefined;
      const id = CREATE[type];
      const list = targets(id, [vmid, 7]);
      const requests = Array.from({ length: Platform.MAX_PARCELS_PER_OWNER - owned + 1 }, (_, i): Request => {
        const payload = bytes([4, 0], [4, 8], ...acl(...list), ...sgl([pageAt(2048 + i), 4096]));
        return { from: HLOS, id, payload };
      });
      return { kind: 'burst', requests };
    },
  },
  shareVast: {
    // So many pages that the addresses given at acceptance fill the guest's queue more than once.
    weight: 1,
    limits: [24, 3],
    build: (w, [a, type]) => {
      const vmid = pick(w, 0, (vm) => vm.state === VmState.RUNNING);
      if (!seldom(a) || vmid === undefined) return undefined;
      const id = CREATE[type];
      const pages = Array.from({ length: 300 }, (_, i) => [pageAt(4096 + 2 * i), 4096] as [number, number]);
      return from3(id, bytes([4, 0], [4, 6], ...acl(...targets(id, [vmid, 7])), ...sgl(...pages)));
    },
  },
  shareAll: {
    // One page for every VM that runs: the hypervisor maps it in four of them. Slot, way
    weight: 2,
    limits: [24, 2],
    build: (w, [slot, type]) => {
      const guests = [...w.vms.values()].filter((vm) => vm.state === VmState.RUNNING && vm.vmid !== HLOS);
      if (guests.length < 2) return undefined;
      const id = CREATE[type];
      const list = targets(id, ...guests.map((vm) => [vm.vmid, 7] as [number, number]));
      return from3(id, bytes([4, 0], [4, 10], ...acl(...list), ...sgl([pageAt(slot), 4096])));
    },
  },
  giveToRm: {
    // Memory for RM: a firmware image, if all is right. Slot, pages, way, rights, attribute
    weight: 1,
    limits: [24, 4, 4, 8, 6],
    build: (_w, [slot, pages, way, r, attr]) => {
      const id = [Msg.MEM_DONATE, Msg.MEM_LEND, Msg.MEM_SHARE, Msg.MEM_DONATE][way];
      const list = targets(id, [RM, r < 6 ? 7 : r]);
      const given: [number, number][] = attr === 5 ? [[0, RM]] : [];
      return from3(
        id,
        bytes([4, 0], [4, 9], ...acl(...list), ...sgl([pageAt(slot), (pages + 1) * 4096]), ...attrs(...given)),
      );
    },
  },
  firmware: {
    // What: the milestone, the image, or its place. What is wrong, parcel or VM
    weight: 2,
    limits: [8, 8, PICK],
    build: (w, [which, what, a]) => {
      if (which === 7) return from3(Msg.FW_MILESTONE, new Uint8Array(what === 1 ? 4 : 0));
      return from3(...(which < 4 ? setFirmware(w, what, a) : setFirmwareMem(w, what, a)));
    },
  },
  guestReserves: byGuest(2, [6, 4, 8], (_w, _vm, [constraint, slot, n]) => {
    const generic = [5, 6, 4, 0x40, 8, 0][constraint];
    const count = n === 7 ? 31 : n === 6 ? 0 : 1;
    const entries =
      count === 1
        ? ([
            [8, RESERVE_BASE + slot * 4096],
            [8, 4096],
          ] as [number, number][])
        : [];
    return [Msg.IPA_RESERVE, bytes([4, 0], [4, generic], [4, 0], [4, count], ...entries)];
  }),
  guestWaits: {
    weight: 2,
    limits: [PICK],
    build: (w, [a]) => {
      const guests = playable(w);
      return guests.length === 0 ? undefined : { kind: 'waits', vmid: guests[a % guests.length].vmid };
    },
  },
  guestDescribes: byGuest(1, [7], (_w, _vm, [what]) => describe(what)),
};
