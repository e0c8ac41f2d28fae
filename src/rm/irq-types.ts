/** Hardware interrupts and loans (fact base: rm-rpc-messages 6, rm-state-machines 6). */
export interface IrqState {
  /** Random base of loan handles. */
  handleBase: number;
}

/** Interrupt numbers of one VM. */
export interface VmIrqTable {
  vic: bigint;
}
