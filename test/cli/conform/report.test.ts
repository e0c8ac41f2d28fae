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

  it('of nothing says which option is the cause', async () => {
    const r = await lines.run('conform', 'MEM-1', '--level', 'T');
    expect([r.status, r.err]).toEqual([
      2,
      'error: nothing matched: --level T leaves out MEM-1: it is for clients of level V\n',
    ]);
  });
});
