/** Codecs of the resources messages. Reply codecs are of successful replies, code included at offset 0.
 *
 * Generated from spec/ by tools/generate.ts; edit the specification, not this file.
 */

import { concatBytes, le16, le32, put16, put32 } from '../../base/index.js';
import { decodeResourceEntries, encodeResourceEntries, type ResourceEntry } from './lists.js';

export const VM_GET_HYP_RESOURCES_REQUEST_SIZE = 4;

/** VM_GET_HYP_RESOURCES request: Lists the capabilities and interrupts that connect the caller to a VM. */
export interface VmGetHypResourcesRequest {
  /** 0 is not the caller */
  vmid: number;
}

export function encodeVmGetHypResourcesRequest(m: VmGetHypResourcesRequest): Uint8Array {
  const b = new Uint8Array(4);
  put16(b, 0, m.vmid);
  return b;
}

/** The message in `b`, or undefined when `b` is not one. */
export function decodeVmGetHypResourcesRequest(b: Uint8Array): VmGetHypResourcesRequest | undefined {
  if (b.length !== 4) return undefined;
  return { vmid: le16(b, 0) };
}

/** Successful reply to VM_GET_HYP_RESOURCES. */
export interface VmGetHypResourcesReply {
  resources: readonly ResourceEntry[];
}

export function encodeVmGetHypResourcesReply(m: VmGetHypResourcesReply): Uint8Array {
  const b = new Uint8Array(8);
  put32(b, 4, m.resources.length);
  return concatBytes(b, encodeResourceEntries(m.resources));
}

/** The message in `b`, or undefined when `b` is not one. */
export function decodeVmGetHypResourcesReply(b: Uint8Array): VmGetHypResourcesReply | undefined {
  if (b.length < 8) return undefined;
  const resources = decodeResourceEntries(b, 8, le32(b, 4));
  if (resources === undefined) return undefined;
  if (resources.next !== b.length) return undefined;
  return { resources: resources.entries };
}
