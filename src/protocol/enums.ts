/** Enumerations and flag words of messages, registers and device trees.
 *
 * Generated from spec/ by tools/generate.ts; edit the specification, not this file.
 */

/** Life-cycle state of a VM as RM reports it (VM_GET_STATE, VM_STATUS). PAUSED is never entered and NONE never stored. Fact base: rm-state-machines 1.1. */
export const VmState = {
  NONE: 0,
  INIT: 1,
  READY: 2,
  RUNNING: 3,
  PAUSED: 4,
  LOAD: 5,
  AUTH: 6,
  INIT_FAILED: 8,
  EXITED: 9,
  RESETTING: 0xa,
  RESET: 0xb,
} as const;

export type VmState = (typeof VmState)[keyof typeof VmState];

/** What the operating system in a VM says about itself (VM_SET_STATUS). Fact base: rm-state-machines 1.5. */
export const OsState = {
  NONE: 0,
  EARLY_BOOT: 1,
  BOOT: 2,
  INIT: 3,
  RUN: 4,
  SHUTDOWN: 5,
  HALTED: 6,
  CRASHED: 7,
} as const;

export type OsState = (typeof OsState)[keyof typeof OsState];

/** Why a VM ended (VM_EXITED). ASYNC_HW_ERROR is never sent. Fact base: rm-state-machines 3. */
export const ExitType = {
  VM_EXIT: 0,
  PLATFORM_OFF: 1,
  PLATFORM_RESET: 2,
  PSCI_SYSTEM_RESET2: 3,
  WATCHDOG_BITE: 4,
  SOFTWARE_ERROR: 5,
  ASYNC_HW_ERROR: 6,
  VM_STOP_FORCED: 7,
} as const;

export type ExitType = (typeof ExitType)[keyof typeof ExitType];

/** Bits 23:16 of the first exit reason word. Fact base: rm-state-machines 3. */
export const ExitCode = {
  NORMAL: 0,
  SOFTWARE_ERROR: 1,
  UNKNOWN_ERROR: 2,
  BUS_ERROR: 3,
  DEVICE_ERROR: 4,
} as const;

export type ExitCode = (typeof ExitCode)[keyof typeof ExitCode];

/** Steps of the asynchronous part of VM_RESET; one step per RM event. Fact base: rm-state-machines 4.2. */
export const ResetStage = {
  INIT: 0,
  DESTROY_VDEVICES: 1,
  RELEASE_MEMPARCELS: 2,
  RELEASE_IRQS: 3,
  DESTROY_VM: 4,
  CLEANUP_VM: 5,
  COMPLETED: 6,
} as const;

export type ResetStage = (typeof ResetStage)[keyof typeof ResetStage];

/** State of a memory parcel inside RM. Fact base: rm-state-machines 5. */
export const ParcelState = {
  INIT: 0,
  SHARING: 1,
  SHARED: 2,
} as const;

export type ParcelState = (typeof ParcelState)[keyof typeof ParcelState];

/** What one interrupt number of one VM is used for. Fact base: rm-state-machines 6. */
export const IrqMapState = {
  RESERVED: 0,
  UNBOUND: 1,
  BOUND: 2,
  LENDING: 3,
} as const;

export type IrqMapState = (typeof IrqMapState)[keyof typeof IrqMapState];

/** State of the loan of one hardware interrupt. Fact base: rm-state-machines 6. */
export const IrqLendState = {
  NONE: 0,
  OFFERED: 1,
  ACCEPTED: 2,
  ACCEPTED_STATIC: 3,
} as const;

export type IrqLendState = (typeof IrqLendState)[keyof typeof IrqLendState];

/** Memory type of a parcel. Other values are accepted and treated like NORMAL, but equal only themselves. Fact base: rm-rpc-messages 3. */
export const MemType = {
  NORMAL: 0,
  IO: 1,
} as const;

export type MemType = (typeof MemType)[keyof typeof MemType];

/** How a parcel changes hands. Fact base: rm-rpc-messages 3. */
export const TransType = {
  DONATE: 0,
  LEND: 1,
  SHARE: 2,
} as const;

export type TransType = (typeof TransType)[keyof typeof TransType];

/** Access in a parcel's ACL: X=1, W=2, R=4; only these combinations are valid. Fact base: rm-rpc-messages 3. */
export const MemRights = {
  R: 4,
  RX: 5,
  RW: 6,
  RWX: 7,
} as const;

export type MemRights = (typeof MemRights)[keyof typeof MemRights];

