/** Message queues and queue pairs (fact base: rm-boot-and-dt 6.3, rm-state-machines 7.2 steps 11 and 12). */
import { HypError, Rights } from '../../protocol/index.js';
import { RmDeath } from '../death.js';
import { DEFAULT_GENERATE, type MessageQueueConfig, type MessageQueuePairConfig } from '../dt/vm-config-types.js';
import { allocVirq, noVirq, revertVirq, takeVirq } from '../irq/virqs.js';
import { CAP_INVALID, type Rm, type VmRecord, type VmSetup, vmLookup } from '../types.js';
import { deleteOwn } from '../vm/setup.js';
import { createQueue, findPeer, irqOf, namesUs, newPair, nextHandle, nextId } from './common.js';
import type { MessageQueueDevice, QueuePairDevice, Virq } from './devices.js';

const OK = HypError.OK;

/** A one-way queue between the VM and its owner. */
export function createMessageQueue(rm: Rm, vm: VmRecord, config: MessageQueueConfig): number {
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

/** Two queues between the VM and its owner or a named peer. */
export function createPair(rm: Rm, vm: VmRecord, config: MessageQueuePairConfig): number {
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
      return dropOwnPairEnd(rm, vm, device);
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

/** RM takes its own end apart like a finished device, whose peer is not filled in yet: there is no VM 0, and RM stops. */
function dropOwnPairEnd(rm: Rm, vm: VmRecord, device: QueuePairDevice): never {
  const { cspace } = vm.config as VmSetup;
  rm.hv.deleteCap(cspace, device.txVmCap);
  rm.hv.deleteCap(cspace, device.rxVmCap);
  revertVirq(rm, vm.vmid, device.txVmVirq.num);
  revertVirq(rm, vm.vmid, device.rxVmVirq.num);
  throw new RmDeath('ABORT', 'vdevice-without-peer');
}
