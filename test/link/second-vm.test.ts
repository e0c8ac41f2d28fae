import { describe, expect, it } from 'vitest';
import { le16, le32 } from '../../src/base/index.js';
import { EventType, FrameType, Status } from '../../src/link/index.js';
import { Call, Msg, Platform, RpcType, rpcPackets } from '../../src/protocol/index.js';
import { createVm, driverOf, IMAGE, VM, vmidOnly } from './second-vm.js';
import { withServer } from './support.js';

const HVC = Platform.HYPERCALL_BASE;

/** Asks RM for the asker's own VMID. */
const packetOf = (seq: number): Uint8Array =>
  (rpcPackets(RpcType.REQUEST, Msg.VM_GET_VMID, seq, new Uint8Array(0)) ?? [])[0];

describe('a vCPU of a second VM', () => {
  // A long grace: however slow this machine is, nobody counts as spinning.
  it('is driven by its own connection while its manager runs it', () =>
    withServer({ graceMs: 60_000 }, async ({ client, sim }) => {
      const start = createVm(sim);
      // Its image is not mapped yet, and nothing else will be.
      const wrong = await client();
      await expect(wrong.hello({ vmid: VM, scratch: 0x9000_0000n })).rejects.toThrow(/is not memory of VM 128/);
      const guest = await client();
      expect((await guest.hello({ vmid: VM, scratch: 0x8000_1000n, name: 'guest' })).on).toBe(false);
      const vcpu = start();
      const manager = await client({ name: 'manager' });
      const tree = await guest.deviceTree();
      expect(tree?.subarray(0, 4)).toEqual(Uint8Array.of(0xd0, 0x0d, 0xfe, 0xed));
      const running = manager.hvc(HVC + Call.VCPU_RUN, [vcpu]);
      const r = await guest.hvc(HVC + Call.HYPERVISOR_IDENTIFY, []);
      expect(r).toMatchObject({ status: Status.OK });
      expect(r.x[0]).toBe(Platform.API_INFO);
      // The guest waits: its manager gets the CPU back and is told so.
      const waiting = guest.wfi();
      const back = await running;
      expect(back.status).toBe(Status.OK);
      expect(back.x[0]).toBe(0n);
      guest.socket.destroy();
      await waiting.catch(() => {});
    }));

  it('carries bare packets of its own RM link in RPC-only mode', () =>
    withServer({ graceMs: 60_000 }, async ({ client, sim }) => {
      const start = createVm(sim);
      const guest = await client();
      expect((await guest.hello({ vmid: VM, rpc: true, name: 'guest' })).on).toBe(false);
      const early = await guest.request(FrameType.RPC_SEND, packetOf(0));
      expect(early.status).toBe(Status.NO_RETURN);
      const vcpu = start();
      const manager = await client({ name: 'manager' });
      // More than its queue holds, before it has run at all.
      const count = 20;
      for (let i = 0; i < count; i++) guest.sendPacket(packetOf(i));
      const replies = () => guest.events.filter((e) => e.type === EventType.RPC_PACKET && e.payload[1] === 2);
      for (let turns = 0; turns < 200 && replies().length < count; turns++) {
        expect((await manager.hvc(HVC + Call.VCPU_RUN, [vcpu])).status).toBe(Status.OK);
        await manager.wfi(1_000_000n);
      }
      expect(replies().map((e) => le16(e.payload, 2))).toEqual(Array.from({ length: count }, (_, i) => i));
      // RM knows who asks: code OK, VMID 128.
      expect(le32(replies()[0].payload, 8)).toBe(0);
      expect(le32(replies()[0].payload, 12)).toBe(VM);
      // Idle again, the guest leaves the CPU to its manager.
      expect((await manager.hvc(HVC + Call.VCPU_RUN, [vcpu])).x[0]).toBe(0n);
    }));

  it('has no RPC-only mode when its VM has no RM link', () =>
    withServer({}, async ({ client, sim }) => {
      createVm(sim, false);
      const guest = await client();
      await expect(guest.hello({ vmid: VM, rpc: true })).rejects.toThrow(/VM 128 has no link to RM/);
    }));

  it('is forgotten with its VM: the next one to get its number has no client', () =>
    withServer({}, async ({ client, sim }) => {
      createVm(sim);
      const first = await client({ vmid: VM, name: 'first' });
      const [id] = Object.keys(sim.loop.programs).filter((thread) => sim.loop.programs[thread] === 'host');
      const { ask, rest } = driverOf(sim);
      ask(Msg.VM_RESET, vmidOnly);
      rest();
      ask(Msg.VM_DEALLOCATE, vmidOnly);
      expect((await first.hvc(HVC + Call.HYPERVISOR_IDENTIFY, [])).status).toBe(Status.NO_RETURN);
      expect(sim.loop.programs).not.toHaveProperty(id);
      createVm(sim, true, IMAGE + 0x20_0000);
      const second = await client({ vmid: VM, name: 'second' });
      expect((await second.hvc(HVC + Call.HYPERVISOR_IDENTIFY, [])).status).toBe(Status.NO_RETURN);
      expect((await first.request(FrameType.DEVICE_TREE, new Uint8Array(0))).status).toBe(Status.EXCEPTION);
    }));
});
