/**
 * Virtual devices of a VM, created by VM_INIT in the order of the groups below (fact base: rm-boot-and-dt 6.2, 6.3,
 * rm-state-machines 7.2 steps 9 to 13). Any error ends VM_INIT; what was made stays until the VM is reset.
 */
import { HypError, Rights } from '../protocol/index.js';
import { createConsole } from './console.js';
import { RmDeath } from './death.js';
import type { DoorbellDevice, MessageQueueDevice, QueuePairDevice, Vdevice } from './devices.js';
import type {
  DoorbellConfig,
  MessageQueueConfig,
  MessageQueuePairConfig,
  RmRpcConfig,
  ShmConfig,
  VmConfig,
} from './dt/vm-config-types.js';
import { DEFAULT_GENERATE } from './dt/vm-config-types.js';
import { registerIrq } from './events.js';
import { Create } from './hv.js';
import { newLink } from './link.js';
import { createActive, deleteOwn } from './setup.js';
import { CAP_INVALID, type Rm, type Virq, VMID_RM, type VmRecord, type VmSetup, vmLookup } from './types.js';
import { allocVirq, NO_VIRQ, revertVirq, takeVirq, zeroVirq } from './virqs.js';
import { lookupById, registerPeers } from './vm.js';

const OK = HypError.OK;
const noVirq = (): Virq => ({ ...NO_VIRQ });
const irqOf = (spec: { irq: number; edge: boolean } | null): Virq | null =>
  spec === null ? null : { num: spec.irq, edge: spec.edge };

/** Next `qcom,vdevice-handle`. */
const nextHandle = (rm: Rm): number => rm.vdeviceHandle++;
const nextId = (rm: Rm): number => rm.vdeviceId++;

/** Creates a queue; the hypervisor refuses bad depths and sizes. */
export function createQueue(rm: Rm, depth: number, messageSize: number): { error: number; cap: bigint } {
  const made = rm.hv.create(Create.MSGQUEUE);
  if (made.error !== OK) return made;
  let error = rm.hv.msgqueueConfigure(made.cap, depth, messageSize);
  if (error === OK) error = rm.hv.activate(made.cap);
  if (error !== OK) deleteOwn(rm, made.cap);
  return { error, cap: made.cap };
}

const newPair = (rm: Rm, type: QueuePairDevice['type']): QueuePairDevice => ({
  id: nextId(rm),
  type,
  exportToDt: true,
  visible: type === 'message-queue-pair',
  generate: '',
  pushCompatible: [],
  handle: 0,
  peer: 0,
  txMasterCap: CAP_INVALID,
  rxMasterCap: CAP_INVALID,
  txVmCap: CAP_INVALID,
  rxVmCap: CAP_INVALID,
  txVmVirq: noVirq(),
  rxVmVirq: noVirq(),
  txPeerCap: CAP_INVALID,
  rxPeerCap: CAP_INVALID,
  txPeerVirq: noVirq(),
  rxPeerVirq: noVirq(),
  queueDepth: 0,
  messageSize: 0,
  hasPeerVdevice: false,
  hasValidPeer: false,
  label: 0,
  peerId: null,
});

// rm-rpc

/** Numbers of both ends, RM's first; on failure those taken are given back. */
function takeRpcVirqs(rm: Rm, vmid: number, given: RmRpcConfig['irqs']): { error: number; virqs: Virq[] } {
  const taken: { vmid: number; virq: Virq }[] = [];
  const wanted: [number, Virq | null][] = [
    [VMID_RM, null],
    [VMID_RM, null],
    [vmid, given === null ? null : irqOf(given[0])],
    [vmid, given === null ? null : irqOf(given[1])],
  ];
  for (const [owner, want] of wanted) {
    const got = takeVirq(rm, owner, want);
    if (got.error !== OK) {
      for (const { vmid: who, virq } of taken.reverse()) revertVirq(rm, who, virq.num);
      return { error: got.error, virqs: [] };
    }
    taken.push({ vmid: owner, virq: got.virq });
  }
  return { error: OK, virqs: taken.map((t) => t.virq) };
}

