/**
 * Exclusive, ordered and atomic accesses of machine code. Expected values: the emulated CPU of the recordings (no FEAT_LSE2;
 * Arm ARM B2.5.2), recorded for these instruction words one by one.
 */
import { expect, test } from 'vitest';
import { HostVcpu, Simulator } from '../../src/sim/index.js';

const RAM = 0x6000_0000n;
const NOWHERE = 0x9000_0000n;

const LDXRH = 0x485f7c01;
const LDXR = 0x885f7c01;
const STXR = 0x88027c03;
const STXR_X = 0xc8027c03;
const LDXP = 0x887f0c01;
const STXP = 0x88220c03;
const LDAR = 0x88dffc01;
const STLR = 0x889ffc01;
const LDAPR = 0xb8bfc001;
const CAS = 0x88a27c01;
const LDADD = 0xb8220001;
const LDR = 0xb9400001;
const CLREX = 0xd5033f5f;
const HVC_YIELD = 0xd40c0762;

const start = (): HostVcpu => {
  const sim = new Simulator();
  sim.bootPrimary();
  return new HostVcpu(sim, sim.primaryVcpu()?.id ?? -1);
};

function fault(word: number, va: bigint): string {
  const { outcome } = start().runCode([word], [va, 0n, 0n, 0n]);
  return outcome.kind === 'exception' ? (outcome.exception.esr >>> 0).toString(16) : outcome.kind;
}

test.each([
  ['ldxrh', LDXRH, 1n, '96000021'],
  ['ldxr', LDXR, 2n, '96000021'],
  ['ldxp of words, aligned to one word', LDXP, 4n, '96000021'],
  ['ldar', LDAR, 2n, '96000021'],
  ['stlr', STLR, 2n, '96000061'],
  ['cas', CAS, 2n, '96000061'],
  ['ldadd', LDADD, 2n, '96000061'],
])('%s must be aligned, whatever is there', (_, word, offset, esr) => {
  expect(fault(word, RAM + offset)).toBe(esr);
  expect(fault(word, NOWHERE + offset)).toBe(esr);
});

test('a plain load and ldapr need not be aligned, and an aligned exclusive load of nothing is an external abort', () => {
  expect(fault(LDR, RAM + 2n)).toBe('done');
  expect(fault(LDAPR, RAM + 2n)).toBe('done');
  expect(fault(LDAPR, NOWHERE + 1n)).toBe('96000010');
  expect(fault(LDXR, NOWHERE)).toBe('96000010');
});

test('dc zva reports the very address that it was given, and zeroes only its block', () => {
  const { outcome } = start().runCode([0xd50b7420], [NOWHERE + 5n]);
  expect(outcome).toMatchObject({ kind: 'exception', exception: { esr: 0x9600_0010, far: NOWHERE + 5n } });
  const host = start();
  // str x1, [x0, #1]; dc zva, x0; ldrb w2, [x0, #1]
  expect(host.runCode([0xf8001001, 0xd50b7420, 0x39400402], [RAM + 63n, 0x55n]).outcome.kind).toBe('done');
  expect(host.vcpu.x[2]).toBe(0x55n);
});

/** Status register (x2) after the words. */
function status(words: readonly number[], offset = 0n): bigint {
  const host = start();
  expect(host.runCode(words, [RAM + offset, 0n, 0x55n, 0x66n]).outcome.kind).toBe('done');
  return host.vcpu.x[2];
}

test('a store-exclusive succeeds once after a load-exclusive of its address', () => {
  expect(status([LDXR, STXR])).toBe(0n);
  expect(status([LDXP, STXP])).toBe(0n);
  expect(status([LDXR, STXR_X])).toBe(0n);
  expect(status([LDXR, STXR, STXR])).toBe(1n);
});

test('without a monitor a store-exclusive fails before it looks at the alignment', () => {
  expect(status([STXR])).toBe(1n);
  expect(status([STXR], 1n)).toBe(1n);
});

test('clrex, a return from the hypervisor and a changed value make it fail', () => {
  expect(status([LDXR, CLREX, STXR])).toBe(1n);
  expect(status([LDXR, HVC_YIELD, STXR])).toBe(1n);
  expect(status([LDXR, 0xb9000003, STXR])).toBe(1n); // str w3, [x0]
  expect(status([LDXR, 0xb900001f, STXR])).toBe(0n); // str wzr, [x0]: the value that was there
});
