/** Doorbells, and shared memory with or without them (fact base: rm-boot-and-dt 6.3, rm-state-machines 7.2 steps 10, 13). */
import { HypError, Rights } from '../../protocol/index.js';
import { RmDeath } from '../death.js';
import { DEFAULT_GENERATE, type DoorbellConfig, type ShmConfig } from '../dt/vm-config-types.js';
import { Create } from '../hv.js';
import { allocVirq, noVirq, revertVirq, takeVirq, zeroVirq } from '../irq/virqs.js';
import { CAP_INVALID, type Rm, type VmRecord, type VmSetup, vmLookup } from '../types.js';
import { createActive, deleteOwn } from '../vm/setup.js';
import { findPeer, irqOf, namesUs, newDoorbell, nextHandle, nextId } from './common.js';
import type { DoorbellDevice, Virq } from './devices.js';

const OK = HypError.OK;

/** One end of a doorbell in a VM: interrupt and capability. Fills `vmCap`, `vmVirq`. */
function configureDoorbell(rm: Rm, vm: VmRecord, end: DoorbellDevice, master: bigint, given: Virq | null): number {
  const hv = rm.hv;
  const setup = vm.config as VmSetup;
  let virq = zeroVirq();
  if (!end.source) {
    const got = takeVirq(rm, vm.vmid, given);
    if (got.error !== OK) return got.error;
    virq = got.virq;
  }
  const rights = end.source
    ? Rights.DOORBELL.SEND | (end.sourceCanClear ? Rights.DOORBELL.RECEIVE : 0)
    : Rights.DOORBELL.RECEIVE;
  const copy = hv.copyCap(master, setup.cspace, rights);
  let error = copy.error;
  if (error === OK && !end.source) {
    error = hv.doorbellBind(master, setup.vic, virq.num);
    if (error !== OK) hv.deleteCap(setup.cspace, copy.cap);
  }
  if (error !== OK) {
    if (!end.source) revertVirq(rm, vm.vmid, virq.num);
    return error;
  }
  end.vmCap = copy.cap;
  end.vmVirq = virq;
  return OK;
}

/** A doorbell between the VM and its owner or a named peer. */
export function createDoorbell(rm: Rm, vm: VmRecord, config: DoorbellConfig): number {
  const peer = findPeer(rm, vm, config.peer);
  if (typeof peer === 'number') return peer;
  const defaultPeer = peer !== null && peer.vmid === vm.owner;
  const device = newDoorbell(rm, config.isSource, config.sourceCanClear);
  let other: DoorbellDevice | null = null;
  if (peer === null || peer.config === null || defaultPeer) {
    const made = createActive(rm, Create.DOORBELL);
    if (made.error !== OK) return made.error;
    device.masterCap = made.cap;
    device.handle = nextHandle(rm);
  } else {
    for (const d of peer.config.devices) {
      if (d.type === 'doorbell' && d.label === config.label && d.source !== config.isSource) {
        other = d;
        break;
      }
    }
    if (other === null) return HypError.ARGUMENT_INVALID;
    device.masterCap = other.masterCap;
    device.handle = other.handle;
  }
  device.pushCompatible = [...config.pushCompatible];
  device.generate = config.generate ?? (config.isSource ? DEFAULT_GENERATE.doorbellSource : DEFAULT_GENERATE.doorbell);
  device.label = config.label;
  device.peerId = config.peer;
  const error = configureDoorbell(rm, vm, device, device.masterCap, irqOf(config.irq));
  if (error !== OK) return error;
  if (other !== null && !namesUs(rm, vm, other.peerId)) return HypError.ARGUMENT_INVALID;
  if (defaultPeer && peer !== null) {
    const temporary = newDoorbell(rm, !config.isSource, config.sourceCanClear);
    const peerError = configureDoorbell(rm, peer, temporary, device.masterCap, null);
    if (peerError !== OK) {
      return dropOwnDoorbellEnd(rm, vm, device);
    }
    other = temporary;
  } else {
    device.hasPeerVdevice = true;
  }
  if (other !== null && peer !== null) {
    device.peer = peer.vmid;
    device.peerCap = other.vmCap;
    device.peerVirq = other.vmVirq;
    device.hasValidPeer = true;
    // The other side learns no capability and no number: RM copies locals that it never filled.
    other.peer = vm.vmid;
    other.peerCap = CAP_INVALID;
    other.peerVirq = irqOf(config.irq) ?? noVirq();
    other.hasValidPeer = true;
  }
  (vm.config as VmSetup).devices.push(device);
  return OK;
}