/** Adds the RPC queue pair to a VM: `tx` VM to RM, `rx` RM to VM (rm-rpc-transport 1.1). */
export function addRmRpc(rm: Rm, vm: VmRecord, config: RmRpcConfig, rx: bigint, tx: bigint): number {
  if (config.generate === null) throw new RmDeath('FAULT', 'dt-rm-rpc-without-generate');
  const hv = rm.hv;
  const setup = vm.config as VmSetup;
  const device = newPair(rm, 'rm-rpc');
  device.generate = config.generate;
  device.pushCompatible = [...config.pushCompatible];
  device.peer = VMID_RM;
  device.queueDepth = config.queueDepth;
  device.messageSize = config.messageSize;
  const { error: virqError, virqs } = takeRpcVirqs(rm, vm.vmid, config.irqs);
  if (virqError !== OK) return virqError;
  const [rmTx, rmRx, vmTx, vmRx] = virqs;
  device.rxMasterCap = rx;
  device.txPeerCap = rx;
  device.txMasterCap = tx;
  device.rxPeerCap = tx;
  const undo = (error: number): number => {
    if (device.rxVmCap !== CAP_INVALID) hv.deleteCap(setup.cspace, device.rxVmCap);
    if (device.txVmCap !== CAP_INVALID) hv.deleteCap(setup.cspace, device.txVmCap);
    revertVirq(rm, vm.vmid, vmRx.num);
    revertVirq(rm, vm.vmid, vmTx.num);
    revertVirq(rm, VMID_RM, rmRx.num);
    revertVirq(rm, VMID_RM, rmTx.num);
    return error;
  };
  const txCopy = hv.copyCap(tx, setup.cspace, Rights.MSGQUEUE.SEND);
  if (txCopy.error !== OK) return undo(txCopy.error);
  device.txVmCap = txCopy.cap;
  const rxCopy = hv.copyCap(rx, setup.cspace, Rights.MSGQUEUE.RECEIVE);
  if (rxCopy.error !== OK) return undo(rxCopy.error);
  device.rxVmCap = rxCopy.cap;
  const error =
    hv.msgqueueBindReceive(tx, rm.env.vicCap, rmRx.num) ||
    hv.msgqueueBindSend(rx, rm.env.vicCap, rmTx.num) ||
    hv.msgqueueBindSend(tx, setup.vic, vmTx.num) ||
    hv.msgqueueBindReceive(rx, setup.vic, vmRx.num);
  if (error !== OK) return undo(error);
  device.rxPeerVirq = rmRx;
  device.txPeerVirq = rmTx;
  device.txVmVirq = vmTx;
  device.rxVmVirq = vmRx;
  setup.devices.push(device);
  return OK;
}

/** Opens RM's side of the link over the first rm-rpc device of the VM. DENIED: there is one already. */
export function addLink(rm: Rm, vm: VmRecord): number {
  if (rm.links[vm.vmid] != null) return HypError.DENIED;
  const device = vm.config?.devices.find((d) => d.type === 'rm-rpc') as QueuePairDevice;
  rm.links[vm.vmid] = newLink(
    vm.vmid,
    device.txPeerCap,
    device.rxPeerCap,
    device.txPeerVirq.num,
    device.rxPeerVirq.num,
  );
  registerIrq(rm, device.rxPeerVirq.num, { kind: 'rx', vmid: vm.vmid });
  registerIrq(rm, device.txPeerVirq.num, { kind: 'tx', vmid: vm.vmid });
  return OK;
}

function createRmRpcs(rm: Rm, vm: VmRecord, configs: readonly RmRpcConfig[]): number {
  const setup = vm.config as VmSetup;
  for (const config of configs) {
    const tx = createQueue(rm, config.queueDepth, config.messageSize);
    if (tx.error !== OK) return tx.error;
    const rx = createQueue(rm, config.queueDepth, config.messageSize);
    if (rx.error !== OK) return rx.error;
    const error = addRmRpc(rm, vm, config, rx.cap, tx.cap);
    if (error !== OK) return error;
    if (!config.consoleDev) continue;
    if (setup.console !== null) throw new RmDeath('ABORT', 'two-console-devs');
    setup.console = createConsole(vm);
  }
  return configs.length > 0 ? addLink(rm, vm) : OK;
}

