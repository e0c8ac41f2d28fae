/** `completion`: a script for the shell, made from the commands themselves. */
import type { Command } from 'commander';
import { named } from '../../../base/index.js';
import { CliError, Exit } from '../../errors.js';
import { print } from '../../output.js';
import { bashScript, zshScript } from './bash.js';
import { fishScript } from './fish.js';
import { type Place, placesOf } from './places.js';
import { WORDS } from './words.js';

const SHELLS: Readonly<Record<string, (places: readonly Place[]) => string>> = {
  bash: (places) => bashScript(places),
  zsh: zshScript,
  fish: fishScript,
};

/** `words`: the name of a list that a script asks for, instead of a script. */
export function completion(program: Command, shell: string | undefined, words: string | undefined): Exit {
  if (words !== undefined) {
    const list = named(WORDS, words);
    if (list === undefined) throw new CliError(`--words ${words}: there are ${Object.keys(WORDS).join(', ')}`);
    print(list().join('\n'));
    return Exit.OK;
  }
  const script = shell === undefined ? undefined : named(SHELLS, shell);
  if (script === undefined) {
    const problem = shell === undefined ? 'for which shell' : `no completion for '${shell}'`;
    throw new CliError(`${problem}: choose bash, zsh or fish`);
  }
  print(script(placesOf(program)));
  return Exit.OK;
}
