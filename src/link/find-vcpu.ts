/** vCPUs by VMID and index: of the primary VM by place in its interrupt controller, of others as RM made them. */
import { Platform } from '../protocol/index.js';
import { HostVcpu, hlosVcpu, rmObject, type Simulator } from '../sim/index.js';
import { Block, Life, type Vcpu } from '../vcpu/index.js';

export function findVcpu(sim: Simulator, vmid: number, index: number): Vcpu | undefined {
  if (vmid === Platform.VMID_HLOS) return hlosVcpu(sim, index);
  if (vmid === Platform.VMID_RM) return undefined;
  const cap = sim.rm.vms[vmid]?.config?.vcpus[index]?.masterCap;
  return cap === undefined ? undefined : (rmObject(sim, cap) as Vcpu | undefined);
}

/** The vCPU exists and is turned on, and the hypervisor lives. */
export function isOn(sim: Simulator, v: Vcpu): boolean {
  if (sim.hyp.dead !== undefined || sim.hyp.objects[v.id] !== v) return false;
  return v.life === Life.READY && (v.block & (Block.OFF | Block.FAULT)) === 0;
}

/**
 * Whether the vCPU's VM can read and write the page, so that the link may copy through it. A VM that has not been started has no
 * memory yet: its image will be there.
 */
export function isScratch(sim: Simulator, vmid: number, v: Vcpu, page: number): boolean {
  const readable = new HostVcpu(sim, v.id).readMemory(page, new Uint8Array(1));
  if (readable && sim.hyp.mem.translate(v.addrspace, page, true) >= 0) return true;
  const vm = sim.rm.vms[vmid];
  if (vm?.config == null || (v.block & Block.OFF) === 0) return false;
  const base = vm.config.memIpaBase;
  return page >= base && page < base + vm.memSize;
}

/** Where a VM's boot vCPU finds its device tree. */
export function treeAddress(sim: Simulator, vmid: number): number | undefined {
  if (vmid === Platform.VMID_HLOS) return Platform.HLOS_DT_BASE;
  const vm = sim.rm.vms[vmid];
  return vm?.config == null ? undefined : vm.config.memIpaBase + vm.dtOffset;
}
