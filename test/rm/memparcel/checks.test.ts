import { describe, expect, test } from 'vitest';
import { fromHex, le16, le32, toHex } from '../../../src/base/index.js';
import { Msg, VmState } from '../../../src/protocol/index.js';
import { PHANDLE_UNSET } from '../../../src/rm/dt/vm-tree-types.js';
import { lookupParcel, releaseLastParcel } from '../../../src/rm/memparcel/index.js';
import { acl, addVm, ask, attr, bytes, deathOf, fakeRm, HLOS_BASE, list, name, sgl, u8, u16, u32 } from '../fake-rm.js';

const VM = 0x80;
const PAGE = 4096;
const page = (n: number) => HLOS_BASE + n * PAGE;
const create = (head: string, ...lists: Uint8Array[]) => bytes(fromHex(head) ?? '', ...lists);
const PLAIN = '00000000 77000000';
const ONE = sgl(page(0), PAGE);

function setup() {
  const fake = fakeRm();
  const vm = addVm(fake.rm, VM);
  const request = (id: number, ...payload: Uint8Array[]) => name(ask(fake.rm, 3, id, ...payload).error);
  return { ...fake, vm, request };
}

describe('MEM_LEND, MEM_SHARE, MEM_DONATE', () => {
  const cases: [string, number, Uint8Array, string][] = [
    ['19 bytes', Msg.MEM_LEND, new Uint8Array(19), 'MSG_INVALID'],
    ['bytes after the last list', Msg.MEM_LEND, create(PLAIN, list(acl(VM)), list(ONE), list(), u8(0)), 'MSG_INVALID'],
    ['a list longer than the payload', Msg.MEM_LEND, create(PLAIN, list(acl(VM)), u16(2), u16(0), ONE), 'MSG_INVALID'],
    ['513 entries', Msg.MEM_LEND, create(PLAIN, u16(513), u16(0), new Uint8Array(20)), 'NORESOURCE'],
    ['no ACL', Msg.MEM_LEND, create(PLAIN, list(), list(ONE)), 'ARGUMENT_INVALID'],
    ['no SGL', Msg.MEM_LEND, create(PLAIN, list(acl(VM)), list(), list()), 'ARGUMENT_INVALID'],
    ['donation to two', Msg.MEM_DONATE, create(PLAIN, list(acl(VM), acl(4)), list(ONE)), 'ARGUMENT_INVALID'],
    ['zeroing IO memory', Msg.MEM_LEND, create('01000100 00000000', list(acl(VM, 6)), list(ONE)), 'ARGUMENT_INVALID'],
    ['the same VM twice', Msg.MEM_LEND, create(PLAIN, list(acl(VM), acl(VM)), list(ONE)), 'ARGUMENT_INVALID'],
    ['VMID 0', Msg.MEM_LEND, create(PLAIN, list(acl(0)), list(ONE)), 'ARGUMENT_INVALID'],
    ['an unallocated dynamic VMID', Msg.MEM_LEND, create(PLAIN, list(acl(0x81)), list(ONE)), 'ARGUMENT_INVALID'],
    ['an unallocated static VMID', Msg.MEM_LEND, create(PLAIN, list(acl(31)), list(ONE)), 'OK'],
    ['RM', Msg.MEM_LEND, create(PLAIN, list(acl(255)), list(ONE)), 'OK'],
    ['rights W', Msg.MEM_LEND, create(PLAIN, list(acl(VM, 2)), list(ONE)), 'ARGUMENT_INVALID'],
    ['executable IO memory', Msg.MEM_LEND, create('01000000 00000000', list(acl(VM)), list(ONE)), 'ARGUMENT_INVALID'],
    ['donation with less than all rights', Msg.MEM_DONATE, create(PLAIN, list(acl(VM, 6)), list(ONE)), 'DENIED'],
    ['lending to oneself', Msg.MEM_LEND, create(PLAIN, list(acl(3)), list(ONE)), 'ARGUMENT_INVALID'],
    ['sharing without oneself', Msg.MEM_SHARE, create(PLAIN, list(acl(VM)), list(ONE)), 'ARGUMENT_INVALID'],
    ['attribute 4', Msg.MEM_LEND, create(PLAIN, list(acl(VM)), list(ONE), list(attr(4, VM))), 'ARGUMENT_INVALID'],
    ['DEVICE on RAM', Msg.MEM_LEND, create(PLAIN, list(acl(VM)), list(ONE), list(attr(1, VM))), 'ARGUMENT_INVALID'],
    [
      'attribute of a stranger',
      Msg.MEM_LEND,
      create(PLAIN, list(acl(VM)), list(ONE), list(attr(2, 9))),
      'VMID_INVALID',
    ],
    ['unaligned memory', Msg.MEM_LEND, create(PLAIN, list(acl(VM)), list(sgl(page(0) + 1, PAGE))), 'ARGUMENT_INVALID'],
    ['memory of nobody', Msg.MEM_LEND, create(PLAIN, list(acl(VM)), list(sgl(0x9000_0000, PAGE))), 'MEM_INVALID'],
    ['no bytes', Msg.MEM_LEND, create(PLAIN, list(acl(VM)), list(sgl(page(0), 0))), 'MEM_INVALID'],
    ['the same page twice', Msg.MEM_LEND, create(PLAIN, list(acl(VM)), list(ONE, ONE)), 'MEM_INVALID'],
    ['memory type 2', Msg.MEM_LEND, create('02000000 00000000', list(acl(VM)), list(ONE)), 'OK'],
    ['unknown flags', Msg.MEM_LEND, create('0000fc00 00000000', list(acl(VM)), list(ONE)), 'OK'],
  ];
  test.each(cases)('%s', (_, id, payload, expected) => {
    const { hv, hlos, rm, request } = setup();
    const before = new Map(hv.owner);
    expect(request(id, payload)).toBe(expected);
    if (expected === 'OK') return;
    expect(hv.owner).toEqual(before);
    expect([hv.live.size, rm.parcels.list.length]).toEqual([0, 0]);
    expect(hlos.config?.acceptedParcels).toEqual([]);
  });

  test('handles count attempts, not parcels', () => {
    const { rm, request } = setup();
    expect(request(Msg.MEM_LEND, create(PLAIN, list(acl(0)), list(ONE)))).toBe('ARGUMENT_INVALID');
    const answer = ask(rm, 3, Msg.MEM_LEND, create(PLAIN, list(acl(VM)), list(ONE)));
    expect(le32(answer.data, 0)).toBe(1);
  });

  test('the 65th parcel of a VM is refused', () => {
    const { request } = setup();
    const lend = (n: number) => request(Msg.MEM_LEND, create(PLAIN, list(acl(VM)), list(sgl(page(n), PAGE))));
    for (let n = 0; n < 64; n++) expect(lend(n)).toBe('OK');
    expect(lend(64)).toBe('DENIED');
  });

  test('SANITIZE zeroes at once', () => {
    const { hv, request } = setup();
    expect(request(Msg.MEM_LEND, create('00000100 00000000', list(acl(VM)), list(ONE)))).toBe('OK');
    expect(hv.zeroed).toEqual([[page(0), PAGE]]);
  });
});

