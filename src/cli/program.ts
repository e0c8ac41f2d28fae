/**
 * The command line. Results on stdout, progress on stderr. Exit codes: 0 fine, 1 a failed check, 2 usage, 3 unreadable input,
 * 4 transport, 70 a bug of the simulator, 130 interrupted, 143 terminated. A file that cannot be written is 3 like one that cannot be read.
 */
import type { MessagePort } from 'node:worker_threads';
import { Command, CommanderError, Help, type Option } from 'commander';
import { nearest } from '../base/index.js';
import type { ReplayData } from '../conform-rm/index.js';
import type { ConformJob } from './commands/conform/thread.js';
import type { FuzzThreadData } from './commands/fuzz/thread.js';
import { bugReport, nothingDoing } from './doing.js';
import { CliError, Exit } from './errors.js';
import { packageVersion } from './files.js';
import { registerBench } from './options/bench.js';
import { registerCaps } from './options/caps.js';
import { registerCompletion } from './options/completion.js';
import { registerConform } from './options/conform.js';
import { registerConformRm } from './options/conform-rm.js';
import { registerDecode } from './options/decode.js';
import { registerDemo } from './options/demo.js';
import { registerExplain } from './options/explain.js';
import { registerExplore } from './options/explore.js';
import { registerFuzz } from './options/fuzz.js';
import { registerReplay } from './options/replay.js';
import { registerRun } from './options/run.js';
import { registerServe } from './options/serve.js';
import { seed } from './options/values.js';
import { registerVerify } from './options/verify.js';
import { registerWeb } from './options/web.js';
import { stdoutFailed } from './output.js';

function command(args: readonly string[]): Command {
  const program = new Command('gunyah-sim')
    .description('An exact, deterministic simulator of the Gunyah hypervisor and its Resource Manager')
    .version(packageVersion())
    .option('--json', 'machine-readable results')
    .option('--quiet', 'no progress, only results')
    .option('--color', 'colours even without a terminal')
    .option('--no-color', 'no colours')
    .option('--seed <n>', 'seed of everything random, decimal or 0x', seed)
    .showSuggestionAfterError()
    .configureHelp({ showGlobalOptions: true, visibleGlobalOptions, optionDescription })
    .helpCommand(false)
    .exitOverride();
  registerRun(program);
  registerCaps(program);
  registerWeb(program);
  registerReplay(program);
  registerDemo(program);
  registerServe(program);
  registerVerify(program);
  registerDecode(program);
  registerExplain(program);
  registerCompletion(program);
  registerFuzz(program);
  registerExplore(program);
  registerConform(program);
  registerConformRm(program);
  registerBench(program);
  registerHelp(program);
  program.hook('preAction', (_, action) => refuseSeed(program, action));
  sayWhereHelpIs(program, calledIn(program, args));
  return program;
}

/** Those of the program: `conform rm` does not do what other options of `conform` say. */
function visibleGlobalOptions(this: Help, command: Command): Option[] {
  let top = command;
  while (top.parent !== null) top = top.parent;
  const hidden = ['--help', '--version', ...(SEEDLESS.has(command.name()) ? ['--seed'] : [])];
  return top === command ? [] : this.visibleOptions(top).filter((o) => !hidden.includes(o.long ?? ''));
}

/** Commands with nothing random in them, or whose input says the seed. */
const SEEDLESS: ReadonlySet<string> = new Set([
  ...['verify', 'replay', 'decode', 'demo', 'conform', 'rm', 'completion', 'bench', 'help', 'explore'],
]);

/** Whoever gives a seed expects something of it. */
function refuseSeed(program: Command, action: Command): void {
  if (program.opts().seed === undefined) return;
  const isIdle =
    SEEDLESS.has(action.name()) ||
    (action.name() === 'explain' && action.opts().step === undefined) ||
    (action.name() === 'web' && action.args.length === 0);
  if (isIdle)
    throw new CliError(
      `--seed has no effect on ${action.name() === 'rm' ? 'conform rm' : action.name()}: leave it out`,
    );
}

