import { expect, test } from 'vitest';
import { smcccCall } from '../../src/hyp/smccc.js';
import { Call, Platform } from '../../src/protocol/index.js';
import type { Vcpu } from '../../src/vcpu/index.js';
import { type Rig, rig } from '../vcpu/rig.js';

const ALL_ONES = 0xffff_ffff_ffff_ffffn;
const UID = [0xcd8fd5c1n, 0xdb5f53a4n, 0x36ce6592n, 0x145f3d67n];
const JUNK = [0x1_1111_1111n, 0x2_2222_2222n, 0x3_3333_3333n, 0x44n, 0x55n, 0x66n, 0x77n];

function machine(): { r: Rig; v: Vcpu; call: (id: bigint, ...args: bigint[]) => bigint[] } {
  const r = rig();
  const v = r.start({ cpu: 0 });
  const call = (id: bigint, ...args: bigint[]) => {
    v.x.fill(0n);
    [id, ...args].forEach((a, i) => {
      v.x[i] = a;
    });
    smcccCall(r.hyp, v, 0);
    return [...v.x.subarray(0, 8)];
  };
  return { r, v, call };
}

test('a handled 32-bit call clears the upper halves of x1 to x3, an unhandled one touches only x0', () => {
  const { call } = machine();
  expect(call(0x8000_0000n, ...JUNK)).toEqual([0x10003n, 0x1111_1111n, 0x2222_2222n, 0x3333_3333n, ...JUNK.slice(3)]);
  expect(call(0x8000_7fffn, ...JUNK)).toEqual([ALL_ONES, ...JUNK]);
  expect(call(0xc000_0000n, ...JUNK)).toEqual([ALL_ONES, ...JUNK]);
  expect(call(0x0000_0000n, ...JUNK)).toEqual([ALL_ONES, ...JUNK]);
});

test('junk above bit 31 and the SVE hint are ignored, bits 23 to 17 must be zero', () => {
  const { call } = machine();
  expect(call(0xdead_beef_8001_0000n)[0]).toBe(0x10003n);
  for (const bit of [17n, 20n, 23n]) expect(call(0x8000_0000n | (1n << bit))[0]).toBe(ALL_ONES);
});

test('immediates other than 0 are unknown', () => {
  const { r, v } = machine();
  v.x.set([0x8000_0000n, 5n]);
  smcccCall(r.hyp, v, 1);
  expect([v.x[0], v.x[1]]).toEqual([ALL_ONES, 5n]);
});

test('the vendor service tells UID and the 64-bit revision', () => {
  const { call } = machine();
  expect(call(0x8600_ff01n, ...JUNK).slice(0, 5)).toEqual([...UID, 0x44n]);
  expect(call(0x8600_ff03n, ...JUNK)).toEqual([Platform.API_INFO, ...JUNK]);
  for (const id of [0x8600_ff00n, 0xc600_ff01n, 0xc600_ff03n, 0x8600_0000n, 0x8600_4000n, 0x0600_ff01n]) {
    expect(call(id, ...JUNK)).toEqual([ALL_ONES, ...JUNK]);
  }
});

test('standard hypervisor calls and ARCH_FEATURES', () => {
  const { call } = machine();
  expect(call(0x8500_ff01n).slice(0, 4)).toEqual(UID);
  expect(call(0x8500_ff03n, 9n, 8n).slice(0, 3)).toEqual([1n, 0n, 8n]);
  const features = (id: bigint) => call(0x8000_0001n, id)[0];
  for (const id of [0x8000_0000n, 0x8000_0001n, 0x8500_ff01n, 0x8500_ff03n]) expect(features(id)).toBe(0n);
  for (const id of [0x8000_0002n, 0x8600_ff01n, 0xc500_0020n, 0n]) expect(features(id)).toBe(0xffff_ffffn);
});

test('hypercalls by function id skip the reserved argument and write only their results', () => {
  const { call } = machine();
  expect(call(0xc600_8000n, ...JUNK)).toEqual([Platform.API_INFO, Platform.API_FLAGS_0, 0n, 0n, ...JUNK.slice(3)]);
  const fn = 0xc600_8000n | BigInt(Call.VCPU_KILL);
  expect(call(fn, 0x3en, 0x99n, 0x88n)).toEqual([1n, 0x3en, 0x99n, 0x88n, 0n, 0n, 0n, 0n]);
  expect(call(0xc600_8008n, 5n)).toEqual([ALL_ONES, 5n, 0n, 0n, 0n, 0n, 0n, 0n]);
  expect(call(0x8600_8000n)[0]).toBe(ALL_ONES);
  expect(call(0xc600_8001n)[0]).toBe(ALL_ONES);
});

test('TRNG gives the wanted number of bits, lowest word in x3', () => {
  const { call } = machine();
  expect(call(0x8400_0050n, ...JUNK).slice(0, 5)).toEqual([0x10000n, 0n, 0n, 0n, 0x44n]);
  expect(call(0x8400_0051n, 0xc400_0053n)[0]).toBe(0n);
  expect(call(0x8400_0051n, 0xc400_0050n)[0]).toBe(ALL_ONES);
  expect(call(0x8400_005fn)[0]).toBe(0xffff_ffffn);
  expect(call(0xc400_0052n)[0]).toBe(ALL_ONES);
  for (const [id, width] of [
    [0x8400_0053n, 32n],
    [0xc400_0053n, 64n],
  ] as const) {
    for (let bits = 1n; bits <= 3n * width; bits += 7n) {
      const [error, high, mid, low] = call(id, bits);
      expect(error).toBe(0n);
      const value = (high << (2n * width)) | (mid << width) | low;
      expect(value < 1n << bits).toBe(true);
      expect([high, mid, low].every((w) => w < 1n << width)).toBe(true);
    }
    for (const bits of [0n, 3n * width + 1n]) {
      expect(call(id, bits, 1n, 2n, 3n).slice(0, 5)).toEqual([ALL_ONES - 1n, 0n, 0n, 0n, 3n]);
    }
  }
});

test('prng_get_entropy checks size and alignment and allows four reads in 33 ms', () => {
  const { r, v } = machine();
  const read = (bytes: bigint) => r.call(v, Call.PRNG_GET_ENTROPY, bytes) ?? [];
  expect(read(0n)[0]).toBe(2n);
  expect(read(20n)[0]).toBe(2n);
  expect(read(6n)[0]).toBe(3n);
  expect(read(8n).slice(3)).toEqual([0n, 0n, 0n, 0n, 0n]);
  for (let i = 0; i < 3; i++) expect(read(16n)[0]).toBe(0n);
  expect(read(16n)[0]).toBe(31n);
  r.advance(33_000_000);
  expect(read(16n)[0]).toBe(31n);
  r.advance(1);
  expect(read(16n)[0]).toBe(0n);
});

test('trace classes ERROR and LOG_BUFFER cannot be changed', () => {
  const { r, v } = machine();
  const update = (set: bigint, clear: bigint) => r.call(v, Call.TRACE_UPDATE_CLASS_FLAGS, set, clear)?.[1];
  expect(update(0n, 0n)).toBe(0x700e7n);
  expect(update(0n, ALL_ONES)).toBe(0x21n);
  expect(update(0x100n, 0x21n)).toBe(0x121n);
});
