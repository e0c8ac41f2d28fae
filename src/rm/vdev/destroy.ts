/** Destruction of virtual devices, one per reset event (fact base: rm-state-machines 4.3). Failures kill RM. */
import { HypError } from '../../protocol/index.js';
import { RmDeath } from '../death.js';
import { cancelEvent, deregisterIrq } from '../events.js';
import { revertVirq } from '../irq/virqs.js';
import { freePage } from '../pages.js';
import { type Rm, type VmRecord, type VmSetup, vmLookup } from '../types.js';
import { addressFree } from '../vm/memory.js';
import { deleteOwn } from '../vm/setup.js';
import type { DoorbellDevice, MessageQueueDevice, QueuePairDevice, VirtioMmioDevice } from './devices.js';

/** RM asserts success of every step of a destruction. */
function must(error: number): void {
  if (error !== HypError.OK) throw new RmDeath('ABORT', 'vdevice-teardown');
}

function destroyRmRpc(rm: Rm, vm: VmRecord, setup: VmSetup, device: QueuePairDevice): void {
  const link = rm.links[vm.vmid] ?? null;
  if (link === null) throw new RmDeath('ABORT', 'two-rm-rpc-nodes-reset');
  cancelEvent(rm, { kind: 'pending', vmid: vm.vmid });
  deregisterIrq(rm, link.rxVirq);
  deregisterIrq(rm, link.txVirq);
  rm.links[vm.vmid] = null;
  revertVirq(rm, vm.vmid, device.rxVmVirq.num);
  revertVirq(rm, vm.vmid, device.txVmVirq.num);
  revertVirq(rm, device.peer, device.rxPeerVirq.num);
  revertVirq(rm, device.peer, device.txPeerVirq.num);
  must(rm.hv.deleteCap(setup.cspace, device.rxVmCap));
  must(rm.hv.deleteCap(setup.cspace, device.txVmCap));
  deleteOwn(rm, device.rxMasterCap);
  deleteOwn(rm, device.txMasterCap);
  setup.console = null;
}

function destroyDoorbell(rm: Rm, vm: VmRecord, setup: VmSetup, device: DoorbellDevice): void {
  must(rm.hv.deleteCap(setup.cspace, device.vmCap));
  if (!device.source) revertVirq(rm, vm.vmid, device.vmVirq.num);
  const peerSetup = vmLookup(rm, device.peer)?.config ?? null;
  let matching = false;
  if (!device.hasPeerVdevice) {
    if (device.source) revertVirq(rm, device.peer, device.peerVirq.num);
  } else if (peerSetup !== null) {
    matching = peerSetup.devices.some(
      (d) => d.type === 'doorbell' && d.label === device.label && d.source !== device.source,
    );
  }
  if (matching) return;
  if (peerSetup !== null) must(rm.hv.deleteCap(peerSetup.cspace, device.peerCap));
  deleteOwn(rm, device.masterCap);
}

function destroyMessageQueue(rm: Rm, vm: VmRecord, setup: VmSetup, device: MessageQueueDevice): void {
  const peerSetup = vmLookup(rm, device.peer)?.config ?? null;
  if (peerSetup === null) throw new RmDeath('ABORT', 'vdevice-teardown');
  revertVirq(rm, vm.vmid, device.vmVirq.num);
  revertVirq(rm, device.peer, device.peerVirq.num);
  must(rm.hv.deleteCap(setup.cspace, device.vmCap));
  must(rm.hv.deleteCap(peerSetup.cspace, device.peerCap));
  deleteOwn(rm, device.masterCap);
}

function destroyPair(rm: Rm, vm: VmRecord, setup: VmSetup, device: QueuePairDevice): void {
  must(rm.hv.deleteCap(setup.cspace, device.txVmCap));
  must(rm.hv.deleteCap(setup.cspace, device.rxVmCap));
  revertVirq(rm, vm.vmid, device.txVmVirq.num);
  revertVirq(rm, vm.vmid, device.rxVmVirq.num);
  const peerSetup = vmLookup(rm, device.peer)?.config ?? null;
  let matching = false;
  if (!device.hasPeerVdevice) {
    revertVirq(rm, device.peer, device.rxPeerVirq.num);
    revertVirq(rm, device.peer, device.txPeerVirq.num);
  } else if (peerSetup !== null) {
    matching = peerSetup.devices.some(
      (d) =>
        d.type === 'message-queue-pair' &&
        d.label === device.label &&
        d.messageSize === device.messageSize &&
        d.queueDepth === device.queueDepth,
    );
  }
  if (matching) return;
  if (peerSetup !== null) {
    must(rm.hv.deleteCap(peerSetup.cspace, device.rxPeerCap));
    must(rm.hv.deleteCap(peerSetup.cspace, device.txPeerCap));
  }
  deleteOwn(rm, device.rxMasterCap);
  deleteOwn(rm, device.txMasterCap);
}

function destroyVirtio(rm: Rm, vm: VmRecord, setup: VmSetup, device: VirtioMmioDevice): void {
  const backend = vmLookup(rm, device.backend);
  if (backend === null || backend.config === null) throw new RmDeath('ABORT', 'vdevice-teardown');
  revertVirq(rm, device.backend, device.backendVirq.num);
  revertVirq(rm, vm.vmid, device.frontendVirq.num);
  must(rm.hv.unmap(setup.addrspace, device.meCap, device.frontendIpa));
  must(rm.hv.unmap(backend.config.addrspace, device.meCap, device.backendIpa));
  must(addressFree(rm, backend, 'vdevice', device.backendIpa, device.meSize));
  must(addressFree(rm, vm, 'vdevice', device.frontendIpa, device.meSize));
  must(rm.hv.deleteCap(backend.config.cspace, device.backendCap));
  deleteOwn(rm, device.masterCap);
  deleteOwn(rm, device.meCap);
  freePage(rm, device.rmIpa);
}

/** Destroys the first device. True when none is left. */
export function destroyFirstVdevice(rm: Rm, vm: VmRecord, setup: VmSetup): boolean {
  const device = setup.devices[0];
  if (device === undefined) return true;
  // RM drops the record last; nothing of the above looks at this VM's own list.
  if (device.type === 'rm-rpc') destroyRmRpc(rm, vm, setup, device);
  else if (device.type === 'doorbell') destroyDoorbell(rm, vm, setup, device);
  else if (device.type === 'message-queue') destroyMessageQueue(rm, vm, setup, device);
  else if (device.type === 'message-queue-pair') destroyPair(rm, vm, setup, device as QueuePairDevice);
  else if (device.type === 'virtio-mmio') destroyVirtio(rm, vm, setup, device);
  else if (device.type === 'iomem' && device.freed) throw new RmDeath('FAULT', 'iomem-freed-twice');
  setup.devices.shift();
  return setup.devices.length === 0;
}
