/**
 * EL1 system registers other than the trapped ID block, the GIC's and the timers': which exist, what they hold after reset,
 * which bits a write keeps. Everything else is UNDEFINED. Source: fact base vcpu-and-scheduler 11 with "Corrections" (observed on
 * the emulated CPU); resets that the hypervisor does not make are 0.
 */
import { Platform } from '../../protocol/index.js';
import { sysreg } from './encoding.js';
import type { FpUnit } from './fp-access.js';

const ALL_BITS = 0xffff_ffff_ffff_ffffn;

export interface StoredRegister {
  name: string;
  reset: bigint;
  /** Bits that a write replaces. 0: writes are ignored. */
  mask: bigint;
  /** Writes are UNDEFINED. */
  readOnly?: boolean;
  /** What a write makes of its value, where that is more than a mask. */
  written?: (value: bigint) => bigint;
}

const rw = (name: string, mask = ALL_BITS, reset = 0n): StoredRegister => ({ name, reset, mask });
const ro = (name: string, reset = 0n): StoredRegister => ({ name, reset, mask: 0n, readOnly: true });
const wi = (name: string, reset = 0n): StoredRegister => ({ name, reset, mask: 0n });

/** Bits of DBGBCRn_EL1 that copy the one below them: BAS is 0 or 15. */
const breakpointControl = (value: bigint): bigint => {
  const copied = ((value & 0x20n) << 1n) | ((value & 0x80n) << 1n);
  return (value & ~0x140n) | copied;
};

export const EVENT_COUNTERS = 6;
const BREAKPOINTS = 6;
const WATCHPOINTS = 4;
const COUNTER_BITS = 0x8000_003fn;

function rows(): [enc: number, register: StoredRegister][] {
  const list: [number, StoredRegister][] = [
    [sysreg(3, 3, 0, 0, 1), ro('CTR_EL0', 0x8444_c004n)],
    [sysreg(3, 3, 0, 0, 7), ro('DCZID_EL0', 0x4n)],
    [sysreg(3, 1, 0, 0, 1), ro('CLIDR_EL1', 0x0200_0023n)],
    [sysreg(3, 2, 0, 0, 0), rw('CSSELR_EL1', 0xfn)],
    [sysreg(3, 0, 1, 0, 1), wi('ACTLR_EL1')],
    [sysreg(3, 0, 1, 0, 2), rw('CPACR_EL1')],
    [sysreg(3, 0, 1, 2, 0), rw('ZCR_EL1', 0xfn)],
    [sysreg(3, 0, 1, 2, 4), rw('SMPRI_EL1', 0n)],
    [sysreg(3, 0, 2, 0, 0), rw('TTBR0_EL1')],
    [sysreg(3, 0, 2, 0, 1), rw('TTBR1_EL1')],
    [sysreg(3, 0, 2, 0, 2), rw('TCR_EL1')],
    [sysreg(3, 0, 4, 0, 0), rw('SPSR_EL1')],
    [sysreg(3, 0, 4, 0, 1), rw('ELR_EL1')],
    [sysreg(3, 3, 4, 4, 0), rw('FPCR', 0x07ff_0000n)],
    [sysreg(3, 3, 4, 4, 1), rw('FPSR', 0xf800_009fn)],
    [sysreg(3, 0, 5, 1, 0), rw('AFSR0_EL1', 0n)],
    [sysreg(3, 0, 5, 1, 1), rw('AFSR1_EL1', 0n)],
    [sysreg(3, 0, 5, 2, 0), rw('ESR_EL1')],
    [sysreg(3, 0, 6, 0, 0), rw('FAR_EL1')],
    [sysreg(3, 0, 7, 4, 0), rw('PAR_EL1')],
    [sysreg(3, 0, 9, 14, 6), ro('PMMIR_EL1')],
    [sysreg(3, 0, 10, 2, 0), rw('MAIR_EL1')],
    [sysreg(3, 0, 10, 3, 0), rw('AMAIR_EL1', 0n)],
    [sysreg(3, 0, 12, 0, 0), rw('VBAR_EL1', ALL_BITS & ~0x1fn)],
    [sysreg(3, 0, 12, 1, 1), rw('DISR_EL1')],
    [sysreg(3, 0, 13, 0, 1), rw('CONTEXTIDR_EL1')],
    [sysreg(3, 0, 13, 0, 4), rw('TPIDR_EL1')],
    [sysreg(3, 3, 13, 0, 2), rw('TPIDR_EL0')],
    [sysreg(3, 3, 13, 0, 3), rw('TPIDRRO_EL0')],
    [sysreg(3, 3, 13, 0, 5), rw('TPIDR2_EL0')],
    [sysreg(3, 3, 14, 0, 0), ro('CNTFRQ_EL0', BigInt(Platform.TIMER_FREQ_HZ))],
    [sysreg(3, 0, 14, 1, 0), rw('CNTKCTL_EL1')],
    [sysreg(3, 3, 9, 12, 0), rw('PMCR_EL0', 0xf9n, 0x4101_3000n)],
    [sysreg(3, 3, 9, 12, 5), rw('PMSELR_EL0', 0x1fn)],
    [sysreg(3, 3, 9, 12, 6), ro('PMCEID0_EL0', 0x2_0001n)],
    [sysreg(3, 3, 9, 12, 7), ro('PMCEID1_EL0', 0x1000_0018n)],
    [sysreg(3, 3, 9, 13, 0), rw('PMCCNTR_EL0')],
    [sysreg(3, 3, 9, 14, 0), rw('PMUSERENR_EL0', 0xfn)],
    [sysreg(3, 3, 14, 15, 7), rw('PMCCFILTR_EL0', 0xfc00_0000n)],
    [sysreg(2, 0, 0, 2, 0), rw('MDCCINT_EL1', 0n)],
    [sysreg(2, 0, 0, 2, 2), rw('MDSCR_EL1')],
    [sysreg(2, 0, 1, 0, 0), ro('MDRAR_EL1')],
    [sysreg(2, 0, 1, 0, 4), wi('OSLAR_EL1')],
    [sysreg(2, 0, 1, 1, 4), ro('OSLSR_EL1')],
    [sysreg(2, 0, 1, 3, 4), wi('OSDLR_EL1')],
    [sysreg(2, 3, 0, 1, 0), ro('MDCCSR_EL0')],
    // Registers of the emulated CPU's own: names are their encodings.
    [sysreg(3, 1, 11, 0, 2), wi('S3_1_C11_C0_2', 0x0700_0000n)],
    [sysreg(3, 1, 11, 0, 3), wi('S3_1_C11_C0_3')],
    [sysreg(3, 1, 15, 0, 0), wi('S3_1_C15_C0_0')],
    [sysreg(3, 1, 15, 2, 0), wi('S3_1_C15_C2_0')],
    [sysreg(3, 1, 15, 2, 1), wi('S3_1_C15_C2_1')],
    [sysreg(3, 1, 15, 2, 2), wi('S3_1_C15_C2_2')],
    [sysreg(3, 1, 15, 2, 3), wi('S3_1_C15_C2_3')],
    [sysreg(3, 1, 15, 3, 0), ro('S3_1_C15_C3_0', 0x0800_0000n)],
  ];
  for (let n = 0; n < EVENT_COUNTERS; n++) {
    list.push([sysreg(3, 3, 14, 8, n), rw(`PMEVCNTR${n}_EL0`)]);
    list.push([sysreg(3, 3, 14, 12, n), rw(`PMEVTYPER${n}_EL0`, 0xfe00_ffffn)]);
  }
  for (let n = 0; n < BREAKPOINTS; n++) {
    list.push(
      [sysreg(2, 0, 0, n, 4), rw(`DBGBVR${n}_EL1`)],
      [sysreg(2, 0, 0, n, 5), { ...rw(`DBGBCR${n}_EL1`), written: breakpointControl }],
    );
  }
  for (let n = 0; n < WATCHPOINTS; n++) {
    list.push(
      [sysreg(2, 0, 0, n, 6), rw(`DBGWVR${n}_EL1`, ALL_BITS & ~3n)],
      [sysreg(2, 0, 0, n, 7), rw(`DBGWCR${n}_EL1`)],
    );
  }
  return list;
}

