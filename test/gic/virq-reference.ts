/** Sources of interrupts as a reference of one vCPU has them (fact base ipc 1), with a mutant for each rule. */
import { HypError } from '../../src/protocol/index.js';
import { SPURIOUS } from './machine.js';

/** As many as there are list registers, less one: none has to make room. */
export const NUMBERS = [60, 61, 62] as const;
export const SOURCES = 3;
export const priorityOf = (i: number): number => 0x40 + 0x20 * i;

export const MUTANTS = [
  'an edge-only assertion raises the level',
  'clear takes the latched edge',
  'the end does not ask the source',
  'the source is not asked after an assertion',
  'binding raises a condition that holds',
  'unbinding leaves the level',
  'a disabled interrupt loses its edge',
  'an assertion while active is lost',
  'configuration delivers',
] as const;
export type Mutant = (typeof MUTANTS)[number] | undefined;

interface Irq {
  /** Source that is bound to it, -1: none. */
  source: number;
  enabled: boolean;
  /** Configured edge. */
  edgeConfig: boolean;
  /** Latched edge; level of the source. */
  edge: boolean;
  level: boolean;
  /** State of its list register: it is taken, not ended, or both. */
  pends: boolean;
  active: boolean;
  /** Its end traps: the register was filled or asserted again by a level. */
  traps: boolean;
  /** It has a register: also after its end, until somebody looks. */
  listed: boolean;
  /** Something changed while it was in a register. */
  wantsLook: boolean;
}

/** Questions to sources: who, and whether the GIC knows of a new assertion. */
export type Asked = [source: number, reasserted: boolean];

export class Reference {
  readonly irqs: Irq[] = NUMBERS.map(() => ({
    source: -1,
    enabled: true,
    edgeConfig: false,
    edge: false,
    level: false,
    pends: false,
    active: false,
    traps: false,
    listed: false,
    wantsLook: false,
  }));
  /** Acknowledged and not ended, innermost last. */
  readonly stack: number[] = [];
  /** What each source would answer. */
  readonly holds: boolean[] = new Array(SOURCES).fill(false);
  asked: Asked[] = [];

  constructor(readonly mutant: Mutant) {}

  private pending(q: Irq): boolean {
    return q.edgeConfig ? q.edge : q.level;
  }

  private ask(q: Irq, reasserted: boolean): boolean {
    if (q.source < 0) return false;
    this.asked.push([q.source, reasserted]);
    return (reasserted && this.mutant !== 'the source is not asked after an assertion') || this.holds[q.source];
  }

  /** Into its list register, where it may be active already. */
  private deliver(q: Irq): void {
    if (!this.pending(q) || !q.enabled) {
      // In a register: it is looked at with the next one that asks for it, at once if it only lacks the enable.
      q.wantsLook = q.listed;
      if (q.listed && this.pending(q)) this.lookAtAll();
      return;
    }
    if (q.active && this.mutant === 'an assertion while active is lost') return;
    q.listed = true;
    q.pends = true;
    q.edge = false;
    q.traps = !q.edgeConfig && q.level;
  }

  private lookAtAll(): void {
    for (const q of this.irqs) if (q.wantsLook) this.look(q);
  }

  /** Looks at a list register again: what pends in it is a latched edge, and the level holds if the source says so. */
  private look(q: Irq): void {
    q.wantsLook = false;
    if (q.level) q.level = this.ask(q, q.pends || q.edge);
    if (q.pends) q.edge = this.mutant !== 'a disabled interrupt loses its edge';
    if (q.enabled && this.pending(q)) {
      q.pends = true;
      q.edge = false;
      q.traps = !q.edgeConfig;
    } else if (!q.active || !q.enabled) {
      q.pends = false;
    }
    q.listed = q.pends || q.active;
    // Active and enabled, the register is left alone (quirk gic-withdrawn-while-active).
  }

  bind(s: number, i: number): number {
    if (this.irqs.some((q) => q.source === s)) return HypError.VIRQ_BOUND;
    const q = this.irqs[i];
    if (q.source >= 0) return HypError.BUSY;
    q.source = s;
    if (this.mutant === 'binding raises a condition that holds' && this.holds[s]) this.assert(s, false);
    return HypError.OK;
  }

  unbind(s: number): void {
    const q = this.irqs.find((one) => one.source === s);
    if (q === undefined) return;
    if (this.mutant !== 'unbinding leaves the level') this.clear(s);
    // Whoever has it in a register is asked to look, and looks at all.
    if (q.listed) this.lookAtAll();
    q.source = -1;
  }

  assert(s: number, edgeOnly: boolean): void {
    const q = this.irqs.find((one) => one.source === s);
    if (q === undefined) return;
    q.edge = true;
    if (!edgeOnly || this.mutant === 'an edge-only assertion raises the level') q.level = true;
    this.deliver(q);
  }

  clear(s: number): void {
    const q = this.irqs.find((one) => one.source === s);
    if (q === undefined) return;
    q.level = false;
    if (q.listed) this.look(q);
    if (this.mutant === 'clear takes the latched edge') q.edge = false;
  }

  enable(i: number): void {
    const q = this.irqs[i];
    q.enabled = true;
    this.deliver(q);
  }

  disable(i: number): void {
    const q = this.irqs[i];
    q.enabled = false;
    if (q.listed) {
      q.wantsLook = true;
      this.lookAtAll();
    } else if (q.level) {
      q.level = this.ask(q, q.edge);
    }
  }

  configure(i: number, edge: boolean): void {
    const q = this.irqs[i];
    q.edgeConfig = edge;
    if (this.mutant === 'configuration delivers') this.deliver(q);
  }

  /** The most urgent one that pends, -1: none. */
  highest(): number {
    return this.irqs.findIndex((q) => q.pends && !q.active);
  }

  acknowledge(): number {
    const i = this.highest();
    const inner = this.stack.at(-1);
    if (i < 0 || (inner !== undefined && priorityOf(i) >= priorityOf(inner))) return SPURIOUS;
    this.irqs[i].pends = false;
    this.irqs[i].active = true;
    this.stack.push(i);
    return NUMBERS[i];
  }

  end(): number | undefined {
    const i = this.stack.pop();
    if (i === undefined) return undefined;
    const q = this.irqs[i];
    q.active = false;
    // Pending again: it is taken once more, and nobody is asked.
    if (!q.pends && q.traps && this.mutant !== 'the end does not ask the source') {
      q.traps = false;
      this.look(q);
    }
    return NUMBERS[i];
  }
}
