import { describe, expect, it } from 'vitest';
import { le32, le64, put16, put32 } from '../../src/base/index.js';
import { parseFdt } from '../../src/board/fdt/index.js';
import { sysreg } from '../../src/gic/index.js';
import {
  EventType,
  FrameType,
  type LinkClient,
  LinkClosed,
  parseAddress,
  Status,
  serveLink,
} from '../../src/link/index.js';
import { Call, Msg, Platform, RpcType, rpcPackets } from '../../src/protocol/index.js';
import { type Served, withServer } from './support.js';

const HVC = Platform.HYPERCALL_BASE;
const HELLO_VCPU0 = { name: 'vcpu0' };
const RPC = { rpc: true, name: 'rpc' };

const u32 = (value: number): Uint8Array => {
  const b = new Uint8Array(4);
  put32(b, 0, value);
  return b;
};

/** What a guest does once: its CPU interface on, the distributor's group 1 on. */
async function enableInterrupts(c: LinkClient, rxIrq: number): Promise<void> {
  await c.writeRegister(sysreg(3, 0, 12, 12, 5), 7n);
  await c.writeRegister(sysreg(3, 0, 4, 6, 0), 0xffn);
  await c.writeRegister(sysreg(3, 0, 12, 12, 7), 1n);
  expect(await c.write(BigInt(Platform.GICD_BASE), u32(0x12), 4)).toBe(true);
  const word = Platform.GICD_BASE + (rxIrq >> 5) * 4;
  const bit = u32(2 ** (rxIrq & 31));
  // Group 1, then enabled.
  expect(await c.write(BigInt(word + 0x80), bit, 4)).toBe(true);
  expect(await c.write(BigInt(word + 0x100), bit, 4)).toBe(true);
}

const sendPacket = (c: LinkClient, packet: Uint8Array) =>
  c.hvc(HVC + Call.MSGQUEUE_SEND, [0n, BigInt(packet.length), 0n, 1n], { register: 2, send: packet });
const receivePacket = (c: LinkClient) =>
  c.hvc(HVC + Call.MSGQUEUE_RECEIVE, [1n, 0n, 240n], { register: 1, receive: 240 });

async function getId(c: LinkClient): Promise<void> {
  const [packet] = rpcPackets(RpcType.REQUEST, Msg.VM_GET_ID, 7, new Uint8Array(4)) ?? [];
  expect((await sendPacket(c, packet)).x[0]).toBe(0n);
}

