/** The script for fish. */
import { FILES, type Place, type Wanted } from './places.js';

const quoted = (text: string): string => `'${text.replace(/[\\']/g, '\\$&')}'`;

/** Words that are offered; undefined: none. */
function offered(wanted: Wanted): string | undefined {
  const words = wanted.filter((w) => w !== FILES);
  if (words.length === 0) return undefined;
  return quoted(words.map((w) => (w.startsWith('@') ? `(gunyah-sim completion --words ${w.slice(1)})` : w)).join(' '));
}

/** Arguments of `complete` for what may follow. */
function follows(wanted: Wanted): string {
  const words = offered(wanted);
  return [wanted.includes(FILES) ? ' -F' : '', words === undefined ? '' : ` -a ${words}`].join('');
}

export function fishScript(places: readonly Place[]): string {
  const valued = new Set(places.flatMap((p) => p.options.flatMap((o) => (o.value === undefined ? [] : o.flags))));
  const steps = places.flatMap(({ path }) =>
    path.length === 0
      ? []
      : [
          `            case '${path.slice(0, -1).join(' ')} ${path.at(-1)}'\n                set at '${path.join(' ')}'`,
        ],
  );
  const lines = places.flatMap(({ path, options, operands }) => {
    const head = `complete -c gunyah-sim -n ${quoted(`__gunyah_sim_at ${path.join(' ')}`.trim())}`;
    const commands = places.filter((p) => p.path.length === path.length + 1 && path.every((w, i) => p.path[i] === w));
    const others = operands.filter((w) => !commands.some((c) => c.path.at(-1) === w));
    return [
      ...commands.map((c) => `${head} -a ${c.path.at(-1)} -d ${quoted(c.about)}`),
      ...(others.length === 0 ? [] : [`${head}${follows(others)}`]),
      ...options.map(({ flags, about, value }) => {
        const names = flags.map((f) => (f.startsWith('--') ? `-l ${f.slice(2)}` : `-s ${f.slice(1)}`)).join(' ');
        const takes = value === undefined ? '' : ` -r${value.includes(FILES) ? '' : ' -f'}${follows(value)}`;
        return `${head} ${names}${takes} -d ${quoted(about)}`;
      }),
    ];
  });
  return `function __gunyah_sim_at
    set -l at ''
    set -l skip 0
    for w in (commandline -opc)[2..-1]
        if test $skip = 1
            set skip 0
            continue
        end
        if contains -- $w ${[...valued].join(' ')}
            set skip 1
            continue
        end
        switch "$at $w"
${steps.join('\n')}
        end
    end
    test "$at" = "$argv"
end
complete -c gunyah-sim -f
${lines.join('\n')}`;
}
