/**
 * `npm run coverage`: runs the test suite and prints which transitions and guard outcomes of the project's state machines it went
 * through. Exit 1 when a transition was never taken, or a guard outcome is neither seen nor explained below.
 */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { MachineCoverage } from '../src/machine/index.js';

/** Guard outcomes that no input can produce, with the reason. `machine/transition: outcome`. */
const EXPLAINED: Readonly<Record<string, string>> = {
  'vm-life/ready RESET#1 [mayReset] -> resetting: false':
    'VM_RESET answers DENIED to a no-reset VM before it asks the chart',
  'vm-life/initFailed RESET#1 [mayReset] -> resetting: false':
    'VM_RESET answers DENIED to a no-reset VM before it asks the chart',
};

const folder = mkdtempSync(join(tmpdir(), 'gunyah-coverage-'));
const run = spawnSync(process.execPath, ['node_modules/vitest/vitest.mjs', 'run', '--reporter=dot'], {
  env: { ...process.env, GUNYAH_COVERAGE: folder },
  stdio: ['ignore', 'ignore', 'inherit'],
});

const merged = new Map<string, MachineCoverage & { missedTransitions: string[]; missedGuards: string[] }>();
for (const file of readdirSync(folder)) {
  for (const one of JSON.parse(readFileSync(join(folder, file), 'utf8')) as MachineCoverage[]) {
    if (one.machine.startsWith('test-')) continue;
    const known = merged.get(one.machine);
    const both = (a: readonly string[], b: readonly string[]): string[] => a.filter((name) => b.includes(name));
    merged.set(one.machine, {
      ...one,
      missedTransitions: known ? both(known.missedTransitions, one.missedTransitions) : [...one.missedTransitions],
      missedGuards: known ? both(known.missedGuards, one.missedGuards) : [...one.missedGuards],
    });
  }
}
rmSync(folder, { recursive: true });

let missing = 0;
console.log('machine            transitions        guard outcomes');
for (const m of [...merged.values()].sort((a, b) => (a.machine < b.machine ? -1 : 1))) {
  const unexplained = m.missedGuards.filter((g) => EXPLAINED[`${m.machine}/${g}`] === undefined);
  const part = (taken: number, all: number): string =>
    `${taken}/${all}`.padEnd(8) + (all === 0 ? '' : `${Math.floor((taken * 100) / all)} %`.padStart(6));
  const transitions = part(m.transitions - m.missedTransitions.length, m.transitions);
  console.log(
    `${m.machine.padEnd(18)} ${transitions.padEnd(18)} ${part(m.guardOutcomes - m.missedGuards.length, m.guardOutcomes)}`,
  );
  for (const g of m.missedGuards.filter((one) => !unexplained.includes(one))) {
    console.log(`  guard outcome that cannot be: ${g}: ${EXPLAINED[`${m.machine}/${g}`]}`);
  }
  for (const t of m.missedTransitions) console.log(`  never taken: ${t}`);
  for (const g of unexplained) console.log(`  guard outcome never seen: ${g}`);
  missing += m.missedTransitions.length + unexplained.length;
}
if (run.status !== 0) console.error('the test suite failed: run npm test');
process.exitCode = missing > 0 || run.status !== 0 ? 1 : 0;
