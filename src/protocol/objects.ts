/** Object types, capability rights, object and capability states. Fact base: capabilities 5, 6, 7.5.
 *
 * Generated from spec/ by tools/generate.ts; edit the specification, not this file.
 */

/** Type of a hypervisor object. Internal to the hypervisor: no call returns it. */
export const ObjectType = {
  /** What one VM sees as memory: guest addresses to memory extents. */
  ADDRSPACE: 0,
  /** A table of capabilities; every id a vCPU passes is looked up in its own one. */
  CSPACE: 1,
  /** 64 flags that a sender sets and a receiver is interrupted by. */
  DOORBELL: 2,
  /** A physical interrupt that can be given to a virtual interrupt controller. Made at boot only. */
  HWIRQ: 3,
  /** A set of physical memory, the unit of mapping, lending and donation. */
  MEMEXTENT: 4,
  /** A bounded one-way queue of short messages. */
  MSGQUEUE: 5,
  /** A pool of hypervisor memory and the right to create objects from it. */
  PARTITION: 6,
  /** A vCPU. */
  THREAD: 7,
  /** The virtual interrupt controller of one VM (a GICv3 to the guest). */
  VIC: 8,
  /** A virtio-mmio transport page between a frontend VM and a backend. */
  VIRTIO_MMIO: 9,
  /** The power group that implements PSCI for the vCPUs of one VM. */
  VPM_GROUP: 10,
  /** A virtual real-time clock; no guest can create one on this platform. */
  VRTC: 11,
} as const;

export type ObjectType = (typeof ObjectType)[keyof typeof ObjectType];

/** Name of an object type. */
export const OBJECT_TYPE_NAMES: Readonly<Record<number, string>> = Object.freeze(
  Object.fromEntries(Object.entries(ObjectType).map(([name, value]) => [value, name])),
);

/** Life of an object. FAILED and DESTROYING are terminal. */
export const ObjectState = {
  NONE: 0,
  INIT: 1,
  ACTIVE: 2,
  FAILED: 3,
  DESTROYING: 4,
} as const;

export type ObjectState = (typeof ObjectState)[keyof typeof ObjectState];

/** Name of an object state. */
export const OBJECT_STATE_NAMES: Readonly<Record<number, string>> = Object.freeze(
  Object.fromEntries(Object.entries(ObjectState).map(([name, value]) => [value, name])),
);

/** State of a capability slot. */
export const CapState = {
  NULL: 0,
  VALID: 1,
  REVOKED: 2,
} as const;

export type CapState = (typeof CapState)[keyof typeof CapState];

/** Rights by object type. OBJECT_ACTIVATE exists on every type and also authorises configuration while INIT. */
export const Rights = {
  OBJECT_ACTIVATE: 0x80000000,
  ADDRSPACE: { ATTACH: 1, MAP: 2, LOOKUP: 4, ADD_VMMIO_RANGE: 8 },
  CSPACE: { CAP_CREATE: 1, CAP_DELETE: 2, CAP_COPY: 4, ATTACH: 8, CAP_REVOKE: 0x10 },
  DOORBELL: { SEND: 1, RECEIVE: 2, BIND: 4 },
  HWIRQ: { BIND_VIC: 2 },
  MEMEXTENT: { MAP: 1, DERIVE: 2, ATTACH: 4, LOOKUP: 8, DONATE: 0x10 },
  MSGQUEUE: { SEND: 1, RECEIVE: 2, BIND_SEND: 4, BIND_RECEIVE: 8 },
  PARTITION: { OBJECT_CREATE: 1, DONATE: 2 },
  THREAD: {
    POWER: 1,
    AFFINITY: 2,
    PRIORITY: 4,
    TIMESLICE: 8,
    YIELD_TO: 0x10,
    BIND_VIRQ: 0x20,
    STATE: 0x40,
    LIFECYCLE: 0x80,
    WRITE_CONTEXT: 0x100,
    DISABLE: 0x200,
  },
  VIC: { BIND_SOURCE: 1, ATTACH_VCPU: 2, ATTACH_VDEVICE: 4 },
  VIRTIO_MMIO: { BIND_BACKEND_VIRQ: 1, BIND_FRONTEND_VIRQ: 2, ASSERT_VIRQ: 4, CONFIG: 8 },
  VPM_GROUP: { ATTACH_VCPU: 1, BIND_VIRQ: 2, QUERY: 4 },
  VRTC: { CONFIGURE: 1, ATTACH_ADDRSPACE: 2, SET_TIME_BASE: 4 },
} as const;

