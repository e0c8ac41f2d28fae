/** The options of `gunyah-sim conform rm`. */
import type { Command } from 'commander';
import type { ConformRmOptions } from '../commands/conform-rm.js';
import { collect, givenOptions, milliseconds } from './values.js';

/** The engine may compute for seconds on one long wait of virtual time. */
const TIMEOUT_MS = 20_000;
/** Starting a program takes longer than answering. */
const START_MS = 15_000;

/** What a case is repeated with. */
const OF_THE_SERVER = ['server', 'serverCommand', 'transcripts', 'expectFail', 'timeout', 'startTimeout'];

/** To be called after `conform`: this is a command of that one. */
export function registerConformRm(program: Command): void {
  const conform = program.commands.find((c) => c.name() === 'conform');
  if (conform === undefined) throw new Error('conform is not registered');
  conform
    .command('rm')
    .description(
      'the inverse: check a server that claims to be Gunyah with its Resource Manager, with recordings as cases',
    )
    .argument('[filters...]', 'recordings: b2, c5/c5_state_matrix_001, seed-1*')
    .option('--server <address>', 'unix:PATH or tcp:HOST:PORT of a server that boots anew for every connection')
    .option('--server-command <command>', 'starts a server for one case; {link} is the address that it listens at')
    .option('--transcripts <dir>', 'recordings below this folder, or one file; may be repeated', collect, [])
    .option('--list', 'list the cases, with what keeps one from being put to a server')
    .option('--skip <filters>', 'leave these out')
    .option('--expect-fail <filters>', 'these fail today; passing is reported')
    .option('-j, --junit <file>', 'write a JUnit report, over an older one too; - is stdout')
    .option('--tap', 'results as TAP')
    .option('--timeout <ms>', `silence of the server that counts as a hang (default: ${TIMEOUT_MS})`, milliseconds(1))
    .option(
      '--start-timeout <ms>',
      `how long a server that is started may take to listen (default: ${START_MS})`,
      milliseconds(1),
    )
    .option('--force', 'overwrite a file that is no report')
    .action(async (filters: string[], _own: unknown, command: Command) => {
      const { conformRm } = await import('../commands/conform-rm.js');
      process.exitCode = await conformRm(filters, optionsOf(command));
    });
}

/** Options that `conform` has too end up there wherever they stand, with its defaults. */
function optionsOf(command: Command): ConformRmOptions {
  const options = command.optsWithGlobals<ConformRmOptions>();
  const given = command.parent?.getOptionValueSource('timeout') !== 'default';
  return {
    ...options,
    timeout: given ? options.timeout : TIMEOUT_MS,
    startTimeout: options.startTimeout ?? START_MS,
    given: givenOptions(command, OF_THE_SERVER),
  };
}
