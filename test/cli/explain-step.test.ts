import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { CliLines, type Ended } from '../support/cli.js';

const lines = new CliLines(resolve(import.meta.dirname, '..', '..'));
afterAll(() => lines.close());
const explain = (...args: string[]): Promise<Ended> => lines.run('explain', ...args);

describe('explain FILE --step N', () => {
  it('names the check of a request that refused, and those that passed', async () => {
    const { out, status } = await explain('examples/first-rpc.json', '--step', '12');
    expect(status).toBe(0);
    expect(out).toContain('RM: VM_START was refused with VM_STATE');
    expect(out).toContain('rm.VM_START.5');
    expect(out).toContain('rm.VM_START.4: not (');
  });

  it('names the capability that a hypercall would have taken', async () => {
    const { out } = await explain('examples/first-rpc.json', '--step', '15');
    expect(out).toContain('hvc.msgqueue_send.1');
    expect(out).toContain('msgqueue could be 0x0');
  });

  it('explains refusals on the queues to RM as well', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'explain-'));
    const file = join(folder, 's.json');
    const send = { hvc: 'msgqueue_send', args: ['0x1', 8, '0x41000000', 0, 0], expect: 'CSPACE_INSUFFICIENT_RIGHTS' };
    writeFileSync(file, JSON.stringify({ format: 'gunyah-scenario/1', name: 't', steps: [send] }));
    expect((await explain(file, '--step', '1')).out).toContain('HLOS.0: msgqueue_send was refused with CSPACE_INSUF');
    rmSync(folder, { recursive: true });
  });

  it('takes no call for refused whose caller gave up the CPU, and whose result comes later', async () => {
    expect((await explain('examples/proxy.json', '--step', '17')).out).toBe('nothing was refused in step 17\n');
  });

  it('tells what a step expected and did not get, and what it killed', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'explain-'));
    const outcome = async (step: string, ...steps: object[]): Promise<string> => {
      const file = join(folder, 's.json');
      writeFileSync(file, JSON.stringify({ format: 'gunyah-scenario/1', name: 't', steps }));
      const { out, err } = await explain(file, '--step', step);
      return out + err;
    };
    const wrong = { rpc: 'VM_GET_VMID', expect: { vmid: 4 } };
    const deadly = { rpc: 'VM_DEALLOCATE', fields: { vmid: 300 } };
    expect(await outcome('1', wrong)).toContain('$.steps[0].expect.vmid');
    expect(await outcome('2', wrong, deadly)).toMatch(/step 2 of .* is not reached: step 1 fails/);
    expect(await outcome('1', deadly)).toMatch(/death vm-deallocate-unknown[\s\S]*the step failed/);
    const after = await outcome('2', { ...deadly, expect: 'any', unanswered: true }, { rpc: 'VM_GET_VMID' });
    expect(after).toContain('had stopped before this step: vm-deallocate-unknown');
    rmSync(folder, { recursive: true });
  });

  it('refuses a step that is not there in one line', async () => {
    const { err, status } = await explain('examples/first-rpc.json', '--step', '99');
    expect(status).toBe(2);
    expect(err.trim().split('\n')).toHaveLength(1);
  });
});
