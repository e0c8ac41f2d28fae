/**
 * Who may use floating point, SVE and SME at EL1: CPACR_EL1 says so, unit by unit, and the first that it refuses names the class of
 * the exception (Arm ARM D13.2.33). Floating point stands behind both others. SME is switched on for nobody: past CPACR_EL1 it
 * traps to the hypervisor, which does not expect that.
 */
import type { Hypervisor } from '../../hyp/hypervisor.js';
import type { GuestException } from '../../hyp/ports.js';

export type FpUnit = 'fp' | 'sve' | 'sme';

/** Lowest bit of the two that CPACR_EL1 has for a unit: EL1 traps unless it is set. */
const ENABLE = { fp: 1n << 20n, sve: 1n << 16n, sme: 1n << 24n } as const;
/** Class 0x07 as A64 reports it: condition valid, "always". */
const ESR_FP = 0x1fe0_0000;
const ESR = { fp: ESR_FP, sve: 0x6600_0000, sme: 0x7600_0000 } as const;

/** The trap that an instruction of `unit` takes, or undefined. May stop the hypervisor. */
export function fpTrap(hyp: Hypervisor, cpacr: bigint, unit: FpUnit): GuestException | undefined {
  if ((cpacr & ENABLE[unit]) === 0n) return { esr: ESR[unit], far: undefined };
  if ((cpacr & ENABLE.fp) === 0n) return { esr: ESR_FP, far: undefined };
  if (unit === 'sme') unexpectedTrap(hyp, 'SME');
  return undefined;
}

/** The hypervisor got an exception class from a guest that it has no handler for. */
export function unexpectedTrap(hyp: Hypervisor, of: string): void {
  hyp.dead ??= { what: `abort: unexpected trap of ${of}`, rule: 'hyp-unexpected-trap' };
}
