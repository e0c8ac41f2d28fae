/** VM_IRQ_LEND, ACCEPT, RELEASE, RECLAIM, NOTIFY (fact base: rm-rpc-messages 6). */
import { le16, le32, put16, put32 } from '../../base/index.js';
import { UNHANDLED } from '../../machine/index.js';
import { HypError, IrqLendState, IrqMapState, IrqNotifyFlag, Msg, RmError } from '../../protocol/index.js';
import { RmDeath } from '../death.js';
import type { Handler } from '../handler.js';
import { sendNotification } from '../link/send.js';
import { type Rm, type VmRecord, vmLookup } from '../types.js';
import { rmAssert } from '../vm/memory.js';
import { irqLoanLife } from './life.js';
import type { IrqLoanEvent } from './loan.machine.js';
import { hwirqMap, hwirqUnmap, tableOf } from './table.js';
import { type Hwirq, type IrqLoan, VIRQ_NONE } from './types.js';

/** Lets a loan's state machine take an event; false: not in this state. `none` removes the record. */
export function loanEvent(rm: Rm, hw: number, loan: IrqLoan, event: IrqLoanEvent): boolean {
  const step = irqLoanLife.next(loan.state, undefined as never, event);
  if (step === UNHANDLED) return false;
  loan.state = step.state;
  if (loan.state === IrqLendState.NONE) rm.irqs.loans[hw] = null;
  return true;
}

/** RM asserts that the payload exists before it looks at the length. */
function requirePayload(request: Uint8Array): void {
  if (request.length === 0) throw new RmDeath('ABORT', 'irq-empty-payload');
}

function caller(rm: Rm, from: number): VmRecord {
  const vm = vmLookup(rm, from);
  rmAssert(vm !== null);
  return vm;
}

/** The loan with this handle; handles are a base plus the interrupt number. */
function loanOf(rm: Rm, handle: number): { hw: number; loan: IrqLoan } | null {
  const hw = (handle - rm.irqs.handleBase) >>> 0;
  const loan = rm.irqs.loans[hw] ?? null;
  return loan === null ? null : { hw, loan };
}

/** Reply OK + one word. */
function wordReply(word: number): Uint8Array {
  const reply = new Uint8Array(8);
  put32(reply, 4, word);
  return reply;
}

const LEND_SIZE = 12;

export const lend: Handler = (rm, from, request) => {
  requirePayload(request);
  const table = tableOf(caller(rm, from));
  if (request.length !== LEND_SIZE) return RmError.MSG_INVALID;
  const mapping = table.map[le32(request, 4)] ?? null;
  if (mapping === null) return RmError.IRQ_INVALID;
  if (mapping.kind === 'hw' && mapping.state === IrqMapState.LENDING) return RmError.IRQ_INUSE;
  if (mapping.kind !== 'hw' || mapping.state !== IrqMapState.BOUND) return RmError.IRQ_INVALID;
  const hw = mapping.irq;
  const hwirq = rm.irqs.hwirqs[hw];
  if (hwirq === null || hwirq.owner !== from) return RmError.IRQ_INVALID;
  rmAssert(rm.irqs.loans[hw] === null && rm.hv.hwirqUnbind(hwirq.cap) === HypError.OK);
  mapping.state = IrqMapState.LENDING;
  const loan: IrqLoan = {
    handle: (rm.irqs.handleBase + hw) >>> 0,
    borrower: le16(request, 0),
    borrowerIrq: VIRQ_NONE,
    state: IrqLendState.NONE,
    label: le32(request, 8),
  };
  rm.irqs.loans[hw] = loan;
  loanEvent(rm, hw, loan, { type: 'LEND' });
  return wordReply(loan.handle);
};

const ACCEPT_SIZE = 8;

export const acceptIrq: Handler = (rm, from, request) => {
  requirePayload(request);
  const vm = caller(rm, from);
  if (request.length !== ACCEPT_SIZE) return RmError.MSG_INVALID;
  const found = loanOf(rm, le32(request, 0));
  if (found === null || found.loan.borrower !== from) return RmError.HANDLE_INVALID;
  const { hw, loan } = found;
  if (loan.state !== IrqLendState.OFFERED) return RmError.IN_USE;
  const wanted = le32(request, 4);
  // Whatever number is asked for, RM binds the hardware interrupt of that number.
  const irq = wanted === VIRQ_NONE ? hw : wanted;
  const error = hwirqMap(rm, vm, irq, irq, true, false);
  if (error === HypError.NOMEM) return RmError.NOMEM;
  if (error === HypError.DENIED) return RmError.DENIED;
  if (error !== HypError.OK) return RmError.ARGUMENT_INVALID;
  loanEvent(rm, hw, loan, { type: 'ACCEPT' });
  loan.borrowerIrq = irq;
  return wordReply(irq);
};

const HANDLE_SIZE = 4;

