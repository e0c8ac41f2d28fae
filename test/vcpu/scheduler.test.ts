import { expect, test } from 'vitest';
import { Call, VcpuOption } from '../../src/protocol/index.js';
import { Block, schedState, setAffinity, waitForInterrupt } from '../../src/vcpu/index.js';
import { PROXY, rig } from './rig.js';

const MS = 1_000_000;

test('threads of equal priority share a CPU in slices, to the nanosecond', () => {
  const r = rig(1);
  const a = r.start({ cpu: 0 });
  const b = r.start({ cpu: 0 });
  expect(r.on(0)).toBe(a.id);
  r.advance(5 * MS - 1);
  expect(r.on(0)).toBe(a.id);
  r.advance(1);
  expect(r.on(0)).toBe(b.id);
  r.advance(5 * MS);
  expect(r.on(0)).toBe(a.id);
});

test('a thread of higher priority preempts and the preempted one keeps the rest of its slice', () => {
  const r = rig(1);
  const low = r.start({ cpu: 0, priority: 10 });
  const peer = r.start({ cpu: 0, priority: 10 });
  r.advance(2 * MS);
  const high = r.start({ cpu: 0, priority: 20 });
  expect(r.on(0)).toBe(high.id);
  r.advance(50 * MS);
  expect(r.on(0)).toBe(high.id);
  expect(waitForInterrupt(r.hyp, high)).toBe(false);
  expect(r.on(0)).toBe(low.id);
  r.advance(3 * MS - 1);
  expect(r.on(0)).toBe(low.id);
  r.advance(1);
  expect(r.on(0)).toBe(peer.id);
});

test('scheduler_yield lets an equal run but never a lower one', () => {
  const r = rig(1);
  const a = r.start({ cpu: 0, priority: 10 });
  const low = r.start({ cpu: 0, priority: 5 });
  expect(r.call(a, Call.SCHEDULER_YIELD, 0n)).toEqual([0n, 0n, 0n, 0n, 0n, 0n, 0n, 0n]);
  expect(r.on(0)).toBe(a.id);
  const b = r.start({ cpu: 0, priority: 10 });
  expect(r.call(a, Call.SCHEDULER_YIELD, 0n)).toBeUndefined();
  expect(r.on(0)).toBe(b.id);
  expect(low.running).toBe(-1);
});

test('scheduler_yield refuses the implementation bit, unknown hints and bad capabilities', () => {
  const r = rig(1);
  const a = r.start({ cpu: 0 });
  const error = (control: bigint, arg = 0n) => r.call(a, Call.SCHEDULER_YIELD, control, arg)?.[0];
  expect(error(0x8000_0000n)).toBe(1n);
  expect(error(2n)).toBe(1n);
  expect(error(1n, 0xdeadn)).toBe(1n);
  expect(error(0x7fff_0000n)).toBe(0n);
  expect(error(1n, r.cap(a))).toBe(0n);
});

test('a directed yield runs a thread of lower priority in the place of the yielder until its slice ends', () => {
  const r = rig(1);
  const c = r.start({ cpu: 0, priority: 32 });
  const t = r.start({ cpu: 0, priority: 3 });
  const cap = r.cap(t);
  r.advance(1 * MS);
  expect(r.call(c, Call.SCHEDULER_YIELD, 1n, cap)).toBeUndefined();
  expect(r.on(0)).toBe(t.id);
  r.advance(4 * MS - 1);
  expect(r.on(0)).toBe(t.id);
  r.advance(1);
  expect(r.on(0)).toBe(c.id);
  expect(c.x[0]).toBe(0n);
  expect(c.yieldTo).toBe(-1);
  expect(c.pins).toBe(0);
});

test('a directed yield ends when the target yields, and when it blocks', () => {
  const r = rig(1);
  const c = r.start({ cpu: 0, priority: 32 });
  const t = r.start({ cpu: 0, priority: 3 });
  const cap = r.cap(t);
  r.call(c, Call.SCHEDULER_YIELD, 1n, cap);
  r.call(t, Call.SCHEDULER_YIELD, 0n);
  expect(r.on(0)).toBe(c.id);
  r.call(c, Call.SCHEDULER_YIELD, 1n, cap);
  expect(r.on(0)).toBe(t.id);
  expect(waitForInterrupt(r.hyp, t)).toBe(false);
  expect(r.on(0)).toBe(c.id);
});

test('a wake-up of the yielder ends its directed yield; a pending one prevents it', () => {
  const r = rig(1);
  const c = r.start({ cpu: 0 });
  const t = r.start({ cpu: 0, priority: 3 });
  const cap = r.cap(t);
  r.call(c, Call.SCHEDULER_YIELD, 1n, cap);
  r.hyp.sched.wakeup(c);
  r.settle();
  expect(r.on(0)).toBe(c.id);
  r.pending.add(c.id);
  expect(r.call(c, Call.SCHEDULER_YIELD, 1n, cap)?.[0]).toBe(0n);
  expect(r.on(0)).toBe(c.id);
});