/** RM takes its own end apart like a finished device, whose peer is not filled in yet: there is no VM 0, and RM stops. */
function dropOwnDoorbellEnd(rm: Rm, vm: VmRecord, device: DoorbellDevice): never {
  rm.hv.deleteCap((vm.config as VmSetup).cspace, device.vmCap);
  if (!device.source) revertVirq(rm, vm.vmid, device.vmVirq.num);
  throw new RmDeath('ABORT', 'vdevice-without-peer');
}

/** A doorbell between the VM and its owner, as shm-doorbell uses it: not in the tree by itself. */
function addShmDoorbell(rm: Rm, vm: VmRecord, source: boolean, label: number): DoorbellDevice | number {
  const hv = rm.hv;
  const setup = vm.config as VmSetup;
  const peer = vmLookup(rm, vm.owner) as VmRecord;
  const peerSetup = peer.config as VmSetup;
  const made = createActive(rm, Create.DOORBELL);
  if (made.error !== OK) return made.error;
  const receiver = source ? peer.vmid : vm.vmid;
  const virq = allocVirq(rm, receiver);
  if (virq.error !== OK) {
    deleteOwn(rm, made.cap);
    return virq.error;
  }
  const handle = nextHandle(rm);
  const [sendSide, receiveSide] = source ? [setup, peerSetup] : [peerSetup, setup];
  const send = hv.copyCap(made.cap, sendSide.cspace, Rights.DOORBELL.SEND);
  let error = send.error;
  let receiveCap = CAP_INVALID;
  if (error === OK) {
    const receive = hv.copyCap(made.cap, receiveSide.cspace, Rights.DOORBELL.RECEIVE);
    error = receive.error;
    if (error === OK) receiveCap = receive.cap;
  }
  if (error === OK) error = hv.doorbellBind(made.cap, receiveSide.vic, virq.virq.num);
  if (error !== OK) {
    if (receiveCap !== CAP_INVALID) hv.deleteCap(receiveSide.cspace, receiveCap);
    if (send.error === OK) hv.deleteCap(sendSide.cspace, send.cap);
    revertVirq(rm, receiver, virq.virq.num);
    deleteOwn(rm, made.cap);
    return HypError.DENIED;
  }
  const device = newDoorbell(rm, source, false);
  device.exportToDt = false;
  device.generate = DEFAULT_GENERATE.doorbell;
  device.handle = handle;
  device.peer = peer.vmid;
  device.masterCap = made.cap;
  device.label = label;
  device.vmCap = source ? send.cap : receiveCap;
  device.peerCap = source ? receiveCap : send.cap;
  device.vmVirq = source ? noVirq() : virq.virq;
  device.peerVirq = source ? virq.virq : noVirq();
  setup.devices.push(device);
  return device;
}

/** A shared-memory record; shm-doorbell first makes its receiver, then its source. */
export function createShm(rm: Rm, vm: VmRecord, config: ShmConfig): number {
  const setup = vm.config as VmSetup;
  let doorbell = -1;
  let doorbellSource = -1;
  if (!config.plain) {
    const receiver = addShmDoorbell(rm, vm, false, config.label);
    if (typeof receiver === 'number') return receiver;
    doorbell = receiver.id;
    const source = addShmDoorbell(rm, vm, true, config.label);
    if (typeof source === 'number') return source;
    doorbellSource = source.id;
  }
  setup.devices.push({
    id: nextId(rm),
    type: 'shm',
    exportToDt: true,
    visible: false,
    generate: config.generate ?? DEFAULT_GENERATE.shm,
    pushCompatible: [...config.pushCompatible],
    handle: 0,
    peer: vm.owner,
    label: config.label,
    plain: config.plain,
    allocateBase: config.allocateBase,
    optional: config.optional,
    baseIpa: Number(config.baseIpa),
    dmaBase: config.dmaBase,
    doorbell,
    doorbellSource,
  });
  return OK;
}
