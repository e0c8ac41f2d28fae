/**
 * VM firmware: the image that HLOS donates to RM, and where a VM wants it (fact base: rm-rpc-messages 4 and 1.3). Only the
 * ANDROID type has firmware.
 */
import { le16, le32, le64, put32 } from '../base/index.js';
import { AuthType, HypError, Msg, RmError, rmErrorOfHyp, VmState } from '../protocol/index.js';
import type { Handler } from './handler.js';
import { acceptRmDonation, mapInRm, unmapFromRm, zeroParcel } from './memparcel/rm.js';
import { lookupParcelFor } from './memparcel/table.js';
import { type Rm, VMID_HLOS, VMID_RM, type VmRecord, vmLookup } from './types.js';
import { rmAssert } from './vm/memory.js';

const milestone: Handler = (rm, from, request) => {
  if (rm.firmware.milestone || from !== VMID_HLOS) return RmError.DENIED;
  if (request.length !== 0) return RmError.MSG_INVALID;
  rm.firmware.milestone = true;
  return RmError.OK;
};

const REQUEST_SIZE = 24;

const setFirmware: Handler = (rm, from, request) => {
  if (rm.firmware.milestone || from !== VMID_HLOS) return RmError.DENIED;
  if (request.length !== REQUEST_SIZE) return RmError.MSG_INVALID;
  if (le16(request, 2) !== 0) return RmError.UNIMPLEMENTED;
  if (le16(request, 0) !== AuthType.ANDROID) return RmError.ARGUMENT_INVALID;
  if (rm.firmware.image !== null) return RmError.BUSY;
  const handle = le32(request, 4);
  const parcel = lookupParcelFor(rm, handle, VMID_RM);
  if (parcel === null) return RmError.HANDLE_INVALID;
  const offset = le64(request, 8);
  const size = le64(request, 16);
  if (size === 0n || offset !== 0n || size > BigInt(parcel.totalSize)) return RmError.ARGUMENT_INVALID;
  const donation = acceptRmDonation(rm, handle);
  if (donation.error === RmError.OK) rm.firmware.image = { ipa: donation.ipa, size: donation.size };
  return donation.error;
};

function setFirmwareMem(rm: Rm, from: number, request: Uint8Array): number {
  if (request.length !== REQUEST_SIZE || le16(request, 2) !== 0) return RmError.MSG_INVALID;
  const vm = vmLookup(rm, le16(request, 0));
  if (vm === null) return RmError.NORESOURCE;
  if (from !== vm.vmid && from !== vm.owner && !vm.peers.includes(from)) return RmError.DENIED;
  if (vm.state !== VmState.INIT) return RmError.VM_STATE;
  if (vm.authType !== AuthType.ANDROID) return RmError.ARGUMENT_INVALID;
  if (rm.firmware.image === null) return RmError.DENIED;
  const handle = le32(request, 4);
  const parcel = lookupParcelFor(rm, handle, vm.vmid);
  if (parcel === null) return RmError.MEM_INVALID;
  const offset = le64(request, 8);
  const size = le64(request, 16);
  if (offset + size > BigInt(parcel.totalSize)) return RmError.ARGUMENT_INVALID;
  vm.fwHandle = handle;
  vm.fwOffset = Number(offset);
  vm.fwSize = Number(size);
  return RmError.OK;
}

/** Errors carry a hypervisor error too, always ARGUMENT_INVALID. */
const setFirmwareMemory: Handler = (rm, from, request) => {
  const error = setFirmwareMem(rm, from, request);
  if (error === RmError.OK) return error;
  const reply = new Uint8Array(8);
  put32(reply, 0, error);
  put32(reply, 4, HypError.ARGUMENT_INVALID);
  return reply;
};

const CHUNK = 0x1_0000;

/** VM_START: the image to the start of the VM's firmware memory; the rest of it is zeroed. `RmError`. */
export function copyFirmware(rm: Rm, vm: VmRecord): number {
  const { milestone: closed, image } = rm.firmware;
  if (!closed) return RmError.DENIED;
  if (image === null) return RmError.NORESOURCE;
  if (image.size > vm.fwSize) return RmError.MEM_INVALID;
  const mapped = mapInRm(rm, vm.fwHandle, vm.fwOffset, image.size);
  if (mapped.error !== HypError.OK) return rmErrorOfHyp(mapped.error);
  for (let at = 0; at < image.size; at += CHUNK) {
    const bytes = new Uint8Array(Math.min(CHUNK, image.size - at));
    rmAssert(rm.hv.port.read(image.ipa + at, bytes) && rm.hv.port.write(mapped.ipa + at, bytes));
  }
  rmAssert(unmapFromRm(rm, vm.fwHandle) === HypError.OK);
  const rest = vm.fwSize - image.size;
  if (rest > 0) rmAssert(zeroParcel(rm, vm.fwHandle, vm.fwOffset + image.size, rest) === HypError.OK);
  return RmError.OK;
}

export const firmwareHandlers: Record<number, Handler> = {
  [Msg.FW_MILESTONE]: milestone,
  [Msg.FW_SET_VM_FIRMWARE]: setFirmware,
  [Msg.VM_SET_FIRMWARE_MEM]: setFirmwareMemory,
};
