/** The configuration while a tree is read: defaults, and what each node adds (fact base: rm-boot-and-dt 4). */

import { U64_MAX } from '../../base/index.js';
import { Platform } from '../../protocol/index.js';
import type {
  DoorbellConfig,
  GicConfig,
  IomemConfig,
  IomemRangeConfig,
  MessageQueueConfig,
  MessageQueuePairConfig,
  RmRpcConfig,
  ShmConfig,
  VcpuAffinity,
  VcpuConfig,
  VirtioMmioConfig,
  VmConfig,
} from './vm-config-types.js';

export const PAGE = BigInt(Platform.PAGE_SIZE);
/** Memory of a VM whose tree gives no `base-address` (qemu platform). */
const DEFAULT_BASE = 0x2880_0000n;
const DEFAULT_SIZE_MAX = 0x07ff_ffffn;
const DEFAULT_FIRMWARE_SIZE_MAX = 0x40_0000n;

export interface ParseState {
  name: string;
  uri: string;
  guid: number[] | null;
  attrs: { -readonly [K in keyof VmConfig['attrs']]: boolean };
  base: bigint;
  sizeMin: bigint;
  sizeMax: bigint;
  isDirect: boolean;
  constraints: [number, number] | null;
  firmwareBase: bigint;
  firmwareSizeMax: bigint;
  iomemRanges: IomemRangeConfig[];
  irqRanges: { hwirq: number; virq: number }[];
  affinity: VcpuAffinity;
  timesliceUs: number;
  priorityOffset: number;
  affinityMap: number[];
  vcpus: VcpuConfig[];
  psci: boolean;
  gic: GicConfig | null;
  /** 0: nothing tried yet; all ones: tried, none found; else the phandle of `gic`. */
  gicPhandle: number;
  rmRpcs: RmRpcConfig[];
  doorbells: DoorbellConfig[];
  messageQueues: MessageQueueConfig[];
  messageQueuePairs: MessageQueuePairConfig[];
  shms: ShmConfig[];
  virtioMmios: VirtioMmioConfig[];
  iomems: IomemConfig[];
  vrtcs: { base: bigint; allocateBase: boolean }[];
}

export const newParseState = (): ParseState => ({
  name: '',
  uri: '',
  guid: null,
  attrs: {
    rasErrorHandler: false,
    amuCountingDisabled: false,
    sensitive: false,
    crashFatal: false,
    contextDump: false,
    noShutdown: false,
    noReset: false,
  },
  base: DEFAULT_BASE,
  sizeMin: 0n,
  sizeMax: DEFAULT_SIZE_MAX,
  isDirect: false,
  constraints: null,
  firmwareBase: U64_MAX,
  firmwareSizeMax: DEFAULT_FIRMWARE_SIZE_MAX,
  iomemRanges: [],
  irqRanges: [],
  affinity: 'static',
  timesliceUs: 0,
  priorityOffset: 0,
  affinityMap: [],
  vcpus: [],
  psci: false,
  gic: null,
  gicPhandle: 0,
  rmRpcs: [],
  doorbells: [],
  messageQueues: [],
  messageQueuePairs: [],
  shms: [],
  virtioMmios: [],
  iomems: [],
  vrtcs: [],
});

export const toVmConfig = (s: ParseState): VmConfig => ({
  name: s.name,
  uri: s.uri,
  guid: s.guid,
  attrs: s.attrs,
  memory: {
    base: s.base,
    sizeMin: s.sizeMin,
    sizeMax: s.sizeMax,
    isDirect: s.isDirect,
    constraints: s.constraints,
    firmwareBase: s.firmwareBase === U64_MAX ? null : s.firmwareBase,
    firmwareSizeMax: s.firmwareSizeMax,
  },
  iomemRanges: s.iomemRanges,
  irqRanges: s.irqRanges,
  affinity: s.affinity,
  timesliceUs: s.timesliceUs,
  priorityOffset: s.priorityOffset,
  affinityMap: s.affinityMap,
  vcpus: s.vcpus,
  psci: s.psci,
  gic: s.gic,
  rmRpcs: s.rmRpcs,
  doorbells: s.doorbells,
  messageQueues: s.messageQueues,
  messageQueuePairs: s.messageQueuePairs,
  shms: s.shms,
  virtioMmios: s.virtioMmios,
  iomems: s.iomems,
  vrtcs: s.vrtcs,
});
