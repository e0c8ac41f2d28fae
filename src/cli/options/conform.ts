/** The options of `gunyah-sim conform`. */
import { type Command, Option } from 'commander';
import type { ConformOptions } from '../commands/conform/conform.js';
import { collectList, givenOptions, milliseconds, whole } from './values.js';

const DEFAULT_JOBS = 4;
const MAX_JOBS = 64;
/** Starting a program takes longer than answering. */
const START_MS = 20_000;

/** What a check is repeated with. */
const OF_THE_CLIENT = ['client', 'defect', 'expectFail', 'jobs', 'timeout', 'startTimeout'];

/** `conform`. The work is loaded when the command is used. */
export function registerConform(program: Command): void {
  program
    .command('conform')
    .helpCommand(true)
    .description('check a client of the Resource Manager against the catalog of requirements')
    .argument('[ids...]', 'checks or groups: FRAG, FRAG-6, rmclient/frag/6; rmclient is every one')
    .option('--list', 'list all checks')
    .option('--dryrun', 'list what would run')
    .option('--strict', 'also what a client should do')
    .option('--hostile', 'also with a faulty or hostile server')
    .option('--skip <ids>', 'leave these out', collectList, [])
    .option('--expect-fail <ids>', 'these fail today; passing is reported', collectList, [])
    .option(
      '--client <command>',
      'program under test, {link} is the socket of its server; or unix:PATH, tcp:HOST:PORT of one that runs; "builtin" is the reference client',
      'builtin',
    )
    .option('--defect <names>', 'switch on defects of the reference client', collectList, [])
    .option('--list-defects', 'list these, each with the checks that it fails')
    .addOption(
      new Option('--level <level>', 'what the client offers: calls, VMs too, or to be a secondary VM too')
        .choices(['T', 'V', 'G'])
        .default('G'),
    )
    .option('-j, --junit <file>', 'write a JUnit report, over an older one too; - is stdout')
    .option('--tap', 'results as TAP')
    .option('--markdown', 'the catalog as a table')
    .option(
      '--self',
      "prove that checks can fail: all defects of the reference client, or all of the client's --mutants",
    )
    .option('--mutant <names>', 'with --self: only these mutants of the client', collectList, [])
    .option('--jobs <n>', 'clients in other processes at the same time', whole(1, MAX_JOBS), DEFAULT_JOBS)
    .option('--timeout <ms>', 'silence of a client in another process that counts as a hang', milliseconds(1), 2000)
    .option(
      '--start-timeout <ms>',
      `how long a client in another process may take to attach (default: ${START_MS})`,
      milliseconds(1),
    )
    .option('--force', 'overwrite a file that is no report')
    .action(async (ids: string[], _own: unknown, command: Command) => {
      const options = command.optsWithGlobals<ConformOptions>();
      const { conform } = await import('../commands/conform/conform.js');
      process.exitCode = await conform(ids, {
        ...options,
        startTimeout: options.startTimeout ?? START_MS,
        given: givenOptions(command, OF_THE_CLIENT),
      });
    });
}
