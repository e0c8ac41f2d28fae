/** VM_START: parcels, device tree, firmware, power-on (fact base: rm-rpc-messages 1.3, rm-boot-and-dt 5 and 8). */
import { toU64 } from '../../base/index.js';
import { AuthType, HypError, RmError, rmErrorOfHyp, VcpuRegisterSet } from '../../protocol/index.js';
import { RmDeath } from '../death.js';
import { patchVmTree } from '../dt/index.js';
import type { IrqSpec } from '../dt/vm-config-types.js';
import type {
  DoorbellNode,
  MessageQueuePairNode,
  VmTreeDevice,
  VmTreeInput,
  VmTreeParcel,
} from '../dt/vm-tree-types.js';
import { copyFirmware } from '../firmware.js';
import { flushParcel, unmapFromRm } from '../memparcel/rm.js';
import { processParcels, storePhandles, vmTreeParcelPort, vmTreeParcels } from '../memparcel/start.js';
import { CAP_INVALID, HANDLE_INVALID, type Rm, type VmRecord, type VmSetup } from '../types.js';
import type { DoorbellDevice, QueuePairDevice, Vdevice, Virq } from '../vdev/devices.js';
import { mapTree } from './creation.js';
import { changeState } from './vm.js';

const irqSpec = (virq: Virq): IrqSpec => ({ irq: virq.num, cpuLocal: false, edge: virq.edge });

const doorbellNode = (d: DoorbellDevice): DoorbellNode => ({
  kind: 'doorbell',
  generate: d.generate,
  pushCompatible: d.pushCompatible,
  source: d.source,
  cap: d.vmCap,
  irq: d.source ? null : irqSpec(d.vmVirq),
  label: d.label,
});

const pairNode = (d: QueuePairDevice): MessageQueuePairNode => ({
  kind: d.type,
  generate: d.generate,
  pushCompatible: d.pushCompatible,
  txCap: d.txVmCap,
  rxCap: d.rxVmCap,
  txIrq: irqSpec(d.txVmVirq),
  rxIrq: irqSpec(d.rxVmVirq),
  txMessageSize: d.messageSize,
  rxMessageSize: d.messageSize,
  txQueueDepth: d.queueDepth,
  rxQueueDepth: d.queueDepth,
  handle: d.handle,
  label: d.label,
  peerId: d.hasPeerVdevice ? d.peerId : null,
  peerVmid: d.hasPeerVdevice && d.hasValidPeer ? d.peer : null,
});

function deviceNode(setup: VmSetup, d: Vdevice): VmTreeDevice {
  const common = { generate: d.generate, pushCompatible: d.pushCompatible };
  switch (d.type) {
    case 'doorbell':
      return doorbellNode(d);
    case 'rm-rpc':
    case 'message-queue-pair':
      return pairNode(d);
    case 'message-queue':
      return {
        kind: 'message-queue',
        ...common,
        sender: d.tx,
        cap: d.vmCap,
        irq: irqSpec(d.vmVirq),
        messageSize: d.messageSize,
        queueDepth: d.queueDepth,
        label: d.label,
      };
    case 'shm': {
      const find = (id: number): DoorbellDevice | undefined =>
        setup.devices.find((other): other is DoorbellDevice => other.type === 'doorbell' && other.id === id);
      const source = find(d.doorbellSource);
      const receiver = find(d.doorbell);
      const { label, peer, optional, dmaBase } = d;
      const doorbells =
        source === undefined || receiver === undefined
          ? null
          : { source: doorbellNode(source), receiver: doorbellNode(receiver) };
      return { kind: 'shm', ...common, label, peer, optional, dmaBase, doorbells };
    }
    case 'virtio-mmio':
      return {
        kind: 'virtio-mmio',
        ...common,
        ipa: BigInt(d.frontendIpa),
        size: BigInt(d.meSize),
        irq: irqSpec(d.frontendVirq),
        label: d.label,
        dmaBase: d.dmaBase,
        backend: d.backend,
        dmaCoherent: d.dmaCoherent,
      };
    case 'iomem':
      return { kind: 'iomem', ...common, label: d.label, peer: d.peer };
  }
}

/** A parcel set as firmware with size 0 is firmware too: it is neither accepted nor shown in the tree. */
export const treeFirmware = (vm: VmRecord, setup: VmSetup): VmTreeInput['firmware'] =>
  vm.fwHandle === HANDLE_INVALID
    ? null
    : { handle: vm.fwHandle, ipa: Number(setup.fwIpaBase) + vm.fwOffset, size: vm.fwSize };

