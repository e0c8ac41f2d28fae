/** Life of the loan of one hardware interrupt; the numbers are RM's lend states (fact base: rm-state-machines 6). */
import { setup } from 'xstate';

export type IrqLoanEvent =
  | { type: 'LEND' }
  | { type: 'ACCEPT' }
  | { type: 'RELEASE' }
  | { type: 'RECLAIM' }
  /** The borrower is reset; nobody can accept any more. */
  | { type: 'BORROWER_RESET' };

export const irqLoanMachine = setup({ types: { events: {} as IrqLoanEvent } }).createMachine({
  id: 'irq-loan',
  initial: 'none',
  states: {
    none: {
      meta: { value: 0, doc: 'No loan: the owner has the interrupt.' },
      on: { LEND: 'offered' },
    },
    offered: {
      meta: { value: 1, doc: 'Unbound from the owner; the borrower may accept.' },
      on: { ACCEPT: 'accepted', RECLAIM: 'none' },
    },
    accepted: {
      meta: { value: 2, doc: 'Bound to the borrower.' },
      on: { RELEASE: 'offered', BORROWER_RESET: 'offered' },
    },
  },
});
