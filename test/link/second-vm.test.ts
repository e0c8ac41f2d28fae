import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { le16, le32 } from '../../src/base/index.js';
import { RmClient } from '../../src/guest/rm-client.js';
import { EventType, FrameType, Status } from '../../src/link/index.js';
import {
  Call,
  decodeVmGetHypResourcesReply,
  encodeMemShareRequest,
  encodeVmConfigImageRequest,
  encodeVmInitRequest,
  encodeVmStartRequest,
  Msg,
  Platform,
  ResourceType,
  RpcType,
  rpcPackets,
} from '../../src/protocol/index.js';
import { treeBlob } from '../../src/scenario/tree.js';
import { HostPackets, HostVcpu, type Simulator } from '../../src/sim/index.js';
import { withServer } from './support.js';

const HVC = Platform.HYPERCALL_BASE;
const VM = 128;
const IMAGE = 0x5000_0000;
const example = JSON.parse(readFileSync(new URL('../../examples/two-vms.json', import.meta.url), 'utf8')) as {
  steps: { tree?: never }[];
};

/** Asks RM for the asker's own VMID. */
const packetOf = (seq: number): Uint8Array =>
  (rpcPackets(RpcType.REQUEST, Msg.VM_GET_VMID, seq, new Uint8Array(0)) ?? [])[0];

/** The example's VM configuration; `linked` false: without its RM link. */
function vmTree(linked: boolean): Uint8Array {
  const tree = structuredClone(example.steps.find((s) => s.tree !== undefined)?.tree) as unknown;
  const find = (node: unknown): void => {
    if (typeof node !== 'object' || node === null) return;
    for (const [name, value] of Object.entries(node)) {
      if (name === 'rm-rpc' && !linked) Reflect.deleteProperty(node, name);
      else find(value);
    }
  };
  find(tree);
  return treeBlob(tree as never, { vars: new Map(), dry: false }, '$');
}

/** The primary VM asks RM, which agrees. */
function driverOf(sim: Simulator) {
  const host = new HostVcpu(sim, sim.primaryVcpu()?.id ?? -1);
  const rm = new RmClient(new HostPackets(host));
  const ask = (id: number, payload: Uint8Array): Uint8Array => {
    const reply = rm.request(id, payload);
    expect(reply?.error).toBe(0);
    return reply?.payload ?? new Uint8Array();
  };
  return { host, ask, rest: () => rm.poll() };
}

const vmidOnly = Uint8Array.of(VM, 0, 0, 0);

/** VM 128 up to VM_INIT; returns how to start it. */
function createVm(sim: Simulator, linked = true, image = IMAGE): () => bigint {
  const { host, ask } = driverOf(sim);
  ask(Msg.VM_ALLOCATE, new Uint8Array(4));
  host.writeMemory(image + 0x10_0000, vmTree(linked));
  const acl = [
    { vmid: 3, rights: 7 },
    { vmid: VM, rights: 7 },
  ];
  const share = encodeMemShareRequest({
    memType: 0,
    flags: 0,
    label: 0,
    acl,
    sgl: [{ ipa: BigInt(image), size: 0x20_0000n }],
    attr: [],
  });
  const imageHandle = le32(ask(Msg.MEM_SHARE, share), 4);
  const sizes = { imageOffset: 0n, imageSize: 0x10_0000n, dtOffset: 0x10_0000n, dtSize: 0x1_0000n };
  ask(Msg.VM_CONFIG_IMAGE, encodeVmConfigImageRequest({ vmid: VM, authType: 0, imageHandle, ...sizes }));
  ask(Msg.VM_INIT, encodeVmInitRequest({ vmid: VM }));
  return () => {
    ask(Msg.VM_START, encodeVmStartRequest({ vmid: VM }));
    const list = decodeVmGetHypResourcesReply(ask(Msg.VM_GET_HYP_RESOURCES, vmidOnly));
    return list?.resources.find((r) => r.type === ResourceType.VIRTUAL_CPU)?.capId ?? -1n;
  };
}

describe('a vCPU of a second VM', () => {
  // A long grace: however slow this machine is, nobody counts as spinning.
  it('is driven by its own connection while its manager runs it', () =>
    withServer({ graceMs: 60_000 }, async ({ client, sim }) => {
      const start = createVm(sim);
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
