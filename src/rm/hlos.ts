/** The primary VM: all its objects, its memory, its device tree, its start (fact base: rm-boot-and-dt 1.3, 2, 3). */
import {
  Access,
  AuthType,
  ExtentMemType,
  HypError,
  MapMemType,
  Platform,
  Rights,
  VcpuOption,
  VmState,
} from '../protocol/index.js';
import { HLOS_TREE_AREA, patchHlosTree } from './dt/index.js';
import { Create } from './hv.js';
import { mapAllDirect, vmIrqInit } from './irq/index.js';
import { CAP_INVALID, type Rm, VMID_HLOS, VMID_RM, type VmRecord, type VmSetup, vmLookup } from './types.js';
import { createQueue } from './vdev/common.js';
import type { QueuePairDevice } from './vdev/devices.js';
import { addLink, addRmRpc } from './vdev/rpc.js';
import { attachGic } from './vdev/virtio.js';
import { addressAlloc, addressFree, donateDdr, memorySetup } from './vm/memory.js';
import { createCspace, newSetup, setupAddrspace, VIC_OPTIONS, VIC_SPIS } from './vm/setup.js';
import { addVcpu, maxCores } from './vm/vcpus.js';
import { DEFAULT_PRIORITY } from './vm/vm.js';

const OK = HypError.OK;
const MAX_MSIS = 8192;
const QUEUE_DEPTH = Platform.RM_QUEUE_DEPTH;
const MESSAGE_SIZE = Platform.RM_QUEUE_MSG_SIZE;

/** Cores of HLOS other than the boot core. */
function secondaryCores(rm: Rm): number[] {
  const cores: number[] = [];
  for (let core = 0; core < maxCores(rm); core++) {
    if (core !== rm.env.bootCore && ((rm.env.usableCores >> core) & 1) === 1) cores.push(core);
  }
  return cores;
}

const vcpuOptions = (rm: Rm): bigint =>
  VcpuOption.HLOS_VM |
  VcpuOption.CRITICAL |
  VcpuOption.PINNED |
  (rm.env.sveSupported ? VcpuOption.SVE_ALLOWED : 0n) |
  (rm.env.hlosHandlesRas ? VcpuOption.RAS_ERROR_HANDLER : 0n);

/** A thread of HLOS, configured and attached to the space of capabilities. */
function createThread(rm: Rm, setup: VmSetup, core: number): { error: number; cap: bigint } {
  const hv = rm.hv;
  const thread = hv.create(Create.THREAD);
  if (thread.error !== OK) return thread;
  const error =
    hv.vcpuConfigure(thread.cap, vcpuOptions(rm)) ||
    hv.vcpuSetAffinity(thread.cap, core) ||
    hv.vcpuSetPriority(thread.cap, DEFAULT_PRIORITY) ||
    hv.vcpuSetTimeslice(thread.cap, Platform.TIMESLICE_DEFAULT_NS) ||
    hv.cspaceAttachThread(setup.cspace, thread.cap);
  return { error, cap: thread.cap };
}

function createVic(rm: Rm, setup: VmSetup, root: bigint, secondaries: ReadonlyMap<number, bigint>): number {
  const hv = rm.hv;
  const vic = hv.create(Create.VIC);
  if (vic.error !== OK) return vic.error;
  let error = hv.vicConfigure(vic.cap, maxCores(rm), VIC_SPIS, VIC_OPTIONS, MAX_MSIS);
  if (error === HypError.ARGUMENT_INVALID) {
    error = hv.vicConfigure(vic.cap, maxCores(rm), VIC_SPIS, VIC_OPTIONS, 0);
  }
  error ||= hv.activate(vic.cap) || hv.vicAttachVcpu(vic.cap, root, rm.env.bootCore);
  for (const [core, cap] of secondaries) error ||= hv.vicAttachVcpu(vic.cap, cap, core);
  for (const source of rm.env.vicMsiSource) {
    if (source !== CAP_INVALID) error ||= hv.vicBindMsiSource(vic.cap, source);
  }
  if (error === OK) setup.vic = vic.cap;
  return error;
}

