/** The fuzz command: exit codes, recordings, replay. */
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { fuzz } from '../../src/cli/commands/fuzz/fuzz.js';
import { CliError, Exit } from '../../src/cli/errors.js';
import { keepStdout } from '../support/cli.js';

// Every run listens for signals.
process.setMaxListeners(50);

let folder: string;
let printed: { text: string };
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'fuzz-'));
  printed = keepStdout();
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
    expect(printed.text).toMatch(/VM_ALLOCATE +OK \d+/);
    expect(printed.text).toMatch(/vm-life +\d+ of \d+ transitions/);
    // Behind the corpus come the two.
    expect(printed.text).toContain('seed 1, nothing failed; go on: gunyah-sim fuzz --seed 1 --from 2 --length 20');
  });

  it('writes a failure down, repeats it, and never overwrites it unasked', async () => {
    const record = join(folder, 'failure.json');
    const failing = { ...base, fault: 'doubled-page', record };
    expect(await fuzz(failing)).toBe(Exit.FAILED);
    expect(existsSync(record)).toBe(true);
    expect(printed.text).toContain(`replay: gunyah-sim fuzz --replay ${record}`);
    expect(await fuzz({ ...base, replay: record })).toBe(Exit.FAILED);
    expect(printed.text).toContain('fails as recorded');
    await expect(fuzz(failing)).rejects.toThrow(/give --force/);
    expect(await fuzz({ ...failing, force: true })).toBe(Exit.FAILED);
  });

  it('says which sequence comes next, and goes on with it', async () => {
    await fuzz({ ...base, length: 5, runs: 3, from: 0, json: true });
    const whole = JSON.parse(printed.text);
    expect(whole.next).toBe(3);
    const commands = async (from: number, runs: number): Promise<number> => {
      printed.text = '';
      await fuzz({ ...base, length: 5, runs, from, json: true });
      return JSON.parse(printed.text).commands;
    };
    expect((await commands(0, 2)) + (await commands(2, 1))).toBe(whole.commands);
    await fuzz({ ...base, length: 5, runs: 1, from: 2 });
    expect(printed.text).toContain(
      'nothing failed; go on: gunyah-sim fuzz --seed 1 --from 3 --length 5 --seconds 30 --runs 1',
    );
  });

  it('names what a failure is about and shows its packets on request, but makes no promise about a file it could not write', async () => {
    const record = join(folder, "it's.json");
    expect(await fuzz({ ...base, fault: 'leaked-cap', record })).toBe(Exit.FAILED);
    expect(printed.text).toContain('commands, from sequence 2 of the corpus:\n');
    expect(printed.text).toContain('what was checked: gunyah-sim explain no-cap-leak\n');
    expect(printed.text).toContain(`--replay '${record.replace("'", "'\\''")}'`);
    printed.text = '';
    expect(await fuzz({ replay: record, trace: true, length: 1 })).toBe(Exit.FAILED);
    expect(printed.text).toMatch(
      /^1\. primary VM: VM_ALLOCATE vmid +0\n +[\d.]+ ms {2}HLOS -> RM {2}request VM_ALLOCATE seq 0$/m,
    );
    printed.text = '';
    expect(await fuzz({ ...base, fault: 'leaked-cap', record: '-' })).toBe(Exit.FAILED);
    expect(printed.text).toContain('replay: put the recording above into a FILE');
  });

  it('makes a scenario of a failure, and says what it shows', async () => {
    const [record, scenario] = [join(folder, 'f.json'), join(folder, 'scenario.json')];
    expect(await fuzz({ ...base, fault: 'wrong-error', record })).toBe(Exit.FAILED);
    printed.text = '';
    expect(await fuzz({ replay: record, scenario, length: 1 })).toBe(Exit.FAILED);
    expect(printed.text).toContain(`scenario: gunyah-sim run ${scenario}\n  the fault wrong-error is not in it\n`);
    expect(printed.text).toMatch(/ {2}every step is as the model says\n$/);
    expect(JSON.parse(readFileSync(scenario, 'utf8')).steps).toContainEqual(
      expect.objectContaining({ rpc: 'VM_DEALLOCATE', expect: 'VM_STATE' }),
    );
    await expect(fuzz({ replay: record, scenario, length: 1 })).rejects.toThrow(/give --force/);
    await expect(fuzz({ replay: record, scenario: record, force: true, length: 1 })).rejects.toThrow(/what is read/);
    await expect(fuzz({ ...base, scenario })).rejects.toThrow('--scenario makes a scenario of a --replay');
    printed.text = '';
    await fuzz({ replay: record, scenario: '-', length: 1 });
    expect(JSON.parse(printed.text).format).toBe('gunyah-scenario/1');
  });

  it('takes the number of sequences for the limit when there is no time', async () => {
    // The run began longer ago than a run without a number lasts.
    vi.spyOn(Date, 'now').mockReturnValueOnce(Date.now() - 100_000);
    expect(await fuzz({ ...base, seconds: undefined, length: 1, runs: 1, from: 0 })).toBe(Exit.OK);
    expect(printed.text).toContain(' 1 sequences');
  });

  it('reads recordings with options that it does not know, and refuses faults that it does not have', async () => {
    const record = join(folder, 'other.json');
    const recording = (options: unknown): string =>
      JSON.stringify({ format: 'gunyah-fuzz/1', options, failure: { commands: [{ name: 'allocate', args: [0] }] } });
    writeFileSync(record, recording({ later: 1 }));
    expect(await fuzz({ ...base, replay: record })).toBe(Exit.OK);
    writeFileSync(record, recording({ fault: 'sabotage' }));
    await expect(fuzz({ ...base, replay: record })).rejects.toThrow(/: not a recording made by fuzz/);
  });

  it('refuses deaths and faults that do not exist', async () => {
    await expect(fuzz({ ...base, excuse: ['old-age'] })).rejects.toThrow(CliError);
    await expect(fuzz({ ...base, fault: 'sabotage' })).rejects.toThrow(CliError);
  });
});
