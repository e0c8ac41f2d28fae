import { describe, expect, it } from 'vitest';
import { le32 } from '../../src/base/index.js';
import { EventType, FrameType, Status } from '../../src/link/index.js';
import { Call, Msg, Platform, RpcType, rpcPackets } from '../../src/protocol/index.js';
import { type Served, withServer } from './support.js';

const HVC = Platform.HYPERCALL_BASE;
/** VM_DEALLOCATE of a VMID that nobody has: RM aborts. */
const [FATAL] = rpcPackets(RpcType.REQUEST, Msg.VM_DEALLOCATE, 3, Uint8Array.of(77, 0, 0, 0)) ?? [];
const [GET_ID] = rpcPackets(RpcType.REQUEST, Msg.VM_GET_ID, 7, new Uint8Array(4)) ?? [];
const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

async function killRm({ client, log }: Served): Promise<void> {
  const c = await client({ rpc: true, name: 'killer' });
  c.sendPacket(FATAL);
  await expect.poll(() => log.join('\n')).toMatch(/RM stopped/);
  await c.bye();
}

describe('the death of RM', () => {
  it('is told at once, once, with its trigger and where to read more', () =>
    withServer({}, async (served) => {
      await killRm(served);
      await pause(30);
      const lines = served.log.filter((l) => /stopped/.test(l));
      expect(lines).toEqual([
        expect.stringMatching(
          /^RM stopped for good: vm-deallocate-unknown: VM_DEALLOCATE names a VMID .* \(gunyah-sim explain vm-deallocate-unknown\)$/,
        ),
      ]);
    }));

  it('leaves time standing: packets are queued until the queue is full, then refused', () =>
    withServer({}, async (served) => {
      await killRm(served);
      const { client, sim, server } = served;
      const c = await client({ rpc: true, name: 'late' });
      const before = { now: sim.hyp.now, steps: sim.steps };
      const queued: number[] = [];
      for (let i = 0; i < 12; i++) queued.push((await c.request(FrameType.RPC_SEND, GET_ID)).payload[2]);
      await pause(60);
      expect(queued.filter((q) => q === 1).length).toBeLessThan(12);
      expect(sim.hyp.now - before.now).toBeLessThan(10_000_000);
      expect(sim.steps - before.steps).toBeLessThan(20);
      await c.bye();
      await expect.poll(() => server.hub.connections.size).toBe(0);
    }));

  it('does not keep the machine busy for a vCPU that waits for ever', () =>
    withServer({}, async (served) => {
      await killRm(served);
      const { client, sim } = served;
      const c = await client({ name: 'waits' });
      await c.hvc(HVC + Call.MSGQUEUE_SEND, [0n, BigInt(GET_ID.length), 0n, 1n], { register: 2, send: GET_ID });
      c.wfi().catch(() => {});
      await pause(60);
      const before = sim.steps;
      await pause(100);
      expect(sim.steps - before).toBeLessThan(20);
    }));
});

describe('the end of the hypervisor', () => {
  it.each([
    ['SYSTEM_OFF', 0x8400_0008n, 'hyp-system-off-by-hlos'],
    ['SYSTEM_RESET', 0x8400_0009n, 'hyp-system-reset-by-hlos'],
  ])('by %s is told, and what is left answers as the table says', (_name, call, id) =>
    withServer({}, async ({ client, log }) => {
      const c = await client({ name: 'primary' });
      await c.write(0x5000_0000n, Uint8Array.of(1, 2, 3, 4));
      expect((await c.smccc([call])).status).toBe(Status.DEAD);
      expect(log.filter((l) => l.startsWith(`the hypervisor stopped for good: ${id}: `))).toHaveLength(1);
      await c.bye();
      const next = await client();
      expect((await next.hello()).on).toBe(false);
      expect((await next.hvc(HVC + Call.HYPERVISOR_IDENTIFY, [])).status).toBe(Status.DEAD);
      expect(await next.write(0x5000_0000n, Uint8Array.of(9))).toBe(false);
      expect(le32((await next.read(0x5000_0000n, 4)) ?? new Uint8Array(4), 0)).toBe(0x0403_0201);
      expect(await next.deviceTree()).toBeDefined();
      expect(next.events.filter((e) => e.type === EventType.START)).toEqual([]);
    }),
  );
});