function createVcpus(rm: Rm, vm: VmRecord, setup: VmSetup, root: bigint): number {
  const hv = rm.hv;
  const group = hv.create(Create.VPM_GROUP);
  let error = group.error || hv.activate(group.cap) || hv.vpmGroupAttachVcpu(group.cap, root, rm.env.bootCore);
  if (error !== OK) return error;
  setup.vpmGroup = group.cap;
  const secondaries = new Map<number, bigint>();
  for (const core of secondaryCores(rm)) {
    const thread = createThread(rm, setup, core);
    error =
      thread.error ||
      hv.addrspaceAttachThread(setup.addrspace, thread.cap) ||
      hv.vpmGroupAttachVcpu(group.cap, thread.cap, core);
    if (error !== OK) return error;
    secondaries.set(core, thread.cap);
  }
  error = createVic(rm, setup, root, secondaries);
  for (const [core, cap] of secondaries) error ||= hv.activate(cap) || addVcpu(rm, vm, cap, core, false);
  return error || hv.activate(root) || addVcpu(rm, vm, root, rm.env.bootCore, true);
}

/** RPC queues of HLOS, then its GIC at the platform's addresses. Failures are only printed by RM. */
function createRpc(rm: Rm, vm: VmRecord, setup: VmSetup): number {
  const tx = createQueue(rm, QUEUE_DEPTH, MESSAGE_SIZE);
  const rx = createQueue(rm, QUEUE_DEPTH, MESSAGE_SIZE);
  const error =
    tx.error ||
    rx.error ||
    addRmRpc(
      rm,
      vm,
      {
        label: 0,
        generate: '/hypervisor/gunyah-resource-mgr',
        pushCompatible: ['gunyah-resource-manager', 'qcom,resource-manager-1-0', 'qcom,resource-manager'],
        consoleDev: true,
        irqs: null,
        messageSize: MESSAGE_SIZE,
        queueDepth: QUEUE_DEPTH,
      },
      rx.cap,
      tx.cap,
    );
  if (error !== OK) return error;
  const { gicdBase, gicrBase, gicrStride } = rm.env;
  return attachGic(rm, vm, BigInt(gicdBase), BigInt(gicrBase), BigInt(gicrStride), setup.vcpus.length);
}

/** Memory donated and mapped one to one, devices, UART. Errors are printed and ignored by RM. */
function mapMemory(rm: Rm, vm: VmRecord, setup: VmSetup): void {
  const hv = rm.hv;
  const { hlosVmBase: base, hlosVmSize: size } = rm.env;
  vm.memBase = base;
  vm.memSize = size;
  if (donateDdr(rm, vm.ddrMe, base, size, true) !== OK) return;
  if (hv.mapPartial(setup.addrspace, vm.ddrMe, base, base, size, Access.RWX) !== OK) return;
  const device = MapMemType.DEVICE_NGNRE;
  if (hv.map(setup.addrspace, rm.env.deviceMeCap, rm.env.deviceMeBase, Access.RW, device) !== OK) return;
  hv.map(setup.addrspace, rm.env.uartMeCap, rm.env.uartAddress, Access.RW, device);
}

/** HLOS may move RM's vCPU to another core. */
function giveRmVcpu(rm: Rm, setup: VmSetup): number {
  const vcpu = vmLookup(rm, VMID_RM)?.config?.vcpus[0];
  if (vcpu === undefined) return HypError.FAILURE;
  const copy = rm.hv.copyCap(vcpu.masterCap, setup.cspace, Rights.THREAD.AFFINITY);
  if (copy.error === OK) vcpu.ownerCap = copy.cap;
  return copy.error;
}

