/** What capabilities of RM name, without the checks of a lookup. */
import { CapState, type CSpace, decodeCapId, NO_OBJECT } from '../../hyp/index.js';

/** Id of what a slot of a space names, or -1. Revoked capabilities name it too. */
export function namedAt(space: CSpace, slot: number): number {
  const table = slot < 0 ? undefined : space.tables[slot >> 8];
  if (table == null || table.state[slot & 0xff] === CapState.NULL) return NO_OBJECT;
  return table.object[slot & 0xff];
}

export const namedBy = (space: CSpace, cap: bigint): number => namedAt(space, decodeCapId(space, cap));
