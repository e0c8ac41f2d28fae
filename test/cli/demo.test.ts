import { copyFileSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { demo } from '../../src/cli/commands/demo.js';
import { Exit } from '../../src/cli/errors.js';
import { keepStdout } from '../support/cli.js';

let folder: string;
let printed: { text: string };
beforeEach(() => {
  // Replaying all that ship takes ten seconds; `verify` has its own tests.
  folder = mkdtempSync(join(tmpdir(), 'demo-'));
  copyFileSync(join(import.meta.dirname, '../transcripts/d1b.jsonl.gz'), join(folder, 'd1b.jsonl.gz'));
  printed = keepStdout();
});
afterEach(() => {
  vi.restoreAllMocks();
  rmSync(folder, { recursive: true });
});

it('shows the example, both capability tables, and how much of the recordings is matched', async () => {
  expect(await demo({ quiet: true }, folder)).toBe(Exit.OK);
  expect(printed.text).toMatch(
    /^examples\/first-rpc.json: .*\n[\s\S]*\nRM: \d+ capabilities\n[\s\S]*\n\nHLOS: 3 capabilities\n/,
  );
  expect(printed.text).toMatch(
    /\n\n(\d+) of \1 events recorded from real Gunyah are matched, 0 differ .* \(2 recordings; .*\)\n$/,
  );
});

it('is one object with --json', async () => {
  expect(await demo({ quiet: true, json: true }, folder)).toBe(Exit.OK);
  const shown = JSON.parse(printed.text);
  expect(shown).toMatchObject({ scenario: 'examples/first-rpc.json', seed: 1, failures: [] });
  expect(shown.tables.map((t: { vm: string }) => t.vm)).toEqual(['RM', 'HLOS']);
  expect(shown.recordings).toMatchObject({ mismatched: 0, unsupported: 0, files: 2 });
});

it('does without recordings where there are none', async () => {
  expect(await demo({ quiet: true, seed: 5 }, join(folder, 'none'))).toBe(Exit.OK);
  expect(printed.text).toMatch(/\n\nThe example did what it says\. .*\n$/);
});
