/** MEM_ACCEPT, and acceptance on behalf of a VM (fact base: rm-rpc-messages 3.3). */
import { le16, le32, put16, put64 } from '../../base/index.js';
import { HypError, MemAcceptFlag, MemType, Platform, RmError, TransType } from '../../protocol/index.js';
import { NO_TAG } from '../allocator.js';
import type { Handler } from '../handler.js';
import { type Rm, type VmRecord, vmLookup } from '../types.js';
import {
  addressAllocForParcel,
  addressFree,
  donatePages,
  memUse,
  ownedExtent,
  PHYS_TAG,
  rmAssert,
} from '../vm/memory.js';
import {
  ACL_SIZE,
  type AclEntry,
  type AttrEntry,
  endOfLists,
  listReader,
  readAcl,
  readAttrs,
  readSgl,
  SGL_SIZE,
  type SglEntry,
} from './lists.js';
import {
  addressValid,
  deleteParcel,
  forgetAccepted,
  lookupParcel,
  mapRegion,
  parcelEvent,
  regionIpa,
  targetOf,
  unmapRegion,
} from './table.js';
import type { Parcel, ParcelTarget } from './types.js';

export interface AcceptRequest {
  handle: number;
  memType: number;
  transType: number;
  flags: number;
  label: number;
  mapVmid: number;
  acl: readonly AclEntry[];
  sgl: readonly SglEntry[];
  attrs: readonly AttrEntry[];
}

/** Answer to a request without SGL: the addresses chosen now, and whether some are still missing. */
export interface AcceptAnswer {
  sgl: SglEntry[];
  incomplete: boolean;
}

/** Checks 5 to 9 of the fact base: what the request says about the parcel. */
function validate(parcel: Parcel, request: AcceptRequest): number {
  const { flags, acl, attrs } = request;
  if (request.memType !== parcel.memType || request.transType !== parcel.transType) return RmError.ARGUMENT_INVALID;
  if ((flags & MemAcceptFlag.VALIDATE_SANITIZED) !== 0 && !parcel.sanitizeCreate) return RmError.VALIDATE_FAILED;
  if ((flags & MemAcceptFlag.VALIDATE_LABEL) !== 0 && request.label !== parcel.label) return RmError.VALIDATE_FAILED;
  if ((flags & MemAcceptFlag.VALIDATE_ACL_ATTR) !== 0) {
    if (acl.length !== parcel.targets.length || attrs.length !== parcel.attrs.length) return RmError.VALIDATE_FAILED;
    const same =
      acl.every(({ vmid, rights }, i) => vmid === parcel.targets[i].vmid && rights === parcel.targets[i].rights) &&
      attrs.every(({ vmid, attr }, i) => vmid === parcel.attrs[i].vmid && attr === parcel.attrs[i].attr);
    if (!same) return RmError.VALIDATE_FAILED;
  }
  if ((flags & MemAcceptFlag.MAP_OTHER) !== 0) return RmError.DENIED;
  return request.mapVmid === 0 ? RmError.OK : RmError.ARGUMENT_INVALID;
}

/** Gives back addresses of the target from mapping `start` on. */
export function freeAddresses(rm: Rm, vm: VmRecord, parcel: Parcel, target: ParcelTarget, start: number): void {
  const ipas = target.ipas ?? [];
  const use = memUse(parcel.memType);
  // RM believes that a contiguous acceptance has one address.
  if (target.contiguous) rmAssert(start === 0 && ipas.length === 1);
  for (let i = start; i < ipas.length; i++) {
    const size = target.contiguous ? parcel.totalSize : parcel.regions[i].size;
    rmAssert(addressFree(rm, vm, use, ipas[i], size) === HypError.OK);
  }
}

/** Chooses or takes one address. Error of RM; OK pushes it. */
function reserve(
  rm: Rm,
  vm: VmRecord,
  parcel: Parcel,
  ipas: number[],
  wanted: SglEntry | null,
  phys: number | null,
  size: number,
): number {
  if (wanted !== null && (!addressValid(wanted.ipa) || wanted.size !== size)) return RmError.ARGUMENT_INVALID;
  const range = addressAllocForParcel(rm, vm, parcel.memType, wanted?.ipa ?? null, phys, size);
  if (range.error !== HypError.OK) return RmError.NORESOURCE;
  // A mismatch leaks the range.
  if (range.tag !== NO_TAG && (range.tag & PHYS_TAG) !== range.tag) return RmError.MEM_INVALID;
  ipas.push(range.base);
  return RmError.OK;
}

