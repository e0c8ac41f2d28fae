/** Outcomes of a replay counted, and one of them in words. */
import type { EventOutcome } from './outcome.js';

/** Totals of one transcript or of many. `events` counts everything but notes. */
export interface Totals {
  events: number;
  matched: number;
  mismatched: number;
  unsupported: number;
  excused: number;
  /** How many events of each kind could not be replayed. */
  unsupportedKinds: Record<string, number>;
}

export const noTotals = (): Totals => ({
  events: 0,
  matched: 0,
  mismatched: 0,
  unsupported: 0,
  excused: 0,
  unsupportedKinds: {},
});

export function addOutcome(t: Totals, { event, outcome }: EventOutcome): void {
  t.events++;
  t[outcome.kind]++;
  if (outcome.kind === 'unsupported') t.unsupportedKinds[event.ev] = (t.unsupportedKinds[event.ev] ?? 0) + 1;
}

export function addTotals(t: Totals, more: Totals): void {
  for (const key of ['events', 'matched', 'mismatched', 'unsupported', 'excused'] as const) t[key] += more[key];
  for (const [kind, n] of Object.entries(more.unsupportedKinds)) {
    t.unsupportedKinds[kind] = (t.unsupportedKinds[kind] ?? 0) + n;
  }
}

/** One outcome in words: where, what was recorded, what came instead. */
export function describeOutcome({ index, event, outcome }: EventOutcome): string {
  const where = `line ${index + 2}, ${event.ev}${'name' in event && event.name !== undefined ? ` ${event.name}` : ''}`;
  switch (outcome.kind) {
    case 'matched':
      return `${where}: as recorded`;
    case 'unsupported':
      return `${where}: not supported (${outcome.why})`;
    default:
      return outcome.differences
        .map((d) => {
          const head = `${where}: ${d.field} is ${d.actual}, recorded ${d.expected}`;
          return d.words === undefined ? head : `${head}\n${d.words}`;
        })
        .join('\n');
  }
}
