/** Interrupt numbers as the three cells of a specifier name them (fact base: rm-boot-and-dt 3.1). */

export interface IrqClass {
  /** First INTID. */
  readonly first: number;
  /** One past the last. */
  readonly end: number;
  /** Every CPU has its own. */
  readonly cpuLocal: boolean;
}

/** By the first cell. */
export const IRQ_CLASSES: readonly IrqClass[] = [
  { first: 32, end: 1020, cpuLocal: false },
  { first: 16, end: 32, cpuLocal: true },
  { first: 4096, end: 5120, cpuLocal: false },
  { first: 1056, end: 1120, cpuLocal: true },
];
