import { expect, it } from 'vitest';
import { esrTrappedSysreg, parseSysreg } from '../../src/gic/sysregs/index.js';
import { machine } from './machine.js';

it('names system registers by their encoding', () => {
  expect(parseSysreg('S3_0_C12_C12_0')).toBe(0xc660);
  expect(parseSysreg('S4_0_C0_C0_0')).toBeUndefined();
});

it('a pinned vCPU sees the CPU, another one a synthetic model', () => {
  const m = machine();
  m.vcpus[1].options = 0n;
  expect(m.mrs(0, 'S3_0_C0_C0_0')).toBe(0x000f_0510n);
  expect(m.mrs(1, 'S3_0_C0_C0_0')).toBe(0x000f_0480n);
  expect(m.mrs(0, 'S3_0_C0_C4_0')).toBe(0x1101_0001_0111_1112n);
  expect(m.mrs(1, 'S3_0_C0_C4_0')).toBe(0x1100_0000_0100_1112n);
  expect(m.mrs(1, 'S3_0_C0_C0_5')).toBe(0x8000_0001n);
});

it('unallocated registers of the feature space report a trapped access with the destination register', () => {
  const m = machine();
  expect(m.mrs(0, 'S3_0_C0_C0_1')).toEqual({ esr: 0x6232_0001, far: undefined });
  expect(m.mrs(0, 'S3_1_C0_C0_2')).toEqual({ esr: 0x6234_4001, far: undefined });
  expect(m.mrs(0, 'S3_0_C0_C5_7')).toBe(0n);
  expect(esrTrappedSysreg(parseSysreg('S3_0_C0_C0_1') ?? 0, 5, true)).toBe(0x6232_00a1);
});

it('registers of other levels and missing features are undefined, read and written', () => {
  const m = machine();
  for (const name of ['S3_4_C1_C1_0', 'S3_0_C5_C3_0', 'S3_0_C2_C1_0', 'S2_0_C0_C6_4', 'S3_3_C13_C2_0']) {
    expect(m.mrs(0, name)).toEqual({ esr: 0x0200_0000, far: undefined });
    expect(m.msr(0, name, 0)).toEqual({ esr: 0x0200_0000, far: undefined });
  }
  expect(m.mrs(0, 'S3_0_C1_C2_0')).toEqual({ esr: 0x6600_0000, far: undefined });
  expect(m.msr(0, 'S3_0_C0_C0_0', 0)).toEqual({ esr: 0x0200_0000, far: undefined });
});

it('ordinary registers keep what is written, within their bits', () => {
  const m = machine();
  m.msr(0, 'S3_2_C0_C0_0', 0x1e);
  expect(m.mrs(0, 'S3_2_C0_C0_0')).toBe(0xen);
  m.msr(0, 'S3_0_C13_C0_4', 0x1234_5678_9abc_def0n);
  expect(m.mrs(0, 'S3_0_C13_C0_4')).toBe(0x1234_5678_9abc_def0n);
  m.msr(0, 'S3_0_C1_C0_1', 5);
  expect(m.mrs(0, 'S3_0_C1_C0_1')).toBe(0n);
  m.msr(0, 'S3_3_C9_C12_1', 0b11);
  m.msr(0, 'S3_3_C9_C12_2', 0b01);
  expect(m.mrs(0, 'S3_3_C9_C12_1')).toBe(0b10n);
});

it('the interface of a disabled group is undefined to read and accepts writes', () => {
  const m = machine();
  m.run(0);
  expect(m.mrs(0, 'S3_0_C12_C12_0')).toEqual({ esr: 0x0200_0000, far: undefined });
  expect(m.mrs(0, 'S3_0_C12_C12_3')).toEqual({ esr: 0x0200_0000, far: undefined });
  expect(m.msr(0, 'S3_0_C12_C12_3', 4)).toBe(0n);
  expect(m.mrs(0, 'S3_0_C12_C11_3')).toBe(0xffn);
  expect(m.mrs(0, 'S3_0_C12_C12_5')).toBe(7n);
});

