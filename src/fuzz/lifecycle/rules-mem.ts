/** What RM must answer to memory parcel requests (fact base: rm-rpc-messages 3, rm-state-machines 5). */
import {
  MemAcceptFlag,
  MemAttr,
  MemRights,
  Msg,
  ParcelState,
  Platform,
  RmError,
  TransType,
} from '../../protocol/index.js';
import {
  entries,
  giveBack,
  IO,
  type List,
  lists,
  lookup,
  mapped,
  markShared,
  moveParcel,
  PAGE,
  placeFor,
  remove,
  sglOf,
} from './parcels.js';
import { notifyRules } from './rules-mem-notify.js';
import {
  answer,
  anything,
  bytes,
  HLOS,
  isDynamic,
  type ModelParcel,
  type ModelTarget,
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
  MAP_FAILED,
} = RmError;
const LIMIT = 2 ** 44;
/** Memory that the fuzzer gives away lies here; everything else counts as not the primary VM's. */
const POOL_BASE = 0x5000_0000;
const POOL_END = 0x6000_0000;

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

/** What a parcel is made as. */
interface Kind {
  transType: number;
  memType: number;
}

/** The rights that a donation gives: all of them. */
const donated = (memType: number): number => (memType === IO ? MemRights.RW : MemRights.RWX);

/** Whether RM has a VM of that number, or keeps the number for one. */
const isNamed = (w: World, vmid: number): boolean =>
  vmid === HLOS || vmid === RM || (vmid >= 4 && vmid <= 31) || (isDynamic(vmid) && w.vms.has(vmid));

/** The borrowers of an access list, or an error. */
function targetsOf(w: World, p: Uint8Array, acl: List, { transType, memType }: Kind): ModelTarget[] | number {
  const targets: ModelTarget[] = [];
  for (const { vmid, rights } of entries(acl, (at) => ({ vmid: num(p, at, 2), rights: p[at + 2] }))) {
    if (targets.some((t) => t.vmid === vmid)) return ARGUMENT_INVALID;
    if (!isNamed(w, vmid) || rights < MemRights.R || rights > MemRights.RWX) return ARGUMENT_INVALID;
    if (memType === IO && (rights & 1) !== 0) return ARGUMENT_INVALID;
    if (transType === TransType.DONATE && rights !== donated(memType)) return DENIED;
    targets.push({ vmid, rights, shared: false, mapped: false, placed: -1, contiguous: false });
  }
  return targets;
}

type Attribute = ModelParcel['attrs'][number];

/** The attributes for borrowers, or an error. */
function attrsOf(
  p: Uint8Array,
  list: List,
  { transType, memType }: Kind,
  targets: ModelTarget[],
): Attribute[] | number {
  const given: Attribute[] = [];
  for (const a of entries(list, (at) => ({ attr: num(p, at, 2), vmid: num(p, at + 2, 2) }))) {
    if (given.some((g) => g.vmid === a.vmid) || a.attr > MemAttr.CACHED) return ARGUMENT_INVALID;
    if ((memType === IO) !== (a.attr === MemAttr.DEVICE)) return ARGUMENT_INVALID;
    if (transType === TransType.DONATE && a.attr !== (memType === IO ? MemAttr.DEVICE : MemAttr.NORMAL))
      return ARGUMENT_INVALID;
    if (!targets.some((t) => t.vmid === a.vmid)) return VMID_INVALID;
    given.push(a);
  }
  return given;
}

const create =
  (transType: number): Rule =>
  (w, from, p) => {
    if (p.length < 20) return answer(MSG_INVALID);
    const found = lists(p, 8, [4, 16, 4]);
    if (typeof found === 'number') return answer(found);
    const [acl, sgl, attrs] = found;
    if (acl.count === 0 || sgl.count === 0) return answer(ARGUMENT_INVALID);
    if (transType === TransType.DONATE && acl.count !== 1) return answer(ARGUMENT_INVALID);
    if (w.parcels.filter((q) => q.owner === from).length >= 64) return answer(DENIED);
    const memType = p[0];
    const flags = p[2];
    if ((flags & 1) !== 0 && memType === IO) return answer(ARGUMENT_INVALID);
    // Used up even where one of the following checks fails.
    const handle = w.nextHandle++;
    const kind = { transType, memType };
    const targets = targetsOf(w, p, acl, kind);
    if (typeof targets === 'number') return answer(targets);
    if (targets.some((t) => t.vmid === from) !== (transType === TransType.SHARE)) return answer(ARGUMENT_INVALID);
    const given = attrsOf(p, attrs, kind, targets);
    if (typeof given === 'number') return answer(given);
    const regions = sglOf(p, sgl);
    const code = takePages(w, from, regions, `parcel ${handle}`, memType);
    if (code !== OK) return answer(code);
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
      size: sizeOf(regions),
    });
    return answer(OK, bytes([4, handle]));
  };

