/**
 * VM creation: VM_CONFIG_IMAGE, VM_AUTH_IMAGE, VM_INIT (fact base: rm-rpc-messages 2, rm-boot-and-dt 6,
 * rm-state-machines 7.1 and 7.2).
 */
import { le16, le32, le64, toNumber } from '../../base/index.js';
import { be32, checkHeader, HEADER_SIZE, Head } from '../../board/fdt/index.js';
import { AuthType, HypError, Msg, Platform, RmError, rmErrorOfHyp, VmState } from '../../protocol/index.js';
import { RmDeath } from '../death.js';
import { isVmConfigError, parseVmConfig, type TreeArea } from '../dt/index.js';
import type { VmConfig } from '../dt/vm-config-types.js';
import type { Handler } from '../handler.js';
import { Create } from '../hv.js';
import { vmIrqInit } from '../irq/index.js';
import { vmEvent } from '../life.js';
import { mapInRm, unmapFromRm } from '../memparcel/rm.js';
import { lookupParcelFor } from '../memparcel/table.js';
import { CAP_INVALID, type Rm, VMID_HLOS, type VmRecord, type VmSetup, vmLookup } from '../types.js';
import { createIomems, createVdevices } from '../vdev/create.js';
import { attachGic, createVirtios } from '../vdev/virtio.js';
import { constraintsToTag, GUEST_SPACE, memorySetup, PHYS_TAG } from './memory.js';
import { createCspace, deleteOwn, newSetup, setupAddrspace, VIC_OPTIONS, VIC_SPIS } from './setup.js';
import { createVcpus, maxCores } from './vcpus.js';
import { sendState } from './vm.js';

const SPACE_END = BigInt(GUEST_SPACE);
const DEFAULT_STRIDE = BigInt(Platform.GICR_STRIDE);

/** `offset + size` neither overflows nor exceeds `limit`, which is far below what a number holds exactly. */
const inside = (offset: bigint, size: bigint, limit: number): boolean => toNumber(offset) + toNumber(size) <= limit;

/** Steps 6 to 12 of VM_CONFIG_IMAGE. */
function configureImage(rm: Rm, vm: VmRecord, req: Uint8Array): number {
  const auth = le16(req, 2);
  const handle = le32(req, 4);
  const imageOffset = le64(req, 8);
  const imageSize = le64(req, 16);
  const dtOffset = le64(req, 24);
  const dtSize = le64(req, 32);
  const parcel = lookupParcelFor(rm, handle, vm.vmid);
  if (parcel === null) return RmError.MEM_INVALID;
  vm.memHandle = handle;
  vm.memSize = parcel.totalSize;
  if (!inside(imageOffset, imageSize, vm.memSize) || !inside(dtOffset, dtSize, vm.memSize)) {
    return RmError.ARGUMENT_INVALID;
  }
  vm.imageOffset = toNumber(imageOffset);
  vm.imageSize = imageSize;
  vm.dtOffset = toNumber(dtOffset);
  vm.dtSize = toNumber(dtSize);
  vm.entryOffset = vm.imageOffset;
  const cspace = createCspace(rm);
  if (cspace.error !== HypError.OK) return rmErrorOfHyp(cspace.error);
  const setup = newSetup(cspace.cap);
  vm.config = setup;
  if (auth === AuthType.NONE) {
    setup.memUnsanitized = true;
  } else if (auth === AuthType.ANDROID) {
    vm.sensitive = true;
  } else if (auth !== AuthType.PLATFORM) {
    // The space goes, the configuration stays and still names it: a reset of this VM kills RM.
    deleteOwn(rm, cspace.cap);
    setup.cspace = CAP_INVALID;
    return RmError.ARGUMENT_INVALID;
  }
  vm.authType = auth;
  const error = memorySetup(rm, vm);
  if (error !== HypError.OK) {
    vm.config = null;
    deleteOwn(rm, cspace.cap);
    return rmErrorOfHyp(error);
  }
  return RmError.OK;
}

/** 2.1 */
const configImage: Handler = (rm, from, req) => {
  if (from !== VMID_HLOS) return RmError.DENIED;
  if (req.length !== 40) return RmError.MSG_INVALID;
  const vm = vmLookup(rm, le16(req, 0));
  if (vm === null) return RmError.VMID_INVALID;
  if (from !== vm.owner) return RmError.DENIED;
  if (vm.state !== VmState.LOAD && vm.state !== VmState.RESET) return RmError.VM_STATE;
  const error = configureImage(rm, vm, req);
  if (error !== RmError.OK) vmEvent(vm, 'FAIL');
  else vmEvent(vm, vm.authType === AuthType.PLATFORM ? 'CONFIGURE_PLATFORM' : 'CONFIGURE');
  sendState(rm, vm);
  return error;
};

