/**
 * SYS instructions with a result that EL1 can see (fact base vcpu-and-scheduler 11): address translation with stage 1 off, and
 * which ones are UNDEFINED. Cache and TLB maintenance has no effect.
 */
import type { GuestException } from '../../hyp/ports.js';
import type { Thread } from '../../hyp/types.js';

import { ESR_UNDEF } from './encoding.js';
import { setStored } from './store.js';

/** PAR_EL1 of a flat stage 1 translation: the page, device memory, outer shareable. Stage 2 is not asked. */
const PAR_FLAT = 0xa00n;
const PAR_ADDRESS = 0x000f_ffff_ffff_f000n;

/** PAR_EL1 of an address that stage 1 refuses: address size fault of level 0. */
const PAR_SIZE_FAULT = 0x801n;
const VA_LIMIT = 1n << 52n;

/** The instructions that the emulated CPU has at EL1: op2 by op1, CRn and CRm. */
const ALLOCATED: ReadonlyMap<string, readonly number[]> = new Map<string, readonly number[]>([
  // IC IALLUIS, IC IALLU, DC IVAC and ISW, AT S1E1 and S1E0, AT S1E1 with PAN, DC CSW, DC CISW.
  ['0 7 1', [0]],
  ['0 7 5', [0]],
  ['0 7 6', [1, 2]],
  ['0 7 8', [0, 1, 2, 3]],
  ['0 7 9', [0, 1]],
  ['0 7 10', [2]],
  ['0 7 14', [2]],
  // TLBI: outer shareable, inner shareable, this CPU; by range in between.
  ...[1, 3, 7].map((crm) => [`0 8 ${crm}`, [0, 1, 2, 3, 5, 7]] as const),
  ...[2, 5, 6].map((crm) => [`0 8 ${crm}`, [1, 3, 5, 7]] as const),
  // CFP, DVP, CPP; DC ZVA; IC IVAU; DC CVAC, CVAU, CVAP, CVADP, CIVAC.
  ['3 7 3', [4, 5, 7]],
  ['3 7 4', [1]],
  ['3 7 5', [1]],
  ...[10, 11, 12, 13, 14].map((crm) => [`3 7 ${crm}`, [1]] as const),
]);

/** The exception that `SYS #op1, Cn, Cm, #op2, Xt` takes, or undefined when it is carried out. */
export function sysInstruction(
  thread: Thread,
  op1: number,
  crn: number,
  crm: number,
  op2: number,
  value: bigint,
): GuestException | undefined {
  if (ALLOCATED.get(`${op1} ${crn} ${crm}`)?.includes(op2) !== true) return { esr: ESR_UNDEF, far: undefined };
  const isTranslation = op1 === 0 && crn === 7 && (crm === 8 || crm === 9);
  if (isTranslation)
    setStored(thread, 'PAR_EL1', value >= VA_LIMIT ? PAR_SIZE_FAULT : (value & PAR_ADDRESS) | PAR_FLAT);
  return undefined;
}