/** A lent parcel of two regions (pages 0 and 2), handle 0, label 0x77. */
function lent(flags = '00') {
  const fake = setup();
  const regions = list(sgl(page(0), PAGE), sgl(page(2), PAGE));
  expect(fake.request(Msg.MEM_LEND, create(`0000${flags}00 77000000`, list(acl(VM)), regions))).toBe('OK');
  const accept = (flags: number, ...lists: Uint8Array[]) =>
    ask(fake.rm, VM, Msg.MEM_ACCEPT, u32(0), u8(0), u8(1), u8(flags), u8(0), u32(0x77), ...lists);
  const release = (flags = 0) => name(ask(fake.rm, VM, Msg.MEM_RELEASE, u32(0), u32(flags)).error);
  const reclaim = () => name(ask(fake.rm, 3, Msg.MEM_RECLAIM, u32(0), u32(0)).error);
  return { ...fake, accept, release, reclaim };
}
const NO_ACL = list();
const ANYWHERE = list();

describe('MEM_APPEND', () => {
  const append = (handle: number, flags: number, ...entries: Uint8Array[]) =>
    bytes(u32(handle), u32(flags), list(...entries));
  test('adds regions until DONE', () => {
    const { request, rm } = lent('02');
    expect(request(Msg.MEM_APPEND, append(9, 0, sgl(page(4), PAGE)))).toBe('HANDLE_INVALID');
    expect(request(Msg.MEM_APPEND, append(0, 0))).toBe('ARGUMENT_INVALID');
    expect(name(ask(rm, VM, Msg.MEM_APPEND, append(0, 0, sgl(page(4), PAGE))).error)).toBe('DENIED');
    expect(request(Msg.MEM_APPEND, append(0, 0, sgl(page(4), PAGE)))).toBe('OK');
    expect(request(Msg.MEM_APPEND, append(0, 1, sgl(page(6), PAGE)))).toBe('OK');
    expect(request(Msg.MEM_APPEND, append(0, 1, sgl(page(8), PAGE)))).toBe('DENIED');
    expect(lookupParcel(rm, 0)).toMatchObject({ state: 1, totalSize: 4 * PAGE });
  });
  test('a failure gives the pages back but keeps counting them', () => {
    const { hv, hlos, request, rm } = lent('02');
    expect(request(Msg.MEM_APPEND, append(0, 1, sgl(page(4), PAGE), sgl(page(0), PAGE)))).toBe('MEM_INVALID');
    expect(hv.owner.get(page(4) / PAGE)).toBe(hlos.ddrMe);
    expect(lookupParcel(rm, 0)).toMatchObject({ state: 0, totalSize: 3 * PAGE });
  });
});

