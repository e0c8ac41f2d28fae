/** What surprises about the GIC that VMs see (spec/quirks.toml): one test each. */
import { describe, expect, it } from 'vitest';
import { bindHwirq, createHwirq, raiseHwirq } from '../../src/gic/hwirq.js';
import { gicOfHyp } from '../../src/gic/index.js';
import {
  allCaps,
  assertSource,
  bindSource,
  type CSpace,
  clearSource,
  SourceKind,
  type Thread,
  virqSource,
} from '../../src/hyp/index.js';
import { HypError, ObjectType } from '../../src/protocol/index.js';
import { Simulator } from '../../src/sim/index.js';
import {
  bitRead,
  bitWrite,
  CLRSPI,
  DIR,
  EOIR1,
  enableGroup1,
  GICD,
  GICR,
  HPPIR1,
  IAR1,
  ICACTIVER,
  ICENABLER,
  ICFGR,
  ICPENDR,
  IGROUPR,
  IGRPEN1,
  ISACTIVER,
  ISENABLER,
  ISPENDR,
  type Machine,
  machine,
  PMR,
  RPR,
  SPURIOUS,
  setUpSpi,
} from './machine.js';

const SPI = 40;
const ROUTER = GICD + 0x6000 + SPI * 8;
const NONE = BigInt(SPURIOUS);
const UNDEFINED = { esr: 0x0200_0000, far: undefined };
const ABORT = 0x9600_0010;

function booted(...running: number[]): Machine {
  const m = machine();
  for (const n of [0, ...running]) {
    m.run(n);
    enableGroup1(m, n);
  }
  return m;
}

describe('the distributor', () => {
  it('reads IROUTER as 0 and takes a narrower write as the whole value', () => {
    const m = booted(1, 2);
    setUpSpi(m, SPI, true, 0x80, 1);
    expect(m.load(0, ROUTER, 8)).toBe(0n);
    // The upper half: elsewhere it would leave the lower one, which names vCPU 1.
    m.store(0, ROUTER + 4, 2, 4);
    bitWrite(m, ISPENDR, SPI);
    expect([0, 1, 2].map((n) => m.mrs(n, HPPIR1))).toEqual([NONE, NONE, BigInt(SPI)]);
    expect(m.load(0, ROUTER, 8)).toBe(0n);
  });

  it('and the redistributor read unknown registers as 0 and abort writes to them', () => {
    const m = booted();
    for (const unknown of [GICD + 0x14, GICR(0) + 0x50, GICR(0) + 0x1_0050]) {
      expect(m.load(0, unknown)).toBe(0n);
      expect(m.store(0, unknown, 0)).toEqual({ esr: ABORT, far: BigInt(unknown) });
    }
  });

  it('resets shared interrupts to level, where events that are edges stay invisible', () => {
    const m = booted();
    for (let word = 2; word < 64; word++) expect(m.load(0, GICD + ICFGR + 4 * word)).toBe(0n);
    bitWrite(m, IGROUPR, SPI);
    m.store(0, ROUTER, 0, 8);
    bitWrite(m, ISENABLER, SPI);
    const source = virqSource(SourceKind.VCPU_HALT, m.vcpus[0].id);
    expect(bindSource(m.hyp, source, m.vic.id, SPI)).toBe(HypError.OK);
    assertSource(m.hyp, source, true);
    expect(m.mrs(0, HPPIR1)).toBe(NONE);
    m.store(0, GICD + ICFGR + 4 * Math.floor(SPI / 16), 2 << (2 * (SPI % 16)));
    assertSource(m.hyp, source, true);
    expect(m.mrs(0, HPPIR1)).toBe(BigInt(SPI));
  });
});