// Peers

/** The VM that a `peer` string or peer-default names; null: not there yet. A number: refused. */
function findPeer(rm: Rm, vm: VmRecord, peerId: string | null): VmRecord | null | number {
  let peer: VmRecord | null;
  if (peerId !== null) {
    peer = lookupById(rm, peerId);
    if (peer !== null) registerPeers(vm, peer);
  } else {
    peer = vmLookup(rm, vm.owner);
    if (peer === null || peer.config === null) return HypError.ARGUMENT_INVALID;
  }
  return peer === vm ? HypError.ARGUMENT_INVALID : peer;
}

/** The peer's device must name this VM. */
const namesUs = (rm: Rm, vm: VmRecord, peerId: string | null): boolean =>
  peerId !== null && lookupById(rm, peerId) === vm;

// Doorbells

const newDoorbell = (rm: Rm, source: boolean, sourceCanClear: boolean): DoorbellDevice => ({
  id: nextId(rm),
  type: 'doorbell',
  exportToDt: true,
  visible: true,
  generate: '',
  pushCompatible: [],
  handle: 0,
  peer: 0,
  source,
  sourceCanClear,
  masterCap: CAP_INVALID,
  vmCap: CAP_INVALID,
  vmVirq: noVirq(),
  peerCap: CAP_INVALID,
  peerVirq: noVirq(),
  hasPeerVdevice: false,
  hasValidPeer: false,
  label: 0,
  peerId: null,
});

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

