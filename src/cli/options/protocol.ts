import type { Command } from 'commander';
import { CliError } from '../errors.js';
import { collect, whole } from './values.js';

/** Commands that need no running simulator of their own: verify, decode, explain, completion. Each loads its code when it runs. */
export function registerProtocolCommands(program: Command): void {
  program
    .command('verify')
    .description('replay transcripts of the real system, each from a fresh boot, and compare every answer')
    .argument('[files...]', '.jsonl or .jsonl.gz files, - for stdin (without any: those that come with gunyah-sim)')
    .option('-r, --recursive <dir>', 'all transcripts below a folder; may be repeated', collect, [])
    .option('-j, --junit <file>', 'write a JUnit report, over an older one too; - is stdout')
    .option('--force', 'overwrite a file that is no report')
    .action(async (files: string[], _options: object, command: Command) => {
      const { verify } = await import('../commands/verify.js');
      process.exitCode = await verify(files, command.optsWithGlobals());
    });

  program
    .command('decode')
    .description('show an RM RPC packet in words')
    .argument(
      '[bytes...]',
      'hex digits (spaces, commas and 0x are skipped), or a binary file with one packet, - for stdin',
    )
    .option('--hex <file>', 'text file with one packet in hex per line, - for stdin')
    .action(async (words: string[], _options: object, command: Command) => {
      const { decode } = await import('../commands/decode.js');
      process.exitCode = decode(words, command.optsWithGlobals());
    });

  program
    .command('explain')
    .description(
      'what a result code, hypercall, message, object type, enumeration or its value, rule, quirk, invariant or way to die means, or why a step of a scenario failed',
    )
    .argument(
      '[words...]',
      'names in any case, numbers (0x56000001), ids (rm.VM_START.1), a topic such as deaths; none: what there is; with --step one scenario file',
    )
    .option('--step <n>', 'which check refused in this step of the scenario, counted from 1', whole(1, 1e9))
    .action(async (words: string[], options: { step?: number }, command: Command) => {
      if (options.step !== undefined) {
        if (words.length !== 1) throw new CliError('--step goes with one scenario file');
        const { explainStep } = await import('../commands/explain-step.js');
        process.exitCode = explainStep(words[0], options.step, command.optsWithGlobals());
        return;
      }
      const { explain } = await import('../commands/explain.js');
      process.exitCode = explain(words, command.optsWithGlobals());
    });

  program
    .command('completion')
    .description('print a completion script')
    .argument('<shell>', 'bash, zsh or fish')
    .action(async (shell: string) => {
      const { completion } = await import('../commands/completion.js');
      process.exitCode = completion(program, shell);
    });
}