describe('the link', () => {
  it('greets a vCPU with its entry point and hands out its device tree', () =>
    withServer({}, async ({ client }) => {
      const c = await client();
      const hello = await c.hello(HELLO_VCPU0);
      expect(hello).toMatchObject({ x0: BigInt(Platform.HLOS_DT_BASE), pc: BigInt(Platform.HLOS_ENTRY), on: true });
      const blob = await c.deviceTree();
      expect(parseFdt(blob ?? new Uint8Array())).toHaveProperty('root');
      const identify = await c.hvc(HVC + Call.HYPERVISOR_IDENTIFY, []);
      expect(identify.x[0]).toBe(Platform.API_INFO);
      await c.bye();
    }));

  it('answers WFI when the reply of RM raises the receive interrupt', () =>
    withServer({}, async ({ client, sim }) => {
      const c = await client(HELLO_VCPU0);
      await enableInterrupts(c, 961);
      await getId(c);
      const before = sim.hyp.now;
      const woken = await c.wfi();
      expect(woken).toMatchObject({ status: Status.OK, pending: true });
      expect(sim.hyp.now - before).toBeLessThan(1_000_000);
      expect(c.events.map((e) => e.type)).not.toContain(EventType.RPC_PACKET);
      const intid = await c.acknowledge();
      expect(intid).toBe(961);
      await c.endInterrupt(intid);
      const r = await receivePacket(c);
      expect(r.x[0]).toBe(0n);
      expect(le32(r.data, 4)).toBe(Msg.VM_GET_ID);
      expect(r.data.length).toBe(Number(r.x[1]));
    }));

  it('ends WFI at its timeout in virtual time', () =>
    withServer({}, async ({ client, sim }) => {
      const c = await client(HELLO_VCPU0);
      const before = sim.hyp.now;
      const woken = await c.wfi(3_000_000n);
      expect(woken.pending).toBe(false);
      expect(sim.hyp.now - before).toBeGreaterThanOrEqual(3_000_000);
      expect(sim.hyp.now - before).toBeLessThan(9_000_000);
    }));

  it('holds time in step mode until the client lets it pass', () =>
    withServer({}, async ({ client, sim }) => {
      const c = await client({ ...HELLO_VCPU0, step: true });
      const before = sim.hyp.now;
      await new Promise((resolve) => setTimeout(resolve, 60));
      expect(sim.hyp.now).toBe(before);
      const r = await c.advance(5_000_000n);
      expect(Number(r.nowNs)).toBeGreaterThanOrEqual(Math.floor(before + 5_000_000));
    }));

  it('starts a second vCPU for a second connection with CPU_ON', () =>
    withServer({}, async ({ client }) => {
      const first = await client(HELLO_VCPU0);
      const second = await client();
      expect((await second.hello({ vcpu: 1, name: 'vcpu1' })).on).toBe(false);
      expect((await second.hvc(HVC + Call.SCHEDULER_YIELD, [])).status).toBe(Status.NO_RETURN);
      const on = await first.smccc([0xc400_0003n, 1n, 0x4100_0000n, 0x1234n]);
      expect(on.x[0]).toBe(0n);
      const wfi = first.wfi(50_000_000n);
      await expect.poll(() => second.events.find((e) => e.type === EventType.START)).toBeDefined();
      const start = second.events.find((e) => e.type === EventType.START);
      expect(le64(start?.payload ?? new Uint8Array(16), 0)).toBe(0x1234n);
      expect((await second.hvc(HVC + Call.HYPERVISOR_IDENTIFY, [])).status).toBe(Status.OK);
      await wfi;
    }));

  it('carries bare packets in RPC-only mode, in order and without loss', () =>
    withServer({}, async ({ client }) => {
      const c = await client(RPC);
      const count = 500;
      for (let i = 0; i < count; i++) c.sendRpc(Msg.VM_GET_ID, i, new Uint8Array(4));
      const packets = () => c.events.filter((e) => e.type === EventType.RPC_PACKET);
      await expect.poll(() => packets().length, { timeout: 20_000 }).toBe(count);
      expect(packets().map((e) => e.payload[2] | (e.payload[3] << 8))).toEqual(
        Array.from({ length: count }, (_, i) => i),
      );
    }));

  it('reads and writes guest memory, and reports what is not there', () =>
    withServer({}, async ({ client }) => {
      const c = await client(HELLO_VCPU0);
      expect(
        await c.write(
          0x5000_0ff8n,
          Uint8Array.from({ length: 16 }, (_, i) => i),
        ),
      ).toBe(true);
      expect(await c.read(0x5000_0ffcn, 8)).toEqual(Uint8Array.of(4, 5, 6, 7, 8, 9, 10, 11));
      expect(await c.read(0x8000_0000n, 8)).toBeUndefined();
      expect(await c.read(0xffff_ffff_ffff_fff8n, 8)).toBeUndefined();
      expect(await c.read(BigInt(Platform.GICD_BASE + 4), 4, 4)).toHaveLength(4);
    }));
});

