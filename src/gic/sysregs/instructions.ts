/**
 * SYS instructions with a result that EL1 can see (fact base vcpu-and-scheduler 11): address translation with stage 1 off, and
 * which ones are UNDEFINED. Cache and TLB maintenance has no effect.
 */
import type { GuestException } from '../../hyp/ports.js';
import type { Thread } from '../../hyp/types.js';
import { setStored } from './access.js';
import { ESR_UNDEF } from './encoding.js';

/** PAR_EL1 of a flat stage 1 translation: the page, device memory, outer shareable. Stage 2 is not asked. */
const PAR_FLAT = 0xa00n;
const PAR_ADDRESS = 0x000f_ffff_ffff_f000n;

/** The exception that `SYS #op1, Cn, Cm, #op2, Xt` takes, or undefined when it is carried out. */
export function sysInstruction(
  thread: Thread,
  op1: number,
  crn: number,
  crm: number,
  op2: number,
  value: bigint,
): GuestException | undefined {
  const undefinedHere: GuestException = { esr: ESR_UNDEF, far: undefined };
  // Instructions for EL2 and EL3.
  if (op1 === 4 || op1 === 6) return undefinedHere;
  if (crn === 7 && crm === 8 && op1 === 0) {
    setStored(thread, 'PAR_EL1', (value & PAR_ADDRESS) | PAR_FLAT);
    return undefined;
  }
  // Memory tagging: DC GVA, DC GZVA and the tag forms of the other DC instructions.
  const isDc = crn === 7 && (op1 === 0 || op1 === 3);
  if (isDc && op1 === 3 && crm === 4 && (op2 === 3 || op2 === 4)) return undefinedHere;
  if (isDc && op1 === 0 && [6, 10, 14].includes(crm) && op2 > 2) return undefinedHere;
  if (isDc && op1 === 3 && [10, 12, 13, 14].includes(crm) && (op2 === 3 || op2 === 5)) return undefinedHere;
  return undefined;
}
