/** Invariants of the whole machine: silent on a good one, and each loud on the damage that it is for. */
import { beforeEach, describe, expect, it } from 'vitest';
import { nextU32, prng } from '../../src/base/index.js';
import { generator, listed } from '../../src/fuzz/generate.js';
import { Machine } from '../../src/fuzz/machine.js';
import { Runner } from '../../src/fuzz/run.js';
import type { CSpace, HypObject } from '../../src/hyp/index.js';
import { type Addrspace, memState } from '../../src/hyp/mem/space.js';
import type { MsgQueue } from '../../src/msgq/index.js';
import { ObjectType } from '../../src/protocol/index.js';
import { restoreSnapshot } from '../../src/sim/index.js';
import { INVARIANTS, invariantChecker } from '../../src/sim/invariants/index.js';
import { rmObject } from '../../src/sim/who.js';
import { schedState, type Vcpu } from '../../src/vcpu/index.js';

const machine = new Machine();
const { sim } = machine;
const RUNNING = [
  ['allocate', 0],
  ['image', 0, 0, 3, 0, 0],
  ['configure', 0, 0, 0, 0],
  ['init', 0],
  ['start', 0],
  ['share', 0, 0, 1, 0, 1, 0],
] as const;

const names = (): string[] => [...new Set(machine.check(sim).map((v) => v.invariant))];
const objects = <T>(type: number): T[] => sim.hyp.objects.filter((o) => o?.type === type) as unknown as T[];

const boot = (): void => {
  new Runner(machine).run(listed(RUNNING.map(([name, ...args]) => ({ name, args }))), { unchecked: true });
};
beforeEach(boot);

const DAMAGE: Record<string, () => void> = {
  'refs-exact': () => {
    objects<{ refs: number }>(ObjectType.ADDRSPACE)[1].refs++;
  },
  'caps-live': () => {
    objects<CSpace>(ObjectType.CSPACE)[0].capCount++;
  },
  'caps-given': () => {
    machine.leak(objects<HypObject>(ObjectType.ADDRSPACE)[1].id);
  },
  'indices-agree': () => {
    objects<HypObject>(ObjectType.MSGQUEUE)[0].state++;
  },
  'pages-one-owner': () => {
    memState(sim.hyp).owners.owner[3] = memState(sim.hyp).owners.owner[2];
  },
  'mappings-recorded': () => {
    const parcel = objects<{ maps: { as: number; segments: unknown[] }[]; extentType: number }>(ObjectType.MEMEXTENT);
    for (const me of parcel) for (const set of me.maps) set.segments = [];
  },
  'parcels-agree': () => {
    sim.rm.parcels.list[0].shareCount++;
  },
  'parcel-lists-agree': () => {
    sim.rm.vms[0x80]?.config?.acceptedParcels.push(99);
  },
  'virqs-agree': () => {
    objects<{ bound: Uint8Array }>(ObjectType.VIC)[1].bound[900] = 1;
  },
  'one-cpu-per-vcpu': () => {
    schedState(sim.hyp).cpus[1].executing = sim.rootThread;
  },
  'proxy-in-run': () => {
    for (const v of objects<Vcpu>(ObjectType.THREAD)) if (v.proxied) v.block &= ~(1 << 11);
  },
  'peers-mutual': () => {
    sim.rm.vms[3]?.peers.push(0x85);
  },
  'queues-bounded': () => {
    const queue = objects<MsgQueue>(ObjectType.MSGQUEUE)[0];
    queue.count = queue.depth + 1;
  },
  'links-have-queues': () => {
    const link = sim.rm.links[0x80];
    if (link !== null) link.txCap = 0x3_3333n;
  },
  'no-cap-leak': () => {
    sim.rm.vms[0x80] = null;
    sim.rm.parcels.list.length = 0;
  },
};

