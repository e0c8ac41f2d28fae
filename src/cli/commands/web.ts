/** `web`: the page of the web explorer as it was built, or with a scenario in it. */
import { basename, join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { embedded, filled, found } from '../../web/fill.js';
import { CliError, Exit } from '../errors.js';
import { packageFolder, readInput } from '../files.js';
import { checkDistinct, type GlobalOptions, prepareOutput, print, printJson, writeOutput } from '../output.js';
import { readScenario } from './scenario-file.js';

interface WebOptions extends GlobalOptions {
  readonly out?: string;
  readonly force?: boolean;
}

const BUILT = join('dist', 'web', 'explorer.html');
/** Element of the page that holds the scenarios to choose from, the one that it begins with first. */
const FILES = 'files';

/** The built page with a scenario before its examples; one of the same name gives way. */
function pageWith(page: string, file: string, seed: number | undefined): string {
  const name = file === '-' ? 'stdin' : basename(file, '.json');
  const { text } = readScenario(file);
  const others = (JSON.parse(found(page, FILES)) as { name: string }[]).filter((other) => other.name !== name);
  return filled(page, FILES, embedded([{ name, text, seed }, ...others]));
}

function builtPage(path: string): string {
  try {
    return new TextDecoder().decode(readInput(path));
  } catch (error) {
    if (!(error instanceof CliError)) throw error;
    throw new CliError(`${error.message}; "npm run build" makes it`, error.code);
  }
}

export function web(file: string | undefined, options: WebOptions): Exit {
  const force = options.force === true;
  const json = options.json === true;
  const out = options.out ?? (file === undefined ? undefined : 'explorer.html');
  checkDistinct({ '--out': out, '--json': json ? '-' : undefined }, file === undefined ? [] : [file]);
  prepareOutput(out, force);
  const built = join(packageFolder(), BUILT);
  const page = builtPage(built);
  if (out !== undefined) writeOutput(out, file === undefined ? page : pageWith(page, file, options.seed), force);
  if (out === '-') return Exit.OK;
  const path = resolve(out ?? built);
  const url = pathToFileURL(path).href;
  if (json) printJson({ page: path, url });
  else print(`open in a browser: ${url}`);
  return Exit.OK;
}
