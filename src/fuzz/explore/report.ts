/** What an exploration has come to, for people. */
import { counted } from '../../base/index.js';
import { sequenceText } from '../corpus.js';
import type { AnswerCounts } from '../run-types.js';
import type { Move } from './choices.js';
import type { Exploration } from './explore.js';
import type { Trap } from './search.js';

const sum = (numbers: readonly number[]): number => numbers.reduce((a, b) => a + b, 0);
const right = (n: number): string => String(n).padStart(7);

export const pathText = (path: readonly Move[]): string => sequenceText(path.map(({ command }) => command));

/** Requests answered with OK, and all others. */
export function answersBy(counts: AnswerCounts): { accepted: number; refused: number } {
  const all = sum(Object.values(counts).flatMap((answers) => Object.values(answers)));
  const accepted = sum(Object.values(counts).map((answers) => answers.OK ?? 0));
  return { accepted, refused: all - accepted };
}

function answerLines(counts: AnswerCounts): string[] {
  const { accepted, refused } = answersBy(counts);
  const rows = Object.entries(counts).sort(([a], [b]) => (a < b ? -1 : 1));
  const seen = (answers: Record<string, number>): string =>
    Object.entries(answers)
      .sort((a, b) => b[1] - a[1])
      .map(([answer, n]) => `${answer} ${n}`)
      .join(', ');
  return [
    `answers: ${accepted} accepted, ${refused} refused`,
    ...rows.map(([message, answers]) => `  ${message.padEnd(21)} ${seen(answers)}`),
  ];
}

const away = (depth: number): string => (depth === 0 ? 'the start' : `after ${counted(depth, 'command')}`);

/** Of what must be seen sometimes, and was not although everything was tried. */
export const neverSeen = ({ sights, left }: Exploration): string[] =>
  left > 0 ? [] : sights.unseen.filter(({ due }) => due).map(({ name }) => name);

/** States without a way back and without a reason for it; undefined: there are none. */
export const unexplained = ({ traps, missingBack }: Exploration): Trap<Move> | undefined =>
  missingBack.length > 0 ? undefined : traps?.find(({ why }) => why === undefined);

function sightLines({ sights, left }: Exploration): string[] {
  const { machine, transitions, taken, unseen } = sights;
  const reasons = new Map<string, string[]>();
  for (const { name, why, due } of unseen) {
    const reason = due && left > 0 ? 'not yet' : why;
    reasons.set(reason, [...(reasons.get(reason) ?? []), name]);
  }
  return [
    `sometimes: ${taken} of ${transitions} transitions of ${machine}`,
    ...[...reasons].map(([why, names]) => `  not ${names.join(', ')}: ${why}`),
  ];
}

function trapLines({ states, left, traps, missingBack }: Exploration): string[] {
  if (traps === undefined) return [`eventually: not known, in ${counted(left, 'state')} not everything has been tried`];
  const otherwise = missingBack.length === 0 ? 'without a known reason' : `without ${missingBack.join(', ')}`;
  const trapped = sum(traps.map((t) => t.states));
  return [
    `eventually: from ${states - trapped} of ${counted(states, 'state')} everything can be returned${trapped === 0 ? '' : '; not from the others'}`,
    ...traps.flatMap((t) => [
      `${right(t.states)}  ${t.why ?? otherwise}`,
      `${' '.repeat(9)}shortest way in: ${pathText(t.path)}`,
    ]),
  ];
}

/** The tables of a run, from the states to what was not seen. */
export function explorationLines(e: Exploration): string[] {
  const tried = e.left === 0 ? 'everything was tried' : `${e.left} of them not tried out`;
  return [
    `${counted(e.states, 'state')}, ${tried}; the farthest ${away(e.depth)}`,
    ...e.kinds.map(({ about, states, depth }) => `${right(states)}  ${about}, the nearest ${away(depth)}`),
    ...answerLines(e.counts),
    ...(e.ends.length === 0 ? [] : ['not followed:']),
    ...e.ends.map(({ why, count }) => `${right(count)}  ${why}`),
    `always: ${counted(e.edges, 'edge')}, every message as the model says, every invariant of the machine`,
    ...sightLines(e),
    ...trapLines(e),
  ];
}
