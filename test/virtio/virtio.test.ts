import { beforeEach, expect, test } from 'vitest';
import { ObjectState } from '../../src/hyp/index.js';
import { Call, HypError, ObjectType } from '../../src/protocol/index.js';
import type { Vcpu } from '../../src/vcpu/index.js';
import { frontendWrite, Reason, Reg, registerVirtio, Status, type VirtioMmio } from '../../src/virtio/index.js';
import { type Rig, rig } from '../vcpu/rig.js';

const PAGE = 0x5000;
let r: Rig;
let v: Vcpu;
let memory: Uint8Array;
let attached: number[];
let extent: bigint;
let edge: boolean;
const asserted: number[] = [];

const word = (offset: number): number => new DataView(memory.buffer).getUint32(PAGE + offset, true);
const x = (num: number, ...args: bigint[]): bigint[] => r.call(v, num, ...args) ?? [];

beforeEach(() => {
  r = rig(1);
  memory = new Uint8Array(0x10000);
  attached = [];
  asserted.length = 0;
  edge = true;
  r.hyp.mem = {
    ...r.hyp.mem,
    readPhys: (pa, to) => to.set(memory.subarray(pa, pa + to.length)),
    writePhys: (pa, from) => memory.set(from, pa),
    basicExtent: () => ({ base: PAGE, size: 0x1000 }),
    attachExtent: (e) => {
      attached.push(e.id);
      return HypError.OK;
    },
    detachExtent: (e) => {
      attached = attached.filter((id) => id !== e.id);
    },
    copyFromGuest: (_t, va, size, to, max) => {
      if (size === 0n || size > BigInt(max)) return HypError.ARGUMENT_SIZE;
      to.set(memory.subarray(Number(va), Number(va + size)));
      return HypError.OK;
    },
  };
  r.hyp.vic = { ...r.hyp.vic, assertSource: (s) => void asserted.push(s.kind), isEdge: () => edge };
  registerVirtio(r.hyp);
  r.hyp.kind(ObjectType.MEMEXTENT, { create: (_h, o) => o, activate: () => HypError.OK });
  v = r.start({ cpu: 0 });
  const me = r.hyp.create(ObjectType.MEMEXTENT, v.partition);
  if (typeof me === 'number') throw new Error('extent');
  r.hyp.setState(me, ObjectState.ACTIVE);
  extent = r.cap(me);
});

/** An active device and its capability. */
function device(queues = 2n, type?: bigint): { d: VirtioMmio; cap: bigint } {
  const d = r.hyp.create<VirtioMmio>(ObjectType.VIRTIO_MMIO, v.partition);
  if (typeof d === 'number') throw new Error('device');
  const cap = r.cap(d);
  const flags = type === undefined ? 0n : 1n << 6n;
  expect(x(Call.VIRTIO_MMIO_CONFIGURE, cap, extent, queues, flags, type ?? 0n)[0]).toBe(0n);
  expect(r.hyp.activate(d)).toBe(HypError.OK);
  return { d, cap };
}

test('configuration refuses too many queues and unknown device types', () => {
  const d = r.hyp.create<VirtioMmio>(ObjectType.VIRTIO_MMIO, v.partition);
  if (typeof d === 'number') throw new Error('device');
  const cap = r.cap(d);
  expect(x(Call.VIRTIO_MMIO_CONFIGURE, cap, extent, 17n, 0n, 0n)[0]).toBe(1n);
  expect(x(Call.VIRTIO_MMIO_CONFIGURE, cap, extent, 1n, 1n << 6n, 2n)[0]).toBe(1n);
  expect(r.hyp.activate(d)).toBe(HypError.OBJECT_CONFIG);
  expect(x(Call.VIRTIO_MMIO_CONFIGURE, cap, extent, 1n, 0n, 0n)[0]).toBe(33n);
});

test('a page backs one device at a time', () => {
  const { d } = device();
  expect(attached).toEqual([d.extent]);
  const other = r.hyp.create<VirtioMmio>(ObjectType.VIRTIO_MMIO, v.partition);
  if (typeof other === 'number') throw new Error('device');
  x(Call.VIRTIO_MMIO_CONFIGURE, r.cap(other), extent, 1n);
  expect(r.hyp.activate(other)).toBe(HypError.BUSY);
});

