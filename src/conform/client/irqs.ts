/** Interrupts lent to the client or by it (fact base: clients 5.3, rm-state-machines 6). */
import { le32, put16, put32 } from '../../base/index.js';
import { Msg, Platform } from '../../protocol/index.js';
import type { VmManager } from './vm.js';
import { errorText, isOk, type ManagedVm, type Step } from './vm-types.js';

const word = (v: number): Uint8Array => {
  const b = new Uint8Array(4);
  put32(b, 0, v);
  return b;
};

/** Resources without an interrupt but with a handle: the interrupt is there to be accepted. */
export function* acceptIrqs(m: VmManager, vm: ManagedVm): Step<string | undefined> {
  for (const r of vm.resources) {
    if (r.virq !== Platform.VIRQ_NONE || r.virqHandle === 0 || m.bug('irq-handle-ignored')) continue;
    const b = new Uint8Array(8);
    put32(b, 0, r.virqHandle);
    put32(b, 4, Platform.VIRQ_NONE);
    const end = yield* m.call(Msg.VM_IRQ_ACCEPT, b);
    if (!isOk(end) || end.data.length < 4) return `VM_IRQ_ACCEPT: ${errorText(end)}`;
    r.virq = le32(end.data, 0);
    vm.accepted.push(r.virqHandle);
  }
  return undefined;
}

/** What was accepted is released before the reset. */
export function* releaseIrqs(m: VmManager, vm: ManagedVm): Step<void> {
  for (const handle of vm.accepted.splice(0)) {
    if (m.bug('accepted-irq-kept')) continue;
    yield* m.call(Msg.VM_IRQ_RELEASE, word(handle));
  }
}

export function* lendIrq(m: VmManager, vm: ManagedVm): Step<string | undefined> {
  const { irq } = vm.plan;
  if (irq === undefined) return undefined;
  const b = new Uint8Array(12);
  put16(b, 0, vm.vmid ?? 0);
  put32(b, 4, irq.virq);
  put32(b, 8, irq.label);
  const end = yield* m.call(Msg.VM_IRQ_LEND, b);
  if (!isOk(end) || end.data.length < 4) return `VM_IRQ_LEND: ${errorText(end)}`;
  vm.irqHandle = le32(end.data, 0);
  return undefined;
}

/** After the reset of the borrower the interrupt can be taken back. */
export function* reclaimIrq(m: VmManager, vm: ManagedVm): Step<string | undefined> {
  if (vm.irqHandle === undefined || m.bug('lent-irq-forgotten')) return undefined;
  const end = yield* m.call(Msg.VM_IRQ_RECLAIM, word(vm.irqHandle));
  if (!isOk(end)) return `VM_IRQ_RECLAIM: ${errorText(end)}`;
  vm.irqHandle = undefined;
  return undefined;
}