describe('MEM_ACCEPT', () => {
  const cases: [string, Parameters<ReturnType<typeof lent>['accept']>, string][] = [
    ['too short', [128, list()], 'MSG_INVALID'],
    ['sanitized, but it was not', [128 + 1, NO_ACL, ANYWHERE, list()], 'VALIDATE_FAILED'],
    ['other ACL', [128 + 2, list(acl(VM, 6)), ANYWHERE], 'VALIDATE_FAILED'],
    ['MAP_OTHER', [128 + 8, NO_ACL, ANYWHERE, list()], 'DENIED'],
    ['a map VMID', [128, NO_ACL, bytes(u16(0), u16(5)), list()], 'ARGUMENT_INVALID'],
    ['three addresses for two regions', [128, NO_ACL, list(ONE, ONE, ONE)], 'ARGUMENT_INVALID'],
    ['a wrong region size', [128, NO_ACL, list(sgl(0x8000_0000, 2 * PAGE))], 'ARGUMENT_INVALID'],
    ['DONE with one of two addresses', [128, NO_ACL, list(sgl(0x8000_0000, PAGE))], 'ARGUMENT_INVALID'],
    ['contiguous with the size of one region', [128 + 16, NO_ACL, list(sgl(0x8000_0000, PAGE))], 'ARGUMENT_INVALID'],
    ['an address in the device range', [128 + 16, NO_ACL, list(sgl(0x1000, 2 * PAGE))], 'NORESOURCE'],
    ['label and ACL right', [128 + 4 + 2, list(acl(VM)), ANYWHERE], 'OK'],
  ];
  test.each(cases)('%s', (_, args, expected) => {
    const { accept, vm } = lent();
    const free = structuredClone(vm.allocator);
    expect(name(accept(...args).error)).toBe(expected);
    if (expected !== 'OK') expect(vm.allocator).toEqual(free);
  });

  test('without addresses RM chooses and tells them; the ACL rights hold', () => {
    const { accept, hv } = lent();
    const { error, data } = accept(128, NO_ACL, ANYWHERE, list());
    expect(error).toBe(0);
    expect(toHex(data)).toBe(
      `02000000${'0000004000000000'}${'0010000000000000'}${'0010004000000000'}${'0010000000000000'}`,
    );
    const mapped = hv.records.filter((r) => r.as === BigInt(VM));
    expect(mapped.map((r) => [r.ipa, r.phys, r.attrs])).toEqual([
      [0x4000_0000, page(0), 7 | (15 << 16)],
      [0x4000_1000, page(2), 7 | (15 << 16)],
    ]);
  });

  test('in two steps: addresses first, then the mapping', () => {
    const { accept, rm, hv, release } = lent();
    expect(name(accept(0, NO_ACL, list(sgl(0x8000_0000, PAGE))).error)).toBe('OK');
    expect(lookupParcel(rm, 0)).toMatchObject({ state: 2, shareCount: 1 });
    expect(name(accept(128 + 16, NO_ACL, ANYWHERE, list()).error)).toBe('ARGUMENT_INVALID');
    expect(name(accept(128, NO_ACL, list(sgl(0x9000_0000, PAGE))).error)).toBe('OK');
    expect(hv.records.filter((r) => r.as === BigInt(VM)).map((r) => r.ipa)).toEqual([0x8000_0000, 0x9000_0000]);
    expect(name(accept(128, NO_ACL, ANYWHERE, list()).error)).toBe('DENIED');
    expect([release(), release()]).toEqual(['OK', 'MEM_RELEASED']);
  });

  test('a contiguous acceptance puts the regions side by side', () => {
    const { accept, hv } = lent();
    const { data } = accept(128 + 16, NO_ACL, ANYWHERE, list());
    expect(le16(data, 0)).toBe(1);
    expect(hv.records.filter((r) => r.as === BigInt(VM)).map((r) => r.ipa)).toEqual([0x4000_0000, 0x4000_1000]);
  });

  test('a mapping that fails leaves nothing', () => {
    const { accept, hv, vm, rm } = lent();
    const free = structuredClone(vm.allocator);
    hv.failing = 'map';
    expect(name(accept(128, NO_ACL, ANYWHERE, list()).error)).toBe('MAP_FAILED');
    expect(vm.allocator).toEqual(free);
    expect(lookupParcel(rm, 0)).toMatchObject({ state: 1, targets: [{ shared: false, mapped: false, ipas: null }] });
  });

  test('a complete donation moves the pages and ends the parcel', () => {
    const { rm, hv, vm, request } = setup();
    expect(request(Msg.MEM_DONATE, create(PLAIN, list(acl(VM)), list(ONE)))).toBe('OK');
    const answer = ask(rm, VM, Msg.MEM_ACCEPT, '00000000 0000 8000 00000000', NO_ACL, ANYWHERE, list());
    expect(name(answer.error)).toBe('OK');
    expect(rm.parcels.list).toEqual([]);
    expect(hv.owner.get(page(0) / PAGE)).toBe(vm.ddrMe);
    // It is the VM's own now: it can lend it on.
    const back = ask(rm, VM, Msg.MEM_LEND, create(PLAIN, list(acl(3)), list(sgl(0x4000_0000, PAGE))));
    expect(name(back.error)).toBe('OK');
  });
});