test('features become visible when the driver selects their bank', () => {
  const { d, cap } = device();
  expect(x(Call.VIRTIO_MMIO_BACKEND_SET_DEV_FEATURES, cap, 1n, 1n)[0]).toBe(30n);
  expect(x(Call.VIRTIO_MMIO_BACKEND_SET_DEV_FEATURES, cap, 1n, 0x43n)[0]).toBe(30n);
  expect(x(Call.VIRTIO_MMIO_BACKEND_SET_DEV_FEATURES, cap, 1n, 3n)[0]).toBe(0n);
  expect(x(Call.VIRTIO_MMIO_BACKEND_SET_DEV_FEATURES, cap, 2n, 3n)[0]).toBe(1n);
  expect(word(Reg.DEV_FEATURES)).toBe(0);
  expect(frontendWrite(r.hyp, d, Reg.DEV_FEATURES_SEL, 4, 1)).toBe(true);
  expect(word(Reg.DEV_FEATURES)).toBe(3);
  expect(frontendWrite(r.hyp, d, Reg.DEV_FEATURES_SEL, 4, 2)).toBe(false);
  frontendWrite(r.hyp, d, Reg.DRV_FEATURES_SEL, 4, 1);
  frontendWrite(r.hyp, d, Reg.DRV_FEATURES, 4, 0xabc);
  expect(x(Call.VIRTIO_MMIO_BACKEND_GET_DRV_FEATURES, cap, 1n)[1]).toBe(0xabcn);
});

test('queue registers are banked', () => {
  const { d, cap } = device();
  expect(x(Call.VIRTIO_MMIO_BACKEND_SET_QUEUE_NUM_MAX, cap, 1n, 64n)[0]).toBe(0n);
  expect(x(Call.VIRTIO_MMIO_BACKEND_SET_QUEUE_NUM_MAX, cap, 2n, 64n)[0]).toBe(1n);
  expect(frontendWrite(r.hyp, d, Reg.QUEUE_SEL, 4, 2)).toBe(false);
  expect(frontendWrite(r.hyp, d, Reg.QUEUE_SEL, 4, 1)).toBe(true);
  expect(word(Reg.QUEUE_NUM_MAX)).toBe(64);
  const writes: [number, number][] = [
    [Reg.QUEUE_NUM, 32],
    [Reg.QUEUE_DESC_LOW, 0x1000],
    [Reg.QUEUE_DESC_HIGH, 1],
    [Reg.QUEUE_DRV_LOW, 0x2000],
    [Reg.QUEUE_DEV_HIGH, 0xffff_ffff],
    [Reg.QUEUE_READY, 1],
  ];
  for (const [offset, value] of writes) expect(frontendWrite(r.hyp, d, offset, 4, value)).toBe(true);
  expect(x(Call.VIRTIO_MMIO_BACKEND_GET_QUEUE_INFO, cap, 1n).slice(0, 6)).toEqual([
    0n,
    32n,
    1n,
    0x1_0000_1000n,
    0x2000n,
    0xffff_ffff_0000_0000n,
  ]);
  expect(x(Call.VIRTIO_MMIO_BACKEND_GET_QUEUE_INFO, cap, 0n).slice(0, 3)).toEqual([0n, 0n, 0n]);
});

test('a notification is collected once', () => {
  const { d, cap } = device();
  d.frontend.vic = 1;
  frontendWrite(r.hyp, d, Reg.QUEUE_NOTIFY, 4, 0);
  frontendWrite(r.hyp, d, Reg.QUEUE_NOTIFY, 4, 1);
  expect(asserted.length).toBe(2);
  const get = () => x(Call.VIRTIO_MMIO_BACKEND_GET_NOTIFICATION, cap).slice(0, 3);
  expect(get()).toEqual([0n, 3n, BigInt(Reason.NEW_BUFFER)]);
  expect(get()).toEqual([0n, 0n, 0n]);
});

test('a reset needs an edge interrupt of the backend, or the driver gets an abort', () => {
  const { d, cap } = device();
  expect(frontendWrite(r.hyp, d, Reg.STATUS, 4, 0)).toBe(true);
  frontendWrite(r.hyp, d, Reg.STATUS, 4, 7);
  expect(d.reason).toBe(Reason.DRIVER_OK);
  expect(frontendWrite(r.hyp, d, Reg.STATUS, 4, 0)).toBe(false);
  expect(word(Reg.STATUS)).toBe(7 | Status.NEEDS_RESET);
  d.frontend.vic = 1;
  expect(frontendWrite(r.hyp, d, Reg.STATUS, 4, 0)).toBe(true);
  edge = false;
  expect(frontendWrite(r.hyp, d, Reg.STATUS, 4, 0)).toBe(false);
  expect(x(Call.VIRTIO_MMIO_BACKEND_ASSERT_VIRQ, cap, 1n)[0]).toBe(30n);
  expect(x(Call.VIRTIO_MMIO_BACKEND_ACKNOWLEDGE_RESET, cap)[0]).toBe(0n);
  expect(word(Reg.STATUS)).toBe(0);
});