describe('the CPU interface', () => {
  it('has no IAR and no HPPIR while the group is disabled, by IGRPEN or by the distributor', () => {
    const m = booted();
    const read = () => [m.mrs(0, IAR1), m.mrs(0, HPPIR1)];
    expect(read()).toEqual([NONE, NONE]);
    m.msr(0, IGRPEN1, 0);
    expect(read()).toEqual([UNDEFINED, UNDEFINED]);
    m.msr(0, IGRPEN1, 1);
    m.store(0, GICD, 0);
    expect(read()).toEqual([UNDEFINED, UNDEFINED]);
  });

  it('stops the hypervisor at EOIR of 1023 while the group is disabled, and at DIR of 1020 and above', () => {
    const end = (act: (m: Machine) => void): string | undefined => {
      const m = booted();
      act(m);
      return m.hyp.dead?.rule;
    };
    expect(end((m) => m.msr(0, EOIR1, 1023))).toBeUndefined();
    expect(
      end((m) => {
        m.msr(0, IGRPEN1, 0);
        m.msr(0, EOIR1, 1023);
      }),
    ).toBe('hyp-eoir-1023-disabled');
    for (const intid of [1020, 1021, 1022, 1023])
      expect(end((m) => m.msr(0, DIR, intid))).toBe('hyp-dir-special-intid');
  });
});

describe('an interrupt', () => {
  it('of priority 0xf8 that has to wait for a list register is never found again', () => {
    const listedLast = (priority: number): boolean => {
      const m = booted();
      m.msr(0, PMR, 0xff);
      for (const intid of [40, 41, 42, 43]) {
        setUpSpi(m, intid, true, 0x80);
        bitWrite(m, ISPENDR, intid);
      }
      setUpSpi(m, 44, true, priority);
      bitWrite(m, ISPENDR, 44);
      for (let i = 0; i < 4; i++) m.msr(0, EOIR1, m.mrs(0, IAR1) as bigint);
      return Array.from(m.vcpus[0].gic?.lrVirq ?? []).includes(44);
    };
    expect([listedLast(0xf0), listedLast(0xf8)]).toEqual([true, false]);
  });

  it('that is an edge and listed is not withdrawn by ICPENDR or CLRSPI', () => {
    for (const clear of [(m: Machine) => bitWrite(m, ICPENDR, SPI), (m: Machine) => m.store(0, GICD + CLRSPI, SPI)]) {
      const m = booted();
      setUpSpi(m, SPI, true, 0x80);
      bitWrite(m, ISPENDR, SPI);
      clear(m);
      expect(m.mrs(0, IAR1)).toBe(BigInt(SPI));
    }
  });

  it('that is listed keeps the group and the priority that it had', () => {
    const taken = (change: (m: Machine) => void) => {
      const m = booted();
      setUpSpi(m, SPI, true, 0x80);
      bitWrite(m, ISPENDR, SPI);
      change(m);
      return [m.mrs(0, IAR1), m.mrs(0, RPR)];
    };
    const asListed = [BigInt(SPI), 0x80n];
    expect(taken((m) => m.store(0, GICD + IGROUPR + 4 * Math.floor(SPI / 32), 0))).toEqual(asListed);
    for (const priority of [0x40, 0xc0]) {
      expect(taken((m) => m.store(0, GICD + 0x400 + SPI, priority, 1))).toEqual(asListed);
    }
  });

  it('that is listed ignores writes to its active bit, also by other vCPUs', () => {
    const m = booted(1);
    setUpSpi(m, SPI, true, 0x80);
    bitWrite(m, ISPENDR, SPI);
    for (const n of [0, 1]) bitWrite(m, ISACTIVER, SPI, n);
    expect(bitRead(m, ISACTIVER, SPI)).toBe(false);
    expect(m.mrs(0, IAR1)).toBe(BigInt(SPI));
    for (const n of [0, 1]) bitWrite(m, ICACTIVER, SPI, n);
    expect(bitRead(m, ISACTIVER, SPI)).toBe(true);
    expect(m.mrs(0, RPR)).toBe(0x80n);
  });

  it('that is disabled while active hides a new pending state until it is enabled', () => {
    const m = booted();
    setUpSpi(m, SPI, true, 0x80);
    bitWrite(m, ISPENDR, SPI);
    expect(m.mrs(0, IAR1)).toBe(BigInt(SPI));
    bitWrite(m, ICENABLER, SPI);
    bitWrite(m, ISPENDR, SPI);
    expect(bitRead(m, ISPENDR, SPI)).toBe(false);
    m.msr(0, EOIR1, SPI);
    expect(bitRead(m, ISPENDR, SPI)).toBe(false);
    bitWrite(m, ISENABLER, SPI);
    expect(bitRead(m, ISPENDR, SPI)).toBe(true);
    expect(m.mrs(0, IAR1)).toBe(BigInt(SPI));
  });

  it('that is listed on a vCPU that executes elsewhere reads as it was recorded', () => {
    const m = booted(1);
    setUpSpi(m, SPI, true, 0x80, 1);
    bitWrite(m, ISPENDR, SPI);
    const state = (n: number) => [bitRead(m, ISPENDR, SPI, n), bitRead(m, ISACTIVER, SPI, n)];
    const recorded = [false, false];
    expect([state(0), state(1)]).toEqual([recorded, [true, false]]);
    expect(m.mrs(1, IAR1)).toBe(BigInt(SPI));
    expect([state(0), state(1)]).toEqual([recorded, [false, true]]);
  });

  it('of a device that has been ended comes again when its number is enabled again', () => {
    const m = booted();
    const g = gicOfHyp(m.hyp);
    setUpSpi(m, SPI, false, 0x80);
    m.act(0);
    const hwirq = createHwirq(m.hyp, 0, 72);
    expect(bindHwirq(g, hwirq, m.vic, SPI)).toBe(HypError.OK);
    for (const disable of [false, true]) {
      expect(raiseHwirq(g, hwirq, 0)).toBe(true);
      expect(m.mrs(0, IAR1)).toBe(BigInt(SPI));
      m.msr(0, EOIR1, SPI);
      expect(m.mrs(0, IAR1)).toBe(NONE);
      if (disable) bitWrite(m, ICENABLER, SPI);
      bitWrite(m, ISENABLER, SPI);
      expect(m.mrs(0, IAR1)).toBe(disable ? NONE : BigInt(SPI));
      if (!disable) m.msr(0, EOIR1, SPI);
    }
  });
});

