import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { CliLines } from './support/cli.js';

const ROOT = resolve(import.meta.dirname, '..');
const read = (file: string): string => readFileSync(join(ROOT, file), 'utf8');

const lines = new CliLines(ROOT);
afterAll(() => lines.close());

describe('README', () => {
  it('shows library code that works as it stands', () => {
    const code = /```ts\n([\s\S]*?)```/.exec(read('README.md'))?.[1] ?? '';
    const run = spawnSync(process.execPath, ['--input-type=module'], { cwd: ROOT, input: code, encoding: 'utf8' });
    expect(run.stdout).toBe('0 Uint8Array(4) [ 3, 0, 0, 0 ]\n');
  });

  it('shows what the first example prints', async () => {
    const [, shown] = /What `npm start` shows[\s\S]*?```\n([\s\S]*?)```/.exec(read('README.md')) ?? [];
    const example = 'examples/first-rpc.json';
    const [run, caps] = [await lines.run('run', example), await lines.run('caps', example)];
    const printed = `${run.out}${caps.out}`.split('\n');
    expect(shown.split('\n').filter((line) => !printed.includes(line))).toEqual([]);
  });

  it('shows commands that do what they say', async () => {
    for (const [, line] of read('README.md').matchAll(/^npx gunyah-sim (.*)$/gm)) {
      const args = [...line.matchAll(/"([^"]*)"|(\S+)/g)].map((m) => m[1] ?? m[2]);
      expect([line, (await lines.run(...args)).status]).toEqual([line, 0]);
    }
  });
});

const pages = ['README.md', 'ARCHITECTURE.md', 'CHANGELOG.md', ...markdownBelow('docs'), ...markdownBelow('spec')];

function markdownBelow(folder: string): string[] {
  const names = readdirSync(join(ROOT, folder), { recursive: true, encoding: 'utf8' });
  return names.filter((name) => name.endsWith('.md')).map((name) => join(folder, name));
}

/** Names of its headings as links use them. */
const anchors = (page: string): string[] =>
  [...read(page).matchAll(/^#+ (.*)$/gm)].map((m) =>
    m[1]
      .toLowerCase()
      .replace(/[^\w\- ]/g, '')
      .replaceAll(' ', '-'),
  );

describe('every page', () => {
  it('links only to files and headings that exist', () => {
    const missing: string[] = [];
    for (const page of pages) {
      for (const [, target] of read(page).matchAll(/\]\(([^)\s]+)\)/g)) {
        if (target.startsWith('http')) continue;
        const [path, anchor] = target.split('#');
        const file = path === '' ? page : join(dirname(page), path);
        const found = existsSync(join(ROOT, file));
        if (!found || (anchor !== undefined && file.endsWith('.md') && !anchors(file).includes(anchor)))
          missing.push(`${page}: ${target}`);
      }
    }
    expect(missing).toEqual([]);
  });

  it('names only commands, options and scripts that exist', async () => {
    const { scripts } = JSON.parse(read('package.json')) as { scripts: Record<string, string> };
    const help = new Map<string, string>();
    const helpOf = async (command: string): Promise<string> => {
      const known = help.get(command) ?? (await lines.run(...command.split(' '), '--help')).out;
      help.set(command, known);
      return known;
    };
    const globals = (await lines.run('--help')).out;
    const wrong: string[] = [];
    for (const page of pages) {
      for (const [, script] of read(page).matchAll(/npm run ([\w:]+)/g))
        if (scripts[script] === undefined) wrong.push(`${page}: npm run ${script}`);
      for (const [line, command, rest] of read(page).matchAll(
        /^(?:\$ )?(?:npx )?gunyah-sim (conform rm|[a-z]+)(.*)$/gm,
      )) {
        // What stands in quotes is another program's.
        const options = rest.replace(/'[^']*'|"[^"]*"|#.*/g, '').match(/(?<=\s)--?[a-z][\w-]*/g) ?? [];
        const known = `${await helpOf(command)} ${globals}`;
        if (known === ` ${globals}`) wrong.push(`${page}: ${line}`);
        for (const o of options) if (!new RegExp(`(^|\\s)${o}\\b`).test(known)) wrong.push(`${page}: ${line}: ${o}`);
      }
    }
    expect(help.size).toBeGreaterThan(5);
    expect(wrong).toEqual([]);
  });
});