test('the backend raises interrupt status bits and the driver clears them', () => {
  const { d, cap } = device();
  expect(x(Call.VIRTIO_MMIO_BACKEND_ASSERT_VIRQ, cap, 3n)[0]).toBe(0n);
  expect(word(Reg.INTERRUPT_STATUS)).toBe(3);
  frontendWrite(r.hyp, d, Reg.INTERRUPT_ACK, 4, 1);
  expect(word(Reg.INTERRUPT_STATUS)).toBe(2);
  x(Call.VIRTIO_MMIO_BACKEND_UPDATE_STATUS, cap, 0x40n);
  expect(word(Reg.STATUS)).toBe(0x40);
});

test('accesses of other sizes, alignments and places abort', () => {
  const { d } = device();
  expect(frontendWrite(r.hyp, d, Reg.STATUS, 1, 1)).toBe(false);
  expect(frontendWrite(r.hyp, d, Reg.STATUS, 8, 1)).toBe(false);
  expect(frontendWrite(r.hyp, d, 0x102, 4, 1)).toBe(false);
  expect(frontendWrite(r.hyp, d, 0x000, 4, 1)).toBe(false);
});

test('a generic device stores configuration writes with value and size exchanged', () => {
  const { d } = device();
  memory.fill(0xee, PAGE + 0x100, PAGE + 0x110);
  expect(frontendWrite(r.hyp, d, 0x100, 1, 3)).toBe(true);
  expect([...memory.subarray(PAGE + 0x100, PAGE + 0x105)]).toEqual([1, 0, 0, 0xee, 0xee]);
});

test('virtio-input shows what the backend stored for the selection', () => {
  const { d, cap } = device(1n, 18n);
  const set = (sel: bigint, subsel: bigint, size: bigint) =>
    x(Call.VIRTIO_INPUT_SET_DATA, cap, sel, subsel, size, 0x100n)[0];
  memory.set(new TextEncoder().encode('keyboard'), 0x100);
  expect(x(Call.VIRTIO_INPUT_CONFIGURE, cap, 0x1122n, 5n, 33n, 0n)[0]).toBe(1n);
  expect(d.input?.deviceIds).toBe(0x1122n);
  expect(set(0x11n, 1n, 4n)).toBe(1n);
  expect(x(Call.VIRTIO_INPUT_CONFIGURE, cap, 0x3344n, 5n, 1n, 1n)[0]).toBe(0n);
  expect(x(Call.VIRTIO_INPUT_CONFIGURE, cap, 0x3344n, 5n, 1n, 0n)[0]).toBe(31n);
  expect(set(1n, 0n, 8n)).toBe(0n);
  expect(set(1n, 1n, 8n)).toBe(1n);
  expect(set(0x11n, 32n, 4n)).toBe(1n);
  expect(set(0x11n, 1n, 0n)).toBe(2n);
  expect(set(0x11n, 1n, 4n)).toBe(0n);
  expect(set(0x11n, 1n, 4n)).toBe(11n);
  const show = (select: number, subsel: number) => {
    expect(frontendWrite(r.hyp, d, 0x101, 1, subsel)).toBe(true);
    expect(frontendWrite(r.hyp, d, 0x100, 1, select)).toBe(true);
    const size = memory[PAGE + 0x102];
    return [...memory.subarray(PAGE + 0x108, PAGE + 0x108 + size)];
  };
  expect(String.fromCharCode(...show(1, 0))).toBe('keyboard');
  expect(show(1, 1)).toEqual([]);
  expect(show(3, 0)).toEqual([0x44, 0x33, 0, 0, 0, 0, 0, 0]);
  expect(show(0x10, 0)).toEqual([5, 0, 0, 0]);
  expect(show(0x11, 1).length).toBe(4);
  expect(show(0x77, 0)).toEqual([]);
  expect(frontendWrite(r.hyp, d, 0x100, 4, 0x0001)).toBe(false);
  expect(memory[PAGE + 0x102]).toBe(8);
  expect(frontendWrite(r.hyp, d, 0x104, 1, 1)).toBe(false);
});
