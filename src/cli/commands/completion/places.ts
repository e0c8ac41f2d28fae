/** What may stand where on a command line, asked of commander: it knows the commands, their options and most of the values. */
import type { Command, Option } from 'commander';
import { BENCH_PARTS } from '../../bench-parts.js';

/** What the shell completes: `@files`, `@NAME` for the words of `completion --words NAME`, or words as they are. */
export type Wanted = readonly string[];
export const FILES = '@files';

export interface PlaceOption {
  /** `--junit`, and `-j` where there is one. */
  readonly flags: readonly string[];
  readonly about: string;
  /** What its value may be, nothing where that is anybody's guess; undefined: it has none. */
  readonly value: Wanted | undefined;
}

/** A command, or the program itself. */
export interface Place {
  /** Its words: none, `run`, `conform rm`. */
  readonly path: readonly string[];
  readonly about: string;
  readonly options: readonly PlaceOption[];
  /** What else may follow: its commands, its arguments. */
  readonly operands: Wanted;
}

/** Words that commander does not know; of an option, in a command or everywhere, or of the arguments of a command. */
const KNOWN: Readonly<Record<string, Wanted>> = {
  'conform --skip': ['@checks'],
  'conform --expect-fail': ['@checks'],
  'conform --client': ['builtin'],
  '--defect': ['@defects'],
  '--mutant': ['@defects'],
  '--fault': ['@faults'],
  '--excuse': ['@deaths'],
  '--commands': ['@commands'],
  '--vm': ['HLOS', 'RM'],
  conform: ['@checks'],
  // Their names are in files that take longer to read than anybody waits.
  'conform rm': [],
  explain: ['@names', FILES],
  bench: BENCH_PARTS,
  completion: ['bash', 'zsh', 'fish'],
};

const isFile = (o: Option): boolean => /<(file|out|dir)>/.test(o.flags);

const wantedBy = (path: readonly string[], o: Option): Wanted | undefined => {
  if (!o.required && !o.optional) return undefined;
  const long = o.long ?? '';
  return (
    o.argChoices ??
    KNOWN[[...path, long].join(' ')] ??
    (path.length < 2 ? KNOWN[long] : undefined) ??
    (isFile(o) ? [FILES] : [])
  );
};

function operandsOf(program: Command, c: Command, path: readonly string[]): Wanted {
  if (c.name() === 'help') return program.commands.map((x) => x.name());
  const names = c.commands.map((x) => x.name());
  return [...names, ...(KNOWN[path.join(' ')] ?? (c.registeredArguments.length > 0 ? [FILES] : []))];
}

/** The program and all commands, theirs behind them. */
export function placesOf(program: Command, c = program, path: readonly string[] = []): Place[] {
  const help = c.createHelp();
  const options = [...help.visibleOptions(c), ...help.visibleGlobalOptions(c)].map((o) => ({
    flags: [o.long, o.short].filter((flag) => flag != null),
    about: o.description,
    value: wantedBy(path, o),
  }));
  const here = { path, about: c.description(), options, operands: operandsOf(program, c, path) };
  return [here, ...c.commands.flatMap((x) => placesOf(program, x, [...path, x.name()]))];
}
