/**
 * Records of the virtual devices that RM made for a VM (fact base: rm-rpc-messages 5, rm-boot-and-dt 5.6 and 6).
 * TX and RX are named from the VM's point of view. Plain data; devices refer to each other by `id`.
 */

/** An interrupt number of some VM with its trigger. */
export interface Virq {
  /** GIC INTID, or `VIRQ_NONE`. */
  num: number;
  edge: boolean;
}

interface VdeviceBase {
  id: number;
  /** Shown in the guest's device tree. */
  exportToDt: boolean;
  /** Shown by VM_GET_HYP_RESOURCES. */
  visible: boolean;
  generate: string;
  pushCompatible: string[];
  /** `qcom,vdevice-handle`. */
  handle: number;
}

export interface QueuePairDevice extends VdeviceBase {
  type: 'rm-rpc' | 'message-queue-pair';
  peer: number;
  txMasterCap: bigint;
  rxMasterCap: bigint;
  txVmCap: bigint;
  rxVmCap: bigint;
  txVmVirq: Virq;
  rxVmVirq: Virq;
  txPeerCap: bigint;
  rxPeerCap: bigint;
  txPeerVirq: Virq;
  rxPeerVirq: Virq;
  queueDepth: number;
  messageSize: number;
  hasPeerVdevice: boolean;
  hasValidPeer: boolean;
  label: number;
  peerId: string | null;
}

export interface MessageQueueDevice extends VdeviceBase {
  type: 'message-queue';
  peer: number;
  /** The VM sends. */
  tx: boolean;
  masterCap: bigint;
  vmCap: bigint;
  vmVirq: Virq;
  peerCap: bigint;
  peerVirq: Virq;
  queueDepth: number;
  messageSize: number;
  label: number;
}

export interface DoorbellDevice extends VdeviceBase {
  type: 'doorbell';
  peer: number;
  /** The VM rings. */
  source: boolean;
  sourceCanClear: boolean;
  masterCap: bigint;
  vmCap: bigint;
  vmVirq: Virq;
  peerCap: bigint;
  peerVirq: Virq;
  hasPeerVdevice: boolean;
  hasValidPeer: boolean;
  label: number;
  peerId: string | null;
}

export interface ShmDevice extends VdeviceBase {
  type: 'shm';
  peer: number;
  label: number;
  plain: boolean;
  allocateBase: boolean;
  optional: boolean;
  baseIpa: number;
  dmaBase: bigint | null;
  /** Its doorbells (`id`); -1 for plain shm. */
  doorbell: number;
  doorbellSource: number;
}

export interface VirtioMmioDevice extends VdeviceBase {
  type: 'virtio-mmio';
  backend: number;
  backendIpa: number;
  frontendIpa: number;
  masterCap: bigint;
  meCap: bigint;
  meSize: number;
  /** Page of RM's memory behind the registers. */
  rmIpa: number;
  frontendVirq: Virq;
  backendCap: bigint;
  backendVirq: Virq;
  label: number;
  dmaBase: bigint;
  dmaCoherent: boolean;
}

export interface IomemDevice extends VdeviceBase {
  type: 'iomem';
  peer: number;
  label: number;
  memInfoTag: number | null;
  allocateBase: boolean;
  acl: readonly [number, number] | null;
  attrs: readonly [number, number] | null;
  sglist: readonly { readonly ipa: bigint; readonly size: bigint }[];
  /** Freed while VM_INIT failed at the next iomem node; RM still lists it. */
  freed: boolean;
}

export type Vdevice =
  | QueuePairDevice
  | MessageQueueDevice
  | DoorbellDevice
  | ShmDevice
  | VirtioMmioDevice
  | IomemDevice;
