/** What the makers of virtual devices share: records, queues, and who the other end of a device is (rm-boot-and-dt 6.3). */
import { HypError } from '../../protocol/index.js';
import { Create } from '../hv.js';
import { noVirq } from '../irq/virqs.js';
import { CAP_INVALID, type Rm, type VmRecord, vmLookup } from '../types.js';
import { deleteOwn } from '../vm/setup.js';
import { lookupById, registerPeers } from '../vm/vm.js';
import type { DoorbellDevice, QueuePairDevice, Virq } from './devices.js';

const OK = HypError.OK;
/** An interrupt that a device tree gives. */
export const irqOf = (spec: { irq: number; edge: boolean } | null): Virq | null =>
  spec === null ? null : { num: spec.irq, edge: spec.edge };

/** Next `qcom,vdevice-handle`. */
export const nextHandle = (rm: Rm): number => rm.vdeviceHandle++;
export const nextId = (rm: Rm): number => rm.vdeviceId++;

/** Creates a queue; the hypervisor refuses bad depths and sizes. */
export function createQueue(rm: Rm, depth: number, messageSize: number): { error: number; cap: bigint } {
  const made = rm.hv.create(Create.MSGQUEUE);
  if (made.error !== OK) return made;
  let error = rm.hv.msgqueueConfigure(made.cap, depth, messageSize);
  if (error === OK) error = rm.hv.activate(made.cap);
  if (error !== OK) deleteOwn(rm, made.cap);
  return { error, cap: made.cap };
}

/** An empty record. */
export const newPair = (rm: Rm, type: QueuePairDevice['type']): QueuePairDevice => ({
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

/** An empty record. */
export const newDoorbell = (rm: Rm, source: boolean, sourceCanClear: boolean): DoorbellDevice => ({
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

/** The VM that a `peer` string or peer-default names; null: not there yet. A number: refused. */
export function findPeer(rm: Rm, vm: VmRecord, peerId: string | null): VmRecord | null | number {
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
export const namesUs = (rm: Rm, vm: VmRecord, peerId: string | null): boolean =>
  peerId !== null && lookupById(rm, peerId) === vm;
