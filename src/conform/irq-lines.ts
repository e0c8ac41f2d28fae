/**
 * The client's interrupts as its GIC gives them: one pending bit each, and what is acknowledged stays active until it is ended.
 * All have one priority, so nothing is acknowledged while one is active (fact base: gic 4, running priority). Leaves out: priorities
 * that the client sets, split priority drop and deactivation.
 */
import type { Interrupts } from './client/port.js';

interface Counts {
  raised: number;
  acknowledged: number;
  ended: number;
}

export class IrqLines implements Interrupts {
  private readonly pending = new Set<number>();
  private readonly active = new Set<number>();
  /** Acknowledged ones whose priority was not dropped. */
  private running = 0;
  private readonly counts = new Map<number, Counts>();

  private count(intid: number): Counts {
    let c = this.counts.get(intid);
    if (c === undefined) {
      c = { raised: 0, acknowledged: 0, ended: 0 };
      this.counts.set(intid, c);
    }
    return c;
  }

  /** An edge. One that is pending already stays so. */
  raise(intid: number): void {
    this.pending.add(intid);
    this.count(intid).raised++;
  }

  private get next(): number | undefined {
    if (this.running > 0) return undefined;
    let least: number | undefined;
    for (const i of this.pending) if (!this.active.has(i) && (least === undefined || i < least)) least = i;
    return least;
  }

  /** An acknowledgement would give one. */
  get deliverable(): boolean {
    return this.next !== undefined;
  }

  /** ICC_IAR1: undefined is 1023. */
  acknowledge(): number | undefined {
    const intid = this.next;
    if (intid === undefined) return undefined;
    this.pending.delete(intid);
    this.active.add(intid);
    this.running++;
    this.count(intid).acknowledged++;
    return intid;
  }

  /** ICC_EOIR1: drops the priority, whatever the number; deactivates that interrupt. */
  end(intid: number): void {
    if (this.running > 0) this.running--;
    if (this.active.delete(intid)) this.count(intid).ended++;
  }

  /** `961 raised 3, acknowledged 1, ended 0 (active; pending)`, by number. */
  texts(name: (intid: number) => string = String): string[] {
    const blocks = this.running > 0 ? [...this.active].at(-1) : undefined;
    return [...this.counts]
      .sort(([a], [b]) => a - b)
      .map(([intid, c]) => {
        const states = [
          this.active.has(intid) ? 'active' : '',
          this.pending.has(intid) ? 'pending' : '',
          blocks === intid ? 'no other is acknowledged before it is ended' : '',
        ].filter((s) => s !== '');
        const state = states.length === 0 ? '' : ` (${states.join('; ')})`;
        return `${name(intid)} raised ${c.raised}, acknowledged ${c.acknowledged}, ended ${c.ended}${state}`;
      });
  }
}
