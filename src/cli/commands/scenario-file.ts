/** Scenario files of the command line: reading, checking, starting. */
import { parseScenario, Run, type RunOptions, type Scenario, ScenarioError } from '../../scenario/index.js';
import { doing, virtualMs } from '../doing.js';
import { CliError, Exit } from '../errors.js';
import { misplaced } from '../file-kind.js';
import { commandLine, readInput } from '../files.js';

/** Reads and checks a scenario file; a mistake in it is one line and exit 3. */
export function readScenario(file: string): { text: string; scenario: Scenario } {
  const bytes = readInput(file);
  try {
    const text = new TextDecoder().decode(bytes);
    return { text, scenario: parseScenario(text) };
  } catch (error) {
    if (!(error instanceof ScenarioError)) throw error;
    throw new CliError(`${file}: ${misplaced(error.message, bytes, 'scenario')}`, Exit.INPUT);
  }
}

/** Turns mistakes of the scenario into what the command line prints. */
export function inFile<T>(file: string, work: () => T): T {
  try {
    return work();
  } catch (error) {
    if (error instanceof ScenarioError) throw new CliError(`${file}: ${error.message}`, Exit.INPUT);
    throw error;
  }
}

/** The command that explains why a run failed: `options` are those that it was started with. */
export function whyCommand(file: string, { failures }: Run, options: { readonly seed?: number }): string | undefined {
  const [failure] = failures;
  if (failure === undefined) return undefined;
  const seed = options.seed === undefined ? [] : ['--seed', String(options.seed)];
  return commandLine(['explain', file, '--step', String(failure.index + 1), ...seed]);
}

export function startRun(file: string, options: RunOptions): Run {
  const { scenario } = readScenario(file);
  doing({ file: () => file, step: () => '0 (boot)', seed: () => options.seed ?? scenario.seed ?? 1 });
  const run = inFile(file, () => new Run(scenario, options));
  doing({
    step: () => {
      const step = scenario.steps[run.next - 1];
      return step === undefined ? '0 (boot)' : `${run.next} of ${scenario.steps.length} (${step.kind})`;
    },
    at: () => virtualMs(run.sim.hyp.now),
  });
  return run;
}