describe('clients that misbehave', () => {
  const refused = async (served: Served, hello: object, words: RegExp): Promise<void> => {
    const c = await served.client();
    await expect(c.hello(hello)).rejects.toThrow(words);
  };

  it('are refused what does not exist or is taken, by name', () =>
    withServer({}, async (served) => {
      await served.client({ name: 'first' });
      await refused(served, {}, /taken by first/);
      await refused(served, RPC, /taken by first/);
      await refused(served, { vcpu: 9 }, /no vCPU 9 of VM 3/);
      await refused(served, { vmid: 128 }, /no vCPU 0 of VM 128/);
      await refused(served, { vmid: 128, rpc: true }, /no vCPU 0 of VM 128/);
      expect(served.log.join()).toMatch(/taken by first/);
    }));

  it('cannot harm others with frames of absurd length', () =>
    withServer({}, async ({ client, log }) => {
      const good = await client(RPC);
      const bad = await client({ vcpu: 1, name: 'liar' });
      bad.socket.write(Uint8Array.of(0xff, 0xff, 0xff, 0x7f, 0, 0, 0, 0));
      await expect(bad.request(FrameType.TIME, new Uint8Array(8))).rejects.toThrow(LinkClosed);
      expect(log.join()).toMatch(/liar.*a frame of 2147483647 bytes/);
      good.sendRpc(Msg.VM_GET_ID, 1, new Uint8Array(4));
      await expect.poll(() => good.events.length).toBe(1);
    }));

  it('keep their connection after a frame that makes no sense', () =>
    withServer({}, async ({ client }) => {
      const c = await client(HELLO_VCPU0);
      expect((await c.request(FrameType.HVC, new Uint8Array(3))).status).toBe(Status.BAD_REQUEST);
      expect((await c.request(0x55, new Uint8Array(9))).status).toBe(Status.BAD_REQUEST);
      const huge = new Uint8Array(16);
      put32(huge, 8, 1 << 20);
      expect((await c.request(FrameType.MEM_READ, huge)).status).toBe(Status.BAD_REQUEST);
      expect((await c.hvc(HVC + Call.HYPERVISOR_IDENTIFY, [])).status).toBe(Status.OK);
    }));

  it('are let go when they do not read, with bounded memory', () =>
    withServer({ stuckMs: 50 }, async ({ client, server, log }) => {
      const c = await client({ name: 'sleeper' });
      c.socket.pause();
      const payload = new Uint8Array(16);
      payload.set([0, 0, 0, 0x50]);
      put32(payload, 8, 32_768);
      for (let i = 0; i < 400; i++) void c.request(FrameType.MEM_READ, payload).catch(() => {});
      await expect.poll(() => log.join(), { timeout: 5_000 }).toMatch(/sleeper.*does not read/);
      expect(server.hub.connections.size).toBe(0);
    }));

  it('are let go when they never greet', () =>
    withServer({ helloMs: 20 }, async ({ client, log }) => {
      await client();
      await expect.poll(() => log.join()).toMatch(/no greeting/);
    }));

  it('leave their vCPU to the next one when they vanish', () =>
    withServer({}, async ({ client, server }) => {
      const c = await client(HELLO_VCPU0);
      c.socket.destroy();
      await expect.poll(() => server.hub.connections.size).toBe(0);
      const next = await client();
      expect((await next.hello(HELLO_VCPU0)).x0).toBe(BigInt(Platform.HLOS_DT_BASE));
    }));

  it('may speak an older or newer protocol only if it overlaps', () =>
    withServer({}, async ({ client }) => {
      const c = await client();
      const b = new Uint8Array(24);
      put32(b, 0, 0x4b4e4c47);
      put16(b, 4, 2);
      put16(b, 6, 9);
      expect((await c.request(FrameType.HELLO, b)).status).toBe(Status.REFUSED);
    }));
});

describe('addresses', () => {
  it('are of this machine unless asked otherwise', () => {
    expect(parseAddress('tcp:127.0.0.1:0')).toEqual({ kind: 'tcp', host: '127.0.0.1', port: 0 });
    expect(parseAddress('unix:./g.sock')).toEqual({ kind: 'unix', path: './g.sock' });
    expect(parseAddress('tcp:0.0.0.0:80')).toMatch(/--allow-remote/);
    expect(parseAddress('tcp:0.0.0.0:80', true)).toMatchObject({ port: 80 });
    expect(parseAddress('tcp:127.0.0.1:99999')).toMatch(/no port 99999/);
    expect(parseAddress('tcp:256.0.0.1:1', true)).toMatch(/no IP address/);
    expect(parseAddress('tcp:[::x]:1', true)).toMatch(/no IP address/);
    expect(parseAddress('tcp:[::1]:1')).toEqual({ kind: 'tcp', host: '::1', port: 1 });
    expect(parseAddress('pipe:x')).toMatch(/not unix:PATH/);
  });

  it('are taken over from a server that is gone, not from one that lives', () =>
    withServer({}, async ({ address, sim }) => {
      await expect(serveLink(sim, address)).rejects.toThrow(/EADDRINUSE/);
    }));
});
