import { type Command, InvalidArgumentError, Option } from 'commander';

const milliseconds = (text: string): number => {
  const n = Number(text);
  if (!(n >= 0 && n <= 3_600_000)) throw new InvalidArgumentError('give milliseconds, 0 to 3600000');
  return n;
};

const collect = (value: string, all: string[]): string[] => [...all, value];

/** `serve`: other processes drive vCPUs over a socket. The work is loaded when the command is used. */
export function registerServe(program: Command): void {
  program
    .command('serve')
    .description('boot the machine and let other processes drive its vCPUs over a socket (docs/link.md)')
    .requiredOption('--listen <address>', 'unix:PATH or tcp:HOST:PORT (port 0: any free one)')
    .option('--allow-remote', 'listen on an address that is not of this machine alone; there is no authentication')
    .option('--record <out>', 'write a recording for replay, as it happens')
    .option('--pcap <out>', 'write every packet of the RM links as pcapng')
    .option('--grace-ms <n>', 'a client silent for so long counts as a spinning guest (default: 50)', milliseconds)
    .option('--fresh', 'boot anew whenever the last client has gone')
    .addOption(
      new Option('--interfere <rule>', "change what RM sends, as in 'reply VM_START error=NORESOURCE'; may be repeated")
        .argParser(collect)
        .default([], 'RM is left alone'),
    )
    .option('--force', 'overwrite files')
    .action(async (_options: unknown, command: Command) => {
      const { serve } = await import('./commands/serve.js');
      process.exitCode = await serve(command.optsWithGlobals());
    });
}
