import { describe, expect, it } from 'vitest';
import { HypError } from '../../src/protocol/index.js';
import { GICD, GICR, IGRPEN1, type Machine, machine } from './machine.js';

const ABORT = 0x9600_0010;

function booted(): Machine {
  const m = machine();
  m.run(0);
  return m;
}

const esrOf = (reply: unknown): number | undefined =>
  typeof reply === 'bigint' ? undefined : (reply as { esr: number }).esr;

describe('distributor', () => {
  it('identifies itself', () => {
    const m = booted();
    expect(m.load(0, GICD)).toBe(0x50n);
    expect(m.load(0, GICD + 4)).toBe(0x0349_001fn);
    expect(m.load(0, GICD + 8)).toBe(0x4700_0070n);
    expect(m.load(0, GICD + 0xffe8)).toBe(0x30n);
  });

  it('collects bad accesses in STATUSR until they are cleared', () => {
    const m = booted();
    m.load(0, GICD + 0x14);
    m.load(0, GICD + 0x40);
    m.store(0, GICD + 4, 0);
    expect(m.load(0, GICD + 0x10)).toBe(0b1101n);
    m.store(0, GICD + 0x10, 0b0101);
    expect(m.load(0, GICD + 0x10)).toBe(0b1000n);
  });

  it('aborts writes to unknown registers and wrong sizes, with the address', () => {
    const m = booted();
    expect(m.store(0, GICD + 0x14, 0)).toEqual({ esr: ABORT, far: BigInt(GICD + 0x14) });
    expect(m.load(0, GICD + 0x10)).toBe(0b10n);
    for (const [offset, size] of [
      [0x100, 1],
      [0x100, 2],
      [0x100, 8],
      [0x6000, 8],
      [0x102, 4],
    ] as const) {
      expect(esrOf(m.load(0, GICD + offset, size))).toBe(ABORT);
    }
    expect(m.load(0, GICD + 0x6100, 8)).toBe(0n);
    expect(m.load(0, GICD + 0x420, 1)).toBe(0n);
  });

  it('ignores routing and priority registers beyond the last interrupt', () => {
    const m = booted();
    expect(m.store(0, GICD + 0x7fe8, 1, 8)).toBe(0n);
    expect(m.store(0, GICD + 0x7fc, 0xffff_ffff)).toBe(0n);
    expect(esrOf(m.store(0, GICD + 0x7fdc, 0))).toBe(ABORT);
  });

  it('keeps five priority bits', () => {
    const m = booted();
    m.store(0, GICD + 0x420, 0xff, 1);
    expect(m.load(0, GICD + 0x420, 1)).toBe(0xf8n);
  });

  it('shows the reader its own private interrupts and ignores writes to them', () => {
    const m = booted();
    m.store(0, GICR(0) + 0x1_0100, 0b101);
    m.store(0, GICR(1) + 0x1_0100, 0b10);
    expect(m.load(0, GICD + 0x100)).toBe(0b101n);
    expect(m.load(1, GICD + 0x100)).toBe(0b10n);
    m.store(0, GICD + 0x100, 0xffff_ffff);
    expect(m.load(0, GICD + 0x100)).toBe(0b101n);
  });
});

describe('redistributor', () => {
  it('carries the affinity, the number and Last in TYPER', () => {
    const m = booted();
    expect(m.load(0, GICR(3) + 8, 8)).toBe((3n << 32n) | (3n << 8n));
    expect(m.load(0, GICR(3) + 0xc)).toBe(3n);
    expect(m.load(0, GICR(7) + 8)).toBe(0x710n);
  });

  it('has edge SGIs that cannot be changed', () => {
    const m = booted();
    m.store(0, GICR(0) + 0x1_0c00, 0);
    expect(m.load(0, GICR(0) + 0x1_0c00)).toBe(0xaaaa_aaaan);
  });

  it('sleeps only with both groups disabled', () => {
    const m = booted();
    m.store(0, GICR(0) + 0x14, 2);
    expect(m.load(0, GICR(0) + 0x14)).toBe(6n);
    m.store(0, GICD, 2);
    m.msr(0, IGRPEN1, 1);
    expect(m.load(0, GICR(0) + 0x14)).toBe(2n);
    m.store(0, GICR(0) + 0x14, 0);
    expect(m.load(0, GICR(0) + 0x14)).toBe(0n);
  });

  it('treats the two halves of TYPER differently when written', () => {
    const m = booted();
    expect(m.store(0, GICR(0) + 8, 0)).toBe(0n);
    expect(m.load(0, GICR(0) + 0x10)).toBe(8n);
    expect(esrOf(m.store(0, GICR(0) + 0xc, 0))).toBe(ABORT);
    expect(m.load(0, GICR(0) + 0x10)).toBe(0xan);
  });
});

describe('attaching frames', () => {
  it('refuses in order: index, flags, missing vCPU, attached twice, window', () => {
    const m = machine();
    const attach = (index: number, base: number, size: number, flags: bigint): number =>
      m.hyp.vic.attachVdevice(m.addrspace, m.vic, index, base, size, flags);
    expect(attach(9, 0, 0x1000, 0n)).toBe(HypError.ARGUMENT_INVALID);
    expect(attach(0, 0, 0x1000, 1n)).toBe(HypError.ARGUMENT_INVALID);
    expect(attach(0, 0, 0x1000, 0n)).toBe(HypError.BUSY);
    expect(attach(1, 0, 0x1000, 4n)).toBe(HypError.ARGUMENT_INVALID);
    m.hyp.vic.vcpuReleased(m.vcpus[0]);
    expect(attach(1, 0x100_0000, 0x2_0000, 0n)).toBe(HypError.IDLE);
    m.hyp.vic.vcpuReleased(m.vcpus[7]);
  });

  it('a window that overlaps another one is refused', () => {
    const m = machine();
    const vic = { ...m.vic, id: m.vic.id, gicd: { addrspace: -1, base: 0, size: 0 } };
    expect(m.hyp.vic.attachVdevice(m.addrspace, vic, 0, GICD + 0x1000, 0x1000, 0n)).toBe(HypError.BUSY);
    expect(m.hyp.vic.attachVdevice(m.addrspace, vic, 0, 0x100_0000, 0, 0n)).toBe(HypError.ARGUMENT_INVALID);
  });
});
