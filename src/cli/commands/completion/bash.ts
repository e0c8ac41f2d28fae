/** The script for bash, which zsh reads too. */
import type { Place, Wanted } from './places.js';

const quoted = (words: Wanted): string => `'${words.join(' ')}'`;

/** ` run`, `conform rm`: the command so far and the word behind it. */
const step = (path: readonly string[]): string => `'${path.slice(0, -1).join(' ')} ${path.at(-1)}'`;

/** Patterns of options with a value, by what the value may be. */
function valueCases(places: readonly Place[]): string[] {
  const all = places.flatMap(({ path, options }) =>
    options.flatMap(({ flags, value }) =>
      value === undefined ? [] : flags.map((flag) => ({ path: path.join(' '), flag, want: quoted(value) })),
    ),
  );
  const patterns = new Map<string, Set<string>>();
  for (const { path, flag, want } of all) {
    const isOne = all.every((o) => o.flag !== flag || o.want === want);
    const of = patterns.get(want) ?? new Set();
    patterns.set(want, of.add(isOne ? `*' ${flag}'` : `'${path} ${flag}'`));
  }
  return [...patterns].map(([want, of]) => `    ${[...of].join('|')}) want=${want} ;;`);
}

/** `how`: what `complete` is told beside the function. */
export function bashScript(places: readonly Place[], how = ''): string {
  const valued = new Set(places.flatMap((p) => p.options.flatMap((o) => (o.value === undefined ? [] : o.flags))));
  return `_gunyah_sim() {
  local cur=\${COMP_WORDS[COMP_CWORD]} prev=\${COMP_WORDS[COMP_CWORD-1]} at= want= options= words= before= i w
  local IFS=$' \\t\\n'
  for ((i = 1; i < COMP_CWORD; i++)); do
    w=\${COMP_WORDS[i]}
    case $w in
      ${[...valued].join('|')}) ((i++)); continue ;;
    esac
    case "$at $w" in
${places.flatMap(({ path }) => (path.length === 0 ? [] : [`      ${step(path)}) at='${path.join(' ')}' ;;`])).join('\n')}
    esac
  done
  # --level=T is three words.
  [ "$cur" = = ] && cur=
  [ "$prev" = = ] && prev=\${COMP_WORDS[COMP_CWORD-2]}
  case $at in
${places.map((p) => `    '${p.path.join(' ')}') want=${quoted(p.operands)} options=${quoted(p.options.flatMap((o) => o.flags))} ;;`).join('\n')}
  esac
  case "$at $prev" in
${valueCases(places).join('\n')}
    *) case $cur in -*) want=$options ;; esac ;;
  esac
  COMPREPLY=()
  for w in $want; do
    case $w in
      @files)
        IFS=$'\\n'
        COMPREPLY+=($(compgen -f -- "$cur"))
        IFS=$' \\t\\n'
        [ \${#COMPREPLY[@]} -eq 0 ] || compopt -o filenames 2>/dev/null ;;
      @*) words+=" $("\${COMP_WORDS[0]}" completion --words "\${w#@}" 2>/dev/null)" ;;
      *) words+=" $w" ;;
    esac
  done
  case $cur in *,*) before=\${cur%,*}, ;; esac
  COMPREPLY+=($(compgen -P "$before" -W "$words" -- "\${cur##*,}"))
}
complete ${how}-F _gunyah_sim gunyah-sim`;
}

/** There \`compopt\` is missing: every word may be the name of a file. */
export const zshScript = (places: readonly Place[]): string =>
  `autoload -U +X compinit && compinit\nautoload -U +X bashcompinit && bashcompinit\n${bashScript(places, '-o filenames ')}`;
