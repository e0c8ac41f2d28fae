/** The options of `gunyah-sim serve`. */
import { type Command, InvalidArgumentError, Option } from 'commander';
import { collect, milliseconds } from './values.js';

/** For an option of which a second one would silently replace the first. */
function once(value: string, previous: string | undefined): string {
  if (previous !== undefined) throw new InvalidArgumentError('one address only; start another server for another');
  return value;
}

/** `serve`: other processes drive vCPUs over a socket. The work is loaded when the command is used. */
export function registerServe(program: Command): void {
  program
    .command('serve')
    .description('boot the machine and let other processes drive its vCPUs over a socket (docs/link.md)')
    // Not `requiredOption`: that would blame a missing one before a mistyped one.
    .option('--listen <address>', 'unix:PATH or tcp:HOST:PORT (port 0: any free one); required', once)
    .option('--allow-remote', 'listen on an address that is not of this machine alone; there is no authentication')
    .option('--record <out>', 'write a recording for replay, as it happens; - is stdout')
    .option(
      '--pcap <out>',
      'write every packet of RM links and of queues between VMs as pcapng; - is stdout, for wireshark -k -i -',
    )
    .option('--grace-ms <n>', 'a client silent for so long counts as a spinning guest (default: 50)', milliseconds(0))
    .option('--fresh', 'boot anew whenever the last client has gone')
    .addOption(
      new Option('--interfere <rule>', "change what RM sends, as in 'reply VM_START error=NORESOURCE'; may be repeated")
        .argParser(collect)
        .default([], 'RM is left alone'),
    )
    .option('--force', 'overwrite files')
    .action(async (_options: unknown, command: Command) => {
      const { serve } = await import('../commands/serve.js');
      process.exitCode = await serve(command.optsWithGlobals());
    });
}
