import { describe, expect, it } from 'vitest';
import { assertSource, bindSource, clearSource, SourceKind, unbindSource, virqSource } from '../../src/hyp/index.js';
import { HypError } from '../../src/protocol/index.js';
import {
  bitRead,
  bitWrite,
  CTLR,
  DIR,
  EOIR1,
  enableGroup1,
  GICD,
  GICR,
  HPPIR1,
  IAR1,
  ICENABLER,
  ICPENDR,
  IGRPEN0,
  IGRPEN1,
  ISACTIVER,
  ISPENDR,
  type Machine,
  machine,
  PMR,
  RPR,
  SGI1R,
  SPURIOUS,
  setUpSpi,
} from './machine.js';

const SPI = 40;

function oneVcpu(): Machine {
  const m = machine();
  m.run(0);
  enableGroup1(m, 0);
  return m;
}

describe('life of an SPI', () => {
  it('an edge is taken once', () => {
    const m = oneVcpu();
    setUpSpi(m, SPI, true, 0x80);
    bitWrite(m, ISPENDR, SPI);
    expect(m.mrs(0, HPPIR1)).toBe(BigInt(SPI));
    expect(m.mrs(0, IAR1)).toBe(BigInt(SPI));
    expect(bitRead(m, ISACTIVER, SPI)).toBe(true);
    expect(m.mrs(0, RPR)).toBe(0x80n);
    m.msr(0, EOIR1, SPI);
    expect(m.mrs(0, IAR1)).toBe(BigInt(SPURIOUS));
    expect(m.mrs(0, RPR)).toBe(0xffn);
  });

  it('a level set by software comes back until ICPENDR', () => {
    const m = oneVcpu();
    setUpSpi(m, SPI, false, 0x80);
    bitWrite(m, ISPENDR, SPI);
    for (let i = 0; i < 3; i++) {
      expect(m.mrs(0, IAR1)).toBe(BigInt(SPI));
      m.msr(0, EOIR1, SPI);
    }
    expect(m.mrs(0, IAR1)).toBe(BigInt(SPI));
    bitWrite(m, ICPENDR, SPI);
    m.msr(0, EOIR1, SPI);
    expect(m.mrs(0, IAR1)).toBe(BigInt(SPURIOUS));
  });

  it('disabling withdraws it and keeps it pending', () => {
    const m = oneVcpu();
    setUpSpi(m, SPI, true, 0x80);
    bitWrite(m, ISPENDR, SPI);
    bitWrite(m, ICENABLER, SPI);
    expect(m.mrs(0, IAR1)).toBe(BigInt(SPURIOUS));
    expect(bitRead(m, ISPENDR, SPI)).toBe(true);
  });

  it('with EOImode 1 the end of interrupt drops the priority and DIR deactivates', () => {
    const m = oneVcpu();
    setUpSpi(m, SPI, true, 0x80);
    m.msr(0, CTLR, 2);
    bitWrite(m, ISPENDR, SPI);
    m.mrs(0, IAR1);
    m.msr(0, EOIR1, SPI);
    expect(m.mrs(0, RPR)).toBe(0xffn);
    expect(bitRead(m, ISACTIVER, SPI)).toBe(true);
    m.msr(0, DIR, SPI);
    expect(bitRead(m, ISACTIVER, SPI)).toBe(false);
  });

  it('six interrupts pass through four list registers in order of priority', () => {
    const m = oneVcpu();
    const intids = [40, 41, 42, 43, 44, 45];
    for (const [i, intid] of intids.entries()) setUpSpi(m, intid, true, 0xa0 - 8 * i);
    for (const intid of intids) bitWrite(m, ISPENDR, intid);
    const taken: bigint[] = [];
    for (let i = 0; i < intids.length; i++) {
      const intid = m.mrs(0, IAR1) as bigint;
      taken.push(intid);
      m.msr(0, EOIR1, intid);
    }
    expect(taken).toEqual([45n, 44n, 43n, 42n, 41n, 40n]);
  });

  it('an SPI of another vCPU reaches that vCPU and wakes it', () => {
    const m = oneVcpu();
    enableGroup1(m, 3);
    setUpSpi(m, SPI, true, 0x80, 3);
    m.woken.length = 0;
    bitWrite(m, ISPENDR, SPI);
    expect(m.mrs(0, IAR1)).toBe(BigInt(SPURIOUS));
    expect(m.woken).toContain(m.vcpus[3].id);
    m.run(3);
    expect(m.mrs(3, IAR1)).toBe(BigInt(SPI));
  });

  it('an unrouted SPI waits for its route', () => {
    const m = oneVcpu();
    setUpSpi(m, SPI, true, 0x80, 0x100);
    bitWrite(m, ISPENDR, SPI);
    expect(m.mrs(0, IAR1)).toBe(BigInt(SPURIOUS));
    m.store(0, GICD + 0x6000 + SPI * 8, 0, 8);
    expect(m.mrs(0, IAR1)).toBe(BigInt(SPI));
  });
});

describe('a vCPU that comes later', () => {
  it('gets the interrupts that waited for it', () => {
    const m = machine(1);
    m.run(0);
    enableGroup1(m, 0);
    const waiting = [SPI, 600];
    for (const intid of waiting) {
      setUpSpi(m, intid, true, 0x80, 1);
      bitWrite(m, ISPENDR, intid);
    }
    expect(m.mrs(0, IAR1)).toBe(BigInt(SPURIOUS));
    m.add();
    m.run(1);
    m.msr(1, PMR, 0xff);
    m.msr(1, IGRPEN1, 1);
    for (const intid of waiting) {
      expect(m.mrs(1, IAR1)).toBe(BigInt(intid));
      m.msr(1, EOIR1, intid);
    }
  });
});

