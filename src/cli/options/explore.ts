/** The options of `gunyah-sim explore`. */
import type { Command } from 'commander';
import type { ExploreCliOptions } from '../commands/fuzz/explore.js';
import { collectList, givenOptions, positive, whole } from './values.js';

/** What the fuzzer's commands can name: VMs and parcels by small numbers. */
const VMS_MAX = 5;
const PARCELS_MAX = 6;
const DEPTH_MAX = 1000;

/** Options that decide what a run comes to. */
const OF_THE_RUN = ['vms', 'parcels', 'depth', 'commands', 'excuse', 'fault'];

/** `explore`. The work is loaded when the command is used. */
export function registerExplore(program: Command): void {
  program
    .command('explore')
    .description('every state that VM lives can come to within a bound, and in each of them every command')
    .option('--vms <n>', 'VMs at one time', whole(1, VMS_MAX), 1)
    .option('--parcels <n>', 'memory parcels at one time', whole(1, PARCELS_MAX), 1)
    .option('--depth <n>', 'at most so many commands from the start (default: no limit)', whole(1, DEPTH_MAX))
    .option(
      '--commands <list>',
      'sets (life, guests, queries, memory, interrupts) or commands; may be repeated (default: life,guests,queries)',
      collectList,
    )
    .option('--seconds <n>', 'for how long, at most (default: no limit)', positive)
    .option(
      '--excuse <id>',
      'a way in which RM may die though the model does not say so ("gunyah-sim explain deaths" lists them), or "all"; may be repeated',
      collectList,
    )
    .option('--record <file>', 'where a failure is written (default: explore.json, or the next free name)')
    .option('--force', 'overwrite files')
    .option('--fault <name>', 'put a defect in, to see it found (docs/fuzzing.md, "Canaries")')
    .action(async (_options: unknown, command: Command) => {
      const { explore } = await import('../commands/fuzz/explore.js');
      const options = command.optsWithGlobals<ExploreCliOptions>();
      process.exitCode = await explore({ ...options, given: givenOptions(command, OF_THE_RUN) });
    });
}
