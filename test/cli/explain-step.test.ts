import { spawnSync } from 'node:child_process';
import { join, resolve } from 'node:path';
import { describe, expect, it } from 'vitest';

const ROOT = resolve(import.meta.dirname, '..', '..');
const explain = (...args: string[]) =>
  spawnSync(process.execPath, [join(ROOT, 'dist/src/cli/main.js'), 'explain', ...args], {
    cwd: ROOT,
    encoding: 'utf8',
  });

describe('explain FILE --step N', () => {
  it('names the check of a request that refused, and those that passed', () => {
    const { stdout, status } = explain('examples/first-rpc.json', '--step', '12');
    expect(status).toBe(0);
    expect(stdout).toContain('RM: VM_START was refused with VM_STATE');
    expect(stdout).toContain('rm.VM_START.5');
    expect(stdout).toContain('rm.VM_START.4: not (');
  });

  it('names the capability that a hypercall would have taken', () => {
    const { stdout } = explain('examples/first-rpc.json', '--step', '15');
    expect(stdout).toContain('hvc.msgqueue_send.1');
    expect(stdout).toContain('msgqueue could be 0x0');
  });

  it('refuses a step that is not there in one line', () => {
    const { stderr, status } = explain('examples/first-rpc.json', '--step', '99');
    expect(status).toBe(2);
    expect(stderr.trim().split('\n')).toHaveLength(1);
  });
});
