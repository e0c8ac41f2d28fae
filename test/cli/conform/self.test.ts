import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { worthTrying } from '../../../src/cli/commands/conform/self-proof.js';
import { CATALOG, DEFECTS } from '../../../src/conform/index.js';
import { CliLines } from '../../support/cli.js';

const folder = mkdtempSync(join(tmpdir(), 'conform-self-'));
const lines = new CliLines(folder);
afterAll(() => {
  lines.close();
  rmSync(folder, { recursive: true, force: true });
});
const self = (...args: string[]) => lines.run('conform', '--self', ...args);

/** A client whose only mutant breaks no rule. */
const TAME = `case $1 in
  --mutants) printf 'tame\\tbreaks no rule\\tFRAME-2\\n' ;;
  --mutant) exec node ${join(import.meta.dirname, 'bare-client.mjs')} "$3" ;;
  *) exec node ${join(import.meta.dirname, 'bare-client.mjs')} "$1" ;;
esac
`;

describe('the proof that checks can fail', () => {
  it('is reported as TAP, JUnit or JSON, the bug with what it fails', async () => {
    const one = ['FRAG-1', '--mutant', 'first-twice-crash'];
    const tap = await self(...one, '--tap');
    expect([tap.status, tap.out]).toEqual([
      0,
      [
        'TAP version 13',
        '1..3',
        'ok 1 - healthy the client without a bug',
        'ok 2 - first-twice-crash uses an assembly that it has given up',
        'ok 3 - FRAG-1 is failed by a defect',
        '# 3 passed, 0 failed, 0 skipped\n',
      ].join('\n'),
    ]);
    const json = JSON.parse((await self('FRAG-19', '--mutant', 'first-twice-crash', '--json')).out);
    expect(json).toMatchObject({ passed: 3, failed: 0, skipped: 0 });
    expect(json.results[1]).toMatchObject({
      id: 'first-twice-crash',
      ok: true,
      fails: ['FRAG-19'],
      found: ['FRAG-19'],
    });
    expect((await self(...one, '--junit', 'proof.xml')).out).toBe('3 passed, 0 failed, 0 skipped\n');
    expect(readFileSync(join(folder, 'proof.xml'), 'utf8')).toContain(
      '<testsuite name="rmclient-self" tests="3" failures="0"',
    );
  });

  it('fails in every report where a bug is not found', async () => {
    writeFileSync(join(folder, 'tame.sh'), TAME);
    const r = await self('FRAME-2', '--client', 'sh tame.sh {link}', '--junit', 'tame.xml');
    expect([r.status, r.out]).toEqual([
      1,
      'FAIL  tame breaks no rule\n    passes FRAME-2\n' +
        "again: gunyah-sim conform --self FRAME-2 --mutant tame --client 'sh tame.sh {link}'\n" +
        '1 passed, 1 failed, 0 skipped\n',
    ]);
    expect(readFileSync(join(folder, 'tame.xml'), 'utf8')).toContain('<failure message="FAIL: passes FRAME-2">');
  });

  it('of some checks tries the bugs that they must find, some others, and says so', async () => {
    const some = CATALOG.filter((c) => c.id === 'FRAG-19');
    const tried = worthTrying(DEFECTS, some, 8);
    const about = tried.filter((d) => d.fails.includes('FRAG-19'));
    expect(about).toEqual(DEFECTS.filter((d) => d.fails.includes('FRAG-19')));
    expect(tried).toHaveLength(about.length + 8);
    expect(worthTrying(DEFECTS, CATALOG, 8)).toEqual(DEFECTS);
    const left = DEFECTS.length - tried.length;
    expect((await self('--level', 'T', 'FRAG-19')).out).toBe(
      `${tried.length + 2} passed, 0 failed, 0 skipped; ${left} of ${DEFECTS.length} defects were not tried: they fail none of these checks\n`,
    );
  });
});