/** Registers held per vCPU, in slot order. */
export const STORED: readonly StoredRegister[] = rows().map(([, register]) => register);
export const SLOT_BY_ENCODING: ReadonlyMap<number, number> = new Map(rows().map(([enc], slot) => [enc, slot]));
export const SLOT_BY_NAME: ReadonlyMap<string, number> = new Map(STORED.map((register, slot) => [register.name, slot]));

/** Set and clear views of one bit mask each: [name, set register, clear register]. */
export const SET_CLEAR: readonly (readonly [name: string, set: number, clear: number])[] = [
  ['PMCNTEN', sysreg(3, 3, 9, 12, 1), sysreg(3, 3, 9, 12, 2)],
  ['PMOVS', sysreg(3, 3, 9, 14, 3), sysreg(3, 3, 9, 12, 3)],
  ['PMINTEN', sysreg(3, 0, 9, 14, 1), sysreg(3, 0, 9, 14, 2)],
];
/** Indices in {@link SET_CLEAR}. */
export const PMCNTEN = 0;
export const PMOVS = 1;
export const PMINTEN = 2;
export const SET_CLEAR_BITS = COUNTER_BITS;

/** Registers of the units that CPACR_EL1 gives to EL1 or not. */
export const UNIT_OF: ReadonlyMap<number, FpUnit> = new Map<number, FpUnit>([
  [sysreg(3, 3, 4, 4, 0), 'fp'], // FPCR
  [sysreg(3, 3, 4, 4, 1), 'fp'], // FPSR
  [sysreg(3, 0, 1, 2, 0), 'sve'], // ZCR_EL1
  [sysreg(3, 0, 1, 2, 6), 'sme'], // SMCR_EL1
  [sysreg(3, 3, 4, 2, 2), 'sme'], // SVCR
]);

/** CCSIDR_EL1 by the cache that CSSELR_EL1 selects. */
export const CCSIDR: readonly bigint[] = [0x701f_e00an, 0x201f_e012n, 0x70ff_e07an];
