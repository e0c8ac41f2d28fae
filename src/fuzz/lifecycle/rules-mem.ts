/** What RM must answer to memory parcel requests (fact base: rm-rpc-messages 3, rm-state-machines 5). */
import { Msg, ParcelState, Platform, RmError, TransType, VmState } from '../../protocol/index.js';
import { GUESTS, type Guest, TREE_OFFSET } from './guests.js';
import {
  type Answer,
  answer,
  anything,
  bytes,
  HLOS,
  isDynamic,
  type ModelParcel,
  type ModelTarget,
  type ModelVm,
  notify,
  num,
  RM,
  type Rule,
  type World,
} from './world.js';

const {
  OK,
  DENIED,
  MSG_INVALID,
  VMID_INVALID,
  NORESOURCE,
  ARGUMENT_INVALID,
  MEM_INVALID,
  HANDLE_INVALID,
  VALIDATE_FAILED,
  MEM_INUSE,
  MEM_RELEASED,
  LOOKUP_FAILED,
  MAP_FAILED,
} = RmError;
const error = (code: number): Answer => answer(code);
const PAGE = Platform.PAGE_SIZE;
const LIMIT = 2 ** 44;
const IO = 1;
/** Memory that the fuzzer gives away lies here; everything else counts as not the primary VM's. */
const POOL_BASE = 0x5000_0000;
const POOL_END = 0x6000_0000;
/** Device memory is RM's own: nobody can make a parcel of it (fact base: platform-qemu). */
export const IO_BASE = 0x0b00_0000;

interface List {
  at: number;
  count: number;
  size: number;
}

/** Lists of a request from offset `at` with these entry sizes, missing at its end if empty; an error code otherwise. */
function lists(p: Uint8Array, start: number, sizes: readonly number[]): List[] | number {
  const out: List[] = [];
  let at = start;
  for (let i = 0; i < sizes.length; i++) {
    if (at === p.length) {
      out.push({ at, count: 0, size: sizes[i] });
      continue;
    }
    if (at + 4 > p.length) return MSG_INVALID;
    const count = num(p, at, 2);
    if (count > Platform.MAX_LIST_ENTRIES) return NORESOURCE;
    if (at + 4 + count * sizes[i] > p.length) return MSG_INVALID;
    out.push({ at: at + 4, count, size: sizes[i] });
    at += 4 + count * sizes[i];
  }
  return at === p.length ? out : MSG_INVALID;
}

function entries<T>(l: List, read: (at: number) => T): T[] {
  const out: T[] = [];
  for (let i = 0; i < l.count; i++) out.push(read(l.at + i * l.size));
  return out;
}

/** The pages of a list go to a new holder; an error, and nothing changed, if one of them is not the caller's. */
function takePages(
  w: World,
  from: number,
  sgl: readonly { ipa: number; size: number }[],
  holder: string,
  memType: number,
  got: number[] = [],
): number {
  const undo = (code: number): number => {
    for (const page of got) w.taken.delete(page);
    return code;
  };
  for (const { ipa, size } of sgl) {
    if (ipa % PAGE !== 0 || size % PAGE !== 0 || ipa >= LIMIT || size >= LIMIT) return undo(ARGUMENT_INVALID);
    if (size === 0 || from !== HLOS || memType === IO || ipa < POOL_BASE || ipa + size > POOL_END)
      return undo(MEM_INVALID);
    for (let page = ipa; page < ipa + size; page += PAGE) {
      if (w.taken.has(page)) return undo(MEM_INVALID);
      w.taken.set(page, holder);
      got.push(page);
    }
  }
  return OK;
}

const sglOf = (p: Uint8Array, l: List): { ipa: number; size: number }[] =>
  entries(l, (at) => ({ ipa: num(p, at, 8), size: num(p, at + 8, 8) }));

