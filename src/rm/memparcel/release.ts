/** MEM_RELEASE, MEM_RECLAIM, and release at reset (fact base: rm-rpc-messages 3.4, 3.5, 3.8; rm-state-machines 4.2). */
import { le32 } from '../../base/index.js';
import { HypError, MemReleaseFlag, MemType, ParcelState, RmError } from '../../protocol/index.js';
import type { Handler } from '../handler.js';
import { type Rm, type VmRecord, vmLookup } from '../types.js';
import { donatePages, rmAssert } from '../vm/memory.js';
import { freeAddresses } from './accept.js';
import { notifyOwner } from './notify.js';
import {
  deleteParcel,
  forgetAccepted,
  lookupParcel,
  mapRegion,
  parcelEvent,
  regionIpa,
  sanitize,
  targetOf,
  unmapRegion,
} from './table.js';
import type { Parcel, ParcelTarget } from './types.js';

/** Unmaps the parcel from the VM, all or nothing. */
function unmapAll(rm: Rm, vm: VmRecord, parcel: Parcel, target: ParcelTarget): number {
  const { regions, memType, meCap } = parcel;
  let offset = 0;
  for (let i = 0; i < regions.length; i++) {
    if (unmapRegion(rm, vm, meCap, memType, regionIpa(target, i, offset), regions[i]) !== HypError.OK) {
      for (let j = 0, redone = 0; j < i; j++) {
        const { phys, size } = regions[j];
        const ipa = regionIpa(target, j, redone);
        rmAssert(mapRegion(rm, vm, target, meCap, memType, ipa, phys, size) === HypError.OK);
        redone += size;
      }
      return RmError.MAP_FAILED;
    }
    offset += regions[i].size;
  }
  return RmError.OK;
}

/** Ends what the VM accepted. The owner is not told. */
function releaseParcel(rm: Rm, vmid: number, handle: number, flags: number): number {
  const parcel = lookupParcel(rm, handle);
  if (parcel === null) return RmError.HANDLE_INVALID;
  const vm = vmLookup(rm, vmid);
  if (vm === null) return RmError.VMID_INVALID;
  const target = targetOf(parcel, vmid);
  if (target === null) return RmError.HANDLE_INVALID;
  if (vmid === parcel.owner) return RmError.DENIED;
  if (!target.shared) return RmError.MEM_RELEASED;
  if ((flags & MemReleaseFlag.SANITIZE) !== 0) {
    if (parcel.memType === MemType.IO || (target.rights & 2) === 0) return RmError.ARGUMENT_INVALID;
    parcel.sanitizeReclaim = true;
  }
  if (target.mapped) {
    const error = unmapAll(rm, vm, parcel, target);
    if (error !== RmError.OK) return error;
  }
  freeAddresses(rm, vm, parcel, target, 0);
  target.ipas = null;
  target.contiguous = false;
  target.shared = false;
  target.mapped = false;
  parcelEvent(parcel, { type: 'RELEASE' });
  forgetAccepted(vm, handle);
  return RmError.OK;
}

/** Gives a parcel's memory back to its owner and deletes it. */
function reclaimParcel(rm: Rm, vmid: number, handle: number, flags: number): number {
  const parcel = lookupParcel(rm, handle);
  if (parcel === null) return RmError.HANDLE_INVALID;
  if (vmid !== parcel.owner) return RmError.DENIED;
  if (parcel.state === ParcelState.SHARED) return RmError.MEM_INUSE;
  const { memType, meCap } = parcel;
  if ((flags & MemReleaseFlag.SANITIZE) !== 0) {
    if (memType === MemType.IO) return RmError.ARGUMENT_INVALID;
    parcel.sanitizeReclaim = true;
  }
  const vm = vmLookup(rm, vmid);
  if (vm === null) return RmError.VMID_INVALID;
  for (const { phys, size } of parcel.regions) {
    if (parcel.sanitizeReclaim) sanitize(rm, meCap, memType, phys, size);
    rmAssert(donatePages(rm, vm, memType, meCap, phys, size, false) === HypError.OK);
  }
  deleteParcel(rm, parcel);
  parcelEvent(parcel, { type: 'RECLAIM' });
  return RmError.OK;
}

/**
 * One step of the reset stage RELEASE_MEMPARCELS: releases the parcel that the VM accepted last and tells its owner.
 * True when none is left.
 */
export function releaseLastParcel(rm: Rm, vm: VmRecord): boolean {
  rmAssert(vm.config !== null);
  const accepted = vm.config.acceptedParcels;
  const handle = accepted.pop();
  if (handle === undefined) return true;
  const parcel = lookupParcel(rm, handle);
  rmAssert(parcel !== null);
  let error = releaseParcel(rm, vm.vmid, handle, 0);
  if (error === RmError.OK) error = notifyOwner(rm, parcel, vm.vmid, false);
  rmAssert(error === RmError.OK);
  return accepted.length === 0;
}

const REQUEST_SIZE = 8;

export const release: Handler = (rm, from, request) =>
  request.length < REQUEST_SIZE ? RmError.MSG_INVALID : releaseParcel(rm, from, le32(request, 0), request[4]);

export const reclaim: Handler = (rm, from, request) =>
  request.length < REQUEST_SIZE ? RmError.MSG_INVALID : reclaimParcel(rm, from, le32(request, 0), request[4]);
