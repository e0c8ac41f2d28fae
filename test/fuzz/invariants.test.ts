/** Invariants of the whole machine: silent on a good one, and each loud on the damage that it is for. */
import { beforeEach, describe, expect, it } from 'vitest';
import { listed } from '../../src/fuzz/generate.js';
import { Machine } from '../../src/fuzz/machine.js';
import { Runner } from '../../src/fuzz/run.js';
import type { CSpace } from '../../src/hyp/index.js';
import { memState } from '../../src/hyp/mem/space.js';
import type { MsgQueue } from '../../src/msgq/index.js';
import { ObjectType } from '../../src/protocol/index.js';
import { INVARIANTS, QUICK } from '../../src/sim/invariants.js';
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
  new Runner(machine).run(listed(RUNNING.map(([name, ...args]) => ({ name, args }))), { checkEvery: 1000 });
};
beforeEach(boot);

const DAMAGE: Record<string, () => void> = {
  'refs-exact': () => {
    objects<{ refs: number }>(ObjectType.ADDRSPACE)[1].refs++;
  },
  'caps-live': () => {
    objects<CSpace>(ObjectType.CSPACE)[0].capCount++;
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

describe('invariants', () => {
  it('hold for a machine with a running VM', () => {
    expect(machine.check(sim)).toEqual([]);
  });

  it('are all tried here', () => {
    expect(Object.keys(DAMAGE).sort()).toEqual(Object.keys(INVARIANTS).sort());
  });

  it('are found by the quick check too, as far as it goes', () => {
    for (const [name, damage] of Object.entries(DAMAGE)) {
      boot();
      expect(machine.quickCheck(sim)).toEqual([]);
      damage();
      const full = machine.check(sim).filter((v) => QUICK.includes(v.invariant));
      expect(machine.quickCheck(sim), name).toEqual(full);
    }
  });

  for (const [name, damage] of Object.entries(DAMAGE)) {
    it(`${name}: ${INVARIANTS[name]}`, () => {
      damage();
      expect(names()).toContain(name);
    });
  }
});