describe('MEM_ACCEPT of a donation in two steps', () => {
  test('addresses first, then the move', () => {
    const { rm, hv, vm, request } = setup();
    expect(request(Msg.MEM_DONATE, create(PLAIN, list(acl(VM)), list(ONE)))).toBe('OK');
    const accept = (flags: string) =>
      ask(rm, VM, Msg.MEM_ACCEPT, `00000000 0000 ${flags}00 00000000`, NO_ACL, ANYWHERE, list());
    expect(name(accept('00').error)).toBe('OK');
    expect(lookupParcel(rm, 0)).toMatchObject({ state: 2 });
    const done = ask(rm, VM, Msg.MEM_ACCEPT, '00000000 0000 8000 00000000', NO_ACL, list(), list());
    expect(name(done.error)).toBe('OK');
    expect(rm.parcels.list).toEqual([]);
    expect(hv.owner.get(page(0) / PAGE)).toBe(vm.ddrMe);
  });
});

describe('MEM_RELEASE and MEM_RECLAIM', () => {
  test('errors in order, and memory and addresses come back exactly', () => {
    const { accept, release, reclaim, hv, hlos, vm, rm } = lent();
    const free = structuredClone(vm.allocator);
    expect(name(ask(rm, VM, Msg.MEM_RELEASE, new Uint8Array(7)).error)).toBe('MSG_INVALID');
    expect(name(ask(rm, VM, Msg.MEM_RELEASE, u32(5), u32(0)).error)).toBe('HANDLE_INVALID');
    expect(name(ask(rm, 3, Msg.MEM_RELEASE, u32(0), u32(0)).error)).toBe('HANDLE_INVALID');
    expect(release()).toBe('MEM_RELEASED');
    expect(name(ask(rm, VM, Msg.MEM_RECLAIM, u32(0), u32(0)).error)).toBe('DENIED');
    expect(name(accept(128, NO_ACL, ANYWHERE, list()).error)).toBe('OK');
    expect(reclaim()).toBe('MEM_INUSE');
    expect(release(1)).toBe('OK');
    expect(vm.allocator).toEqual(free);
    expect(reclaim()).toBe('OK');
    // Released with SANITIZE: zeroed before it goes back.
    expect(hv.zeroed).toEqual([
      [page(0), PAGE],
      [page(2), PAGE],
    ]);
    expect([...hv.owner.values()].every((owner) => owner === hlos.ddrMe)).toBe(true);
    expect([hv.live.size, rm.parcels.list.length]).toEqual([0, 0]);
    expect(reclaim()).toBe('HANDLE_INVALID');
  });

  test('reset releases the last one first and tells the owner each time', () => {
    const { rm, vm, hv, request } = setup();
    for (const n of [0, 1, 2]) request(Msg.MEM_LEND, create(PLAIN, list(acl(VM)), list(sgl(page(n), PAGE))));
    for (const n of [2, 0, 1]) ask(rm, VM, Msg.MEM_ACCEPT, u32(n), '00018000 00000000', NO_ACL, ANYWHERE, list());
    expect([releaseLastParcel(rm, vm), releaseLastParcel(rm, vm), releaseLastParcel(rm, vm)]).toEqual([
      false,
      false,
      true,
    ]);
    expect(hv.sent.map(({ vmid, bytes }) => [vmid, le32(bytes, 4), le32(bytes, 8)])).toEqual(
      [1, 0, 2].map((handle) => [3, Msg.N_MEM_RELEASED, handle]),
    );
    expect(releaseLastParcel(rm, vm)).toBe(true);
  });
});

