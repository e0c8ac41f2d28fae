/** Interrupts as a program in TypeScript takes them: acknowledge and end, without machine code. */
import type { Thread } from '../hyp/types.js';
import type { Gic } from './context.js';
import { acknowledge, signalledLr } from './cpuif.js';
import { beginWork, endWork } from './events.js';
import { endOfInterrupt } from './icc.js';
import type { GicThread } from './types.js';

/** Acknowledges the interrupt that the GIC signals to the vCPU, whatever its PSTATE masks; undefined when there is none. */
export function takeInterrupt(g: Gic, thread: Thread): number | undefined {
  const v = (thread as GicThread).gic;
  if (v === undefined || v.owner < 0) return undefined;
  const lr = signalledLr(v);
  if (lr < 0) return undefined;
  const before = beginWork(g, thread.id);
  const intid = acknowledge(v, lr);
  endWork(g, thread.id, before);
  return intid;
}

/** Ends it: priority drop and, with EOImode 0, deactivation. `group` 1 unless it was taken as FIQ. */
export function endInterrupt(g: Gic, thread: Thread, intid: number, group: 0 | 1 = 1): void {
  const v = (thread as GicThread).gic;
  if (v === undefined || v.owner < 0) return;
  const before = beginWork(g, thread.id);
  endOfInterrupt(g, v, group, intid);
  endWork(g, thread.id, before);
}
