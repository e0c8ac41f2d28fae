import { describe, expect, test } from 'vitest';
import { le16, toHex } from '../../src/base/index.js';
import { AuthType, Msg, VmState } from '../../src/protocol/index.js';
import { createConsole } from '../../src/rm/console.js';
import type { VmSetup } from '../../src/rm/types.js';
import { acl, addVm, ask, bytes, deathOf, fakeRm, HLOS_BASE, list, name, sgl, u8, u16, u32, u64 } from './fake-rm.js';

const VM = 0x80;
const PAGE = 4096;

describe('console', () => {
  function setup() {
    const fake = fakeRm();
    const vm = addVm(fake.rm, VM);
    (vm.config as VmSetup).console = createConsole(vm);
    const say = (from: number, id: number, ...payload: Uint8Array[]) => name(ask(fake.rm, from, id, ...payload).error);
    const open = (from: number, target: number) => say(from, Msg.VM_CONSOLE_OPEN, u16(target), u16(0));
    const write = (from: number, target: number, text: string) =>
      say(from, Msg.VM_CONSOLE_WRITE, u16(target), u16(text.length / 2), bytes(text));
    return { ...fake, vm, say, open, write };
  }

  test('carries bytes between the two open sides', () => {
    const t = setup();
    expect([t.write(VM, 0, '41'), t.open(VM, 0), t.write(VM, 0, '41')]).toEqual(['DENIED', 'OK', 'OK']);
    expect(t.hv.sent).toEqual([]);
    expect([t.open(3, VM), t.write(VM, 0, '4142'), t.write(3, VM, '43')]).toEqual(['OK', 'OK', 'OK']);
    expect(t.hv.sent.map(({ vmid, bytes }) => [vmid, toHex(bytes.slice(8))])).toEqual([
      [3, '800002004142'],
      [VM, '0000010043'],
    ]);
    expect(t.say(VM, Msg.VM_CONSOLE_CLOSE, u32(0))).toBe('OK');
    expect([t.say(VM, Msg.VM_CONSOLE_FLUSH, u32(0)), t.say(3, Msg.VM_CONSOLE_FLUSH, u32(VM))]).toEqual([
      'DENIED',
      'OK',
    ]);
  });

  test('naming oneself is not being the owner; HLOS has no console', () => {
    const t = setup();
    expect([t.open(VM, VM), t.open(3, 0), t.open(3, 9)]).toEqual(['DENIED', 'ARGUMENT_INVALID', 'ARGUMENT_INVALID']);
  });

  test('a request of a wrong length is invalid, an empty write kills RM', () => {
    const t = setup();
    expect(t.say(VM, Msg.VM_CONSOLE_OPEN, u16(0))).toBe('MSG_INVALID');
    expect(t.say(VM, Msg.VM_CONSOLE_WRITE, u16(0))).toBe('MSG_INVALID');
    expect(t.say(VM, Msg.VM_CONSOLE_WRITE, u16(0), u16(2), u8(0))).toBe('MSG_INVALID');
    expect(deathOf(() => t.say(VM, Msg.VM_CONSOLE_WRITE))).toBe('console-write-empty');
  });
});

describe('IPA_RESERVE', () => {
  const fixed = (generic: number, ...ranges: [number, number][]) =>
    bytes(u32(0), u32(generic), u32(0), list(...ranges.map(([base, size]) => sgl(base, size))));
  const anywhere = 'ffffffffffffffff';
  const allocate = (generic: number, ...sizes: number[]) =>
    bytes(u32(1), u32(generic), u32(0), list(...sizes.map((size) => bytes(anywhere, u64(0), u64(size), u64(PAGE)))));
  const setup = () => {
    const fake = fakeRm();
    const vm = addVm(fake.rm, VM);
    const reserve = (payload: Uint8Array, from = VM) => ask(fake.rm, from, Msg.IPA_RESERVE, payload);
    return { ...fake, vm, reserve };
  };

  const cases: [string, Uint8Array, string][] = [
    ['too short', new Uint8Array(15), 'MSG_INVALID'],
    ['type 2', bytes(u32(2), new Uint8Array(12)), 'MSG_INVALID'],
    ['IO memory', fixed(8), 'ARGUMENT_INVALID'],
    ['ECC without NORMAL', fixed(1), 'ARGUMENT_INVALID'],
    ['a platform constraint', bytes(u32(0), u32(0), u32(1), u32(0)), 'ARGUMENT_INVALID'],
    ['31 entries', bytes(u32(0), u32(0), u32(0), u32(31)), 'NORESOURCE'],
    ['bytes after the list', bytes(fixed(0), u32(0)), 'MSG_INVALID'],
    ['no entry', fixed(0), 'OK'],
    ['a free range', fixed(0x40, [0x8000_0000, PAGE]), 'OK'],
    ['the device range', fixed(0, [0x1000, PAGE]), 'DENIED'],
    ['an address beyond everything', fixed(0, [2 ** 60, PAGE]), 'DENIED'],
  ];
  test.each(cases)('%s', (_, payload, expected) => {
    expect(name(setup().reserve(payload).error)).toBe(expected);
  });

  test('tells the addresses that it chose, and undoes all of them when one fails', () => {
    const t = setup();
    const free = structuredClone(t.vm.allocator);
    expect(name(t.reserve(allocate(4, PAGE, 2 ** 40)).error)).toBe('DENIED');
    expect(t.vm.allocator).toEqual(free);
    const { error, data } = t.reserve(allocate(4, PAGE, 2 * PAGE));
    expect([error, toHex(data)]).toEqual([0, '02000000' + '0000004000000000' + '0010004000000000']);
  });

  test('a fixed list that fails at its second entry kills RM', () => {
    const t = setup();
    expect(deathOf(() => t.reserve(fixed(0, [0x8000_0000, PAGE], [0x1000, PAGE])))).toBe('ipa-reserve-rollback');
  });

  test('HLOS: no reservation, and no memory base to be compatible with', () => {
    const t = setup();
    expect(name(t.reserve(fixed(0, [0x3000_0000, PAGE]), 3).error)).toBe('DENIED');
    expect(name(t.reserve(fixed(0), 3).error)).toBe('OK');
    expect(name(t.reserve(bytes(u32(0), u32(0x40), u32(0), u32(31)), 3).error)).toBe('ARGUMENT_INVALID');
  });

  test('memory must suit the reservation that it is put into', () => {
    const t = setup();
    const lend = bytes(new Uint8Array(8), list(acl(VM)), list(sgl(HLOS_BASE, PAGE)));
    const accept = (ipa: number) =>
      name(ask(t.rm, VM, Msg.MEM_ACCEPT, '00000000 00018000 00000000', list(), list(sgl(ipa, PAGE))).error);
    expect(name(ask(t.rm, 3, Msg.MEM_LEND, lend).error)).toBe('OK');
    t.reserve(fixed(4, [0x9000_0000, PAGE]));
    t.reserve(fixed(5, [0xa000_0000, PAGE]));
    expect([accept(0xa000_0000), accept(0x9000_0000)]).toEqual(['MEM_INVALID', 'OK']);
  });
});

