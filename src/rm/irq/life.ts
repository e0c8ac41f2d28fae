/** Executor of the loan machine; its state numbers equal `IrqLendState`. */
import { registerMachine } from '../../machine/index.js';
import { irqLoanMachine } from './loan.machine.js';

export const irqLoanLife = registerMachine('irq-loan', irqLoanMachine);
