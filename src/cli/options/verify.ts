/** The options of `gunyah-sim verify`. */
import type { Command } from 'commander';
import { collect } from './values.js';

/** `verify`. The work is loaded when the command is used. */
export function registerVerify(program: Command): void {
  program
    .command('verify')
    .description('replay transcripts of the real system, each from a fresh boot, and compare every answer')
    .argument('[files...]', '.jsonl or .jsonl.gz files, - for stdin (without any: those that come with gunyah-sim)')
    .option('-r, --recursive <dir>', 'all transcripts below a folder; may be repeated', collect, [])
    .option('-j, --junit <file>', 'write a JUnit report, over an older one too; - is stdout')
    .option('--tap', 'results as TAP')
    .option('--force', 'overwrite a file that is no report')
    .action(async (files: string[], _options: object, command: Command) => {
      const { verify } = await import('../commands/verify.js');
      process.exitCode = await verify(files, command.optsWithGlobals());
    });
}
