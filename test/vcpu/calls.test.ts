import { expect, test } from 'vitest';
import { NO_OBJECT, ObjectState } from '../../src/hyp/index.js';
import { Call, VcpuOption } from '../../src/protocol/index.js';
import { Block, kill, Life, schedState, type Vcpu, type VpmGroup } from '../../src/vcpu/index.js';
import { PROXY, type Rig, rig, type VcpuSpec } from './rig.js';

const OK = 0;
const ARGUMENT_INVALID = 1;
const DENIED = 30;
const BUSY = 31;
const OBJECT_STATE = 33;
const OBJECT_CONFIG = 34;

function machine() {
  const r = rig(2);
  const v = r.start({ cpu: 0, options: VcpuOption.CRITICAL });
  const error = (num: number, ...args: bigint[]) => Number(r.call(v, num, ...args)?.[0]);
  return { r, v, error };
}

const activate = (r: Rig, spec: VcpuSpec, change: (v: Vcpu) => void = () => {}): number => {
  const v = r.make(spec);
  change(v);
  return r.hyp.activate(v);
};

test('activation checks the power group first, then address space, VIC, cspace and options', () => {
  const { r } = machine();
  const group = r.group(false);
  expect(activate(r, { cpu: 0, group: group.id, index: 8 })).toBe(OBJECT_CONFIG);
  expect(activate(r, { cpu: 0, group: group.id, index: 1 })).toBe(OK);
  expect(activate(r, { cpu: 0, group: group.id, index: 1 })).toBe(DENIED);
  expect(
    activate(r, { cpu: 0 }, (v) => {
      v.addrspace = NO_OBJECT;
    }),
  ).toBe(OBJECT_CONFIG);
  r.hyp.vic.isAttached = () => false;
  expect(activate(r, { cpu: 0 })).toBe(ARGUMENT_INVALID);
  expect(
    activate(r, { cpu: 0 }, (v) => {
      v.addrspace = NO_OBJECT;
    }),
  ).toBe(OBJECT_CONFIG);
  r.hyp.vic.isAttached = () => true;
  r.hyp.vic.vcpuActivate = () => BUSY;
  expect(activate(r, { cpu: 0 })).toBe(BUSY);
  r.hyp.vic.vcpuActivate = () => OK;
  expect(
    activate(r, { cpu: 0 }, (v) => {
      v.cspace = NO_OBJECT;
    }),
  ).toBe(OBJECT_CONFIG);
  expect(activate(r, { cpu: 7 })).toBe(OBJECT_CONFIG);
  expect(activate(r, { options: VcpuOption.PINNED })).toBe(OBJECT_CONFIG);
  expect(activate(r, { options: VcpuOption.SVE_ALLOWED, cpu: 0 })).toBe(OBJECT_CONFIG);
  expect(activate(r, {})).toBe(OK);
});

test('one HLOS vCPU per CPU, pinned and critical', () => {
  const { r } = machine();
  const v = r.make({ cpu: 1, options: VcpuOption.HLOS_VM });
  expect(r.hyp.activate(v)).toBe(OK);
  expect(v.pins).toBe(1);
  expect(v.options & VcpuOption.CRITICAL).not.toBe(0n);
  expect(activate(r, { cpu: 1, options: VcpuOption.HLOS_VM })).toBe(OBJECT_CONFIG);
  expect(activate(r, { options: VcpuOption.HLOS_VM })).toBe(OBJECT_CONFIG);
});

test('a vCPU whose activation failed keeps its slot in the group after its end', () => {
  const { r } = machine();
  const group = r.group(false);
  const v = r.make({ cpu: 9, group: group.id, index: 2 });
  expect(r.hyp.activate(v)).toBe(OBJECT_CONFIG);
  expect(v.state).toBe(ObjectState.FAILED);
  const { id } = v;
  r.hyp.unref(id);
  expect(r.hyp.objects[id]).toBeUndefined();
  expect(activate(r, { cpu: 0, group: group.id, index: 2 })).toBe(DENIED);
});