/** Memory attribute in a parcel's attribute list. Fact base: rm-rpc-messages 3. */
export const MemAttr = {
  NORMAL: 0,
  DEVICE: 1,
  UNCACHED: 2,
  CACHED: 3,
} as const;

export type MemAttr = (typeof MemAttr)[keyof typeof MemAttr];

/** How a VM image is authenticated (VM_CONFIG_IMAGE). Fact base: rm-rpc-messages 2.1. */
export const AuthType = {
  NONE: 0,
  PLATFORM: 1,
  ANDROID: 2,
} as const;

export type AuthType = (typeof AuthType)[keyof typeof AuthType];

/** Kind of an entry of VM_GET_HYP_RESOURCES. Fact base: rm-rpc-messages 5. */
export const ResourceType = {
  DOORBELL_SRC: 0,
  DOORBELL: 1,
  MSG_QUEUE_SEND: 2,
  MSG_QUEUE_RECV: 3,
  VIRTUAL_CPU: 4,
  VIRTUAL_PM: 5,
  VIRTIO_MMIO: 6,
  VRTC: 7,
  WATCHDOG: 8,
} as const;

export type ResourceType = (typeof ResourceType)[keyof typeof ResourceType];

/** Kind of an entry of VM_GET_ID. Fact base: rm-rpc-messages 1.11. */
export const IdType = {
  GUID: 0,
  URI: 1,
  NAME: 2,
  SIGN_AUTH: 3,
} as const;

export type IdType = (typeof IdType)[keyof typeof IdType];

/** Message type of an RPC fragment (byte 1, bits 1:0). Fact base: rm-rpc-transport 2. */
export const RpcType = {
  CONTINUED: 0,
  REQUEST: 1,
  REPLY: 2,
  NOTIFICATION: 3,
} as const;

export type RpcType = (typeof RpcType)[keyof typeof RpcType];

/** What MEM_NOTIFY announces; exactly one. Fact base: rm-rpc-messages 3.6. */
export const MemNotifyFlag = {
  SHARED: 1,
  RELEASED: 2,
  ACCEPTED: 4,
  RECALL: 8,
} as const;

export type MemNotifyFlag = (typeof MemNotifyFlag)[keyof typeof MemNotifyFlag];

/** What VM_IRQ_NOTIFY announces; exactly one. Fact base: rm-rpc-messages 6.5. */
export const IrqNotifyFlag = {
  LENT: 1,
  RELEASED: 2,
  ACCEPTED: 4,
} as const;

export type IrqNotifyFlag = (typeof IrqNotifyFlag)[keyof typeof IrqNotifyFlag];

/** Shape of the entries of IPA_RESERVE. Fact base: rm-rpc-messages 8. */
export const IpaReserveType = {
  FIXED: 0,
  ALLOCATE: 1,
} as const;

export type IpaReserveType = (typeof IpaReserveType)[keyof typeof IpaReserveType];

/** State returned by vcpu_run and vcpu_run_check. Fact base: vcpu-and-scheduler 9.3. */
export const VcpuRunState = {
  READY: 0,
  EXPECTS_WAKEUP: 1,
  POWERED_OFF: 2,
  BLOCKED: 3,
  ADDRSPACE_VMMIO_READ: 4,
  ADDRSPACE_VMMIO_WRITE: 5,
  FAULT: 6,
  PSCI_SYSTEM_RESET: 0x100,
} as const;

export type VcpuRunState = (typeof VcpuRunState)[keyof typeof VcpuRunState];

/** Which interrupt of a vCPU vcpu_bind_virq binds. Fact base: vcpu-and-scheduler 7.5. */
export const VcpuVirqType = {
  HALT: 0,
  VCPU_RUN_WAKEUP: 1,
} as const;

export type VcpuVirqType = (typeof VcpuVirqType)[keyof typeof VcpuVirqType];

/** Register file that vcpu_register_write addresses. Fact base: vcpu-and-scheduler 7.4. */
export const VcpuRegisterSet = {
  X: 0,
  PC: 1,
  SP_EL: 2,
} as const;

export type VcpuRegisterSet = (typeof VcpuRegisterSet)[keyof typeof VcpuRegisterSet];

/** state_data_1 of EXPECTS_WAKEUP. Fact base: vcpu-and-scheduler 9.3. */
export const WakeupFrom = {
  WFI: 1,
  PSCI_CPU_SUSPEND: 2,
  PSCI_SYSTEM_SUSPEND: 3,
} as const;