/** Everything of HLOS but its start. A hypervisor error ends RM. */
export function createHlos(rm: Rm): number {
  const hv = rm.hv;
  const vm = vmLookup(rm, VMID_HLOS) as VmRecord;
  const cspace = createCspace(rm);
  if (cspace.error !== OK) return cspace.error;
  const setup = newSetup(cspace.cap);
  vm.config = setup;
  vm.authType = AuthType.NONE;
  if (rm.env.hlosHandlesRas) rm.rasHandler = VMID_HLOS;
  const root = createThread(rm, setup, rm.env.bootCore);
  vm.priority = DEFAULT_PRIORITY;
  let error =
    root.error ||
    memorySetup(rm, vm) ||
    setupAddrspace(rm, vm, setup, false) ||
    hv.addrspaceAttachThread(setup.addrspace, root.cap) ||
    createVcpus(rm, vm, setup, root.cap);
  if (error !== OK) return error;
  vmIrqInit(vm, setup.vic);
  error = mapAllDirect(rm, vm) || createRpc(rm, vm, setup) || addLink(rm, vm);
  if (error !== OK) return error;
  mapMemory(rm, vm, setup);
  return giveRmVcpu(rm, setup);
}

/** RM's log, read-only at its physical address. */
export function exposeLog(rm: Rm): number {
  const { logBase, logSize, meIpaBase, meCap } = rm.env;
  if (logSize === 0) return OK;
  const extent = rm.hv.memextentCreate(logBase - meIpaBase, logSize, Access.RW, ExtentMemType.ANY, meCap);
  if (extent.error !== OK) return extent.error;
  const setup = (vmLookup(rm, VMID_HLOS) as VmRecord).config as VmSetup;
  return rm.hv.map(setup.addrspace, extent.cap, logBase, Access.R);
}

/** Adds the hypervisor's nodes to the tree of HLOS. False: RM exits and HLOS never starts. */
export function patchHlos(rm: Rm): boolean {
  const hv = rm.hv;
  const vm = vmLookup(rm, VMID_HLOS) as VmRecord;
  const self = vmLookup(rm, VMID_RM) as VmRecord;
  const device = vm.config?.devices.find((d) => d.type === 'rm-rpc') as QueuePairDevice;
  const range = addressAlloc(rm, self, 'normal', null, null, HLOS_TREE_AREA, Platform.PAGE_SIZE);
  if (range.error !== OK) return false;
  const at = rm.env.hlosDtBase;
  if (hv.mapPartial(hv.home.addrspace, vm.ddrMe, range.base, at, HLOS_TREE_AREA, Access.RW) !== OK) return false;
  const area = new Uint8Array(HLOS_TREE_AREA);
  let patched = false;
  if (hv.port.read(range.base, area)) {
    const tree = patchHlosTree(area, {
      vmid: VMID_HLOS,
      txCap: device.txVmCap,
      rxCap: device.rxVmCap,
      txIrq: { irq: device.txVmVirq.num, cpuLocal: false, edge: true },
      rxIrq: { irq: device.rxVmVirq.num, cpuLocal: false, edge: true },
      messageSize: MESSAGE_SIZE,
      queueDepth: QUEUE_DEPTH,
    });
    if (tree instanceof Uint8Array) patched = hv.port.write(range.base, tree);
  }
  hv.unmapPartial(hv.home.addrspace, vm.ddrMe, range.base, at, HLOS_TREE_AREA);
  addressFree(rm, self, 'normal', range.base, HLOS_TREE_AREA);
  return patched;
}

/** Powers on the boot vCPU. */
export function startHlos(rm: Rm): number {
  const vm = vmLookup(rm, VMID_HLOS) as VmRecord;
  for (const vcpu of (vm.config as VmSetup).vcpus) {
    if (!vcpu.boot) continue;
    const error = rm.hv.vcpuPoweron(vcpu.masterCap, BigInt(rm.env.entryHlos), BigInt(rm.env.hlosDtBase));
    if (error !== OK) return error;
  }
  vm.state = VmState.RUNNING;
  return OK;
}
