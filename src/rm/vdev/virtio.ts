/** virtio-mmio devices and the virtual GIC's registers (fact base: rm-state-machines 7.2 steps 14 and 15). */
import { toNumber, U64_MAX } from '../../base/index.js';
import { Access, ExtentMemType, HypError, MapMemType, Platform, Rights } from '../../protocol/index.js';
import type { VirtioMmioConfig, VmConfig } from '../dt/vm-config-types.js';
import { DEFAULT_GENERATE } from '../dt/vm-config-types.js';
import { Create } from '../hv.js';
import { allocVirq, revertVirq } from '../irq/virqs.js';
import { allocatePage, freePage } from '../pages.js';
import { type Rm, VMID_HLOS, type VmRecord, type VmSetup, vmLookup } from '../types.js';
import { addressAlloc, addressFree } from '../vm/memory.js';
import { deleteOwn } from '../vm/setup.js';
import { maxCores } from '../vm/vcpus.js';
import { nextHandle, nextId } from './common.js';

const OK = HypError.OK;
const PAGE = Platform.PAGE_SIZE;

interface VirtioParts {
  cap: bigint;
  extent: bigint;
  page: number;
  frontendIpa: number;
  backendIpa: number;
}

/** Object, register page and its mappings: read-only in the VM, writable in HLOS. */
function createParts(rm: Rm, vm: VmRecord, backend: VmRecord, config: VirtioMmioConfig): VirtioParts | number {
  const hv = rm.hv;
  const page = allocatePage(rm);
  if (page === undefined) return HypError.NOMEM;
  const extent = hv.memextentCreate(page - rm.env.meIpaBase, PAGE, Access.RW, ExtentMemType.DEVICE, rm.env.meCap);
  if (extent.error !== OK) {
    freePage(rm, page);
    return extent.error;
  }
  const made = hv.create(Create.VIRTIO_MMIO);
  if (made.error !== OK) {
    deleteOwn(rm, extent.cap);
    freePage(rm, page);
    return made.error;
  }
  const undo: (() => void)[] = [
    () => freePage(rm, page),
    () => deleteOwn(rm, extent.cap),
    () => deleteOwn(rm, made.cap),
  ];
  const fail = (error: number): number => {
    for (const step of undo.reverse()) step();
    return error;
  };
  let error = hv.virtioConfigure(made.cap, extent.cap, config.vqsNum, config.deviceType ?? undefined);
  if (error === OK) error = hv.activate(made.cap);
  if (error !== OK) return fail(error);
  const front = addressAlloc(rm, vm, 'vdevice', null, null, PAGE, PAGE);
  if (front.error !== OK) return fail(front.error);
  undo.push(() => addressFree(rm, vm, 'vdevice', front.base, PAGE));
  const back = addressAlloc(rm, backend, 'vdevice', null, null, PAGE, PAGE);
  if (back.error !== OK) return fail(back.error);
  undo.push(() => addressFree(rm, backend, 'vdevice', back.base, PAGE));
  const space = (vm.config as VmSetup).addrspace;
  error = hv.map(space, extent.cap, front.base, Access.R, MapMemType.DEVICE_NGNRE);
  if (error !== OK) return fail(error);
  undo.push(() => hv.unmap(space, extent.cap, front.base));
  error = hv.map((backend.config as VmSetup).addrspace, extent.cap, back.base, Access.RW, MapMemType.DEVICE_NGNRE);
  if (error !== OK) return fail(error);
  return { cap: made.cap, extent: extent.cap, page, frontendIpa: front.base, backendIpa: back.base };
}

function unmapParts(rm: Rm, vm: VmRecord, backend: VmRecord, parts: VirtioParts): void {
  rm.hv.unmap((backend.config as VmSetup).addrspace, parts.extent, parts.backendIpa);
  rm.hv.unmap((vm.config as VmSetup).addrspace, parts.extent, parts.frontendIpa);
  addressFree(rm, backend, 'vdevice', parts.backendIpa, PAGE);
  addressFree(rm, vm, 'vdevice', parts.frontendIpa, PAGE);
  deleteOwn(rm, parts.cap);
  deleteOwn(rm, parts.extent);
  freePage(rm, parts.page);
}

