/** Codecs of the firmware messages. Reply codecs are of successful replies, code included at offset 0.
 *
 * Generated from spec/ by tools/generate.ts; edit the specification, not this file.
 */

import { le16, le32, le64, put16, put32, put64 } from '../../base/index.js';

export const FW_MILESTONE_REQUEST_SIZE = 0;

/** FW_MILESTONE request: Ends the time in which a firmware image can be installed. */
export const encodeFwMilestoneRequest = (): Uint8Array => new Uint8Array(0);

export const FW_SET_VM_FIRMWARE_REQUEST_SIZE = 24;

/** FW_SET_VM_FIRMWARE request: Donates the firmware image for VMs with auth type ANDROID. */
export interface FwSetVmFirmwareRequest {
  authType: number;
  handle: number;
  offset: bigint;
  size: bigint;
}

export function encodeFwSetVmFirmwareRequest(m: FwSetVmFirmwareRequest): Uint8Array {
  const b = new Uint8Array(24);
  put16(b, 0, m.authType);
  put32(b, 4, m.handle);
  put64(b, 8, m.offset);
  put64(b, 16, m.size);
  return b;
}

/** The message in `b`, or undefined when `b` is not one. */
export function decodeFwSetVmFirmwareRequest(b: Uint8Array): FwSetVmFirmwareRequest | undefined {
  if (b.length !== 24) return undefined;
  return { authType: le16(b, 0), handle: le32(b, 4), offset: le64(b, 8), size: le64(b, 16) };
}

export const VM_SET_FIRMWARE_MEM_REQUEST_SIZE = 24;

/** VM_SET_FIRMWARE_MEM request: Tells RM where the firmware of a VM goes. */
export interface VmSetFirmwareMemRequest {
  /** 0 is not the caller */
  vmid: number;
  handle: number;
  offset: bigint;
  size: bigint;
}

export function encodeVmSetFirmwareMemRequest(m: VmSetFirmwareMemRequest): Uint8Array {
  const b = new Uint8Array(24);
  put16(b, 0, m.vmid);
  put32(b, 4, m.handle);
  put64(b, 8, m.offset);
  put64(b, 16, m.size);
  return b;
}

/** The message in `b`, or undefined when `b` is not one. */
export function decodeVmSetFirmwareMemRequest(b: Uint8Array): VmSetFirmwareMemRequest | undefined {
  if (b.length !== 24) return undefined;
  return { vmid: le16(b, 0), handle: le32(b, 4), offset: le64(b, 8), size: le64(b, 16) };
}
