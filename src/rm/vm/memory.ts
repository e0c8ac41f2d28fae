/**
 * A VM's own memory: its extents, what is where in its address space, and which addresses are free
 * (fact base: rm-state-machines 7.1, rm-boot-and-dt 7). Errors are hypervisor codes.
 */
import {
  Access,
  DonateType,
  ExtentMemType,
  ExtentType,
  HypError,
  IpaConstraint,
  MemType,
  Platform,
} from '../../protocol/index.js';
import { allocRange, createAllocator, freeRange, NO_TAG, type RangeResult, Tag } from '../allocator.js';
import { RmDeath } from '../death.js';
import type { CapResult } from '../hv.js';
import { CAP_INVALID, type Rm, VMID_HLOS, VMID_RM, type VmRecord } from '../types.js';

/** One past the highest address or size that a parcel may have. */
export const ADDR_LIMIT = 2 ** 44;
/** Guest addresses have 36 bits. */
export const GUEST_SPACE = 2 ** Platform.GUEST_PA_BITS;
const SIZE_2M = 0x20_0000;
/** HLOS only needs addresses for virtual devices. */
const HLOS_VDEVICE_BASE = 0x3000_0000;
const HLOS_VDEVICE_SIZE = 0x1000_0000;

/** What an address range is for: decides whether it is allocated or must equal the physical address. */
export type MemUse = 'normal' | 'io' | 'vdevice' | 'platform-vdevice';

export const memUse = (memType: number): MemUse => (memType === MemType.IO ? 'io' : 'normal');

/** Tag of all memory of this platform. */
export const PHYS_TAG = Tag.VALID | Tag.NORMAL;

/** An assertion of RM about its own hypercalls; no client of this platform can break it. */
export function rmAssert(condition: boolean): asserts condition {
  if (!condition) throw new RmDeath('ABORT', 'rm-assertion');
}

export function addrspaceOf(rm: Rm, vm: VmRecord): bigint {
  if (vm.vmid === VMID_RM) return rm.hv.home.addrspace;
  return vm.config?.addrspace ?? CAP_INVALID;
}

const createDdrExtent = (rm: Rm, parent: bigint): CapResult =>
  rm.hv.memextentCreate(0, ADDR_LIMIT, Access.RWX, ExtentMemType.ANY, parent, ExtentType.SPARSE);

function createDeviceExtent(rm: Rm): CapResult {
  const env = rm.env;
  const made = rm.hv.memextentCreate(
    0,
    env.deviceMeSize,
    Access.RW,
    ExtentMemType.DEVICE,
    env.deviceMeCap,
    ExtentType.SPARSE,
  );
  if (made.error !== HypError.OK) return made;
  // The extent inherits the mappings of HLOS.
  const error = rm.hv.memextentUnmapAll(made.cap);
  if (error !== HypError.OK) rm.hv.deleteOwnCap(made.cap);
  return { error, cap: made.cap };
}

/** Boot: the sparse extent from which all VM memory derives. */
export function memoryInit(rm: Rm): number {
  const made = createDdrExtent(rm, CAP_INVALID);
  if (made.error === HypError.OK) rm.parcels.parentMe = made.cap;
  return made.error;
}

/** Makes the VM's normal and device extents; on failure none of them stays. */
export function memorySetup(rm: Rm, vm: VmRecord): number {
  vm.ddrMe = CAP_INVALID;
  vm.deviceMe = CAP_INVALID;
  const ddr = createDdrExtent(rm, rm.parcels.parentMe);
  let error = ddr.error;
  if (error === HypError.OK) {
    vm.ddrMe = ddr.cap;
    const device = createDeviceExtent(rm);
    error = device.error;
    if (error === HypError.OK) vm.deviceMe = device.cap;
  }
  if (error !== HypError.OK) memoryTeardown(rm, vm);
  return error;
}

/** Deletes the VM's extents. */
export function memoryTeardown(rm: Rm, vm: VmRecord): void {
  if (vm.ddrMe !== CAP_INVALID) rm.hv.deleteOwnCap(vm.ddrMe);
  if (vm.deviceMe !== CAP_INVALID) rm.hv.deleteOwnCap(vm.deviceMe);
}

/** An empty extent for a parcel. */
export const createParcelExtent = (rm: Rm, memType: number): CapResult =>
  memType === MemType.IO ? createDeviceExtent(rm) : createDdrExtent(rm, rm.parcels.parentMe);

export const ownedExtent = (vm: VmRecord, memType: number): bigint => (memType === MemType.IO ? vm.deviceMe : vm.ddrMe);

/** Physical address of offset 0 of extents of this memory type. */
export const extentBase = (rm: Rm, memType: number): number => (memType === MemType.IO ? rm.env.deviceMeBase : 0);

/** Moves physical pages between the owner's extent and a parcel's. */
export function donatePages(
  rm: Rm,
  vm: VmRecord,
  memType: number,
  parcelMe: bigint,
  phys: number,
  size: number,
  toParcel: boolean,
): number {
  const own = ownedExtent(vm, memType);
  const offset = phys - extentBase(rm, memType);
  return toParcel
    ? rm.hv.memextentDonate(DonateType.TO_SIBLING, own, parcelMe, offset, size)
    : rm.hv.memextentDonate(DonateType.TO_SIBLING, parcelMe, own, offset, size);
}