function createVirtio(rm: Rm, vm: VmRecord, config: VirtioMmioConfig): number {
  const hv = rm.hv;
  const setup = vm.config as VmSetup;
  const backend = vmLookup(rm, VMID_HLOS);
  if (backend === null || backend.config === null) return HypError.ARGUMENT_INVALID;
  const parts = createParts(rm, vm, backend, config);
  if (typeof parts === 'number') return parts;
  const front = allocVirq(rm, vm.vmid);
  if (front.error !== OK) {
    unmapParts(rm, vm, backend, parts);
    return front.error;
  }
  const back = allocVirq(rm, backend.vmid);
  if (back.error !== OK) {
    revertVirq(rm, vm.vmid, front.virq.num);
    unmapParts(rm, vm, backend, parts);
    return back.error;
  }
  const handle = nextHandle(rm);
  const copy = hv.copyCap(parts.cap, backend.config.cspace, Rights.VIRTIO_MMIO.CONFIG | Rights.VIRTIO_MMIO.ASSERT_VIRQ);
  // RM forgets this error and goes on without a device record (its result variable was never set).
  if (copy.error !== OK) return OK;
  const error =
    hv.virtioBackendBind(parts.cap, setup.vic, front.virq.num) ||
    hv.virtioFrontendBind(parts.cap, backend.config.vic, back.virq.num);
  if (error !== OK) {
    hv.deleteCap(backend.config.cspace, copy.cap);
    revertVirq(rm, backend.vmid, back.virq.num);
    revertVirq(rm, vm.vmid, front.virq.num);
    unmapParts(rm, vm, backend, parts);
    return error;
  }
  setup.devices.push({
    id: nextId(rm),
    type: 'virtio-mmio',
    exportToDt: true,
    visible: true,
    generate: config.generate ?? DEFAULT_GENERATE.virtioMmio,
    pushCompatible: [...config.pushCompatible],
    handle,
    backend: backend.vmid,
    backendIpa: parts.backendIpa,
    frontendIpa: parts.frontendIpa,
    masterCap: parts.cap,
    meCap: parts.extent,
    meSize: PAGE,
    rmIpa: parts.page,
    frontendVirq: front.virq,
    backendCap: copy.cap,
    backendVirq: back.virq,
    label: config.label,
    dmaBase: config.dmaBase,
    dmaCoherent: config.dmaCoherent,
  });
  return OK;
}

export function createVirtios(rm: Rm, vm: VmRecord, config: VmConfig): number {
  for (const one of config.virtioMmios) {
    const error = createVirtio(rm, vm, one);
    if (error !== OK) return error;
  }
  return OK;
}

const GIC_ALIGN = 0x10000n;
const GICD_SIZE = Platform.GICD_SIZE;
/** Size of one redistributor; the stride is at least this. */
const GICR_SIZE = Platform.GICR_STRIDE;
const TOP = 2n ** 64n;

/** Checks a given address: no overflow, 64 KiB aligned. */
function checkGicBase(base: bigint, size: bigint): number {
  if (base + size > TOP) return HypError.ADDR_OVERFLOW;
  return base % GIC_ALIGN === 0n ? OK : HypError.ADDR_INVALID;
}

/** Attaches the distributor (index 0) and one redistributor per vCPU (index core + 1), the last one marked. */
export function attachGic(
  rm: Rm,
  vm: VmRecord,
  gicdGiven: bigint | null,
  gicrGiven: bigint | null,
  stride: bigint,
  vcpus: number,
): number {
  // All ones are RM's own word for "anywhere", in a tree too.
  const gicd = gicdGiven === U64_MAX ? null : gicdGiven;
  const gicr = gicrGiven === U64_MAX ? null : gicrGiven;
  const hv = rm.hv;
  const setup = vm.config as VmSetup;
  let error = gicd === null ? OK : checkGicBase(gicd, BigInt(GICD_SIZE));
  if (error !== OK) return error;
  const d = addressAlloc(rm, vm, 'platform-vdevice', gicd === null ? null : toNumber(gicd), null, GICD_SIZE, GICD_SIZE);
  if (d.error !== OK) return d.error;
  setup.gicdBase = d.base;
  error = hv.addrspaceAttachVdevice(setup.addrspace, setup.vic, 0, d.base, GICD_SIZE, 0);
  if (error !== OK) return error;
  // Exact: a stride is a multiple of 64 KiB, and there are at most 32 vCPUs.
  const total = toNumber(stride) * vcpus;
  if (toNumber(stride) < GICR_SIZE || total >= 2 ** 64) return HypError.ARGUMENT_SIZE;
  error = gicr === null ? OK : checkGicBase(gicr, BigInt(total));
  if (error !== OK) return error;
  const base = gicr === null ? null : toNumber(gicr);
  const r = addressAlloc(rm, vm, 'platform-vdevice', base, null, total, toNumber(stride));
  if (r.error !== OK) return r.error;
  setup.gicrBase = r.base;
  setup.gicrStride = toNumber(stride);
  let core = 0;
  for (let slot = 0; slot < vcpus; slot++) {
    while (((rm.env.usableCores >> core) & 1) === 0) {
      core++;
      if (core > maxCores(rm)) return HypError.NORESOURCES;
    }
    const flags = 1 | (slot === vcpus - 1 ? 2 : 0);
    const at = r.base + slot * setup.gicrStride;
    error = hv.addrspaceAttachVdevice(setup.addrspace, setup.vic, core + 1, at, GICR_SIZE, flags);
    if (error !== OK) return error;
    core++;
  }
  return OK;
}