const create =
  (transType: number): Rule =>
  (w, from, p) => {
    if (p.length < 20) return error(MSG_INVALID);
    const found = lists(p, 8, [4, 16, 4]);
    if (typeof found === 'number') return error(found);
    const [acl, sgl, attrs] = found;
    if (acl.count === 0 || sgl.count === 0) return error(ARGUMENT_INVALID);
    if (transType === TransType.DONATE && acl.count !== 1) return error(ARGUMENT_INVALID);
    if (w.parcels.filter((q) => q.owner === from).length >= 64) return error(DENIED);
    const memType = p[0];
    const flags = p[2];
    if ((flags & 1) !== 0 && memType === IO) return error(ARGUMENT_INVALID);
    const handle = w.nextHandle++;
    const targets: ModelTarget[] = [];
    for (const { vmid, rights } of entries(acl, (at) => ({ vmid: num(p, at, 2), rights: p[at + 2] }))) {
      if (targets.some((t) => t.vmid === vmid)) return error(ARGUMENT_INVALID);
      const named = vmid === HLOS || vmid === RM || (vmid >= 4 && vmid <= 31) || (isDynamic(vmid) && w.vms.has(vmid));
      if (!named || rights < 4 || rights > 7) return error(ARGUMENT_INVALID);
      if (memType === IO && (rights & 1) !== 0) return error(ARGUMENT_INVALID);
      if (transType === TransType.DONATE && rights !== (memType === IO ? 6 : 7)) return error(DENIED);
      targets.push({ vmid, rights, shared: false, mapped: false, placed: -1, contiguous: false });
    }
    if (targets.some((t) => t.vmid === from) !== (transType === TransType.SHARE)) return error(ARGUMENT_INVALID);
    const given: { attr: number; vmid: number }[] = [];
    for (const a of entries(attrs, (at) => ({ attr: num(p, at, 2), vmid: num(p, at + 2, 2) }))) {
      if (given.some((g) => g.vmid === a.vmid) || a.attr > 3) return error(ARGUMENT_INVALID);
      if ((memType === IO) !== (a.attr === 1)) return error(ARGUMENT_INVALID);
      if (transType === TransType.DONATE && a.attr !== (memType === IO ? 1 : 0)) return error(ARGUMENT_INVALID);
      if (!targets.some((t) => t.vmid === a.vmid)) return error(VMID_INVALID);
      given.push(a);
    }
    const regions = sglOf(p, sgl);
    const code = takePages(w, from, regions, `parcel ${handle}`, memType);
    if (code !== OK) return error(code);
    w.parcels.push({
      handle,
      owner: from,
      state: (flags & 2) !== 0 ? ParcelState.INIT : ParcelState.SHARING,
      memType,
      transType,
      label: num(p, 4, 4),
      tag: 0,
      tagSet: false,
      sanitized: (flags & 1) !== 0,
      targets,
      attrs: given,
      regions,
      size: regions.reduce((sum, r) => sum + r.size, 0),
    });
    return answer(OK, bytes([4, handle]));
  };

const lookup = (w: World, handle: number): ModelParcel | undefined => w.parcels.find((q) => q.handle === handle);

const append: Rule = (w, from, p) => {
  if (p.length < 12) return error(MSG_INVALID);
  const found = lists(p, 8, [16]);
  if (typeof found === 'number') return error(found);
  if (found[0].count === 0) return error(ARGUMENT_INVALID);
  const parcel = lookup(w, num(p, 0, 4));
  if (parcel === undefined) return error(HANDLE_INVALID);
  if (parcel.owner !== from || parcel.state !== ParcelState.INIT) return error(DENIED);
  const sgl = sglOf(p, found[0]);
  const got: number[] = [];
  const code = takePages(w, from, sgl, `parcel ${parcel.handle}`, parcel.memType, got);
  if (code !== OK) {
    // The recorded size keeps what was added before the failure: no contiguous acceptance fits any more.
    if (got.length > 0) w.over = 'an append failed half-way';
    return error(code);
  }
  parcel.regions.push(...sgl);
  parcel.size += sgl.reduce((sum, r) => sum + r.size, 0);
  if ((p[4] & 1) !== 0) parcel.state = ParcelState.SHARING;
  return error(OK);
};

function remove(w: World, parcel: ModelParcel): void {
  w.parcels.splice(w.parcels.indexOf(parcel), 1);
}