/** Every right of a type, indexed by ObjectType: what a master capability carries. */
export const ALL_RIGHTS: readonly number[] = [
  0x8000000f, 0x8000001f, 0x80000007, 0x80000002, 0x8000001f, 0x8000000f, 0x80000003, 0x800003ff, 0x80000007,
  0x8000000f, 0x80000007, 0x80000007,
];

/** Names of the rights in a mask, in bit order; unknown bits as hex. */
export function rightNames(type: number, mask: number): string[] {
  const names: string[] = [];
  let rest = mask >>> 0;
  const table = RIGHT_TABLE[type] ?? [];
  for (const [name, bit] of table) {
    if ((rest & bit) === 0) continue;
    names.push(name);
    rest = (rest & ~bit) >>> 0;
  }
  if ((rest & Rights.OBJECT_ACTIVATE) !== 0) {
    names.push('OBJECT_ACTIVATE');
    rest = (rest & ~Rights.OBJECT_ACTIVATE) >>> 0;
  }
  if (rest !== 0) names.push(`0x${rest.toString(16)}`);
  return names;
}

const RIGHT_TABLE: readonly (readonly (readonly [string, number])[])[] = [
  [
    ['ATTACH', 1],
    ['MAP', 2],
    ['LOOKUP', 4],
    ['ADD_VMMIO_RANGE', 8],
  ],
  [
    ['CAP_CREATE', 1],
    ['CAP_DELETE', 2],
    ['CAP_COPY', 4],
    ['ATTACH', 8],
    ['CAP_REVOKE', 0x10],
  ],
  [
    ['SEND', 1],
    ['RECEIVE', 2],
    ['BIND', 4],
  ],
  [['BIND_VIC', 2]],
  [
    ['MAP', 1],
    ['DERIVE', 2],
    ['ATTACH', 4],
    ['LOOKUP', 8],
    ['DONATE', 0x10],
  ],
  [
    ['SEND', 1],
    ['RECEIVE', 2],
    ['BIND_SEND', 4],
    ['BIND_RECEIVE', 8],
  ],
  [
    ['OBJECT_CREATE', 1],
    ['DONATE', 2],
  ],
  [
    ['POWER', 1],
    ['AFFINITY', 2],
    ['PRIORITY', 4],
    ['TIMESLICE', 8],
    ['YIELD_TO', 0x10],
    ['BIND_VIRQ', 0x20],
    ['STATE', 0x40],
    ['LIFECYCLE', 0x80],
    ['WRITE_CONTEXT', 0x100],
    ['DISABLE', 0x200],
  ],
  [
    ['BIND_SOURCE', 1],
    ['ATTACH_VCPU', 2],
    ['ATTACH_VDEVICE', 4],
  ],
  [
    ['BIND_BACKEND_VIRQ', 1],
    ['BIND_FRONTEND_VIRQ', 2],
    ['ASSERT_VIRQ', 4],
    ['CONFIG', 8],
  ],
  [
    ['ATTACH_VCPU', 1],
    ['BIND_VIRQ', 2],
    ['QUERY', 4],
  ],
  [
    ['CONFIGURE', 1],
    ['ATTACH_ADDRSPACE', 2],
    ['SET_TIME_BASE', 4],
  ],
];