test('configure, priority and slice are for INIT only and check their ranges', () => {
  const { r, error } = machine();
  const v = r.make();
  const cap = r.cap(v);
  expect(error(Call.VCPU_CONFIGURE, cap, 1n << 6n)).toBe(ARGUMENT_INVALID);
  expect(error(Call.VCPU_CONFIGURE, cap, 1n << 9n)).toBe(OK);
  expect(error(Call.VCPU_SET_PRIORITY, cap, 63n)).toBe(DENIED);
  expect(error(Call.VCPU_SET_PRIORITY, cap, 62n)).toBe(OK);
  expect(error(Call.VCPU_SET_TIMESLICE, cap, 99_999n)).toBe(ARGUMENT_INVALID);
  expect(error(Call.VCPU_SET_TIMESLICE, cap, 100_000_001n)).toBe(ARGUMENT_INVALID);
  expect(error(Call.VCPU_SET_TIMESLICE, cap, 100_015n)).toBe(OK);
  expect(v.sliceNs).toBe(100_000);
  r.hyp.activate(v);
  expect(error(Call.VCPU_SET_PRIORITY, cap, 63n)).toBe(DENIED);
  expect(error(Call.VCPU_SET_PRIORITY, cap, 1n)).toBe(OBJECT_STATE);
  expect(error(Call.VCPU_SET_TIMESLICE, cap, 1n)).toBe(OBJECT_STATE);
  expect(error(Call.VCPU_CONFIGURE, cap, 0n)).toBe(OBJECT_STATE);
  expect(v.proxied).toBe(true);
});

test('register_write works while off, in any object state, and survives the power-on', () => {
  const { r, error } = machine();
  const v = r.make({ cpu: 1 });
  const cap = r.cap(v);
  const write = (set: bigint, index: bigint, value: bigint) => error(Call.VCPU_REGISTER_WRITE, cap, set, index, value);
  expect(write(0n, 30n, 7n)).toBe(OK);
  expect(write(0n, 31n, 7n)).toBe(ARGUMENT_INVALID);
  expect(write(1n, 0n, 0x4002n)).toBe(ARGUMENT_INVALID);
  expect(write(1n, 0n, 0x4004n)).toBe(OK);
  expect(write(1n, 1n, 0x4004n)).toBe(ARGUMENT_INVALID);
  expect(write(2n, 1n, 0x5008n)).toBe(ARGUMENT_INVALID);
  expect(write(2n, 1n, 0x5010n)).toBe(OK);
  expect(write(2n, 2n, 0x5010n)).toBe(ARGUMENT_INVALID);
  expect(write(3n, 0n, 0n)).toBe(ARGUMENT_INVALID);
  r.hyp.activate(v);
  expect(write(0n, 0n, 9n)).toBe(OK);
  expect(error(Call.VCPU_POWERON, cap, 0x8000n, 1n, 4n)).toBe(ARGUMENT_INVALID);
  expect(error(Call.VCPU_POWERON, cap, 0x8000n, 1n, 3n)).toBe(OK);
  expect([v.pc, v.x[0], v.x[30], v.spEl1]).toEqual([0x4004n, 9n, 7n, 0x5010n]);
  expect(write(0n, 0n, 1n)).toBe(BUSY);
  expect(error(Call.VCPU_POWERON, cap, 0x8000n, 1n)).toBe(BUSY);
  kill(r.hyp, v);
  expect(write(0n, 0n, 1n)).toBe(OBJECT_STATE);
});

test('poweroff is for oneself and follows the power rules', () => {
  const { r, v, error } = machine();
  const other = r.start({ cpu: 1 });
  expect(error(Call.VCPU_POWEROFF, r.cap(other), 1n)).toBe(ARGUMENT_INVALID);
  const self = r.cap(v);
  expect(error(Call.VCPU_POWEROFF, self, 2n)).toBe(ARGUMENT_INVALID);
  expect(error(Call.VCPU_POWEROFF, self, 0n)).toBe(DENIED);
  expect(r.call(v, Call.VCPU_POWEROFF, self, 1n)).toBeUndefined();
  expect(v.block).toBe(Block.OFF);
  expect(r.on(0)).toBe(-1);
});

test('calls on a thread that is not active need the right state', () => {
  const { r, error } = machine();
  const cap = r.cap(r.make());
  expect(error(Call.VCPU_POWERON, cap, 0n, 0n, 0n)).toBe(OBJECT_STATE);
  expect(error(Call.VCPU_KILL, cap)).toBe(OBJECT_STATE);
});

test('a killed thread exits when it gets CPU time, and is freed with its last capability', () => {
  const { r, error } = machine();
  const low = r.start({ cpu: 0, priority: 1 });
  const cap = r.cap(low);
  expect(error(Call.VCPU_KILL, cap)).toBe(OK);
  expect(low.life).toBe(Life.KILLED);
  r.advance(10_000_000);
  expect(low.life).toBe(Life.KILLED);
  const other = r.start({ cpu: 1 });
  r.advance(1_000_000);
  kill(r.hyp, other);
  r.settle();
  expect(other.life).toBe(Life.EXITED);
  expect(r.stoppedVcpus).toContain(other.id);
  expect(error(Call.VCPU_KILL, r.cap(other))).toBe(OK);
});

