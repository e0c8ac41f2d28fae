import { expect, test } from 'vitest';
import { Fault, SourceKind } from '../../src/hyp/index.js';
import { Call, VcpuOption } from '../../src/protocol/index.js';
import {
  Block,
  expireOnFault,
  expireOnWake,
  type GuestAccess,
  handleDataAbort,
  kill,
  Life,
  powerOn,
  setAffinity,
  type Vcpu,
  waitForInterrupt,
} from '../../src/vcpu/index.js';
import { PROXY, type Rig, rig } from './rig.js';

const AT = { pc: 0x8000_0000n, vbar: 0n, fromEl0: false };
const access = (over: Partial<GuestAccess>): GuestAccess => ({
  va: BigInt(over.ipa ?? 0),
  ipa: 0,
  size: 4,
  write: false,
  value: 0n,
  isv: true,
  rt: 3,
  signed: false,
  wide: false,
  ...over,
});

interface Pair {
  r: Rig;
  hlos: Vcpu;
  guest: Vcpu;
  cap: bigint;
  run(...resume: bigint[]): bigint[] | undefined;
  check(): bigint[];
}

function pair(grouped = true): Pair {
  const r = rig(2);
  const group = grouped ? r.group(true).id : undefined;
  const hlos = r.start({ cpu: 0, options: VcpuOption.HLOS_VM });
  const guest = r.start({ priority: 0, sliceNs: 100_000, options: PROXY, group });
  const cap = r.cap(guest);
  return {
    r,
    hlos,
    guest,
    cap,
    run: (...resume) => r.call(hlos, Call.VCPU_RUN, cap, ...resume)?.slice(0, 5),
    check: () => (r.call(hlos, Call.VCPU_RUN_CHECK, cap) ?? []).slice(0, 5),
  };
}

/** Results in the caller's registers once it is back. */
const results = (v: Vcpu): bigint[] => [...v.x.subarray(0, 5)];

test('power-on raises the wake-up vIRQ of a proxied vCPU', () => {
  const { r, guest } = pair();
  expect(r.edges).toEqual([{ owner: guest.id, kind: SourceKind.VCPU_RUN_WAKEUP }]);
});

test('vcpu_run ends with READY when the guest yields', () => {
  const { r, hlos, guest, run } = pair();
  expect(run()).toBeUndefined();
  expect(r.on(0)).toBe(guest.id);
  expect(guest.entries).toBe(1);
  r.call(guest, Call.SCHEDULER_YIELD, 0n);
  expect(r.on(0)).toBe(hlos.id);
  expect(results(hlos)).toEqual([0n, 0n, 0n, 0n, 0n]);
  expect(guest.block).toBe(Block.RUN);
});

test('vcpu_run is READY at once while the caller has a deliverable interrupt', () => {
  const { r, hlos, guest, run } = pair();
  r.pending.add(hlos.id);
  expect(run()).toEqual([0n, 0n, 0n, 0n, 0n]);
  expect(guest.entries).toBe(0);
});

test('vcpu_run ends when the slice of the caller ends, and when the caller is interrupted', () => {
  const { r, hlos, guest, run } = pair();
  run();
  r.advance(5_000_000);
  expect(r.on(0)).toBe(hlos.id);
  run();
  expect(r.on(0)).toBe(guest.id);
  r.hyp.sched.wakeup(hlos);
  r.settle();
  expect(r.on(0)).toBe(hlos.id);
  expect(results(hlos)).toEqual([0n, 0n, 0n, 0n, 0n]);
});

test('vcpu_run of a vCPU that is being moved reports BLOCKED, and runs it later', () => {
  const { r, guest, run } = pair();
  guest.block |= Block.AFFINITY_CHANGED;
  expect(run()).toEqual([0n, 3n, 0n, 0n, 0n]);
  guest.block &= ~Block.AFFINITY_CHANGED;
  expect(run()).toBeUndefined();
  expect(r.on(0)).toBe(guest.id);
});

test('WFI reports EXPECTS_WAKEUP, again and again, until an interrupt comes', () => {
  const { r, hlos, guest, run } = pair();
  run();
  expect(waitForInterrupt(r.hyp, guest)).toBe(false);
  expect(results(hlos)).toEqual([0n, 1n, 0n, 1n, 0n]);
  expect(run()).toEqual([0n, 1n, 0n, 1n, 0n]);
  r.edges.length = 0;
  r.hyp.sched.wakeup(guest);
  expect(r.edges).toEqual([{ owner: guest.id, kind: SourceKind.VCPU_RUN_WAKEUP }]);
  expect(run()).toBeUndefined();
  expect(r.on(0)).toBe(guest.id);
});

test('WFI without a power group is a suspend with the default power state', () => {
  const { r, hlos, guest, run } = pair(false);
  run();
  waitForInterrupt(r.hyp, guest);
  expect(results(hlos)).toEqual([0n, 1n, 0x10001n, 2n, 0n]);
});

