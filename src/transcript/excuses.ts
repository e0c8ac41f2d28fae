/**
 * Differences that are no fault of the simulator: values of the emulated CPU, board and firmware, random numbers, and stops of the
 * hypervisor without a recorded cause. A rule never looks at a file's name.
 */
import { Call, Platform, SMCCC_HYPERCALL_BASE } from '../protocol/index.js';
import type { Header, TranscriptEvent } from './events.js';
import type { Difference } from './outcome.js';

export interface Excuse {
  readonly id: string;
  readonly reason: string;
  readonly covers: (event: TranscriptEvent, difference: Difference, header: Header) => boolean;
}

const PRNG_IMM = Platform.HYPERCALL_BASE + Call.PRNG_GET_ENTROPY;
const PRNG_ID = BigInt(SMCCC_HYPERCALL_BASE + Call.PRNG_GET_ENTROPY);
/** The function identifier of an SMCCC call: 32 bits without the hint that SVE is not in use. */
const functionOf = (x0: string | undefined): bigint => BigInt(x0 ?? '0x0') & 0xfffe_ffffn;
const TRNG_RND = new Set([0x8400_0053n, 0xc400_0053n]);
/** MRS Xt, RNDR and MRS Xt, RNDRRS without the register field. */
const MRS_RNDR = new Set([0xd53b2400 | 0, 0xd53b2420 | 0]);
const MRS_MASK = ~0x1f;
/** CPU_SUSPEND and CPU_DEFAULT_SUSPEND. */
const PSCI_SUSPEND = new Set([0x8400_0001n, 0xc400_0001n, 0x8400_000cn, 0xc400_000cn]);
const RNDR = /^RNDR(RS)?$/;
/** Identification, cache and feature registers. */
const CPU_ID =
  /^(MIDR|MPIDR|REVIDR|AIDR|CTR|CCSIDR|CCSIDR2|CLIDR|CSSELR|DCZID|GMID|SMIDR|ID_\w+|MVFR[012]|PMCEID\d|PMMIR|PMCR|CNTFRQ|RGSR|ERRIDR|LORID)_EL[01]$/;

const HVC_0 = 0xd400_0002;
const SMC_0 = 0xd400_0003;
const HVC_PRNG = HVC_0 + PRNG_IMM * 0x20;

/** Whether code asks the hypervisor for random words, given its first register. */
export function drawsEntropy(code: readonly string[], x0: string | undefined): boolean {
  const id = functionOf(x0);
  return code.some((text) => {
    const word = Number(text);
    return word === HVC_PRNG || ((word === HVC_0 || word === SMC_0) && (id === PRNG_ID || TRNG_RND.has(id)));
  });
}

/** Given by the replay itself, which knows what code the guest was asked to run. */
export const RANDOM_IN_GUEST = 'random-in-guest';
/** Given by the replay itself, which knows what was left unfinished. */
export const UNFINISHED_GUEST = 'unfinished-guest';

const EXCUSES: readonly Excuse[] = [
  {
    id: 'random-entropy',
    reason: 'prng_get_entropy returns random words',
    covers: (e, d) =>
      ((e.ev === 'hvc' && Number(e.imm) === PRNG_IMM) || (e.ev === 'smccc' && functionOf(e.x[0]) === PRNG_ID)) &&
      d.field !== 'r[0]',
  },
  {
    id: 'random-trng',
    reason: 'TRNG_RND returns random words',
    covers: (e, d) => e.ev === 'smccc' && TRNG_RND.has(functionOf(e.x[0])) && d.field !== 'r[0]',
  },
  {
    id: RANDOM_IN_GUEST,
    reason: 'random words that a guest asked for',
    covers: (_e, d) => d.excuse === RANDOM_IN_GUEST,
  },
  {
    id: 'random-register',
    reason: 'RNDR and RNDRRS are random',
    covers: (e, d) =>
      (e.ev === 'sysreg' && RNDR.test(e.name) && d.field === 'value') ||
      (e.ev === 'code' && e.code.some((word) => MRS_RNDR.has(Number(word) & MRS_MASK)) && d.field.startsWith('r[')),
  },
  {
    id: 'cpu-identification',
    reason: 'identification registers are those of the emulated CPU',
    covers: (e, d) => e.ev === 'sysreg' && CPU_ID.test(e.name) && d.field === 'value',
  },
  {
    id: 'firmware-suspend',
    reason: 'the emulated firmware never returns from the suspend states it does not know, and forgets wake-ups',
    covers: (e, d) =>
      d.field === 'running' &&
      d.expected === 'true' &&
      (e.ev === 'codeResult' || (e.ev === 'code' && PSCI_SUSPEND.has(BigInt(e.x[0] ?? '0x0')))),
  },
  {
    id: 'randomised-capabilities',
    reason:
      'the recording has randomised capability numbers, the replay has slot numbers: small numbers are valid here',
    covers: (e, d, header) => header.cspaceRandomisation === true && e.ev === 'hvc' && d.field.startsWith('r['),
  },
  {
    id: UNFINISHED_GUEST,
    reason: 'the code before this one was left unfinished: how far it came is timing',
    covers: (_e, d) => d.excuse === UNFINISHED_GUEST,
  },
  {
    id: 'hypervisor-stop',
    reason: 'the recorded hypervisor stopped, and what stopped it is not among the events',
    covers: (e, d) => e.ev === 'dead' && /no longer runs|no answer/.test(e.what) && d.field === 'dead',
  },
];

/** The rule that covers every difference of an event, if one does. */
export function excuseFor(
  event: TranscriptEvent,
  differences: readonly Difference[],
  header: Header,
): Excuse | undefined {
  return EXCUSES.find((rule) => differences.every((d) => rule.covers(event, d, header)));
}
