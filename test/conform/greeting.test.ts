import { describe, expect, it } from 'vitest';
import { bootBench, CATALOG, type Case, parseGreeting, runBuiltin, unsuitable } from '../../src/conform/index.js';

const byId = (id: string): Case => {
  const c = CATALOG.find((x) => x.id === id);
  if (c === undefined) throw new Error(`${id} cannot run`);
  return c;
};
const greet = (line: string) => parseGreeting(line) ?? { level: 'T' as const, features: [] };

describe('the first line of a client', () => {
  it('tells level and features, or why it does not attach', () => {
    expect(parseGreeting('hello V alloc set')).toEqual({ level: 'V', features: ['alloc', 'set'] });
    expect(parseGreeting('refused no Resource Manager node')).toMatchObject({ refused: 'no Resource Manager node' });
    expect(parseGreeting('hello X')).toBeUndefined();
    expect(parseGreeting('reply 1 0 -')).toBeUndefined();
  });

  it('decides which checks the client can take', () => {
    expect(unsuitable(byId('ERR-16'), greet('hello T'), false)).toContain('"alloc"');
    expect(unsuitable(byId('ERR-16'), greet('hello T alloc'), false)).toBeUndefined();
    expect(unsuitable(byId('TEAR-1'), greet('hello T'), false)).toContain('level T');
    expect(unsuitable(byId('DISC-4'), greet('hello T'), true)).toContain('bare packets');
    expect(unsuitable(byId('DISC-4'), greet('refused no node'), false)).toBeUndefined();
    expect(unsuitable(byId('XPORT-1'), greet('hello V'), true)).toContain('queues');
  });

  it('of a client for bare packets spares it queues and discovery', () => {
    const asked = CATALOG.filter((c) => unsuitable(c, greet('hello T sync'), true) === undefined).map((c) => c.id);
    expect(asked.filter((id) => /^(DISC|XPORT)-/.test(id))).toEqual(['DISC-10']);
    expect(asked).toContain('FRAME-6');
  });

  it('of the reference client refuses a tree without RM, and sends nothing', () => {
    const { session, verdict } = runBuiltin(byId('DISC-4'), bootBench());
    expect(verdict).toBe('PASS');
    expect(session.tester.greeting.refused).toContain('no Resource Manager node');
    expect(session.bench.log).toEqual([]);
  });

  it('that refuses where the client must attach is a failure', () => {
    const v = runBuiltin(byId('DISC-11'), bootBench(), new Set(['wants-gunyah-hypervisor']));
    expect([v.verdict, v.reasons[0]]).toEqual(['FAIL', 'the client refuses: no gunyah-hypervisor']);
  });
});
