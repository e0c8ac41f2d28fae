import { type Explanation, explanationLines, explain as lookUp, suggestions } from '../../protocol/explain.js';
import { CliError } from '../errors.js';
import { type GlobalOptions, print, printJson } from '../output.js';

/** `explain`: what an error code, hypercall, message, rule, quirk or way to die means. */
export function explain(words: readonly string[], options: GlobalOptions): number {
  const found = words.map((word): [string, Explanation[]] => [word, lookUp(word)]);
  for (const [word, explanations] of found) {
    if (explanations.length > 0) continue;
    const near = suggestions(word);
    const hint =
      near.length > 0
        ? `near it: ${near.join(', ')}`
        : 'give an error, a hypercall, a message or a rule by name or number';
    throw new CliError(`nothing is called '${word}'; ${hint}`);
  }
  const all = found.flatMap(([, explanations]) => explanations);
  if (options.json === true) printJson(all);
  else print(all.map((e) => explanationLines(e).join('\n')).join('\n\n'));
  return 0;
}
