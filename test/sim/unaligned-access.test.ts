/** Unaligned accesses of the primary VM, as recorded from the emulated CPU (fact base: vgic-and-timer, access sizes). */
import { expect, test } from 'vitest';
import { HostVcpu, Simulator } from '../../src/sim/index.js';

function fault(ipa: bigint, width: number, write: boolean): string {
  const sim = new Simulator();
  sim.bootPrimary();
  const o = new HostVcpu(sim, sim.primaryVcpu()?.id ?? -1).access(ipa, width, write, 0n);
  if (o.kind !== 'exception') return o.kind;
  return `${(o.exception.esr >>> 0).toString(16)} at ${(o.exception.far ?? 0n).toString(16)}`;
}

test('an access across a page border whose first page is not mapped faults at its own address', () => {
  expect(fault(0x8008ffen, 4, false)).toBe('96000010 at 8008ffe');
  expect(fault(0x80a0fffn, 2, true)).toBe('96000010 at 80a0fff');
});

test('with only the second page missing the fault is at its start', () => {
  expect(fault(0x7fff_fffdn, 8, false)).toBe('96000010 at 80000000');
  expect(fault(0x7fff_ffffn, 2, true)).toBe('96000010 at 80000000');
});

test('an unaligned access of the bus loads aligned values and stores bytes', () => {
  expect(fault(0x9040ffdn, 4, false)).toBe('96000010 at 9040ffc');
  expect(fault(0x9040ffdn, 4, true)).toBe('96000050 at 9040ffd');
  expect(fault(0x9000ffen, 8, false)).toBe('96000010 at 9001000');
});
