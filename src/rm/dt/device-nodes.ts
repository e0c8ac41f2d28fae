/** Nodes of virtual devices in a guest's tree (fact base: rm-boot-and-dt 5.6). A refused property leaves the rest of its node out. */
import {
  constructEnd,
  constructPath,
  constructUnit,
  type Dto,
  type DtoRefusal,
  propCompatible,
  propEmpty,
  propInterrupts,
  propPhandle,
  propReference,
  propString,
  propU32,
  propU64,
  propU64s,
} from './dto.js';
import { Prop, Value } from './names.js';
import {
  type DoorbellNode,
  type MessageQueueNode,
  type MessageQueuePairNode,
  PHANDLE_UNSET,
  type ShmNode,
  type VirtioMmioNode,
  type VmTreeDevice,
  type VmTreeParcel,
} from './vm-tree-types.js';

function labels(dto: Dto, label: number): void {
  propU32(dto, Prop.QCOM_LABEL, label);
  propU32(dto, Prop.LABEL, label);
}

/** `phandle`: the node gets one. */
function doorbellProps(dto: Dto, d: DoorbellNode, phandle: boolean): DtoRefusal {
  propCompatible(dto, d.pushCompatible, d.source ? Value.DOORBELL_SOURCE : Value.DOORBELL);
  propU64(dto, Prop.REG, d.cap);
  if (!d.source) {
    const refusal = d.irq === null ? 'doorbell without interrupt' : propInterrupts(dto, [d.irq]);
    if (refusal !== undefined) return refusal;
  }
  if (phandle) propPhandle(dto);
  labels(dto, d.label);
  return undefined;
}

function doorbell(dto: Dto, d: DoorbellNode, phandle = false): DtoRefusal {
  constructUnit(dto, d.generate, d.cap);
  const refusal = doorbellProps(dto, d, phandle);
  constructEnd(dto);
  return refusal;
}

function messageQueue(dto: Dto, d: MessageQueueNode): DtoRefusal {
  constructUnit(dto, d.generate, d.cap);
  propCompatible(dto, d.pushCompatible, Value.MESSAGE_QUEUE);
  propU64(dto, Prop.REG, d.cap);
  propEmpty(dto, d.sender ? Prop.IS_SENDER : Prop.IS_RECEIVER);
  propU32(dto, Prop.TX_MESSAGE_SIZE, d.messageSize);
  propU32(dto, Prop.TX_QUEUE_DEPTH, d.queueDepth);
  const refusal = propInterrupts(dto, [d.irq]);
  if (refusal === undefined) labels(dto, d.label);
  constructEnd(dto);
  return refusal;
}

function pairProps(dto: Dto, d: MessageQueuePairNode): DtoRefusal {
  propCompatible(dto, d.pushCompatible, Value.MESSAGE_QUEUE);
  propU64s(dto, Prop.REG, [d.txCap, d.rxCap]);
  const refusal = propInterrupts(dto, [d.txIrq, d.rxIrq]);
  if (refusal !== undefined) return refusal;
  if (d.peerId !== null && d.peerVmid !== null) propU32(dto, Prop.QCOM_PEER_VMID, d.peerVmid);
  propU32(dto, Prop.QCOM_FREE_IRQ_START, 0);
  propEmpty(dto, Prop.QCOM_IS_FULL_DUPLEX);
  propU32(dto, Prop.QCOM_TX_MESSAGE_SIZE, d.txMessageSize);
  propU32(dto, Prop.QCOM_RX_MESSAGE_SIZE, d.rxMessageSize);
  propU32(dto, Prop.QCOM_TX_QUEUE_DEPTH, d.txQueueDepth);
  propU32(dto, Prop.QCOM_RX_QUEUE_DEPTH, d.rxQueueDepth);
  propU32(dto, Prop.QCOM_VDEVICE_HANDLE, d.handle);
  if (d.kind === 'message-queue-pair') {
    if (d.peerId !== null) propString(dto, Prop.PEER, d.peerId);
    labels(dto, d.label);
  }
  return undefined;
}

