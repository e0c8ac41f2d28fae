import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { CliLines } from '../../support/cli.js';

const folder = mkdtempSync(join(tmpdir(), 'conform-report-'));
const lines = new CliLines(folder);
afterAll(() => {
  lines.close();
  rmSync(folder, { recursive: true, force: true });
});
const client = `node ${join(import.meta.dirname, 'bare-client.mjs')} {link}`;

describe('the report of a run', () => {
  it('has the reason of what was skipped', async () => {
    const r = await lines.run('conform', 'DISC-7', 'FRAME-2', '--client', client);
    expect([r.status, r.out]).toEqual([
      0,
      'SKIP  DISC-7 first is send, second is receive\n' +
        '    the client does not drive the queues itself\n' +
        'PASS  FRAME-2 empty request\n' +
        '1 passed, 0 failed, 1 skipped\n',
    ]);
  });

  it('is written although the client says what nobody understands, and warns of features that there are not', async () => {
    const strange = `${client} | sed -u 's/^\\(reply.*\\) .*/\\1/; s/sync$/sync frob/'`;
    const r = await lines.run('conform', 'FRAME-1', 'FRAME-2', '--client', strange, '--junit', 'out.xml');
    expect(r.status).toBe(1);
    expect(r.out).toContain('the client said something wrong: reply 1 0\n      BYTES (');
    expect(r.out).toContain('0 passed, 2 failed, 0 skipped');
    expect(r.err).toContain('warning: the client offers "frob", which is no feature\n');
    expect(readFileSync(join(folder, 'out.xml'), 'utf8')).toContain('the form is &quot;reply TICKET CODE BYTES&quot;');
  });

  it('has the requirement, the level and the last packets of a failure in JSON and TAP too', async () => {
    const failing = ['conform', 'FRAG-19', '--defect', 'first-twice-crash'];
    const json = JSON.parse((await lines.run(...failing, '--json')).out);
    const requirement = 'A repeated first fragment fails the call or lets it complete once.';
    expect(json.results[0]).toMatchObject({ level: 'T', requirement, expected: false, verdict: 'CRASH' });
    expect(json.results[0].seconds).toBeGreaterThan(0);
    expect(json.results[0].log).toContain('ms > REQUEST message 0x56007700');
    const tap = (await lines.run(...failing, '--tap')).out;
    expect(tap).toContain(`  requirement: ${JSON.stringify(requirement)}\n`);
    expect(tap).toMatch(/^ {2}log:\n {4}- " .* ms > REQUEST message 0x56007700/m);
    const expected = JSON.parse((await lines.run(...failing, '--json', '--expect-fail', 'FRAG')).out);
    expect(expected.results[0]).toMatchObject({ expected: true, ok: true });
  });

  it('ends with the command that repeats what failed', async () => {
    const r = await lines.run(
      'conform',
      'FRAME',
      'FRAG',
      '--hostile',
      '--defect',
      'first-twice-crash',
      '--timeout',
      '900',
    );
    const again = 'conform FRAG-19 --defect first-twice-crash --timeout 900';
    expect(r.out.split('\n').at(-3)).toBe(`again: gunyah-sim ${again}`);
    const repeated = await lines.run(...again.split(' '), '--tap');
    expect(repeated.out).toContain('not ok 1 - FRAG-19');
    expect(repeated.out.split('\n').at(-2)).toBe(`# again: gunyah-sim ${again}`);
    const other = await lines.run('conform', 'FRAME-2', '--client', client, '--expect-fail', 'FRAME-2', '--json');
    expect(JSON.parse(other.out).again).toBe(`gunyah-sim conform FRAME-2 --client '${client}' --expect-fail FRAME-2`);
    expect((await lines.run('conform', 'FRAME-2')).out).not.toContain('again:');
  });

  it('does not call a skipped check one that passes against expectation', async () => {
    const r = await lines.run('conform', 'DISC-7', '--client', client, '--expect-fail', 'DISC');
    expect([r.status, r.out.split('\n')[0]]).toEqual([0, 'SKIP  DISC-7 first is send, second is receive']);
  });

  it('of nothing says which option is the cause', async () => {
    const r = await lines.run('conform', 'MEM-1', '--level', 'T');
    expect([r.status, r.err]).toEqual([
      2,
      'error: nothing matched: --level T leaves out MEM-1: it is for clients of level V\n',
    ]);
  });
});
