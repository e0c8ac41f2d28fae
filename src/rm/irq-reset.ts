/** Interrupts of a VM that is reset (fact base: rm-state-machines 4.2 RELEASE_IRQS, 4.3, 6). */
import { HypError, IrqLendState, IrqMapState } from '../protocol/index.js';
import { RmDeath } from './death.js';
import { loanEvent } from './irq-loans.js';
import { freeGlobal, hwirqMap, hwirqUnmap, releaseTable, tableOf } from './irq-table.js';
import { IRQ_NONE, type IrqLoan } from './irq-types.js';
import { CAP_INVALID, type Rm, VMID_HLOS, type VmRecord, vmLookup } from './types.js';
import { rmAssert } from './vm-memory.js';

/** Borrower of a loan whose borrower was reset: nobody. */
const NO_BORROWER = 0xffff;

/** Takes a borrowed interrupt away; a loan by configuration goes back to its owner. */
function endBorrowing(rm: Rm, vm: VmRecord, irq: number, hw: number): void {
  const hwirq = rm.irqs.hwirqs[hw];
  rmAssert(hwirq !== null);
  if (hwirq.owner === vm.vmid) return;
  const loan = rm.irqs.loans[hw];
  rmAssert(loan !== null && loan.borrower === vm.vmid && loan.borrowerIrq === irq);
  rmAssert(loan.state === IrqLendState.ACCEPTED || loan.state === IrqLendState.ACCEPTED_STATIC);
  rmAssert(hwirqUnmap(rm, vm, irq, true, false) === HypError.OK);
  loan.borrower = NO_BORROWER;
  loan.borrowerIrq = IRQ_NONE;
  const isStatic = loan.state === IrqLendState.ACCEPTED_STATIC;
  loanEvent(rm, hw, loan, { type: 'BORROWER_RESET' });
  if (!isStatic || hwirq.owner !== VMID_HLOS) return;
  const owner = vmLookup(rm, hwirq.owner);
  rmAssert(owner !== null);
  const table = tableOf(owner);
  const mapping = table.map[hwirq.ownerIrq] ?? null;
  rmAssert(mapping !== null && mapping.state === IrqMapState.LENDING);
  rmAssert(rm.hv.hwirqBind(hwirq.cap, table.vic, mapping.irq) === HypError.OK);
  mapping.state = IrqMapState.BOUND;
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
      rmAssert(freeGlobal(rm, vm, irq) === HypError.OK);
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

/**
 * Lends an interrupt of HLOS to a VM by its configuration: bound at once, given back when the VM is reset.
 * Only trusted VMs ask for it, which this platform has none of.
 */
export function lendStatic(rm: Rm, vm: VmRecord, irq: number, hw: number): number {
  const hwirq = rm.irqs.hwirqs[hw] ?? null;
  const table = tableOf(vm);
  if (table.map[irq] != null) return HypError.BUSY;
  if (hwirq === null || hwirq.owner !== VMID_HLOS) return HypError.ARGUMENT_INVALID;
  if (rm.irqs.loans[hw] !== null) return HypError.BUSY;
  const hlos = vmLookup(rm, VMID_HLOS);
  rmAssert(hlos !== null);
  const mapping = tableOf(hlos).map[hwirq.ownerIrq] ?? null;
  rmAssert(mapping !== null && mapping.state === IrqMapState.BOUND);
  rmAssert(rm.hv.hwirqUnbind(hwirq.cap) === HypError.OK);
  rmAssert(hwirqMap(rm, vm, irq, hw, true, false) === HypError.OK);
  mapping.state = IrqMapState.LENDING;
  const loan: IrqLoan = {
    handle: (rm.irqs.handleBase + hw) >>> 0,
    borrower: vm.vmid,
    borrowerIrq: irq,
    state: IrqLendState.NONE,
    label: 0xffff_ffff,
  };
  rm.irqs.loans[hw] = loan;
  loanEvent(rm, hw, loan, { type: 'LEND_STATIC' });
  return HypError.OK;
}
