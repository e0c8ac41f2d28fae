/** `caps FILE`: the capability table of every VM, at the end of a scenario or after the steps that `--at` names. */
import type { Scenario } from '../../scenario/index.js';
import { type CapTableOfVm, capChangeLines, capChanges, capTableLines, capTables } from '../../sim/index.js';
import { CliError, Exit } from '../errors.js';
import { type GlobalOptions, paints, print, printJson } from '../output.js';
import { inFile, startRun, whyCommand } from './scenario-file.js';

interface CapsOptions extends GlobalOptions {
  readonly at?: string[];
  readonly all?: boolean;
  readonly vm?: string[];
  readonly changes?: boolean;
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

/** `HLOS`, `VM 128` or `128`. */
const isCalled = (table: CapTableOfVm, word: string): boolean =>
  [table.vm.toLowerCase(), String(table.vmid)].includes(word.toLowerCase());

/** Only the VMs that are asked for, which must be there at one moment at least. */
function ofVms(moments: readonly Moment[], words: readonly string[] | undefined): Moment[] {
  if (words === undefined) return [...moments];
  const all = moments.flatMap((m) => m.tables);
  const stranger = words.find((w) => !all.some((t) => isCalled(t, w)));
  if (stranger !== undefined) {
    const there = [...new Set(all.map((t) => t.vm))].join(', ');
    throw new CliError(`no VM is called ${stranger || "''"} then: there are ${there}`);
  }
  return moments.map((m) => ({ ...m, tables: m.tables.filter((t) => words.some((w) => isCalled(t, w))) }));
}

/** From the second moment on, what is different from the one before. */
const changesOf = (moments: readonly Moment[]): Moment[] =>
  moments.map((m, i) => (i === 0 ? m : { ...m, tables: capChanges(moments[i - 1].tables, m.tables) }));

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
  const chosen = ofVms(moments, options.vm);
  const changes = options.changes === true;
  const seed = playing.sim.options.seed ?? 1;
  const why = whyCommand(file, playing, options);
  const shown = changes ? changesOf(chosen) : chosen;
  if (options.json === true)
    printJson({ scenario: scenario.name, seed, moments: shown, failures: playing.failures, why });
  else {
    const { bold } = paints(options);
    for (const [i, m] of shown.entries()) {
      print(bold(`== ${scenario.name}, ${m.title}, seed ${seed}`));
      for (const table of m.tables) {
        for (const line of changes && i > 0 ? capChangeLines(table) : capTableLines(table, options.all === true))
          print(line);
        print('');
      }
    }
  }
  for (const f of playing.failures) process.stderr.write(`error: ${file}: ${f.path}: ${f.text}\n`);
  if (why !== undefined) process.stderr.write(`why: ${why}\n`);
  return playing.failures.length === 0 ? Exit.OK : Exit.FAILED;
}
