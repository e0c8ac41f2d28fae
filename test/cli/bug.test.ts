/** What is printed when an assertion of ours fails: one is injected, in the process of the test. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, describe, expect, it, vi } from 'vitest';
import { SimBug } from '../../src/base/index.js';
import { main } from '../../src/cli/program.js';
import { Simulator } from '../../src/sim/index.js';

const ROOT = join(import.meta.dirname, '../..');
const EXAMPLE = join(ROOT, 'examples/first-rpc.json');
const KILLERS = join(ROOT, 'test/transcripts/killers.jsonl.gz');
const folder = mkdtempSync(join(tmpdir(), 'gunyah-bug-'));
const scenario = join(folder, 'a bug.json');
const steps = [{ note: 'x' }, { rpc: 'VM_GET_VMID' }, { rpc: 'VM_GET_VMID' }];
writeFileSync(scenario, JSON.stringify({ format: 'gunyah-scenario/1', name: 'x', steps }));
afterAll(() => rmSync(folder, { recursive: true }));
afterEach(() => {
  vi.restoreAllMocks();
  process.exitCode = undefined;
});

const AT_BOOT = 0;

/** The command line, with an assertion that fails at the `nth` hypercall of the primary VM. */
async function bug(nth: number, ...args: string[]): Promise<{ code: unknown; err: string; out: string }> {
  let calls = 0;
  if (nth === AT_BOOT)
    vi.spyOn(Simulator.prototype, 'bootPrimary').mockImplementation(() => {
      throw new SimBug('injected');
    });
  const trap = Simulator.prototype.trap;
  vi.spyOn(Simulator.prototype, 'trap').mockImplementation(function (this: Simulator, ...call) {
    if (++calls === nth) throw new SimBug('injected');
    return trap.apply(this, call);
  });
  const said = { err: '', out: '' };
  const listen = (to: keyof typeof said) => (text: unknown) => {
    said[to] += String(text);
    return true;
  };
  vi.spyOn(process.stderr, 'write').mockImplementation(listen('err'));
  vi.spyOn(process.stdout, 'write').mockImplementation(listen('out'));
  let code: unknown;
  vi.spyOn(process, 'exit').mockImplementation(((exit: unknown) => {
    code = exit;
  }) as typeof process.exit);
  await main(['node', 'gunyah-sim', ...args]);
  return { code: code ?? process.exitCode, ...said };
}

const END = (where: string, again: string): RegExp =>
  new RegExp(`^this is a bug of gunyah-sim: SimBug: injected\\n(?: {4}at .*\\n)+where: ${where}\\nagain: ${again}\\n$`);

describe('an assertion of ours says where it failed and how to see it again', () => {
  it('run, caps: file, step, seed', async () => {
    const ran = await bug(3, 'run', scenario, '--quiet', '--seed', '7');
    const where = 'file .*/a bug.json, step 2 of 3 \\(rpc\\), seed 7, at 0\\.\\d+ ms of virtual time';
    expect(ran.err).toMatch(END(where, "gunyah-sim run '.*/a bug.json' --quiet --seed 7"));
    expect(ran.code).toBe(70);
    expect((await bug(3, 'caps', EXAMPLE)).err).toMatch(
      /^where: file .*first-rpc.json, step \d+ of 15 \(.*\), seed 1,/m,
    );
    expect((await bug(AT_BOOT, 'run', EXAMPLE)).err).toMatch(
      /^where: file .*first-rpc.json, step 0 \(boot\), seed 1$/m,
    );
  });

  it('verify: file and line, in the report', async () => {
    const r = await bug(60, 'verify', KILLERS);
    expect(r.out).toMatch(
      /^where: file .*killers.jsonl.gz, line after \d+\nagain: gunyah-sim verify .*killers.jsonl.gz$/m,
    );
    expect(r.code).toBe(70);
  });

  it('conform: the check, and the command of it alone', async () => {
    const r = await bug(60, 'conform', 'FRAME', '--defect', 'first-twice-crash', '--quiet');
    expect(r.err).toMatch(END('check FRAME-\\d', 'gunyah-sim conform FRAME-\\d --defect first-twice-crash'));
    expect(r.code).toBe(70);
  });

  it('replay: the input; serve: the seed', async () => {
    const recording = join(folder, 'x.rec');
    await bug(-1, 'run', scenario, '--record', recording);
    const replayed = await bug(3, 'replay', recording);
    expect(replayed.err).toMatch(END(`file ${recording}, input [1-9]\\d*, seed 1`, `gunyah-sim replay ${recording}`));
    const served = await bug(AT_BOOT, 'serve', '--listen', 'tcp:127.0.0.1:0', '--seed', '5');
    expect(served.err).toMatch(/^where: seed 5, at 0\.000 ms of virtual time$/m);
  });
});
