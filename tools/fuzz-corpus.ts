/**
 * Makes the corpus of the fuzzer (src/fuzz/corpus-data.ts): keeps what the present one needs, and searches for short sequences
 * that reach what it does not. Usage: tsx tools/fuzz-corpus.ts [seconds] [seed]. Prints what stays open.
 */
import { writeFileSync } from 'node:fs';
import { corpus, sequenceText } from '../src/fuzz/corpus.js';
import { generator, listed } from '../src/fuzz/generate.js';
import type { Command } from '../src/fuzz/index.js';
import { Machine } from '../src/fuzz/machine.js';
import { Runner } from '../src/fuzz/run.js';
import type { AnswerCounts, Source } from '../src/fuzz/run-types.js';
import { shrink } from '../src/fuzz/shrink.js';
import { answerPairs, whyNotTaken } from '../src/fuzz/unreachable.js';
import { coverage, resetCoverage } from '../src/machine/index.js';

const until = Date.now() + 1000 * Number(process.argv[2] ?? 60);
const seed = Number(process.argv[3] ?? 1);
const runner = new Runner(new Machine());

const wanted = new Set(
  answerPairs()
    .filter((p) => p.why === undefined)
    .map((p) => `${p.message} ${p.answer}`),
);
resetCoverage();
for (const m of coverage()) {
  for (const name of [...m.missedTransitions, ...m.missedGuards])
    if (whyNotTaken(m.machine, name) === undefined) wanted.add(`${m.machine}: ${name}`);
}

/** What a sequence reaches; nothing when it fails. */
function reached(source: Source): { features: Set<string>; executed: Command[] } {
  const counts: AnswerCounts = {};
  resetCoverage();
  const before = coverage();
  const result = runner.run(source, { counts });
  const features = new Set<string>();
  if (result.failure !== undefined) return { features, executed: [] };
  for (const [message, answers] of Object.entries(counts))
    for (const answer of Object.keys(answers)) features.add(`${message} ${answer}`);
  coverage().forEach((m, i) => {
    const missed = new Set([...m.missedTransitions, ...m.missedGuards]);
    for (const name of [...before[i].missedTransitions, ...before[i].missedGuards])
      if (!missed.has(name)) features.add(`${m.machine}: ${name}`);
  });
  return { features, executed: result.executed };
}

const kept: (readonly Command[])[] = [];
function consider(source: Source): void {
  const { features, executed } = reached(source);
  const fresh = [...features].filter((f) => wanted.has(f));
  if (fresh.length === 0) return;
  const small = shrink(executed, (candidate) => {
    const r = reached(listed(candidate));
    return fresh.every((f) => r.features.has(f)) ? r.executed : undefined;
  });
  kept.push(small);
  for (const f of reached(listed(small)).features) wanted.delete(f);
  process.stdout.write(`${wanted.size} open; ${fresh.join(', ')}: ${sequenceText(small)}\n`);
}

for (const commands of corpus()) consider(listed(commands));
for (let n = 0; wanted.size > 0 && Date.now() < until; n++)
  consider(generator(seed * 100_000 + n, { length: 60, swarm: n % 2 === 1, deaths: n % 16 === 15 ? ['all'] : [] }));

const lines = kept.map((commands) => `  '${sequenceText(commands)}',`);
writeFileSync(
  new URL('../src/fuzz/corpus-data.ts', import.meta.url),
  `/** The sequences of the corpus (corpus.ts); tools/fuzz-corpus.ts finds more when answers or machines are new. */
export const SEQUENCES: readonly string[] = [\n${lines.join('\n')}\n];\n`,
);
process.stdout.write(`${kept.length} sequences; open: ${[...wanted].join('; ') || 'nothing'}\n`);
