/** What a replay needs of the system under test: the operations that the recorded driver could make, and nothing else.
 *
 * Fact base: transcript format 2-6 and its additions for g1..g8. Times are virtual; `cpu` is the index of an HLOS vCPU.
 */

/** How an operation ended. */
export type OpEnd =
  | { readonly kind: 'done' }
  /** Exception to EL1: vector number 0..15, syndrome, and the fault address if the syndrome sets it. */
  | { readonly kind: 'exception'; readonly vector: number; readonly esr: bigint; readonly far: bigint | undefined }
  /** It did not come back: the vCPU is off, suspended, blocked or killed. */
  | { readonly kind: 'noReturn' }
  /** The vCPU started anew at an entry point. */
  | { readonly kind: 'restarted' }
  /** The hypervisor stopped. */
  | { readonly kind: 'dead' };

export type CallEnd = OpEnd & { readonly x: readonly bigint[] };
export type ValueEnd = OpEnd & { readonly value?: bigint };

export interface CodeEnd {
  readonly end: OpEnd;
  /** x0.. when it has finished. */
  readonly x: readonly bigint[];
  /** INTIDs taken as exceptions, in order; those taken as FIQ with an "F" before the number. */
  readonly taken: readonly (number | string)[];
  readonly running: boolean;
}

export interface CpuBootInfo {
  /** Entries so far; 0: never started. */
  readonly count: number;
  readonly x0: bigint;
  readonly x1: bigint;
  readonly currentel: bigint;
  readonly mpidr: bigint;
  readonly sctlr: bigint;
  readonly daif: bigint;
}

export interface ReplayDriver {
  /** HVC #imm with x0..x7; the result holds x0..x17. */
  hvc(cpu: number, imm: number, x: readonly bigint[]): CallEnd;
  /** SMCCC call by `hvc #imm` or `smc #imm`; the result holds x0..x17. */
  smccc(cpu: number, conduit: 'hvc' | 'smc', imm: number, x: readonly bigint[]): CallEnd;
  /** Normal memory; undefined or false: no access. */
  readMem(cpu: number, ipa: number, length: number): Uint8Array | undefined;
  writeMem(cpu: number, ipa: number, bytes: Uint8Array): boolean;
  /** One load or store of 1, 2, 4 or 8 bytes, device registers included. */
  load(cpu: number, ipa: bigint, width: number): ValueEnd;
  store(cpu: number, ipa: bigint, width: number, value: bigint): OpEnd;
  /** `enc` as S<op0>_<op1>_C<n>_C<m>_<op2>. */
  readSysreg(cpu: number, enc: string): ValueEnd;
  writeSysreg(cpu: number, enc: string, value: bigint): OpEnd;
  runCode(cpu: number, words: readonly number[], x: readonly bigint[]): CodeEnd;
  /** A later look at code that was left running. */
  codeResult(cpu: number): CodeEnd;
  cpuBoot(cpu: number): CpuBootInfo;
  wfi(cpu: number): OpEnd;
  /** HLOS vCPU 0 spins. */
  delay(ms: number): void;
  /** The slice of vCPU 0 is to end where the vCPU that it runs next blocks: RM goes first there. Optional: a real machine decides. */
  letRmGoFirst?(): void;
  /** The slice of vCPU 0 is to end where the vCPU that it runs next wakes RM: RM goes first there. Optional as well. */
  letRmInterrupt?(): void;
  /** The fault that the vCPU it runs next comes to costs it the CPU before RM is told. Optional: a real machine decides. */
  faultUnheard?(): void;
  /**
   * Where HLOS sees the image of the VM whose vCPU it holds as capability `cap`: optional, needed only while several VMs have
   * the mailbox program and neither the transcript nor its messages say which one is meant.
   */
  guestImage?(cap: bigint): number | undefined;
  /** Yields until nothing but HLOS wants the CPU. */
  yieldUntilIdle(): void;
  /** Acknowledges and ends interrupts of vCPU 0 until none is pending, `max` at most. */
  drainIrqs(max: number): number[];
  /** What has stopped for good, as far as it shows. */
  dead(): 'rm' | 'hypervisor' | undefined;
  /** The same where it has to be found out, at the cost of a request to RM. Optional: {@link dead} knows. */
  probeDead?(): 'rm' | 'hypervisor' | undefined;
  /** Virtual time in nanoseconds. */
  now(): number;
}
