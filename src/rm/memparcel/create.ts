/** MEM_DONATE, MEM_LEND, MEM_SHARE, MEM_APPEND (fact base: rm-rpc-messages 3.1 and 3.2). */
import { le32, put32 } from '../../base/index.js';
import {
  HypError,
  MemAppendFlag,
  MemAttr,
  MemCreateFlag,
  MemRights,
  MemType,
  Platform,
  RmError,
  TransType,
} from '../../protocol/index.js';
import { PHANDLE_UNSET } from '../dt/vm-tree-types.js';
import type { Handler } from '../handler.js';
import { type Rm, VMID_DYNAMIC_BASE, VMID_DYNAMIC_END, VMID_HLOS, VMID_RM, type VmRecord, vmLookup } from '../types.js';
import { addrspaceOf, createParcelExtent, donatePages, extentBase, ownedExtent, rmAssert } from '../vm/memory.js';
import {
  type AclEntry,
  type AttrEntry,
  endOfLists,
  listReader,
  readAcl,
  readAttrs,
  readSgl,
  type SglEntry,
} from './lists.js';
import {
  addressValid,
  allocateHandle,
  lookupParcel,
  mapRegion,
  parcelEvent,
  parcelsOwned,
  sanitize,
  targetOf,
} from './table.js';
import type { Parcel } from './types.js';

/** RM's region list: 2^14 tables of 64. */
const MAX_REGIONS = 2 ** 20;

const rightsValid = (rights: number): boolean =>
  rights === MemRights.R || rights === MemRights.RX || rights === MemRights.RW || rights === MemRights.RWX;

/** Static VMIDs count whether they exist or not, dynamic ones only while allocated. */
const vmidValid = (rm: Rm, vmid: number): boolean =>
  vmid === VMID_HLOS ||
  vmid === VMID_RM ||
  (vmid >= 4 && vmid <= 31) ||
  (vmid >= VMID_DYNAMIC_BASE && vmid < VMID_DYNAMIC_END && rm.vms[vmid] != null);

/** Pages back to the owner. */
function giveBack(rm: Rm, vm: VmRecord, parcel: Parcel, phys: number, size: number): void {
  rmAssert(donatePages(rm, vm, parcel.memType, parcel.meCap, phys, size, false) === HypError.OK);
}

/**
 * Moves the memory of the SGL into the parcel, in physically contiguous chunks. On an error all chunks of this call go
 * back, but `totalSize` keeps counting them: RM forgets to subtract.
 */
function addSgl(rm: Rm, vm: VmRecord, parcel: Parcel, sgl: readonly SglEntry[], done: boolean): number {
  const before = parcel.regions.length;
  const error = addChunks(rm, vm, parcel, sgl);
  if (error === RmError.OK) {
    if (done) parcelEvent(parcel, { type: 'FINISH' });
    return error;
  }
  while (parcel.regions.length > before) {
    const region = parcel.regions.pop();
    if (region !== undefined) giveBack(rm, vm, parcel, region.phys, region.size);
  }
  return error;
}

function addChunks(rm: Rm, vm: VmRecord, parcel: Parcel, sgl: readonly SglEntry[]): number {
  const { memType, meCap } = parcel;
  const owner = parcel.transType === TransType.SHARE ? targetOf(parcel, vm.vmid) : null;
  for (const entry of sgl) {
    let offset = 0;
    do {
      const ipa = entry.ipa + offset;
      const left = entry.size - offset;
      if (!addressValid(ipa) || !addressValid(left)) return RmError.ARGUMENT_INVALID;
      const found = rm.hv.addrspaceLookup(addrspaceOf(rm, vm), ownedExtent(vm, memType), ipa, left);
      if (found.error !== HypError.OK) return RmError.MEM_INVALID;
      const phys = extentBase(rm, memType) + found.offset;
      const size = found.size;
      if (parcel.transType === TransType.SHARE) {
        rmAssert(owner !== null);
        // Takes effect when the pages arrive in the parcel's extent.
        if (mapRegion(rm, vm, owner, meCap, memType, ipa, phys, size) !== HypError.OK) return RmError.MAP_FAILED;
      }
      if (donatePages(rm, vm, memType, meCap, phys, size, true) !== HypError.OK) return RmError.MEM_INVALID;
      if (parcel.regions.length === MAX_REGIONS) {
        giveBack(rm, vm, parcel, phys, size);
        return RmError.DENIED;
      }
      parcel.regions.push({ phys, size, ownerIpa: ipa });
      if (parcel.sanitizeCreate) sanitize(rm, meCap, memType, phys, size);
      parcel.totalSize += size;
      offset += size;
    } while (offset !== entry.size);
  }
  return RmError.OK;
}

interface ParcelRequest {
  memType: number;
  transType: number;
  flags: number;
  label: number;
  acl: readonly AclEntry[];
  sgl: readonly SglEntry[];
  attrs: readonly AttrEntry[];
}

