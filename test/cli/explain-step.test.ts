import { resolve } from 'node:path';
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

  it('refuses a step that is not there in one line', async () => {
    const { err, status } = await explain('examples/first-rpc.json', '--step', '99');
    expect(status).toBe(2);
    expect(err.trim().split('\n')).toHaveLength(1);
  });
});
