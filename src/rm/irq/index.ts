/**
 * Interrupt manager: numbers of every VM and of RM itself, hardware interrupts, lending. Public face of the irq files.
 * Models rm-rpc-messages 6 and rm-state-machines 6 of the fact base. Leaves out passthrough devices and reserved
 * interrupts, which this platform does not configure, and VM_IRQ_UNMAP, which RM does not implement.
 */
import { Msg } from '../../protocol/index.js';
import type { Handler } from '../handler.js';
import { acceptIrq, lend, notifyIrq, reclaimIrq, releaseIrq } from './loans.js';

export { releaseIrqs, vmIrqDeinit, vmIrqReset } from './reset.js';
export {
  allocGlobal,
  createIrqState,
  freeGlobal,
  mapAllDirect,
  virqMap,
  virqUnmap,
  vmIrqInit,
} from './table.js';

export const irqHandlers: Record<number, Handler> = {
  [Msg.VM_IRQ_ACCEPT]: acceptIrq,
  [Msg.VM_IRQ_LEND]: lend,
  [Msg.VM_IRQ_RELEASE]: releaseIrq,
  [Msg.VM_IRQ_RECLAIM]: reclaimIrq,
  [Msg.VM_IRQ_NOTIFY]: notifyIrq,
};
