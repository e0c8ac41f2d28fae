import { expect, test } from 'vitest';
import { SourceKind } from '../../src/hyp/index.js';
import { Call, VcpuOption } from '../../src/protocol/index.js';
import { Block, halt, Life, type Vcpu, type VpmGroup, waitForInterrupt } from '../../src/vcpu/index.js';
import { PROXY, type Rig, rig } from './rig.js';

const NOT_SUPPORTED = 0xffff_ffff_ffff_ffffn;
const MS = 1_000_000;

/** Two HLOS vCPUs, the first one on. */
function hlosPair(): { r: Rig; group: VpmGroup; v0: Vcpu; v1: Vcpu } {
  const r = rig(8);
  const group = r.group(false);
  const v0 = r.start({ cpu: 0, options: VcpuOption.HLOS_VM, group: group.id, index: 0 });
  const v1 = r.make({ cpu: 1, options: VcpuOption.HLOS_VM, group: group.id, index: 1 });
  r.hyp.activate(v1);
  return { r, group, v0, v1 };
}

const x0 = (r: Rig, v: Vcpu, ...x: bigint[]): bigint | undefined => r.smccc(v, ...x)?.[0];

test('a vCPU without a power group has no PSCI but PSCI_FEATURES', () => {
  const r = rig();
  const v = r.start({ cpu: 0 });
  expect(x0(r, v, 0x8400_0000n)).toBe(NOT_SUPPORTED);
  expect(x0(r, v, 0x8400_000an, 0x8000_0000n)).toBe(0n);
  expect(x0(r, v, 0x8400_000an, 0x8400_0000n)).toBe(0xffff_ffffn);
});

test('PSCI_FEATURES answers by function and width', () => {
  const { r, v0 } = hlosPair();
  const f = (id: bigint) => x0(r, v0, 0x8400_000an, id);
  for (const id of [0x0n, 0x2n, 0x3n, 0x4n, 0x8n, 0x9n, 0xan, 0xcn, 0xfn, 0x12n]) expect(f(0x8400_0000n + id)).toBe(0n);
  for (const id of [0x3n, 0x4n, 0xcn, 0x12n]) expect(f(0xc400_0000n + id)).toBe(0n);
  for (const id of [0x8400_0001n, 0xc400_0001n]) expect(f(id)).toBe(2n);
  for (const id of [0xc400_0000n, 0xc400_000en, 0x8400_0005n, 0x8000_0001n, 0x8400_0050n, 0n]) {
    expect(f(id)).toBe(0xffff_ffffn);
  }
});

test('CPU_ON starts a vCPU on its CPU with entry and context, and refuses the rest', () => {
  const { r, v0, v1 } = hlosPair();
  const on = (mpidr: bigint) => x0(r, v0, 0xc400_0003n, mpidr, 0x4100_1800n, 0x77n);
  expect(on(0n)).toBe(0xffff_ffff_ffff_fffcn);
  expect(on(9n)).toBe(0xffff_ffff_ffff_fffen);
  expect(on(3n)).toBe(0xffff_ffff_ffff_fffan);
  expect(on(0x10000n)).toBe(0xffff_ffff_ffff_fffen);
  expect(on(0x8000_0001n)).toBe(0n);
  expect(x0(r, v0, 0xc400_0004n, 1n, 0n)).toBe(0n);
  expect(on(1n)).toBe(0xffff_ffff_ffff_fffcn);
  r.advance(5 * MS);
  expect(r.on(1)).toBe(v1.id);
  expect([v1.pc, v1.x[0], v1.entries]).toEqual([0x4100_1800n, 0x77n, 1]);
});

test('AFFINITY_INFO reads the target and level, 32-bit calls zero-extend', () => {
  const { r, v0 } = hlosPair();
  expect(x0(r, v0, 0xc400_0004n, 1n, 0n)).toBe(1n);
  expect(x0(r, v0, 0xc400_0004n, 1n, 0x1_0000_0000n)).toBe(1n);
  expect(x0(r, v0, 0xc400_0004n, 1n, 1n)).toBe(0xffff_ffff_ffff_fffen);
  expect(r.smccc(v0, 0x8400_0004n, 0x1_0000_0005n, 0n)?.slice(0, 2)).toEqual([0xffff_fffen, 5n]);
});

