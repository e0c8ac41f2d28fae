/**
 * State of the Resource Manager: one plain-data tree, so that a snapshot can encode it. RM is a guest program; everything
 * it knows of the machine is here or behind its hypercalls (fact base: rm-state-machines, rm-boot-and-dt 1).
 */

import { Platform } from '../protocol/index.js';
import type { AddressAllocator } from './allocator-types.js';
import type { VmConsole } from './console-types.js';
import type { DeathKind } from './death.js';
import type { RmEnvironment } from './environment.js';
import type { FirmwareState } from './firmware-types.js';
import type { Hv } from './hv.js';
import type { IrqState, VmIrqTable } from './irq/types.js';
import type { Link } from './link/types.js';
import type { ParcelTable } from './memparcel/types.js';
import type { Vdevice } from './vdev/devices.js';

/** All-ones: "no capability". */
export const CAP_INVALID: bigint = Platform.CAP_INVALID;
/** "No parcel". */
export const HANDLE_INVALID = Platform.INVALID_HANDLE;

export const { VMID_HYP, VMID_HLOS, VMID_RM } = Platform;
/** First dynamic VMID, and one past the last. */
export const VMID_DYNAMIC_BASE = Platform.VMID_DYNAMIC_FIRST;
export const VMID_DYNAMIC_END = Platform.VMID_DYNAMIC_LAST + 1;

/** One vCPU of a VM as RM keeps it. */
export interface VcpuRecord {
  /** Capability in RM's space. */
  masterCap: bigint;
  /** Copy in the owner's space (AFFINITY, YIELD_TO). */
  ownerCap: bigint;
  /** Copy in the VM's own space (POWER), only without a power group. */
  vmCap: bigint;
  /** VCPU index (proxy) or core. */
  affinityIndex: number;
  boot: boolean;
  /** Path of the CPU node in the guest's tree. */
  path: string;
  /** Wake-up interrupt in the owner. */
  proxyVirq: number;
  /** Halt interrupt in RM. */
  haltVirq: number;
  /** Set by the kill loop. */
  exited: boolean;
}

/** RM's "configuration object" of a VM: exists from VM_CONFIG_IMAGE to the reset stage DESTROY_VM. */
export interface VmSetup {
  cspace: bigint;
  addrspace: bigint;
  vic: bigint;
  vpmGroup: bigint;
  /** Information page: its extent, and where RM and the VM have it. */
  infoAreaMe: bigint;
  infoAreaIpa: number;
  infoAreaRmIpa: number;
  vcpus: VcpuRecord[];
  /** In creation order. */
  devices: Vdevice[];
  /** Accepted parcels by handle, in order of acceptance; release fills the hole with the last one. */
  acceptedParcels: number[];
  memIpaBase: number;
  memSizeMin: bigint;
  memSizeMax: bigint;
  /** Memory of the image parcel need not be zeroed when it goes back. */
  memUnsanitized: boolean;
  fwIpaBase: bigint;
  fwSizeMax: bigint;
  console: VmConsole | null;
  proxy: boolean;
  /** GIC addresses in the VM; `gicPatch` when RM chose them. */
  gicdBase: number;
  gicrBase: number;
  gicrStride: number;
  /** Registers set by the extension "boot-context", as flags of `vcpu_poweron`. */
  bootContext: number;
  gicPatch: boolean;
  gicPhandle: number | null;
  gicAddrCells: number;
  gicSizeCells: number;
}

/** One VM, from VM_ALLOCATE to VM_DEALLOCATE. */
export interface VmRecord {
  vmid: number;
  owner: number;
  /** VMIDs in registration order; removal fills the hole with the last one. */
  peers: number[];
  /** One byte per character. */
  name: string;
  uri: string;
  /** 16 bytes; zero without GUID. */
  guid: Uint8Array;
  hasGuid: boolean;
  /** `VmState` value. */
  state: number;
  osState: number;
  appStatus: number;
  /** Null: no configuration object. */
  config: VmSetup | null;
  irq: VmIrqTable | null;
  allocator: AddressAllocator | null;
  authType: number;
  /** Image parcel and what VM_CONFIG_IMAGE said about it. */
  memHandle: number;
  imageOffset: number;
  imageSize: bigint;
  entryOffset: number;
  dtOffset: number;
  dtSize: number;
  memBase: number;
  memSize: number;
  fwHandle: number;
  fwOffset: number;
  fwSize: number;
  /** The VM's own memory and device extents in RM's space. */
  ddrMe: bigint;
  deviceMe: bigint;
  /** Scheduling priority: owner's plus offset; 32 unless configured. */
  priority: number;
  crashMsg: Uint8Array | null;
  sensitive: boolean;
  crashFatal: boolean;
  noShutdown: boolean;
  noReset: boolean;
  /** `ResetStage` value; never rewound by RM. */
  resetStage: number;
}

/** What remains to be done when the vCPUs of a VM are all gone: the rest of the handler that started the kill. */
export type AfterKill =
  | { kind: 'stop'; from: number; id: number; seq: number }
  | { kind: 'exit'; flags: number; code: number; from: number; id: number; seq: number }
  | { kind: 'halt'; exitType: number; flags: number; code: number; extra: number[] }
  | { kind: 'reset'; from: number; id: number; seq: number };

export interface Killing {
  vmid: number;
  then: AfterKill;
}

/** One entry of RM's event queue. */
export type RmEvent =
  | { kind: 'rx'; vmid: number }
  | { kind: 'tx'; vmid: number }
  /** Pending reply and notifications of a link. */
  | { kind: 'pending'; vmid: number }
  | { kind: 'halt'; vmid: number; vcpu: number }
  | { kind: 'reset'; vmid: number };

/** States of the chart `rm-process`. */
export type ProcessState = 'booting' | 'serving' | 'dead';

export interface RmDead {
  kind: DeathKind;
  /** Rule id of spec/deaths. */
  trigger: string;
}

export interface Rm {
  readonly hv: Hv;
  readonly env: RmEnvironment;
  /** 'booting' until HLOS was powered on. */
  state: ProcessState;
  dead: RmDead | null;
  /** By VMID. */
  vms: (VmRecord | null)[];
  /** RM links by VMID. They outlive a record that was deallocated without a clean reset. */
  links: (Link | null)[];
  parcels: ParcelTable;
  irqs: IrqState;
  firmware: FirmwareState;
  /** First page of RM's memory that was never used. */
  nextPage: number;
  /** Pages given back. */
  freePages: number[];
  /** Notification sequence number of all links. */
  notifySeq: number;
  /** `qcom,vdevice-handle` counter. */
  vdeviceHandle: number;
  /** Identity of vdevice records, for references between them. */
  vdeviceId: number;
  /** FIFO, each event at most once. */
  events: RmEvent[];
  /** Interrupt number of RM's VIC to the event that it queues; by INTID. */
  irqEvents: (RmEvent | null)[];
  /** Link whose receive loop is running. */
  draining: number;
  killing: Killing | null;
  /** The VM whose RAS errors go to it; 0: none. */
  rasHandler: number;
  /** IPA of the two packet buffers in RM's memory. */
  txBuffer: number;
  rxBuffer: number;
  /** The same as hypercall arguments. */
  txBufferArg: bigint;
  rxBufferArg: bigint;
}

export const vmLookup = (rm: Rm, vmid: number): VmRecord | null =>
  vmid > 0 && vmid <= VMID_RM ? (rm.vms[vmid] ?? null) : null;
