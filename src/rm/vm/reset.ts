/**
 * VM_RESET after its vCPUs are gone: RESETTING, then one stage step per event of RM, so that other requests interleave
 * (fact base: rm-state-machines 4.2, 4.3). The stage is never rewound: a second reset of the same VM cleans nothing.
 */
import { HypError, ResetStage } from '../../protocol/index.js';
import { RmDeath } from '../death.js';
import { queueEvent } from '../events.js';
import { releaseIrqs, vmIrqDeinit, vmIrqReset } from '../irq/index.js';
import { vmEvent } from '../life.js';
import { releaseLastParcel } from '../memparcel/release.js';
import { CAP_INVALID, type Rm, type VmRecord, type VmSetup } from '../types.js';
import { destroyFirstVdevice } from '../vdev/destroy.js';
import { memoryTeardown } from './memory.js';
import { deleteOwn, teardownInfoArea } from './setup.js';
import { removeVcpus } from './vcpus.js';
import { changeState, DEFAULT_PRIORITY, deregisterAllPeers } from './vm.js';

/** State RESETTING and the first event. */
export function resetVm(rm: Rm, vm: VmRecord): void {
  changeState(rm, vm, 'RESET', 'vm-reset-bad-state');
  queueEvent(rm, { kind: 'reset', vmid: vm.vmid });
}

/** Hypervisor objects of the VM, in RM's order. */
function destroyVm(rm: Rm, vm: VmRecord): void {
  const setup = vm.config as VmSetup;
  if (setup.cspace === CAP_INVALID) throw new RmDeath('ABORT', 'vm-reset-after-bad-auth-type');
  if (setup.addrspace !== CAP_INVALID) deleteOwn(rm, setup.addrspace);
  teardownInfoArea(rm, vm, setup);
  vm.allocator = null;
  memoryTeardown(rm, vm);
  if (setup.vic !== CAP_INVALID) {
    vmIrqReset(vm);
    deleteOwn(rm, setup.vic);
  }
  if (setup.vpmGroup !== CAP_INVALID) deleteOwn(rm, setup.vpmGroup);
  removeVcpus(rm, vm, setup, true);
  if (rm.hv.deleteOwnCap(setup.cspace) !== HypError.OK) throw new RmDeath('ABORT', 'vm-reset-after-bad-auth-type');
  vmIrqDeinit(rm, vm);
  vm.config = null;
}

/** Names, status, image and crash message. Firmware fields and flags keep their values. */
function cleanup(vm: VmRecord): void {
  vm.name = '';
  vm.uri = '';
  vm.guid = new Uint8Array(16);
  vm.osState = 0;
  vm.appStatus = 0;
  vm.memHandle = 0;
  vm.memSize = 0;
  vm.entryOffset = 0;
  vm.dtOffset = 0;
  vm.dtSize = 0;
  vm.priority = DEFAULT_PRIORITY;
  vm.crashMsg = null;
}

/** The work of one stage; true: the stage is done. */
function stageStep(rm: Rm, vm: VmRecord): boolean {
  switch (vm.resetStage) {
    case ResetStage.DESTROY_VDEVICES:
      return destroyFirstVdevice(rm, vm, vm.config as VmSetup);
    case ResetStage.RELEASE_MEMPARCELS:
      return releaseLastParcel(rm, vm);
    case ResetStage.RELEASE_IRQS:
      releaseIrqs(rm, vm);
      return true;
    case ResetStage.DESTROY_VM:
      destroyVm(rm, vm);
      return true;
    case ResetStage.CLEANUP_VM:
      cleanup(vm);
      return true;
    default:
      return true;
  }
}

/** One event of the reset: a step of the present stage. The stage COMPLETED ends it. */
export function onReset(rm: Rm, vm: VmRecord): void {
  if (vm.resetStage === ResetStage.COMPLETED) {
    changeState(rm, vm, 'STAGE_DONE', 'vm-reset-bad-state');
    deregisterAllPeers(rm, vm);
    return;
  }
  if (stageStep(rm, vm)) vmEvent(vm, 'STAGE_DONE');
  queueEvent(rm, { kind: 'reset', vmid: vm.vmid });
}