const sizeOf = (regions: readonly { size: number }[]): number => regions.reduce((sum, r) => sum + r.size, 0);

const append: Rule = (w, from, p) => {
  if (p.length < 12) return answer(MSG_INVALID);
  const found = lists(p, 8, [16]);
  if (typeof found === 'number') return answer(found);
  if (found[0].count === 0) return answer(ARGUMENT_INVALID);
  const parcel = lookup(w, num(p, 0, 4));
  if (parcel === undefined) return answer(HANDLE_INVALID);
  if (parcel.owner !== from || parcel.state !== ParcelState.INIT) return answer(DENIED);
  const sgl = sglOf(p, found[0]);
  const got: number[] = [];
  const code = takePages(w, from, sgl, `parcel ${parcel.handle}`, parcel.memType, got);
  if (code !== OK) {
    // The recorded size keeps what was added before the failure: no contiguous acceptance fits any more.
    if (got.length > 0) w.over = 'an append failed half-way';
    return answer(code);
  }
  parcel.regions.push(...sgl);
  parcel.size += sizeOf(sgl);
  if ((p[4] & 1) !== 0) parcel.state = ParcelState.SHARING;
  return answer(OK);
};

/** What an acceptance says of the parcel, as far as its flags ask for a comparison. */
function validated(p: Uint8Array, parcel: ModelParcel, acl: List, attrs: List): number {
  const flags = p[6];
  if (p[4] !== parcel.memType || p[5] !== parcel.transType) return ARGUMENT_INVALID;
  if ((flags & MemAcceptFlag.VALIDATE_SANITIZED) !== 0 && !parcel.sanitized) return VALIDATE_FAILED;
  if ((flags & MemAcceptFlag.VALIDATE_LABEL) !== 0 && num(p, 8, 4) !== parcel.label) return VALIDATE_FAILED;
  if ((flags & MemAcceptFlag.VALIDATE_ACL_ATTR) !== 0) {
    const given = entries(acl, (at) => `${num(p, at, 2)} ${p[at + 2]}`).join();
    if (given !== parcel.targets.map((t) => `${t.vmid} ${t.rights}`).join()) return VALIDATE_FAILED;
    const named = entries(attrs, (at) => `${num(p, at, 2)} ${num(p, at + 2, 2)}`).join();
    if (named !== parcel.attrs.map((a) => `${a.attr} ${a.vmid}`).join()) return VALIDATE_FAILED;
  }
  if ((flags & MemAcceptFlag.MAP_OTHER) !== 0) return DENIED;
  return num(p, 18 + 4 * acl.count, 2) === 0 ? OK : ARGUMENT_INVALID;
}

/** Whether this VM may have the parcel in this way. */
function mayAccept(parcel: ModelParcel, target: ModelTarget, flags: number): number {
  if (parcel.owner === target.vmid || target.mapped) return DENIED;
  const contiguous = (flags & MemAcceptFlag.MAP_CONTIGUOUS) !== 0;
  if (contiguous && (parcel.memType !== 0 || (target.placed >= 0 && !target.contiguous))) return ARGUMENT_INVALID;
  const sanitize = (flags & MemAcceptFlag.SANITIZE) !== 0;
  return sanitize && (parcel.memType === IO || (target.rights & 2) === 0) ? ARGUMENT_INVALID : OK;
}

