/** The options of `gunyah-sim completion`. */
import type { Command } from 'commander';

/** `completion`. The work is loaded when the command is used. */
export function registerCompletion(program: Command): void {
  program
    .command('completion')
    .description('print a completion script')
    .argument('<shell>', 'bash, zsh or fish')
    .action(async (shell: string) => {
      const { completion } = await import('../commands/completion.js');
      process.exitCode = completion(program, shell);
    });
}
