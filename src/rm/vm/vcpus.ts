/** vCPUs of a VM: creation in VM_INIT and destruction (fact base: rm-boot-and-dt 9, rm-state-machines 7.2 step 8). */

import { HypError, Platform, Rights, VcpuOption, VcpuVirqType } from '../../protocol/index.js';
import { RmDeath } from '../death.js';
import type { VmConfig } from '../dt/vm-config-types.js';
import { deregisterIrq, registerIrq } from '../events.js';
import { Create } from '../hv.js';
import { VIRQ_NONE } from '../irq/types.js';
import { allocVirq, revertVirq } from '../irq/virqs.js';
import { CAP_INVALID, type Rm, type VcpuRecord, VMID_RM, type VmRecord, type VmSetup, vmLookup } from '../types.js';
import { deleteOwn } from './setup.js';

const MAX_PRIORITY = 63;

/** Cores RM knows: one more than the highest usable one. */
export const maxCores = (rm: Rm): number => 32 - Math.clz32(rm.env.usableCores);

/**
 * Records an active vCPU: halt interrupt of RM, capability for the owner, POWER for the VM itself without a power group.
 */
export function addVcpu(
  rm: Rm,
  vm: VmRecord,
  masterCap: bigint,
  affinityIndex: number,
  boot: boolean,
  path = '',
): number {
  const hv = rm.hv;
  const setup = vm.config as VmSetup;
  const vcpu: VcpuRecord = {
    masterCap,
    ownerCap: CAP_INVALID,
    vmCap: CAP_INVALID,
    affinityIndex,
    boot,
    path,
    proxyVirq: 0,
    haltVirq: VIRQ_NONE,
    exited: false,
  };
  const halt = allocVirq(rm, VMID_RM);
  if (halt.error !== HypError.OK) return halt.error;
  vcpu.haltVirq = halt.virq.num;
  const ownerSetup = vm.owner === VMID_RM ? null : (vmLookup(rm, vm.owner)?.config ?? null);
  let error = hv.vcpuBindVirq(masterCap, rm.env.vicCap, vcpu.haltVirq, VcpuVirqType.HALT);
  if (error !== HypError.OK) {
    revertVirq(rm, VMID_RM, vcpu.haltVirq);
    return error;
  }
  if (ownerSetup !== null) {
    const copy = hv.copyCap(masterCap, ownerSetup.cspace, Rights.THREAD.AFFINITY | Rights.THREAD.YIELD_TO);
    error = copy.error;
    if (error === HypError.OK) vcpu.ownerCap = copy.cap;
  }
  if (error === HypError.OK && setup.vpmGroup === CAP_INVALID) {
    const copy = hv.copyCap(masterCap, setup.cspace, Rights.THREAD.POWER);
    error = copy.error;
    if (error === HypError.OK) vcpu.vmCap = copy.cap;
  }
  if (error !== HypError.OK) {
    if (vcpu.ownerCap !== CAP_INVALID && ownerSetup !== null) hv.deleteCap(ownerSetup.cspace, vcpu.ownerCap);
    hv.vcpuUnbindVirq(masterCap, VcpuVirqType.HALT);
    revertVirq(rm, VMID_RM, vcpu.haltVirq);
    return error;
  }
  setup.vcpus.push(vcpu);
  registerIrq(rm, vcpu.haltVirq, { kind: 'halt', vmid: vm.vmid, vcpu: setup.vcpus.length - 1 });
  return HypError.OK;
}

function must(error: number): void {
  if (error !== HypError.OK) throw new RmDeath('ABORT', 'vcpu-teardown');
}

/** Removes all vCPUs, last first. */
export function removeVcpus(rm: Rm, vm: VmRecord, setup: VmSetup, deleteMasters: boolean): void {
  const hv = rm.hv;
  const ownerSetup = vmLookup(rm, vm.owner)?.config ?? null;
  for (let vcpu = setup.vcpus.pop(); vcpu !== undefined; vcpu = setup.vcpus.pop()) {
    if (vcpu.proxyVirq !== VIRQ_NONE) {
      must(hv.vcpuUnbindVirq(vcpu.masterCap, VcpuVirqType.VCPU_RUN_WAKEUP));
      revertVirq(rm, vm.owner, vcpu.proxyVirq);
    }
    if (vcpu.vmCap !== CAP_INVALID) must(hv.deleteCap(setup.cspace, vcpu.vmCap));
    if (ownerSetup !== null) must(hv.deleteCap(ownerSetup.cspace, vcpu.ownerCap));
    deregisterIrq(rm, vcpu.haltVirq);
    must(hv.vcpuUnbindVirq(vcpu.masterCap, VcpuVirqType.HALT));
    revertVirq(rm, VMID_RM, vcpu.haltVirq);
    if (deleteMasters) deleteOwn(rm, vcpu.masterCap);
  }
}

interface Scheduling {
  priority: number;
  timesliceNs: number;
}

/** Priority and slice that the tree asks for, or an error. The VM's priority is stored even when it is then refused. */
function scheduling(vm: VmRecord, owner: VmRecord, config: VmConfig): Scheduling | number {
  let priority = 0;
  let timesliceNs = Platform.TIMESLICE_MIN_NS;
  if (config.affinity !== 'proxy') {
    priority = (owner.priority + config.priorityOffset) | 0;
    if (priority < 0 || priority > MAX_PRIORITY) return HypError.ARGUMENT_INVALID;
    timesliceNs = config.timesliceUs * 1000;
    if (timesliceNs < Platform.TIMESLICE_MIN_NS || timesliceNs > Platform.TIMESLICE_MAX_NS)
      return HypError.ARGUMENT_INVALID;
  }
  vm.priority = priority;
  return priority >= owner.priority ? HypError.DENIED : { priority, timesliceNs };
}