test('CPU_OFF is denied to the last vCPU and stops any other', () => {
  const { r, group, v0, v1 } = hlosPair();
  expect(x0(r, v0, 0x8400_0002n)).toBe(0xffff_fffdn);
  r.smccc(v0, 0xc400_0003n, 1n, 0x1000n, 0n);
  r.advance(5 * MS);
  expect(group.states & 0x3f).toBe(0);
  expect(r.smccc(v1, 0x8400_0002n)).toBeUndefined();
  expect(r.on(1)).toBe(-1);
  expect(r.stoppedVcpus).toEqual([v1.id]);
  expect(group.states & 0x3f).toBe(0o10);
  expect(r.edges).toEqual([]);
  expect(x0(r, v0, 0x8400_0002n)).toBe(0xffff_fffdn);
  expect(x0(r, v0, 0xc400_0003n, 1n, 0x1000n, 0x5an)).toBe(0n);
  r.advance(5 * MS);
  expect([v1.x[0], v1.entries]).toEqual([0x5an, 2]);
});

test('standby returns SUCCESS after the wake-up, power-down restarts at the entry point', () => {
  const { r, v0, v1 } = hlosPair();
  r.smccc(v0, 0xc400_0003n, 1n, 0x1000n, 0n);
  r.advance(5 * MS);
  expect(r.smccc(v1, 0xc400_0001n, 0n, 0n, 0n)).toBeUndefined();
  expect(x0(r, v0, 0xc400_0004n, 1n, 0n)).toBe(0n);
  r.hyp.sched.wakeup(v1);
  r.settle();
  expect(r.on(1)).toBe(v1.id);
  expect(v1.x[0]).toBe(0n);
  expect(r.smccc(v1, 0xc400_0001n, 0x1_0000n, 0x2000n, 0x99n)).toBeUndefined();
  r.hyp.sched.wakeup(v1);
  r.settle();
  expect([v1.pc, v1.x[0], v1.x[1], v1.entries]).toEqual([0x2000n, 0x99n, 0x1_0000n, 2]);
});

test('a suspend with a pending wake-up succeeds at once, without a reset', () => {
  const { r, v0 } = hlosPair();
  r.pending.add(v0.id);
  expect(r.smccc(v0, 0xc400_0001n, 0x1_0000n, 0x41n, 0x12n)?.slice(0, 4)).toEqual([0n, 0x1_0000n, 0x41n, 0x12n]);
  expect(v0.entries).toBe(1);
});

test('a suspend with a StateID puts an otherwise idle CPU to sleep for good', () => {
  const { r, v0, v1 } = hlosPair();
  r.smccc(v0, 0xc400_0003n, 1n, 0x1000n, 0n);
  r.advance(5 * MS);
  r.smccc(v1, 0xc400_000cn, 0x1000n, 5n);
  r.hyp.sched.wakeup(v1);
  r.advance(100 * MS);
  expect(r.on(1)).toBe(-1);
  expect(x0(r, v0, 0xc400_0004n, 1n, 0n)).toBe(0n);
  expect(x0(r, v0, 0xc400_0003n, 1n, 0x1000n, 2n)).toBe(0xffff_ffff_ffff_fffcn);
});

test('power calls of HLOS reach the machine', () => {
  const end = (id: bigint) => {
    const { r, v0 } = hlosPair();
    const x = r.smccc(v0, id, 0n, 0n);
    return r.hyp.dead?.rule ?? x?.[0];
  };
  expect(end(0x8400_0008n)).toBe('hyp-system-off-by-hlos');
  expect(end(0x8400_0009n)).toBe('hyp-system-reset-by-hlos');
  expect(end(0xc400_0012n)).toBe(0xffff_ffffn);
});