export type WakeupFrom = (typeof WakeupFrom)[keyof typeof WakeupFrom];

/** Bits 15:0 of scheduler_yield's control word. Fact base: vcpu-and-scheduler 3.6. */
export const YieldHint = {
  YIELD: 0,
  YIELD_TO: 1,
} as const;

export type YieldHint = (typeof YieldHint)[keyof typeof YieldHint];

/** Result of vpm_group_get_state; only RUNNING and CPUS_SUSPENDED occur. Fact base: vcpu-and-scheduler 10.1. */
export const VpmState = {
  NO_STATE: 0,
  RUNNING: 1,
  CPUS_SUSPENDED: 2,
  SYSTEM_SUSPENDED: 3,
} as const;

export type VpmState = (typeof VpmState)[keyof typeof VpmState];

/** Direction of memextent_donate (bits 7:0 of options). Fact base: memory 1.3, 6. */
export const DonateType = {
  TO_CHILD: 0,
  TO_PARENT: 1,
  TO_SIBLING: 2,
} as const;

export type DonateType = (typeof DonateType)[keyof typeof DonateType];

/** Operation of memextent_modify (bits 7:0 of flags). Fact base: memory 5. */
export const ModifyOp = {
  UNMAP_ALL: 0,
  ZERO_RANGE: 1,
  CACHE_CLEAN_RANGE: 2,
  CACHE_FLUSH_RANGE: 3,
  SYNC_ALL: 0xff,
} as const;

export type ModifyOp = (typeof ModifyOp)[keyof typeof ModifyOp];

/** Kind of a memory extent (attributes bits 17:16). Fact base: memory 1.3. */
export const ExtentType = {
  BASIC: 0,
  SPARSE: 1,
} as const;

export type ExtentType = (typeof ExtentType)[keyof typeof ExtentType];

/** Memory type of an extent (attributes bits 9:8). CACHED is rejected. Fact base: memory 1.2. */
export const ExtentMemType = {
  ANY: 0,
  DEVICE: 1,
  UNCACHED: 2,
  CACHED: 3,
} as const;

export type ExtentMemType = (typeof ExtentMemType)[keyof typeof ExtentMemType];

/** Stage-2 memory type of a mapping (attributes bits 23:16). Fact base: memory 1.2. */
export const MapMemType = {
  DEVICE_NGNRNE: 0,
  DEVICE_NGNRE: 1,
  DEVICE_NGRE: 2,
  DEVICE_GRE: 3,
  NORMAL_NC: 5,
  NORMAL_ONC_IWT: 6,
  NORMAL_ONC_IWB: 7,
  NORMAL_OWT_INC: 9,
  NORMAL_WT: 0xa,
  NORMAL_OWT_IWB: 0xb,
  NORMAL_OWB_INC: 0xd,
  NORMAL_OWB_IWT: 0xe,
  NORMAL_WB: 0xf,
} as const;

export type MapMemType = (typeof MapMemType)[keyof typeof MapMemType];

/** Access permission bits of extents and mappings: X=1, W=2, R=4. Fact base: memory 1.1. */
export const Access = {
  NONE: 0,
  X: 1,
  W: 2,
  R: 4,
  RX: 5,
  RW: 6,
  RWX: 7,
} as const;

export type Access = (typeof Access)[keyof typeof Access];

/** Operation of addrspace_configure_vmmio. Fact base: memory 8.2. */
export const VmmioOp = {
  ADD: 0,
  REMOVE: 1,
} as const;

export type VmmioOp = (typeof VmmioOp)[keyof typeof VmmioOp];

/** flags of MEM_DONATE, MEM_LEND, MEM_SHARE. Unknown bits are ignored. Fact base: rm-rpc-messages 3.1. */
export const MemCreateFlag = {
  SANITIZE: 1,
  APPEND: 2,
} as const;

/** flags of MEM_APPEND. Fact base: rm-rpc-messages 3.2. */
export const MemAppendFlag = {
  DONE: 1,
} as const;

/** flags of MEM_ACCEPT. Bit 64 is unused. Fact base: rm-rpc-messages 3.3. */
export const MemAcceptFlag = {
  VALIDATE_SANITIZED: 1,
  VALIDATE_ACL_ATTR: 2,
  VALIDATE_LABEL: 4,
  MAP_OTHER: 8,
  MAP_CONTIGUOUS: 0x10,
  SANITIZE: 0x20,
  DONE: 0x80,
} as const;

