import { expect, it } from 'vitest';
import { Bench } from '../../src/conform/bench.js';
import { bootBench, primaryPlace } from '../../src/conform/bench-image.js';
import { HypError, Msg, RpcType, rpcPacket } from '../../src/protocol/index.js';
import { PRIMARY_LINK } from '../../src/sim/index.js';

it('a hypervisor that has stopped fails sends and has nothing to receive, also with capability 0', () => {
  const image = bootBench();
  const link = { ...PRIMARY_LINK, txCap: 0n, rxCap: 0n };
  const bench = new Bench({ ...image, guest: { ...primaryPlace(image.sim), link } });
  const packet = rpcPacket(RpcType.REQUEST, Msg.VM_GET_VMID, 0, 0, new Uint8Array(0));
  expect(bench.send(packet, true).error).toBe(HypError.OK);
  expect(bench.audit.requests).toHaveLength(1);
  bench.sim.hyp.dead = { what: 'machine powered off', rule: 'hyp-system-off-by-hlos' };
  expect(bench.send(packet, true)).toEqual({ error: HypError.FAILURE, notFull: false });
  // What failed was not sent.
  expect(bench.audit.requests).toHaveLength(1);
  expect(bench.receive().error).toBe(HypError.MSGQUEUE_EMPTY);
});