/** 2.2. The qemu platform accepts every image. */
const authImage: Handler = (rm, from, req) => {
  if (from !== VMID_HLOS) return RmError.DENIED;
  if (req.length < 4 || req.length !== 4 + 8 * le16(req, 2)) return RmError.MSG_INVALID;
  const vm = vmLookup(rm, le16(req, 0));
  if (vm === null) return RmError.VMID_INVALID;
  if (from !== vm.owner) return RmError.DENIED;
  if (vm.state !== VmState.AUTH) return RmError.VM_STATE;
  vmEvent(vm, 'AUTHENTICATE');
  sendState(rm, vm);
  return RmError.OK;
};

/** A header, and a tree of usual size: valid until the next tree is mapped. */
const header = new Uint8Array(HEADER_SIZE);
const treeBytes = new Uint8Array(0x4000);
let treeView = treeBytes;

/** Room for a tree; most come in one size. */
function treeRoom(total: number): Uint8Array {
  if (total > treeBytes.length) return new Uint8Array(total);
  if (total !== treeView.length) treeView = treeBytes.subarray(0, total);
  return treeView;
}

/** Bytes of RM's view of the device tree area. */
function readArea(rm: Rm, ipa: number, bytes: Uint8Array): Uint8Array {
  if (!rm.hv.port.read(ipa, bytes)) throw new RmDeath('FAULT', 'vm-init-tree-unmapped');
  return bytes;
}

/**
 * Maps the device tree region into RM, all of which must have memory behind it, and checks its header. An IPA of RM and
 * the tree alone (the area is often far larger), or undefined: refused.
 */
export function mapTree(rm: Rm, vm: VmRecord): { ipa: number; area: TreeArea } | undefined {
  const size = vm.dtSize;
  if (size === 0 || vm.dtOffset > vm.memSize || size > vm.memSize - vm.dtOffset) return undefined;
  const { error, ipa } = mapInRm(rm, vm.memHandle, vm.dtOffset, size);
  if (error !== HypError.OK) return undefined;
  if (!rm.hv.port.readable(ipa, size)) throw new RmDeath('FAULT', 'vm-init-tree-unmapped');
  const head = readArea(rm, ipa, size < header.length ? new Uint8Array(size) : header);
  const total = checkHeader(head) === 0 ? be32(head, Head.TOTALSIZE) : Number.POSITIVE_INFINITY;
  if (total > size) {
    unmapFromRm(rm, vm.memHandle);
    return undefined;
  }
  const tree = readArea(rm, ipa, treeRoom(total));
  return { ipa, area: { tree, size, copy: () => readArea(rm, ipa, new Uint8Array(size)) } };
}

/** Firmware range against the tree's firmware window, which ends with the address space (6.1 row 6). */
export function applyFirmware(vm: VmRecord, setup: VmSetup, config: VmConfig): number {
  const base = BigInt(setup.memIpaBase);
  const given = config.memory.firmwareBase;
  setup.fwSizeMax = config.memory.firmwareSizeMax;
  if (vm.fwHandle === vm.memHandle) {
    if (given !== null && given !== base) return HypError.ADDR_INVALID;
    setup.fwIpaBase = base;
    if (setup.fwSizeMax > SPACE_END - base) setup.fwSizeMax = SPACE_END - base;
    return HypError.OK;
  }
  setup.fwIpaBase = given ?? CAP_INVALID;
  if (given === null || given >= SPACE_END) return HypError.ADDR_INVALID;
  if (setup.fwSizeMax > SPACE_END - given) setup.fwSizeMax = SPACE_END - given;
  const end = given + setup.fwSizeMax;
  const memEnd = base + setup.memSizeMax;
  return given < memEnd && base < end ? HypError.ADDR_INVALID : HypError.OK;
}

/** Stores and checks what the tree says about memory and names (6.1). */
function applyConfig(rm: Rm, vm: VmRecord, config: VmConfig): number {
  const setup = vm.config as VmSetup;
  const memory = config.memory;
  let base = memory.base;
  setup.memSizeMin = memory.sizeMin;
  setup.memSizeMax = memory.sizeMax;
  if (memory.isDirect) {
    const parcel = lookupParcelFor(rm, vm.memHandle, vm.vmid);
    if (parcel === null) return HypError.NORESOURCES;
    base = BigInt(parcel.regions[0]?.phys ?? 0);
  }
  setup.memIpaBase = toNumber(base);
  const error = setupAddrspace(rm, vm, setup, vm.authType !== AuthType.PLATFORM);
  if (error !== HypError.OK) return error;
  if (base >= SPACE_END || setup.memSizeMin > setup.memSizeMax) return HypError.ADDR_INVALID;
  const available = memory.isDirect ? SPACE_END : SPACE_END - base;
  if (setup.memSizeMax > available) setup.memSizeMax = available;
  if (memory.constraints !== null) {
    const tag = constraintsToTag(memory.constraints[0], memory.constraints[1]);
    if (tag === 0) return HypError.ARGUMENT_INVALID;
    if ((tag & PHYS_TAG) !== tag) return HypError.DENIED;
  }
  if (vm.fwSize !== 0) {
    const fwError = applyFirmware(vm, setup, config);
    if (fwError !== HypError.OK) return fwError;
  }
  vm.hasGuid = config.guid !== null;
  vm.guid = config.guid === null ? new Uint8Array(16) : Uint8Array.from(config.guid);
  if (config.attrs.sensitive) vm.sensitive = true;
  vm.crashFatal = config.attrs.crashFatal;
  vm.noShutdown = config.attrs.noShutdown;
  vm.noReset = config.attrs.noReset;
  vm.uri = config.uri;
  vm.name = config.name;
  // Nothing of this source makes a configuration trusted.
  return config.attrs.crashFatal || memory.isDirect ? HypError.DENIED : HypError.OK;
}

