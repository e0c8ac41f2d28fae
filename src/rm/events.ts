/**
 * RM's event queue: a FIFO in which each event is at most once (fact base: rm-rpc-transport 6.1). Interrupts of RM's VIC
 * queue the event that was registered for them.
 */
import { disableIrq, enableIrq } from './gic.js';
import type { Rm, RmEvent } from './types.js';

const same = (a: RmEvent, b: RmEvent): boolean =>
  a.kind === b.kind && a.vmid === b.vmid && (a.kind !== 'halt' || a.vcpu === (b as { vcpu: number }).vcpu);

/** Appends an event unless it is queued already. */
export function queueEvent(rm: Rm, event: RmEvent): void {
  for (const queued of rm.events) if (same(queued, event)) return;
  rm.events.push(event);
}

/** Removes an event that will never run (its owner is gone). */
export function cancelEvent(rm: Rm, event: RmEvent): void {
  const at = rm.events.findIndex((queued) => same(queued, event));
  if (at >= 0) rm.events.splice(at, 1);
}

export function registerIrq(rm: Rm, virq: number, event: RmEvent): void {
  rm.irqEvents[virq] = event;
  enableIrq(rm, virq);
}

/** Forgets the handler of an interrupt, and its event if it is waiting. */
export function deregisterIrq(rm: Rm, virq: number): void {
  const event = rm.irqEvents[virq];
  if (event == null) return;
  disableIrq(rm, virq);
  rm.irqEvents[virq] = null;
  cancelEvent(rm, event);
}

/** Acknowledges every pending interrupt of RM and queues its event. */
export function takeInterrupts(rm: Rm): void {
  for (;;) {
    const intid = rm.hv.port.takeIrq();
    if (intid === undefined) return;
    const event = rm.irqEvents[intid];
    if (event != null) queueEvent(rm, event);
  }
}
