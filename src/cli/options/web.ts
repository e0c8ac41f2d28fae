/** The options of `gunyah-sim web`. */
import type { Command } from 'commander';

/** `web`. The work is loaded when the command is used. */
export function registerWeb(program: Command): void {
  program
    .command('web')
    .description('the web explorer: where its page is, or a page that begins with your scenario')
    .argument('[scenario]', 'scenario (JSON), "-" for stdin')
    .option('--out <file>', 'page to write, "-" for stdout (default: explorer.html)')
    .option('--force', 'overwrite it')
    .action(async (file: string | undefined, _options: unknown, command: Command) => {
      const { web } = await import('../commands/web.js');
      process.exitCode = web(file, command.optsWithGlobals());
    });
}
