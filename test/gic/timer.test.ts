import { expect, it } from 'vitest';
import { gicOfHyp, nextTimerEvent } from '../../src/gic/index.js';
import { EOIR1, enableGroup1, GICR, IAR1, type Machine, machine, SPURIOUS } from './machine.js';

const CNTV_TVAL = 'S3_3_C14_C3_0';
const CNTV_CTL = 'S3_3_C14_C3_1';
const CNTV_CVAL = 'S3_3_C14_C3_2';
const MS = 1_000_000;

function withTimer(): Machine {
  const m = machine();
  m.run(0);
  enableGroup1(m, 0);
  m.store(0, GICR(0) + 0x1_0100, 1 << 27);
  return m;
}

it('the counter runs at 62.5 MHz of virtual time', () => {
  const m = withTimer();
  m.advance(16_000);
  expect(m.mrs(0, 'S3_3_C14_C0_2')).toBe(1000n);
  expect(m.mrs(0, 'S3_3_C14_C0_0')).toBe(62_500_000n);
});

it('the virtual timer raises PPI 27 when its time comes and again while the condition holds', () => {
  const m = withTimer();
  m.msr(0, CNTV_TVAL, 62_500);
  m.msr(0, CNTV_CTL, 1);
  expect(nextTimerEvent(gicOfHyp(m.hyp))).toBe(MS);
  expect(m.mrs(0, IAR1)).toBe(BigInt(SPURIOUS));
  m.advance(2 * MS);
  expect(m.mrs(0, CNTV_CTL)).toBe(5n);
  expect(m.mrs(0, IAR1)).toBe(27n);
  m.msr(0, EOIR1, 27);
  expect(m.mrs(0, IAR1)).toBe(27n);
  m.msr(0, CNTV_CTL, 0);
  m.msr(0, EOIR1, 27);
  expect(m.mrs(0, IAR1)).toBe(BigInt(SPURIOUS));
});

it('TVAL is the signed 32-bit distance', () => {
  const m = withTimer();
  m.advance(16_000);
  m.msr(0, CNTV_TVAL, 0xffff_ffff);
  expect(m.mrs(0, CNTV_CVAL)).toBe(999n);
  expect(m.mrs(0, CNTV_TVAL)).toBe(0xffff_ffffn);
});

it('a vCPU that waits is woken by a soft timer', () => {
  const m = withTimer();
  m.msr(0, CNTV_CVAL, 62_500);
  m.msr(0, CNTV_CTL, 1);
  m.stop(0);
  m.woken.length = 0;
  m.advance(MS - 16);
  expect(m.woken).toEqual([]);
  m.advance(16);
  expect(m.woken).toContain(m.vcpus[0].id);
  m.run(0);
  expect(m.mrs(0, IAR1)).toBe(27n);
});

it('power-off disables both timers', () => {
  const m = withTimer();
  m.msr(0, CNTV_CVAL, 62_500);
  m.msr(0, CNTV_CTL, 1);
  m.hyp.vic.vcpuStopped(m.vcpus[0]);
  m.stop(0);
  m.run(0);
  expect(m.mrs(0, CNTV_CTL)).toBe(0n);
  expect(m.mrs(0, CNTV_CVAL)).toBe(0n);
  expect(nextTimerEvent(gicOfHyp(m.hyp))).toBe(Number.POSITIVE_INFINITY);
});
