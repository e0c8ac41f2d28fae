import type { TranscriptEvent } from './events.js';
import type { Difference } from './outcome.js';

/** Differences that are no fault of the simulator: values of the emulated CPU, board and firmware, random numbers, and stops of the
 * hypervisor that a simulator need not copy. A rule never looks at a file's name; each has its reason.
 */
export interface Excuse {
  readonly id: string;
  readonly reason: string;
  readonly covers: (event: TranscriptEvent, difference: Difference) => boolean;
}

const PRNG_IMM = 0x6057;
const TRNG_RND = new Set([0x8400_0053n, 0xc400_0053n]);
const RNDR = /^RNDR(RS)?$/;
/** Identification, cache and feature registers. */
const CPU_ID =
  /^(MIDR|MPIDR|REVIDR|AIDR|CTR|CCSIDR|CCSIDR2|CLIDR|CSSELR|DCZID|GMID|SMIDR|ID_\w+|MVFR[012]|PMCEID\d|PMMIR|PMCR|CNTFRQ|RGSR|ERRIDR|LORID)_EL[01]$/;

export const EXCUSES: readonly Excuse[] = [
  {
    id: 'random-entropy',
    reason: 'prng_get_entropy returns random words',
    covers: (e, d) => e.ev === 'hvc' && Number(e.imm) === PRNG_IMM && d.field !== 'r[0]',
  },
  {
    id: 'random-trng',
    reason: 'TRNG_RND returns random words',
    covers: (e, d) => e.ev === 'smccc' && TRNG_RND.has(BigInt(e.x[0] ?? '0x0')) && d.field !== 'r[0]',
  },
  {
    id: 'random-register',
    reason: 'RNDR and RNDRRS are random',
    covers: (e, d) => e.ev === 'sysreg' && RNDR.test(e.name) && d.field === 'value',
  },
  {
    id: 'cpu-identification',
    reason: 'identification registers are those of the emulated CPU',
    covers: (e, d) => e.ev === 'sysreg' && CPU_ID.test(e.name) && d.field === 'value',
  },
  {
    id: 'hypervisor-stop',
    reason: 'the recorded hypervisor stopped on an assertion or in an endless loop',
    covers: (e, d) => e.ev === 'dead' && /hypervisor|no answer/.test(e.what) && d.field === 'dead',
  },
];

/** The rule that covers every difference of an event, if one does. */
export function excuseFor(event: TranscriptEvent, differences: readonly Difference[]): Excuse | undefined {
  return EXCUSES.find((rule) => differences.every((d) => rule.covers(event, d)));
}
