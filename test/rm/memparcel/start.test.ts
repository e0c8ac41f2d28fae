import { describe, expect, test } from 'vitest';
import { le32 } from '../../../src/base/index.js';
import { Msg, VmState } from '../../../src/protocol/index.js';
import {
  isShared,
  lookupParcel,
  mapInRm,
  mappedRanges,
  processParcels,
  unmapFromRm,
  vmTreeParcelPort,
  vmTreeParcels,
} from '../../../src/rm/memparcel/index.js';
import type { VmSetup } from '../../../src/rm/types.js';
import type { ShmDevice, Vdevice } from '../../../src/rm/vdev/devices.js';
import { acl, addVm, ask, attr, bytes, deathOf, fakeRm, HLOS_BASE, list, name, sgl, u16, u32 } from '../fake-rm.js';

const VM = 0x80;
const PAGE = 4096;
const BASE = 0x8000_0000;
const SHM: ShmDevice = {
  type: 'shm',
  id: 0,
  exportToDt: true,
  visible: false,
  generate: '/hypervisor/shm',
  pushCompatible: [],
  handle: 0,
  peer: 3,
  label: 0x44,
  plain: true,
  allocateBase: false,
  optional: false,
  baseIpa: 0x9000_0000,
  dmaBase: null,
  doorbell: -1,
  doorbellSource: -1,
};

function setup(imageId: number = Msg.MEM_LEND, devices: Vdevice[] = []) {
  const fake = fakeRm();
  const { rm } = fake;
  const vm = addVm(rm, VM, VmState.READY);
  const config = vm.config as VmSetup;
  config.memIpaBase = BASE;
  config.memSizeMax = 2n ** 35n;
  config.memUnsanitized = true;
  config.devices = devices;
  vm.memHandle = 0;
  vm.memSize = 4 * PAGE;
  let next = 0;
  /** A parcel of the next pages; its handle. */
  const give = (id: number, label: number, pages: number, rights = 7, ...attrs: Uint8Array[]) => {
    const targets = id === Msg.MEM_SHARE ? list(acl(VM, rights), acl(3)) : list(acl(VM, rights));
    const memory = list(sgl(HLOS_BASE + next * PAGE, PAGE), sgl(HLOS_BASE + (next + 1) * PAGE, (pages - 1) * PAGE));
    next += pages;
    const answer = ask(rm, 3, id, u32(0), u32(label), targets, memory, ...attrs);
    expect(name(answer.error)).toBe('OK');
    return le32(answer.data, 0);
  };
  give(imageId, 0x11, 4);
  const ranges = (handle: number) => mappedRanges(lookupParcel(rm, handle) ?? ({ handle } as never), VM);
  return { ...fake, vm, config, give, ranges };
}

