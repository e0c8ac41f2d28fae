/** What RM must answer to memory parcel requests (fact base: rm-rpc-messages 3, rm-state-machines 5). */
import { Msg, ParcelState, Platform, RmError, TransType } from '../../protocol/index.js';
import {
  entries,
  giveBack,
  IO,
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
    const handle = w.nextHandle++;
    const targets: ModelTarget[] = [];
    for (const { vmid, rights } of entries(acl, (at) => ({ vmid: num(p, at, 2), rights: p[at + 2] }))) {
      if (targets.some((t) => t.vmid === vmid)) return answer(ARGUMENT_INVALID);
      const named = vmid === HLOS || vmid === RM || (vmid >= 4 && vmid <= 31) || (isDynamic(vmid) && w.vms.has(vmid));
      if (!named || rights < 4 || rights > 7) return answer(ARGUMENT_INVALID);
      if (memType === IO && (rights & 1) !== 0) return answer(ARGUMENT_INVALID);
      if (transType === TransType.DONATE && rights !== (memType === IO ? 6 : 7)) return answer(DENIED);
      targets.push({ vmid, rights, shared: false, mapped: false, placed: -1, contiguous: false });
    }
    if (targets.some((t) => t.vmid === from) !== (transType === TransType.SHARE)) return answer(ARGUMENT_INVALID);
    const given: { attr: number; vmid: number }[] = [];
    for (const a of entries(attrs, (at) => ({ attr: num(p, at, 2), vmid: num(p, at + 2, 2) }))) {
      if (given.some((g) => g.vmid === a.vmid) || a.attr > 3) return answer(ARGUMENT_INVALID);
      if ((memType === IO) !== (a.attr === 1)) return answer(ARGUMENT_INVALID);
      if (transType === TransType.DONATE && a.attr !== (memType === IO ? 1 : 0)) return answer(ARGUMENT_INVALID);
      if (!targets.some((t) => t.vmid === a.vmid)) return answer(VMID_INVALID);
      given.push(a);
    }
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
      size: regions.reduce((sum, r) => sum + r.size, 0),
    });
    return answer(OK, bytes([4, handle]));
  };

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
  parcel.size += sgl.reduce((sum, r) => sum + r.size, 0);
  if ((p[4] & 1) !== 0) parcel.state = ParcelState.SHARING;
  return answer(OK);
};

const accept: Rule = (w, from, p) => {
  if (p.length < 24) return answer(MSG_INVALID);
  const found = lists(p, 12, [4, 16, 4]);
  if (typeof found === 'number') return answer(found);
  const [acl, sgl, attrs] = found;
  const parcel = lookup(w, num(p, 0, 4));
  if (parcel === undefined) return answer(HANDLE_INVALID);
  if (p[4] !== parcel.memType || p[5] !== parcel.transType) return answer(ARGUMENT_INVALID);
  const flags = p[6];
  if ((flags & 1) !== 0 && !parcel.sanitized) return answer(VALIDATE_FAILED);
  if ((flags & 4) !== 0 && num(p, 8, 4) !== parcel.label) return answer(VALIDATE_FAILED);
  if ((flags & 2) !== 0) {
    const given = entries(acl, (at) => `${num(p, at, 2)} ${p[at + 2]}`).join();
    if (given !== parcel.targets.map((t) => `${t.vmid} ${t.rights}`).join()) return answer(VALIDATE_FAILED);
    const named = entries(attrs, (at) => `${num(p, at, 2)} ${num(p, at + 2, 2)}`).join();
    if (named !== parcel.attrs.map((a) => `${a.attr} ${a.vmid}`).join()) return answer(VALIDATE_FAILED);
  }
  if ((flags & 8) !== 0) return answer(DENIED);
  if (num(p, 18 + 4 * acl.count, 2) !== 0) return answer(ARGUMENT_INVALID);
  const target = parcel.targets.find((t) => t.vmid === from);
  if (target === undefined) return answer(VMID_INVALID);
  if (parcel.owner === from || target.mapped) return answer(DENIED);
  const contiguous = (flags & 16) !== 0;
  if (contiguous && (parcel.memType !== 0 || (target.placed >= 0 && !target.contiguous)))
    return answer(ARGUMENT_INVALID);
  if ((flags & 32) !== 0 && (parcel.memType === IO || (target.rights & 2) === 0)) return answer(ARGUMENT_INVALID);
  const done = (flags & 128) !== 0;
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
  if (done && before + wanted !== mappings) return answer(ARGUMENT_INVALID);
  // The owner of a SHARE and whoever accepted: an extent is mapped in few spaces.
  if (done && parcel.transType !== TransType.DONATE && mapped(parcel) >= Platform.MEMEXTENT_MAX_MAPS)
    return answer(MAP_FAILED);
  if (target.placed < 0) target.contiguous = contiguous;
  target.placed = before + wanted;
  if (done && parcel.transType === TransType.DONATE) moveParcel(w, parcel, from);
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
