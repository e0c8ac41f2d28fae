/**
 * What VM_INIT learns from a guest's device tree (fact base: rm-boot-and-dt 4). Plain data. Numbers that the tree gives
 * as 64 bits stay `bigint`: a hostile tree may hold any value, the range checks come later (6.1, 6.2).
 */

/** An interrupt as a three-cell specifier names it: INTID, whether it is a per-CPU one, edge or level. */
export interface IrqSpec {
  readonly irq: number;
  readonly cpuLocal: boolean;
  readonly edge: boolean;
}

/** Properties that every vdevice node may have. `generate` is null when the node has none: see `DEFAULT_GENERATE`. */
export interface VdeviceCommon {
  readonly label: number;
  readonly generate: string | null;
  readonly pushCompatible: readonly string[];
}

/**
 * `generate` null means FAULT when RM creates the device (not while it parses: an earlier refusal of VM_INIT comes first).
 * The three fixed compatible strings are already appended to `pushCompatible`.
 */
export interface RmRpcConfig extends VdeviceCommon {
  readonly consoleDev: boolean;
  /** TX, RX; null: allocate. */
  readonly irqs: readonly [IrqSpec, IrqSpec] | null;
  readonly messageSize: number;
  readonly queueDepth: number;
}

/** `doorbell` and `doorbell-source` nodes, in the order of the tree. `peer` null means `peer-default` (the owner). */
export interface DoorbellConfig extends VdeviceCommon {
  readonly isSource: boolean;
  readonly peer: string | null;
  readonly sourceCanClear: boolean;
  readonly irq: IrqSpec | null;
}

export interface MessageQueueConfig extends VdeviceCommon {
  readonly isSender: boolean;
  readonly irq: IrqSpec | null;
  readonly messageSize: number;
  readonly queueDepth: number;
}

export interface MessageQueuePairConfig extends VdeviceCommon {
  readonly peer: string | null;
  readonly irqs: readonly [IrqSpec, IrqSpec] | null;
  readonly messageSize: number;
  readonly queueDepth: number;
}

/** `shm` (`plain`) and `shm-doorbell` nodes. `dmaBase` null: not given. */
export interface ShmConfig extends VdeviceCommon {
  readonly plain: boolean;
  readonly baseIpa: bigint;
  readonly allocateBase: boolean;
  readonly optional: boolean;
  readonly dmaBase: bigint | null;
}

/** The backend is always HLOS. `deviceType` null: not given. */
export interface VirtioMmioConfig extends VdeviceCommon {
  readonly baseIpa: bigint;
  readonly allocateBase: boolean;
  readonly vqsNum: number;
  readonly dmaBase: bigint;
  readonly deviceType: number | null;
  readonly dmaCoherent: boolean;
}

/** The peer is always HLOS. `acl`, `attrs`: <self, peer>, null when they are not to be validated. */
export interface IomemConfig extends VdeviceCommon {
  readonly patch: string | null;
  readonly memInfoTag: number | null;
  readonly allocateBase: boolean;
  readonly acl: readonly [number, number] | null;
  readonly attrs: readonly [number, number] | null;
  readonly sglist: readonly { readonly ipa: bigint; readonly size: bigint }[];
}

export interface IomemRangeConfig {
  readonly phys: bigint;
  readonly ipa: bigint;
  readonly size: bigint;
  /** 0 RW, 1 R, 2 RWX, 3 W, 4 X, 5 RX, 6 NONE. */
  readonly access: number;
}

/** Path of the CPU node and whether the CPU runs from VM_START on. The index in `VmConfig.vcpus` is the VCPU index. */
export interface VcpuConfig {
  readonly path: string;
  readonly boot: boolean;
}

export type VcpuAffinity = 'static' | 'sticky' | 'pinned' | 'proxy';

/** `gicd`/`gicr` null: no `reg`, RM allocates the addresses and patches the node. Cells are those of the node's parent. */
export interface GicConfig {
  readonly phandle: number;
  readonly addrCells: number;
  readonly sizeCells: number;
  readonly gicd: bigint | null;
  readonly gicr: bigint | null;
  readonly stride: bigint;
}

/** Everything VM_INIT needs. Virtual devices are grouped by type, each group in tree order (creation order: 6.2). */
export interface VmConfig {
  readonly name: string;
  /** Empty: none. */
  readonly uri: string;
  /** 16 bytes in the order written. */
  readonly guid: readonly number[] | null;
  readonly attrs: {
    readonly rasErrorHandler: boolean;
    readonly amuCountingDisabled: boolean;
    readonly sensitive: boolean;
    readonly crashFatal: boolean;
    readonly contextDump: boolean;
    readonly noShutdown: boolean;
    readonly noReset: boolean;
  };
  readonly memory: {
    readonly base: bigint;
    readonly sizeMin: bigint;
    readonly sizeMax: bigint;
    readonly isDirect: boolean;
    /** <generic, platform>; null: not given. */
    readonly constraints: readonly [number, number] | null;
    /** null: no `firmware-address`. */
    readonly firmwareBase: bigint | null;
    readonly firmwareSizeMax: bigint;
  };
  readonly iomemRanges: readonly IomemRangeConfig[];
  readonly irqRanges: readonly { readonly hwirq: number; readonly virq: number }[];
  readonly affinity: VcpuAffinity;
  /** Microseconds as written; 0: not given (invalid later unless proxy). */
  readonly timesliceUs: number;
  /** Offset to the owner's priority. */
  readonly priorityOffset: number;
  /** Core of each VCPU, cut to 16 bits; empty for proxy. */
  readonly affinityMap: readonly number[];
  readonly vcpus: readonly VcpuConfig[];
  /** The VM gets a PSCI power group. */
  readonly psci: boolean;
  /** null: no usable GIC node: VM_INIT works (addresses allocated, stride 0x20000), VM_START fails. */
  readonly gic: GicConfig | null;
  readonly rmRpcs: readonly RmRpcConfig[];
  readonly doorbells: readonly DoorbellConfig[];
  readonly messageQueues: readonly MessageQueueConfig[];
  readonly messageQueuePairs: readonly MessageQueuePairConfig[];
  readonly shms: readonly ShmConfig[];
  readonly virtioMmios: readonly VirtioMmioConfig[];
  readonly iomems: readonly IomemConfig[];
  /** `vrtc-pl031` nodes (at most one): the qemu platform refuses any in VM_INIT. */
  readonly vrtcs: readonly { readonly base: bigint; readonly allocateBase: boolean }[];
}

/** Paths of generated nodes whose vdevice node has no `generate` (5.6). rm-rpc has no default; iomem falls back to `patch`. */
export const DEFAULT_GENERATE = {
  doorbell: '/hypervisor/qcom,doorbell',
  doorbellSource: '/hypervisor/qcom,doorbell-source',
  messageQueue: '/hypervisor/qcom,message-queue',
  messageQueuePair: '/hypervisor/qcom,message-queue-pair',
  shm: '/hypervisor/qcom,shm',
  virtioMmio: '/hypervisor/qcom,virtio_mmio',
} as const;