function createPowerGroup(rm: Rm, setup: VmSetup, proxy: boolean): number {
  const hv = rm.hv;
  const group = hv.create(Create.VPM_GROUP);
  if (group.error !== HypError.OK) return group.error;
  setup.vpmGroup = group.cap;
  let error = proxy ? hv.vpmGroupConfigure(group.cap, 1) : HypError.OK;
  if (error === HypError.UNIMPLEMENTED) error = HypError.OK;
  if (error === HypError.OK) error = hv.activate(group.cap);
  if (error !== HypError.OK) dropPowerGroup(rm, setup);
  return error;
}

function dropPowerGroup(rm: Rm, setup: VmSetup): void {
  if (setup.vpmGroup === CAP_INVALID) return;
  deleteOwn(rm, setup.vpmGroup);
  setup.vpmGroup = CAP_INVALID;
}

function options(config: VmConfig): bigint {
  let flags = 0n;
  if (config.attrs.rasErrorHandler) flags |= VcpuOption.RAS_ERROR_HANDLER;
  if (config.attrs.crashFatal) flags |= VcpuOption.CRITICAL;
  if (config.affinity === 'pinned') flags |= VcpuOption.PINNED;
  if (config.attrs.amuCountingDisabled || config.attrs.sensitive) flags |= VcpuOption.AMU_COUNTING_DISABLED;
  if (config.affinity === 'proxy') flags |= VcpuOption.VCPU_RUN_SCHEDULED;
  return flags;
}

/** One thread, configured and attached, not yet active. */
function prepareThread(
  rm: Rm,
  setup: VmSetup,
  cap: bigint,
  index: number,
  affinity: number,
  sched: Scheduling,
  flags: bigint,
): number {
  const hv = rm.hv;
  return (
    hv.vcpuSetAffinity(cap, affinity) ||
    hv.vcpuSetPriority(cap, sched.priority) ||
    hv.vcpuSetTimeslice(cap, sched.timesliceNs) ||
    hv.cspaceAttachThread(setup.cspace, cap) ||
    hv.addrspaceAttachThread(setup.addrspace, cap) ||
    (setup.vpmGroup === CAP_INVALID ? HypError.OK : hv.vpmGroupAttachVcpu(setup.vpmGroup, cap, index)) ||
    hv.vicAttachVcpu(setup.vic, cap, index) ||
    hv.vcpuConfigure(cap, flags)
  );
}

/** Activates, records and, for proxy scheduling, binds the wake-up interrupt of the owner. */
function startThread(rm: Rm, vm: VmRecord, owner: VmRecord, cap: bigint, index: number, config: VmConfig): number {
  const hv = rm.hv;
  const proxy = config.affinity === 'proxy';
  let error = hv.activate(cap);
  if (error !== HypError.OK) return error;
  const cpu = config.vcpus[index];
  error = addVcpu(rm, vm, cap, proxy ? index : config.affinityMap[index], cpu.boot, cpu.path);
  if (error !== HypError.OK) return error;
  const vcpu = (vm.config as VmSetup).vcpus[index];
  if (!proxy) {
    vcpu.proxyVirq = VIRQ_NONE;
    return HypError.OK;
  }
  // Until it is bound, the record says number 0, which RM takes for a number when it clears up.
  const virq = allocVirq(rm, owner.vmid);
  if (virq.error !== HypError.OK) return virq.error;
  error = hv.vcpuBindVirq(cap, (owner.config as VmSetup).vic, virq.virq.num, VcpuVirqType.VCPU_RUN_WAKEUP);
  if (error !== HypError.OK) {
    revertVirq(rm, owner.vmid, virq.virq.num);
    return error;
  }
  vcpu.proxyVirq = virq.virq.num;
  return HypError.OK;
}

/** Creates all vCPUs of a VM as its device tree says. */
export function createVcpus(rm: Rm, vm: VmRecord, config: VmConfig): number {
  const setup = vm.config as VmSetup;
  const owner = vmLookup(rm, vm.owner) as VmRecord;
  const proxy = config.affinity === 'proxy';
  const sched = scheduling(vm, owner, config);
  if (typeof sched === 'number') return sched;
  const count = config.vcpus.length;
  if (count === 0 || count > maxCores(rm)) return HypError.DENIED;
  setup.proxy = proxy;
  if (config.psci) {
    const error = createPowerGroup(rm, setup, proxy && !(vm.authType === 1));
    if (error !== HypError.OK) return error;
  }
  if (config.attrs.rasErrorHandler && (count < maxCores(rm) || rm.rasHandler !== 0)) {
    dropPowerGroup(rm, setup);
    return HypError.DENIED;
  }
  const flags = options(config);
  const caps: bigint[] = [];
  let error: number = HypError.OK;
  for (let i = 0; i < count && error === HypError.OK; i++) {
    const thread = rm.hv.create(Create.THREAD);
    error = thread.error;
    if (error !== HypError.OK) break;
    const affinity = proxy ? Platform.AFFINITY_INVALID : config.affinityMap[i];
    error = prepareThread(rm, setup, thread.cap, i, affinity, sched, flags);
    // The thread that failed stays behind: RM deletes only the finished ones.
    if (error === HypError.OK) caps.push(thread.cap);
  }
  if (error === HypError.OK) {
    for (let i = 0; i < count && error === HypError.OK; i++) {
      error = startThread(rm, vm, owner, caps[i], i, config);
    }
    if (error !== HypError.OK) removeVcpus(rm, vm, setup, false);
  }
  if (error !== HypError.OK) {
    for (const cap of caps) deleteOwn(rm, cap);
    dropPowerGroup(rm, setup);
    return error;
  }
  if (config.attrs.rasErrorHandler) rm.rasHandler = vm.vmid;
  return HypError.OK;
}
