/**
 * Plain data of the virtual GIC: per VIC and per vCPU.
 * Sources: fact base vgic-and-timer 1.1 (sizes) and 2.6 (reset values).
 */
import { arrayPool } from '../base/index.js';
import type { HypObject, Thread } from '../hyp/types.js';
import { NO_OBJECT } from '../hyp/types.js';
import { Platform } from '../protocol/index.js';
import { CFG_EDGE, withRoute } from './dstate.js';
import type { Pmu } from './pmu.js';

export const LR_COUNT = Platform.GIC_LIST_REGISTERS;
export const SGI_COUNT = 16;
export const PRIVATE_COUNT = 32;
export const SPI_BASE = Platform.SPI_FIRST;
export const SPI_COUNT = Platform.SPI_COUNT;
/** INTIDs 1020..1023 are special and have no state. */
export const SPECIAL_BASE = Platform.SPI_LAST + 1;
export const PRIORITIES = 32;
/** Pending interrupts that wait for a list register are remembered by ranges of 16 INTIDs per priority. */
export const RANGE_SIZE = 16;

/** Priority of an empty list register: lower than every interrupt's. */
export const PRIORITY_LOWEST = 0xff;
/** List register without an interrupt. */
export const NO_VIRQ = -1;

/** A device window of an address space (`addrspace_attach_vdevice`). `addrspace` -1: not attached. */
export interface GicWindow {
  addrspace: number;
  base: number;
  size: number;
}

/** MPIDR affinity levels <-> redistributor index (vgic 1.3). */
export interface MpidrMapping {
  mask: number[];
  shift: number[];
  mt: boolean;
  /** All masks zero: MPIDR_EL1.U. */
  uniprocessor: boolean;
}

export interface Vic extends HypObject {
  maxVcpus: number;
  /** SPIs 32 .. 32 + maxVirqs - 1 may have a source. */
  maxVirqs: number;
  fixedAddresses: boolean;
  /** Bits 1:0 of GICD_CTLR. */
  ctlr: number;
  statusr: number;
  /** Thread ids of the activated vCPUs by redistributor index; -1 none. */
  vcpus: Int32Array;
  /** Delivery state of INTIDs 32..1019. */
  spi: Int32Array;
  /** 1: that SPI has a bound source. */
  bound: Uint8Array;
  /** Ranges with interrupts that had no target when they became pending. */
  unrouted: Uint32Array;
  mapping: MpidrMapping;
  gicd: GicWindow;
  /** Forwarded PPIs (hwirq object ids) by virtual INTID - 16; -1 none. */
  forwardedPpi: Int32Array;
}

/** Inter-processor requests to the CPU on which a vCPU's list registers are loaded. */
export const Ipi = { ENABLE: 1, SYNC: 2, DELIVER: 4, SGI: 8 } as const;

/** The GIC's part of a vCPU: redistributor, CPU interface and timers. Attached to the thread as `gic`. */
export interface GicVcpu {
  thread: number;
  vic: number;
  index: number;
  active: boolean;
  /** Physical CPU whose list registers hold this vCPU's, -1 while it is switched out. */
  owner: number;
  /** Pending {@link Ipi} bits. */
  ipi: number;
  private: Int32Array;
  statusr: number;
  asleep: boolean;
  /** Effective group enables: GICD_CTLR and ICC_IGRPENx_EL1, as the hypervisor last looked. */
  group0: boolean;
  group1: boolean;
  /**
   * INTID per list register, -1 free; the hypervisor's copy of the registers; the registers themselves while loaded.
   * Plain arrays, here and below: an access to a typed array costs several times more, and every switch makes dozens.
   */
  lrVirq: number[];
  lr: number[];
  lrHw: number[];
  /** ICH_HCR_EL2: none-pending maintenance interrupt, traps and group-disable interrupts, EOI count. */
  npie: boolean;
  trap0: boolean;
  trap1: boolean;
  group0DisableIrq: boolean;
  group1DisableIrq: boolean;
  eoiCount: number;
  /** ICH_VMCR_EL2: ICC_IGRPENx_EL1, CBPR, EOImode, BPR0/1, PMR. */
  veng0: boolean;
  veng1: boolean;
  cbpr: boolean;
  eoiMode: boolean;
  bpr0: number;
  bpr1: number;
  pmr: number;
  /** Active priorities of group 0 and 1. */
  apr: number[];
  /** Priorities with waiting interrupts, and their ranges (two words per priority). */
  searchPrios: number;
  searchRanges: Uint32Array;
  /** Stack of active interrupts that lost their list register. */
  activeUnlisted: Uint16Array;
  activeUnlistedCount: number;
  pendingSgis: number;
  window: GicWindow;
  windowLast: boolean;
  /** CNTV (0) and CNTP (1): control bits 1:0, compare values, deadlines of the hypervisor's soft timers. */
  timerCtl: number[];
  timerCval: BigUint64Array;
  /** What the last switch-out of the running vCPU saved. */
  savedCtl: number[];
  savedCval: BigUint64Array;
  /** Powered off since it was last loaded. */
  stopped: boolean;
  softTimer: number[];
  /** A timer register was ever written. Until then there is nothing to save, to load or to fire. */
  timersUsed: boolean;
  /** Missing: the counters were never enabled. */
  pmu?: Pmu;
}

