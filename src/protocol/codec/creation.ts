/** Codecs of the vm creation messages. Reply codecs are of successful replies, code included at offset 0.
 *
 * Generated from spec/ by tools/generate.ts; edit the specification, not this file.
 */

import { concatBytes, le16, le32, le64, put16, put32, put64 } from '../../base/index.js';
import { type AuthParamEntry, decodeAuthParamEntries, encodeAuthParamEntries } from './lists.js';

export const VM_CONFIG_IMAGE_REQUEST_SIZE = 40;

/** VM_CONFIG_IMAGE request: Tells RM which parcel holds the VM's image and device tree, and how it is authenticated. */
export interface VmConfigImageRequest {
  vmid: number;
  authType: number;
  imageHandle: number;
  imageOffset: bigint;
  imageSize: bigint;
  dtOffset: bigint;
  dtSize: bigint;
}

export function encodeVmConfigImageRequest(m: VmConfigImageRequest): Uint8Array {
  const b = new Uint8Array(40);
  put16(b, 0, m.vmid);
  put16(b, 2, m.authType);
  put32(b, 4, m.imageHandle);
  put64(b, 8, m.imageOffset);
  put64(b, 16, m.imageSize);
  put64(b, 24, m.dtOffset);
  put64(b, 32, m.dtSize);
  return b;
}

/** The message in `b`, or undefined when `b` is not one. */
export function decodeVmConfigImageRequest(b: Uint8Array): VmConfigImageRequest | undefined {
  if (b.length !== 40) return undefined;
  return {
    vmid: le16(b, 0),
    authType: le16(b, 2),
    imageHandle: le32(b, 4),
    imageOffset: le64(b, 8),
    imageSize: le64(b, 16),
    dtOffset: le64(b, 24),
    dtSize: le64(b, 32),
  };
}

/** VM_AUTH_IMAGE request: Authenticates the image of a VM with auth type PLATFORM. */
export interface VmAuthImageRequest {
  vmid: number;
  params: readonly AuthParamEntry[];
}

export function encodeVmAuthImageRequest(m: VmAuthImageRequest): Uint8Array {
  const b = new Uint8Array(4);
  put16(b, 0, m.vmid);
  put16(b, 2, m.params.length);
  return concatBytes(b, encodeAuthParamEntries(m.params));
}

/** The message in `b`, or undefined when `b` is not one. */
export function decodeVmAuthImageRequest(b: Uint8Array): VmAuthImageRequest | undefined {
  if (b.length < 4) return undefined;
  const params = decodeAuthParamEntries(b, 4, le16(b, 2));
  if (params === undefined) return undefined;
  if (params.next !== b.length) return undefined;
  return { vmid: le16(b, 0), params: params.entries };
}

export const VM_INIT_REQUEST_SIZE = 4;

/** VM_INIT request: Reads the guest's device tree and creates every object of the VM. */
export interface VmInitRequest {
  vmid: number;
}

export function encodeVmInitRequest(m: VmInitRequest): Uint8Array {
  const b = new Uint8Array(4);
  put16(b, 0, m.vmid);
  return b;
}

/** The message in `b`, or undefined when `b` is not one. */
export function decodeVmInitRequest(b: Uint8Array): VmInitRequest | undefined {
  if (b.length !== 4) return undefined;
  return { vmid: le16(b, 0) };
}
