/** Firmware against memory and tree (RM vm_config.c, handling of the firmware window; vm_creation.c, reserved-memory nodes). */
import { expect, test } from 'vitest';
import { HypError, VmState } from '../../src/protocol/index.js';
import type { VmConfig } from '../../src/rm/dt/vm-config-types.js';
import { HANDLE_INVALID, type VmSetup } from '../../src/rm/types.js';
import { applyFirmware } from '../../src/rm/vm/creation.js';
import { treeFirmware } from '../../src/rm/vm/start.js';
import { addVm, fakeRm } from './fake-rm.js';

const BASE = 0x8000_0000;
const SPACE_END = 1n << 36n;

function vmWithFirmware(fwHandle: number) {
  const vm = addVm(fakeRm().rm, 0x80, VmState.INIT);
  const setup = vm.config as VmSetup;
  setup.memIpaBase = BASE;
  setup.memSizeMax = 0x10_0000n;
  vm.memHandle = 0;
  vm.fwHandle = fwHandle;
  vm.fwSize = 0x1000;
  return { vm, setup };
}

const config = (firmwareBase: bigint | null, firmwareSizeMax: bigint): VmConfig =>
  ({ memory: { firmwareBase, firmwareSizeMax } }) as VmConfig;

test('the firmware window ends with the address space', () => {
  const own = vmWithFirmware(1);
  expect(applyFirmware(own.vm, own.setup, config(SPACE_END - 0x1000n, 0x40_0000n))).toBe(HypError.OK);
  expect(own.setup.fwSizeMax).toBe(0x1000n);
  const inImage = vmWithFirmware(0);
  expect(applyFirmware(inImage.vm, inImage.setup, config(null, SPACE_END))).toBe(HypError.OK);
  expect(inImage.setup.fwSizeMax).toBe(SPACE_END - BigInt(BASE));
});

test('a firmware window in its own parcel needs an address outside the memory of the VM', () => {
  const { vm, setup } = vmWithFirmware(1);
  expect(applyFirmware(vm, setup, config(null, 0x1000n))).toBe(HypError.ADDR_INVALID);
  expect(applyFirmware(vm, setup, config(SPACE_END, 0x1000n))).toBe(HypError.ADDR_INVALID);
  expect(applyFirmware(vm, setup, config(BigInt(BASE), 0x1000n))).toBe(HypError.ADDR_INVALID);
});

test('the tree leaves a firmware parcel of size 0 out as well', () => {
  const { vm, setup } = vmWithFirmware(1);
  vm.fwSize = 0;
  expect(treeFirmware(vm, setup)).toMatchObject({ handle: 1, size: 0 });
  vm.fwHandle = HANDLE_INVALID;
  expect(treeFirmware(vm, setup)).toBeNull();
});
