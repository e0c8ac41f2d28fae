/** What the server tells the people who watch it, beside who came and went: mistakes of clients, and who died. */
import { DEATHS } from '../protocol/index.js';
import type { Simulator } from '../sim/index.js';

/** Lines about mistakes of clients, of all together, and for how long (ms). */
const MAX_COMPLAINTS = 20;
const COMPLAINT_MS = 1_000;

export class Reports {
  /** Who is known to be dead. */
  private dead = { rm: false, hyp: false };
  private complaints = { since: Number.NEGATIVE_INFINITY, count: 0 };

  constructor(private readonly log: (line: string) => void) {}

  /** A frame that made no sense; many clients together get no more than some lines. `now` in ms. */
  complained(name: string, complaint: string, now: number): void {
    if (now - this.complaints.since > COMPLAINT_MS) this.complaints = { since: now, count: 0 };
    this.complaints.count++;
    if (this.complaints.count <= MAX_COMPLAINTS) this.log(`${name}: BAD_REQUEST: ${complaint}`);
    else if (this.complaints.count === MAX_COMPLAINTS + 1)
      this.log('more clients made mistakes than are shown: BAD_REQUEST');
  }

  /** Says that RM or the hypervisor stopped, as soon as it has. */
  deaths({ rm, hyp }: Simulator): void {
    const { dead } = this;
    const say = (who: string, id: string, otherwise: string): void => {
      const words = (DEATHS as Readonly<Record<string, { trigger: string }>>)[id]?.trigger ?? otherwise;
      this.log(`${who} stopped for good: ${id}: ${words} (gunyah-sim explain ${id})`);
    };
    if (!dead.rm && rm.dead !== null) {
      dead.rm = true;
      say('RM', rm.dead.trigger, rm.dead.kind);
    }
    if (!dead.hyp && hyp.dead !== undefined) {
      dead.hyp = true;
      say('the hypervisor', hyp.dead.rule, hyp.dead.what);
    }
  }

  /** The machine is at its first instruction again. */
  restarted(): void {
    this.dead = { rm: false, hyp: false };
  }
}