test('a higher thread preempts the pair and the yield continues afterwards', () => {
  const r = rig(1);
  const c = r.start({ cpu: 0, priority: 20 });
  const t = r.start({ cpu: 0, priority: 3 });
  r.call(c, Call.SCHEDULER_YIELD, 1n, r.cap(t));
  const high = r.start({ cpu: 0, priority: 40 });
  expect(r.on(0)).toBe(high.id);
  waitForInterrupt(r.hyp, high);
  expect(r.on(0)).toBe(t.id);
  expect(c.yielding).toBe(true);
});

test('a yield of the target to another thread redirects the yield', () => {
  const r = rig(1);
  const c = r.start({ cpu: 0, priority: 20 });
  const t = r.start({ cpu: 0, priority: 3 });
  const u = r.start({ cpu: 0, priority: 2 });
  r.call(c, Call.SCHEDULER_YIELD, 1n, r.cap(t));
  r.call(t, Call.SCHEDULER_YIELD, 1n, r.cap(u));
  expect(r.on(0)).toBe(u.id);
  r.call(u, Call.SCHEDULER_YIELD, 1n, r.cap(c));
  expect(r.on(0)).toBe(c.id);
});

test('WFI idles in place when nothing else waits, and blocks when something does', () => {
  const r = rig(1);
  const g = r.group(true);
  const a = r.start({ cpu: 0, group: g.id });
  expect(waitForInterrupt(r.hyp, a)).toBe(false);
  expect(a.idling).toBe(true);
  expect(a.block).toBe(0);
  expect(r.on(0)).toBe(-1);
  r.hyp.sched.wakeup(a);
  expect(r.on(0)).toBe(a.id);
  waitForInterrupt(r.hyp, a);
  const b = r.start({ cpu: 0, priority: 1, group: g.id, index: 1 });
  expect(a.block).toBe(Block.WFI);
  expect(r.on(0)).toBe(b.id);
  r.hyp.sched.wakeup(a);
  r.settle();
  expect(r.on(0)).toBe(a.id);
});

test('a move takes a running thread off its CPU and queues it on the other, which must come up first', () => {
  const r = rig(2);
  const a = r.start({ cpu: 0 });
  expect(setAffinity(r.hyp, a, 1)).toBe(0);
  expect(setAffinity(r.hyp, a, 0)).toBe(-2);
  r.settle();
  expect(r.on(0)).toBe(-1);
  r.advance(1 * MS);
  expect(r.on(1)).toBe(a.id);
});

test('the second move of a vCPU that moved to a cold CPU stops the hypervisor', () => {
  const r = rig(3);
  const g = r.group(false);
  const hlos = r.start({ cpu: 0, options: VcpuOption.HLOS_VM });
  const guest = r.start({ cpu: 0, priority: 3, group: g.id });
  const cap = r.cap(guest);
  const move = (cpu: bigint) => r.call(hlos, Call.VCPU_SET_AFFINITY, cap, cpu, -1n)?.[0];
  r.call(hlos, Call.SCHEDULER_YIELD, 1n, cap);
  r.call(guest, Call.SCHEDULER_YIELD, 0n);
  expect(move(1n)).toBe(0n);
  r.advance(2 * MS);
  expect(schedState(r.hyp).cpus[1].executing).not.toBe(-1);
  expect(move(2n)).toBe(0n);
  r.settle();
  expect(r.hyp.dead?.rule).toBe('hyp-second-affinity-move');
});

test('a move between CPUs that are up works as often as wanted', () => {
  const r = rig(3);
  const g = r.group(false);
  const hlos = r.start({ cpu: 0 });
  for (const cpu of [1, 2]) r.start({ cpu, priority: 5 });
  r.advance(1 * MS);
  const cap = r.cap(r.start({ cpu: 0, priority: 3, group: g.id }));
  for (const cpu of [1n, 2n, 0n, 1n]) {
    expect(r.call(hlos, Call.VCPU_SET_AFFINITY, cap, cpu, -1n)?.[0]).toBe(0n);
    r.advance(2 * MS);
  }
  expect(r.hyp.dead).toBeUndefined();
});

test('a pinned vCPU does not move', () => {
  const r = rig(2);
  const a = r.start({ cpu: 0, options: VcpuOption.PINNED });
  const cap = r.cap(a);
  const move = (cpu: bigint) => r.call(a, Call.VCPU_SET_AFFINITY, cap, cpu, -1n)?.[0];
  expect(move(1n)).toBe(30n);
  expect(move(0n)).toBe(0n);
  expect(move(7n)).toBe(1n);
});

test('an unplaced vCPU runs only as the target of a yield', () => {
  const r = rig(1);
  const c = r.start({ cpu: 0 });
  const t = r.start({ options: PROXY });
  expect(r.on(0)).toBe(c.id);
  expect(t.affinity).toBe(0xffff);
  expect(r.call(c, Call.VCPU_RUN, r.cap(t))).toBeUndefined();
  expect(r.on(0)).toBe(t.id);
  expect(t.affinity).toBe(0);
});
