import { describe, expect, it } from 'vitest';
import { pack, packNames } from '../support/recordings.js';
import { differences } from '../support/replay.js';

describe('recordings of the real system', () => {
  it('ship in packs', () => {
    expect(packNames()).toEqual(['b2', 'c5', 'c8', 'd1b', 'directed', 'g', 'killers', 'random']);
  });

  for (const name of ['directed', 'killers', 'd1b', 'g']) {
    for (const recording of pack(name)) {
      // Two vCPUs that compete for hundreds of milliseconds take seconds here; `gunyah-sim verify` replays them.
      if (recording.header.name === 'g7_static_prio_m1' || recording.header.name === 'g7_kill_move_twice') continue;
      it(`${name}/${recording.header.name} is repeated`, () => {
        expect(differences(recording)).toEqual([]);
      });
    }
  }

  it('would show one changed byte', () => {
    const recording = pack('directed').find((t) => t.header.name === 'b1_malformed_transport');
    if (recording === undefined) throw new Error('b1_malformed_transport does not ship');
    const at = recording.events.findIndex((e) => e.ev === 'rx');
    const changed = recording.events.map((e, i) => {
      if (i !== at || e.ev !== 'rx') return e;
      return { ...e, bytes: `${e.bytes.slice(0, -2)}${e.bytes.endsWith('7f') ? '00' : '7f'}` };
    });
    const found = differences({ ...recording, events: changed });
    expect(found.length).toBe(1);
    expect(found[0]).toContain('recorded');
  });
});
