import { describe, expect, it } from 'vitest';
import { Crowd, delays, frame, greeting, ROUND } from '../../bench/crowd.js';
import { le32, put16, put32, put64 } from '../../src/base/index.js';
import { sysreg } from '../../src/gic/index.js';
import { At, type Connection, FrameType, Hub, type HubOptions, LINK, QUANTUM, REPLY } from '../../src/link/index.js';
import { Call, Msg, Platform, RpcType, rpcPackets } from '../../src/protocol/index.js';
import { bootedSim } from './support.js';

describe('64 clients of one server', () => {
  it('who all want as much as they can get are given the same', () => {
    const crowd = new Crowd();
    crowd.letIn(['small']);
    for (let i = 0; i < 10; i++) crowd.turn();
    const greedy = crowd.members.filter((m) => m.kind === 'small').map((m) => m.connection.served);
    // The first two get to work while the sockets of the others are still being read.
    const [least, ...rest] = greedy.sort((a, b) => a - b);
    expect(least).toBeGreaterThan(QUANTUM * 9);
    expect(rest.slice(0, -2).every((served) => served - least <= QUANTUM)).toBe(true);
  });

  it('whose frames differ in size are given the same work, not the same number of frames', () => {
    const crowd = new Crowd();
    crowd.letIn(['small', 'large']);
    const served = (kind: string) => crowd.members.filter((m) => m.kind === kind).map((m) => m.connection.served);
    // Those whose sockets are read first have a start.
    crowd.turn();
    const before = { small: served('small'), large: served('large') };
    for (let i = 0; i < 20; i++) crowd.turn();
    const small = served('small').map((n, i) => n - before.small[i]);
    const large = served('large').map((n, i) => n - before.large[i]);
    const frameOfLarge = LINK.MAX_MEMORY_ACCESS / 1024 + 1;
    for (const n of large) expect(Math.abs(n - Math.min(...small))).toBeLessThanOrEqual(frameOfLarge + QUANTUM);
  });

  it.each([[['small']], [['large']], [['small', 'large', 'sleeper', 'liar']]] as const)(
    '%j: delay the polite one by no more than two rounds of everybody',
    (kinds) => {
      const crowd = new Crowd();
      expect(delays(crowd, 5).p99).toBe(0);
      crowd.letIn(kinds);
      expect(delays(crowd, 12).p99).toBeLessThanOrEqual(2 * ROUND);
    },
  );
});

const VMID = Platform.VMID_HLOS;
const CPU_ON = 0xc400_0003n;
const INTID = 961;
const MS_PER_TURN = 1;

/** A hub with clients in memory and a clock of its own. */
function pair(greetingOfOther: Uint8Array, options: Partial<HubOptions> = {}) {
  const sim = bootedSim();
  const state = { now: 0, log: [] as string[], next: undefined as (() => void) | undefined };
  const hub = new Hub({
    ...options,
    sim,
    clock: () => state.now,
    defer: (turn) => {
      state.next = turn;
    },
    log: (line) => state.log.push(line),
  });
  const client = (hello: Uint8Array) => {
    const replies: number[] = [];
    const write = (b: Uint8Array) => {
      for (let at = 0; at < b.length; at += le32(b, at) + 4) replies.push(b[at + 4]);
    };
    const c = hub.connect({ unsent: 0, write, pause() {}, resume() {}, end() {} }, 'client') as Connection;
    const send = (...frames: Uint8Array[]) => {
      for (const f of frames) hub.receive(c, f);
    };
    send(hello);
    return { c, send, replies };
  };
  const turn = () => {
    state.now += MS_PER_TURN;
    const { next } = state;
    state.next = undefined;
    if (next === undefined) hub.check();
    else next();
  };
  const polite = client(greeting(VMID, 0, false));
  const other = client(greetingOfOther);
  const on = new Uint8Array(At.SMC.SIZE);
  put16(on, At.SMC.CONDUIT, 1);
  for (const [i, x] of [CPU_ON, 1n, BigInt(Platform.HLOS_ENTRY)].entries()) put64(on, At.SMC.X + 8 * i, x);
  polite.send(frame(FrameType.SMC, on));
  return { sim, state, polite, other, turn };
}

function hvc(imm: number, x: readonly bigint[], inline?: { register: number; data?: Uint8Array }): Uint8Array {
  const data = inline?.data ?? new Uint8Array(0);
  const p = new Uint8Array(At.HVC.SIZE + data.length);
  put16(p, At.HVC.IMM, Platform.HYPERCALL_BASE + imm);
  p[At.HVC.INLINE_REG] = inline?.register ?? 0xff;
  p[At.HVC.INLINE_DIR] = inline !== undefined && inline.data === undefined ? 2 : 0;
  put32(p, At.HVC.INLINE_LENGTH, inline?.data?.length ?? Platform.RM_QUEUE_MSG_SIZE);
  for (const [i, value] of x.entries()) put64(p, At.HVC.X + 8 * i, value);
  p.set(data, At.HVC.SIZE);
  return frame(FrameType.HVC, p);
}

function setRegister(register: number, value: bigint): Uint8Array {
  const p = new Uint8Array(At.REG_WRITE.SIZE);
  put32(p, At.REG_WRITE.REGISTER, register);
  put64(p, At.REG_WRITE.VALUE, value);
  return frame(FrameType.REG_WRITE, p);
}

