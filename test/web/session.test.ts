import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { parseScenario, Run } from '../../src/scenario/index.js';
import { stateDigest } from '../../src/sim/index.js';
import { type Moment, type Row, Session } from '../../src/web/index.js';

const example = (name: string): string => readFileSync(new URL(`../../examples/${name}.json`, import.meta.url), 'utf8');
const scenario = (...steps: object[]): string => JSON.stringify({ format: 'gunyah-scenario/1', name: 'test', steps });

function opened(text: string): Session {
  const session = new Session();
  expect(session.answer({ kind: 'load', text })).toMatchObject({ kind: 'loaded', moment: { step: 0 } });
  return session;
}

function show(session: Session, step: number, object?: number): Moment {
  const answer = session.answer({ kind: 'show', step, object });
  if (answer.kind !== 'moment') throw new Error(JSON.stringify(answer));
  return answer.moment;
}

const rowsOf = (moment: Moment, table: string): readonly Row[] => moment.tables.find((t) => t.id === table)?.rows ?? [];
const HLOS = 'caps 3';

describe('a session of the web explorer', () => {
  it('shows the same moment however it gets there', () => {
    const session = opened(example('two-vms'));
    const [eight, nine] = [show(session, 8), show(session, 9)];
    expect(show(session, 8)).toEqual(eight);
    expect(show(session, 20).step).toBe(20);
    expect(show(session, 9)).toEqual(nine);
    expect(show(opened(example('two-vms')), 9)).toEqual(nine);
  });

  it('ends where the command line does', () => {
    const run = new Run(parseScenario(example('first-rpc')));
    run.finish();
    const end = show(opened(example('first-rpc')), 1e9);
    expect(end).toMatchObject({ step: run.next, digest: stateDigest(run.sim), failed: false });
  });

  it('tells which capabilities came and went in a step, and that nothing is new when nothing happened', () => {
    const session = opened(example('two-vms'));
    const came = rowsOf(show(session, 9), HLOS).filter((r) => r.change === '+');
    expect(came.map((r) => r.cells[0])).toEqual(['0x3', '0x4', '0x5', '0x6', '0x7']);
    expect(rowsOf(show(session, 9), 'vms')).toContainEqual(expect.objectContaining({ key: '128', change: '~' }));
    expect(show(session, 13).tables.flatMap((t) => t.rows.filter((r) => r.change !== undefined))).toEqual([]);
    const went = rowsOf(show(session, 32), HLOS).filter((r) => r.change === '-');
    expect(went.map((r) => r.cells[0])).toEqual(came.map((r) => r.cells[0]));
  });

  it('tells the story of an object, up to the call that took its last capability away', () => {
    const session = opened(example('two-vms'));
    const bell = rowsOf(show(session, 9), HLOS).find((r) => r.cells[3] === 'DOORBELL')?.object;
    const story = show(session, 22, bell).story;
    expect(story?.title).toBe(`DOORBELL #${bell}, ACTIVE`);
    const steps = story?.calls.map((c) => c.step) ?? [];
    expect(new Set(steps)).toEqual(new Set([9, 18, 19]));
    expect(story?.calls.find((c) => c.step === 18)?.text).toContain('HLOS.0: doorbell_send(doorbell 0x4');
    const gone = show(session, 32, bell).story;
    expect(gone?.title).toBe(`#${bell}, gone`);
    // RM takes the copies of others out of their spaces, not out of its own.
    const deleted = gone?.calls.filter((c) => c.step === 32).map((c) => /cap_from\((.*)\) = OK/.exec(c.text)?.[1]);
    expect(deleted).toEqual(['cspace 0x412, cap 0x2', 'cspace 0x33d, cap 0x4', 'cspace 0x0, cap 0x41c']);
    expect(show(session, 33, bell).story).toBeUndefined();
  });

  it('keeps what is of RM apart, and names the objects of every call', () => {
    const { trace } = show(opened(example('two-vms')), 9);
    expect(trace.filter((e) => !e.detail).map((e) => e.kind)).toEqual(['packet', 'packet', 'packet']);
    const create = trace.find((e) => e.lines[0].includes('partition_create_thread'));
    expect(create).toMatchObject({ kind: 'call', detail: true });
    expect(create?.objects).toHaveLength(3);
  });

  it('tells why a request was refused', () => {
    const session = opened(example('first-rpc'));
    expect(show(session, 12).why.flat()).toContain('  rm.VM_START.5: the state is not READY');
    expect(show(session, 10).why).toEqual([]);
  });

  it('stops at a step that fails, with the reason and with what it changed, wherever it was to go', () => {
    const steps = [{ rpc: 'VM_ALLOCATE', fields: { vmid: 0 }, expect: { vmid: 1 } }, { rpc: 'VM_GET_VMID' }];
    for (const step of [2, 1]) {
      const moment = show(opened(scenario(...steps)), step);
      expect(moment).toMatchObject({ step: 1, failed: true });
      expect(moment.why.flat().join()).toContain('$.steps[0].expect.vmid');
      expect(rowsOf(moment, 'vms').map((r) => r.change)).toEqual([undefined, '+', undefined]);
    }
  });

  it('tells what died', () => {
    const session = opened(scenario({ rpc: 'VM_DEALLOCATE', fields: { vmid: 300 }, expect: 'any', unanswered: true }));
    expect(show(session, 0).dead).toBeUndefined();
    expect(show(session, 1).dead).toBe('vm-deallocate-unknown');
  });

  it('loses nothing by a scenario that is none', () => {
    const session = opened(example('first-rpc'));
    const before = show(session, 9);
    for (const text of ['{', '[]', scenario({ rpc: 'VM_GET_VIMD' })]) {
      const answer = session.answer({ kind: 'load', text });
      expect(answer.kind === 'error' && answer.text.split('\n')).toHaveLength(1);
    }
    expect(show(session, 9)).toEqual(before);
    expect(new Session().answer({ kind: 'show', step: 1 }).kind).toBe('error');
  });

  it('reports a mistake that shows only when its step runs', () => {
    const session = opened(example('first-rpc'));
    const text = scenario(
      { rpc: 'VM_ALLOCATE', fields: { vmid: 0 }, save: { v: 'vmid' } },
      { rpc: 'VM_START', fields: { vmid: '$v + 65500' } },
    );
    expect(session.answer({ kind: 'load', text }).kind).toBe('loaded');
    expect(show(session, 2)).toMatchObject({
      step: 2,
      failed: true,
      why: [['$.steps[1].fields.vmid: 65628 does not fit into 2 bytes; use 0 to 65535']],
    });
  });
});