function messageQueuePair(dto: Dto, d: MessageQueuePairNode): DtoRefusal {
  constructUnit(dto, d.generate, d.rxCap);
  const refusal = pairProps(dto, d);
  constructEnd(dto);
  return refusal;
}

/** `buffer` and `memory-region`: the node of the first parcel with this label. */
function memoryRegion(dto: Dto, parcels: readonly VmTreeParcel[], label: number): DtoRefusal {
  const parcel = parcels.find((p) => p.label === label);
  if (parcel === undefined) return `no parcel with label ${label}`;
  if (parcel.phandle === PHANDLE_UNSET) return `parcel with label ${label} has no node`;
  for (const name of [Prop.BUFFER, Prop.MEMORY_REGION]) {
    if (parcel.phandleExternal) propU32(dto, name, parcel.phandle);
    else propReference(dto, name, parcel.phandle);
  }
  return undefined;
}

/** The doorbells have phandles: of the overlay, not in the list of places to fix, so right only if the base tree has none. */
function shmProps(dto: Dto, d: ShmNode, parcels: readonly VmTreeParcel[], tx: number, rx: number): DtoRefusal {
  propCompatible(dto, d.pushCompatible, d.doorbells === null ? Value.SHM : Value.SHM_DOORBELL);
  const refusal = memoryRegion(dto, parcels, d.label);
  if (refusal !== undefined && !d.optional) return refusal;
  propU32(dto, Prop.PEER, d.peer);
  labels(dto, d.label);
  if (d.doorbells !== null) {
    propU32(dto, Prop.TX_DOORBELL, tx);
    propU32(dto, Prop.RX_DOORBELL, rx);
  }
  if (d.dmaBase !== null) propU64(dto, Prop.DMA_BASE, d.dmaBase);
  return undefined;
}

function shm(dto: Dto, d: ShmNode, parcels: readonly VmTreeParcel[]): DtoRefusal {
  let tx = 0;
  let rx = 0;
  if (d.doorbells !== null) {
    let refusal = doorbell(dto, d.doorbells.source, true);
    if (refusal !== undefined) return refusal;
    tx = dto.phandles;
    refusal = doorbell(dto, d.doorbells.receiver, true);
    if (refusal !== undefined) return refusal;
    rx = dto.phandles;
  }
  constructPath(dto, d.generate);
  const refusal = shmProps(dto, d, parcels, tx, rx);
  constructEnd(dto);
  return refusal;
}

function virtioProps(dto: Dto, d: VirtioMmioNode, parcels: readonly VmTreeParcel[]): DtoRefusal {
  propCompatible(dto, d.pushCompatible, Value.VIRTIO_MMIO);
  propU64s(dto, Prop.REG, [d.ipa, d.size]);
  const refusal = memoryRegion(dto, parcels, d.label) ?? propInterrupts(dto, [d.irq]);
  if (refusal !== undefined) return refusal;
  labels(dto, d.label);
  propU64(dto, Prop.DMA_BASE, d.dmaBase);
  propU32(dto, Prop.PEER, d.backend);
  if (d.dmaCoherent) propEmpty(dto, Prop.DMA_COHERENT);
  return undefined;
}

function virtioMmio(dto: Dto, d: VirtioMmioNode, parcels: readonly VmTreeParcel[]): DtoRefusal {
  constructUnit(dto, d.generate, d.ipa);
  const refusal = virtioProps(dto, d, parcels);
  constructEnd(dto);
  return refusal;
}

/** All device nodes in creation order; the last refusal. RM goes on after one. */
export function deviceNodes(dto: Dto, devices: readonly VmTreeDevice[], parcels: readonly VmTreeParcel[]): DtoRefusal {
  let refusal: DtoRefusal;
  for (const d of devices) {
    let r: DtoRefusal;
    if (d.kind === 'doorbell') r = doorbell(dto, d);
    else if (d.kind === 'message-queue') r = messageQueue(dto, d);
    else if (d.kind === 'shm') r = shm(dto, d, parcels);
    else if (d.kind === 'virtio-mmio') r = virtioMmio(dto, d, parcels);
    else if (d.kind !== 'iomem') r = messageQueuePair(dto, d);
    refusal = r ?? refusal;
  }
  return refusal;
}