/** A donation is complete: the parcel is gone, its pages are the VM's. */
export function moveParcel(w: World, parcel: ModelParcel, vmid: number): void {
  for (const { ipa, size } of parcel.regions) {
    for (let page = ipa; page < ipa + size; page += PAGE) w.taken.set(page, `vm ${vmid}`);
  }
  forgetAccepted(w.vms.get(vmid), parcel);
  remove(w, parcel);
}

/** The last of the list takes the place of what goes. */
function forgetAccepted(vm: ModelVm | undefined, parcel: ModelParcel): void {
  const list = vm?.accepted ?? [];
  const at = list.indexOf(parcel.handle);
  if (at < 0) return;
  const last = list.pop() as number;
  if (at < list.length) list[at] = last;
}

function markShared(w: World, parcel: ModelParcel, target: ModelTarget, mapped: boolean): void {
  if (!target.shared) w.vms.get(target.vmid)?.accepted.push(parcel.handle);
  target.shared = true;
  target.mapped = mapped;
  parcel.state = ParcelState.SHARED;
}

const accept: Rule = (w, from, p) => {
  if (p.length < 24) return error(MSG_INVALID);
  const found = lists(p, 12, [4, 16, 4]);
  if (typeof found === 'number') return error(found);
  const [acl, sgl, attrs] = found;
  const parcel = lookup(w, num(p, 0, 4));
  if (parcel === undefined) return error(HANDLE_INVALID);
  if (p[4] !== parcel.memType || p[5] !== parcel.transType) return error(ARGUMENT_INVALID);
  const flags = p[6];
  if ((flags & 1) !== 0 && !parcel.sanitized) return error(VALIDATE_FAILED);
  if ((flags & 4) !== 0 && num(p, 8, 4) !== parcel.label) return error(VALIDATE_FAILED);
  if ((flags & 2) !== 0) {
    const given = entries(acl, (at) => `${num(p, at, 2)} ${p[at + 2]}`).join();
    if (given !== parcel.targets.map((t) => `${t.vmid} ${t.rights}`).join()) return error(VALIDATE_FAILED);
    const named = entries(attrs, (at) => `${num(p, at, 2)} ${num(p, at + 2, 2)}`).join();
    if (named !== parcel.attrs.map((a) => `${a.attr} ${a.vmid}`).join()) return error(VALIDATE_FAILED);
  }
  if ((flags & 8) !== 0) return error(DENIED);
  if (num(p, 18 + 4 * acl.count, 2) !== 0) return error(ARGUMENT_INVALID);
  const target = parcel.targets.find((t) => t.vmid === from);
  if (target === undefined) return error(VMID_INVALID);
  if (parcel.owner === from || target.mapped) return error(DENIED);
  const contiguous = (flags & 16) !== 0;
  if (contiguous && (parcel.memType !== 0 || (target.placed >= 0 && !target.contiguous)))
    return error(ARGUMENT_INVALID);
  if ((flags & 32) !== 0 && (parcel.memType === IO || (target.rights & 2) === 0)) return error(ARGUMENT_INVALID);
  const done = (flags & 128) !== 0;
  const before = Math.max(target.placed, 0);
  if (before > 0 && target.contiguous !== contiguous && parcel.regions.length > 1) {
    w.lost = 'acceptance in parts, first contiguous and then not';
    return anything(OK);
  }
  const mappings = contiguous ? 1 : parcel.regions.length;
  const wanted = sgl.count === 0 ? mappings - before : sgl.count;
  if (wanted > mappings - before) return error(ARGUMENT_INVALID);
  for (const [j, { ipa, size }] of sglOf(p, sgl).entries()) {
    const needed = contiguous ? parcel.size : parcel.regions[before + j].size;
    if (ipa % PAGE !== 0 || ipa >= LIMIT || size !== needed) return error(ARGUMENT_INVALID);
    const place = placeOf(w, from, parcel, ipa, size);
    if (place !== OK) return error(place);
  }
  if (done && before + wanted !== mappings) return error(ARGUMENT_INVALID);
  // The owner of a SHARE and whoever accepted: an extent is mapped in few spaces.
  if (done && parcel.transType !== TransType.DONATE && mapped(parcel) >= Platform.MEMEXTENT_MAX_MAPS)
    return error(MAP_FAILED);
  if (target.placed < 0) target.contiguous = contiguous;
  target.placed = before + wanted;
  if (done && parcel.transType === TransType.DONATE) moveParcel(w, parcel, from);
  else markShared(w, parcel, target, done);
  if (sgl.count !== 0) return error(OK);
  return {
    error: OK,
    check: (data) =>
      data.length === 4 + 16 * wanted && num(data, 0, 2) === wanted ? undefined : `${wanted} mappings expected`,
  };
};

