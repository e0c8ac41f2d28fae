/** Looking for waiting interrupts (flags.ts) that fit into a list register now. Source: fact base vgic-and-timer 4.1. */
import { type Gic, setState, stateOf, vicOf, wake } from './context.js';
import { ACTIVE, EDGE, ENABLED, GROUP1, HW_ACTIVE, isPending, LISTED, priorityOf } from './dstate.js';
import { inRange, routeAllowed } from './flags.js';
import { listIrq, selectLr } from './listing.js';
import { firstEmptyHw, lrIsEmpty, lrPriority, lrState } from './lr.js';
import { type GicVcpu, LR_COUNT, NO_VIRQ, PRIORITY_LOWEST, type Vic } from './types.js';

type Listing = 'listed' | 'held back' | 'nothing';

function listIfPending(g: Gic, vic: Vic, v: GicVcpu, virq: number, limit: number, i: number): Listing {
  const old = stateOf(vic, v, virq);
  if ((old & ENABLED) === 0 || !isPending(old)) return 'nothing';
  if ((old & (LISTED | ACTIVE)) !== 0) return 'nothing';
  if (priorityOf(old) > limit || !((old & GROUP1) !== 0 ? v.group1 : v.group0)) return 'held back';
  if (!routeAllowed(v, old)) return 'nothing';
  const d = (old | LISTED) & ~(EDGE | HW_ACTIVE);
  setState(vic, v, virq, d);
  listIrq(g, vic, v, i, virq, d, (old & HW_ACTIVE) !== 0);
  return 'listed';
}

function findAtPriority(g: Gic, vic: Vic, v: GicVcpu, index: number, i: number): { listed: boolean; reset: boolean } {
  let reset = false;
  for (let word = 0; word < 2; word++) {
    let bits = v.searchRanges[index * 2 + word];
    while (bits !== 0) {
      const bit = 31 - Math.clz32(bits & -bits);
      bits &= bits - 1;
      const mask = (1 << bit) >>> 0;
      const at = index * 2 + word;
      v.searchRanges[at] = (v.searchRanges[at] & ~mask) >>> 0;
      let heldBack = false;
      const listed = inRange(word * 32 + bit, (virq) => {
        const result = listIfPending(g, vic, v, virq, index << 3, i);
        if (result === 'held back') heldBack = true;
        return result === 'listed';
      });
      if (heldBack) reset = true;
      if (listed || heldBack) v.searchRanges[at] = (v.searchRanges[at] | mask) >>> 0;
      if (listed) return { listed, reset };
    }
  }
  return { listed: false, reset };
}

/**
 * Lists the most urgent waiting interrupt that is more urgent than `limit` in register `i`. Priority 0xf8 is never found here:
 * the search stops before the last priority.
 */
function findPendingAndList(g: Gic, vic: Vic, v: GicVcpu, limit: number, i: number): boolean {
  const cutoff = limit >>> 3;
  const snapshot = v.searchPrios;
  for (let index = 0; index < cutoff; index++) {
    const mask = (1 << index) >>> 0;
    if ((snapshot & mask) === 0 || (v.searchPrios & mask) === 0) continue;
    v.searchPrios = (v.searchPrios & ~mask) >>> 0;
    const { listed, reset } = findAtPriority(g, vic, v, index, i);
    if (listed || reset) v.searchPrios = (v.searchPrios | mask) >>> 0;
    if (listed) return true;
  }
  return false;
}

/** After a maintenance interrupt of self: fills every empty register, or the least urgent active one. */
export function tryToListPending(g: Gic, v: GicVcpu): void {
  const vic = vicOf(g, v);
  let empty = 0;
  for (let i = 0; i < LR_COUNT; i++) if (lrIsEmpty(v.lrHw[i])) empty |= 1 << i;
  if (firstEmptyHw(v) < 0) {
    const chosen = selectLr(g, v, PRIORITY_LOWEST);
    if (chosen !== undefined) empty = 1 << chosen.lr;
  }
  for (let i = 0; i < LR_COUNT; i++) {
    if ((empty & (1 << i)) === 0) continue;
    if (findPendingAndList(g, vic, v, PRIORITY_LOWEST, i)) {
      wake(g, v);
    } else {
      v.npie = false;
      break;
    }
  }
}

/** Lists whatever waits and fits. Returns whether the vCPU has something new (or, asleep, something waiting). */
export function deliveryCheck(g: Gic, v: GicVcpu): boolean {
  const vic = vicOf(g, v);
  if (v.asleep) {
    v.npie = false;
    return v.searchPrios !== 0;
  }
  if (!v.group0 && !v.group1) {
    v.npie = false;
    return false;
  }
  let found = false;
  let cutoff = 32;
  while ((cutoff === 32 ? v.searchPrios : v.searchPrios & ((1 << cutoff) - 1)) !== 0) {
    let limit = 0;
    let at = 0;
    for (let i = 0; i < LR_COUNT; i++) {
      const lr = v.lr[i];
      if (v.lrVirq[i] === NO_VIRQ || lrIsEmpty(lr)) {
        at = i;
        limit = PRIORITY_LOWEST;
        break;
      }
      if (lrState(lr) !== 0 && lrPriority(lr) >= limit) {
        at = i;
        limit = lrPriority(lr);
      }
    }
    if (limit === 0 || !findPendingAndList(g, vic, v, limit, at)) break;
    found = true;
    cutoff = limit >>> 3;
  }
  v.npie = v.searchPrios !== 0;
  return found;
}
