import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { afterAll, describe, expect, test } from 'vitest';
import { parseScenario, Run } from '../../src/scenario/index.js';
import { CliLines } from '../support/cli.js';

const root = fileURLToPath(new URL('../../', import.meta.url));
const pages = ['scenarios', 'scheduling', 'recordings', 'fuzzing', 'exploring', 'explorer'];

const blocks = (page: string, language: string): string[] => {
  const text = readFileSync(`${root}docs/${page}.md`, 'utf8');
  return [...text.matchAll(new RegExp(`^\`\`\`${language}\\n([\\s\\S]*?)^\`\`\`$`, 'gm'))].map((m) => m[1] ?? '');
};

describe('every scenario in the documentation runs', () => {
  const snippets = pages.flatMap((page) => blocks(page, 'json').map((text, i) => [`${page} ${i + 1}`, text] as const));
  test.each(snippets)('%s', (_name, text) => {
    const json = JSON.parse(text) as unknown;
    const whole = Array.isArray(json) ? { format: 'gunyah-scenario/1', name: 'snippet', steps: json } : json;
    const run = new Run(parseScenario(JSON.stringify(whole)));
    run.finish();
    expect(run.failures).toEqual([]);
  });
});

/** Lines may be left out, and the end of a line, marked by ` ...`. */
describe('every command in the documentation prints what is shown', () => {
  const commands = pages.flatMap((page) =>
    blocks(page, 'console').flatMap((block) =>
      block
        .split(/^\$ gunyah-sim /m)
        .slice(1)
        .map((part) => {
          const [command, ...output] = part.trimEnd().split('\n');
          return [`${page}: ${command}`, (command ?? '').split(' '), output] as const;
        }),
    ),
  );
  const lines = new CliLines(root);
  afterAll(() => lines.close());
  test.each(commands)('%s', async (_name, args, output) => {
    const { out, err } = await lines.run(...args);
    const printed = `${out}${err}`.split('\n');
    let from = 0;
    for (const line of output) {
      const start = line.endsWith(' ...') ? line.slice(0, -4) : undefined;
      const at = printed.findIndex((l, i) => i >= from && (start === undefined ? l === line : l.startsWith(start)));
      expect(at, `missing: ${line}`).toBeGreaterThanOrEqual(0);
      from = at + 1;
    }
  });
});