const accept: Rule = (w, from, p) => {
  if (p.length < 24) return answer(MSG_INVALID);
  const found = lists(p, 12, [4, 16, 4]);
  if (typeof found === 'number') return answer(found);
  const [acl, sgl, attrs] = found;
  const parcel = lookup(w, num(p, 0, 4));
  if (parcel === undefined) return answer(HANDLE_INVALID);
  const invalid = validated(p, parcel, acl, attrs);
  if (invalid !== OK) return answer(invalid);
  const target = parcel.targets.find((t) => t.vmid === from);
  if (target === undefined) return answer(VMID_INVALID);
  const refused = mayAccept(parcel, target, p[6]);
  if (refused !== OK) return answer(refused);

  const contiguous = (p[6] & MemAcceptFlag.MAP_CONTIGUOUS) !== 0;
  const done = (p[6] & MemAcceptFlag.DONE) !== 0;
  const before = Math.max(target.placed, 0);
  if (before > 0 && target.contiguous !== contiguous && parcel.regions.length > 1) {
    w.lost = 'acceptance in parts, first contiguous and then not';
    return anything(OK);
  }
  const mappings = contiguous ? 1 : parcel.regions.length;
  const wanted = sgl.count === 0 ? mappings - before : sgl.count;
  if (wanted > mappings - before) return answer(ARGUMENT_INVALID);
  for (const [j, { ipa, size }] of sglOf(p, sgl).entries()) {
    const needed = contiguous ? parcel.size : parcel.regions[before + j].size;
    if (ipa % PAGE !== 0 || ipa >= LIMIT || size !== needed) return answer(ARGUMENT_INVALID);
    const place = placeOf(w, from, parcel, ipa, size);
    if (place !== OK) return answer(place);
  }
  const donation = parcel.transType === TransType.DONATE;
  if (done && before + wanted !== mappings) return answer(ARGUMENT_INVALID);
  // The owner of a SHARE and whoever accepted: an extent is mapped in few spaces.
  if (done && !donation && mapped(parcel) >= Platform.MEMEXTENT_MAX_MAPS) return answer(MAP_FAILED);
  if (target.placed < 0) target.contiguous = contiguous;
  target.placed = before + wanted;
  if (done && donation) moveParcel(w, parcel, from);
  else markShared(w, parcel, target, done);
  if (sgl.count !== 0) return answer(OK);
  return {
    error: OK,
    check: (data) =>
      data.length === 4 + 16 * wanted && num(data, 0, 2) === wanted ? undefined : `${wanted} mappings expected`,
  };
};

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

const release: Rule = (w, from, p) => {
  if (p.length < 8) return answer(MSG_INVALID);
  const parcel = lookup(w, num(p, 0, 4));
  const target = parcel?.targets.find((t) => t.vmid === from);
  if (parcel === undefined || target === undefined) return answer(HANDLE_INVALID);
  if (parcel.owner === from) return answer(DENIED);
  if (!target.shared) return answer(MEM_RELEASED);
  if ((p[4] & 1) !== 0 && (parcel.memType === IO || (target.rights & 2) === 0)) return answer(ARGUMENT_INVALID);
  giveBack(w, parcel, target);
  return answer(OK);
};

const reclaim: Rule = (w, from, p) => {
  if (p.length < 8) return answer(MSG_INVALID);
  const parcel = lookup(w, num(p, 0, 4));
  if (parcel === undefined) return answer(HANDLE_INVALID);
  if (parcel.owner !== from) return answer(DENIED);
  if (parcel.state === ParcelState.SHARED) return answer(MEM_INUSE);
  if ((p[4] & 1) !== 0 && parcel.memType === IO) return answer(ARGUMENT_INVALID);
  for (const { ipa, size } of parcel.regions) {
    for (let page = ipa; page < ipa + size; page += PAGE) w.taken.delete(page);
  }
  remove(w, parcel);
  return answer(OK);
};

export const memRules: Readonly<Record<number, Rule>> = {
  [Msg.MEM_DONATE]: create(TransType.DONATE),
  [Msg.MEM_LEND]: create(TransType.LEND),
  [Msg.MEM_SHARE]: create(TransType.SHARE),
  [Msg.MEM_APPEND]: append,
  [Msg.MEM_ACCEPT]: accept,
  [Msg.MEM_RELEASE]: release,
  [Msg.MEM_RECLAIM]: reclaim,
  ...notifyRules,
};
