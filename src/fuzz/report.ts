/** Tables at the end of a fuzzing run: message x answer and state machines, with the reason of everything that was not reached. */
import { coverage, type MachineCoverage } from '../machine/index.js';
import type { AnswerCounts } from './run-types.js';
import { answerPairs, whyNotTaken } from './unreachable.js';

export interface AnswerRow {
  message: string;
  /** Answers seen, most frequent first. */
  seen: { answer: string; count: number }[];
  /** Other answers that RM's code has for this request, and why they did not come. */
  unseen: { answer: string; why: string; reachable: boolean }[];
}

const LATER = 'reachable: the corpus gets it, this run stopped before';

/** Every request with the answers seen, and those that RM's code has beside them. */
export function answerTable(counts: AnswerCounts): AnswerRow[] {
  const rows = new Map<string, AnswerRow>();
  const rowOf = (message: string): AnswerRow => {
    const seen = Object.entries(counts[message] ?? {}).sort((a, b) => b[1] - a[1]);
    const row = rows.get(message) ?? {
      message,
      seen: seen.map(([answer, count]) => ({ answer, count })),
      unseen: [],
    };
    rows.set(message, row);
    return row;
  };
  for (const { message, answer, why } of answerPairs()) {
    const row = rowOf(message);
    if (counts[message]?.[answer] === undefined)
      row.unseen.push({ answer, why: why ?? LATER, reachable: why === undefined });
  }
  for (const message of Object.keys(counts)) rowOf(message);
  return [...rows.values()];
}

/** How many pairs of request and answer were reached, how many there are, and how many no client can reach. */
export function answerTotals(rows: readonly AnswerRow[]): { reached: number; total: number; unreachable: number } {
  const sum = (of: (row: AnswerRow) => number): number => rows.reduce((n, row) => n + of(row), 0);
  const reached = sum((row) => row.seen.length);
  return {
    reached,
    total: reached + sum((row) => row.unseen.length),
    unreachable: sum((row) => row.unseen.filter((u) => !u.reachable).length),
  };
}

/** What several workers together have not taken: missed by all of them. */
export function mergeCoverage(all: readonly (readonly MachineCoverage[])[]): MachineCoverage[] {
  const [first, ...rest] = all;
  return (first ?? coverage()).map((m) => {
    const same = rest.map((list) => list.find((x) => x.machine === m.machine));
    const missedTransitions = m.missedTransitions.filter((t) => same.every((x) => x?.missedTransitions.includes(t)));
    const missedGuards = m.missedGuards.filter((t) => same.every((x) => x?.missedGuards.includes(t)));
    return {
      ...m,
      missedTransitions,
      missedGuards,
      transitionsTaken: m.transitions - missedTransitions.length,
      guardOutcomesSeen: m.guardOutcomes - missedGuards.length,
    };
  });
}

export function answerLines(rows: readonly AnswerRow[]): string[] {
  const { reached, total, unreachable } = answerTotals(rows);
  const open = total - reached - unreachable;
  return [
    ...rows.flatMap((row) => [
      `${row.message.padEnd(22)} ${row.seen.map((s) => `${s.answer} ${s.count}`).join(', ') || '-'}`,
      ...row.unseen.map((u) => `${' '.repeat(22)} not ${u.answer}: ${u.why}`),
    ]),
    `message x answer: ${reached} of ${total} reached, ${unreachable} out of reach for a reason, ${open} still to come`,
  ];
}

/** Each machine, and below it what was not taken, by reason. */
export const machineLines = (machines: readonly MachineCoverage[]): string[] =>
  machines.flatMap((m) => {
    const reasons = new Map<string, string[]>();
    for (const name of [...m.missedTransitions, ...m.missedGuards]) {
      const why = whyNotTaken(m.machine, name) ?? LATER;
      reasons.set(why, [...(reasons.get(why) ?? []), name]);
    }
    return [
      `${m.machine.padEnd(22)} ${m.transitionsTaken} of ${m.transitions} transitions, ${m.guardOutcomesSeen} of ${m.guardOutcomes} guard outcomes`,
      ...[...reasons].map(([why, names]) => `${' '.repeat(22)} not ${names.join(', ')}: ${why}`),
    ];
  });
