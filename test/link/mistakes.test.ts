import { describe, expect, it } from 'vitest';
import { put16, put32, put64 } from '../../src/base/index.js';
import { At, EventType, FrameType, LINK, Status } from '../../src/link/index.js';
import { Platform } from '../../src/protocol/index.js';
import { withServer } from './support.js';

const HVC = Platform.HYPERCALL_BASE;

function hvc(register: number, direction: number, length: number, data: number): Uint8Array {
  const p = new Uint8Array(At.HVC.SIZE + data);
  put16(p, At.HVC.IMM, HVC);
  p[At.HVC.INLINE_REG] = register;
  p[At.HVC.INLINE_DIR] = direction;
  put32(p, At.HVC.INLINE_LENGTH, length);
  return p;
}

const memory = (length: number, width: number): Uint8Array => {
  const p = new Uint8Array(At.MEM_READ.SIZE);
  put64(p, At.MEM_READ.IPA, 0x5000_0000n);
  put32(p, At.MEM_READ.LENGTH, length);
  put32(p, At.MEM_READ.WIDTH, width);
  return p;
};

const number = (value: bigint): Uint8Array => {
  const p = new Uint8Array(8);
  put64(p, 0, value);
  return p;
};

function hello(change: (p: Uint8Array) => void): Uint8Array {
  const p = new Uint8Array(At.HELLO.SIZE);
  put32(p, At.HELLO.MAGIC, LINK.MAGIC);
  put16(p, At.HELLO.VERSION_MIN, LINK.VERSION_MIN);
  put16(p, At.HELLO.VERSION_MAX, LINK.VERSION_MAX);
  put16(p, At.HELLO.VMID, Platform.VMID_HLOS);
  change(p);
  return p;
}

describe('a frame that makes no sense', () => {
  it.each<[number, Uint8Array, RegExp, boolean?]>([
    [FrameType.HVC, new Uint8Array(3), /HVC: a payload of 3 bytes; it has at least 72/],
    [FrameType.HVC, hvc(2, 0, 10, 3), /HVC: 3 bytes of data; inline_reg, inline_dir and inline_length say 10/],
    [FrameType.HVC, hvc(8, 0, 1, 1), /HVC: inline_reg 8; 0 to 7/],
    [FrameType.HVC, hvc(2, 3, 0, 0), /HVC: inline_dir 3; 0 to 2/],
    [FrameType.HVC, hvc(2, 1, 4097, 0), /HVC: inline_length 4097; at most 4096/],
    [FrameType.SMC, new Uint8Array(1), /SMC: a payload of 1 bytes; it has 152/],
    [FrameType.TIME, number(11_000_000_000n), /TIME: advance_ns 11000000000; at most 10000000000/],
    [FrameType.WFI, new Uint8Array(0), /WFI: a payload of 0 bytes; it has 8/],
    [FrameType.MEM_READ, memory(40_000, 0), /MEM_READ: 40000 bytes; at most 32768/],
    [FrameType.MEM_READ, memory(3, 3), /MEM_READ: width 3; 0, 1, 2, 4 or 8/],
    [FrameType.MEM_READ, memory(8, 4), /MEM_READ: 8 bytes in one access of width 4/],
    [FrameType.REG_READ, Uint8Array.of(0, 0, 1, 0), /REG_READ: register 0x10000/],
    [FrameType.RPC_SEND, new Uint8Array(8), /RPC_SEND: it belongs to mode 1/],
    [FrameType.HELLO, hello(() => {}), /HELLO: this connection has greeted already/],
    [0x3d, new Uint8Array(0), /frame type 0x3d: there is no such request/],
    [FrameType.HVC, hvc(0xff, 0, 0, 0), /HVC: mode 1 has RPC_SEND and BYE only/, true],
    [FrameType.RPC_SEND, new Uint8Array(0), /RPC_SEND: a packet of 0 bytes; a queue takes 1 to 240/, true],
    [FrameType.RPC_SEND, new Uint8Array(241), /RPC_SEND: a packet of 241 bytes/, true],
  ])('of type %i is BAD_REQUEST, 4 bytes, and the server says why once (%#)', (type, payload, why, rpc = false) =>
    withServer({}, async ({ client, log }) => {
      const c = await client({ rpc, name: 'wrong' });
      for (let i = 0; i < 3; i++) {
        const r = await c.request(type, payload);
        expect(r.status).toBe(Status.BAD_REQUEST);
        expect(r.payload).toHaveLength(4);
      }
      const lines = log.filter((l) => /BAD_REQUEST/.test(l));
      expect(lines).toHaveLength(1);
      expect(lines[0]).toMatch(/^wrong \(client 1\): BAD_REQUEST: /);
      expect(lines[0]).toMatch(why);
    }),
  );

  it('has flags, which are 0', () =>
    withServer({}, async ({ client, log }) => {
      const c = await client({ name: 'flags' });
      const { at } = c.begin(FrameType.TIME, 8);
      c.writer.bytes[at - 3] = 1;
      c.flush();
      await expect.poll(() => log.join()).toMatch(/flags \(client 1\): BAD_REQUEST: TIME: flags 1; they are 0/);
    }));

  it('does not fill the log, whatever is wrong', () =>
    withServer({}, async ({ client, log }) => {
      const wrong = async (name: string): Promise<void> => {
        const c = await client({ rpc: true, name });
        for (let size = 241; size < 300; size++) await c.request(FrameType.RPC_SEND, new Uint8Array(size));
        await c.bye();
      };
      await wrong('one');
      expect(log).toHaveLength(9);
      expect(log[8]).toMatch(/one .*further mistakes are not shown/);
      for (const name of ['two', 'three', 'four', 'five']) await wrong(name);
      expect(log.length).toBeLessThan(45);
    }));
});

describe('a greeting that makes no sense', () => {
  it.each<[string, Uint8Array, RegExp]>([
    ['magic', hello((p) => put32(p, At.HELLO.MAGIC, 1)), /not a greeting of this protocol/],
    ['length', new Uint8Array(5), /not a greeting of this protocol/],
    ['time', hello((p) => p.fill(2, At.HELLO.TIME, At.HELLO.TIME + 1)), /time 2 does not exist/],
    ['mode', hello((p) => p.fill(2, At.HELLO.MODE, At.HELLO.MODE + 1)), /mode 2 does not exist/],
    [
      'scratch',
      hello((p) => put64(p, At.HELLO.SCRATCH, 0x1_2345_6000n)),
      /scratch page 0x123456000 is not memory of VM 3/,
    ],
    ['scratch', hello((p) => put64(p, At.HELLO.SCRATCH, 0x800_0000n)), /scratch page 0x8000000 is not memory of VM 3/],
  ])('(%s) is REFUSED with a GOODBYE that says why', (_what, payload, why) =>
    withServer({}, async ({ client, log }) => {
      const c = await client();
      expect(await c.request(FrameType.HELLO, payload)).toMatchObject({ status: Status.REFUSED });
      await expect.poll(() => c.events.map((e) => e.type)).toEqual([EventType.GOODBYE]);
      expect(String.fromCharCode(...c.events[0].payload)).toMatch(why);
      await expect.poll(() => log.join()).toMatch(why);
    }),
  );
});