function createDoorbell(rm: Rm, vm: VmRecord, config: DoorbellConfig): number {
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
      // RM destroys what it made of the device; its own end is the part that matters to others.
      dropOwnDoorbellEnd(rm, vm, device);
      return peerError;
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

function dropOwnDoorbellEnd(rm: Rm, vm: VmRecord, device: DoorbellDevice): void {
  rm.hv.deleteCap((vm.config as VmSetup).cspace, device.vmCap);
  if (!device.source) revertVirq(rm, vm.vmid, device.vmVirq.num);
  deleteOwn(rm, device.masterCap);
}

// Message queues

function createMessageQueue(rm: Rm, vm: VmRecord, config: MessageQueueConfig): number {
  const hv = rm.hv;
  const setup = vm.config as VmSetup;
  const queue = createQueue(rm, config.queueDepth, config.messageSize);
  if (queue.error !== OK) return queue.error;
  const own = takeVirq(rm, vm.vmid, irqOf(config.irq));
  if (own.error !== OK) {
    deleteOwn(rm, queue.cap);
    return own.error;
  }
  const peer = vmLookup(rm, vm.owner) as VmRecord;
  const theirs = allocVirq(rm, peer.vmid);
  if (theirs.error !== OK) {
    revertVirq(rm, vm.vmid, own.virq.num);
    deleteOwn(rm, queue.cap);
    return theirs.error;
  }
  const handle = nextHandle(rm);
  const tx = config.isSender;
  const peerSetup = peer.config as VmSetup;
  const [txSide, rxSide] = tx ? [setup, peerSetup] : [peerSetup, setup];
  const [txVirq, rxVirq] = tx ? [own.virq, theirs.virq] : [theirs.virq, own.virq];
  const txCopy = hv.copyCap(queue.cap, txSide.cspace, Rights.MSGQUEUE.SEND);
  let error = txCopy.error;
  let rxCap = CAP_INVALID;
  if (error === OK) {
    const rxCopy = hv.copyCap(queue.cap, rxSide.cspace, Rights.MSGQUEUE.RECEIVE);
    error = rxCopy.error;
    if (error === OK) rxCap = rxCopy.cap;
  }
  if (error === OK) error = hv.msgqueueBindSend(queue.cap, txSide.vic, txVirq.num);
  if (error === OK) error = hv.msgqueueBindReceive(queue.cap, rxSide.vic, rxVirq.num);
  if (error !== OK) {
    if (txCopy.error === OK) hv.deleteCap(txSide.cspace, txCopy.cap);
    if (rxCap !== CAP_INVALID) hv.deleteCap(rxSide.cspace, rxCap);
    revertVirq(rm, peer.vmid, theirs.virq.num);
    revertVirq(rm, vm.vmid, own.virq.num);
    deleteOwn(rm, queue.cap);
    return error;
  }
  const device: MessageQueueDevice = {
    id: nextId(rm),
    type: 'message-queue',
    exportToDt: true,
    visible: true,
    generate: config.generate ?? DEFAULT_GENERATE.messageQueue,
    pushCompatible: [...config.pushCompatible],
    handle,
    peer: peer.vmid,
    tx,
    masterCap: queue.cap,
    vmCap: tx ? txCopy.cap : rxCap,
    vmVirq: own.virq,
    peerCap: tx ? rxCap : txCopy.cap,
    peerVirq: theirs.virq,
    queueDepth: config.queueDepth,
    messageSize: config.messageSize,
    label: config.label,
  };
  setup.devices.push(device);
  return OK;
}

/** One end of a queue pair in a VM: numbers TX then RX, capabilities, bindings. Fills the `*Vm*` fields. */
function configurePair(
  rm: Rm,
  vm: VmRecord,
  end: QueuePairDevice,
  tx: bigint,
  rx: bigint,
  given: readonly [Virq, Virq] | null,
): number {
  const hv = rm.hv;
  const setup = vm.config as VmSetup;
  const txVirq = takeVirq(rm, vm.vmid, given?.[0] ?? null);
  if (txVirq.error !== OK) return txVirq.error;
  const rxVirq = takeVirq(rm, vm.vmid, given?.[1] ?? null);
  if (rxVirq.error !== OK) {
    revertVirq(rm, vm.vmid, txVirq.virq.num);
    return rxVirq.error;
  }
  const txCopy = hv.copyCap(tx, setup.cspace, Rights.MSGQUEUE.SEND);
  let error = txCopy.error;
  let rxCap = CAP_INVALID;
  if (error === OK) {
    const rxCopy = hv.copyCap(rx, setup.cspace, Rights.MSGQUEUE.RECEIVE);
    error = rxCopy.error;
    if (error === OK) rxCap = rxCopy.cap;
  }
  if (error === OK) error = hv.msgqueueBindSend(tx, setup.vic, txVirq.virq.num);
  if (error === OK) {
    error = hv.msgqueueBindReceive(rx, setup.vic, rxVirq.virq.num);
    if (error !== OK) hv.msgqueueUnbindSend(tx);
  }
  if (error !== OK) {
    if (rxCap !== CAP_INVALID) hv.deleteCap(setup.cspace, rxCap);
    if (txCopy.error === OK) hv.deleteCap(setup.cspace, txCopy.cap);
    revertVirq(rm, vm.vmid, rxVirq.virq.num);
    revertVirq(rm, vm.vmid, txVirq.virq.num);
    return error;
  }
  end.txVmCap = txCopy.cap;
  end.rxVmCap = rxCap;
  end.txVmVirq = txVirq.virq;
  end.rxVmVirq = rxVirq.virq;
  return OK;
}

/** Master queues of a pair: new ones, or those of the peer's matching device with the roles swapped. */
function pairQueues(
  rm: Rm,
  device: QueuePairDevice,
  config: MessageQueuePairConfig,
  peer: VmRecord | null,
  defaultPeer: boolean,
): QueuePairDevice | null | number {
  if (peer === null || peer.config === null || defaultPeer) {
    const tx = createQueue(rm, config.queueDepth, config.messageSize);
    if (tx.error !== OK) return tx.error;
    const rx = createQueue(rm, config.queueDepth, config.messageSize);
    if (rx.error !== OK) return rx.error;
    device.txMasterCap = tx.cap;
    device.rxMasterCap = rx.cap;
    device.handle = nextHandle(rm);
    return null;
  }
  for (const d of peer.config.devices) {
    if (d.type !== 'message-queue-pair' || d.label !== config.label) continue;
    if (d.messageSize !== config.messageSize || d.queueDepth !== config.queueDepth) continue;
    device.txMasterCap = d.rxMasterCap;
    device.rxMasterCap = d.txMasterCap;
    device.handle = d.handle;
    return d;
  }
  return HypError.ARGUMENT_INVALID;
}

function createPair(rm: Rm, vm: VmRecord, config: MessageQueuePairConfig): number {
  const peer = findPeer(rm, vm, config.peer);
  if (typeof peer === 'number') return peer;
  const defaultPeer = peer !== null && peer.vmid === vm.owner;
  const device = newPair(rm, 'message-queue-pair');
  const found = pairQueues(rm, device, config, peer, defaultPeer);
  if (typeof found === 'number') return found;
  let other: QueuePairDevice | null = found;
  device.generate = config.generate ?? DEFAULT_GENERATE.messageQueuePair;
  device.pushCompatible = [...config.pushCompatible];
  device.queueDepth = config.queueDepth;
  device.messageSize = config.messageSize;
  device.label = config.label;
  device.peerId = config.peer;
  const irqs = config.irqs;
  const given = irqs === null ? null : ([irqOf(irqs[0]) as Virq, irqOf(irqs[1]) as Virq] as const);
  const error = configurePair(rm, vm, device, device.txMasterCap, device.rxMasterCap, given);
  if (error !== OK) return error;
  if (other !== null && !namesUs(rm, vm, other.peerId)) return HypError.ARGUMENT_INVALID;
  if (defaultPeer && peer !== null) {
    const temporary = newPair(rm, 'message-queue-pair');
    const peerError = configurePair(rm, peer, temporary, device.rxMasterCap, device.txMasterCap, null);
    if (peerError !== OK) {
      dropOwnPairEnd(rm, vm, device);
      return peerError;
    }
    other = temporary;
  } else {
    device.hasPeerVdevice = true;
  }
  if (other !== null && peer !== null) {
    device.peer = peer.vmid;
    device.txPeerCap = other.txVmCap;
    device.rxPeerCap = other.rxVmCap;
    device.txPeerVirq = other.txVmVirq;
    device.rxPeerVirq = other.rxVmVirq;
    device.hasValidPeer = true;
    other.peer = vm.vmid;
    other.txPeerCap = CAP_INVALID;
    other.rxPeerCap = CAP_INVALID;
    other.txPeerVirq = given?.[0] ?? noVirq();
    other.rxPeerVirq = given?.[1] ?? noVirq();
    other.hasValidPeer = true;
  }
  (vm.config as VmSetup).devices.push(device);
  return OK;
}

function dropOwnPairEnd(rm: Rm, vm: VmRecord, device: QueuePairDevice): void {
  const setup = vm.config as VmSetup;
  rm.hv.deleteCap(setup.cspace, device.txVmCap);
  rm.hv.deleteCap(setup.cspace, device.rxVmCap);
  revertVirq(rm, vm.vmid, device.txVmVirq.num);
  revertVirq(rm, vm.vmid, device.rxVmVirq.num);
  deleteOwn(rm, device.rxMasterCap);
  deleteOwn(rm, device.txMasterCap);
}

// Shared memory

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

function createShm(rm: Rm, vm: VmRecord, config: ShmConfig): number {
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

/** iomem nodes are only recorded; `generate` or `patch` must be there. */
export function createIomems(rm: Rm, vm: VmRecord, config: VmConfig): number {
  const setup = vm.config as VmSetup;
  for (const iomem of config.iomems) {
    const generate = iomem.generate ?? iomem.patch;
    if (generate === null) return HypError.DENIED;
    setup.devices.push({
      id: nextId(rm),
      type: 'iomem',
      exportToDt: true,
      visible: true,
      generate,
      pushCompatible: [...iomem.pushCompatible],
      handle: 0,
      peer: 3,
      label: iomem.label,
      memInfoTag: iomem.memInfoTag,
      allocateBase: iomem.allocateBase,
      acl: iomem.acl,
      attrs: iomem.attrs,
      sglist: iomem.sglist,
    });
  }
  return OK;
}

function forEach<T>(rm: Rm, vm: VmRecord, list: readonly T[], make: (rm: Rm, vm: VmRecord, one: T) => number): number {
  for (const one of list) {
    const error = make(rm, vm, one);
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

export const findDevice = (setup: VmSetup, id: number): Vdevice | undefined => setup.devices.find((d) => d.id === id);
