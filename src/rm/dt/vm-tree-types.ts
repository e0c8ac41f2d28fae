/**
 * What the RM core hands to the code that patches a guest's device tree at VM_START (fact base: rm-boot-and-dt 5).
 * Parcels and devices belong to others: this is their view of it.
 */
import type { IrqSpec } from './vm-config-types.js';

export interface IpaRange {
  readonly ipa: number;
  readonly size: number;
}

/** `VmTreeParcel.phandle` of a parcel that no tree names yet. */
export const PHANDLE_UNSET = 0x8000_0000;

/**
 * One memparcel that names the VM. `mapped`, `phandle` and `phandleExternal` are written by the patch: the phandle stays
 * with the parcel as long as it exists, so a second start of the VM finds it again (and makes no node for it).
 */
export interface VmTreeParcel {
  readonly handle: number;
  readonly label: number;
  /** VMIDs for `peers`: the owner first if the parcel is SHARE, then every ACL entry in order. */
  readonly peers: readonly number[];
  /** Looks like private memory: normal memory, label 0, RWX, default attribute (rm-rpc-messages 1.3 step 4). */
  readonly isPrivate: boolean;
  /** The VM is the only ACL entry. */
  readonly exclusive: boolean;
  /** Where the VM has it; null: not accepted yet. */
  mapped: readonly IpaRange[] | null;
  /** `PHANDLE_UNSET` or the phandle; external: of a node of the base tree, not renumbered. */
  phandle: number;
  phandleExternal: boolean;
  /** Physical regions, for iomem nodes. */
  readonly regions: readonly IpaRange[];
  readonly selfRights: number;
  readonly selfAttrs: number;
  /** Rights and attributes of HLOS in the ACL; null: HLOS is not in it. */
  readonly peerRights: number | null;
  readonly peerAttrs: number | null;
}

interface DeviceNode {
  /** Path given by `generate` or the default of the type. */
  readonly generate: string;
  readonly pushCompatible: readonly string[];
}

export interface DoorbellNode extends DeviceNode {
  readonly kind: 'doorbell';
  readonly source: boolean;
  readonly cap: bigint;
  /** Not for sources. */
  readonly irq: IrqSpec | null;
  readonly label: number;
}

export interface MessageQueueNode extends DeviceNode {
  readonly kind: 'message-queue';
  readonly sender: boolean;
  readonly cap: bigint;
  readonly irq: IrqSpec;
  readonly messageSize: number;
  readonly queueDepth: number;
  readonly label: number;
}

/** Also the rm-rpc node (kind `rm-rpc`, whose label and peer are not written). */
export interface MessageQueuePairNode extends DeviceNode {
  readonly kind: 'message-queue-pair' | 'rm-rpc';
  readonly txCap: bigint;
  readonly rxCap: bigint;
  readonly txIrq: IrqSpec;
  readonly rxIrq: IrqSpec;
  readonly txMessageSize: number;
  readonly rxMessageSize: number;
  readonly txQueueDepth: number;
  readonly rxQueueDepth: number;
  /** `qcom,vdevice-handle`; 0 for rm-rpc. */
  readonly handle: number;
  readonly label: number;
  /** The `peer` string if the peer is another VM than the owner, else null. */
  readonly peerId: string | null;
  /** VMID of that peer when it exists, else null. */
  readonly peerVmid: number | null;
}

export interface ShmNode extends DeviceNode {
  readonly kind: 'shm';
  readonly label: number;
  readonly peer: number;
  readonly optional: boolean;
  readonly dmaBase: bigint | null;
  /** Only of shm-doorbell; these two do not appear in `devices` themselves. */
  readonly doorbells: { readonly source: DoorbellNode; readonly receiver: DoorbellNode } | null;
}

export interface VirtioMmioNode extends DeviceNode {
  readonly kind: 'virtio-mmio';
  readonly ipa: bigint;
  readonly size: bigint;
  readonly irq: IrqSpec;
  readonly label: number;
  readonly dmaBase: bigint;
  readonly backend: number;
  readonly dmaCoherent: boolean;
}

export interface IomemNode extends DeviceNode {
  readonly kind: 'iomem';
  readonly label: number;
  readonly peer: number;
}

export type VmTreeDevice =
  | DoorbellNode
  | MessageQueueNode
  | MessageQueuePairNode
  | ShmNode
  | VirtioMmioNode
  | IomemNode;

export interface VmTreeInput {
  readonly vmid: number;
  readonly owner: number;
  readonly name: string;
  readonly uri: string;
  readonly guid: readonly number[] | null;
  /** One random 64-bit value. */
  readonly kaslrSeed: bigint;
  /** Parcels that name the VM, in creation order. */
  readonly parcels: readonly VmTreeParcel[];
  readonly imageHandle: number;
  /** Firmware memory, if VM_SET_FIRMWARE_MEM was done: parcel, first IPA (base + offset), size. */
  readonly firmware: { readonly handle: number; readonly ipa: number; readonly size: number } | null;
  /** Devices in creation order. */
  readonly devices: readonly VmTreeDevice[];
  /** CPU nodes; `cap` is written only when not null (VMs without a power group). */
  readonly cpus: readonly { readonly path: string; readonly cap: bigint | null }[];
  /** Addresses of the GIC; `patch`: RM allocated them. phandle null: no usable GIC node, the start fails. */
  readonly gic: {
    readonly patch: boolean;
    readonly phandle: number | null;
    readonly addrCells: number;
    readonly sizeCells: number;
    readonly gicd: bigint;
    readonly gicr: bigint;
    readonly stride: bigint;
    readonly vcpus: number;
  };
}

/**
 * Acceptance on behalf of the VM while the tree is built. Both return the mapped ranges, or null when the parcel is refused.
 * `acceptAt`: RWX for the VM only, at exactly this range (5.3). `acceptAnywhere`: at a free address (5.4).
 */
export interface VmTreeParcelPort {
  acceptAt(parcel: VmTreeParcel, ipa: number, size: number): readonly IpaRange[] | null;
  acceptAnywhere(parcel: VmTreeParcel): readonly IpaRange[] | null;
}
