/** The options of `gunyah-sim run`. */
import type { Command } from 'commander';

/** `run`. The work is loaded when the command is used. */
export function registerRun(program: Command): void {
  program
    .command('run')
    .description('play a scenario file and print what happens')
    .argument('<file>', 'scenario (JSON), "-" for stdin; examples/ has some')
    .option('--no-calls', 'only packets and results, no hypercalls')
    .option('--all-calls', "RM's hypercalls too")
    .option('--timeline', 'draw which vCPU had which CPU')
    .option('--perfetto <out>', 'write a trace for ui.perfetto.dev')
    .option('--pcap <out>', 'write every packet of RM links and of queues between VMs as pcapng, for Wireshark')
    .option('--record <out>', 'write a recording for replay')
    .option('--force', 'overwrite files')
    .action(async (file: string, _options: unknown, command: Command) => {
      const { run } = await import('../commands/run.js');
      process.exitCode = run(file, command.optsWithGlobals());
    });
}
