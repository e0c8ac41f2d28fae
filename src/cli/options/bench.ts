/** The options of `gunyah-sim bench`. */
import type { Command } from 'commander';
import { BENCH_PARTS } from '../bench-parts.js';

/** `bench`. The work is loaded when the command is used. */
export function registerBench(program: Command): void {
  program
    .command('bench')
    .description('how fast it is here: each figure with its ratio to a limit that is measured in the same run')
    .argument('[parts...]', `parts: ${BENCH_PARTS.join(', ')}; all without any`)
    .action(async (parts: string[], _options: unknown, command: Command) => {
      const { bench } = await import('../commands/bench.js');
      process.exitCode = await bench(parts, command.optsWithGlobals());
    });
}