describe('parcels at VM_START', () => {
  test('the image goes to the base in one piece, lent or shared; a donated one fails', () => {
    for (const [id, works] of [
      [Msg.MEM_LEND, true],
      [Msg.MEM_SHARE, true],
      [Msg.MEM_DONATE, false],
    ] as const) {
      const t = setup(id);
      expect(processParcels(t.rm, t.vm)).toBe(works);
      if (works) expect(t.ranges(0)).toEqual([{ ipa: BASE, size: 4 * PAGE }]);
    }
  });

  test('private memory follows the image, up to the maximum', () => {
    const t = setup();
    const more = t.give(Msg.MEM_LEND, 0, 2);
    const tooMuch = t.give(Msg.MEM_LEND, 0, 3);
    const readOnly = t.give(Msg.MEM_LEND, 0, 2, 4);
    t.config.memSizeMax = BigInt(6 * PAGE);
    expect(processParcels(t.rm, t.vm)).toBe(true);
    expect(t.ranges(more)).toEqual([{ ipa: BASE + 4 * PAGE, size: 2 * PAGE }]);
    expect([t.ranges(tooMuch), t.ranges(readOnly)]).toEqual([null, null]);
    expect(t.vm.memSize).toBe(6 * PAGE);
  });

  test('an shm device takes the parcel with its label at its address', () => {
    const t = setup(Msg.MEM_LEND, [SHM]);
    const handle = t.give(Msg.MEM_SHARE, 0x44, 2);
    expect(processParcels(t.rm, t.vm)).toBe(true);
    expect(t.ranges(handle)).toEqual([{ ipa: 0x9000_0000, size: 2 * PAGE }]);
  });

  test('an address that is taken fails the start', () => {
    const t = setup(Msg.MEM_LEND, [{ ...SHM, baseIpa: BASE + PAGE }]);
    t.give(Msg.MEM_SHARE, 0x44, 2);
    expect(processParcels(t.rm, t.vm)).toBe(false);
  });

  test('the tree patch accepts what is left, and sees what was there', () => {
    const t = setup();
    const left = t.give(Msg.MEM_SHARE, 0x22, 2, 6, list(attr(2, VM), attr(3, 3)));
    processParcels(t.rm, t.vm);
    const [image, other] = vmTreeParcels(t.rm, t.vm);
    expect(image).toMatchObject({ handle: 0, peers: [VM], exclusive: true, peerRights: null, peerAttrs: null });
    expect(other).toMatchObject({ handle: left, peers: [3, VM, 3], exclusive: false, mapped: null });
    expect(other).toMatchObject({ selfRights: 6, selfAttrs: 2, peerRights: 7, peerAttrs: 3 });
    const port = vmTreeParcelPort(t.rm, t.vm);
    expect(port.acceptAt(other, 0x9000_0000, 2 * PAGE)).toBeNull();
    expect(port.acceptAnywhere(other)).toEqual([
      { ipa: 0x4000_0000, size: PAGE },
      { ipa: 0x4000_1000, size: PAGE },
    ]);
  });

  test('a donation that is still open kills RM', () => {
    const t = setup();
    t.give(Msg.MEM_DONATE, 0x22, 2);
    expect(processParcels(t.rm, t.vm)).toBe(true);
    const [, donation] = vmTreeParcels(t.rm, t.vm);
    expect(deathOf(() => vmTreeParcelPort(t.rm, t.vm).acceptAnywhere(donation))).toBe('vm-start-unaccepted-donate');
  });

  test('MEM_NOTIFY accepts for a READY VM that has the device, and tells the owner', () => {
    const t = setup(Msg.MEM_LEND, [SHM]);
    const handle = t.give(Msg.MEM_SHARE, 0x44, 2);
    const notify = bytes(u32(handle), u32(1), u32(5), list(bytes(u16(VM), u16(0))));
    expect(name(ask(t.rm, 3, Msg.MEM_NOTIFY, notify).error)).toBe('OK');
    const parcel = lookupParcel(t.rm, handle);
    expect(parcel !== null && isShared(parcel, VM)).toBe(true);
    expect(t.hv.sent.map(({ vmid, bytes }) => [vmid, le32(bytes, 4)])).toEqual([[3, Msg.N_MEM_ACCEPTED]]);
  });
});

test('RM maps a part of a parcel across its regions, one at a time', () => {
  const { rm, hv } = setup();
  const map = mapInRm(rm, 0, 0x800 + 0x800, 3 * PAGE);
  expect(map).toMatchObject({ error: 0, ipa: 0x4000_0000 });
  expect(hv.records.filter((r) => r.as === 0xffn).map((r) => [r.ipa, r.phys, r.size])).toEqual([
    [0x4000_0000, HLOS_BASE + PAGE, 3 * PAGE],
  ]);
  expect(mapInRm(rm, 0, 0, PAGE).error).toBe(31);
  expect(unmapFromRm(rm, 0)).toBe(0);
  expect(hv.records.filter((r) => r.as === 0xffn)).toEqual([]);
  // Past the end: undone.
  expect(mapInRm(rm, 0, 2 * PAGE, 3 * PAGE).error).toBe(2);
  expect(hv.records.filter((r) => r.as === 0xffn)).toEqual([]);
});
