/**
 * Acceptance on behalf of a VM at VM_START and when the owner announces a parcel to a VM that is READY
 * (fact base: rm-rpc-messages 1.3 steps 1 to 4 and 6, rm-boot-and-dt 5.3 and 5.4).
 */
import { MemAcceptFlag, MemAttr, MemRights, MemType, RmError, TransType } from '../../protocol/index.js';
import { RmDeath } from '../death.js';
import type { IpaRange, VmTreeParcel, VmTreeParcelPort } from '../dt/vm-tree-types.js';
import { type Rm, VMID_HLOS, type VmRecord, vmLookup } from '../types.js';
import type { IomemDevice } from '../vdev/devices.js';
import { rmAssert } from '../vm/memory.js';
import { type AcceptRequest, acceptParcel } from './accept.js';
import type { SglEntry } from './lists.js';
import {
  isExclusive,
  isPrivate,
  isShared,
  lookupParcel,
  lookupParcelFor,
  mappedRanges,
  parcelsNaming,
  targetOf,
} from './table.js';
import type { Parcel } from './types.js';

const request = (
  parcel: Parcel,
  flags: number,
  sgl: readonly SglEntry[],
  memType: number = parcel.memType,
): AcceptRequest => ({
  handle: parcel.handle,
  memType,
  transType: parcel.transType,
  flags: flags | MemAcceptFlag.DONE,
  label: 0,
  mapVmid: 0,
  acl: [],
  sgl,
  attrs: [],
});

/** A sensitive VM's writable memory that its owner cannot read is zeroed when it goes back. */
function sanitizeFlag(rm: Rm, vm: VmRecord, parcel: Parcel): number {
  const owner = vmLookup(rm, parcel.owner);
  const ownerReads = ((targetOf(parcel, parcel.owner)?.rights ?? 0) & MemRights.R) !== 0;
  const writes = ((targetOf(parcel, vm.vmid)?.rights ?? 0) & 2) !== 0;
  return vm.sensitive && writes && (!ownerReads || (owner?.sensitive ?? false)) ? MemAcceptFlag.SANITIZE : 0;
}

/** After a donation was accepted inside a walk over the parcels, RM follows a link in freed memory. */
function checkStillListed(rm: Rm, parcel: Parcel): void {
  if (lookupParcel(rm, parcel.handle) !== parcel) throw new RmDeath('FAULT', 'vm-start-unaccepted-donate');
}

/** Accepts at a free address. True if it worked. */
const acceptAnywhere = (rm: Rm, vm: VmRecord, parcel: Parcel): boolean =>
  acceptParcel(rm, vm.vmid, request(parcel, sanitizeFlag(rm, vm, parcel), [])) === RmError.OK;

function acceptAt(rm: Rm, vm: VmRecord, parcel: Parcel, sgl: SglEntry, contiguous: boolean): boolean {
  const flags = sanitizeFlag(rm, vm, parcel) | (contiguous ? MemAcceptFlag.MAP_CONTIGUOUS : 0);
  return acceptParcel(rm, vm.vmid, request(parcel, flags, [sgl])) === RmError.OK;
}

/** Validation that an iomem device asks for; its list of regions is compared with the wrong index, as RM does. */
function acceptIomem(rm: Rm, vm: VmRecord, parcel: Parcel, device: IomemDevice): boolean {
  let flags = 0;
  const wanted = request(parcel, 0, []);
  wanted.label = device.label;
  if (device.acl !== null) {
    wanted.acl = [
      { vmid: vm.vmid, rights: device.acl[0] & 0xff },
      { vmid: device.peer, rights: device.acl[1] & 0xff },
    ];
    flags = MemAcceptFlag.VALIDATE_ACL_ATTR;
  }
  if (device.attrs !== null) {
    wanted.attrs = [
      { vmid: vm.vmid, attr: device.attrs[0] & 0xffff },
      { vmid: device.peer, attr: device.attrs[1] & 0xffff },
    ];
    flags = MemAcceptFlag.VALIDATE_ACL_ATTR;
  }
  const listed = device.sglist.length;
  const regions = Math.min(parcel.regions.length, listed);
  if (regions !== 0 && regions !== listed) return false;
  for (let i = 0; i < regions; i++) {
    const { ipa, size } = device.sglist[i];
    if (Number(ipa) !== parcel.regions[i].phys || Number(size) !== parcel.regions[i].size) return false;
  }
  wanted.flags |= flags;
  if (acceptParcel(rm, vm.vmid, wanted) !== RmError.OK) return false;
  if (device.memInfoTag !== null) {
    parcel.tagSet = true;
    parcel.tag = device.memInfoTag;
  }
  return true;
}

