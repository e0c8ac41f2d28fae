/** Nodes of virtual devices in a guest's tree (fact base: rm-boot-and-dt 5.6). A refused property leaves the rest of its node out. */
import {
  constructEnd,
  constructPath,
  type Dto,
  type DtoRefusal,
  propEmpty,
  propInterrupts,
  propPhandle,
  propReference,
  propStrings,
  propU32,
  propU64,
  propU64s,
} from './dto.js';
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

const at = (generate: string, unit: bigint): string => `${generate}@${unit.toString(16)}`;

const compatible = (dto: Dto, push: readonly string[], ...fixed: readonly string[]): void =>
  propStrings(dto, 'compatible', [...push, ...fixed]);

function labels(dto: Dto, label: number): void {
  propU32(dto, 'qcom,label', label);
  propU32(dto, 'label', label);
}

/** Writes one node at `path`; the node is closed also when `write` refuses. */
function nodeAt(dto: Dto, path: string, write: () => DtoRefusal): DtoRefusal {
  constructPath(dto, path);
  const refusal = write();
  constructEnd(dto, path);
  return refusal;
}

/** With `phandle` the node gets one, given to the callback. */
function doorbell(dto: Dto, d: DoorbellNode, phandle?: (p: number) => void): DtoRefusal {
  return nodeAt(dto, at(d.generate, d.cap), () => {
    const kind = d.source ? 'qcom,gunyah-doorbell-source' : 'qcom,gunyah-doorbell';
    compatible(dto, d.pushCompatible, kind, 'qcom,gunyah-capability');
    propU64(dto, 'reg', d.cap);
    if (!d.source) {
      const refusal = d.irq === null ? 'doorbell without interrupt' : propInterrupts(dto, [d.irq]);
      if (refusal !== undefined) return refusal;
    }
    phandle?.(propPhandle(dto));
    labels(dto, d.label);
    return undefined;
  });
}

function messageQueue(dto: Dto, d: MessageQueueNode): DtoRefusal {
  return nodeAt(dto, at(d.generate, d.cap), () => {
    compatible(dto, d.pushCompatible, 'qcom,gunyah-message-queue', 'qcom,gunyah-capability');
    propU64(dto, 'reg', d.cap);
    propEmpty(dto, d.sender ? 'is-sender' : 'is-receiver');
    propU32(dto, 'tx_message_size', d.messageSize);
    propU32(dto, 'tx_queue_depth', d.queueDepth);
    const refusal = propInterrupts(dto, [d.irq]);
    if (refusal === undefined) labels(dto, d.label);
    return refusal;
  });
}

function messageQueuePair(dto: Dto, d: MessageQueuePairNode): DtoRefusal {
  return nodeAt(dto, at(d.generate, d.rxCap), () => {
    compatible(dto, d.pushCompatible, 'qcom,gunyah-message-queue', 'qcom,gunyah-capability');
    propU64s(dto, 'reg', [d.txCap, d.rxCap]);
    const refusal = propInterrupts(dto, [d.txIrq, d.rxIrq]);
    if (refusal !== undefined) return refusal;
    if (d.peerId !== null && d.peerVmid !== null) propU32(dto, 'qcom,peer-vmid', d.peerVmid);
    propU32(dto, 'qcom,free-irq-start', 0);
    propEmpty(dto, 'qcom,is-full-duplex');
    propU32(dto, 'qcom,tx-message-size', d.txMessageSize);
    propU32(dto, 'qcom,rx-message-size', d.rxMessageSize);
    propU32(dto, 'qcom,tx-queue-depth', d.txQueueDepth);
    propU32(dto, 'qcom,rx-queue-depth', d.rxQueueDepth);
    propU32(dto, 'qcom,vdevice-handle', d.handle);
    if (d.kind === 'message-queue-pair') {
      if (d.peerId !== null) propStrings(dto, 'peer', [d.peerId]);
      labels(dto, d.label);
    }
    return undefined;
  });
}

/** `buffer` and `memory-region`: the node of the first parcel with this label. */
function memoryRegion(dto: Dto, parcels: readonly VmTreeParcel[], label: number): DtoRefusal {
  const parcel = parcels.find((p) => p.label === label);
  if (parcel === undefined) return `no parcel with label ${label}`;
  if (parcel.phandle === PHANDLE_UNSET) return `parcel with label ${label} has no node`;
  for (const name of ['buffer', 'memory-region']) {
    if (parcel.phandleExternal) propU32(dto, name, parcel.phandle);
    else propReference(dto, name, parcel.phandle);
  }
  return undefined;
}

function shm(dto: Dto, d: ShmNode, parcels: readonly VmTreeParcel[]): DtoRefusal {
  let tx = 0;
  let rx = 0;
  if (d.doorbells !== null) {
    const refusal =
      doorbell(dto, d.doorbells.source, (p) => {
        tx = p;
      }) ??
      doorbell(dto, d.doorbells.receiver, (p) => {
        rx = p;
      });
    if (refusal !== undefined) return refusal;
  }
  return nodeAt(dto, d.generate, () => {
    compatible(dto, d.pushCompatible, d.doorbells === null ? 'qcom,shared-memory' : 'qcom,gunyah-shm-doorbell');
    const refusal = memoryRegion(dto, parcels, d.label);
    if (refusal !== undefined && !d.optional) return refusal;
    propU32(dto, 'peer', d.peer);
    labels(dto, d.label);
    if (d.doorbells !== null) {
      // Not in the list of places to fix: right only if the base tree has no phandles.
      propU32(dto, 'tx-doorbell', tx);
      propU32(dto, 'rx-doorbell', rx);
    }
    if (d.dmaBase !== null) propU64(dto, 'dma_base', d.dmaBase);
    return undefined;
  });
}

function virtioMmio(dto: Dto, d: VirtioMmioNode, parcels: readonly VmTreeParcel[]): DtoRefusal {
  return nodeAt(dto, at(d.generate, d.ipa), () => {
    compatible(dto, d.pushCompatible, 'virtio,mmio');
    propU64s(dto, 'reg', [d.ipa, d.size]);
    const refusal = memoryRegion(dto, parcels, d.label) ?? propInterrupts(dto, [d.irq]);
    if (refusal !== undefined) return refusal;
    labels(dto, d.label);
    propU64(dto, 'dma_base', d.dmaBase);
    propU32(dto, 'peer', d.backend);
    if (d.dmaCoherent) propEmpty(dto, 'dma-coherent');
    return undefined;
  });
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
