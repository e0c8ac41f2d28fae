/** What surprises about memory parcels (spec/quirks.toml): one test each. */
import { expect, test } from 'vitest';
import { le32 } from '../../../src/base/index.js';
import { Msg } from '../../../src/protocol/index.js';
import { lookupParcel, releaseLastParcel } from '../../../src/rm/memparcel/index.js';
import { acl, addVm, ask, fakeRm, HLOS_BASE, HLOS_PAGES, list, name, sgl, u8, u16, u32 } from '../fake-rm.js';

const VM = 0x80;
const PAGE = 4096;
const APPEND = 2 << 16;
const DONE = 128;
const page = (n: number): number => HLOS_BASE + n * PAGE;

/** HLOS lends two regions to a VM. */
function lent(memType = 0, flags = 0) {
  const fake = fakeRm();
  const vm = addVm(fake.rm, VM);
  const regions = list(sgl(page(0), PAGE), sgl(page(2), PAGE));
  const head = [u8(memType), new Uint8Array(1), u16(flags >>> 16), u32(0)];
  expect(name(ask(fake.rm, 3, Msg.MEM_LEND, ...head, list(acl(VM)), regions).error)).toBe('OK');
  return {
    ...fake,
    vm,
    accept: (at: Uint8Array, type = memType) =>
      ask(fake.rm, VM, Msg.MEM_ACCEPT, u32(0), u8(type), u8(1), u8(DONE), u8(0), u32(0), list(), at, list()),
    release: () => name(ask(fake.rm, VM, Msg.MEM_RELEASE, u32(0), u32(0)).error),
  };
}
const ANYWHERE = list();

test('MEM_ACCEPT returns addresses only when the request listed none', () => {
  expect(lent().accept(ANYWHERE).data.length).toBe(4 + 2 * 16);
  const { error, data } = lent().accept(list(sgl(0x8000_0000, PAGE), sgl(0x9000_0000, PAGE)));
  expect([name(error), data.length]).toEqual(['OK', 0]);
});

test('a parcel whose APPEND is unfinished can be accepted, and releasing it freezes its list', () => {
  const t = lent(0, APPEND);
  const append = (n: number) => name(ask(t.rm, 3, Msg.MEM_APPEND, u32(0), u32(0), list(sgl(page(n), PAGE))).error);
  expect(append(4)).toBe('OK');
  expect(name(t.accept(ANYWHERE).error)).toBe('OK');
  expect(t.release()).toBe('OK');
  expect(append(6)).toBe('DENIED');
});

test('unknown memory types and flags are accepted, and MEM_ACCEPT must repeat the type', () => {
  const t = lent(9, 0xfc00_0000);
  expect(name(t.accept(ANYWHERE, 0).error)).not.toBe('OK');
  expect(name(t.accept(ANYWHERE).error)).toBe('OK');
});

test('neither accepting nor releasing tells the owner, but a reset of the VM does', () => {
  const t = lent();
  t.accept(ANYWHERE);
  t.release();
  t.accept(ANYWHERE);
  expect(t.hv.sent).toEqual([]);
  releaseLastParcel(t.rm, t.vm);
  expect(t.hv.sent.map(({ vmid, bytes }) => [vmid, le32(bytes, 4)])).toEqual([[3, Msg.N_MEM_RELEASED]]);
});

test('MEM_QCOM_LOOKUP_SGL never finds a parcel of which one SGL entry became several regions', () => {
  const { rm, hv, hlos } = fakeRm();
  addVm(rm, VM);
  // Behind the memory of HLOS lies more of it, elsewhere in physical memory.
  const border = page(HLOS_PAGES);
  const far = 0x9000_0000;
  hv.owner.set(far / PAGE, hlos.ddrMe);
  hv.mapPartial(3n, hlos.ddrMe, border, far, PAGE, 7);
  const lend = (ipa: number, size: number): string =>
    name(ask(rm, 3, Msg.MEM_LEND, u32(0), u32(0), list(acl(VM)), list(sgl(ipa, size))).error);
  const find = (ipa: number, size: number): string =>
    name(ask(rm, 3, Msg.MEM_QCOM_LOOKUP_SGL, u32(0), u32(0), list(acl(VM)), list(sgl(ipa, size))).error);
  expect([lend(page(0), 2 * PAGE), find(page(0), 2 * PAGE)]).toEqual(['OK', 'OK']);
  expect(lend(border - PAGE, 2 * PAGE)).toBe('OK');
  expect(lookupParcel(rm, 1)?.regions).toHaveLength(2);
  expect(find(border - PAGE, 2 * PAGE)).toBe('LOOKUP_FAILED');
});