/** Further damage, to what only one of several conditions of an invariant looks at. */
const FURTHER: readonly [invariant: string, what: string, damage: () => void][] = [
  [
    'caps-given',
    'a VM reaches the queue of another one to RM',
    () => {
      const device = sim.rm.vms[0x80]?.config?.devices.find((d) => d.type === 'rm-rpc');
      if (device?.type === 'rm-rpc') machine.leak(rmObject(sim, device.txMasterCap)?.id as number);
    },
  ],
  [
    'caps-live',
    'an object lists a slot twice',
    () => {
      const [vic] = objects<HypObject>(ObjectType.VIC);
      vic.caps.push(vic.caps[0]);
    },
  ],
  [
    'caps-live',
    'a slot names an object that is gone',
    () => {
      const table = objects<CSpace>(ObjectType.CSPACE)[0].tables[0];
      if (table !== null) table.object[3] = sim.hyp.objects.length + 1;
    },
  ],
  [
    'caps-live',
    'a slot names another object than the one that lists it',
    () => {
      const table = objects<CSpace>(ObjectType.CSPACE)[0].tables[0];
      if (table !== null) table.object[10] = table.object[11];
    },
  ],
  ['caps-live', 'an object changes its type', () => (objects<HypObject>(ObjectType.CSPACE)[0].type = ObjectType.VRTC)],
  [
    'indices-agree',
    'a list of one type names an object twice',
    () => {
      const ids = sim.hyp.ofType[ObjectType.THREAD];
      ids[0] = ids[1];
    },
  ],
  [
    'virqs-agree',
    'a number is bound that RM holds for free',
    () => {
      const irq = sim.rm.vms[3]?.irq;
      if (irq != null) irq.map[16 + 32] = null;
    },
  ],
  [
    'virqs-agree',
    'RM would start its walk over the numbers of a VM behind the first one',
    () => {
      const irq = sim.rm.vms[3]?.irq;
      if (irq != null) irq.lowest++;
    },
  ],
  [
    'virqs-agree',
    'RM knows a hardware interrupt by a capability to something else',
    () => {
      const hw = sim.rm.irqs.hwirqs[40];
      if (hw !== null) hw.cap = 0n;
    },
  ],
  [
    'mappings-recorded',
    'one page in the middle of a table leads elsewhere',
    () => {
      const { tables } = objects<Addrspace>(ObjectType.ADDRSPACE)[1].stage2;
      const table = tables.findLast((t) => t[300] > 0 && t[300] !== 0) as Float64Array;
      table[300] += 4096;
    },
  ],
  [
    'one-cpu-per-vcpu',
    'a queue holds a thread that is active elsewhere',
    () => {
      schedState(sim.hyp).cpus[5].queues[7].push(schedState(sim.hyp).cpus[0].active);
    },
  ],
];

describe('invariants', () => {
  it('hold for a machine with a running VM', () => {
    expect(machine.check(sim)).toEqual([]);
  });

  it('are all tried here', () => {
    expect(Object.keys(DAMAGE).sort()).toEqual(Object.keys(INVARIANTS).sort());
  });

  for (const [name, damage] of Object.entries(DAMAGE)) {
    it(`${name}: ${INVARIANTS[name as keyof typeof INVARIANTS]}`, () => {
      damage();
      expect(names()).toContain(name);
    });
  }

  for (const [name, what, damage] of FURTHER) {
    it(`${name}, when ${what}`, () => {
      damage();
      expect(names()).toContain(name);
    });
  }

  it('are told by a checker that has seen other states as by a new one', () => {
    machine.reset();
    const runner = new Runner(machine);
    // A checker is made from a machine after boot; each of these is used once.
    const unused = Array.from({ length: 200 }, () => invariantChecker(sim));
    const g = prng(1);
    const agree = (): void => {
      if (sim.hyp.dead !== undefined || unused.length === 0) return;
      expect(machine.check(sim)).toEqual(unused.pop()?.(sim));
    };
    for (let seed = 1; seed <= 6; seed++) {
      const damages = [...Object.values(DAMAGE), ...FURTHER.map(([, , damage]) => damage)];
      runner.run(generator(seed, { length: 60, swarm: false, deaths: [] }), {
        unchecked: true,
        afterCommand: () => {
          agree();
          if (nextU32(g) % 4 !== 0) return;
          const whole = machine.snapshot();
          try {
            damages[nextU32(g) % damages.length]();
            agree();
          } catch (error) {
            // Damage to what this state does not have.
            if (!(error instanceof TypeError)) throw error;
          }
          restoreSnapshot(sim, whole);
        },
      });
    }
    expect(unused.length).toBeLessThan(100);
  });
});