/** flags of MEM_RELEASE and MEM_RECLAIM. Fact base: rm-rpc-messages 3.4, 3.5. */
export const MemReleaseFlag = {
  SANITIZE: 1,
} as const;

/** flags of VM_STOP. Other bits are ignored. Fact base: rm-rpc-messages 1.4. */
export const VmStopFlag = {
  FORCE: 1,
} as const;

/** Generic constraints of IPA_RESERVE. Fact base: rm-rpc-messages 8. */
export const IpaConstraint = {
  ECC: 1,
  TAGGED: 2,
  NORMAL: 4,
  IO: 8,
  BASE_MEM: 0x40,
} as const;

/** options of vcpu_configure; every other bit is refused. 64-bit word: the last bit needs a bigint. Fact base: vcpu-and-scheduler 6. */
export const VcpuOption = {
  PINNED: 1n,
  RAS_ERROR_HANDLER: 2n,
  AMU_COUNTING_DISABLED: 4n,
  SVE_ALLOWED: 8n,
  DEBUG_ALLOWED: 0x10n,
  TRACE_ALLOWED: 0x20n,
  CRITICAL: 0x100n,
  VCPU_RUN_SCHEDULED: 0x200n,
  HLOS_VM: 0x8000000000000000n,
} as const;

/** Classes of trace_update_class_flags. ERROR and LOG_BUFFER cannot be changed by the call. Fact base: hypercall-abi 4.1. */
export const TraceClass = {
  ERROR: 1n,
  DEBUG: 2n,
  USER: 4n,
  TRACE_LOG_BUFFER: 0x10n,
  LOG_BUFFER: 0x20n,
  INFO: 0x40n,
  MEMDB: 0x80n,
  PSCI: 0x10000n,
  VGIC: 0x20000n,
  VGIC_DEBUG: 0x40000n,
} as const;

