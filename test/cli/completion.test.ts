import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { WORDS } from '../../src/cli/commands/completion/words.js';
import { CliLines } from '../support/cli.js';

const folder = mkdtempSync(join(tmpdir(), 'gunyah-completion-'));
mkdirSync(join(folder, 'runs'));
writeFileSync(join(folder, 'run two.json'), '');
// What the program prints; starting it for every question would take longer than all else.
for (const [name, list] of Object.entries(WORDS)) writeFileSync(join(folder, `${name}.words`), list().join('\n'));
const lines = new CliLines(folder);
afterAll(() => {
  lines.close();
  rmSync(folder, { recursive: true });
});

/** Words of a command line, the last one to complete, and what bash offers for it; `(filenames)` where they are marked as such. */
const CASES: readonly (readonly [words: readonly string[], offered: readonly string[]])[] = [
  [['conf'], ['conform']],
  [
    ['--seed', '3', '--json', 'c'],
    ['caps', 'completion', 'conform'],
  ],
  [
    ['conform', 'r'],
    ['rm', 'rmclient'],
  ],
  [['conform', 'FRAG-6'], ['FRAG-6']],
  [
    ['conform', 'rm', '--server'],
    ['--server', '--server-command'],
  ],
  [['conform', 'rm', '--level'], []],
  [
    ['conform', '--level', ''],
    ['T', 'V', 'G'],
  ],
  [['conform', '--level', '=', 'V'], ['V']],
  [['conform', '--skip', 'FRAG,SEQ-7'], ['FRAG,SEQ-7']],
  [['conform', '--defect', 'first-needs'], ['first-needs-data']],
  [['fuzz', '--fault', 'leak'], ['leaked-cap']],
  [['fuzz', '--excuse', 'irq-e'], ['irq-empty-payload']],
  [
    ['run', 'run'],
    ['(filenames)', 'run two.json', 'runs'],
  ],
  [
    ['verify', '-r', 'runs'],
    ['(filenames)', 'runs'],
  ],
  [
    ['conform', '-j', 'runs'],
    ['(filenames)', 'runs'],
  ],
  [['verify', '-'], expect.arrayContaining(['-r', '--recursive', '-j', '--tap', '--quiet', '-h'])],
  [['verify', '--se'], []],
  [['run', '--se'], ['--seed']],
  [['run', '--seed', ''], []],
  [['demo', ''], []],
  [['explain', 'VM_STAR'], ['VM_START']],
  [['completion', 'f'], ['fish']],
  [['bench', 'plain'], ['plain-life']],
  [['explore', '--commands', 'life,queri'], ['life,queries']],
  [['help', 'conf'], ['conform']],
];

describe('the script for bash', () => {
  it('offers commands, options, values, names and files, each where it may stand', async () => {
    const script = (await lines.run('completion', 'bash')).out;
    const asked = CASES.map(([words]) => `ask gunyah-sim ${words.map((w) => `'${w}'`).join(' ')}`);
    const input = `${script}
gunyah-sim() { [ "$1 $2" = 'completion --words' ] && cat "$3.words"; }
compopt() { marked='(filenames)'; }
ask() {
  COMP_WORDS=("$@") COMP_CWORD=$(($# - 1)) marked=
  _gunyah_sim
  printf '%s|' $marked "\${COMPREPLY[@]}"; echo
}
${asked.join('\n')}
`;
    const { stdout, stderr } = spawnSync('bash', ['--norc'], { cwd: folder, input, encoding: 'utf8' });
    expect(stderr).toBe('');
    const offered = stdout.split('\n').slice(0, -1);
    expect(offered).toHaveLength(CASES.length);
    offered.forEach((line, i) => {
      const [words, wanted] = CASES[i];
      const found = line
        .split('|')
        .slice(0, -1)
        .filter((w) => w !== '');
      const inOrder = Array.isArray(wanted) && words.at(-1)?.startsWith('run') ? found.sort() : found;
      expect([words, inOrder]).toEqual([words, wanted]);
    });
  });
});

describe('the other scripts', () => {
  it('know the same: zsh reads that for bash, fish has one of its own', async () => {
    const bash = (await lines.run('completion', 'bash')).out;
    const zsh = (await lines.run('completion', 'zsh')).out;
    expect(zsh).toContain(bash.slice(0, bash.indexOf('\ncomplete ')));
    const fish = (await lines.run('completion', 'fish')).out;
    expect(fish).toContain("\ncomplete -c gunyah-sim -n '__gunyah_sim_at' -a conform -d '");
    expect(fish).toContain("\ncomplete -c gunyah-sim -n '__gunyah_sim_at conform' -a rm -d '");
    expect(fish).toContain("-n '__gunyah_sim_at conform' -a '(gunyah-sim completion --words checks)'\n");
    expect(fish).toContain("-n '__gunyah_sim_at conform' -l level -r -f -a 'T V G' -d '");
    expect(fish).toContain("-n '__gunyah_sim_at conform rm' -l junit -s j -r -F -d '");
    expect(fish).not.toMatch(/__gunyah_sim_at verify' -l seed/);
  });

  it('ask for words that there are', async () => {
    for (const shell of ['bash', 'fish']) {
      const { out } = await lines.run('completion', shell);
      const names = [...out.matchAll(/'@(\w+)|--words (\w+)/g)].map((m) => m[1] ?? m[2]).filter((n) => n !== 'files');
      expect(new Set(names).size).toBeGreaterThan(3);
      for (const name of new Set(names)) {
        const r = await lines.run('completion', '--words', name);
        expect([name, r.status, r.out]).toEqual([name, 0, `${WORDS[name]?.().join('\n')}\n`]);
      }
    }
  });
});
