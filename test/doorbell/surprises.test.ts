/** What surprises about doorbells and their interrupts (spec/quirks.toml), with the GIC behind them. */
import { describe, expect, it } from 'vitest';
import type { Doorbell } from '../../src/doorbell/doorbell.js';
import { mask, receive, registerDoorbellKind, send } from '../../src/doorbell/doorbell.js';
import { bindSource } from '../../src/hyp/index.js';
import { HypError, ObjectType } from '../../src/protocol/index.js';
import { EOIR1, enableGroup1, IAR1, machine, SPURIOUS, setUpSpi } from '../gic/machine.js';

const SPI = 40;

/** A doorbell, and the vCPU that its interrupt goes to once it is bound. */
function bell(edge: boolean) {
  const m = machine(1);
  registerDoorbellKind(m.hyp);
  m.run(0);
  enableGroup1(m, 0);
  setUpSpi(m, SPI, edge, 0x80);
  const d = m.hyp.create<Doorbell>(ObjectType.DOORBELL, 0);
  if (typeof d === 'number') throw new Error('doorbell');
  m.hyp.activate(d);
  return {
    d,
    bind: () => expect(bindSource(m.hyp, d.source, m.vic.id, SPI)).toBe(HypError.OK),
    ring: (flags: bigint) => send(m.hyp, d, flags),
    enable: (flags: bigint) => mask(m.hyp, d, flags, 0n),
    /** Whether the interrupt comes; it is ended if so. */
    taken: (): boolean => {
      const intid = m.mrs(0, IAR1);
      if (intid === BigInt(SPURIOUS)) return false;
      m.msr(0, EOIR1, intid as bigint);
      return true;
    },
  };
}

describe('a doorbell', () => {
  it('with an edge interrupt fires at every send: masked flags, flags that were set, and 0', () => {
    const t = bell(true);
    t.bind();
    t.enable(1n);
    for (const flags of [2n, 1n, 1n, 0n]) {
      t.ring(flags);
      expect(t.taken()).toBe(true);
      expect(t.taken()).toBe(false);
    }
  });

  it('with a level interrupt is silent for masked flags and fires after every EOI until it is received', () => {
    const t = bell(false);
    t.bind();
    t.enable(1n);
    t.ring(2n);
    expect(t.taken()).toBe(false);
    t.ring(1n);
    expect([t.taken(), t.taken(), t.taken()]).toEqual([true, true, true]);
    receive(t.d, 1n);
    // The one that was listed again at the last EOI still comes.
    expect([t.taken(), t.taken()]).toEqual([true, false]);
  });

  it('that is bound while flags are set does not look at them', () => {
    const t = bell(false);
    t.ring(1n);
    t.bind();
    expect(t.taken()).toBe(false);
    t.ring(0n);
    expect(t.taken()).toBe(true);
  });
});
