/** Scenario files of the command line: reading, checking, starting. */
import { parseScenario, Run, type RunOptions, type Scenario, ScenarioError } from '../../scenario/index.js';
import { CliError, Exit } from '../errors.js';
import { misplaced } from '../file-kind.js';
import { readInput } from '../files.js';

/** Reads and checks a scenario file; a mistake in it is one line and exit 3. */
function loadScenario(file: string): Scenario {
  const bytes = readInput(file);
  try {
    return parseScenario(new TextDecoder().decode(bytes));
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

export function startRun(file: string, options: RunOptions): Run {
  const scenario = loadScenario(file);
  return inFile(file, () => new Run(scenario, options));
}
