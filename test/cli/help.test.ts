import { afterAll, describe, expect, it } from 'vitest';
import { CliLines } from '../support/cli.js';

const lines = new CliLines(import.meta.dirname);
afterAll(() => lines.close());

/** The program's commands, and theirs. */
const COMMANDS = [
  ...['run', 'caps', 'web', 'replay', 'demo', 'serve', 'verify', 'decode', 'explain', 'completion', 'fuzz', 'explore'],
  ...['conform', 'conform rm', 'bench'],
];

/** Something in them is random. */
const SEEDED = new Set(['run', 'caps', 'web', 'serve', 'explain', 'fuzz']);

describe('help', () => {
  it.each(COMMANDS)(
    'of %s: as a command or as an option, with the options of every command, no empty lists',
    async (name) => {
      const words = name.split(' ');
      const help = await lines.run(...words, '--help');
      expect(help).toMatchObject({ status: 0, err: '' });
      expect(help.out).toMatch(new RegExp(`^Usage: gunyah-sim ${name} `));
      const seed = SEEDED.has(name) ? '.*\\n +--seed <n> .*' : '';
      expect(help.out).toMatch(new RegExp(`^Global Options:\\n {2}--json .*(?:\\n .*)+--no-color .*${seed}\\n$`, 'm'));
      expect(help.out.match(/--seed <n>/g) ?? []).toHaveLength(SEEDED.has(name) ? 1 : 0);
      expect(help.out.match(/\(default \d/)).toBe(null);
      expect(help.out).not.toContain('[])');
      expect(await lines.run('help', ...words)).toEqual(help);
    },
  );

  it('of the command of a command is there too', async () => {
    expect(await lines.run('conform', 'help', 'rm')).toEqual(await lines.run('conform', 'rm', '--help'));
  });

  it('without a name is about the program', async () => {
    expect(await lines.run('help')).toEqual(await lines.run('--help'));
  });
});

describe('the defects of the reference client', () => {
  it('are listed, each with what it fails', async () => {
    expect((await lines.run('conform', '--list-defects')).out).toContain(
      'api-byte-ignored: does not look at the API version of a message\n    ROB-1\n',
    );
    const all = JSON.parse((await lines.run('conform', '--list-defects', '--json')).out) as { name: string }[];
    expect(all.map((d) => d.name)).toContain('api-byte-ignored');
  });
});
