import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { memoryTransport } from '../../bench/memory-transport.js';
import { put16, put32 } from '../../src/base/index.js';
import { At, type Connection, FrameType, Hub, LINK, type Transport } from '../../src/link/index.js';
import { attack } from '../../tools/link-attacks.js';
import { bootedSim } from './support.js';

const frame = (type: number, payload: Uint8Array, length = payload.length + 4): Uint8Array => {
  const b = new Uint8Array(8 + payload.length);
  put32(b, 0, length);
  b[4] = type;
  put16(b, 6, 1);
  b.set(payload, 8);
  return b;
};

const greeting = (vcpu: number, mode: number): Uint8Array => {
  const p = new Uint8Array(At.HELLO.SIZE);
  put32(p, At.HELLO.MAGIC, LINK.MAGIC);
  put16(p, At.HELLO.VERSION_MIN, 1);
  put16(p, At.HELLO.VERSION_MAX, 1);
  put16(p, At.HELLO.VMID, 3);
  put16(p, At.HELLO.VCPU, vcpu);
  p[At.HELLO.MODE] = mode;
  return frame(FrameType.HELLO, p);
};

const types = fc.constantFrom(...Object.values(FrameType));
const anyFrame = fc.oneof(
  fc.tuple(types, fc.uint8Array({ maxLength: 200 })).map(([t, p]) => frame(t, p)),
  fc.tuple(fc.integer({ min: 0, max: 255 }), fc.uint8Array({ maxLength: 40 })).map(([t, p]) => frame(t, p)),
  fc.tuple(types, fc.uint8Array({ maxLength: 40 }), fc.nat(0xffff_ffff)).map(([t, p, n]) => frame(t, p, n)),
  fc.uint8Array({ maxLength: 64 }),
);
const stream = fc.record({
  greets: fc.boolean(),
  mode: fc.nat(2),
  reading: fc.boolean(),
  frames: fc.array(anyFrame, { maxLength: 30 }),
  cut: fc.nat(64),
});

function setup() {
  let now = 0;
  let next: (() => void) | undefined;
  const hub = new Hub({
    sim: bootedSim(),
    clock: () => now,
    defer: (turn) => {
      next = turn;
    },
    log: () => {},
    graceMs: 0,
  });
  const turns = (count: number): void => {
    for (let i = 0; i < count; i++) {
      now += 20;
      const turn = next;
      next = undefined;
      if (turn !== undefined) turn();
      else hub.check();
    }
  };
  return { hub, turns };
}

const open = (hub: Hub, t: Transport): Connection => {
  const c = hub.connect(t, 'fuzz');
  if (typeof c === 'string') throw new Error(c);
  return c;
};

describe('hostile connections over sockets', () => {
  it('leave the server serving, and nothing open', async () => {
    const report = await attack({ seed: 1, connections: 160 });
    expect(report).toMatchObject({ connections: 160, polite: 1 });
    expect(report.bytesSent).toBeGreaterThan(500_000);
    const reasons = Object.keys(report.reasons).join();
    for (const reason of [/no greeting/, /frames have/, /before HELLO/]) expect(reasons).toMatch(reason);
  });
});

describe('any bytes on a connection', () => {
  it('neither crash the server nor make it keep more than its limits', () => {
    fc.assert(
      fc.property(fc.array(stream, { minLength: 1, maxLength: 3 }), (streams) => {
        const { hub, turns } = setup();
        const others = streams.map((s, i) => ({ ...s, t: memoryTransport(s.reading), vcpu: i }));
        for (const s of others) {
          const c = open(hub, s.t);
          if (s.greets) hub.receive(c, greeting(s.vcpu, s.mode));
          for (const f of s.frames) {
            // Cut in two anywhere.
            hub.receive(c, f.subarray(0, s.cut));
            hub.receive(c, f.subarray(Math.min(s.cut, f.length)));
          }
          turns(2);
          expect(c.out.length).toBeLessThanOrEqual(LINK.OUTPUT_HIGH + LINK.MAX_FRAME * 2);
        }
        turns(5);
        hub.closeAll('done');
        expect(hub.connections.size).toBe(0);
      }),
      { numRuns: 60 },
    );
  });

  it('leave a well-behaved connection its answers', () => {
    fc.assert(
      fc.property(fc.array(anyFrame, { maxLength: 20 }), (frames) => {
        const { hub, turns } = setup();
        const good = memoryTransport(true);
        const c = open(hub, good);
        hub.receive(c, greeting(1, 0));
        const bad = open(hub, memoryTransport(false));
        for (const f of frames) hub.receive(bad, f);
        turns(2);
        const before = good.sent;
        hub.receive(c, frame(FrameType.DEVICE_TREE, new Uint8Array(0)));
        turns(2);
        expect(good.sent - before).toBeGreaterThan(4_000);
      }),
      { numRuns: 30 },
    );
  });

  it('cannot keep others out with connections that never greet', () => {
    const { hub } = setup();
    const silent = Array.from({ length: LINK.MAX_CONNECTIONS }, () => memoryTransport(true));
    for (const t of silent) open(hub, t);
    const good = memoryTransport(true);
    const c = open(hub, good);
    hub.receive(c, greeting(1, 0));
    expect(c.session).toBeDefined();
    expect(hub.connections.size).toBe(LINK.MAX_CONNECTIONS);
    expect(silent.map((t) => t.ended).indexOf(true)).toBe(0);
    expect(silent.filter((t) => t.ended)).toHaveLength(1);
  });

  it('stop being read when they come faster than they can be handled', () => {
    const { hub } = setup();
    const t = memoryTransport(false);
    const c = open(hub, t);
    hub.receive(c, greeting(1, 0));
    const payload = new Uint8Array(At.MEM_READ.SIZE);
    payload.set([0, 0, 0, 0x50]);
    put32(payload, At.MEM_READ.LENGTH, LINK.MAX_MEMORY_ACCESS);
    const read = frame(FrameType.MEM_READ, payload);
    for (let i = 0; i < 10_000 && !t.paused; i++) hub.receive(c, read);
    expect(t.paused).toBe(true);
    expect(t.sent + c.out.length).toBeLessThanOrEqual(LINK.OUTPUT_HIGH + LINK.MAX_FRAME);
  });
});
