/** Function ids of the calls through HVC #0 and SMC #0 that this build answers. Fact base: hypercall-abi 6.
 *
 * Generated from spec/ by tools/generate.ts; edit the specification, not this file.
 */

/** Function ids by name; the 64-bit form has the suffix _64. */
export const Smccc = {
  /** 0x00010003: version 1.3. */
  SMCCC_VERSION: 0x80000000,
  /** 0 for 0x80000000, 0x80000001, 0x8500ff01, 0x8500ff03; otherwise 0xffffffff. */
  SMCCC_ARCH_FEATURES: 0x80000001,
  /** The four words of the UUID. */
  STANDARD_HYP_UID: 0x8500ff01,
  /** w0 = 1, w1 = 0. */
  STANDARD_HYP_REVISION: 0x8500ff03,
  /** The four words of the UUID. */
  VENDOR_HYP_UID: 0x8600ff01,
  /** x0 = the 64-bit API word although the call is a 32-bit one; x1..x3 keep their values. */
  VENDOR_HYP_REVISION: 0x8600ff03,
  /** 0x00010001: version 1.1. */
  PSCI_VERSION: 0x84000000,
  /** Waits for an interrupt. With StateType (bit 16) set execution goes on at the entry point, otherwise the call returns 0. A pending wake-up returns 0 at once. */
  PSCI_CPU_SUSPEND: 0x84000001,
  /** Waits for an interrupt. With StateType (bit 16) set execution goes on at the entry point, otherwise the call returns 0. A pending wake-up returns 0 at once. */
  PSCI_CPU_SUSPEND_64: 0xc4000001,
  /** Does not return; -3 for the last vCPU that is on (not with no_aggregation). */
  PSCI_CPU_OFF: 0x84000002,
  /** 0; -2 affinity outside the mapping; -6 no vCPU at that index, or one that was killed; -4 not off. */
  PSCI_CPU_ON: 0x84000003,
  /** 0; -2 affinity outside the mapping; -6 no vCPU at that index, or one that was killed; -4 not off. */
  PSCI_CPU_ON_64: 0xc4000003,
  /** 1 off, 0 otherwise; -2 unknown affinity or level other than 0. */
  PSCI_AFFINITY_INFO: 0x84000004,
  /** 1 off, 0 otherwise; -2 unknown affinity or level other than 0. */
  PSCI_AFFINITY_INFO_64: 0xc4000004,
  /** Ends the VM: the group's other vCPUs are killed, the caller is halted and its manager interrupted. HLOS: ends the machine. */
  PSCI_SYSTEM_OFF: 0x84000008,
  /** As SYSTEM_OFF, remembering a reset. HLOS: stops the hypervisor. */
  PSCI_SYSTEM_RESET: 0x84000009,
  /** 0 for implemented ids (2 for CPU_SUSPEND), otherwise 0xffffffff; answered without a power group too. */
  PSCI_FEATURES: 0x8400000a,
  /** CPU_SUSPEND with powerdown and StateID 1. */
  PSCI_CPU_DEFAULT_SUSPEND: 0x8400000c,
  /** CPU_SUSPEND with powerdown and StateID 1. */
  PSCI_CPU_DEFAULT_SUSPEND_64: 0xc400000c,
  /** 0 for mode 0, otherwise -2. */
  PSCI_SET_SUSPEND_MODE: 0x8400000f,
  /** As SYSTEM_RESET with type and cookie. HLOS: 0xffffffff. */
  PSCI_SYSTEM_RESET2: 0x84000012,
  /** As SYSTEM_RESET with type and cookie. HLOS: 0xffffffff. */
  PSCI_SYSTEM_RESET2_64: 0xc4000012,
  /** 0x10000, x1..x3 = 0. */
  TRNG_VERSION: 0x84000050,
  /** 0 for the TRNG functions, otherwise -1. */
  TRNG_FEATURES: 0x84000051,
  /** The UUID in w0..w3. */
  TRNG_GET_UUID: 0x84000052,
  /** 1..96 (64-bit form: 1..192) random bits, right-aligned, x3 lowest; -2 out of range, -3 no entropy. */
  TRNG_RND: 0x84000053,
  /** 1..96 (64-bit form: 1..192) random bits, right-aligned, x3 lowest; -2 out of range, -3 no entropy. */
  TRNG_RND_64: 0xc4000053,
} as const;

/** Name of a function id. */
export const SMCCC_NAMES: Readonly<Record<number, string>> = Object.freeze(
  Object.fromEntries(Object.entries(Smccc).map(([name, value]) => [value, name])),
);

/** Vendor hypervisor call n is this plus n: fast, SMC64. */
export const SMCCC_HYPERCALL_BASE = 0xc6008000;

/** UUID c1d58fcd-a453-5fdb-9265-ce36673d5f14 as returned in four registers. */
export const SMCCC_UID: readonly number[] = [0xcd8fd5c1, 0xdb5f53a4, 0x36ce6592, 0x145f3d67];

/** Results of PSCI calls; 32-bit ids return them in w0, 64-bit ids sign-extended. */
export const PsciResult = {
  SUCCESS: 0,
  NOT_SUPPORTED: -1,
  INVALID_PARAMETERS: -2,
  DENIED: -3,
  ALREADY_ON: -4,
  ON_PENDING: -5,
  INTERNAL_FAILURE: -6,
} as const;
