/** The explore command: tables, exit codes, recordings. */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { explore } from '../../src/cli/commands/fuzz/explore.js';
import { Exit } from '../../src/cli/errors.js';
import { Explorer } from '../../src/fuzz/explore/index.js';
import { CliLines, keepStdout } from '../support/cli.js';

const folder = mkdtempSync(join(tmpdir(), 'explore-'));
const lines = new CliLines(folder);
afterAll(() => {
  lines.close();
  rmSync(folder, { recursive: true });
});

const SMALL = ['--commands', 'allocate,image,reclaim,deallocate'];

describe('explore as a process', () => {
  it('ends with 0 and its tables when nothing fails', async () => {
    const { status, out, err } = await lines.run('explore', ...SMALL);
    expect(status).toBe(0);
    expect(err).toMatch(/^exploring allocate, image, reclaim, deallocate: 1 VM, 1 parcel; Ctrl-C/);
    expect(out).toMatch(
      /^6 states, everything was tried; the farthest after 3 commands\n {6}3 {2}no VM, the nearest the start\n/,
    );
    expect(out).toContain('answers: 19 accepted, 6 refused\n');
    expect(out).toContain('  MEM_SHARE             OK 6, MEM_INVALID 4\n');
    expect(out).toContain(
      '  not running EXIT#0 [mayExit] -> exited: needs configure, init, start, one of stop, guestExits, guestStops\n',
    );
    expect(out).toContain('eventually: from 6 of 6 states everything can be returned\n');
    expect(out).toMatch(/: 6 states, 25 edges \(\d+\/s\), depth 3; nothing failed\n$/);
  });

  it('has the same as one object', async () => {
    const { status, out } = await lines.run('explore', '--json', ...SMALL);
    expect(status).toBe(0);
    expect(JSON.parse(out)).toMatchObject({
      ok: true,
      complete: true,
      bound: { vms: 1, parcels: 1, commands: ['allocate', 'image', 'reclaim', 'deallocate'] },
      states: 6,
      edges: 25,
      accepted: 19,
      refused: 6,
      ends: [
        { why: 'more than 1 VM', count: 3, path: 'allocate, allocate' },
        { why: 'more than 1 parcel', count: 4, path: 'allocate, image, image 0 1' },
      ],
      traps: [],
    });
  });

  it('stops at its depth, and says what it does not know', async () => {
    const { status, out } = await lines.run('explore', '--depth', '1');
    expect(status).toBe(0);
    expect(out).toContain('2 states, 1 of them not tried out; the farthest after 1 command\n');
    expect(out).toContain(': not yet\n');
    expect(out).toMatch(/: 2 states \(1 left\), /);
  });

  it('writes the shortest sequence down, which fuzz repeats and makes a scenario of', async () => {
    const { status, out } = await lines.run('explore', '--quiet', '--fault', 'early-start');
    expect(status).toBe(1);
    expect(out).toMatch(
      /^FAILED \(death\): RM died of rm-assertion\n3 commands, no sequence is shorter:\n {2}1\. primary VM: VM_ALLOCATE/,
    );
    expect(out).toContain('replay: gunyah-sim fuzz --replay explore.json\n');
    expect(out).toMatch(/; 1 failed\n$/);
    const again = await lines.run('fuzz', '--replay', 'explore.json', '--scenario', 'scenario.json');
    expect(again).toMatchObject({ status: 1 });
    expect(again.out).toMatch(/^fails as recorded \(death\)/);
    expect(JSON.parse(readFileSync(join(folder, 'scenario.json'), 'utf8')).steps.length).toBeGreaterThan(2);
    // Nothing is overwritten unasked.
    expect((await lines.run('explore', '--record', 'explore.json')).err).toContain('give --force');
    expect((await lines.run('explore', '--quiet', '--fault', 'early-start')).out).toContain(
      '--replay explore-2.json\n',
    );
  });

  it.each([
    [
      ['--commands', 'lif'],
      '--commands: no set or command is called lif: did you mean life? there are the sets life, guests, queries, memory, interrupts and',
    ],
    [['--commands', ''], '--commands names none'],
    [['--fault', 'sabotage'], 'no fault is called sabotage: there are'],
    [['--excuse', 'old-age'], '--excuse old-age: no such way to die'],
    [['--vms', '6'], 'give a whole number from 1 to 5'],
  ])('refuses %j', async (args, message) => {
    const { status, out, err } = await lines.run('explore', ...args);
    expect({ status, out }).toEqual({ status: 2, out: '' });
    expect(err).toContain(message);
  });
});

describe('what no sequence can show', () => {
  let printed: { text: string };
  beforeEach(() => {
    printed = keepStdout();
  });
  afterEach(() => {
    vi.restoreAllMocks();
  });

  it('fails too: a transition that never came, states without a way back', async () => {
    const { result } = Explorer.prototype;
    vi.spyOn(Explorer.prototype, 'result').mockImplementation(function (this: Explorer) {
      const real = result.call(this);
      const unseen = [{ name: 'load DEALLOCATE#0 -> none', why: '', due: true }];
      const traps = [{ why: undefined, states: 2, path: [] }];
      return { ...real, sights: { ...real.sights, unseen }, traps };
    });
    const options = { vms: 1, parcels: 1, commands: ['allocate', 'deallocate'], quiet: true };
    expect(await explore({ ...options, given: ['--commands', 'allocate,deallocate'] })).toBe(Exit.FAILED);
    expect(printed.text.split('\n')).toEqual([
      'FAILED (sometimes): load DEALLOCATE#0 -> none never came, though the commands can lead to it',
      'FAILED (eventually): from 2 states there is no way back to the start, as after ',
      "again: gunyah-sim explore --commands 'allocate,deallocate'",
      expect.stringMatching(/; 1 failed$/),
      '',
    ]);
  });
});