/** Boot: gives RAM of the root partition to a VM's extent (`toVm`), or back. */
export function donateDdr(rm: Rm, extent: bigint, phys: number, size: number, toVm: boolean): number {
  const { hv } = rm;
  const partition = hv.home.partition;
  const parent = rm.parcels.parentMe;
  if (toVm) {
    let error = hv.memextentDonate(DonateType.TO_CHILD, partition, parent, phys, size);
    if (error !== HypError.OK) return error;
    error = hv.memextentDonate(DonateType.TO_CHILD, parent, extent, phys, size);
    if (error !== HypError.OK) hv.memextentDonate(DonateType.TO_PARENT, parent, partition, phys, size);
    return error;
  }
  let error = hv.memextentDonate(DonateType.TO_PARENT, extent, parent, phys, size);
  if (error !== HypError.OK) return error;
  error = hv.memextentDonate(DonateType.TO_PARENT, parent, partition, phys, size);
  if (error !== HypError.OK) hv.memextentDonate(DonateType.TO_CHILD, parent, extent, phys, size);
  return error;
}

/** HLOS has its memory, and everybody has IO memory, at the physical address. */
const mappedDirect = (vm: VmRecord, use: MemUse): boolean =>
  use === 'io' || (use === 'normal' && vm.vmid === VMID_HLOS);

/** Platform devices of an SVM may lie anywhere in the device range, without bookkeeping. */
const inDeviceRange = (rm: Rm, use: MemUse, ipa: number | null, size: number): boolean =>
  use === 'platform-vdevice' &&
  ipa !== null &&
  ipa >= rm.env.deviceMeBase &&
  ipa + size <= rm.env.deviceMeBase + rm.env.deviceMeSize;

/** Gives a VM its allocator (VM_INIT and boot); HLOS only has a window for virtual devices. */
export function addressSpaceInit(rm: Rm, vm: VmRecord): number {
  const hlos = vm.vmid === VMID_HLOS;
  vm.allocator = hlos ? createAllocator(HLOS_VDEVICE_BASE, HLOS_VDEVICE_SIZE) : createAllocator(0, GUEST_SPACE);
  if (hlos) return HypError.OK;
  const { error } = allocRange(vm.allocator, rm.env.deviceMeBase, rm.env.deviceMeSize);
  if (error !== HypError.OK) vm.allocator = null;
  return error;
}

/**
 * Takes an address range of the VM. `ipa` null: anywhere; `phys` null: no single physical address.
 * A directly mapped VM only gets the physical address (else DENIED).
 */
export function addressAlloc(
  rm: Rm,
  vm: VmRecord,
  use: MemUse,
  ipa: number | null,
  phys: number | null,
  size: number,
  alignment: number,
): RangeResult {
  if (mappedDirect(vm, use)) {
    if (phys !== null && (ipa === null || ipa === phys)) {
      return { error: HypError.OK, base: phys, size, tag: NO_TAG };
    }
    return { error: HypError.DENIED, base: 0, size: 0, tag: NO_TAG };
  }
  if (ipa !== null && inDeviceRange(rm, use, ipa, size)) {
    return { error: HypError.OK, base: ipa, size, tag: NO_TAG };
  }
  rmAssert(vm.allocator !== null);
  return allocRange(vm.allocator, ipa, size, alignment === 0 ? Platform.PAGE_SIZE : alignment);
}

export function addressFree(rm: Rm, vm: VmRecord, use: MemUse, ipa: number, size: number): number {
  if (mappedDirect(vm, use) || inDeviceRange(rm, use, ipa, size)) return HypError.OK;
  rmAssert(vm.allocator !== null);
  return freeRange(vm.allocator, ipa, size);
}

/** Range for memory of a parcel: 2 MiB and more is aligned to 2 MiB unless an address is given. */
export const addressAllocForParcel = (
  rm: Rm,
  vm: VmRecord,
  memType: number,
  ipa: number | null,
  phys: number | null,
  size: number,
): RangeResult =>
  addressAlloc(
    rm,
    vm,
    memUse(memType),
    ipa,
    phys,
    size,
    ipa === null && size >= SIZE_2M ? SIZE_2M : Platform.PAGE_SIZE,
  );

/**
 * Tag that memory behind a reservation of IPA_RESERVE or `base-mem-constraints` must have; `NO_TAG`: not supported.
 * `baseTag`: of the VM's own memory.
 */
export function constraintsToTag(generic: number, platform: number, baseTag: number = PHYS_TAG): number {
  if (platform !== 0) return NO_TAG;
  if (generic === 0) return Tag.VALID;
  if (generic === IpaConstraint.BASE_MEM) return baseTag;
  const { ECC, TAGGED, NORMAL } = IpaConstraint;
  if ((generic & ~(ECC | TAGGED | NORMAL)) !== 0 || (generic & NORMAL) === 0) return NO_TAG;
  return Tag.VALID | Tag.NORMAL | (generic & ECC ? Tag.ECC : 0) | (generic & TAGGED ? Tag.MEMTAG : 0);
}
