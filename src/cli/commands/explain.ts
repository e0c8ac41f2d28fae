/** `explain WHAT`: what the specification says of an error, a call, a message, a rule, or a topic. */
import { existsSync } from 'node:fs';
import { type Explanation, explanationLines, explain as lookUp, suggestions, TOPICS } from '../../protocol/explain.js';
import { INVARIANTS } from '../../sim/index.js';
import { CliError } from '../errors.js';
import { type GlobalOptions, print, printJson } from '../output.js';

const topics: typeof TOPICS = { ...TOPICS, invariants: Object.entries(INVARIANTS) };

/** Longest line of a list; the rest of a text is one `explain` away. */
const WIDTH = 120;

function topicLines(list: readonly (readonly [string, string])[]): string[] {
  const width = Math.max(...list.map(([name]) => name.length)) + 2;
  return list.map(([name, about]) => {
    const line = `${name.padEnd(width)}${about}`;
    return line.length > WIDTH ? `${line.slice(0, WIDTH - 4)} ...` : line;
  });
}

/** Without words: what there is to explain. */
function overview(): string[] {
  return [
    'gunyah-sim explain NAME tells about one of these; gunyah-sim explain TOPIC lists the names of a topic',
    ...Object.entries(topics).map(([topic, list]) => `  ${topic.padEnd(12)}${list.length}, such as ${list[0][0]}`),
  ];
}

/** The list of this name, which may be given as one: `enum`. Nothing else is called like that. */
function topicOf(word: string): (typeof topics)[string] | undefined {
  const name = [word, `${word}s`].map((w) => w.toLowerCase()).find((w) => Object.hasOwn(topics, w));
  return name === undefined ? undefined : topics[name];
}

/** What a word is; empty when nothing is known by that name. */
function linesOf(word: string): { json: unknown[]; text: string[][] } {
  const topic = topicOf(word);
  if (topic !== undefined) return { json: topic.map(([name, about]) => ({ name, about })), text: [topicLines(topic)] };
  const invariant = topics.invariants.find(([name]) => name === word);
  if (invariant !== undefined) {
    const json = { kind: 'invariant', name: word, text: invariant[1] };
    return { json: [json], text: [[`invariant ${word}, checked by fuzz after every command`, json.text]] };
  }
  const found: Explanation[] = lookUp(word);
  return { json: found, text: found.map(explanationLines) };
}

/** `explain`: what an error code, hypercall, message, object type, enumeration, rule, quirk, invariant or way to die means. */
export function explain(words: readonly string[], options: GlobalOptions): number {
  if (words.length === 0) {
    if (options.json === true)
      printJson(Object.fromEntries(Object.entries(topics).map(([t, l]) => [t, l.map(([n]) => n)])));
    else print(overview().join('\n'));
    return 0;
  }
  // Names are often typed with spaces.
  const joined = words.join('_');
  const asked = words.length > 1 && linesOf(joined).text.length > 0 ? [joined] : words;
  const found = asked.map((word) => ({ word, ...linesOf(word) }));
  for (const { word, text } of found) {
    if (text.length > 0) continue;
    if (words.length === 1 && existsSync(word))
      throw new CliError(`${word} is a file: with --step N of a scenario, what it tells is why step N failed`);
    const near = suggestions(word);
    const hint =
      near.length > 0
        ? `near it: ${near.join(', ')}`
        : 'give a name or number of a result, hypercall, message, enumeration or rule; "gunyah-sim explain" lists what there is';
    throw new CliError(`nothing is called '${word}'; ${hint}`);
  }
  if (options.json === true) printJson(found.flatMap(({ json }) => json));
  else print(found.flatMap(({ text }) => text.map((lines) => lines.join('\n'))).join('\n\n'));
  return 0;
}
