/** Plain data of a virtio-mmio device object. Source: fact base vcpu-and-scheduler 12. */
import { type Hypervisor, type HypObject, NO_OBJECT, SourceKind, type VirqSource, virqSource } from '../hyp/index.js';
import { Platform } from '../protocol/index.js';

/** Offsets in the device page (virtio 1.1 MMIO v2). */
export const Reg = {
  DEV_FEATURES: 0x10,
  DEV_FEATURES_SEL: 0x14,
  DRV_FEATURES: 0x20,
  DRV_FEATURES_SEL: 0x24,
  QUEUE_SEL: 0x30,
  QUEUE_NUM_MAX: 0x34,
  QUEUE_NUM: 0x38,
  QUEUE_READY: 0x44,
  QUEUE_NOTIFY: 0x50,
  INTERRUPT_STATUS: 0x60,
  INTERRUPT_ACK: 0x64,
  STATUS: 0x70,
  QUEUE_DESC_LOW: 0x80,
  QUEUE_DESC_HIGH: 0x84,
  QUEUE_DRV_LOW: 0x90,
  QUEUE_DRV_HIGH: 0x94,
  QUEUE_DEV_LOW: 0xa0,
  QUEUE_DEV_HIGH: 0xa4,
  CONFIG: 0x100,
} as const;

export const PAGE_SIZE = Platform.PAGE_SIZE;
/** Status register bits. */
export const Status = { DRIVER_OK: 1 << 2, NEEDS_RESET: 1 << 6, FAILED: 1 << 7 } as const;
/** Why the backend was notified. */
export const Reason = { NEW_BUFFER: 1, RESET_REQUEST: 2, DRIVER_OK: 8, FAILED: 16 } as const;
/** `virtio_device_type`; 0 stands for a generic device. */
export const DeviceType = { NONE: 0, INPUT: 18 } as const;

export const FEATURE_BANKS = 2;

/** Banked registers of one queue; addresses as low and high words. */
export interface Queue {
  numMax: number;
  num: number;
  ready: number;
  desc: [low: number, high: number];
  drv: [low: number, high: number];
  dev: [low: number, high: number];
}

/** Answers for one sub-selector of virtio-input; -1: entry not used yet. */
export interface InputEntry {
  subsel: number;
  data: Uint8Array;
}

export interface InputData {
  name: Uint8Array;
  serial: Uint8Array;
  deviceIds: bigint;
  propBits: number;
  eventBits: InputEntry[];
  absInfo: InputEntry[];
}

export interface VirtioMmio extends HypObject {
  /** Memory extent of the page, -1 until configured. */
  extent: number;
  /** Physical address of the page while active, -1 otherwise. */
  page: number;
  deviceType: number;
  queueCount: number;
  queues: Queue[];
  queueSel: number;
  devFeatures: number[];
  drvFeatures: number[];
  drvFeaturesSel: number;
  /** Bit n: the driver notified queue n. */
  notified: bigint;
  reason: number;
  /** Raised by the backend, taken by the driver's VM. */
  backend: VirqSource;
  /** Raised by the driver's register writes, taken by the backend's VM. */
  frontend: VirqSource;
  input: InputData | null;
}

export const newQueue = (): Queue => ({ numMax: 0, num: 0, ready: 0, desc: [0, 0], drv: [0, 0], dev: [0, 0] });

export const newVirtio = (base: HypObject): VirtioMmio => ({
  id: base.id,
  type: base.type,
  state: base.state,
  refs: base.refs,
  partition: base.partition,
  caps: base.caps,
  extent: NO_OBJECT,
  page: -1,
  deviceType: DeviceType.NONE,
  queueCount: 0,
  queues: [],
  queueSel: 0,
  devFeatures: [0, 0],
  drvFeatures: [0, 0],
  drvFeaturesSel: 0,
  notified: 0n,
  reason: 0,
  backend: virqSource(SourceKind.VIRTIO_BACKEND, base.id),
  frontend: virqSource(SourceKind.VIRTIO_FRONTEND, base.id),
  input: null,
});

/** Registers that the driver reads live in the page itself; the backend has it mapped too and may change them. */
export function readReg(hyp: Hypervisor, d: VirtioMmio, offset: number): number {
  const bytes = new Uint8Array(4);
  hyp.mem.readPhys(d.page + offset, bytes);
  return new DataView(bytes.buffer).getUint32(0, true);
}

export function writeReg(hyp: Hypervisor, d: VirtioMmio, offset: number, value: number): void {
  const bytes = new Uint8Array(4);
  new DataView(bytes.buffer).setUint32(0, value >>> 0, true);
  hyp.mem.writePhys(d.page + offset, bytes);
}