function treeInput(rm: Rm, vm: VmRecord, setup: VmSetup, parcels: VmTreeParcel[]): VmTreeInput {
  const devices: VmTreeDevice[] = [];
  for (const d of setup.devices) if (d.exportToDt) devices.push(deviceNode(setup, d));
  const cpus: VmTreeInput['cpus'][number][] = [];
  for (const { path, vmCap } of setup.vcpus) cpus.push({ path, cap: vmCap === CAP_INVALID ? null : vmCap });
  return {
    vmid: vm.vmid,
    owner: vm.owner,
    name: vm.name,
    uri: vm.uri,
    guid: vm.hasGuid ? [...vm.guid] : null,
    kaslrSeed: rm.hv.random64(),
    parcels,
    imageHandle: vm.memHandle,
    firmware: treeFirmware(vm, setup),
    devices,
    cpus,
    gic: {
      patch: setup.gicPatch,
      phandle: setup.gicPhandle,
      addrCells: setup.gicAddrCells,
      sizeCells: setup.gicSizeCells,
      gicd: toU64(setup.gicdBase),
      gicr: toU64(setup.gicrBase),
      stride: toU64(setup.gicrStride),
      vcpus: setup.vcpus.length,
    },
  };
}

/** Step 6: patches the guest's tree in place. False: the start fails. */
function processTree(rm: Rm, vm: VmRecord, setup: VmSetup): boolean {
  const tree = mapTree(rm, vm);
  if (tree === undefined) return false;
  const parcels = vmTreeParcels(rm, vm);
  const result = patchVmTree(tree.area, treeInput(rm, vm, setup, parcels), vmTreeParcelPort(rm, vm));
  storePhandles(rm, vm, parcels);
  if (result.kind !== 'refused') rm.hv.port.write(tree.ipa, result.bytes);
  if (result.kind === 'overflow') throw new RmDeath('FAULT', 'vm-start-dt-overflow');
  unmapFromRm(rm, vm.memHandle);
  return result.kind === 'written';
}

/** Firmware, caches and power-on of the boot vCPUs: an `RmError`. */
function startVcpus(rm: Rm, vm: VmRecord, setup: VmSetup): number {
  const hv = rm.hv;
  const android = vm.authType === AuthType.ANDROID;
  if (android) {
    const error = copyFirmware(rm, vm);
    if (error !== RmError.OK) return error;
  }
  if (vm.authType !== AuthType.PLATFORM) {
    const error = flushParcel(rm, vm.memHandle, 0, vm.memSize);
    if (error !== HypError.OK) return rmErrorOfHyp(error);
  }
  const boot = setup.vcpus.filter((vcpu) => vcpu.boot);
  if (boot.length > 1 && android) return RmError.DENIED;
  if (boot.length === 0) return RmError.NORESOURCE;
  const base = toU64(setup.memIpaBase);
  const context = base + toU64(vm.dtOffset);
  for (const vcpu of boot) {
    let error: number;
    if (android) {
      error =
        vm.entryOffset !== vm.imageOffset
          ? HypError.ARGUMENT_INVALID
          : hv.vcpuRegisterWrite(vcpu.masterCap, VcpuRegisterSet.X, 1, base + toU64(vm.entryOffset)) ||
            hv.vcpuRegisterWrite(vcpu.masterCap, VcpuRegisterSet.X, 2, vm.imageSize) ||
            hv.vcpuPoweron(vcpu.masterCap, setup.fwIpaBase + BigInt(vm.fwOffset), context);
    } else {
      error = hv.vcpuPoweron(vcpu.masterCap, base + toU64(vm.entryOffset), context, setup.bootContext);
    }
    if (error !== HypError.OK) return rmErrorOfHyp(error);
  }
  return RmError.OK;
}

/** The VM is READY and the caller its owner. */
export function startVm(rm: Rm, vm: VmRecord): number {
  const setup = vm.config as VmSetup;
  const resources = processParcels(rm, vm) && processTree(rm, vm, setup);
  const error = resources ? startVcpus(rm, vm, setup) : RmError.NORESOURCE;
  changeState(rm, vm, error === RmError.OK ? 'START' : 'FAIL', 'vm-start-bad-state');
  return error;
}
