/** What surprises about vCPUs and proxy scheduling (spec/quirks.toml): one test each. */
import { expect, test } from 'vitest';
import { SourceKind } from '../../src/hyp/index.js';
import { Call, VcpuOption, VcpuRunState } from '../../src/protocol/index.js';
import { kill, powerOn, type Vcpu, waitForInterrupt } from '../../src/vcpu/index.js';
import { PROXY, type Rig, rig } from './rig.js';

const SYSTEM_OFF = 0x8400_0008n;
const SYSTEM_RESET = 0x8400_0009n;
const RESET = BigInt(VcpuRunState.PSCI_SYSTEM_RESET);
const OFF = BigInt(VcpuRunState.POWERED_OFF);

/** A manager, and a VM of two proxied vCPUs, both on. */
function pair(): { r: Rig; manager: Vcpu; guests: Vcpu[]; run(i?: number): bigint[] | undefined; last(): bigint[] } {
  const r = rig(2);
  const group = r.group(true).id;
  const manager = r.start({ cpu: 0, options: VcpuOption.HLOS_VM });
  const guests = [0, 1].map((index) => r.start({ priority: 0, options: PROXY, group, index }));
  const caps = guests.map((v) => r.cap(v));
  return {
    r,
    manager,
    guests,
    run: (i = 0) => r.call(manager, Call.VCPU_RUN, caps[i])?.slice(0, 3),
    last: () => [...manager.x.subarray(0, 3)],
  };
}

test('SYSTEM_RESET is reported for ever, even after the vCPU was powered on again and waits', () => {
  const { r, guests, run, last } = pair();
  const [guest] = guests;
  run();
  r.smccc(guest, SYSTEM_RESET);
  expect([last(), run(), run()].map((x) => x?.[1])).toEqual([RESET, RESET, RESET]);
  expect(powerOn(r.hyp, guest, 0x1000n, 0n)).toBe(0);
  expect(run()).toBeUndefined();
  expect(r.on(0)).toBe(guest.id);
  waitForInterrupt(r.hyp, guest);
  expect(last()[1]).toBe(RESET);
});

test('SYSTEM_OFF is reported with data 0 until the vCPU was killed and has exited, then with data 1', () => {
  const { r, guests, run, last } = pair();
  const [guest] = guests;
  run();
  r.smccc(guest, SYSTEM_OFF);
  expect([last(), run()]).toEqual([
    [0n, OFF, 0n],
    [0n, OFF, 0n],
  ]);
  expect(kill(r.hyp, guest)).toBe(0);
  expect([run(), run()]).toEqual([
    [0n, OFF, 1n],
    [0n, OFF, 1n],
  ]);
});

test('a vCPU that is killed raises its wake-up interrupt, whatever it waited for', () => {
  const { r, guests } = pair();
  r.edges.length = 0;
  for (const v of guests) expect(kill(r.hyp, v)).toBe(0);
  expect(r.edges).toEqual(guests.map((v) => ({ owner: v.id, kind: SourceKind.VCPU_RUN_WAKEUP })));
});

test('the first directed yield or vcpu_run after a slice that ran out unnoticed ends at once, READY, without the target', () => {
  const late = (slices: number): [bigint | undefined, number] => {
    const { r, guests, run } = pair();
    r.advance(slices * 5_000_000);
    return [run()?.[1], guests[0].entries];
  };
  expect(late(0.5)).toEqual([undefined, 1]);
  expect(late(1.5)).toEqual([BigInt(VcpuRunState.READY), 0]);
});