/** Virtual GIC and the VM's interrupt table. */
function createVic(rm: Rm, vm: VmRecord): number {
  const hv = rm.hv;
  const setup = vm.config as VmSetup;
  const vic = hv.create(Create.VIC);
  if (vic.error !== HypError.OK) return vic.error;
  let error = hv.vicConfigure(vic.cap, maxCores(rm), VIC_SPIS, VIC_OPTIONS, 0);
  if (error === HypError.OK && vm.authType !== AuthType.PLATFORM) {
    error = hv.vgicSetMpidrMapping(vic.cap, 0x7fff, [0, 8, 16, 24], false);
    if (error !== HypError.OK) return error;
  }
  if (error === HypError.OK) error = hv.activate(vic.cap);
  if (error === HypError.OK) {
    setup.vic = vic.cap;
    vmIrqInit(vm, vic.cap);
  }
  if (error !== HypError.OK) {
    // The clean-up's own success replaces the error; later steps then fail for lack of a VIC.
    deleteOwn(rm, vic.cap);
    setup.vic = CAP_INVALID;
  }
  return HypError.OK;
}

/** GIC addresses of the tree; without a usable node RM allocates them (and VM_START fails later). */
function createGic(rm: Rm, vm: VmRecord, config: VmConfig): number {
  const setup = vm.config as VmSetup;
  const gic = config.gic;
  setup.gicPatch = gic === null || gic.gicd === null;
  setup.gicPhandle = gic?.phandle ?? null;
  setup.gicAddrCells = gic?.addrCells ?? 2;
  setup.gicSizeCells = gic?.sizeCells ?? 2;
  return attachGic(rm, vm, gic?.gicd ?? null, gic?.gicr ?? null, gic?.stride ?? DEFAULT_STRIDE, setup.vcpus.length);
}

/** All objects and devices, in RM's order (6.2). */
const createDevices = (rm: Rm, vm: VmRecord, config: VmConfig): number =>
  createVic(rm, vm) ||
  (config.irqRanges.length > 0 ? HypError.DENIED : HypError.OK) ||
  createIomems(rm, vm, config) ||
  (config.iomemRanges.length > 0 || config.vrtcs.length > 0 ? HypError.DENIED : HypError.OK) ||
  createVcpus(rm, vm, config) ||
  createVdevices(rm, vm, config) ||
  createVirtios(rm, vm, config) ||
  createGic(rm, vm, config);

/** Steps 6 to 9 of VM_INIT. */
function initVm(rm: Rm, vm: VmRecord): number {
  const tree = mapTree(rm, vm);
  if (tree === undefined) return RmError.MEM_INVALID;
  const config = parseVmConfig(tree.area.tree);
  unmapFromRm(rm, vm.memHandle);
  if (isVmConfigError(config)) return RmError.MEM_INVALID;
  if (applyConfig(rm, vm, config) !== HypError.OK) return RmError.ARGUMENT_INVALID;
  return createDevices(rm, vm, config) === HypError.OK ? RmError.OK : RmError.NORESOURCE;
}

/** 2.3 */
const init: Handler = (rm, from, req) => {
  if (from !== VMID_HLOS) return RmError.DENIED;
  if (req.length !== 4 || le16(req, 2) !== 0) return RmError.MSG_INVALID;
  const vm = vmLookup(rm, le16(req, 0));
  if (vm === null) return RmError.VMID_INVALID;
  if (from !== vm.owner) return RmError.DENIED;
  if (vm.state !== VmState.INIT) return RmError.VM_STATE;
  const error = initVm(rm, vm);
  vmEvent(vm, error === RmError.OK ? 'CREATE' : 'FAIL');
  sendState(rm, vm);
  return error;
};

export const creationHandlers: Record<number, Handler> = {
  [Msg.VM_CONFIG_IMAGE]: configImage,
  [Msg.VM_AUTH_IMAGE]: authImage,
  [Msg.VM_INIT]: init,
};