describe('MEM_NOTIFY', () => {
  const notify = (flags: number, tag: number, ...rest: Uint8Array[]) => bytes(u32(0), u32(flags), u32(tag), ...rest);
  const vms = (...ids: number[]) => list(...ids.map((id) => bytes(u16(id), u16(0))));
  const cases: [string, Uint8Array, string][] = [
    ['too short', new Uint8Array(11), 'MSG_INVALID'],
    ['unknown handle', bytes(u32(9), u32(1), u32(0)), 'HANDLE_INVALID'],
    ['no flag', notify(0, 0), 'ARGUMENT_INVALID'],
    ['two flags', notify(3, 0), 'ARGUMENT_INVALID'],
    ['no list', notify(1, 0), 'MSG_INVALID'],
    ['empty list', notify(1, 0, vms()), 'ARGUMENT_INVALID'],
    ['short list', notify(1, 0, u16(1), u16(0)), 'MSG_INVALID'],
    ['more than the ACL', notify(1, 0, vms(VM, VM)), 'ARGUMENT_INVALID'],
    ['unknown VM', notify(1, 0, vms(9)), 'VMID_INVALID'],
    ['a VM that is not in the ACL', notify(8, 0, vms(3)), 'ARGUMENT_INVALID'],
    ['released, by the owner', notify(2, 0), 'HANDLE_INVALID'],
    ['bytes after the list', notify(1, 0, vms(VM), u32(0)), 'OK'],
  ];
  test.each(cases)('%s', (_, payload, expected) => {
    expect(lent().request(Msg.MEM_NOTIFY, payload)).toBe(expected);
  });

  test('SHARED tells sizes but no addresses, and fixes the tag', () => {
    const { request, hv } = lent();
    expect(request(Msg.MEM_NOTIFY, notify(1, 0xabc, vms(VM)))).toBe('OK');
    expect(toHex(hv.sent[0].bytes.slice(8))).toBe(
      '00000000000100000300000077000000bc0a0000010000008000070002000000' +
        '00100000000000000010000000000000' +
        '00000000',
    );
    expect(request(Msg.MEM_NOTIFY, notify(8, 1, vms(VM)))).toBe('ARGUMENT_INVALID');
    expect(request(Msg.MEM_NOTIFY, notify(8, 0xabc, vms(VM)))).toBe('OK');
    expect(toHex(hv.sent[1].bytes.slice(8))).toBe('00000000bc0a0000');
  });

  test('a target tells the owner what is true', () => {
    const { accept, rm, hv } = lent();
    const tell = (flags: number) => name(ask(rm, VM, Msg.MEM_NOTIFY, notify(flags, 0)).error);
    expect([tell(2), tell(4)]).toEqual(['OK', 'MEM_RELEASED']);
    accept(128, NO_ACL, ANYWHERE, list());
    expect([tell(2), tell(4)]).toEqual(['MEM_INUSE', 'OK']);
    expect(hv.sent.map(({ bytes }) => le32(bytes, 4))).toEqual([Msg.N_MEM_RELEASED, Msg.N_MEM_ACCEPTED]);
  });

  test('a VM without link kills RM', () => {
    const { rm, request } = lent();
    rm.links[VM] = null;
    expect(deathOf(() => request(Msg.MEM_NOTIFY, notify(1, 0, vms(VM))))).toBe('mem-notify-without-link');
  });

  test('for a READY VM without a matching device nothing is accepted', () => {
    const { request, vm, rm } = lent();
    vm.state = VmState.READY;
    expect(request(Msg.MEM_NOTIFY, notify(1, 0, vms(VM)))).toBe('MEM_RELEASED');
    expect(lookupParcel(rm, 0)?.targets[0]).toMatchObject({ shared: false, phandle: PHANDLE_UNSET });
  });
});

describe('MEM_QCOM_LOOKUP_SGL', () => {
  const look = (...lists: Uint8Array[]) => bytes('00000000 00000000', ...lists);
  const regions = list(sgl(page(0), PAGE), sgl(page(2), PAGE));
  const cases: [string, Uint8Array, string][] = [
    ['the same lists', look(list(acl(VM)), regions), 'OK'],
    ['too short', new Uint8Array(15), 'MSG_INVALID'],
    ['other rights', look(list(acl(VM, 4)), regions), 'LOOKUP_FAILED'],
    ['one region', look(list(acl(VM)), list(sgl(page(0), PAGE))), 'LOOKUP_FAILED'],
    ['other memory type', bytes('01000000 00000000', list(acl(VM)), regions), 'LOOKUP_FAILED'],
  ];
  test.each(cases)('%s', (_, payload, expected) => {
    expect(lent().request(Msg.MEM_QCOM_LOOKUP_SGL, payload)).toBe(expected);
  });
});