test('a killed yielder finishes its call and exits', () => {
  const r = rig(1);
  const group = r.group(true).id;
  const c = r.start({ cpu: 0, group });
  const t = r.start({ cpu: 0, priority: 1, group, index: 1 });
  r.call(c, Call.SCHEDULER_YIELD, 1n, r.cap(t));
  expect(r.on(0)).toBe(t.id);
  const refs = t.refs;
  kill(r.hyp, c);
  r.advance(20_000_000);
  expect(c.life).toBe(Life.EXITED);
  expect(t.refs).toBe(refs - 1);
  expect(r.on(0)).toBe(t.id);
});

test('suicide does not return', () => {
  const r = rig(1);
  const v = r.start({ cpu: 0 });
  expect(r.call(v, Call.VCPU_KILL, r.cap(v))).toBeUndefined();
  expect(v.life).toBe(Life.EXITED);
  expect(schedState(r.hyp).cpus[0].executing).toBe(-1);
});

test('set_affinity to none needs the right DISABLE and makes a thread unscheduled', () => {
  const { r, error } = machine();
  const t = r.start({ cpu: 1 });
  r.advance(1_000_000);
  expect(r.on(1)).toBe(t.id);
  expect(error(Call.VCPU_SET_AFFINITY, r.cap(t), 0xffffn, -1n)).toBe(OK);
  r.settle();
  expect(r.on(1)).toBe(-1);
  expect(error(Call.VCPU_SET_AFFINITY, r.cap(t), 0n, 0n)).toBe(ARGUMENT_INVALID);
});

test('set_affinity to a CPU that does not exist is refused by production builds and stops the others', () => {
  const { r, error } = machine();
  const t = r.start({ cpu: 1 });
  r.hyp.config.cspaceSeed = 1;
  expect(error(Call.VCPU_SET_AFFINITY, r.cap(t), 8n, -1n)).toBe(ARGUMENT_INVALID);
  expect(error(Call.VCPU_SET_AFFINITY, 0xdeadn, 0xfffen, -1n)).toBe(ARGUMENT_INVALID);
  expect(r.hyp.dead).toBeUndefined();
  r.hyp.config.cspaceSeed = undefined;
  r.call(t, Call.VCPU_SET_AFFINITY, 0xdeadn, 0x10008n, -1n);
  expect(r.hyp.dead?.rule).toBe('hyp-affinity-out-of-range');
});

test('group calls: unknown flags first, attach while INIT, slots below 8', () => {
  const { r, error } = machine();
  const group = r.hyp.create<VpmGroup>(10, r.make().partition);
  if (typeof group === 'number') throw new Error('group');
  const cap = r.cap(group);
  expect(error(Call.VPM_GROUP_CONFIGURE, 0xdeadn, 2n)).toBe(0xffff_ffff);
  expect(error(Call.VPM_GROUP_CONFIGURE, cap, 1n)).toBe(OK);
  const v = r.make();
  expect(error(Call.VPM_GROUP_ATTACH_VCPU, cap, r.cap(v), 0n)).toBe(OBJECT_STATE);
  r.hyp.activate(group);
  expect(error(Call.VPM_GROUP_ATTACH_VCPU, cap, r.cap(v), 8n)).toBe(ARGUMENT_INVALID);
  expect(error(Call.VPM_GROUP_ATTACH_VCPU, cap, r.cap(v), 7n)).toBe(OK);
  expect(error(Call.VPM_GROUP_ATTACH_VCPU, cap, r.cap(v), 3n)).toBe(OK);
  expect([v.groupIndex, group.refs]).toEqual([3, 2]);
  r.hyp.activate(v);
  expect(error(Call.VPM_GROUP_ATTACH_VCPU, cap, r.cap(v), 3n)).toBe(OBJECT_STATE);
  expect(r.call(r.start({ cpu: 0 }), Call.VPM_GROUP_GET_STATE, cap)?.slice(0, 2)).toEqual([0n, 2n]);
});

test('a second vcpu_run caller finds the vCPU busy, a killed manager leaves it startable', () => {
  const r = rig(2);
  const m = r.start({ cpu: 0 });
  const guest = r.start({ options: PROXY, priority: 0 });
  const cap = r.cap(guest);
  r.call(m, Call.VCPU_RUN, cap);
  const other = r.start({ cpu: 1 });
  r.advance(1_000_000);
  expect(r.call(other, Call.VCPU_RUN, cap)?.[0]).toBe(31n);
  kill(r.hyp, m);
  r.settle();
  r.advance(10_000_000);
  expect(m.life).toBe(Life.EXITED);
  expect(guest.block).toBe(Block.RUN);
  // The slice of the caller ran out unnoticed while nobody else wanted the CPU: its first yield ends at once.
  expect(r.call(other, Call.VCPU_RUN, cap)?.slice(0, 2)).toEqual([0n, 0n]);
  expect(r.call(other, Call.VCPU_RUN, cap)).toBeUndefined();
  expect(guest.running).toBe(1);
});
