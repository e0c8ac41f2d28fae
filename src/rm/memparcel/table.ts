/** The parcel table: look-ups, what a parcel is to a VM, deletion (fact base: rm-rpc-messages 3, rm-state-machines 5). */
import { UNHANDLED } from '../../machine/index.js';
import { HypError, MapMemType, MemAttr, MemRights, MemType } from '../../protocol/index.js';
import { CAP_INVALID, HANDLE_INVALID, type Rm, type VmRecord } from '../types.js';
import { ADDR_LIMIT, addrspaceOf, extentBase, rmAssert } from '../vm/memory.js';
import { parcelLife } from './life.js';
import type { ParcelEvent } from './memparcel.machine.js';
import type { Parcel, ParcelRegion, ParcelTable, ParcelTarget } from './types.js';

export const createParcelTable = (): ParcelTable => ({ nextHandle: 0, list: [], parentMe: CAP_INVALID });

/** null: no parcel has the handle. */
export function lookupParcel(rm: Rm, handle: number): Parcel | null {
  const { list } = rm.parcels;
  for (let i = 0; i < list.length; i++) if (list[i].handle === handle) return list[i];
  return null;
}

export function targetOf({ targets }: Pick<Parcel, 'targets'>, vmid: number): ParcelTarget | null {
  for (let i = 0; i < targets.length; i++) if (targets[i].vmid === vmid) return targets[i];
  return null;
}

/** The parcel with this handle if its ACL names the VM. */
export function lookupParcelFor(rm: Rm, handle: number, vmid: number): Parcel | null {
  const parcel = lookupParcel(rm, handle);
  return parcel !== null && targetOf(parcel, vmid) !== null ? parcel : null;
}

/** Parcels whose ACL names the VM, in creation order. */
export function parcelsNaming(rm: Rm, vmid: number): Parcel[] {
  const found: Parcel[] = [];
  for (const parcel of rm.parcels.list) if (targetOf(parcel, vmid) !== null) found.push(parcel);
  return found;
}

export function parcelsOwned(rm: Rm, vmid: number): number {
  let count = 0;
  for (const parcel of rm.parcels.list) if (parcel.owner === vmid) count++;
  return count;
}

/** A handle for a new parcel; the counter never goes back. */
export function allocateHandle(rm: Rm): number {
  for (;;) {
    const handle = rm.parcels.nextHandle;
    rm.parcels.nextHandle = (handle + 1) >>> 0;
    if (handle !== HANDLE_INVALID && lookupParcel(rm, handle) === null) return handle;
  }
}

export const isShared = (parcel: Parcel, vmid: number): boolean => targetOf(parcel, vmid)?.shared ?? false;

export const isExclusive = (parcel: Parcel, vmid: number): boolean =>
  parcel.targets.length === 1 && parcel.targets[0].vmid === vmid;

/** Usable as the VM's own memory (debug build: other VMs may be in the ACL too). */
export function isPrivate(parcel: Parcel, vmid: number): boolean {
  const target = targetOf(parcel, vmid);
  return (
    parcel.memType === MemType.NORMAL &&
    parcel.label === 0 &&
    target !== null &&
    target.rights === MemRights.RWX &&
    target.attr === MemAttr.NORMAL
  );
}

/** Where the VM has the parcel; null unless it accepted (at least addresses). */
export function mappedRanges(parcel: Parcel, vmid: number): { ipa: number; size: number }[] | null {
  const target = targetOf(parcel, vmid);
  if (target === null || !target.shared || target.ipas === null) return null;
  if (target.contiguous) return [{ ipa: target.ipas[0], size: parcel.totalSize }];
  const ipas = target.ipas;
  return parcel.regions.map((region, i) => ({ ipa: ipas[i] ?? 0, size: region.size }));
}

/** Address of region `i` in the VM; `offset`: bytes of the regions before it. */
export function regionIpa(target: ParcelTarget, i: number, offset: number): number {
  rmAssert(target.ipas !== null);
  return target.contiguous ? target.ipas[0] + offset : target.ipas[i];
}

export const addressValid = (address: number): boolean => address < ADDR_LIMIT && address % 4096 === 0;

/** Stage-2 memory type of a `MemAttr`. */
function mapMemType(attr: number): number {
  if (attr === MemAttr.DEVICE) return MapMemType.DEVICE_NGNRE;
  return attr === MemAttr.UNCACHED ? MapMemType.NORMAL_NC : MapMemType.NORMAL_WB;
}

/** Maps pages of an extent into a VM with the rights and attribute that the ACL gives it. Hypervisor error. */
export function mapRegion(
  rm: Rm,
  vm: VmRecord,
  target: ParcelTarget,
  extent: bigint,
  memType: number,
  ipa: number,
  phys: number,
  size: number,
): number {
  const offset = phys - extentBase(rm, memType);
  return rm.hv.mapPartial(addrspaceOf(rm, vm), extent, ipa, offset, size, target.rights, mapMemType(target.attr));
}

export function unmapRegion(
  rm: Rm,
  vm: VmRecord,
  extent: bigint,
  memType: number,
  ipa: number,
  region: ParcelRegion,
): number {
  const offset = region.phys - extentBase(rm, memType);
  return rm.hv.unmapPartial(addrspaceOf(rm, vm), extent, ipa, offset, region.size);
}

/** Zeroes pages of an extent. */
export function sanitize(rm: Rm, extent: bigint, memType: number, phys: number, size: number): void {
  rmAssert(memType !== MemType.IO);
  rmAssert(rm.hv.memextentZero(extent, phys - extentBase(rm, memType), size) === HypError.OK);
}

/** Removes a parcel that holds no memory any more. */
export function deleteParcel(rm: Rm, parcel: Parcel): void {
  const { list } = rm.parcels;
  if (list[list.length - 1] === parcel) list.pop();
  else list.splice(list.indexOf(parcel), 1);
  rmAssert(rm.hv.deleteOwnCap(parcel.meCap) === HypError.OK);
}

/** Takes an accepted parcel off the VM's list; the last one fills the hole. */
export function forgetAccepted(vm: VmRecord, handle: number): void {
  rmAssert(vm.config !== null);
  const list = vm.config.acceptedParcels;
  const at = list.indexOf(handle);
  if (at < 0) return;
  const last = list.pop();
  if (last !== undefined && at < list.length) list[at] = last;
}

/** Lets the parcel's state machine take an event; false: not possible in this state. */
export function parcelEvent(parcel: Parcel, event: ParcelEvent): boolean {
  const step = parcelLife.next(parcel.state, { sharers: parcel.shareCount }, event);
  if (step === UNHANDLED) return false;
  parcel.state = step.state;
  parcel.shareCount = step.context.sharers;
  return true;
}
