/** Result codes of hypercalls and of Resource Manager replies. Fact base: hypercall-abi 2, rm-rpc-transport 4.
 *
 * Generated from spec/ by tools/generate.ts; edit the specification, not this file.
 */

/** Result of a hypercall: a signed 32-bit number in w0. */
export const HypError = {
  /** The call did what it was asked to do. */
  OK: 0,
  /** No such call in this build, or a call that exists but never does anything. Equals the SMCCC 'unknown function' value. */
  UNIMPLEMENTED: -1,
  /** Not possible at this moment; repeat the call later. */
  RETRY: -2,
  /** An argument has a value outside its range, a reserved bit is set, or a capability id does not decode. */
  ARGUMENT_INVALID: 1,
  /** A size argument is zero or larger than the thing it measures. */
  ARGUMENT_SIZE: 2,
  /** An address or size is not a multiple of the required unit. */
  ARGUMENT_ALIGNMENT: 3,
  /** The partition's heap is exhausted. */
  NOMEM: 10,
  /** A fixed-size table is full. */
  NORESOURCES: 11,
  /** Base plus size wraps around the address space. */
  ADDR_OVERFLOW: 20,
  /** An address lies below the permitted range. */
  ADDR_UNDERFLOW: 21,
  /** An address is not mapped or not usable for this purpose. */
  ADDR_INVALID: 22,
  /** The request is well formed but not permitted. */
  DENIED: 30,
  /** The object is in use by somebody else at this moment. */
  BUSY: 31,
  /** There is nothing to do. */
  IDLE: 32,
  /** The object is not in the state the call needs (usually INIT for configuration, ACTIVE for use). */
  OBJECT_STATE: 33,
  /** The object's configuration does not allow this. */
  OBJECT_CONFIG: 34,
  /** The object was configured before. */
  OBJECT_CONFIGURED: 35,
  /** The operation failed for a reason without a code of its own. */
  FAILURE: 36,
  /** The interrupt source is bound to a virtual interrupt already. */
  VIRQ_BOUND: 40,
  /** The interrupt source is not bound to a virtual interrupt. */
  VIRQ_NOT_BOUND: 41,
  /** The capability slot is empty, or its object is being destroyed. */
  CSPACE_CAP_NULL: 50,
  /** The capability was revoked by the holder of the master capability. */
  CSPACE_CAP_REVOKED: 51,
  /** The capability names an object of another type. */
  CSPACE_WRONG_OBJECT_TYPE: 52,
  /** The capability lacks a right that the call needs. */
  CSPACE_INSUFFICIENT_RIGHTS: 53,
  /** The capability space holds as many capabilities as it was configured for. */
  CSPACE_FULL: 54,
  /** There is no message to receive. */
  MSGQUEUE_EMPTY: 60,
  /** The queue holds as many messages as its depth. */
  MSGQUEUE_FULL: 61,
  /** Internal string formatting result; no guest ever sees it. */
  STRING_TRUNCATED: 90,
  /** Internal string formatting result; no guest ever sees it. */
  STRING_REACHED_END: 91,
  /** Internal string formatting result; no guest ever sees it. */
  STRING_INVALID_FORMAT: 92,
  /** Internal string formatting result; no guest ever sees it. */
  STRING_MISSING_PLACEHOLDER: 93,
  /** Internal string formatting result; no guest ever sees it. */
  STRING_MISSING_ARGUMENT: 94,
  /** A range given to an allocator overlaps one it has. */
  ALLOCATOR_RANGE_OVERLAPPING: 100,
  /** A range asked back from an allocator is still in use. */
  ALLOCATOR_MEM_INUSE: 101,
  /** The memory database knows nothing about the range. */
  MEMDB_EMPTY: 110,
  /** The physical range belongs to another partition or extent. */
  MEMDB_NOT_OWNER: 111,
  /** The extent is mapped in as many places as it can record. */
  MEMEXTENT_MAPPINGS_FULL: 120,
  /** The memory extent is of a kind that does not support the operation. */
  MEMEXTENT_TYPE: 121,
  /** Something is mapped at that address already. */
  EXISTING_MAPPING: 200,
} as const;

export type HypError = (typeof HypError)[keyof typeof HypError];

