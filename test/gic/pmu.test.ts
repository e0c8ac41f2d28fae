/** The overflow interrupt of performance counters, as recorded. */
import { expect, it } from 'vitest';
import { EOIR1, enableGroup1, GICR, IAR1, type Machine, machine, SPURIOUS } from './machine.js';

const PMCR = 'S3_3_C9_C12_0';
const PMINTENSET = 'S3_0_C9_C14_1';
const PMOVSSET = 'S3_3_C9_C14_3';
const PMOVSCLR = 'S3_3_C9_C12_3';
const PMCNTENSET = 'S3_3_C9_C12_1';
const PMSWINC = 'S3_3_C9_C12_4';
const CYCLES = 1n << 31n;

function withPpi23(): Machine {
  const m = machine();
  m.run(0);
  m.act(0);
  enableGroup1(m, 0);
  m.store(0, GICR(0) + 0x1_0080, 0xffff_ffff);
  m.store(0, GICR(0) + 0x1_0100, 1 << 23);
  m.msr(0, PMCR, 1n);
  return m;
}

it('stays until the overflow is cleared, and comes once more after that', () => {
  const m = withPpi23();
  m.msr(0, PMINTENSET, CYCLES);
  expect(m.mrs(0, IAR1)).toBe(BigInt(SPURIOUS));
  m.msr(0, PMOVSSET, CYCLES);
  expect(m.mrs(0, IAR1)).toBe(23n);
  m.msr(0, EOIR1, 23n);
  m.msr(0, PMOVSCLR, CYCLES);
  expect(m.mrs(0, IAR1)).toBe(23n);
  m.msr(0, EOIR1, 23n);
  expect(m.mrs(0, IAR1)).toBe(BigInt(SPURIOUS));
});

it('comes from a software increment that overflows', () => {
  const m = withPpi23();
  m.msr(0, PMINTENSET, 1n);
  m.msr(0, PMCNTENSET, 1n);
  m.msr(0, 'S3_3_C14_C8_0', 0xffff_ffffn);
  m.msr(0, PMSWINC, 1n);
  expect(m.mrs(0, PMOVSSET)).toBe(1n);
  expect(m.mrs(0, IAR1)).toBe(23n);
});

it('PMCR_EL0 resets the counters', () => {
  const m = withPpi23();
  m.msr(0, 'S3_3_C14_C8_2', 7n);
  m.msr(0, PMCR, 3n);
  expect(m.mrs(0, 'S3_3_C14_C8_2')).toBe(0n);
});
