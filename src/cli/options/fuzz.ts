/** The options of `gunyah-sim fuzz`. */
import type { Command } from 'commander';
import type { FuzzCliOptions } from '../commands/fuzz/fuzz.js';
import { CliError } from '../errors.js';
import { collectList, positive, whole } from './values.js';

const RUNS_MAX = 1e12;
const JOBS_MAX = 256;
const LENGTH_MAX = 1e6;

/** `fuzz`. The work is loaded when the command is used. */
export function registerFuzz(program: Command): void {
  program
    .command('fuzz')
    .description('random VM lives against a reference model, with every invariant checked')
    .option('--seconds <n>', 'for how long (default: 60; no limit with --runs)', positive)
    .option('--runs <n>', 'at most so many sequences', whole(1, RUNS_MAX))
    .option(
      '--from <n>',
      'go on with this sequence of the seed, as a run says at its end (default: the corpus, then 0)',
      whole(0, RUNS_MAX),
    )
    .option('--jobs <n>', 'worker threads (default: one less than there are cores)', whole(1, JOBS_MAX))
    .option('--length <n>', 'commands of a sequence, at most', whole(1, LENGTH_MAX), 150)
    .option('--swarm', 'every sequence leaves out a random part of the commands')
    .option(
      '--excuse <id>',
      'a way in which RM may die ("gunyah-sim explain deaths" lists them), or "all"; may be repeated',
      collectList,
    )
    .option('--record <file>', 'where a failure is written (default: fuzz-<seed>.json, or the next free name)')
    .option('--force', 'overwrite files')
    .option('--replay <file>', 'repeat a recorded failure instead')
    .option('--trace', 'with --replay: packets and hypercalls of every command')
    .option('--scenario <file>', 'with --replay: write the sequence as a scenario, for run and caps; - is stdout')
    .option('--fault <name>', 'put a defect in, to see it found (docs/fuzzing.md, "Canaries")')
    .action(async (_options: unknown, command: Command) => {
      const options = command.optsWithGlobals<FuzzCliOptions>();
      if (options.replay !== undefined) checkReplay(command);
      const { fuzz } = await import('../commands/fuzz/fuzz.js');
      process.exitCode = await fuzz(options);
    });
}

const OF_A_RUN = ['seconds', 'runs', 'from', 'jobs', 'length', 'swarm', 'excuse', 'record', 'fault', 'seed'];

/** Whoever gives an option that does nothing expects something of it. */
function checkReplay(command: Command): void {
  const idle = OF_A_RUN.find((name) => command.getOptionValueSourceWithGlobals(name) === 'cli');
  if (idle !== undefined)
    throw new CliError(`--${idle} does not go with --replay: what is recorded is repeated with its own options`);
}