test('a read of the manager returns the supplied value to the register, a write the whole source register', () => {
  const { r, hlos, guest, run } = pair();
  r.vmmio.push({ base: 0x4000, size: 0x1000 });
  run();
  const pc = guest.pc;
  const read = handleDataAbort(r.hyp, guest, access({ ipa: 0x4010, size: 1 }), Fault.TRANSLATION, AT);
  expect(read.kind).toBe('blocked');
  expect(results(hlos)).toEqual([0n, 4n, 0x4010n, 1n, 0n]);
  run(0x1_2345_6789n);
  expect(guest.x[3]).toBe(0x2345_6789n);
  expect(guest.pc).toBe(pc + 4n);
  const write = access({ ipa: 0x4ffc, write: true, value: 0xaabb_ccdd_1122_3344n });
  handleDataAbort(r.hyp, guest, write, Fault.TRANSLATION, AT);
  expect(results(hlos)).toEqual([0n, 5n, 0x4ffcn, 4n, 0xaabb_ccdd_1122_3344n]);
  expect(run(0x99n)).toBeUndefined();
  expect(r.on(0)).toBe(guest.id);
  expect(guest.vmmio).toBeNull();
});

test('sign extension of a device read does not mask the supplied value first', () => {
  const { r, guest, run } = pair();
  r.vmmio.push({ base: 0x4000, size: 0x1000 });
  run();
  handleDataAbort(r.hyp, guest, access({ ipa: 0x4000, size: 1, signed: true, wide: true }), Fault.TRANSLATION, AT);
  run(0x80n);
  expect(guest.x[3]).toBe(0xffff_ffff_ffff_ff80n);
  handleDataAbort(r.hyp, guest, access({ ipa: 0x4000, size: 1, signed: true }), Fault.TRANSLATION, AT);
  run(0x1122_3388n);
  expect(guest.x[3]).toBe(0x1122_3288n);
});

test('an access outside the ranges, without a syndrome, or by a vCPU that is not proxied is injected as an abort', () => {
  const { r, hlos, guest, run } = pair();
  r.vmmio.push({ base: 0x4000, size: 0x1000 });
  run();
  const abort = { kind: 'exception', exception: { esr: 0x9600_0010, far: 0x4ffen } };
  expect(handleDataAbort(r.hyp, guest, access({ ipa: 0x4ffe }), Fault.TRANSLATION, AT)).toEqual(abort);
  const pair8 = access({ ipa: 0x4000, isv: false, va: 0x4ffen });
  expect(handleDataAbort(r.hyp, guest, pair8, Fault.TRANSLATION, AT)).toEqual(abort);
  const other = access({ ipa: 0x4000, va: 0x4ffen });
  expect(handleDataAbort(r.hyp, hlos, other, Fault.TRANSLATION, AT)).toEqual(abort);
});

test('an address above every stage-2 table is no address of a range at 0', () => {
  // Recorded: a load at 2^36 by a guest with a virtio page at 0 is an external abort.
  const { r, guest, run } = pair();
  r.vmmio.push({ base: 0, size: 0x1000 });
  run();
  const above = handleDataAbort(r.hyp, guest, access({ ipa: 2 ** 36, va: 1n << 36n }), Fault.TRANSLATION, AT);
  expect(above).toEqual({ kind: 'exception', exception: { esr: 0x9600_0010, far: 1n << 36n } });
});

test('a range above what a stage-2 table can hold takes its accesses', () => {
  const { r, guest, run } = pair();
  r.vmmio.push({ base: 2 ** 40, size: 0x1000 });
  run();
  const above = access({ ipa: 2 ** 40, va: 1n << 40n });
  expect(handleDataAbort(r.hyp, guest, above, Fault.TRANSLATION, AT)).toEqual({ kind: 'blocked' });
});

test('an abort in the own synchronous vector halts the vCPU with FAULT', () => {
  const { r, hlos, guest, run } = pair();
  run();
  const at = { pc: 0x1_0204n, vbar: 0x1_0000n, fromEl0: false };
  expect(handleDataAbort(r.hyp, guest, access({ ipa: 0x9000 }), Fault.TRANSLATION, at).kind).toBe('halted');
  expect(results(hlos)).toEqual([0n, 6n, 0n, 0n, 0n]);
  expect(r.edges.at(-1)).toEqual({ owner: guest.id, kind: SourceKind.VCPU_HALT });
});

test('a fault at the end of the slice is not heard of: the vCPU is blocked before it raises its halt interrupt', () => {
  const { r, hlos, guest, run } = pair();
  expireOnFault(r.hyp, 0);
  run();
  const at = { pc: 0x1_0204n, vbar: 0x1_0000n, fromEl0: false };
  expect(handleDataAbort(r.hyp, guest, access({ ipa: 0x9000 }), Fault.TRANSLATION, at).kind).toBe('halted');
  expect(results(hlos)).toEqual([0n, 6n, 0n, 0n, 0n]);
  expect(r.edges).not.toContainEqual({ owner: guest.id, kind: SourceKind.VCPU_HALT });
  expect(run()).toEqual([0n, 6n, 0n, 0n, 0n]);
});

