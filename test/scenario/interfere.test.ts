import { describe, expect, test } from 'vitest';
import { parseScenario, Run, type RunEvent, ScenarioError } from '../../src/scenario/index.js';

const file = (interfere: unknown, ...steps: unknown[]): string =>
  JSON.stringify({ format: 'gunyah-scenario/1', name: 't', interfere, steps });

function run(interfere: unknown, ...steps: unknown[]): { failures: string[]; notes: string[] } {
  const notes: string[] = [];
  const listener = (e: RunEvent): void => {
    if (e.kind === 'note') notes.push(e.text);
  };
  const r = new Run(parseScenario(file(interfere, ...steps)), { listener });
  r.finish();
  return { failures: r.failures.map((f) => f.text), notes };
}

function problem(interfere: unknown): string {
  try {
    parseScenario(file(interfere, { yield: 1 }));
  } catch (error) {
    if (error instanceof ScenarioError) return error.message;
    throw error;
  }
  return 'fine';
}

const OWNER = { rpc: 'VM_GET_OWNER' };

describe('interference in a scenario', () => {
  test('changes a reply as often as told, and says so', () => {
    const r = run(
      ['reply VM_GET_ID error=BUSY once'],
      { rpc: 'VM_GET_ID', fields: { vmid: 3 }, expect: 'BUSY' },
      {
        rpc: 'VM_GET_ID',
        fields: { vmid: 3 },
      },
    );
    expect(r.failures).toEqual([]);
    expect(r.notes).toHaveLength(1);
    expect(r.notes[0]).toContain('RM -> HLOS REPLY VM_GET_ID');
  });

  test('keeps requests from RM, with or without an answer in its place', () => {
    const r = run(
      ['request VM_GET_OWNER answer=DENIED once', 'request VM_GET_OWNER drop'],
      { ...OWNER, expect: 'DENIED' },
      { ...OWNER, unanswered: true },
    );
    expect(r.failures).toEqual([]);
  });

  test('gives RM another payload, which RM itself refuses', () => {
    const r = run(['rewrite VM_GET_ID payload=0300'], { rpc: 'VM_GET_ID', fields: { vmid: 3 }, expect: 'MSG_INVALID' });
    expect(r.failures).toEqual([]);
  });

  test('stalls RM until the rules end, and loses nothing', () => {
    const allocate = (seq: number) => `21 01 0${seq} 00 01 00 00 56 00 00 00 00`;
    const r = run(
      [],
      { rpc: 'VM_ALLOCATE', fields: { vmid: 0 }, save: { first: 'vmid' } },
      { interfere: ['stall 2'] },
      { send: allocate(7) },
      { send: allocate(8) },
      { send: allocate(9), expect: 'MSGQUEUE_FULL' },
      { yield: 3 },
      { interfere: [] },
      { receive: true },
      { rpc: 'VM_ALLOCATE', fields: { vmid: 0 }, expect: { vmid: '$first + 3' } },
    );
    expect(r.failures).toEqual([]);
  });

  test('delays in virtual time', () => {
    const slow = new Run(parseScenario(file(['reply * delay=5ms'], { ...OWNER, expect: 'any' })));
    const fast = new Run(parseScenario(file([], { ...OWNER, expect: 'any' })));
    slow.finish();
    fast.finish();
    expect(slow.sim.hyp.now - fast.sim.hyp.now).toBeGreaterThan(4_900_000);
  });

  test('forces results of sends, hypercalls and SMCCC calls', () => {
    const r = run(
      ['send error=MSGQUEUE_FULL', 'call doorbell_send x0=30 x1=7', 'smccc PSCI_VERSION x0=0x20000'],
      { send: '21 01 07 00 15 00 00 56', expect: 'MSGQUEUE_FULL' },
      { hvc: 'doorbell_send', args: { doorbell: 0, new_flags: 1 }, expect: { error: 'DENIED', x1: 7 } },
      { smccc: 'PSCI_VERSION', expect: { x0: '0x20000' } },
    );
    expect(r.failures).toEqual([]);
  });

  test('begins and ends where a step says so', () => {
    const r = run(
      [],
      { rpc: 'VM_GET_ID', fields: { vmid: 3 } },
      { interfere: ['reply * error=BUSY'] },
      { rpc: 'VM_GET_ID', fields: { vmid: 3 }, expect: 'BUSY' },
      { interfere: [] },
      { rpc: 'VM_GET_ID', fields: { vmid: 3 } },
    );
    expect(r.failures).toEqual([]);
  });
});

describe('a mistake in a rule is found before anything runs', () => {
  const cases: readonly (readonly [unknown, string])[] = [
    ['drop', '$.interfere: not a list of rules'],
    [[3], '$.interfere[0]: not text'],
    [['withhold rx', 'reply VM_STRAT drop'], '$.interfere[1]: VM_STRAT: no such message; see docs/scenarios.md'],
    [['reply VM_START'], '$.interfere[0]: reply VM_START: what becomes of it?'],
    [['reply VM_START dorp'], '$.interfere[0]: dorp: not a change'],
    [['reply VM_START delay=5'], '$.interfere[0]: delay=5: not a time like 5ms'],
    [['reply VM_START error=NOPE'], '$.interfere[0]: error=NOPE: no such error'],
    [['reply VM_START drop times=x'], '$.interfere[0]: times=x: not a number'],
    [['call vcpu_rum x0=1'], '$.interfere[0]: vcpu_rum: no such hypercall'],
    [['call vcpu_run y=1'], '$.interfere[0]: y=1: not a register'],
    [['send more'], '$.interfere[0]: send: error=NAME is missing'],
    [['withhold'], '$.interfere[0]: withhold: of what?'],
    [['steal rx'], '$.interfere[0]: steal: not reply, notification'],
  ];
  test.each(cases)('%j', (rules, text) => {
    expect(problem(rules)).toContain(text);
  });
});
