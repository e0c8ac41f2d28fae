/** The options of `gunyah-sim replay`. */
import type { Command } from 'commander';

/** `replay`. The work is loaded when the command is used. */
export function registerReplay(program: Command): void {
  program
    .command('replay')
    .description(
      'repeat a recording and compare the state at every checkpoint, or tell where two recordings first differ',
    )
    .argument('<file>', 'recording made with run --record or serve --record')
    .argument(
      '[other]',
      'another one, to compare with: options, inputs, packets, hypercalls, registers, state; two transcripts of real systems are compared event by event',
    )
    .option('--inputs', 'list the inputs')
    .action(async (file: string, other: string | undefined, _options: unknown, command: Command) => {
      const { replay } = await import('../commands/replay/replay.js');
      process.exitCode = replay(other === undefined ? [file] : [file, other], command.optsWithGlobals());
    });
}
