/**
 * Random register writes and acknowledges of one vCPU against a model of a GIC that has as many list registers as interrupts:
 * three bit sets and a stack. Edge interrupts, group 1, one priority each, so that every answer is determined.
 */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { gicInvariants } from './invariants.js';
import {
  bitRead,
  bitWrite,
  EOIR1,
  enableGroup1,
  IAR1,
  ICENABLER,
  ISENABLER,
  ISPENDR,
  type Machine,
  machine,
  PMR,
  SPURIOUS,
  setUpSpi,
} from './machine.js';

const COUNT = 8;
const FIRST = 60; // crosses a border between registers
const priorityOf = (i: number): number => 0x20 + 8 * ((i * 5) % COUNT);

type Step =
  | { do: 'pend' | 'enable' | 'disable'; i: number }
  | { do: 'ack' }
  | { do: 'eoi' }
  | { do: 'mask'; priority: number };

/** The reference. `active`: acknowledged and not ended, innermost last. */
class Model {
  pending = 0;
  enabled = 2 ** COUNT - 1;
  active: number[] = [];
  mask = 0xf8;

  acknowledge(): number {
    const running = this.active.length === 0 ? 0x100 : priorityOf(this.active[this.active.length - 1]);
    let best = -1;
    for (let i = 0; i < COUNT; i++) {
      const bit = 1 << i;
      if ((this.pending & this.enabled & bit) === 0 || this.active.includes(i)) continue;
      if (best < 0 || priorityOf(i) < priorityOf(best)) best = i;
    }
    if (best < 0 || priorityOf(best) >= this.mask || priorityOf(best) >= running) return SPURIOUS;
    this.pending &= ~(1 << best);
    this.active.push(best);
    return FIRST + best;
  }
}

const step: fc.Arbitrary<Step> = fc.oneof(
  fc.record({ do: fc.constantFrom('pend', 'pend', 'enable', 'disable'), i: fc.nat(COUNT - 1) }) as fc.Arbitrary<Step>,
  fc.constant<Step>({ do: 'ack' }),
  fc.constant<Step>({ do: 'eoi' }),
  fc.record({ do: fc.constant('mask' as const), priority: fc.constantFrom(0x28, 0x40, 0xf8) }),
);

/** What reaches the real GIC of some steps: proper, or sabotaged. */
interface Hands {
  disable(m: Machine, intid: number): void;
  mask(m: Machine, priority: number): void;
  end(m: Machine, intid: number): void;
}

const proper: Hands = {
  disable: (m, intid) => void bitWrite(m, ICENABLER, intid),
  mask: (m, priority) => void m.msr(0, PMR, priority),
  end: (m, intid) => void m.msr(0, EOIR1, intid),
};

/** The invariant of delivery: it was pending, enabled and not masked. */
function checkDelivered(intid: number, before: Pick<Model, 'pending' | 'enabled' | 'mask'>): void {
  const bit = 1 << (intid - FIRST);
  expect(before.pending & bit, 'delivered: was pending').not.toBe(0);
  expect(before.enabled & bit, 'delivered: was enabled').not.toBe(0);
  expect(priorityOf(intid - FIRST), 'delivered: was not masked').toBeLessThan(before.mask);
}

/** Runs the steps on both. Throws on the first difference. */
function compare(steps: readonly Step[], hands: Hands): void {
  const m = machine();
  m.run(0);
  enableGroup1(m, 0);
  for (let i = 0; i < COUNT; i++) setUpSpi(m, FIRST + i, true, priorityOf(i));
  const model = new Model();
  for (const s of steps) {
    switch (s.do) {
      case 'pend':
        bitWrite(m, ISPENDR, FIRST + s.i);
        model.pending |= 1 << s.i;
        break;
      case 'enable':
        bitWrite(m, ISENABLER, FIRST + s.i);
        model.enabled |= 1 << s.i;
        break;
      case 'disable':
        hands.disable(m, FIRST + s.i);
        model.enabled &= ~(1 << s.i);
        break;
      case 'mask':
        hands.mask(m, s.priority);
        model.mask = s.priority;
        break;
      case 'ack': {
        const before = { pending: model.pending, enabled: model.enabled, mask: model.mask };
        const intid = Number(m.mrs(0, IAR1) as bigint);
        if (intid !== SPURIOUS) checkDelivered(intid, before);
        expect(intid).toBe(model.acknowledge());
        break;
      }
      case 'eoi': {
        const ended = model.active.pop();
        if (ended !== undefined) hands.end(m, FIRST + ended);
        break;
      }
    }
    const [broken] = gicInvariants(m.hyp);
    if (m.hyp.dead !== undefined || broken !== undefined) throw new Error(m.hyp.dead?.rule ?? broken);
  }
  // Made pending while active and disabled, an interrupt shows it only when it is enabled (quirk gic-pend-disabled-hidden).
  for (let i = 0; i < COUNT; i++) bitWrite(m, ISENABLER, FIRST + i);
  for (let i = 0; i < COUNT; i++) {
    expect(bitRead(m, ISPENDR, FIRST + i)).toBe((model.pending & (1 << i)) !== 0);
    expect(bitRead(m, 0x300, FIRST + i)).toBe(model.active.includes(i));
  }
}

const steps = fc.array(step, { minLength: 1, maxLength: 60 });

describe('delivery against a model', () => {
  it('four list registers behave like unlimited ones', () => {
    fc.assert(
      fc.property(steps, (list) => compare(list, proper)),
      { numRuns: 150, seed: 7 },
    );
  });

  it.each([
    ['does not withdraw a disabled interrupt', 'was enabled', { disable: () => {} }],
    ['ignores the priority mask', 'was not masked', { mask: () => {} }],
    [
      'delivers an interrupt again that has ended',
      'was pending',
      {
        end: (m, intid) => {
          proper.end(m, intid);
          bitWrite(m, ISPENDR, intid);
        },
      },
    ],
  ] satisfies [string, string, Partial<Hands>][])('notices a GIC that %s', (_, broken, hands) => {
    const result = fc.check(
      fc.property(steps, (list) => compare(list, { ...proper, ...hands })),
      { numRuns: 150, seed: 7, endOnFailure: true },
    );
    expect(String((result.errorInstance as Error | undefined)?.message)).toContain(`delivered: ${broken}`);
  });
});
