import fc from 'fast-check';
import { expect, it } from 'vitest';
import { frame, greeting } from '../../bench/crowd.js';
import { concatBytes, prng, put16, put64 } from '../../src/base/index.js';
import { At, type Connection, FrameType, Hub } from '../../src/link/index.js';
import { Platform } from '../../src/protocol/index.js';
import { Recorder, readRecording, replayRecording, Simulator } from '../../src/sim/index.js';
import { nearly } from '../../tools/link-attacks.js';

const CPU_ON = 0xc400_0003n;

function cpuOn(cpu: number): Uint8Array {
  const p = new Uint8Array(At.SMC.SIZE);
  put16(p, At.SMC.CONDUIT, 1);
  for (const [i, x] of [CPU_ON, BigInt(cpu), BigInt(Platform.HLOS_ENTRY)].entries()) put64(p, At.SMC.X + 8 * i, x);
  return frame(FrameType.SMC, p);
}

it('a recording repeats the run, whatever several clients did to the machine', () => {
  fc.assert(
    fc.property(fc.nat(), fc.boolean(), fc.array(fc.nat(3), { minLength: 10, maxLength: 80 }), (seed, rpc, order) => {
      const sim = new Simulator();
      const parts: Uint8Array[] = [];
      const recorder = new Recorder(sim, { version: 'test', about: 'clients' }, (part) => parts.push(part), 100);
      sim.bootPrimary();
      let now = 0;
      let next: (() => void) | undefined;
      const hub = new Hub({
        sim,
        clock: () => now,
        defer: (turn) => {
          next = turn;
        },
        log: () => {},
      });
      const join = (vcpu: number, bare: boolean): Connection => {
        const transport = { unsent: 0, write() {}, pause() {}, resume() {}, end() {} };
        const c = hub.connect(transport, 'client') as Connection;
        hub.receive(c, greeting(Platform.VMID_HLOS, vcpu, bare));
        return c;
      };
      const clients = [join(0, rpc), join(1, false), join(2, false)];
      if (!rpc) for (const cpu of [1, 2]) hub.receive(clients[0], cpuOn(cpu));
      const g = prng(seed);
      for (const who of order) {
        now += who === 3 ? 60 : 1;
        if (who < clients.length) hub.receive(clients[who], nearly(g));
        const turn = next;
        next = undefined;
        if (turn === undefined) hub.check();
        else turn();
        // As often as the server does, and then at once again: a checkpoint.
        if (who === 3) for (const _ of [1, 2]) recorder.rest();
      }
      hub.closeAll('done');
      recorder.finish();
      const read = readRecording(concatBytes(...parts));
      expect(read).not.toBeTypeOf('string');
      if (typeof read === 'string') return;
      const { compared, difference } = replayRecording(read);
      expect(difference).toBeUndefined();
      expect(compared).toBeGreaterThan(order.includes(3) ? 1 : 0);
    }),
    { numRuns: 10 },
  );
});
