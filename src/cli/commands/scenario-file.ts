/** Scenario files of the command line: reading, checking, starting. */
import { parseScenario, Run, type RunOptions, type Scenario, ScenarioError } from '../../scenario/index.js';
import { CliError, Exit } from '../errors.js';
import { readInput } from '../files.js';

/** Reads and checks a scenario file; a mistake in it is one line and exit 3. */
function loadScenario(file: string): Scenario {
  const text = new TextDecoder().decode(readInput(file));
  return inFile(file, () => parseScenario(text));
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
