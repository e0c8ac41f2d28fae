/** Seeded faults: each is found by its smallest sequence, and some of them by search under a fixed seed. */
import { describe, expect, it } from 'vitest';
import { defaultFuzzOptions, FAULTS, Fuzzer, type FuzzFailure } from '../../src/fuzz/index.js';

const SMALLEST: Record<string, { tag: string; commands: (readonly [string, ...number[]])[] }> = {
  'lost-mem-released': {
    tag: 'unexpected VM_STATUS',
    commands: [
      ['allocate', 0],
      ['image', 0, 0, 0, 0, 0],
      ['configure', 0, 0, 0, 0],
      ['init', 0],
      ['start', 0],
      ['guestExits', 0, 0],
      ['resetAndAsk', 0, 0, 0],
    ],
  },
  'dropped-reply': {
    tag: 'missing VM_AUTH_IMAGE',
    commands: [
      ['allocate', 0],
      ['authenticate', 0],
    ],
  },
  'wrong-error': {
    tag: 'VM_DEALLOCATE: VM_STATE expected, DENIED received',
    commands: [
      ['allocate', 0],
      ['image', 0, 0, 0, 0, 0],
      ['configure', 0, 0, 0, 0],
      ['resetAndAsk', 0, 0, 0],
    ],
  },
  'double-status': {
    tag: 'content of VM_STATUS',
    commands: [
      ['allocate', 0],
      ['image', 0, 0, 0, 0, 0],
      ['configure', 0, 0, 0, 0],
      ['init', 0],
    ],
  },
  'leaked-cap': {
    tag: 'no-cap-leak',
    commands: [
      ['allocate', 0],
      ['image', 0, 0, 0, 0, 0],
      ['configure', 0, 0, 0, 0],
      ['init', 0],
      ['reset', 0],
      ['reclaim', 0, 0],
      ['deallocate', 0],
    ],
  },
  'lost-cap': {
    tag: 'parcels-agree',
    commands: [
      ['allocate', 0],
      ['image', 0, 0, 0, 0, 0],
      ['configure', 0, 0, 0, 0],
      ['init', 0],
      ['start', 0],
    ],
  },
  'reclaim-while-shared': {
    tag: 'parcels-agree',
    commands: [
      ['allocate', 0],
      ['image', 0, 0, 0, 0, 0],
      ['configure', 0, 0, 0, 0],
      ['init', 0],
      ['start', 0],
    ],
  },
  'wrong-reset-stage': {
    tag: 'unexpected VM_STATUS',
    commands: [
      ['allocate', 0],
      ['image', 0, 0, 0, 0, 0],
      ['configure', 0, 0, 0, 0],
      ['init', 0],
      ['start', 0],
      ['guestExits', 0, 0],
      ['resetAndAsk', 0, 0, 0],
    ],
  },
  'doubled-page': {
    tag: 'mappings-recorded',
    commands: [
      ['allocate', 0],
      ['share', 0, 0, 0, 0, 1, 0],
    ],
  },
  'stolen-page': {
    tag: 'pages-one-owner',
    commands: [
      ['allocate', 0],
      ['image', 0, 0, 0, 0, 0],
    ],
  },
  'unmapped-page-kept': {
    tag: 'mappings-recorded',
    commands: [
      ['allocate', 0],
      ['image', 0, 0, 0, 0, 0],
      ['configure', 0, 0, 0, 0],
      ['init', 0],
      ['start', 0],
    ],
  },
  'stale-virq': {
    tag: 'virqs-agree',
    commands: [
      ['allocate', 0],
      ['image', 0, 0, 0, 0, 0],
      ['configure', 0, 0, 0, 0],
      ['init', 0],
      ['resetAndAsk', 0, 0, 0],
    ],
  },
  'missing-peer-removal': {
    tag: 'peers-mutual',
    commands: [
      ['allocate', 0],
      ['deallocate', 0],
    ],
  },
  'early-start': {
    tag: 'rm-assertion',
    commands: [
      ['allocate', 0],
      ['configure', 0, 0, 0, 0],
      ['start', 0],
    ],
  },
};

const commandsOf = (list: readonly (readonly [string, ...number[]])[]) =>
  list.map(([name, ...args]) => ({ name, args }));

function search(fault: string): FuzzFailure | undefined {
  const fuzzer = new Fuzzer({ ...defaultFuzzOptions(), seed: 1, length: 60, fault });
  for (let i = 0; i < 10; i++) {
    const failure = fuzzer.step();
    if (failure !== undefined) return failure;
  }
  return undefined;
}

describe('canary faults', () => {
  it('are at least ten, and each has a smallest sequence here', () => {
    expect(Object.keys(FAULTS).length).toBeGreaterThanOrEqual(10);
    expect(Object.keys(SMALLEST).sort()).toEqual(Object.keys(FAULTS).sort());
  });

  for (const [fault, { tag, commands }] of Object.entries(SMALLEST)) {
    it(`${fault} fails with ${commands.length} commands`, () => {
      const failure = new Fuzzer({ ...defaultFuzzOptions(), fault }).replay(commandsOf(commands));
      expect(failure?.tag).toBe(tag);
      expect(failure?.words.length).toBe(commands.length);
    });
  }

  it('are found by search and made small', () => {
    for (const fault of ['dropped-reply', 'doubled-page', 'missing-peer-removal']) {
      const failure = search(fault);
      expect(failure?.tag, fault).toBe(SMALLEST[fault].tag);
      expect(failure?.commands.length).toBeLessThanOrEqual(12);
    }
  });

  it('are what makes these sequences fail: without a fault they pass', () => {
    const fuzzer = new Fuzzer(defaultFuzzOptions());
    for (const { commands } of Object.values(SMALLEST)) expect(fuzzer.replay(commandsOf(commands))).toBeUndefined();
  });
});