/** Maps the whole parcel from `extent` into the VM; on failure nothing stays mapped. */
function mapAll(rm: Rm, vm: VmRecord, parcel: Parcel, target: ParcelTarget, extent: bigint): number {
  const { regions, memType } = parcel;
  let offset = 0;
  for (let i = 0; i < regions.length; i++) {
    const { phys, size } = regions[i];
    const ipa = regionIpa(target, i, offset);
    if (mapRegion(rm, vm, target, extent, memType, ipa, phys, size) !== HypError.OK) {
      for (let j = 0, undone = 0; j < i; j++) {
        const done = regionIpa(target, j, undone);
        rmAssert(unmapRegion(rm, vm, extent, memType, done, regions[j]) === HypError.OK);
        undone += regions[j].size;
      }
      return RmError.MAP_FAILED;
    }
    offset += size;
  }
  return RmError.OK;
}

/** Last step of a donation: pages into the VM's own extent, mapped, away from the owner; the parcel is gone. */
function move(rm: Rm, vm: VmRecord, parcel: Parcel, target: ParcelTarget): number {
  const { regions, memType, meCap } = parcel;
  let moved = 0;
  let error: number = RmError.OK;
  for (const { phys, size } of regions) {
    if (donatePages(rm, vm, memType, meCap, phys, size, false) !== HypError.OK) {
      error = RmError.MEM_INVALID;
      break;
    }
    moved++;
  }
  if (error === RmError.OK) error = mapAll(rm, vm, parcel, target, ownedExtent(vm, memType));
  if (error !== RmError.OK) {
    for (const { phys, size } of regions.slice(0, moved)) {
      rmAssert(donatePages(rm, vm, memType, meCap, phys, size, true) === HypError.OK);
    }
    return error;
  }
  const previous = vmLookup(rm, parcel.owner);
  rmAssert(previous !== null);
  for (const region of regions) {
    rmAssert(addressFree(rm, previous, memUse(memType), region.ownerIpa, region.size) === HypError.OK);
    const extent = ownedExtent(previous, memType);
    rmAssert(unmapRegion(rm, previous, extent, memType, region.ownerIpa, region) === HypError.OK);
  }
  forgetAccepted(vm, parcel.handle);
  deleteParcel(rm, parcel);
  parcelEvent(parcel, { type: 'MOVE' });
  return RmError.OK;
}

/** Checks of how the VM wants to have it: contiguous, sanitized when it comes back. */
function checkUse(parcel: Parcel, target: ParcelTarget, flags: number): number {
  if ((flags & MemAcceptFlag.MAP_CONTIGUOUS) !== 0) {
    if (parcel.memType !== MemType.NORMAL) return RmError.ARGUMENT_INVALID;
    if (target.ipas !== null && !target.contiguous) return RmError.ARGUMENT_INVALID;
  }
  if ((flags & MemAcceptFlag.SANITIZE) !== 0) {
    if (parcel.memType === MemType.IO || (target.rights & 2) === 0) return RmError.ARGUMENT_INVALID;
    parcel.sanitizeReclaim = true;
  }
  return RmError.OK;
}

/** An acceptance that is going on: the mappings of the parcel that it is about, and those that it has an address for already. */
interface Acceptance {
  rm: Rm;
  vm: VmRecord;
  parcel: Parcel;
  target: ParcelTarget;
  contiguous: boolean;
  /** Mappings that the whole parcel takes. */
  mappings: number;
  /** Of these with an address from earlier requests. */
  before: number;
}

/** Reserves `wanted` addresses more: those of `sgl`, or any, which `answer` collects. */
function reserveNext(
  a: Acceptance,
  ipas: number[],
  wanted: number,
  sgl: readonly SglEntry[],
  answer?: AcceptAnswer,
): number {
  const { rm, vm, parcel, contiguous, before } = a;
  for (let j = 0; j < wanted; j++) {
    const region = parcel.regions[before + j];
    const size = contiguous ? parcel.totalSize : region.size;
    const given = sgl.length === 0 ? null : sgl[j];
    const error = reserve(rm, vm, parcel, ipas, given, contiguous ? null : region.phys, size);
    if (error !== RmError.OK) return error;
    answer?.sgl.push({ ipa: ipas[before + j], size });
  }
  return RmError.OK;
}

/** What DONE asks for, once every mapping has an address. */
function complete({ rm, vm, parcel, target, mappings }: Acceptance, ipas: readonly number[]): number {
  if (ipas.length !== mappings) return RmError.ARGUMENT_INVALID;
  if (parcel.transType === TransType.DONATE) return move(rm, vm, parcel, target);
  const error = mapAll(rm, vm, parcel, target, parcel.meCap);
  target.mapped = error === RmError.OK;
  return error;
}

