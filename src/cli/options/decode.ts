/** The options of `gunyah-sim decode`. */
import type { Command } from 'commander';

/** `decode`. The work is loaded when the command is used. */
export function registerDecode(program: Command): void {
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
}
