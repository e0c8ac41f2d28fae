/** System registers that a vCPU just holds: an array of slots, made when the first is used. */
import { SimBug, u64 } from '../../base/index.js';
import type { Thread } from '../../hyp/types.js';
import type { GicThread } from '../types.js';
import { SET_CLEAR, SLOT_BY_NAME, STORED } from './table.js';

/** What system registers need of a vCPU, beside the GIC part. */
export interface SysregThread extends GicThread {
  sys?: BigUint64Array;
}

/** The stored registers of a vCPU; two more slots per set/clear pair's mask and the random generator follow them. */
export function stored(t: SysregThread): BigUint64Array {
  if (t.sys === undefined) {
    t.sys = new BigUint64Array(STORED.length + SET_CLEAR.length + 1);
    STORED.forEach((register, slot) => {
      (t.sys as BigUint64Array)[slot] = register.reset;
    });
  }
  return t.sys;
}

function slotOf(name: string): number {
  const slot = SLOT_BY_NAME.get(name);
  if (slot === undefined) throw new SimBug(`no stored register ${name}`);
  return slot;
}

/** A stored register by name, for exception entry (ESR_EL1, ELR_EL1 ..) and inspection. */
export const getStored = (t: Thread, name: string): bigint => stored(t)[slotOf(name)];
export function setStored(t: Thread, name: string, value: bigint): void {
  stored(t)[slotOf(name)] = u64(value);
}

/** What both registers of a set/clear pair show. */
export const getPair = (t: Thread, pair: number): bigint => stored(t)[STORED.length + pair];
export function setPair(t: Thread, pair: number, value: bigint): void {
  stored(t)[STORED.length + pair] = value;
}