const mapped = (p: ModelParcel): number =>
  p.targets.filter((t) => t.mapped).length + (p.transType === TransType.SHARE ? 1 : 0);

/** Guest addresses that the fuzzer asks for: one range for each parcel, where RM places nothing of its own. */
const PLACE_BASE = 0xe_0000_0000;
export const placeFor = (handle: number): number => PLACE_BASE + handle * 0x10_0000;
/** Guest addresses that the fuzzer reserves, page by page; nothing else is ever placed there. */
export const RESERVE_BASE = 0xf_0000_0000;
export const RESERVE_END = 0xf_1000_0000;
const SPACE_END = 2 ** Platform.GUEST_PA_BITS;

/** What comes of a chosen address. */
function placeOf(w: World, vmid: number, parcel: ModelParcel, ipa: number, size: number): number {
  if (ipa + size > SPACE_END) return NORESOURCE;
  if (w.vms.get(vmid)?.reserved.includes(ipa) === true) {
    w.over = 'addresses that are lost';
    return size === PAGE ? MEM_INVALID : NORESOURCE;
  }
  if (ipa !== placeFor(parcel.handle)) w.lost = 'acceptance at an address of which the model knows nothing';
  return OK;
}

/** One target gives the parcel back. */
function giveBack(w: World, parcel: ModelParcel, target: ModelTarget): void {
  target.shared = false;
  target.mapped = false;
  target.placed = -1;
  target.contiguous = false;
  forgetAccepted(w.vms.get(target.vmid), parcel);
  if (!parcel.targets.some((t) => t.shared)) parcel.state = ParcelState.SHARING;
}

const release: Rule = (w, from, p) => {
  if (p.length < 8) return error(MSG_INVALID);
  const parcel = lookup(w, num(p, 0, 4));
  const target = parcel?.targets.find((t) => t.vmid === from);
  if (parcel === undefined || target === undefined) return error(HANDLE_INVALID);
  if (parcel.owner === from) return error(DENIED);
  if (!target.shared) return error(MEM_RELEASED);
  if ((p[4] & 1) !== 0 && (parcel.memType === IO || (target.rights & 2) === 0)) return error(ARGUMENT_INVALID);
  giveBack(w, parcel, target);
  return error(OK);
};

const reclaim: Rule = (w, from, p) => {
  if (p.length < 8) return error(MSG_INVALID);
  const parcel = lookup(w, num(p, 0, 4));
  if (parcel === undefined) return error(HANDLE_INVALID);
  if (parcel.owner !== from) return error(DENIED);
  if (parcel.state === ParcelState.SHARED) return error(MEM_INUSE);
  if ((p[4] & 1) !== 0 && parcel.memType === IO) return error(ARGUMENT_INVALID);
  for (const { ipa, size } of parcel.regions) {
    for (let page = ipa; page < ipa + size; page += PAGE) w.taken.delete(page);
  }
  remove(w, parcel);
  return error(OK);
};

