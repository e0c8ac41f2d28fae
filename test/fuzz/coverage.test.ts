/** The coverage table is complete: each answer and each transition is reached by the corpus, or has a reason that is true. */
import { beforeAll, describe, expect, it } from 'vitest';
import { corpus, parseSequence, sequenceText } from '../../src/fuzz/corpus.js';
import { listed } from '../../src/fuzz/generate.js';
import {
  type AnswerRow,
  answerTable,
  answerTotals,
  defaultFuzzOptions,
  Fuzzer,
  machineLines,
} from '../../src/fuzz/index.js';
import { Machine } from '../../src/fuzz/machine.js';
import { Runner } from '../../src/fuzz/run.js';
import type { AnswerCounts } from '../../src/fuzz/run-types.js';
import { answerPairs, UNREACHABLE_ANSWERS, UNREACHABLE_TRANSITIONS, whyNotTaken } from '../../src/fuzz/unreachable.js';
import { coverage, type MachineCoverage, resetCoverage } from '../../src/machine/index.js';
import { MESSAGE_EXPLANATIONS } from '../../src/protocol/explain-data.js';

const counts: AnswerCounts = {};
let rows: AnswerRow[];
let machines: readonly MachineCoverage[];
let all: readonly MachineCoverage[];

beforeAll(() => {
  resetCoverage();
  all = coverage();
  const runner = new Runner(new Machine());
  for (const commands of corpus()) {
    const result = runner.run(listed(commands), { counts });
    expect(result.failure, sequenceText(commands)).toBeUndefined();
  }
  machines = coverage();
  // Random sequences must keep to the table too.
  const fuzzer = new Fuzzer({ ...defaultFuzzOptions(), seed: 5, excuse: ['all'] });
  for (let i = 0; i < 20; i++) expect(fuzzer.step()).toBeUndefined();
  for (const [message, answers] of Object.entries(fuzzer.totals.counts)) {
    counts[message] ??= {};
    for (const [answer, n] of Object.entries(answers)) counts[message][answer] = (counts[message][answer] ?? 0) + n;
  }
  rows = answerTable(counts);
}, 60_000);

describe('the corpus', () => {
  it('gets every answer that can be got', () => {
    const open = rows.flatMap((row) => row.unseen.filter((u) => u.reachable).map((u) => `${row.message} ${u.answer}`));
    expect(open).toEqual([]);
  });

  it('takes every transition and sees every guard outcome that is possible', () => {
    const open = machines.flatMap((m) =>
      [...m.missedTransitions, ...m.missedGuards].filter((name) => whyNotTaken(m.machine, name) === undefined),
    );
    expect(open).toEqual([]);
  });

  it('is kept in lines that come back as they were', () => {
    for (const commands of corpus()) expect(parseSequence(sequenceText(commands))).toEqual(commands);
  });
});

describe('reasons', () => {
  it('stand for answers that never come', () => {
    const wrong = answerPairs().filter((p) => p.why !== undefined && counts[p.message]?.[p.answer] !== undefined);
    expect(wrong).toEqual([]);
  });

  it('stand for transitions that are never taken', () => {
    const taken = machines.flatMap((m, i) => {
      const missed = new Set([...m.missedTransitions, ...m.missedGuards]);
      const names = [...all[i].missedTransitions, ...all[i].missedGuards];
      return names.filter((name) => !missed.has(name) && whyNotTaken(m.machine, name) !== undefined);
    });
    expect(taken).toEqual([]);
  });

  it('each explain something', () => {
    const pairs = answerPairs();
    for (const r of UNREACHABLE_ANSWERS)
      expect(
        pairs.some((p) => p.answer === r.answer && r.message.test(p.message)),
        `${r.message} ${r.answer}`,
      ).toBe(true);
    for (const [machine, list] of Object.entries(UNREACHABLE_TRANSITIONS)) {
      const m = all.find((x) => x.machine === machine);
      for (const [pattern] of list)
        expect([...(m?.missedTransitions ?? []), ...(m?.missedGuards ?? [])].some((n) => pattern.test(n))).toBe(true);
    }
  });

  it('name rules that give the answer', () => {
    for (const r of UNREACHABLE_ANSWERS) {
      for (const m of MESSAGE_EXPLANATIONS.filter((x) => x.kind === 'request' && r.message.test(x.name))) {
        const rules = m.rules.filter((rule) => r.rules.some((n) => rule.id === `rm.${m.name}.${n}`));
        if (r.rules.length === 0 || r.answer === 'OK') continue;
        expect(
          rules.some((rule) => rule.errors.includes(r.answer)),
          `${m.name} ${r.answer}`,
        ).toBe(true);
      }
    }
  });
});

describe('the table', () => {
  it('has no answer that RM is not known to give', () => {
    const known = new Set(answerPairs().map((p) => `${p.message} ${p.answer}`));
    const unknown = rows
      .filter((row) => !row.message.startsWith('0x'))
      .flatMap((row) => row.seen.map((s) => `${row.message} ${s.answer}`))
      .filter((pair) => !known.has(pair));
    expect(unknown).toEqual([]);
  });

  it('adds up', () => {
    const { reached, total, unreachable } = answerTotals(rows);
    expect(reached + unreachable).toBe(total);
    expect(machineLines(machines).join('\n')).not.toContain('stopped before');
  });
});
