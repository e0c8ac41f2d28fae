/** The options of `gunyah-sim completion`. */
import { type Command, Option } from 'commander';

/** `completion`. The work is loaded when the command is used. */
export function registerCompletion(program: Command): void {
  program
    .command('completion')
    .description('print a completion script, which a shell reads at its start')
    .argument('[shell]', 'bash, zsh or fish')
    .addOption(new Option('--words <list>', 'words that the script asks for').hideHelp())
    .action(async (shell: string | undefined, { words }: { words?: string }) => {
      const { completion } = await import('../commands/completion/completion.js');
      process.exitCode = completion(program, shell, words);
    });
}
