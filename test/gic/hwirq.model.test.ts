/**
 * Physical interrupts bound to level interrupts of a VIC, against a reference (fact base vgic-and-timer 5): when one fires, how long
 * it stays active in the physical GIC, and what becomes of it when it is unbound half-way. Numbers are enabled and disabled
 * only while they are idle; what that does to one under way is in virq.model.test.ts.
 */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { bindHwirq, createHwirq, raiseHwirq, unbindHwirq } from '../../src/gic/hwirq.js';
import { gicOfHyp } from '../../src/gic/index.js';
import { HypError } from '../../src/protocol/index.js';
import { gicInvariants } from './invariants.js';
import { bitWrite, EOIR1, enableGroup1, IAR1, ICENABLER, ISENABLER, machine, SPURIOUS, setUpSpi } from './machine.js';

const NUMBERS = [60, 61] as const;
const PHYSICAL = [72, 73, 74] as const;
const NONE = -1;

const MUTANTS = [
  'fires again before its end',
  'stays active after its end',
  'stays active when it is unbound',
  'fires while its number is disabled',
  'is taken when another that had its number is ended',
  'comes once only although its number is enabled again',
] as const;
type Mutant = (typeof MUTANTS)[number] | undefined;

interface Line {
  /** What is bound to the number. */
  bound: number;
  enabled: boolean;
  /** In a list register: waiting to be taken, or taken. */
  state: 'idle' | 'pending' | 'taken';
  /** Whose end the guest's end is; NONE: it was unbound meanwhile, or nothing fired (see `ended`). */
  by: number;
  /** Fired while the register held something else. */
  next: number;
  /** The register was left behind by an end, with the level: enabling takes it for an assertion (quirk gic-enable-repeats). */
  ended: boolean;
}

class Reference {
  readonly lines: Line[] = NUMBERS.map(() => ({
    bound: NONE,
    enabled: true,
    state: 'idle',
    by: NONE,
    next: NONE,
    ended: false,
  }));
  /** Active in the physical GIC. */
  readonly active: boolean[] = PHYSICAL.map(() => false);
  readonly taken: number[] = [];

  constructor(readonly mutant: Mutant) {}

  bind(h: number, n: number): number {
    const line = this.lines[n];
    if (this.lines.some((l) => l.bound === h)) return HypError.VIRQ_BOUND;
    if (line.bound !== NONE) return HypError.BUSY;
    line.bound = h;
    return HypError.OK;
  }

  unbind(h: number): number {
    const line = this.lines.find((l) => l.bound === h);
    if (line === undefined) return HypError.VIRQ_NOT_BOUND;
    line.bound = NONE;
    line.next = NONE;
    line.ended = false;
    if (line.by === h) line.by = NONE;
    if (line.state === 'pending') line.state = 'idle';
    if (this.mutant !== 'stays active when it is unbound') this.active[h] = false;
    return HypError.OK;
  }

  raise(h: number): boolean {
    const line = this.lines.find((l) => l.bound === h);
    if (line === undefined || (!line.enabled && this.mutant !== 'fires while its number is disabled')) return false;
    if (this.active[h] && this.mutant !== 'fires again before its end') return false;
    this.active[h] = true;
    if (line.state === 'idle') {
      line.state = 'pending';
      line.by = h;
    } else {
      line.next = h;
    }
    return true;
  }

  acknowledge(): number {
    const n = this.lines.findIndex((l) => l.state === 'pending');
    const inner = this.taken.at(-1);
    if (n < 0 || (inner !== undefined && n >= inner)) return SPURIOUS;
    this.lines[n].state = 'taken';
    this.taken.push(n);
    return NUMBERS[n];
  }

  end(): number | undefined {
    const n = this.taken.pop();
    if (n === undefined) return undefined;
    const line = this.lines[n];
    line.state = 'idle';
    line.ended = line.by !== NONE;
    if (line.by !== NONE && this.mutant !== 'stays active after its end') this.active[line.by] = false;
    line.by = NONE;
    // It may fire again now; a device that still asserts it does so.
    if (line.next !== NONE) this.active[line.next] = false;
    if (line.next !== NONE && this.mutant === 'is taken when another that had its number is ended')
      line.state = 'pending';
    line.next = NONE;
    return NUMBERS[n];
  }

