/**
 * Configuration objects and what every VM gets: extents, address space, information page (fact base: rm-boot-and-dt 2,
 * rm-state-machines 7.1, 7.2 steps 2 and 3).
 */
import { Access, ExtentMemType, HypError, Platform } from '../../protocol/index.js';
import { RmDeath } from '../death.js';
import { Create } from '../hv.js';
import { allocatePage, freePage } from '../pages.js';
import { CAP_INVALID, type Rm, type VmRecord, type VmSetup } from '../types.js';
import { addressAlloc, addressFree, addressSpaceInit } from './memory.js';

/** Shared interrupts of every virtual GIC. */
export const VIC_SPIS = Platform.SPI_COUNT;
/** `vic_option_flags` of every virtual GIC: MSI limit valid, no default address. */
export const VIC_OPTIONS = 3;
/** Only proxy-scheduled and unauthenticated VMs leave `vcpu_run` for accesses below this address. */
const VMMIO_SIZE = 0x4000_0000;

export const newSetup = (cspace: bigint): VmSetup => ({
  cspace,
  addrspace: CAP_INVALID,
  vic: CAP_INVALID,
  vpmGroup: CAP_INVALID,
  infoAreaMe: CAP_INVALID,
  infoAreaIpa: -1,
  infoAreaRmIpa: -1,
  vcpus: [],
  devices: [],
  acceptedParcels: [],
  memIpaBase: 0,
  memSizeMin: 0n,
  memSizeMax: 0n,
  memUnsanitized: false,
  fwIpaBase: CAP_INVALID,
  fwSizeMax: 0n,
  console: null,
  proxy: false,
  gicdBase: 0,
  gicrBase: 0,
  gicrStride: 0,
  bootContext: 0,
  gicPatch: false,
  gicPhandle: null,
  gicAddrCells: 2,
  gicSizeCells: 2,
});

/** Deletes a capability of RM's space that must exist. */
export function deleteOwn(rm: Rm, cap: bigint): void {
  if (rm.hv.deleteOwnCap(cap) !== HypError.OK) throw new RmDeath('ABORT', 'delete-own-cap');
}

/** Creates and activates an object without configuration. */
export function createActive(rm: Rm, kind: number): { error: number; cap: bigint } {
  const made = rm.hv.create(kind);
  if (made.error !== HypError.OK) return made;
  const error = rm.hv.activate(made.cap);
  if (error !== HypError.OK) deleteOwn(rm, made.cap);
  return { error, cap: made.cap };
}

/** A capability space as every VM has it. */
export function createCspace(rm: Rm): { error: number; cap: bigint } {
  const made = rm.hv.create(Create.CSPACE);
  if (made.error !== HypError.OK) return made;
  let error = rm.hv.cspaceConfigure(made.cap, Platform.VM_MAX_CAPS);
  if (error === HypError.OK) error = rm.hv.activate(made.cap);
  if (error !== HypError.OK) deleteOwn(rm, made.cap);
  return { error, cap: made.cap };
}

/** A page of RM for the information area and its address in the VM: the lowest free one. */
function configureInfoArea(rm: Rm, vm: VmRecord, setup: VmSetup): number {
  const page = allocatePage(rm);
  if (page === undefined) return HypError.NOMEM;
  const size = Platform.PAGE_SIZE;
  const extent = rm.hv.memextentCreate(page - rm.env.meIpaBase, size, Access.RW, ExtentMemType.ANY, rm.env.meCap);
  if (extent.error !== HypError.OK) {
    freePage(rm, page);
    return extent.error;
  }
  const range = addressAlloc(rm, vm, 'vdevice', null, null, size, size);
  if (range.error !== HypError.OK) {
    deleteOwn(rm, extent.cap);
    freePage(rm, page);
    return range.error;
  }
  setup.infoAreaIpa = range.base;
  setup.infoAreaRmIpa = page;
  setup.infoAreaMe = extent.cap;
  return HypError.OK;
}

/** Deletes the extent and gives both addresses back. The allocator may be gone only afterwards. */
export function teardownInfoArea(rm: Rm, vm: VmRecord, setup: VmSetup): void {
  if (setup.infoAreaMe === CAP_INVALID) return;
  addressFree(rm, vm, 'vdevice', setup.infoAreaIpa, Platform.PAGE_SIZE);
  deleteOwn(rm, setup.infoAreaMe);
  freePage(rm, setup.infoAreaRmIpa);
}

/**
 * Address space with its information page. An error after the object exists is lost, as in RM: its clean-up overwrites
 * the error with its own success, and the VM has no address space.
 */
export function setupAddrspace(rm: Rm, vm: VmRecord, setup: VmSetup, vmmio: boolean): number {
  const hv = rm.hv;
  let error = addressSpaceInit(rm, vm);
  if (error !== HypError.OK) return error;
  const space = hv.create(Create.ADDRSPACE);
  if (space.error !== HypError.OK) return space.error;
  error = hv.addrspaceConfigure(space.cap, vm.vmid);
  if (error === HypError.OK) error = configureInfoArea(rm, vm, setup);
  if (error === HypError.OK) error = hv.addrspaceConfigureInfoArea(space.cap, setup.infoAreaMe, setup.infoAreaIpa);
  if (error === HypError.OK && vmmio) error = hv.addrspaceConfigureVmmio(space.cap, 0, VMMIO_SIZE);
  if (error === HypError.OK) error = hv.activate(space.cap);
  if (error !== HypError.OK) {
    deleteOwn(rm, space.cap);
    return HypError.OK;
  }
  setup.addrspace = space.cap;
  return hv.map(space.cap, setup.infoAreaMe, setup.infoAreaIpa, Access.R);
}
