/** Interrupts as a program in TypeScript takes them: acknowledge and end, without machine code. */
import type { Thread } from '../hyp/types.js';
import type { Gic } from './context.js';
import { readIar, SPURIOUS, signalledException } from './cpuif.js';
import { onBehalfOf } from './events.js';
import { Icc, writeIcc } from './icc.js';
import type { GicThread } from './types.js';

/** Acknowledges the interrupt that the GIC signals to the vCPU, whatever its PSTATE masks; undefined when there is none. */
export function takeInterrupt(g: Gic, thread: Thread): number | undefined {
  const v = (thread as GicThread).gic;
  if (v === undefined || v.owner < 0) return undefined;
  const signalled = signalledException(v);
  if (signalled === undefined) return undefined;
  const group = signalled === 'irq' ? 1 : 0;
  const intid = onBehalfOf(g, thread.id, () => readIar(v, group));
  return intid === SPURIOUS ? undefined : intid;
}

/** Ends it: priority drop and, with EOImode 0, deactivation. `group` 1 unless it was taken as FIQ. */
export function endInterrupt(g: Gic, thread: Thread, intid: number, group: 0 | 1 = 1): void {
  const v = (thread as GicThread).gic;
  if (v === undefined || v.owner < 0) return;
  onBehalfOf(g, thread.id, () => writeIcc(g, v, group === 1 ? Icc.EOIR1 : Icc.EOIR0, BigInt(intid)));
}
