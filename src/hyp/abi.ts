/**
 * The hypervisor as a guest sees it: the only part of src/hyp that RM and guest programs may import.
 * Every effect of a guest goes through one of these operations of one vCPU.
 */

/** One vCPU's view of the machine, for programs written in TypeScript. */
export interface GuestPort {
  /**
   * Native hypercall `0x6000 + num`; missing arguments are 0. The result is a view of x0..x7 that is valid until the next
   * operation: x0 the error zero-extended to 64 bits, then the outputs.
   */
  hvc(
    num: number,
    a0?: bigint,
    a1?: bigint,
    a2?: bigint,
    a3?: bigint,
    a4?: bigint,
    a5?: bigint,
    a6?: bigint,
  ): BigUint64Array;
  /** Reads guest memory into `to`; false on a stage-2 fault. */
  read(ipa: number, to: Uint8Array): boolean;
  write(ipa: number, from: Uint8Array): boolean;
  /** Whether every page of a range could be read. */
  readable(ipa: number, size: number): boolean;
  /** The vCPU's interrupt interface on: all priorities, group 1 (ICC_SRE, ICC_PMR, ICC_IGRPEN1). Once at start. */
  enableInterrupts(): void;
  /** Acknowledges, ends and returns the highest-priority pending interrupt, or `undefined`. */
  takeIrq(): number | undefined;
  /** 32-bit store to a device register (the vGIC). */
  store32(ipa: number, value: number): void;
  /** System counter, in nanoseconds of virtual time. */
  now(): number;
}

/** What a program's step tells the scheduler. */
export type StepResult =
  /** Did work; call again. */
  | 'ran'
  /** Wait for an interrupt (WFI). */
  | 'idle'
  /** Stopped for good. */
  | 'dead'
  /** Wait for an interrupt or this many nanoseconds. */
  | { sleepNs: number };
