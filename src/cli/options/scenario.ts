/** Commands that play scenarios and recordings. The work is loaded when a command is used. */
import type { Command } from 'commander';
import type { GlobalOptions } from '../output.js';
import { collectWords } from './values.js';

export function registerScenarioCommands(program: Command): void {
  const globals = (command: Command): GlobalOptions => command.optsWithGlobals<GlobalOptions>();

  program
    .command('run')
    .description('play a scenario file and print what happens')
    .argument('<file>', 'scenario (JSON), "-" for stdin; examples/ has some')
    .option('--no-calls', 'only packets and results, no hypercalls')
    .option('--all-calls', "RM's hypercalls too")
    .option('--timeline', 'draw which vCPU had which CPU')
    .option('--perfetto <out>', 'write a trace for ui.perfetto.dev')
    .option('--pcap <out>', 'write every packet of the RM links as pcapng, for Wireshark')
    .option('--record <out>', 'write a recording for replay')
    .option('--force', 'overwrite files')
    .action(async (file: string, _options: unknown, command: Command) => {
      const { run } = await import('../commands/run.js');
      process.exitCode = run(file, globals(command));
    });

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
      process.exitCode = caps(file, globals(command));
    });

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
      process.exitCode = replay(other === undefined ? [file] : [file, other], globals(command));
    });

  program
    .command('demo')
    .description('the first example, both capability tables, and how much of real Gunyah is matched')
    .action(async (_options: unknown, command: Command) => {
      const { demo } = await import('../commands/demo.js');
      process.exitCode = await demo(globals(command));
    });
}