it('debug, PMU and floating-point registers keep what the emulated CPU keeps of all ones', () => {
  const m = machine();
  const ALL = 0xffff_ffff_ffff_ffffn;
  m.msr(0, 'S3_0_C1_C0_2', 3n << 20n);
  const kept: readonly (readonly [string, bigint])[] = [
    ['S2_0_C0_C0_6', ALL & ~3n],
    ['S2_0_C0_C0_7', ALL],
    ['S2_0_C0_C2_2', ALL],
    ['S3_3_C4_C4_0', 0x07ff_0000n],
    ['S3_3_C9_C12_0', 0x4101_30f9n],
    ['S3_3_C14_C8_1', ALL],
    ['S3_1_C11_C0_2', 0x0700_0000n],
  ];
  for (const [name, value] of kept) {
    m.msr(0, name, ALL);
    expect([name, m.mrs(0, name)]).toEqual([name, value]);
  }
  // DBGBCR0: two bits of BAS copy the ones below them.
  m.msr(0, 'S2_0_C0_C0_5', 0x20n);
  expect(m.mrs(0, 'S2_0_C0_C0_5')).toBe(0x60n);
  m.msr(0, 'S2_0_C0_C0_5', 0x140n);
  expect(m.mrs(0, 'S2_0_C0_C0_5')).toBe(0n);
  expect(m.msr(0, 'S3_1_C15_C3_0', 0)).toEqual({ esr: 0x0200_0000, far: undefined });
});

it('CPACR_EL1 gives floating point and SVE, and SME ends in a trap that the hypervisor does not know', () => {
  const [CPACR, FPCR, ZCR, SMCR] = ['S3_0_C1_C0_2', 'S3_3_C4_C4_0', 'S3_0_C1_C2_0', 'S3_0_C1_C2_6'];
  const m = machine();
  const traps = (cpacr: bigint): unknown[] => {
    m.msr(0, CPACR, cpacr);
    return [FPCR, ZCR, SMCR].map((name) => {
      const reply = m.mrs(0, name);
      return typeof reply === 'bigint' ? reply : reply.esr;
    });
  };
  const [FP, SVE, SME] = [0x1fe0_0000, 0x6600_0000, 0x7600_0000];
  expect(traps(0n)).toEqual([FP, SVE, SME]);
  expect(traps(2n << 20n)).toEqual([FP, SVE, SME]);
  expect(traps(1n << 20n)).toEqual([0n, SVE, SME]);
  expect(traps(3n << 16n)).toEqual([FP, FP, SME]);
  expect(traps((3n << 20n) | (1n << 16n))).toEqual([0n, 0n, SME]);
  expect(traps(3n << 24n)).toEqual([FP, SVE, FP]);
  expect(m.hyp.dead).toBeUndefined();
  traps((3n << 24n) | (3n << 20n));
  expect(m.hyp.dead?.rule).toBe('hyp-unexpected-trap');
});

it('the selected event counter is the register of its number', () => {
  const m = machine();
  m.msr(0, 'S3_3_C9_C12_5', 2n);
  m.msr(0, 'S3_3_C9_C13_2', 7n);
  expect(m.mrs(0, 'S3_3_C14_C8_2')).toBe(7n);
  m.msr(0, 'S3_3_C9_C12_5', 31n);
  m.msr(0, 'S3_3_C9_C13_1', 0x8000_0000n);
  expect(m.mrs(0, 'S3_3_C14_C15_7')).toBe(0x8000_0000n);
  m.msr(0, 'S3_3_C9_C12_5', 9n);
  m.msr(0, 'S3_3_C9_C13_2', 7n);
  expect(m.mrs(0, 'S3_3_C9_C13_2')).toBe(0n);
});

it('software increments count where counter and PMU are enabled', () => {
  const m = machine();
  const swinc = (): unknown => {
    m.msr(0, 'S3_3_C9_C12_4', 3n);
    return m.mrs(0, 'S3_3_C14_C8_0');
  };
  expect(swinc()).toBe(0n);
  m.msr(0, 'S3_3_C9_C12_0', 1n);
  expect(swinc()).toBe(0n);
  m.msr(0, 'S3_3_C9_C12_1', 1n);
  expect(swinc()).toBe(1n);
  expect(m.mrs(0, 'S3_3_C14_C8_1')).toBe(0n);
});