/** First word of every reply of the Resource Manager. */
export const RmError = {
  /** The request was carried out. */
  OK: 0,
  /** RM or the hypervisor ran out of memory. */
  NOMEM: 1,
  /** No number, slot or address range is left, or (some queries) the VM does not exist. */
  NORESOURCE: 2,
  /** The caller may not do this, or not to this VM; also RM's catch-all for hypervisor errors. */
  DENIED: 3,
  /** The payload has the wrong length or a malformed list. */
  MSG_INVALID: 4,
  /** Something that can be set once is set already. */
  BUSY: 5,
  /** A field has a value RM does not accept. */
  ARGUMENT_INVALID: 6,
  /** No memory parcel or lent interrupt with this handle is visible to the caller. */
  HANDLE_INVALID: 7,
  /** A property the caller asked RM to check does not hold. */
  VALIDATE_FAILED: 8,
  /** The hypervisor refused a mapping or unmapping. */
  MAP_FAILED: 9,
  /** The memory named is not the caller's, not contiguous as needed, or not readable as what it should be. */
  MEM_INVALID: 0xa,
  /** A borrower still holds the memory parcel. */
  MEM_INUSE: 0xb,
  /** The caller does not hold the memory parcel (any more). */
  MEM_RELEASED: 0xc,
  /** The VM does not exist, or is not one the caller may name here. */
  VMID_INVALID: 0xd,
  /** Nothing matches the description. */
  LOOKUP_FAILED: 0xe,
  /** The interrupt is not a hardware interrupt owned by the caller. */
  IRQ_INVALID: 0xf,
  /** The interrupt is lent, or accepted, already. */
  IRQ_INUSE: 0x10,
  /** The interrupt is not accepted by the caller. */
  IRQ_RELEASED: 0x11,
  /** The lent interrupt is in the wrong state for this step. */
  IN_USE: 0x12,
  /** Defined, but this revision never answers with it. */
  IRQ_NOT_MAPPED: 0x13,
  /** The VM is in a life-cycle state that does not allow the request. */
  VM_STATE: 0x14,
  /** RM has no code for this message id (or the hypervisor has none for what it needed). */
  UNIMPLEMENTED: 0xffffffff,
} as const;

export type RmError = (typeof RmError)[keyof typeof RmError];

/** Name of a hypercall result. */
export const HYP_ERROR_NAMES: Readonly<Record<number, string>> = Object.freeze(
  Object.fromEntries(Object.entries(HypError).map(([name, value]) => [value, name])),
);

/** Name of a reply code. */
export const RM_ERROR_NAMES: Readonly<Record<number, string>> = Object.freeze(
  Object.fromEntries(Object.entries(RmError).map(([name, value]) => [value, name])),
);

/** The result code in a raw x0 (its upper half is not part of it). */
export const hypErrorOf = (x0: bigint): number => Number(BigInt.asIntN(32, x0));

/** Name of a hypercall result, or its number when it has none. */
export const hypErrorName = (code: number): string => HYP_ERROR_NAMES[code | 0] ?? String(code);

/** Name of a reply code, or its number when it has none. */
export const rmErrorName = (code: number): string => RM_ERROR_NAMES[code >>> 0] ?? `0x${(code >>> 0).toString(16)}`;

const HYP_TO_RM: Readonly<Record<number, RmError>> = {
  [HypError.OK]: RmError.OK,
  [HypError.UNIMPLEMENTED]: RmError.UNIMPLEMENTED,
  [HypError.NOMEM]: RmError.NOMEM,
  [HypError.NORESOURCES]: RmError.NORESOURCE,
  [HypError.DENIED]: RmError.DENIED,
  [HypError.BUSY]: RmError.BUSY,
  [HypError.ADDR_OVERFLOW]: RmError.MEM_INVALID,
  [HypError.ADDR_UNDERFLOW]: RmError.MEM_INVALID,
  [HypError.ADDR_INVALID]: RmError.MEM_INVALID,
  [HypError.ARGUMENT_INVALID]: RmError.ARGUMENT_INVALID,
};

/** How RM answers when a hypercall it made failed; errors without a row of their own become DENIED. */
export const rmErrorOfHyp = (code: number): RmError => HYP_TO_RM[code | 0] ?? RmError.DENIED;
