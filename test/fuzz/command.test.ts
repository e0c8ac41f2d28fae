/** The fuzz command: exit codes, recordings, replay. */
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { fuzz } from '../../src/cli/commands/fuzz.js';
import { CliError, Exit } from '../../src/cli/errors.js';

let folder: string;
let printed: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'fuzz-'));
  printed = '';
  vi.spyOn(process.stdout, 'write').mockImplementation((text) => {
    printed += String(text);
    return true;
  });
  vi.spyOn(process.stderr, 'write').mockReturnValue(true);
});
afterEach(() => {
  vi.restoreAllMocks();
  rmSync(folder, { recursive: true });
});

const base = { seconds: 30, jobs: 1, length: 20, quiet: true, seed: 1 };

describe('fuzz', () => {
  it('ends with 0 and its tables when nothing fails', async () => {
    expect(await fuzz({ ...base, quiet: false, runs: 2 })).toBe(Exit.OK);
    expect(printed).toMatch(/VM_ALLOCATE +OK \d+/);
    expect(printed).toMatch(/vm-life +\d+ of \d+ transitions/);
    expect(printed).toContain('seed 1, nothing failed');
  });

  it('writes a failure down, repeats it, and never overwrites it unasked', async () => {
    const record = join(folder, 'failure.json');
    const failing = { ...base, fault: 'doubled-page', record };
    expect(await fuzz(failing)).toBe(Exit.FAILED);
    expect(existsSync(record)).toBe(true);
    expect(printed).toContain(`replay: gunyah-sim fuzz --replay ${record}`);
    expect(await fuzz({ ...base, replay: record })).toBe(Exit.FAILED);
    expect(printed).toContain('fails as recorded');
    await expect(fuzz(failing)).rejects.toThrow(/give --force/);
    expect(await fuzz({ ...failing, force: true })).toBe(Exit.FAILED);
  });

  it('refuses deaths and faults that do not exist', async () => {
    await expect(fuzz({ ...base, excuse: ['old-age'] })).rejects.toThrow(CliError);
    await expect(fuzz({ ...base, fault: 'sabotage' })).rejects.toThrow(CliError);
  });
});
