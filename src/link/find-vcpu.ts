/** vCPUs by VMID and index: of the primary VM by place in its interrupt controller, of others as RM made them. */
import { Platform } from '../protocol/index.js';
import { hlosVcpu, rmObject, type Simulator } from '../sim/index.js';
import type { Vcpu } from '../vcpu/index.js';

export function findVcpu(sim: Simulator, vmid: number, index: number): Vcpu | undefined {
  if (vmid === Platform.VMID_HLOS) return hlosVcpu(sim, index);
  if (vmid === Platform.VMID_RM) return undefined;
  const cap = sim.rm.vms[vmid]?.config?.vcpus[index]?.masterCap;
  return cap === undefined ? undefined : (rmObject(sim, cap) as Vcpu | undefined);
}

/** Where a VM's boot vCPU finds its device tree. */
export function treeAddress(sim: Simulator, vmid: number): number | undefined {
  if (vmid === Platform.VMID_HLOS) return Platform.HLOS_DT_BASE;
  const vm = sim.rm.vms[vmid];
  return vm?.config == null ? undefined : vm.config.memIpaBase + vm.dtOffset;
}
