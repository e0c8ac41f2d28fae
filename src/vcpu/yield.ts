/** `scheduler_yield`, plain and directed: what it changes before the schedule step. Source: fact base vcpu 3.6 and 4. */
import type { Hypervisor } from '../hyp/index.js';
import { cpuOf, NO_THREAD, type Vcpu, vcpuOf } from './types.js';

/** `scheduler_yield`, hint 0: ends the directed yield that lent the slot, or gives up the rest of the slice. */
export function endSlice(hyp: Hypervisor, v: Vcpu): void {
  const s = cpuOf(hyp, v.running);
  if (s.yieldedFrom !== NO_THREAD) vcpuOf(hyp, s.yieldedFrom).yielding = false;
  // The elapsed part is taken off first, so that nothing of the slice is left at the step.
  else v.sliceLeftNs = 0;
}

/**
 * Directed yield (vcpu 4). `started`: the caller owns a yield that ends when it is back in control ({@link endYield}).
 * `redirected`: it ran on a borrowed slot, whose yield ended or now names `target`. `skipped`: it has a pending wake-up and
 * goes on at once, unless `deaf`.
 */
export function startYield(hyp: Hypervisor, v: Vcpu, target: Vcpu, deaf = false): 'started' | 'redirected' | 'skipped' {
  const s = cpuOf(hyp, v.running);
  if (s.yieldedFrom === target.id) {
    target.yielding = false;
    return 'redirected';
  }
  if (s.yieldedFrom !== NO_THREAD) {
    const outer = vcpuOf(hyp, s.yieldedFrom);
    hyp.unref(outer.yieldTo);
    outer.yieldTo = hyp.ref(target.id);
    return 'redirected';
  }
  if (!deaf && hyp.vic?.hasPendingWakeup(v)) return 'skipped';
  v.pins++;
  v.yieldTo = hyp.ref(target.id);
  v.yielding = true;
  return 'started';
}

/** The caller is back in control after its own directed yield. */
export function endYield(hyp: Hypervisor, v: Vcpu): void {
  v.yieldTo = hyp.unref(v.yieldTo);
  v.pins--;
}
