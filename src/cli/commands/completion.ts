/** `completion`: a script for the shell, made from the commands themselves. */
import type { Command } from 'commander';
import { named } from '../../base/index.js';
import { CliError } from '../errors.js';
import { print } from '../output.js';

export function completion(program: Command, shell: string): number {
  const commands = program.commands.map((c) => c.name());
  const optionsOf = (c: Command): string[] => c.options.flatMap((o) => (o.long == null || o.hidden ? [] : [o.long]));
  const globals = [...optionsOf(program), '--help'];
  // Options of a command's own commands too: where on the line they stand is not looked at.
  const cases = program.commands.map((c) => ({
    name: c.name(),
    options: [...new Set([c, ...c.commands].flatMap(optionsOf)), ...globals],
  }));
  const script = named(SHELLS, shell);
  if (script === undefined) throw new CliError(`no completion for '${shell}': choose bash, zsh or fish`);
  print(script(commands, cases, globals));
  return 0;
}

interface Case {
  readonly name: string;
  readonly options: readonly string[];
}
type Script = (commands: readonly string[], cases: readonly Case[], globals: readonly string[]) => string;

const bash: Script = (commands, cases, globals) => `_gunyah_sim() {
  local cur=\${COMP_WORDS[COMP_CWORD]} words="${globals.join(' ')}"
  if [ "$COMP_CWORD" -eq 1 ]; then
    COMPREPLY=($(compgen -W "${commands.join(' ')} $words" -- "$cur"))
    return
  fi
  case \${COMP_WORDS[1]} in
${cases.map((c) => `    ${c.name}) words="${c.options.join(' ')}" ;;`).join('\n')}
  esac
  case $cur in
    -*) COMPREPLY=($(compgen -W "$words" -- "$cur")) ;;
    *) COMPREPLY=($(compgen -f -- "$cur")) ;;
  esac
}
complete -F _gunyah_sim gunyah-sim`;

const zsh: Script = (...args) => `autoload -U +X bashcompinit && bashcompinit\n${bash(...args)}`;

const fish: Script = (commands, cases, globals) =>
  [
    `complete -c gunyah-sim -n __fish_use_subcommand -f -a '${commands.join(' ')}'`,
    ...globals.map((o) => `complete -c gunyah-sim -l ${o.slice(2)}`),
    ...cases.flatMap((c) =>
      c.options
        .filter((o) => !globals.includes(o))
        .map((o) => `complete -c gunyah-sim -n '__fish_seen_subcommand_from ${c.name}' -l ${o.slice(2)}`),
    ),
  ].join('\n');

const SHELLS: Readonly<Record<string, Script>> = { bash, zsh, fish };
