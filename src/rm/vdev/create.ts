/**
 * Virtual devices of a VM, created by VM_INIT in the order of the groups below (fact base: rm-boot-and-dt 6.2, 6.3,
 * rm-state-machines 7.2 steps 9 to 13). Any error ends VM_INIT; what was made stays until the VM is reset.
 */
import { HypError } from '../../protocol/index.js';
import type { VmConfig } from '../dt/vm-config-types.js';
import { type Rm, VMID_HLOS, type VmRecord, type VmSetup } from '../types.js';
import { nextId } from './common.js';
import { createDoorbell, createShm } from './doorbell.js';
import { createMessageQueue, createPair } from './msgqueue.js';
import { createRmRpcs } from './rpc.js';

const OK = HypError.OK;

/** iomem nodes are only recorded; `generate` or `patch` must be there. */
export function createIomems(rm: Rm, vm: VmRecord, config: VmConfig): number {
  const setup = vm.config as VmSetup;
  for (const iomem of config.iomems) {
    const generate = iomem.generate ?? iomem.patch;
    if (generate === null) {
      // RM cleans up with the pointer of the node before this one.
      const before = setup.devices.at(-1);
      if (before?.type === 'iomem') before.freed = true;
      return HypError.DENIED;
    }
    setup.devices.push({
      id: nextId(rm),
      type: 'iomem',
      exportToDt: true,
      visible: true,
      generate,
      pushCompatible: [...iomem.pushCompatible],
      handle: 0,
      peer: VMID_HLOS,
      label: iomem.label,
      memInfoTag: iomem.memInfoTag,
      allocateBase: iomem.allocateBase,
      acl: iomem.acl,
      attrs: iomem.attrs,
      sglist: iomem.sglist,
      freed: false,
    });
  }
  return OK;
}

function forEach<T>(rm: Rm, vm: VmRecord, list: readonly T[], make: (rm: Rm, vm: VmRecord, one: T) => number): number {
  for (let i = 0; i < list.length; i++) {
    const error = make(rm, vm, list[i]);
    if (error !== OK) return error;
  }
  return OK;
}

/** Links, doorbells, queues, pairs and shared memory, in this order. */
export const createVdevices = (rm: Rm, vm: VmRecord, config: VmConfig): number =>
  createRmRpcs(rm, vm, config.rmRpcs) ||
  forEach(rm, vm, config.doorbells, createDoorbell) ||
  forEach(rm, vm, config.messageQueues, createMessageQueue) ||
  forEach(rm, vm, config.messageQueuePairs, createPair) ||
  forEach(rm, vm, config.shms, createShm);
