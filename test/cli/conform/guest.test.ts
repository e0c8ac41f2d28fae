import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { runChild } from '../../../src/cli/commands/conform/child.js';
import * as suite from '../../../src/conform/index.js';
import { Msg } from '../../../src/protocol/index.js';

const folder = mkdtempSync(join(tmpdir(), 'conform-guest-'));
const program = join(folder, 'example');
const image = suite.bootBench();
const SLOW_MS = 120_000;
const OPTIONS = { timeoutMs: 20_000, startMs: 20_000 };

/** A call of a client of level T, made from inside a secondary VM. */
const whoAmI: suite.Case = {
  id: 'LOOK-0',
  level: 'G',
  req: 'M',
  sev: 'H',
  stim: 'R',
  title: 'who am I',
  must: 'RM knows the caller.',
  *run(t) {
    t.expectReply(yield* t.call(Msg.VM_GET_VMID), 0, Uint8Array.of(0x80, 0, 0, 0));
    yield* t.rest();
    t.expect(t.notified(Msg.N_VM_IRQ_LENT).length === 1, 'the interrupt was not announced');
  },
};

describe('a client in a secondary VM', () => {
  beforeAll(() => {
    const source = join(import.meta.dirname, '../../../clients/c/example.c');
    execFileSync('gcc', ['-std=c11', '-O1', '-o', program, source], { stdio: 'pipe' });
  }, SLOW_MS);
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  it(
    'can be another process: it finds RM in the tree of its VM and calls as that VM',
    async () => {
      const v = await runChild(whoAmI, image, `${program} {link}`, OPTIONS);
      expect([v.verdict, ...v.reasons]).toEqual(['PASS']);
    },
    SLOW_MS,
  );

  it(
    'is not asked for what it does not offer',
    async () => {
      const c = suite.CATALOG.find((x) => x.id === 'LOOK-6');
      if (c === undefined) throw new Error('LOOK-6 cannot run');
      const v = await runChild(c, image, `${program} {link}`, OPTIONS);
      expect([v.verdict, v.reasons[0]]).toEqual([
        'SKIP',
        'the client does not offer "guest": what a secondary VM does',
      ]);
    },
    SLOW_MS,
  );
});
