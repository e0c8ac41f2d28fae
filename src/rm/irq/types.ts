/** Hardware interrupts, loans and interrupt numbers as data (fact base: rm-rpc-messages 6, rm-state-machines 6). */
import { Platform } from '../../protocol/index.js';

/** All-ones: "no interrupt", also in VM_GET_HYP_RESOURCES. */
export const { VIRQ_NONE } = Platform;

/** One hardware interrupt that RM can bind. */
export interface Hwirq {
  cap: bigint;
  owner: number;
  /** Number that the owner sees; {@link VIRQ_NONE}: not mapped. */
  ownerIrq: number;
}

/** A loan that has not been reclaimed. */
export interface IrqLoan {
  handle: number;
  /** VMID; 0xFFFF after the borrower was reset. */
  borrower: number;
  borrowerIrq: number;
  /** `IrqLendState` value. */
  state: number;
  label: number;
}

export interface IrqState {
  /** Random base of loan handles: handle = base + INTID. */
  handleBase: number;
  /** By INTID. */
  hwirqs: (Hwirq | null)[];
  /** By INTID. */
  loans: (IrqLoan | null)[];
}

/** What one interrupt number of a VM is used for. */
export interface IrqMapping {
  kind: 'hw' | 'virq';
  /** INTID of the hardware interrupt, or the number itself for a virtual one; {@link VIRQ_NONE} while only reserved. */
  irq: number;
  /** `IrqMapState` value. */
  state: number;
}

/** Interrupt numbers of one VM. */
export interface VmIrqTable {
  /** All-ones once the VM is being torn down. */
  vic: bigint;
  /** Where the search for a free number starts: 32 in RM, 960 elsewhere. */
  allocBase: number;
  /** Highest number of the table. */
  maxIrq: number;
  /** By number. */
  map: (IrqMapping | null)[];
  /** No number below this one has ever been used. */
  lowest: number;
}
