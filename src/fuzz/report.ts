/** Tables at the end of a fuzzing run: message x answer, state machines, and why something was not reached. */
import { coverage, type MachineCoverage } from '../machine/index.js';
import { MESSAGE_EXPLANATIONS } from '../protocol/explain-data.js';
import { MESSAGES } from '../protocol/index.js';
import { modelledIds } from './lifecycle/predict.js';
import type { AnswerCounts } from './run.js';

export interface AnswerRow {
  message: string;
  /** Answers seen, most frequent first. */
  seen: { answer: string; count: number }[];
  /** Answers that a rule of the specification gives, which were not seen, and why. */
  unseen: { answer: string; why: string }[];
}

/** Why an answer does not come, where that is known. */
const REASONS: readonly (readonly [message: RegExp, answer: RegExp, why: string])[] = [
  [/./, /^NOMEM$/, 'RM never runs out of memory in the simulator'],
  [/^VM_GET_ID$/, /^VALIDATE_FAILED$/, 'every signer is known on this platform'],
  [/^VM_AUTH_IMAGE$/, /./, 'the platform accepts every image'],
  [/^FW_/, /./, 'firmware images are not part of the model'],
  [/^VM_SET_FIRMWARE_MEM$/, /./, 'firmware images are not part of the model'],
  [/^MEM_ACCEPT$/, /^(NORESOURCE|MEM_INVALID|MAP_FAILED)$/, 'needs chosen addresses, which the model does not follow'],
  [
    /^MEM_(DONATE|LEND|SHARE|APPEND)$/,
    /^(MAP_FAILED|NORESOURCE)$/,
    'lists are short, and the primary VM has its memory mapped',
  ],
  [/^MEM_RELEASE$/, /^MAP_FAILED$/, 'the hypervisor never refuses to unmap what it has mapped'],
];

function reason(message: string, answer: string, death: boolean): string {
  const known = REASONS.find(([m, a]) => m.test(message) && a.test(answer));
  if (known !== undefined) return known[2];
  return death ? 'RM dies instead' : 'not reached in this run';
}

/** Every modelled request with the answers seen, and those of its rules that were not. */
export function answerTable(counts: AnswerCounts): AnswerRow[] {
  const modelled = new Set(modelledIds().map((id) => MESSAGES[id]?.name));
  const rows: AnswerRow[] = [];
  for (const m of MESSAGE_EXPLANATIONS) {
    if (m.kind !== 'request') continue;
    const seen = Object.entries(counts[m.name] ?? {}).sort((a, b) => b[1] - a[1]);
    if (!modelled.has(m.name) && seen.length === 0) continue;
    const expected = new Map<string, string>([['OK', reason(m.name, 'OK', false)]]);
    for (const rule of m.rules) {
      for (const error of rule.errors) expected.set(error, reason(m.name, error, rule.death !== undefined));
    }
    if (!modelled.has(m.name)) expected.delete('OK');
    for (const [answer] of seen) expected.delete(answer);
    rows.push({
      message: m.name,
      seen: seen.map(([answer, count]) => ({ answer, count })),
      unseen: [...expected].map(([answer, why]) => ({ answer, why })),
    });
  }
  return rows;
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
  return rows.flatMap((row) => [
    `${row.message.padEnd(22)} ${row.seen.map((s) => `${s.answer} ${s.count}`).join(', ') || '-'}`,
    ...row.unseen.map((u) => `${' '.repeat(22)} not ${u.answer}: ${u.why}`),
  ]);
}

/** Names of a machine's untaken transitions in one line; all of them are in the JSON. */
const SHOWN = 8;

export const machineLines = (machines: readonly MachineCoverage[]): string[] =>
  machines.map((m) => {
    const missed = [...m.missedTransitions, ...m.missedGuards];
    const more = missed.length > SHOWN ? ` and ${missed.length - SHOWN} more` : '';
    const rest = missed.length === 0 ? '' : `; not taken: ${missed.slice(0, SHOWN).join(', ')}${more}`;
    return `${m.machine.padEnd(22)} ${m.transitionsTaken} of ${m.transitions} transitions, ${m.guardOutcomesSeen} of ${m.guardOutcomes} guard outcomes${rest}`;
  });