/** Fills the targets from the ACL, or says what is wrong with it. */
function addTargets(rm: Rm, parcel: Parcel, acl: readonly AclEntry[]): number {
  const io = parcel.memType === MemType.IO;
  const donate = parcel.transType === TransType.DONATE;
  for (const { vmid, rights } of acl) {
    if (targetOf(parcel, vmid) !== null) return RmError.ARGUMENT_INVALID;
    if (!vmidValid(rm, vmid) || !rightsValid(rights)) return RmError.ARGUMENT_INVALID;
    if (io && (rights & 1) !== 0) return RmError.ARGUMENT_INVALID;
    if (donate && rights !== (io ? MemRights.RW : MemRights.RWX)) return RmError.DENIED;
    parcel.targets.push({
      vmid,
      rights,
      attr: io ? MemAttr.DEVICE : MemAttr.NORMAL,
      shared: false,
      mapped: false,
      contiguous: false,
      ipas: null,
      phandle: PHANDLE_UNSET,
      phandleExternal: false,
    });
  }
  // Only a SHARE names its owner.
  const ownerListed = targetOf(parcel, parcel.owner) !== null;
  return ownerListed === (parcel.transType === TransType.SHARE) ? RmError.OK : RmError.ARGUMENT_INVALID;
}

function addAttrs(parcel: Parcel, attrs: readonly AttrEntry[]): number {
  const io = parcel.memType === MemType.IO;
  const normal = io ? MemAttr.DEVICE : MemAttr.NORMAL;
  for (const { attr, vmid } of attrs) {
    if (parcel.attrs.some((other) => other.vmid === vmid)) return RmError.ARGUMENT_INVALID;
    if (attr > MemAttr.CACHED) return RmError.ARGUMENT_INVALID;
    if (io !== (attr === MemAttr.DEVICE)) return RmError.ARGUMENT_INVALID;
    if (parcel.transType === TransType.DONATE && attr !== normal) return RmError.ARGUMENT_INVALID;
    const target = targetOf(parcel, vmid);
    if (target === null) return RmError.VMID_INVALID;
    target.attr = attr;
    parcel.attrs.push({ attr, vmid });
  }
  return RmError.OK;
}

/** Creates a parcel of the VM's memory: the parcel, or an `RmError`. */
function createParcel(rm: Rm, vm: VmRecord, request: ParcelRequest): Parcel | number {
  const { memType, transType, acl, sgl } = request;
  if (acl.length === 0 || sgl.length === 0) return RmError.ARGUMENT_INVALID;
  if (transType === TransType.DONATE && acl.length > 1) return RmError.ARGUMENT_INVALID;
  if (parcelsOwned(rm, vm.vmid) === Platform.MAX_PARCELS_PER_OWNER) return RmError.DENIED;
  const sanitizeCreate = (request.flags & MemCreateFlag.SANITIZE) !== 0;
  if (sanitizeCreate && memType === MemType.IO) return RmError.ARGUMENT_INVALID;
  const extent = createParcelExtent(rm, memType);
  if (extent.error !== HypError.OK) return RmError.NOMEM;
  const parcel: Parcel = {
    handle: allocateHandle(rm),
    meCap: extent.cap,
    totalSize: 0,
    label: request.label,
    tag: 0,
    tagSet: false,
    owner: vm.vmid,
    state: 0,
    shareCount: 0,
    memType,
    transType,
    sanitizeCreate,
    sanitizeReclaim: false,
    targets: [],
    attrs: [],
    regions: [],
    rmMap: null,
  };
  let error = addTargets(rm, parcel, acl);
  if (error === RmError.OK) error = addAttrs(parcel, request.attrs);
  if (error === RmError.OK) error = addSgl(rm, vm, parcel, sgl, (request.flags & MemCreateFlag.APPEND) === 0);
  if (error !== RmError.OK) {
    rmAssert(rm.hv.deleteOwnCap(parcel.meCap) === HypError.OK);
    return error;
  }
  rm.parcels.list.push(parcel);
  return parcel;
}

/** Reply payload OK + handle. */
export function handleReply(handle: number): Uint8Array {
  const reply = new Uint8Array(8);
  put32(reply, 4, handle);
  return reply;
}

const CREATE_SIZE = 20;

export const create =
  (transType: number): Handler =>
  (rm, from, request) => {
    if (request.length < CREATE_SIZE) return RmError.MSG_INVALID;
    const reader = listReader(request, 8);
    const acl = readAcl(reader);
    const sgl = readSgl(reader);
    const attrs = readAttrs(reader);
    if (endOfLists(reader) !== RmError.OK) return reader.error;
    const vm = vmLookup(rm, from);
    rmAssert(vm !== null);
    const label = le32(request, 4);
    const made = createParcel(rm, vm, { memType: request[0], transType, flags: request[2], label, acl, sgl, attrs });
    return typeof made === 'number' ? made : handleReply(made.handle);
  };

const APPEND_SIZE = 12;

export const append: Handler = (rm, from, request) => {
  if (request.length < APPEND_SIZE) return RmError.MSG_INVALID;
  const reader = listReader(request, 8);
  const sgl = readSgl(reader);
  if (endOfLists(reader) !== RmError.OK) return reader.error;
  if (sgl.length === 0) return RmError.ARGUMENT_INVALID;
  const parcel = lookupParcel(rm, le32(request, 0));
  if (parcel === null) return RmError.HANDLE_INVALID;
  if (from !== parcel.owner || parcel.state !== 0) return RmError.DENIED;
  const vm = vmLookup(rm, from);
  if (vm === null) return RmError.VMID_INVALID;
  return addSgl(rm, vm, parcel, sgl, (request[4] & MemAppendFlag.DONE) !== 0);
};