/** That a list is empty at first is nobody's concern. */
function optionDescription(this: Help, option: Option): string {
  const { defaultValue, defaultValueDescription } = option;
  const isEmpty = Array.isArray(defaultValue) && defaultValue.length === 0 && defaultValueDescription === undefined;
  const shown: Option = isEmpty ? Object.create(option, { defaultValue: { value: undefined } }) : option;
  return Help.prototype.optionDescription.call(this, shown);
}

function hint(word: string, at: Command): string {
  const names = at.commands.map((c) => c.name());
  const best = nearest(word, names);
  if (best !== undefined) return `; did you mean ${best}?`;
  return names.length === 0 ? `: ${at.name()} has no commands of its own` : `: use one of ${names.join(', ')}`;
}

/** `help conform rm`: commander's own takes one name. */
function registerHelp(program: Command): void {
  program
    .command('help')
    .description('display help for command')
    .argument('[command...]')
    .action((names: string[]) => {
      let at = program;
      for (const [i, name] of names.entries()) {
        const next = at.commands.find((c) => c.name() === name);
        if (next === undefined)
          throw new CliError(`no command is called ${names.slice(0, i + 1).join(' ')}${hint(name, at)}`);
        at = next;
      }
      at.help();
    });
}

type Thread = (data: unknown, main: MessagePort) => Promise<void>;

/** What threads do (start-thread.ts), loaded when there is one. */
export const threads = {
  fuzz: async (data, main) => (await import('./commands/fuzz/thread.js')).fuzzThread(data as FuzzThreadData, main),
  conform: async (data, main) => (await import('./commands/conform/thread.js')).conformThread(data as ConformJob, main),
  'conform-rm': async (data, main) => (await import('../conform-rm/index.js')).replayThread(data as ReplayData, main),
} as const satisfies Record<string, Thread>;

/** The command that `args` name, wherever its options stand. */
function calledIn(program: Command, args: readonly string[]): string {
  let at = program;
  let called = program.name();
  for (const word of args) {
    const next = at.commands.find((c) => c.name() === word);
    if (next === undefined) continue;
    at = next;
    called += ` ${word}`;
  }
  return called;
}

/**
 * A mistake in usage is one line, which ends with the command that tells more: the one that is used, also where the option is one of
 * all commands.
 */
function sayWhereHelpIs(command: Command, called: string): void {
  const oneLine = (text: string): string => text.trimEnd().replaceAll('\n', ' ');
  command.configureOutput({ outputError: (text, write) => write(`${oneLine(text)}; "${called} --help" tells more\n`) });
  for (const c of command.commands) sayWhereHelpIs(c, called);
}

/** What comes out of files must not command the terminal. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: these are the ones that do
const printable = (text: string): string => text.replace(/[\u0000-\u0008\u000b-\u001f\u007f-\u009f]/g, '\ufffd');

/** The system refused something that nobody expected it to refuse, as when a disk is full: no bug of ours. */
const isSystemError = (error: unknown): error is NodeJS.ErrnoException =>
  error instanceof Error && (error as NodeJS.ErrnoException).syscall !== undefined;

/** Runs one command line, `argv` as in `process.argv`, and sets the process's exit code. */
export async function main(argv: readonly string[]): Promise<void> {
  process.stdout.on('error', stdoutFailed);
  // Nobody listens to what is said beside the results: the results still count.
  process.stderr.on('error', () => {});
  nothingDoing();
  try {
    await command(argv.slice(2)).parseAsync(argv);
  } catch (error) {
    if (error instanceof CommanderError) process.exitCode = error.exitCode === 0 ? Exit.OK : Exit.USAGE;
    else if (error instanceof CliError) {
      process.stderr.write(`error: ${printable(error.message)}\n`);
      process.exitCode = error.code;
    } else if (isSystemError(error)) {
      process.stderr.write(`error: ${error.message}\n`);
      process.exitCode = Exit.INPUT;
    } else {
      process.stderr.write(`${bugReport(error, argv.slice(2))}\n`);
      // What else goes on here, nobody knows.
      process.exit(Exit.BUG);
    }
  }
}