/** The VM counts as a sharer from its first address on. */
function markShared({ vm, parcel, target }: Acceptance): void {
  if (target.shared) return;
  rmAssert(vm.config !== null);
  target.shared = true;
  parcelEvent(parcel, { type: 'ACCEPT' });
  vm.config.acceptedParcels.push(parcel.handle);
}

/**
 * Accepts a parcel for `vmid`: reserves addresses, and with DONE maps it (a donation is then complete and its parcel
 * gone). The parcel's state is not looked at. `answer` collects the addresses when the request has none.
 */
export function acceptParcel(rm: Rm, vmid: number, request: AcceptRequest, answer?: AcceptAnswer): number {
  const { flags, sgl } = request;
  const parcel = lookupParcel(rm, request.handle);
  if (parcel === null) return RmError.HANDLE_INVALID;
  let error = validate(parcel, request);
  if (error !== RmError.OK) return error;
  const vm = vmLookup(rm, vmid);
  const target = targetOf(parcel, vmid);
  if (vm === null || target === null) return RmError.VMID_INVALID;
  if (vmid === parcel.owner || target.mapped) return RmError.DENIED;
  error = checkUse(parcel, target, flags);
  if (error !== RmError.OK) return error;

  const contiguous = (flags & MemAcceptFlag.MAP_CONTIGUOUS) !== 0;
  const mappings = contiguous ? 1 : parcel.regions.length;
  const before = target.ipas?.length ?? 0;
  // One address more than a contiguous acceptance has: it was continued without the flag, and now with it again.
  rmAssert(before <= mappings);
  const most = Math.min(mappings - before, Platform.MAX_LIST_ENTRIES);
  if (sgl.length > most) return RmError.ARGUMENT_INVALID;
  const wanted = sgl.length === 0 ? most : sgl.length;
  if (answer !== undefined) answer.incomplete = before + wanted < mappings;

  const fresh = target.ipas === null;
  if (fresh) target.contiguous = contiguous;
  const ipas = target.ipas ?? [];
  target.ipas = ipas;
  const acceptance: Acceptance = { rm, vm, parcel, target, contiguous, mappings, before };
  const done = (flags & MemAcceptFlag.DONE) !== 0;
  error = reserveNext(acceptance, ipas, wanted, sgl, answer);
  if (error === RmError.OK && done) error = complete(acceptance, ipas);
  if (error !== RmError.OK) {
    if (ipas.length > before) freeAddresses(rm, vm, parcel, target, before);
    ipas.length = before;
    if (fresh) target.ipas = null;
    return error;
  }
  const gone = done && parcel.transType === TransType.DONATE;
  if (!gone) markShared(acceptance);
  return RmError.OK;
}

const ACCEPT_SIZE = 24;

export const accept: Handler = (rm, from, request) => {
  if (request.length < ACCEPT_SIZE) return RmError.MSG_INVALID;
  const reader = listReader(request, 12);
  const acl = readAcl(reader);
  const sgl = readSgl(reader);
  const attrs = readAttrs(reader);
  if (endOfLists(reader) !== RmError.OK) return reader.error;
  // Read even where the message has ended (two or more ACL entries and no SGL header). RM's heap decides then: recorded were 0 and
  // other values for the same message, for short lists mostly 0. Taken as zero.
  const mapVmidAt = 18 + acl.length * ACL_SIZE;
  const mapVmid = mapVmidAt + 2 <= request.length ? le16(request, mapVmidAt) : 0;
  const answer: AcceptAnswer | undefined = sgl.length === 0 ? { sgl: [], incomplete: false } : undefined;
  const parsed: AcceptRequest = {
    handle: le32(request, 0),
    memType: request[4],
    transType: request[5],
    flags: request[6],
    label: le32(request, 8),
    mapVmid,
    acl,
    sgl,
    attrs,
  };
  const error = acceptParcel(rm, from, parsed, answer);
  return error !== RmError.OK || answer === undefined ? error : answerPayload(answer);
};

function answerPayload(answer: AcceptAnswer): Uint8Array {
  const { sgl } = answer;
  const reply = new Uint8Array(8 + sgl.length * SGL_SIZE);
  put16(reply, 4, sgl.length);
  reply[6] = answer.incomplete ? 1 : 0;
  for (let i = 0; i < sgl.length; i++) {
    put64(reply, 8 + i * SGL_SIZE, BigInt(sgl[i].ipa));
    put64(reply, 16 + i * SGL_SIZE, BigInt(sgl[i].size));
  }
  return reply;
}