  enable(n: number, enabled: boolean): void {
    const line = this.lines[n];
    line.enabled = enabled;
    const repeats = this.mutant !== 'comes once only although its number is enabled again';
    if (enabled && line.ended && repeats) line.state = 'pending';
    line.ended = false;
  }
}

type Step =
  | { do: 'bind'; h: number; n: number }
  | { do: 'unbind' | 'raise'; h: number }
  | { do: 'enable'; n: number }
  | { do: 'disable'; n: number }
  | { do: 'ack' | 'eoi' };

const h = fc.nat(PHYSICAL.length - 1);
const n = fc.nat(NUMBERS.length - 1);
const as = <T extends string>(...names: T[]): fc.Arbitrary<T> => fc.constantFrom(...names);
const steps: fc.Arbitrary<Step[]> = fc.array(
  fc.oneof(
    { weight: 4, arbitrary: fc.record({ do: as('bind'), h, n }) },
    { weight: 7, arbitrary: fc.record({ do: as('unbind', 'raise', 'raise', 'raise'), h }) },
    { weight: 2, arbitrary: fc.record({ do: as('enable', 'enable', 'disable'), n }) },
    { weight: 7, arbitrary: fc.record({ do: as('ack', 'eoi') }) },
  ),
  { minLength: 5, maxLength: 50 },
);

function compare(list: readonly Step[], mutant: Mutant): string | undefined {
  const m = machine(1);
  const g = gicOfHyp(m.hyp);
  m.run(0);
  enableGroup1(m, 0);
  NUMBERS.forEach((number, i) => void setUpSpi(m, number, false, 0x40 + 0x20 * i));
  m.act(0);
  const hwirqs = PHYSICAL.map((irq) => createHwirq(m.hyp, 0, irq));
  const ref = new Reference(mutant);
  for (const [at, step] of list.entries()) {
    let got: unknown;
    let want: unknown;
    if (step.do === 'bind') {
      got = bindHwirq(g, hwirqs[step.h], m.vic, NUMBERS[step.n]);
      want = ref.bind(step.h, step.n);
    } else if (step.do === 'unbind') {
      got = unbindHwirq(g, hwirqs[step.h]);
      want = ref.unbind(step.h);
    } else if (step.do === 'raise') {
      got = raiseHwirq(g, hwirqs[step.h], 0);
      want = ref.raise(step.h);
    } else if (step.do === 'ack') {
      got = Number(m.mrs(0, IAR1));
      want = ref.acknowledge();
    } else if (step.do === 'eoi') {
      const ended = ref.end();
      if (ended !== undefined) m.msr(0, EOIR1, ended);
    } else if ((step.do === 'enable' || step.do === 'disable') && ref.lines[step.n].state === 'idle') {
      bitWrite(m, step.do === 'enable' ? ISENABLER : ICENABLER, NUMBERS[step.n]);
      ref.enable(step.n, step.do === 'enable');
    }
    if (got !== want) return `${at} ${JSON.stringify(step)}: ${got}, reference ${want}`;
    const active = hwirqs.map((one) => one.active);
    if (String(active) !== String(ref.active))
      return `${at} ${JSON.stringify(step)}: active ${active}, not ${ref.active}`;
    const [broken] = gicInvariants(m.hyp);
    if (broken !== undefined) return `${at} ${JSON.stringify(step)}: ${broken}`;
  }
  return undefined;
}

describe('a physical interrupt', () => {
  it('does what the reference does', () => {
    fc.assert(
      fc.property(steps, (list) => {
        expect(compare(list, undefined)).toBeUndefined();
      }),
      { numRuns: 100, seed: 5 },
    );
  });

  /** Rarely drawn: two have the same number, one after the other, before the guest ends anything. */
  const oneAfterAnother: Step[] = [
    { do: 'bind', h: 0, n: 0 },
    { do: 'raise', h: 0 },
    { do: 'ack' },
    { do: 'unbind', h: 0 },
    { do: 'bind', h: 1, n: 0 },
    { do: 'raise', h: 1 },
    { do: 'eoi' },
    { do: 'ack' },
  ];

  it.each(MUTANTS)('that %s is noticed', (mutant) => {
    const found = fc.check(
      fc.property(steps, (list) => compare(list, mutant) === undefined),
      { numRuns: 400, seed: 5, endOnFailure: true, examples: [[oneAfterAnother]] },
    );
    expect(found.failed).toBe(true);
  });
});
