/** The options of `gunyah-sim explain`. */
import type { Command } from 'commander';
import { CliError } from '../errors.js';
import { whole } from './values.js';

/** `explain`. The work is loaded when the command is used. */
export function registerExplain(program: Command): void {
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
}