/**
 * Accepts the parcel if a device of the VM has its label: an shm device without `allocate-base` at its fixed address, an
 * iomem device after validation. False only if that was tried and failed.
 */
export function acceptForDevices(rm: Rm, vm: VmRecord, parcel: Parcel): boolean {
  rmAssert(vm.config !== null);
  if (isShared(parcel, vm.vmid)) return true;
  for (const device of vm.config.devices) {
    if ((device.type !== 'shm' && device.type !== 'iomem') || device.label !== parcel.label) continue;
    if (device.type === 'iomem') return acceptIomem(rm, vm, parcel, device);
    if (device.allocateBase) return true;
    return acceptAt(rm, vm, parcel, { ipa: device.baseIpa, size: parcel.totalSize }, true);
  }
  return true;
}

function acceptImage(rm: Rm, vm: VmRecord): number {
  rmAssert(vm.config !== null);
  const parcel = lookupParcelFor(rm, vm.memHandle, vm.vmid);
  if (parcel === null) return RmError.HANDLE_INVALID;
  if (parcel.transType === TransType.DONATE) return RmError.ARGUMENT_INVALID;
  const flags = MemAcceptFlag.MAP_CONTIGUOUS | (vm.config.memUnsanitized ? 0 : MemAcceptFlag.SANITIZE);
  const sgl = [{ ipa: vm.config.memIpaBase, size: vm.memSize }];
  return acceptParcel(rm, vm.vmid, request(parcel, flags, sgl, MemType.NORMAL));
}

function acceptFirmware(rm: Rm, vm: VmRecord): number {
  rmAssert(vm.config !== null);
  const { fwSize, fwOffset } = vm;
  if (fwSize === 0) return RmError.OK;
  const max = vm.config.fwSizeMax;
  if (BigInt(fwOffset) > max || BigInt(fwSize) > max - BigInt(fwOffset)) return RmError.MEM_INVALID;
  const base = vm.config.fwIpaBase;
  if (vm.fwHandle === vm.memHandle) {
    const memBase = BigInt(vm.config.memIpaBase);
    const inside = base >= memBase && BigInt.asUintN(64, base + max) <= memBase + BigInt(vm.memSize);
    return inside ? RmError.OK : RmError.MEM_INVALID;
  }
  return acceptParcel(rm, vm.vmid, {
    handle: vm.fwHandle,
    memType: MemType.NORMAL,
    transType: TransType.LEND,
    flags: MemAcceptFlag.DONE | MemAcceptFlag.VALIDATE_ACL_ATTR | MemAcceptFlag.SANITIZE | MemAcceptFlag.MAP_CONTIGUOUS,
    label: 0,
    mapVmid: 0,
    acl: [{ vmid: vm.vmid, rights: MemRights.RWX }],
    sgl: [{ ipa: Number(base), size: fwSize }],
    attrs: [],
  });
}

/** Right after the memory that the VM has, if its maximum allows. A failure is only a warning in RM's log. */
function acceptPrivate(rm: Rm, vm: VmRecord, parcel: Parcel): void {
  rmAssert(vm.config !== null);
  const size = parcel.totalSize;
  if (BigInt(size + vm.memSize) > vm.config.memSizeMax || parcel.transType === TransType.DONATE) return;
  const flags = MemAcceptFlag.MAP_CONTIGUOUS | (vm.config.memUnsanitized ? 0 : MemAcceptFlag.SANITIZE);
  const sgl = [{ ipa: vm.config.memIpaBase + vm.memSize, size }];
  if (acceptParcel(rm, vm.vmid, request(parcel, flags, sgl)) === RmError.OK) vm.memSize += size;
}