describe('firmware', () => {
  const donate = bytes(new Uint8Array(8), list(acl(255)), list(sgl(HLOS_BASE, 2 * PAGE)));
  const image = (handle: number, auth = 2, reserved = 0, offset = 0, size = PAGE) =>
    bytes(u16(auth), u16(reserved), u32(handle), u64(offset), u64(size));

  test('the image is donated to RM once, before the milestone', () => {
    const { rm } = fakeRm();
    const set = (payload: Uint8Array, from = 3) => name(ask(rm, from, Msg.FW_SET_VM_FIRMWARE, payload).error);
    addVm(rm, VM);
    expect(set(image(0), VM)).toBe('DENIED');
    expect(set(new Uint8Array(23))).toBe('MSG_INVALID');
    expect(set(image(0, 2, 1))).toBe('UNIMPLEMENTED');
    expect(set(image(0, 0))).toBe('ARGUMENT_INVALID');
    expect(set(image(0))).toBe('HANDLE_INVALID');
    expect(name(ask(rm, 3, Msg.MEM_DONATE, donate).error)).toBe('OK');
    expect([set(image(0, 2, 0, 0, 0)), set(image(0, 2, 0, PAGE)), set(image(0, 2, 0, 0, 3 * PAGE))]).toEqual(
      new Array(3).fill('ARGUMENT_INVALID'),
    );
    expect([set(image(0)), set(image(0))]).toEqual(['OK', 'BUSY']);
    expect(rm.firmware.image).toEqual({ ipa: 0x4000_0000, size: 2 * PAGE });
    expect(rm.parcels.list).toEqual([]);
    const milestone = (from: number, ...payload: Uint8Array[]) =>
      name(ask(rm, from, Msg.FW_MILESTONE, ...payload).error);
    expect([milestone(VM), milestone(3, u8(0)), milestone(3), milestone(3)]).toEqual([
      'DENIED',
      'MSG_INVALID',
      'OK',
      'DENIED',
    ]);
    expect(set(image(0))).toBe('DENIED');
  });

  test('VM_SET_FIRMWARE_MEM: every error carries a second word', () => {
    const { rm } = fakeRm();
    const vm = addVm(rm, VM, VmState.INIT);
    const set = (vmid: number, handle = 0, offset = 0, size = PAGE) => {
      const request = bytes(u16(vmid), u16(0), u32(handle), u64(offset), u64(size));
      const { error, data } = ask(rm, 3, Msg.VM_SET_FIRMWARE_MEM, request);
      return name(error) + (error === 0 ? '' : ` ${le16(data, 0)}`);
    };
    expect(set(9)).toBe('NORESOURCE 1');
    expect(set(VM)).toBe('ARGUMENT_INVALID 1');
    vm.authType = AuthType.ANDROID;
    expect(set(VM)).toBe('DENIED 1');
    rm.firmware.image = { ipa: 0, size: PAGE };
    expect(set(VM)).toBe('MEM_INVALID 1');
    ask(rm, 3, Msg.MEM_LEND, new Uint8Array(8), list(acl(VM)), list(sgl(HLOS_BASE, PAGE)));
    expect(set(VM, 0, PAGE)).toBe('ARGUMENT_INVALID 1');
    expect(set(VM)).toBe('OK');
    vm.state = VmState.READY;
    expect(set(VM)).toBe('VM_STATE 1');
  });
});
