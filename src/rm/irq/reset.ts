/**
 * Interrupts of a VM that is reset (fact base: rm-state-machines 4.2 RELEASE_IRQS, 4.3, 6). Left out: loans by configuration
 * (`ACCEPTED_STATIC`), which RM makes for trusted VMs only, and no VM is one.
 */
import { HypError, IrqLendState, IrqMapState, Platform } from '../../protocol/index.js';
import { RmDeath } from '../death.js';
import { CAP_INVALID, type Rm, type VmRecord } from '../types.js';
import { rmAssert } from '../vm/memory.js';
import { loanEvent } from './loans.js';
import { freeGlobal, hwirqUnmap, releaseTable, tableOf } from './table.js';
import { VIRQ_NONE } from './types.js';

/** Borrower of a loan whose borrower was reset: nobody. */
const NO_BORROWER = Platform.VMID_NONE;

/** Takes a borrowed interrupt away. The loan stays, offered to nobody. */
function endBorrowing(rm: Rm, vm: VmRecord, irq: number, hw: number): void {
  const hwirq = rm.irqs.hwirqs[hw];
  rmAssert(hwirq !== null);
  if (hwirq.owner === vm.vmid) return;
  const loan = rm.irqs.loans[hw];
  rmAssert(loan !== null && loan.borrower === vm.vmid && loan.borrowerIrq === irq);
  rmAssert(loan.state === IrqLendState.ACCEPTED);
  rmAssert(hwirqUnmap(rm, vm, irq, true, false) === HypError.OK);
  loan.borrower = NO_BORROWER;
  loan.borrowerIrq = VIRQ_NONE;
  loanEvent(rm, hw, loan, { type: 'BORROWER_RESET' });
}

/** Reset stage RELEASE_IRQS. Owners are not told. A VM that lends an interrupt itself kills RM. */
export function releaseIrqs(rm: Rm, vm: VmRecord): void {
  if (vm.irq === null) return;
  const { map, lowest } = vm.irq;
  for (let irq = lowest; irq < map.length; irq++) {
    const mapping = map[irq];
    if (mapping === null || mapping.kind !== 'hw' || mapping.state === IrqMapState.RESERVED) continue;
    if (mapping.state === IrqMapState.LENDING) throw new RmDeath('ABORT', 'reset-of-irq-lender');
    endBorrowing(rm, vm, irq, mapping.irq);
  }
}

/** The VM's VIC is about to be deleted: interrupts may be found unbound from now on. */
export function vmIrqReset(vm: VmRecord): void {
  const table = tableOf(vm);
  rmAssert(table.vic !== CAP_INVALID);
  table.vic = CAP_INVALID;
}

/** Last step of DESTROY_VM: gives up what the VM owned. A leftover virtual interrupt kills RM. */
export function vmIrqDeinit(rm: Rm, vm: VmRecord): void {
  if (vm.irq === null) return;
  const { map, lowest } = vm.irq;
  for (let irq = lowest; irq < map.length; irq++) {
    const mapping = map[irq];
    if (mapping === null) continue;
    if (mapping.kind === 'virq') throw new RmDeath('ABORT', 'leftover-virq-at-teardown');
    if (mapping.state === IrqMapState.RESERVED) {
      rmAssert(freeGlobal(vm, irq) === HypError.OK);
      continue;
    }
    if (mapping.state === IrqMapState.LENDING) throw new RmDeath('ABORT', 'reset-of-irq-lender');
    // Still borrowed or lent: "lending cleanup".
    rmAssert(rm.irqs.hwirqs[mapping.irq]?.owner === vm.vmid && rm.irqs.loans[mapping.irq] === null);
    rmAssert(hwirqUnmap(rm, vm, irq, true, true) === HypError.OK);
  }
  releaseTable(vm.irq);
  vm.irq = null;
}