export const releaseIrq: Handler = (rm, from, request) => {
  requirePayload(request);
  const vm = caller(rm, from);
  if (request.length !== HANDLE_SIZE) return RmError.MSG_INVALID;
  const found = loanOf(rm, le32(request, 0));
  if (found === null || found.loan.borrower !== from) return RmError.HANDLE_INVALID;
  const { hw, loan } = found;
  if (loan.state !== IrqLendState.ACCEPTED) return RmError.IN_USE;
  if (hwirqUnmap(rm, vm, loan.borrowerIrq, true, false) !== HypError.OK) return RmError.ARGUMENT_INVALID;
  loanEvent(rm, hw, loan, { type: 'RELEASE' });
  loan.borrowerIrq = VIRQ_NONE;
  return RmError.OK;
};

export const reclaimIrq: Handler = (rm, from, request) => {
  requirePayload(request);
  const table = tableOf(caller(rm, from));
  if (request.length !== HANDLE_SIZE) return RmError.MSG_INVALID;
  const found = loanOf(rm, le32(request, 0));
  if (found === null || found.loan.borrower === from) return RmError.HANDLE_INVALID;
  const { hw, loan } = found;
  if (loan.state !== IrqLendState.OFFERED) return RmError.IN_USE;
  const hwirq = rm.irqs.hwirqs[hw];
  if (hwirq === null || hwirq.owner !== from) return RmError.IRQ_INVALID;
  const mapping = table.map[hwirq.ownerIrq] ?? null;
  // Both have to be wrong for RM to refuse it.
  if (mapping === null || (mapping.kind !== 'hw' && mapping.state !== IrqMapState.LENDING)) return RmError.IRQ_INVALID;
  rmAssert(rm.hv.hwirqBind(hwirq.cap, table.vic, mapping.irq) === HypError.OK);
  mapping.state = IrqMapState.BOUND;
  loanEvent(rm, hw, loan, { type: 'RECLAIM' });
  return RmError.OK;
};

const NOTIFY_SIZE = 8;
const LENT_SIZE = 12;

function notifyLent(rm: Rm, from: number, request: Uint8Array, hwirq: Hwirq, loan: IrqLoan): number {
  let listed = 0;
  if (request.length > NOTIFY_SIZE) {
    if (request.length < LENT_SIZE) return RmError.MSG_INVALID;
    listed = le16(request, NOTIFY_SIZE);
    if (request.length !== LENT_SIZE + 4 * listed) return RmError.MSG_INVALID;
  }
  if (hwirq.owner !== from) return RmError.HANDLE_INVALID;
  if (loan.state !== IrqLendState.OFFERED) return RmError.IRQ_INUSE;
  if (listed > 1 || (listed === 1 && le16(request, LENT_SIZE) !== loan.borrower)) return RmError.ARGUMENT_INVALID;
  const payload = new Uint8Array(12);
  put16(payload, 0, hwirq.owner);
  put32(payload, 4, loan.handle);
  put32(payload, 8, loan.label);
  sendNotification(rm, loan.borrower, Msg.N_VM_IRQ_LENT, payload, 'irq-notify-without-link');
  return RmError.OK;
}

function notifyIrqOwner(rm: Rm, hwirq: Hwirq, loan: IrqLoan, id: number): number {
  const payload = new Uint8Array(4);
  put32(payload, 0, loan.handle);
  sendNotification(rm, hwirq.owner, id, payload, 'irq-notify-without-link');
  return RmError.OK;
}

export const notifyIrq: Handler = (rm, from, request) => {
  requirePayload(request);
  tableOf(caller(rm, from));
  if (request.length < NOTIFY_SIZE) return RmError.MSG_INVALID;
  const flags = le32(request, 4);
  if (flags !== IrqNotifyFlag.LENT && request.length !== NOTIFY_SIZE) return RmError.MSG_INVALID;
  const found = loanOf(rm, le32(request, 0));
  if (found === null) return RmError.HANDLE_INVALID;
  const { hw, loan } = found;
  const hwirq = rm.irqs.hwirqs[hw];
  rmAssert(hwirq !== null);
  switch (flags) {
    case IrqNotifyFlag.LENT:
      return notifyLent(rm, from, request, hwirq, loan);
    case IrqNotifyFlag.RELEASED:
      if (loan.borrower !== from) return RmError.HANDLE_INVALID;
      if (loan.state !== IrqLendState.OFFERED) return RmError.IRQ_INUSE;
      return notifyIrqOwner(rm, hwirq, loan, Msg.N_VM_IRQ_RELEASED);
    case IrqNotifyFlag.ACCEPTED:
      if (loan.borrower !== from) return RmError.HANDLE_INVALID;
      if (loan.state !== IrqLendState.ACCEPTED) return RmError.IRQ_RELEASED;
      return notifyIrqOwner(rm, hwirq, loan, Msg.N_VM_IRQ_ACCEPTED);
    default:
      return RmError.ARGUMENT_INVALID;
  }
};
