import { describe, expect, it } from 'vitest';
import { Platform } from '../../src/protocol/index.js';
import { Simulator } from '../../src/sim/index.js';

describe('boot', () => {
  it('brings the primary VM to its entry with the device tree in x0', () => {
    const sim = new Simulator();
    expect(sim.bootPrimary()).toBe(true);
    const v = sim.primaryVcpu();
    expect([v?.pc, v?.x[0]]).toEqual([BigInt(Platform.HLOS_ENTRY), BigInt(Platform.HLOS_DT_BASE)]);
    expect(sim.rm.state).toBe('serving');
  });

  it('ends in a dead RM, not in a crash, when the boot loader left no device tree', () => {
    const sim = new Simulator();
    sim.hyp.mem.writePhys(Platform.HLOS_DT_BASE, new Uint8Array(4096));
    expect(sim.bootPrimary()).toBe(false);
    expect(sim.rm.state).toBe('dead');
    expect(sim.rm.dead?.trigger).toBe('boot-hlos-tree');
    expect(sim.primaryVcpu()).toBeUndefined();
  });
});
