/** The options of `gunyah-sim demo`. */
import type { Command } from 'commander';

/** `demo`. The work is loaded when the command is used. */
export function registerDemo(program: Command): void {
  program
    .command('demo')
    .description('the first example, both capability tables, and how much of real Gunyah is matched')
    .action(async (_options: unknown, command: Command) => {
      const { demo } = await import('../commands/demo.js');
      process.exitCode = await demo(command.optsWithGlobals());
    });
}
