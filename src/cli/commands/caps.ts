import type { Scenario } from '../../scenario/index.js';
import { type CapTableOfVm, capTableLines, capTables } from '../../sim/index.js';
import { CliError, Exit } from '../errors.js';
import { type GlobalOptions, paints, print, printJson } from '../output.js';
import { inFile, startRun } from './scenario-file.js';

/** `caps FILE`: the capability table of every VM, at the end of a scenario or after the steps that `--at` names. */

interface CapsOptions extends GlobalOptions {
  readonly at?: string[];
  readonly all?: boolean;
}

interface Moment {
  step: number;
  title: string;
  tables: CapTableOfVm[];
}

/** Number of steps done at a moment: a step number from 1, 0 for the start, or a label. */
function stepOf(scenario: Scenario, word: string): number {
  if (/^\d+$/.test(word)) {
    const n = Number(word);
    if (n <= scenario.steps.length) return n;
    throw new CliError(
      `step ${n} of ${scenario.steps.length}: give a number up to ${scenario.steps.length}, or a label`,
    );
  }
  const index = scenario.steps.findIndex((s) => s.label === word);
  if (index >= 0) return index + 1;
  const labels = scenario.steps.flatMap((s) => s.label ?? []);
  throw new CliError(
    `no step with label ${word === '' ? "''" : word}: ${labels.length === 0 ? 'there are no labels' : `use one of ${labels.join(', ')}`}`,
  );
}

export function caps(file: string, options: CapsOptions): Exit {
  const playing = startRun(file, { seed: options.seed });
  const { scenario } = playing;
  const wanted = (options.at ?? [String(scenario.steps.length)])
    .map((word) => stepOf(scenario, word))
    .sort((a, b) => a - b);
  const moments: Moment[] = [];
  for (const step of wanted) {
    while (playing.next < step && !playing.done) inFile(file, () => playing.step());
    const done = playing.next;
    const label = scenario.steps[done - 1]?.label;
    const title = done === 0 ? 'after boot' : `after step ${done}${label === undefined ? '' : ` (${label})`}`;
    moments.push({ step: done, title, tables: capTables(playing.sim) });
    if (playing.failures.length > 0) break;
  }
  if (options.json === true)
    printJson({ scenario: scenario.name, seed: playing.sim.options.seed, moments, failures: playing.failures });
  else {
    const { bold } = paints(options);
    for (const m of moments) {
      print(bold(`== ${scenario.name}, ${m.title}`));
      for (const table of m.tables) {
        for (const line of capTableLines(table, options.all === true)) print(line);
        print('');
      }
    }
  }
  for (const f of playing.failures) process.stderr.write(`error: ${file}: ${f.path}: ${f.text}\n`);
  return playing.failures.length === 0 ? Exit.OK : Exit.FAILED;
}