/** Names of the values of every enumeration, by enumeration name. */
export const ENUM_NAMES: Readonly<Record<string, Readonly<Record<number, string>>>> = {
  VmState: {
    0: 'NONE',
    1: 'INIT',
    2: 'READY',
    3: 'RUNNING',
    4: 'PAUSED',
    5: 'LOAD',
    6: 'AUTH',
    8: 'INIT_FAILED',
    9: 'EXITED',
    10: 'RESETTING',
    11: 'RESET',
  },
  OsState: { 0: 'NONE', 1: 'EARLY_BOOT', 2: 'BOOT', 3: 'INIT', 4: 'RUN', 5: 'SHUTDOWN', 6: 'HALTED', 7: 'CRASHED' },
  ExitType: {
    0: 'VM_EXIT',
    1: 'PLATFORM_OFF',
    2: 'PLATFORM_RESET',
    3: 'PSCI_SYSTEM_RESET2',
    4: 'WATCHDOG_BITE',
    5: 'SOFTWARE_ERROR',
    6: 'ASYNC_HW_ERROR',
    7: 'VM_STOP_FORCED',
  },
  ExitCode: { 0: 'NORMAL', 1: 'SOFTWARE_ERROR', 2: 'UNKNOWN_ERROR', 3: 'BUS_ERROR', 4: 'DEVICE_ERROR' },
  ResetStage: {
    0: 'INIT',
    1: 'DESTROY_VDEVICES',
    2: 'RELEASE_MEMPARCELS',
    3: 'RELEASE_IRQS',
    4: 'DESTROY_VM',
    5: 'CLEANUP_VM',
    6: 'COMPLETED',
  },
  ParcelState: { 0: 'INIT', 1: 'SHARING', 2: 'SHARED' },
  IrqMapState: { 0: 'RESERVED', 1: 'UNBOUND', 2: 'BOUND', 3: 'LENDING' },
  IrqLendState: { 0: 'NONE', 1: 'OFFERED', 2: 'ACCEPTED', 3: 'ACCEPTED_STATIC' },
  MemType: { 0: 'NORMAL', 1: 'IO' },
  TransType: { 0: 'DONATE', 1: 'LEND', 2: 'SHARE' },
  MemRights: { 4: 'R', 5: 'RX', 6: 'RW', 7: 'RWX' },
  MemAttr: { 0: 'NORMAL', 1: 'DEVICE', 2: 'UNCACHED', 3: 'CACHED' },
  AuthType: { 0: 'NONE', 1: 'PLATFORM', 2: 'ANDROID' },
  ResourceType: {
    0: 'DOORBELL_SRC',
    1: 'DOORBELL',
    2: 'MSG_QUEUE_SEND',
    3: 'MSG_QUEUE_RECV',
    4: 'VIRTUAL_CPU',
    5: 'VIRTUAL_PM',
    6: 'VIRTIO_MMIO',
    7: 'VRTC',
    8: 'WATCHDOG',
  },
  IdType: { 0: 'GUID', 1: 'URI', 2: 'NAME', 3: 'SIGN_AUTH' },
  RpcType: { 0: 'CONTINUED', 1: 'REQUEST', 2: 'REPLY', 3: 'NOTIFICATION' },
  MemNotifyFlag: { 1: 'SHARED', 2: 'RELEASED', 4: 'ACCEPTED', 8: 'RECALL' },
  IrqNotifyFlag: { 1: 'LENT', 2: 'RELEASED', 4: 'ACCEPTED' },
  IpaReserveType: { 0: 'FIXED', 1: 'ALLOCATE' },
  VcpuRunState: {
    0: 'READY',
    1: 'EXPECTS_WAKEUP',
    2: 'POWERED_OFF',
    3: 'BLOCKED',
    4: 'ADDRSPACE_VMMIO_READ',
    5: 'ADDRSPACE_VMMIO_WRITE',
    6: 'FAULT',
    256: 'PSCI_SYSTEM_RESET',
  },
  VcpuVirqType: { 0: 'HALT', 1: 'VCPU_RUN_WAKEUP' },
  VcpuRegisterSet: { 0: 'X', 1: 'PC', 2: 'SP_EL' },
  WakeupFrom: { 1: 'WFI', 2: 'PSCI_CPU_SUSPEND', 3: 'PSCI_SYSTEM_SUSPEND' },
  YieldHint: { 0: 'YIELD', 1: 'YIELD_TO' },
  VpmState: { 0: 'NO_STATE', 1: 'RUNNING', 2: 'CPUS_SUSPENDED', 3: 'SYSTEM_SUSPENDED' },
  DonateType: { 0: 'TO_CHILD', 1: 'TO_PARENT', 2: 'TO_SIBLING' },
  ModifyOp: { 0: 'UNMAP_ALL', 1: 'ZERO_RANGE', 2: 'CACHE_CLEAN_RANGE', 3: 'CACHE_FLUSH_RANGE', 255: 'SYNC_ALL' },
  ExtentType: { 0: 'BASIC', 1: 'SPARSE' },
  ExtentMemType: { 0: 'ANY', 1: 'DEVICE', 2: 'UNCACHED', 3: 'CACHED' },
  MapMemType: {
    0: 'DEVICE_NGNRNE',
    1: 'DEVICE_NGNRE',
    2: 'DEVICE_NGRE',
    3: 'DEVICE_GRE',
    5: 'NORMAL_NC',
    6: 'NORMAL_ONC_IWT',
    7: 'NORMAL_ONC_IWB',
    9: 'NORMAL_OWT_INC',
    10: 'NORMAL_WT',
    11: 'NORMAL_OWT_IWB',
    13: 'NORMAL_OWB_INC',
    14: 'NORMAL_OWB_IWT',
    15: 'NORMAL_WB',
  },
  Access: { 0: 'NONE', 1: 'X', 2: 'W', 4: 'R', 5: 'RX', 6: 'RW', 7: 'RWX' },
  VmmioOp: { 0: 'ADD', 1: 'REMOVE' },
};

/** Bits of every 32-bit flag word, by name. */
export const FLAG_NAMES: Readonly<Record<string, readonly (readonly [string, number])[]>> = {
  MemCreateFlag: [
    ['SANITIZE', 1],
    ['APPEND', 2],
  ],
  MemAppendFlag: [['DONE', 1]],
  MemAcceptFlag: [
    ['VALIDATE_SANITIZED', 1],
    ['VALIDATE_ACL_ATTR', 2],
    ['VALIDATE_LABEL', 4],
    ['MAP_OTHER', 8],
    ['MAP_CONTIGUOUS', 16],
    ['SANITIZE', 32],
    ['DONE', 128],
  ],
  MemReleaseFlag: [['SANITIZE', 1]],
  VmStopFlag: [['FORCE', 1]],
  IpaConstraint: [
    ['ECC', 1],
    ['TAGGED', 2],
    ['NORMAL', 4],
    ['IO', 8],
    ['BASE_MEM', 64],
  ],
};

/** Name of a value of an enumeration, or its number when it has none. */
export const enumName = (of: string, value: number): string => ENUM_NAMES[of]?.[value] ?? String(value);

export const vmStateName = (value: number): string => enumName('VmState', value);