function sharedPayload(parcel: ModelParcel): Uint8Array {
  return bytes(
    [4, parcel.handle],
    [1, parcel.memType],
    [1, parcel.transType],
    [1, parcel.sanitized ? 1 : 0],
    [1, 0],
    [2, parcel.owner],
    [2, 0],
    [4, parcel.label],
    [4, parcel.tag],
    [2, parcel.targets.length],
    [2, 0],
    ...parcel.targets.flatMap(
      (t) =>
        [
          [2, t.vmid],
          [1, t.rights],
          [1, 0],
        ] as [number, number][],
    ),
    [2, parcel.regions.length],
    [2, 0],
    ...parcel.regions.map((r) => [8, r.size] as [number, number]),
    [2, parcel.attrs.length],
    [2, 0],
    ...parcel.attrs.flatMap(
      (a) =>
        [
          [2, a.attr],
          [2, a.vmid],
        ] as [number, number][],
    ),
  );
}

const released = (parcel: ModelParcel, vmid: number): Uint8Array =>
  bytes([4, parcel.handle], [2, vmid], [2, 0], [4, parcel.tag]);

/** MEM_ACCEPTED or MEM_RELEASED to the owner, if that is true. */
function tellOwner(w: World, parcel: ModelParcel, vmid: number, accepted: boolean): number {
  const target = parcel.targets.find((t) => t.vmid === vmid);
  if (target === undefined) return HANDLE_INVALID;
  if (target.shared !== accepted) return accepted ? MEM_RELEASED : MEM_INUSE;
  notify(w, parcel.owner, accepted ? Msg.N_MEM_ACCEPTED : Msg.N_MEM_RELEASED, released(parcel, vmid));
  return OK;
}

function notifyVms(w: World, parcel: ModelParcel, from: number, p: Uint8Array, shared: boolean): number {
  if (from !== parcel.owner) return DENIED;
  if (p.length < 16) return MSG_INVALID;
  const count = num(p, 12, 2);
  if (count === 0) return ARGUMENT_INVALID;
  if (p.length < 16 + 4 * count) return MSG_INVALID;
  if (count > parcel.targets.length) return ARGUMENT_INVALID;
  const vmids = Array.from({ length: count }, (_, i) => num(p, 16 + 4 * i, 2));
  for (const vmid of vmids) {
    if (!w.vms.has(vmid)) return VMID_INVALID;
    if (!parcel.targets.some((t) => t.vmid === vmid)) return ARGUMENT_INVALID;
  }
  if (shared && !parcel.tagSet) {
    parcel.tagSet = true;
    parcel.tag = num(p, 8, 4);
  }
  let code: number = OK;
  for (const vmid of vmids) {
    if (shared && w.vms.get(vmid)?.state === VmState.READY) {
      code = tellOwner(w, parcel, vmid, true);
      continue;
    }
    if (!w.links.has(vmid)) {
      w.death = 'mem-notify-without-link';
      return OK;
    }
    if (shared) notify(w, vmid, Msg.N_MEM_SHARED, sharedPayload(parcel));
    else notify(w, vmid, Msg.N_MEM_RECALL, bytes([4, parcel.handle], [4, parcel.tag]));
  }
  return code;
}

const memNotify: Rule = (w, from, p) => {
  if (p.length < 12) return error(MSG_INVALID);
  const parcel = lookup(w, num(p, 0, 4));
  if (parcel === undefined) return error(HANDLE_INVALID);
  if (parcel.tagSet && parcel.tag !== num(p, 8, 4)) return error(ARGUMENT_INVALID);
  switch (p[4]) {
    case 1:
      return error(notifyVms(w, parcel, from, p, true));
    case 8:
      return error(notifyVms(w, parcel, from, p, false));
    case 2:
      return error(tellOwner(w, parcel, from, false));
    case 4:
      return error(tellOwner(w, parcel, from, true));
    default:
      return error(ARGUMENT_INVALID);
  }
};