export interface GicThread extends Thread {
  gic?: GicVcpu;
}

/** Spelled out: the built-in fill costs more than so short an array. */
function noObjects(length: number): Int32Array {
  const ids = new Int32Array(length);
  for (let i = 0; i < length; i++) ids[i] = NO_OBJECT;
  return ids;
}

/** The larger arrays: see `arrayPool`. */
const spiWords = arrayPool<Int32Array>(() => new Int32Array(SPI_COUNT));
const spiBytes = arrayPool<Uint8Array>(() => new Uint8Array(SPI_COUNT));
const privateWords = arrayPool<Int32Array>(() => new Int32Array(PRIVATE_COUNT));
const rangeWords = arrayPool<Uint32Array>(() => new Uint32Array(2 * PRIORITIES));
const GONE_WORDS = new Int32Array(0);
const GONE_BYTES = new Uint8Array(0);
const GONE_RANGES = new Uint32Array(0);

const noWindow = (): GicWindow => ({ addrspace: NO_OBJECT, base: 0, size: 0 });

export const newVic = (base: HypObject): Vic => ({
  id: base.id,
  type: base.type,
  state: base.state,
  refs: base.refs,
  partition: base.partition,
  caps: base.caps,
  maxVcpus: 1,
  maxVirqs: 0,
  fixedAddresses: false,
  ctlr: 0,
  statusr: 0,
  vcpus: noObjects(Platform.MAX_VCPUS),
  spi: spiWords.take(),
  bound: spiBytes.take(),
  unrouted: new Uint32Array(2),
  mapping: { mask: [7, 0, 0, 0], shift: [0, 0, 0, 0], mt: false, uniprocessor: false },
  gicd: noWindow(),
  forwardedPpi: noObjects(SGI_COUNT),
});

export const newGicVcpu = (thread: number): GicVcpu => ({
  thread,
  vic: NO_OBJECT,
  index: 0,
  active: false,
  owner: -1,
  ipi: 0,
  private: privateWords.take(),
  statusr: 0,
  asleep: false,
  group0: false,
  group1: false,
  lrVirq: [NO_VIRQ, NO_VIRQ, NO_VIRQ, NO_VIRQ],
  lr: [0, 0, 0, 0],
  lrHw: [0, 0, 0, 0],
  npie: false,
  trap0: true,
  trap1: true,
  group0DisableIrq: false,
  group1DisableIrq: false,
  eoiCount: 0,
  veng0: false,
  veng1: false,
  cbpr: false,
  eoiMode: false,
  bpr0: 2,
  bpr1: 3,
  pmr: 0,
  apr: [0, 0],
  searchPrios: 0,
  searchRanges: rangeWords.take(),
  activeUnlisted: new Uint16Array(PRIORITIES),
  activeUnlistedCount: 0,
  pendingSgis: 0,
  window: noWindow(),
  windowLast: false,
  timerCtl: [0, 0],
  timerCval: new BigUint64Array(2),
  savedCtl: [0, 0],
  savedCval: new BigUint64Array(2),
  stopped: false,
  softTimer: [Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY],
  timersUsed: false,
});

/** The VIC is gone. */
export function releaseVic(vic: Vic): void {
  spiWords.give(vic.spi);
  spiBytes.give(vic.bound);
  vic.spi = GONE_WORDS;
  vic.bound = GONE_BYTES;
}

/** The vCPU is gone. */
export function releaseGicVcpu(v: GicVcpu): void {
  const { private: states, searchRanges } = v;
  for (let i = 0; i < PRIVATE_COUNT; i++) states[i] = 0;
  for (let i = 0; i < 2 * PRIORITIES; i++) searchRanges[i] = 0;
  privateWords.give(states, true);
  rangeWords.give(searchRanges, true);
  v.private = GONE_WORDS;
  v.searchRanges = GONE_RANGES;
}

/** Reset values of the private interrupts: SGIs edge, PPIs level, routed to their own vCPU. */
export function resetPrivate(v: GicVcpu): void {
  const level = withRoute(0, v.index);
  for (let i = 0; i < PRIVATE_COUNT; i++) v.private[i] = i < SGI_COUNT ? level | CFG_EDGE : level;
}
