/** Plain data of hypervisor objects. Objects name each other by id (an index into `Hypervisor.objects`); -1 means none. */
import { Platform, VcpuOption } from '../protocol/index.js';

/** Object life (fact base: capabilities 6). FAILED is terminal; DESTROYING is never observed by a lookup. */
export const ObjectState = { NONE: 0, INIT: 1, ACTIVE: 2, FAILED: 3, DESTROYING: 4 } as const;

export interface HypObject {
  id: number;
  /** `ObjectType` number. */
  type: number;
  state: number;
  /** One for "at least one valid capability exists", one per relation (thread -> cspace, child -> parent extent, ...). */
  refs: number;
  /** Partition whose heap holds the object. */
  partition: number;
  /** Every valid capability to this object: `cspaceId * 0x10000 + slot`, in creation order. */
  caps: number[];
}

/** What every module may know of a vCPU. src/vcpu extends it. */
export interface Thread extends HypObject {
  cspace: number;
  addrspace: number;
  /** x0..x30. */
  x: BigUint64Array;
  pc: bigint;
  /** Configured options (`VcpuOption`); after activation those in force. */
  options: bigint;
  pstate: number;
  sctlr: bigint;
  spEl0: bigint;
  /** Rate limit of prng_get_entropy: start of the window (ns of virtual time), calls in it. */
  prngWindowNs: number;
  prngReads: number;
}

/** Tied to its CPU: it sees that CPU's identity and may have PPIs forwarded. */
export const isPinned = (t: Thread): boolean => (t.options & VcpuOption.PINNED) !== 0n;

/** An object reference that leads nowhere. */
export const NO_OBJECT = -1;

/** Nanoseconds of a tick of the system counter: 16. Timers and time slices count in them. */
export const NS_PER_TICK = 1e9 / Platform.TIMER_FREQ_HZ;