const lookupSgl: Rule = (w, from, p) => {
  if (p.length < 16) return error(MSG_INVALID);
  const found = lists(p, 8, [4, 16, 4]);
  if (typeof found === 'number') return error(found);
  const [acl, sgl, attrs] = found;
  const wanted = [
    entries(acl, (at) => `${num(p, at, 2)} ${p[at + 2]}`).join(),
    sglOf(p, sgl)
      .map((r) => `${r.ipa} ${r.size}`)
      .join(),
    entries(attrs, (at) => `${num(p, at, 2)} ${num(p, at + 2, 2)}`).join(),
  ].join(';');
  const match = w.parcels.find(
    (q) =>
      q.owner === from &&
      q.state === ParcelState.SHARING &&
      q.memType === p[0] &&
      wanted ===
        [
          q.targets.map((t) => `${t.vmid} ${t.rights}`).join(),
          q.regions.map((r) => `${r.ipa} ${r.size}`).join(),
          q.attrs.map((a) => `${a.attr} ${a.vmid}`).join(),
        ].join(';'),
  );
  return match === undefined || acl.count === 0 || sgl.count === 0
    ? error(LOOKUP_FAILED)
    : answer(OK, bytes([4, match.handle]));
};

/** The tree that VM_INIT finds for a VM; undefined: RM cannot read one. */
export function treeIn(w: World, vm: ModelVm): Guest | undefined {
  const parcel = lookup(w, vm.memHandle);
  if (parcel === undefined || !parcel.targets.some((t) => t.vmid === vm.vmid)) return undefined;
  if (vm.dtSize === 0 || vm.dtSize % PAGE !== 0 || vm.dtOffset % PAGE !== 0) return undefined;
  if (vm.dtOffset + vm.dtSize > vm.memSize || vm.dtOffset !== TREE_OFFSET) return undefined;
  const name = w.images.get(parcel.regions[0].ipa);
  const guest = name === undefined ? undefined : GUESTS[name];
  return guest !== undefined && guest.tree.length <= vm.dtSize ? guest : undefined;
}

/** Steps 1 to 6 of VM_START. False: NORESOURCE. */
export function acceptForStart(w: World, vm: ModelVm): boolean {
  const image = lookup(w, vm.memHandle);
  const target = image?.targets.find((t) => t.vmid === vm.vmid);
  if (image === undefined || target === undefined || image.transType === TransType.DONATE) return false;
  if (image.memType !== 0 || target.mapped || image.size !== vm.memSize) return false;
  if (vm.auth !== 0 && (target.rights & 2) === 0) return false;
  markShared(w, image, target, true);
  const area = image.regions[0].ipa;
  if (w.patched.has(area)) {
    w.lost = 'a start with a tree that an earlier start has patched';
    return true;
  }
  w.patched.add(area);
  for (const parcel of [...w.parcels]) {
    const t = parcel.targets.find((x) => x.vmid === vm.vmid);
    if (t === undefined || t.shared) continue;
    if (parcel.transType === TransType.DONATE) {
      w.death = 'vm-start-unaccepted-donate';
      return true;
    }
    if (mapped(parcel) >= Platform.MEMEXTENT_MAX_MAPS) w.lost = 'a parcel that can be mapped no more at a start';
    markShared(w, parcel, t, true);
  }
  return true;
}

/** Reset stage RELEASE_MEMPARCELS: the last accepted first, each with its notification. */
export function releaseAtReset(w: World, vm: ModelVm): void {
  while (vm.accepted.length > 0) {
    const parcel = lookup(w, vm.accepted[vm.accepted.length - 1]);
    const target = parcel?.targets.find((t) => t.vmid === vm.vmid);
    if (parcel === undefined || target === undefined) {
      vm.accepted.pop();
      continue;
    }
    giveBack(w, parcel, target);
    notify(w, parcel.owner, Msg.N_MEM_RELEASED, released(parcel, vm.vmid));
  }
}

export const memRules: Readonly<Record<number, Rule>> = {
  [Msg.MEM_DONATE]: create(TransType.DONATE),
  [Msg.MEM_LEND]: create(TransType.LEND),
  [Msg.MEM_SHARE]: create(TransType.SHARE),
  [Msg.MEM_APPEND]: append,
  [Msg.MEM_ACCEPT]: accept,
  [Msg.MEM_RELEASE]: release,
  [Msg.MEM_RECLAIM]: reclaim,
  [Msg.MEM_NOTIFY]: memNotify,
  [Msg.MEM_QCOM_LOOKUP_SGL]: lookupSgl,
};
