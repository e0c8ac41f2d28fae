/**
 * The command line. Results on stdout, progress on stderr. Exit codes: 0 fine, 1 a failed check, 2 usage, 3 unreadable input,
 * 4 transport, 70 a bug of the simulator, 130 interrupted.
 */
import { Command, CommanderError } from 'commander';
import { registerConform } from './conform.js';
import { registerConformRm } from './conform-rm.js';
import { CliError, Exit } from './errors.js';
import { packageVersion } from './files.js';
import { registerFuzzCommand } from './fuzz.js';
import { registerProtocolCommands } from './protocol-commands.js';
import { parseSeed, registerScenarioCommands } from './scenario-commands.js';
import { registerServe } from './serve.js';

function command(): Command {
  const program = new Command('gunyah-sim')
    .description('An exact, deterministic simulator of the Gunyah hypervisor and its Resource Manager')
    .version(packageVersion())
    .option('--json', 'machine-readable results')
    .option('--quiet', 'no progress, only results')
    .option('--color', 'colours even without a terminal')
    .option('--no-color', 'no colours')
    .option('--seed <n>', 'seed of everything random, decimal or 0x', parseSeed)
    .showSuggestionAfterError()
    .exitOverride()
    .configureOutput({ outputError: (text, write) => write(text) });
  registerScenarioCommands(program);
  registerServe(program);
  registerProtocolCommands(program);
  registerFuzzCommand(program);
  registerConform(program);
  registerConformRm(program);
  return program;
}

/** The program of a worker thread of `fuzz`: loaded when there is one. */
export const fuzzThreads = (): Promise<typeof import('./fuzz-thread.js')> => import('./fuzz-thread.js');

/** Runs one command line, `argv` as in `process.argv`, and sets the process's exit code. */
export async function main(argv: readonly string[]): Promise<void> {
  process.on('SIGINT', () => process.exit(Exit.INTERRUPTED));
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    // The reader of a pipe has seen enough.
    if (error.code === 'EPIPE') process.exit(process.exitCode ?? Exit.OK);
    throw error;
  });
  try {
    await command().parseAsync(argv);
  } catch (error) {
    if (error instanceof CommanderError) process.exitCode = error.exitCode === 0 ? Exit.OK : Exit.USAGE;
    else if (error instanceof CliError) {
      process.stderr.write(`error: ${error.message}\n`);
      process.exitCode = error.code;
    } else {
      process.stderr.write(
        `this is a bug of gunyah-sim: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`,
      );
      process.exitCode = Exit.BUG;
    }
  }
}