test('a slice that is to end at a wake-up ends there, once, and not where the guest blocks', () => {
  const woken = (chosen: boolean, blocks: boolean): boolean => {
    const { r, guest, run } = pair();
    const other = r.make({ cpu: 0 });
    expect(r.hyp.activate(other)).toBe(0);
    if (chosen) expireOnWake(r.hyp, 0);
    run();
    expect(r.on(0)).toBe(guest.id);
    if (blocks) waitForInterrupt(r.hyp, guest);
    powerOn(r.hyp, other, 0n, 0n);
    r.settle();
    return r.on(0) === other.id;
  };
  expect(woken(true, false)).toBe(true);
  expect(woken(false, false)).toBe(false);
  expect(woken(true, true)).toBe(false);
});

test('a killed vCPU needs one more run to exit, and then stays POWERED_OFF with the exited flag', () => {
  const { r, guest, run, check } = pair();
  run();
  r.call(guest, Call.SCHEDULER_YIELD, 0n);
  expect(kill(r.hyp, guest)).toBe(0);
  expect(check()).toEqual([31n, 3n, 0n, 0n, 0n]);
  expect(run()).toEqual([0n, 2n, 1n, 0n, 0n]);
  expect(guest.life).toBe(Life.EXITED);
  expect(run()).toEqual([0n, 2n, 1n, 0n, 0n]);
  expect(kill(r.hyp, guest)).toBe(0);
  guest.block |= Block.OFF;
  expect(powerOn(r.hyp, guest, 0n, 0n)).toBe(36);
});

test('vcpu_run of a vCPU that is not proxied, and inside another run, is BUSY', () => {
  const { r, hlos, guest, cap, run } = pair();
  expect(r.call(hlos, Call.VCPU_RUN, r.cap(hlos))?.[0]).toBe(31n);
  run();
  expect(r.call(guest, Call.VCPU_RUN, cap)?.[0]).toBe(31n);
});

test('a run of a vCPU pinned elsewhere is DENIED and leaves it unblocked for ever', () => {
  const { r, hlos } = pair();
  const pinned = r.start({ cpu: 1, options: PROXY | VcpuOption.PINNED });
  const cap = r.cap(pinned);
  expect(r.call(hlos, Call.VCPU_RUN, cap)?.[0]).toBe(30n);
  expect(pinned.block).toBe(0);
  expect(r.call(hlos, Call.VCPU_RUN, cap)?.[0]).toBe(31n);
});

test('vcpu_run_check is BUSY for a runnable vCPU and tells why a native one is off', () => {
  const { r, hlos } = pair();
  const off = r.make({ cpu: 1 });
  r.hyp.activate(off);
  expect(r.call(hlos, Call.VCPU_RUN_CHECK, r.cap(off))?.slice(0, 3)).toEqual([0n, 2n, 0n]);
  expect(r.call(hlos, Call.VCPU_RUN_CHECK, r.cap(hlos))?.slice(0, 2)).toEqual([31n, 0n]);
});

test('binding the wake-up vIRQ turns proxy scheduling on, unless the vCPU runs', () => {
  const { r, hlos } = pair();
  const v = r.make({ cpu: 1 });
  v.wakeupVirq.vic = -1;
  r.hyp.activate(v);
  const vic = r.cap(r.hyp.get(v.haltVirq.vic));
  const cap = r.cap(v);
  expect(r.call(hlos, Call.VCPU_BIND_VIRQ, cap, vic, 40n, 2n)?.[0]).toBe(1n);
  expect(r.call(hlos, Call.VCPU_BIND_VIRQ, cap, vic, 40n, 1n)?.[0]).toBe(0n);
  expect(v.block & Block.RUN).not.toBe(0);
  expect(r.call(hlos, Call.VCPU_UNBIND_VIRQ, cap, 1n)?.[0]).toBe(0n);
  expect(v.proxied).toBe(true);
  expect(r.call(hlos, Call.VCPU_BIND_VIRQ, r.cap(hlos), vic, 41n, 1n)?.[0]).toBe(31n);
});

test('a run by SMCCC writes only the result registers', () => {
  const { r, hlos, guest, cap } = pair();
  const id = 0xc600_8000n | BigInt(Call.VCPU_RUN);
  r.smccc(hlos, id, cap, 0n, 0n, 0n, 0n, 0x66n, 0x77n, 0x88n);
  waitForInterrupt(r.hyp, guest);
  expect([...hlos.x.subarray(0, 9)]).toEqual([0n, 1n, 0n, 1n, 0n, 0n, 0x66n, 0x77n, 0x88n]);
});

test('a run moves the vCPU to the CPU of the caller', () => {
  const { r, guest, run } = pair();
  setAffinity(r.hyp, guest, 1);
  run();
  expect(guest.running).toBe(0);
});
