import { describe, expect, it } from 'vitest';
import { le64 } from '../../src/base/index.js';
import { EventType, type LinkClient, Status } from '../../src/link/index.js';
import { Call, Platform } from '../../src/protocol/index.js';
import { createVm, VM } from './second-vm.js';
import { withServer } from './support.js';

const HVC = Platform.HYPERCALL_BASE;
const CPU_ON = 0xc400_0003n;
const ENTRY = 0x5000_0000n;

/** What came, in order: events, and the replies to the requests of `c`. */
function inOrder(c: LinkClient): string[] {
  const seen: string[] = [];
  c.onEvent = (type, payload) => {
    if (type === EventType.START) seen.push(`START ${le64(payload, 0).toString(16)} ${le64(payload, 8).toString(16)}`);
    return false;
  };
  return seen;
}

describe('START', () => {
  it('comes before the reply to a call that was sent ahead, with the values of the entry', () =>
    withServer({}, async ({ client }) => {
      const first = await client({ name: 'vcpu0' });
      const second = await client({ vcpu: 1, name: 'vcpu1' });
      const seen = inOrder(second);
      expect((await first.smccc([CPU_ON, 1n, ENTRY, 0x1234n])).x[0]).toBe(0n);
      const ahead = second.hvc(HVC + Call.HYPERVISOR_IDENTIFY, []).then(() => seen.push('reply'));
      await first.advance(1_000_000n);
      await ahead;
      expect(seen).toEqual(['START 1234 50000000', 'reply']);
    }));

  it('does not repeat what the greeting has told', () =>
    withServer({ graceMs: 60_000 }, async ({ client, sim }) => {
      const start = createVm(sim);
      const vcpu = start();
      const guest = await client();
      const seen = inOrder(guest);
      const hello = await guest.hello({ vmid: VM, scratch: 0x8000_1000n, name: 'guest' });
      expect(hello.on).toBe(true);
      const manager = await client({ name: 'manager' });
      const running = manager.hvc(HVC + Call.VCPU_RUN, [vcpu]);
      expect((await guest.hvc(HVC + Call.HYPERVISOR_IDENTIFY, [])).status).toBe(Status.OK);
      guest.wfi().catch(() => {});
      await running;
      expect(seen).toEqual([]);
    }));

  it('tells a successor of the last entry, not of the one before', () =>
    withServer({}, async ({ client, server }) => {
      const first = await client({ name: 'vcpu0' });
      const on = async (context: bigint): Promise<void> => {
        expect((await first.smccc([CPU_ON, 1n, ENTRY, context])).x[0]).toBe(0n);
        await first.advance(1_000_000n);
      };
      const before = await client({ vcpu: 1, name: 'before' });
      const seen = inOrder(before);
      await on(1n);
      await expect.poll(() => seen).toEqual(['START 1 50000000']);
      expect((await before.smccc([0x8400_0002n])).status).toBe(Status.NO_RETURN);
      await before.bye();
      await expect.poll(() => server.hub.connections.size).toBe(1);
      await on(2n);
      const next = await client();
      expect(await next.hello({ vcpu: 1 })).toMatchObject({ on: true, x0: 2n, pc: ENTRY });
    }));
});

describe('a vCPU whose client is gone', () => {
  it.each([false, true])('goes on for the next one when it was waiting for an interrupt (RPC only: %s)', (rpc) =>
    withServer({}, async ({ client, server }) => {
      const c = await client({ name: 'victim' });
      c.wfi().catch(() => {});
      await expect.poll(() => c.socket.bytesWritten).toBeGreaterThan(40);
      await new Promise((resolve) => setTimeout(resolve, 50));
      c.socket.destroy();
      await expect.poll(() => server.hub.connections.size).toBe(0);
      const next = await client({ name: 'next', rpc });
      if (rpc) {
        next.sendPacket(Uint8Array.of(0x21, 1, 0, 0, 0x24, 0, 0, 0x56));
        await expect.poll(() => next.events.length).toBe(1);
      } else expect((await next.hvc(HVC + Call.HYPERVISOR_IDENTIFY, [])).x[0]).toBe(Platform.API_INFO);
    }),
  );

  it('goes on for the next one when it was suspended', () =>
    withServer({}, async ({ client, server }) => {
      const c = await client({ name: 'victim' });
      c.smccc([0xc400_0001n, 0n, 0n, 0n]).catch(() => {});
      await new Promise((resolve) => setTimeout(resolve, 50));
      c.socket.destroy();
      await expect.poll(() => server.hub.connections.size).toBe(0);
      const next = await client({ name: 'next' });
      expect((await next.hvc(HVC + Call.HYPERVISOR_IDENTIFY, [])).x[0]).toBe(Platform.API_INFO);
    }));
});