/** Steps 1 to 4 of VM_START. False: the start fails (NORESOURCE); what was accepted stays accepted. */
export function processParcels(rm: Rm, vm: VmRecord): boolean {
  if (acceptImage(rm, vm) !== RmError.OK) return false;
  if (acceptFirmware(rm, vm) !== RmError.OK) return false;
  for (const parcel of parcelsNaming(rm, vm.vmid)) {
    if (!acceptForDevices(rm, vm, parcel)) return false;
    checkStillListed(rm, parcel);
  }
  for (const parcel of parcelsNaming(rm, vm.vmid)) {
    if (!isShared(parcel, vm.vmid) && isPrivate(parcel, vm.vmid)) acceptPrivate(rm, vm, parcel);
  }
  return true;
}

/** Attribute that a parcel's list gives for a VM; null: none. */
function attrOf(parcel: Parcel, vmid: number): number | null {
  for (const entry of parcel.attrs) if (entry.vmid === vmid) return entry.attr;
  return null;
}

function vmTreeParcel(parcel: Parcel, vmid: number): VmTreeParcel {
  const self = targetOf(parcel, vmid);
  rmAssert(self !== null);
  const selfAttrs = attrOf(parcel, vmid);
  const peer = targetOf(parcel, VMID_HLOS);
  const peers: number[] = parcel.transType === TransType.SHARE ? [parcel.owner] : [];
  for (const target of parcel.targets) peers.push(target.vmid);
  const regions: IpaRange[] = [];
  for (const { phys, size } of parcel.regions) regions.push({ ipa: phys, size });
  return {
    handle: parcel.handle,
    label: parcel.label,
    peers,
    isPrivate: isPrivate(parcel, vmid),
    exclusive: isExclusive(parcel, vmid),
    mapped: mappedRanges(parcel, vmid),
    phandle: self.phandle,
    phandleExternal: self.phandleExternal,
    regions,
    selfRights: self.rights,
    selfAttrs: selfAttrs ?? MemAttr.NORMAL,
    peerRights: peer?.rights ?? null,
    // The node shows both or none.
    peerAttrs: selfAttrs === null ? null : attrOf(parcel, VMID_HLOS),
  };
}

/** The VM's parcels as the device-tree patch sees them, in creation order. */
export function vmTreeParcels(rm: Rm, vm: VmRecord): VmTreeParcel[] {
  const parcels: VmTreeParcel[] = [];
  for (const parcel of parcelsNaming(rm, vm.vmid)) parcels.push(vmTreeParcel(parcel, vm.vmid));
  return parcels;
}

/** Keeps the phandles that the patch gave to the VM's parcels. */
export function storePhandles(rm: Rm, vm: VmRecord, view: readonly VmTreeParcel[]): void {
  for (const { handle, phandle, phandleExternal } of view) {
    const target = targetOf(lookupParcel(rm, handle) ?? { targets: [] }, vm.vmid);
    if (target === null) continue;
    target.phandle = phandle;
    target.phandleExternal = phandleExternal;
  }
}

/** Acceptance while the device tree is patched. A donation that is accepted there kills RM. */
export function vmTreeParcelPort(rm: Rm, vm: VmRecord): VmTreeParcelPort {
  const attempt = (handle: number, accept: (parcel: Parcel) => boolean): readonly IpaRange[] | null => {
    const parcel = lookupParcel(rm, handle);
    if (parcel === null || !accept(parcel)) return null;
    checkStillListed(rm, parcel);
    return mappedRanges(parcel, vm.vmid);
  };
  return {
    acceptAt: ({ handle }, ipa, size) => attempt(handle, (parcel) => acceptAt(rm, vm, parcel, { ipa, size }, false)),
    acceptAnywhere: ({ handle }) => attempt(handle, (parcel) => acceptAnywhere(rm, vm, parcel)),
  };
}