/** A secondary VM: two proxied vCPUs, the second one off. */
function guestPair() {
  const r = rig(2);
  const group = r.group(true);
  const hlos = r.start({ cpu: 0, options: VcpuOption.HLOS_VM });
  const g0 = r.start({ priority: 0, options: PROXY, group: group.id, index: 0 });
  const g1 = r.make({ priority: 0, options: PROXY, group: group.id, index: 1 });
  r.hyp.activate(g1);
  const caps = [r.cap(g0), r.cap(g1)];
  const run = (i: number) => r.call(hlos, Call.VCPU_RUN, caps[i])?.slice(0, 5);
  return { r, group, hlos, g0, g1, run };
}

test('SYSTEM_OFF of a guest powers it off with a HALT vIRQ and kills the others', () => {
  const { r, hlos, g0, g1, run } = guestPair();
  run(0);
  r.edges.length = 0;
  r.smccc(g0, 0x8400_0008n);
  expect([...hlos.x.subarray(0, 5)]).toEqual([0n, 2n, 0n, 0n, 0n]);
  expect(r.edges).toEqual([
    { owner: g1.id, kind: SourceKind.VCPU_RUN_WAKEUP },
    { owner: g0.id, kind: SourceKind.VCPU_HALT },
  ]);
  expect(g1.life).toBe(Life.KILLED);
  expect(run(1)).toEqual([0n, 2n, 1n, 0n, 0n]);
});

test('SYSTEM_RESET and RESET2 tell the manager type and cookie', () => {
  const reset = (...x: bigint[]) => {
    const { r, hlos, g0, run } = guestPair();
    run(0);
    r.smccc(g0, ...x);
    return [...hlos.x.subarray(0, 5)];
  };
  expect(reset(0x8400_0009n)).toEqual([0n, 0x100n, 1n << 63n, 0n, 0n]);
  expect(reset(0xc400_0012n, 0n, 0x77n)).toEqual([0n, 0x100n, 1n << 62n, 0x77n, 0n]);
  expect(reset(0x8400_0012n, 5n, 0x1_0000_0077n)).toEqual([0n, 0x100n, 5n, 0x77n, 0n]);
});

test('CPU_SUSPEND of a guest shows its power state, CPU_OFF is always allowed without aggregation', () => {
  const { r, group, hlos, g0, run } = guestPair();
  run(0);
  r.smccc(g0, 0xc400_0001n, 0x1_0042n, 0n, 0n);
  expect([...hlos.x.subarray(0, 5)]).toEqual([0n, 1n, 0x1_0042n, 2n, 0n]);
  r.hyp.sched.wakeup(g0);
  run(0);
  expect(r.on(0)).toBe(g0.id);
  r.smccc(g0, 0x8400_0002n);
  expect([...hlos.x.subarray(0, 5)]).toEqual([0n, 2n, 0n, 0n, 0n]);
  expect(group.online).toBe(1);
  expect(r.call(hlos, Call.VPM_GROUP_GET_STATE, r.cap(group))?.[1]).toBe(2n);
});

test('killing a critical vCPU stops the hypervisor', () => {
  const { r, v0 } = hlosPair();
  r.call(v0, Call.VCPU_KILL, r.cap(v0));
  expect(r.hyp.dead?.rule).toBe('hyp-critical-vcpu-exit');
});

test('a critical vCPU whose vector faults is halted like others: only when RM has killed it the hypervisor stops', () => {
  const { r, v0 } = hlosPair();
  halt(r.hyp, v0, false);
  expect(r.hyp.dead).toBeUndefined();
  expect(v0.block & Block.FAULT).not.toBe(0);
  expect(r.edges).toContainEqual({ owner: v0.id, kind: SourceKind.VCPU_HALT });
});

test('WFI of an aggregated vCPU keeps its slot running', () => {
  const { r, group, v0 } = hlosPair();
  waitForInterrupt(r.hyp, v0);
  expect(group.states & 7).toBe(0);
  expect(r.call(v0, Call.VPM_GROUP_GET_STATE, r.cap(group))?.slice(0, 2)).toEqual([0n, 1n]);
});
