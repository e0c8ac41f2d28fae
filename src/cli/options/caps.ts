/** The options of `gunyah-sim caps`. */
import type { Command } from 'commander';
import { collectWords } from './values.js';

/** `caps`. The work is loaded when the command is used. */
export function registerCaps(program: Command): void {
  program
    .command('caps')
    .description('capability tables of every VM, at the end of a scenario or at chosen moments')
    .argument('<file>', 'scenario (JSON), "-" for stdin')
    .option('--at <steps>', 'after these steps (numbers or labels); may be repeated', collectWords)
    .option('--vm <name>', 'only this VM: HLOS, RM or a number; may be repeated', collectWords)
    .option('--changes', 'after the first moment only what came (+) and what went (-)')
    .option('--all', "RM's hardware interrupts too")
    .action(async (file: string, _options: unknown, command: Command) => {
      const { caps } = await import('../commands/caps.js');
      process.exitCode = caps(file, command.optsWithGlobals());
    });
}
