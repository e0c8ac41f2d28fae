/** Devices outside of the simulated machine: all that they do is to raise physical interrupts. */
import { gicOfHyp, type Hwirq, raiseHwirq } from '../gic/index.js';
import { ObjectType } from '../protocol/index.js';
import type { Simulator } from './simulator.js';

/** What has become of a raised interrupt. */
export type Raised =
  /** Delivered to the VIC that it is bound to, as this number. */
  | { kind: 'delivered'; vic: number; virq: number }
  /** The last one has not been ended. */
  | { kind: 'active' }
  /** Bound, but its VM has not enabled it. */
  | { kind: 'disabled' }
  /** Lent out and not accepted yet, or never given to anyone. */
  | { kind: 'unbound' }
  | { kind: 'unknown' };

/** A device raises a shared physical interrupt (INTID 32 and up) once: it stays active until its VM ends it. */
export function raiseInterrupt(sim: Simulator, intid: number): Raised {
  sim.onInput?.({ op: 'raise', intid });
  const { hyp } = sim;
  const id = hyp.ofType[ObjectType.HWIRQ].find((n) => hyp.get<Hwirq>(n).irq === intid);
  if (id === undefined) return { kind: 'unknown' };
  const hwirq = hyp.get<Hwirq>(id);
  const { vic, virq } = hwirq.source;
  if (vic < 0) return { kind: 'unbound' };
  if (hwirq.active) return { kind: 'active' };
  if (!raiseHwirq(gicOfHyp(hyp), hwirq, 0)) return { kind: 'disabled' };
  sim.settle();
  return { kind: 'delivered', vic, virq };
}