describe('sources', () => {
  const level = (m: Machine, condition: () => boolean) => {
    m.hyp.checkPending[SourceKind.DOORBELL] = (_h, _s, reasserted) => reasserted || condition();
    const source = virqSource(SourceKind.DOORBELL, m.vcpus[0].id);
    expect(bindSource(m.hyp, source, m.vic.id, SPI)).toBe(HypError.OK);
    return source;
  };

  it('a level is asked again at the end of interrupt', () => {
    const m = oneVcpu();
    setUpSpi(m, SPI, false, 0x80);
    let pending = true;
    const source = level(m, () => pending);
    assertSource(m.hyp, source, false);
    expect(m.mrs(0, IAR1)).toBe(BigInt(SPI));
    m.msr(0, EOIR1, SPI);
    expect(m.mrs(0, IAR1)).toBe(BigInt(SPI));
    pending = false;
    m.msr(0, EOIR1, SPI);
    expect(m.mrs(0, IAR1)).toBe(BigInt(SPURIOUS));
  });

  it('an edge-only assertion of a level-configured SPI stays latched until it is configured as edge', () => {
    const m = oneVcpu();
    setUpSpi(m, SPI, false, 0x80);
    assertSource(
      m.hyp,
      level(m, () => false),
      true,
    );
    expect(bitRead(m, ISPENDR, SPI)).toBe(false);
    setUpSpi(m, SPI, true, 0x80);
    expect(bitRead(m, ISPENDR, SPI)).toBe(true);
  });

  it('clearing withdraws a level but not an edge', () => {
    for (const edge of [false, true]) {
      const m = oneVcpu();
      setUpSpi(m, SPI, edge, 0x80);
      const source = level(m, () => false);
      m.act(0);
      assertSource(m.hyp, source, false);
      clearSource(m.hyp, source);
      expect(m.mrs(0, IAR1)).toBe(BigInt(edge ? SPI : SPURIOUS));
    }
  });

  it('binding refuses in order: bound, not an SPI, beyond the VIC, taken', () => {
    const m = oneVcpu();
    const source = level(m, () => false);
    expect(bindSource(m.hyp, source, m.vic.id, 41)).toBe(HypError.VIRQ_BOUND);
    const other = virqSource(SourceKind.DOORBELL, m.vcpus[1].id);
    m.vic.maxVirqs = 64;
    expect(bindSource(m.hyp, other, m.vic.id, 31)).toBe(HypError.ARGUMENT_INVALID);
    expect(bindSource(m.hyp, other, m.vic.id, 96)).toBe(HypError.ARGUMENT_INVALID);
    expect(bindSource(m.hyp, other, m.vic.id, SPI)).toBe(HypError.BUSY);
    unbindSource(m.hyp, source);
    expect(bindSource(m.hyp, other, m.vic.id, SPI)).toBe(HypError.OK);
  });
});

describe('between vCPUs', () => {
  it('an SGI reaches the vCPUs of its target list', () => {
    const m = oneVcpu();
    for (const n of [1, 2]) {
      m.run(n);
      enableGroup1(m, n);
      m.store(n, GICR(n) + 0x1_0100, 1 << 5);
    }
    m.msr(0, SGI1R, (5n << 24n) | 0b110n);
    expect(m.mrs(1, IAR1)).toBe(5n);
    expect(m.mrs(2, IAR1)).toBe(5n);
    expect(m.mrs(0, IAR1)).toBe(BigInt(SPURIOUS));
  });

  it('a stopped vCPU gives its listed interrupts back and keeps them pending', () => {
    const m = oneVcpu();
    setUpSpi(m, SPI, true, 0x80);
    bitWrite(m, ISPENDR, SPI);
    m.hyp.vic.vcpuStopped(m.vcpus[0]);
    expect(bitRead(m, ISPENDR, SPI)).toBe(true);
    expect(m.mrs(0, IGRPEN1)).toBe(0n);
    m.msr(0, 'S3_0_C4_C6_0', 0xff);
    m.msr(0, IGRPEN1, 1);
    expect(m.mrs(0, IAR1)).toBe(BigInt(SPI));
  });
});

describe('what stops the hypervisor', () => {
  it('DIR of a special number', () => {
    const m = oneVcpu();
    m.msr(0, DIR, 1020);
    expect(m.hyp.dead?.rule).toBe('hyp-dir-special-intid');
  });

  it('an end of interrupt with a special number while the group is disabled', () => {
    const m = oneVcpu();
    m.msr(0, 'S3_0_C12_C8_1', 1023);
    expect(m.hyp.dead?.rule).toBe('hyp-eoir-1023-disabled');
  });

  it('disabling group 1 while group 0 is enabled, but not the other way round', () => {
    const m = oneVcpu();
    m.msr(0, IGRPEN0, 1);
    m.msr(0, IGRPEN0, 0);
    expect(m.hyp.dead).toBeUndefined();
    m.msr(0, IGRPEN0, 1);
    m.msr(0, IGRPEN1, 0);
    expect(m.hyp.dead?.rule).toBe('hyp-igrpen1-with-listed');
  });
});
