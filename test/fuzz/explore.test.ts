/** Exploration of VM lives: exact counts, faults found by the shortest way, what is seen, and what leads back. */
import { describe, expect, it } from 'vitest';
import {
  COMMAND_SETS,
  defaultExploreOptions,
  type Exploration,
  type ExploreOptions,
  Explorer,
  explorationLines,
  neverSeen,
  unexplained,
} from '../../src/fuzz/explore/index.js';
import { sightsOf } from '../../src/fuzz/explore/sights.js';
import { FAULTS, type Fault } from '../../src/fuzz/faults.js';
import { Fuzzer, parseRecording, recordingText } from '../../src/fuzz/index.js';
import { coverage } from '../../src/machine/index.js';

function explored(options: Partial<ExploreOptions>): Explorer {
  const explorer = new Explorer({ ...defaultExploreOptions(), ...options });
  while (explorer.step());
  return explorer;
}
const resultOf = (options: Partial<ExploreOptions>): Exploration => explored(options).result();
const sizeOf = ({ states, edges, depth, left }: Exploration): number[] => [states, edges, depth, left];
const kindsOf = ({ kinds }: Exploration): Record<string, number> =>
  Object.fromEntries(kinds.map(({ about, states }) => [about, states]));

const LIFE = [...COMMAND_SETS.life];

describe('one VM and one parcel', () => {
  it('that only come and go are six states, with edges that can be counted by hand', () => {
    // A VM or none; no image, a good one or a broken one.
    const e = resultOf({ commands: ['allocate', 'image', 'reclaim', 'deallocate'] });
    // Nothing: allocate, reclaim. A VM: these, deallocate and two images; with an image: these, and two more where it is already.
    expect(sizeOf(e)).toEqual([6, 2 + 5 + 2 * 7 + 2 * 2, 3, 0]);
    expect(kindsOf(e)).toEqual({ 'no VM': 3, LOAD: 3 });
    expect(e.counts).toEqual({
      VM_ALLOCATE: { OK: 6 },
      VM_DEALLOCATE: { OK: 3 },
      MEM_SHARE: { OK: 2 + 4, MEM_INVALID: 4 },
      MEM_RECLAIM: { OK: 4, HANDLE_INVALID: 2 },
    });
    expect(e.ends.map(({ why, count }) => [why, count])).toEqual([
      ['more than 1 VM', 3],
      ['more than 1 parcel', 4],
    ]);
    expect(e.traps).toEqual([]);
  });

  it('come to all states and transitions of a life, and back where RM lets them', () => {
    const e = resultOf({ commands: LIFE });
    expect(sizeOf(e)).toEqual([125, 1775, 12, 0]);
    expect(kindsOf(e)).toEqual({
      'no VM': 4,
      LOAD: 4,
      INIT_FAILED: 37,
      INIT: 24,
      AUTH: 12,
      READY: 20,
      RUNNING: 8,
      RESET: 8,
      EXITED: 8,
    });
    expect(neverSeen(e)).toEqual([]);
    expect(e.sights.unseen.map(({ name, why }) => `${name}: ${why}`)).toEqual([
      'auth FAIL#0 -> initFailed: the platform authenticates every image (rm-rpc-messages 2.2)',
    ]);
    expect(e.missingBack).toEqual([]);
    expect(unexplained(e)).toBeUndefined();
    expect(e.traps?.map(({ why, states }) => [why, states])).toEqual([
      ['RM dies: vm-reset-without-configuration', 9],
      ['a second reset of one VM cleans nothing', 45],
      ['not tried, the model does not know a start with a tree that an earlier start has patched', 5],
    ]);
  });

  it('are followed no farther than they shall be', () => {
    const e = resultOf({ commands: LIFE, depth: 2 });
    expect(e.left).toBeGreaterThan(0);
    expect(e.depth).toBe(2);
    expect(e.traps).toBeUndefined();
    expect(neverSeen(e)).toEqual([]);
    expect(explorationLines(e).join('\n')).toMatch(/ not .*running EXIT#0 .*: not yet/);
  });

  it('cannot come back without the commands for it, which is said', () => {
    const e = resultOf({ commands: ['allocate', 'image', 'deallocate'] });
    expect(unexplained(e)).toBeUndefined();
    expect(explorationLines(e)).toContain('      4  without reclaim');
    expect(unexplained({ ...e, missingBack: [] })).toMatchObject({ why: undefined, states: 4 });
  });
});

describe('more of what clients do', () => {
  const ON = ['allocate', 'image', 'configure', 'init', 'start'];
  it.each([
    ['interrupts', { commands: [...ON, ...COMMAND_SETS.interrupts] }, [28, 297, 7, 0], 'VM_IRQ_RELEASE'],
    ['memory', { commands: ['allocate', 'memory'], parcels: 2 }, [5, 22, 2, 0], 'MEM_DONATE'],
    ['two VMs', { commands: ['life'], vms: 2, parcels: 2, depth: 3 }, [25, 82, 3, 19], 'VM_STOP'],
  ] as const)('%s: so many states and edges', (_what, options, size, message) => {
    const e = resultOf(options);
    expect(sizeOf(e)).toEqual(size);
    expect(Object.keys(e.counts)).toContain(message);
  });
});

describe('a fault', () => {
  it.each([
    ['dropped-reply', 2, 'missing VM_AUTH_IMAGE'],
    ['leaked-cap', 2, 'no-cap-leak'],
    ['missing-peer-removal', 2, 'peers-mutual'],
    ['stolen-page', 2, 'pages-one-owner'],
    ['wrong-error', 3, 'VM_DEALLOCATE: VM_STATE expected, DENIED received'],
    ['early-start', 3, 'rm-assertion'],
    ['double-status', 4, 'content of VM_STATUS'],
  ])('%s is found with %i commands, which its recording repeats', (fault, length, tag) => {
    const explorer = explored({ fault });
    const failure = explorer.failure();
    if (failure === undefined) throw new Error('not found');
    expect([failure.tag, failure.commands.length, failure.words.length]).toEqual([tag, length, length]);
    const recording = parseRecording(recordingText(explorer.replayOptions, failure));
    expect(recording?.options.fault).toBe(fault);
    const again = new Fuzzer(explorer.replayOptions).replay(recording?.failure.commands ?? []);
    expect(again).toMatchObject({ kind: failure.kind, tag });
  });

  it('that does not come back when its sequence is carried out anew is told as that', () => {
    let calls = 0;
    const tiring: Fault = { about: 'tires', install: (m) => () => void (++calls === 30 && m.leak(m.sim.rootThread)) };
    Object.assign(FAULTS, { tiring });
    try {
      expect(explored({ fault: 'tiring' }).failure()).toMatchObject({ kind: 'divergence', tag: 'snapshot' });
    } finally {
      Reflect.deleteProperty(FAULTS, 'tiring');
    }
  });
});

describe('transitions', () => {
  it('that the commands can take and never took are failures, once everything was tried', () => {
    const commands = [...LIFE, 'authenticate'];
    const machines = coverage().filter(({ machine }) => machine === 'vm-life');
    const none = machines.map((m) => ({
      ...m,
      transitionsTaken: 0,
      missedTransitions: ['running EXIT#0 [mayExit] -> exited'],
    }));
    const sights = sightsOf(commands, none);
    expect(sights.unseen).toEqual([expect.objectContaining({ due: true })]);
  });
});