function store(ipa: number, value: number): Uint8Array {
  const p = new Uint8Array(At.MEM_WRITE.SIZE + 4);
  put64(p, At.MEM_WRITE.IPA, BigInt(ipa));
  put32(p, At.MEM_WRITE.WIDTH, 4);
  put32(p, At.MEM_WRITE.SIZE, value);
  return frame(FrameType.MEM_WRITE, p);
}

const WORD = Platform.GICD_BASE + (INTID >> 5) * 4;
const BIT = 2 ** (INTID & 31);
const SETUP = [
  setRegister(sysreg(3, 0, 12, 12, 5), 7n),
  setRegister(sysreg(3, 0, 4, 6, 0), 0xffn),
  setRegister(sysreg(3, 0, 12, 12, 7), 1n),
  store(Platform.GICD_BASE, 0x12),
  store(WORD + 0x80, BIT),
  store(WORD + 0x100, BIT),
];
const [PACKET] = rpcPackets(RpcType.REQUEST, Msg.VM_GET_ID, 1, new Uint8Array(4)) ?? [];
const SEND = hvc(Call.MSGQUEUE_SEND, [0n, BigInt(PACKET.length), 0n, 1n], { register: 2, data: PACKET });
const RECEIVE = hvc(Call.MSGQUEUE_RECEIVE, [1n, 0n, BigInt(Platform.RM_QUEUE_MSG_SIZE)], { register: 1 });
const WFI = frame(FrameType.WFI, new Uint8Array(At.WFI.SIZE));
const ACK = frame(FrameType.IRQ_ACK, new Uint8Array(0));
const END = (() => {
  const p = new Uint8Array(At.IRQ_END.SIZE);
  put32(p, At.IRQ_END.INTID, INTID);
  return frame(FrameType.IRQ_END, p);
})();
const IDENTIFY = hvc(Call.HYPERVISOR_IDENTIFY, []);

/** Turns until the polite client has this reply, while the other one does what it does in each turn. */
function turnsUntil(p: ReturnType<typeof pair>, type: number, nuisance: (turn: number) => void): number {
  const wanted = type | REPLY;
  for (let turns = 0; turns < 2_000; turns++) {
    if (p.polite.replies.includes(wanted)) return turns;
    nuisance(turns);
    p.turn();
  }
  return Number.POSITIVE_INFINITY;
}

describe('a vCPU that never waits', () => {
  const flood = (p: ReturnType<typeof pair>) => () => {
    for (let i = 0; i < 100; i++) p.other.send(IDENTIFY);
  };
  const drip = (p: ReturnType<typeof pair>) => (turn: number) => {
    if (turn % 40 === 0) p.other.send(IDENTIFY);
  };

  it.each([
    ['floods', flood],
    ['speaks up just before it counts as silent', drip],
  ] as const)('and %s does not keep RM from another one', (_, nuisance) => {
    const p = pair(greeting(VMID, 1, false));
    p.polite.send(...SETUP);
    for (let rpc = 0; rpc < 20; rpc++) {
      p.polite.replies.length = 0;
      p.polite.send(SEND, WFI);
      expect(turnsUntil(p, FrameType.WFI, nuisance(p))).toBeLessThanOrEqual(2);
      // Until the queue is empty, as any driver does.
      p.polite.send(ACK, END, RECEIVE, RECEIVE, RECEIVE);
      p.turn();
    }
  });

  it.each([
    ['floods', flood],
    ['speaks up just before it counts as silent', drip],
  ] as const)('and %s does not hold the time of another one for ever', (_, nuisance) => {
    const p = pair(greeting(VMID, 1, false));
    const second = new Uint8Array(At.TIME.SIZE);
    put64(second, 0, 1_000_000_000n);
    p.polite.send(frame(FrameType.TIME, second));
    expect(turnsUntil(p, FrameType.TIME, nuisance(p))).toBeLessThanOrEqual(550);
  });

  it.each([
    ['left out', {}],
    ['undefined', { graceMs: undefined }],
  ])('holds the time of another one for ten graces, with the usual grace when that option is %s', (_, options) => {
    const p = pair(greeting(VMID, 1, false), options);
    const second = new Uint8Array(At.TIME.SIZE);
    put64(second, 0, 1_000_000_000n);
    p.polite.send(frame(FrameType.TIME, second));
    expect(turnsUntil(p, FrameType.TIME, drip(p))).toBeGreaterThan(450);
  });

  it('in step mode is let go when others have waited long enough', () => {
    const p = pair(greeting(VMID, 1, false, true));
    p.polite.send(frame(FrameType.TIME, Uint8Array.of(0, 0, 0, 1, 0, 0, 0, 0)));
    // Its own operations take time, reading memory does not.
    const read = new Uint8Array(At.MEM_READ.SIZE);
    put64(read, At.MEM_READ.IPA, 0x5000_0000n);
    put32(read, At.MEM_READ.LENGTH, 8);
    for (let ms = 0; ms < 40_000 && !p.other.c.closed; ms += 100) {
      p.other.send(frame(FrameType.MEM_READ, read));
      p.state.now += 100;
      p.turn();
    }
    expect(p.state.log.join()).toMatch(/holds virtual time while others wait/);
    expect(turnsUntil(p, FrameType.TIME, () => {})).toBeLessThanOrEqual(100);
  });
});