describe('a source', () => {
  it('that withdraws what it asserted while its interrupt was active still gets it taken', () => {
    const m = booted();
    setUpSpi(m, SPI, false, 0x80);
    m.act(0);
    m.hyp.checkPending[SourceKind.DOORBELL] = () => false;
    const source = virqSource(SourceKind.DOORBELL, 0);
    expect(bindSource(m.hyp, source, m.vic.id, SPI)).toBe(HypError.OK);
    assertSource(m.hyp, source, false);
    expect(m.mrs(0, IAR1)).toBe(BigInt(SPI));
    assertSource(m.hyp, source, false);
    clearSource(m.hyp, source);
    m.msr(0, EOIR1, SPI);
    expect(m.mrs(0, IAR1)).toBe(BigInt(SPI));
    m.msr(0, EOIR1, SPI);
    expect(m.mrs(0, IAR1)).toBe(NONE);
  });
});

describe('the right to bind a hardware interrupt', () => {
  it('is bit 1, not bit 0', () => {
    const { hyp, rootThread, rm } = new Simulator();
    const root = hyp.get<Thread>(rootThread);
    const cspace = hyp.get<CSpace>(root.cspace);
    const { hv } = rm;
    const hwirq = [...allCaps(cspace)].find(
      ({ table, lower }) => hyp.objects[table.object[lower]]?.type === ObjectType.HWIRQ,
    );
    const copy = (rights: number) => hv.copyCap(BigInt(hwirq?.slot ?? -1), hv.home.cspace, rights);
    const unbind = (cap: bigint) => hv.hwirqUnbind(cap);
    expect(copy(1).error).toBe(HypError.CSPACE_INSUFFICIENT_RIGHTS);
    const [bit1, activate] = [copy(2), copy(0x8000_0000)];
    expect(unbind(bit1.cap)).toBe(HypError.OK);
    expect(unbind(activate.cap)).toBe(HypError.CSPACE_INSUFFICIENT_RIGHTS);
  });
});
