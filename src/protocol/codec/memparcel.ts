/** Codecs of the memory parcels messages. Reply codecs are of successful replies, code included at offset 0.
 *
 * Generated from spec/ by tools/generate.ts; edit the specification, not this file.
 */

import { concatBytes, le16, le32, put16, put32 } from '../../base/index.js';
import {
  type AclEntry,
  type AttrEntry,
  decodeAclList,
  decodeAttrList,
  decodeSglEntries,
  decodeSglList,
  decodeSizeList,
  decodeVmidList,
  encodeAclList,
  encodeAttrList,
  encodeSglEntries,
  encodeSglList,
  encodeSizeList,
  encodeVmidList,
  type SglEntry,
  type SizeEntry,
  type VmidEntry,
} from './lists.js';

/** MEM_LEND request: Offers memory to other VMs; the owner loses access until it reclaims. */
export interface MemLendRequest {
  memType: number;
  flags: number;
  label: number;
  acl: readonly AclEntry[];
  sgl: readonly SglEntry[];
  attr?: readonly AttrEntry[];
}

export function encodeMemLendRequest(m: MemLendRequest): Uint8Array {
  const b = new Uint8Array(8);
  b[0] = m.memType;
  b[2] = m.flags;
  put32(b, 4, m.label);
  return concatBytes(
    b,
    encodeAclList(m.acl),
    encodeSglList(m.sgl),
    ...(m.attr === undefined ? [] : [encodeAttrList(m.attr)]),
  );
}

/** The message in `b`, or undefined when `b` is not one. */
export function decodeMemLendRequest(b: Uint8Array): MemLendRequest | undefined {
  if (b.length < 8) return undefined;
  const acl = decodeAclList(b, 8);
  if (acl === undefined) return undefined;
  const sgl = decodeSglList(b, acl.next);
  if (sgl === undefined) return undefined;
  if (b.length === sgl.next)
    return { memType: b[0], flags: b[2], label: le32(b, 4), acl: acl.entries, sgl: sgl.entries };
  const attr = decodeAttrList(b, sgl.next);
  if (attr === undefined) return undefined;
  if (attr.next !== b.length) return undefined;
  return { memType: b[0], flags: b[2], label: le32(b, 4), acl: acl.entries, sgl: sgl.entries, attr: attr.entries };
}

export const MEM_LEND_REPLY_SIZE = 8;

/** Successful reply to MEM_LEND. */
export interface MemLendReply {
  handle: number;
}

export function encodeMemLendReply(m: MemLendReply): Uint8Array {
  const b = new Uint8Array(8);
  put32(b, 4, m.handle);
  return b;
}

/** The message in `b`, or undefined when `b` is not one. */
export function decodeMemLendReply(b: Uint8Array): MemLendReply | undefined {
  if (b.length !== 8) return undefined;
  return { handle: le32(b, 4) };
}

/** MEM_APPEND request: Adds ranges to a parcel created with APPEND. */
export interface MemAppendRequest {
  handle: number;
  flags: number;
  sgl: readonly SglEntry[];
}

export function encodeMemAppendRequest(m: MemAppendRequest): Uint8Array {
  const b = new Uint8Array(8);
  put32(b, 0, m.handle);
  b[4] = m.flags;
  return concatBytes(b, encodeSglList(m.sgl));
}

/** The message in `b`, or undefined when `b` is not one. */
export function decodeMemAppendRequest(b: Uint8Array): MemAppendRequest | undefined {
  if (b.length < 8) return undefined;
  const sgl = decodeSglList(b, 8);
  if (sgl === undefined) return undefined;
  if (sgl.next !== b.length) return undefined;
  return { handle: le32(b, 0), flags: b[4], sgl: sgl.entries };
}

/** MEM_ACCEPT request: Takes a parcel: chooses guest addresses and maps it. */
export interface MemAcceptRequest {
  handle: number;
  memType: number;
  transType: number;
  flags: number;
  label: number;
  acl: readonly AclEntry[];
  sgl: readonly SglEntry[];
  mapVmid?: number;
  attr?: readonly AttrEntry[];
}

export function encodeMemAcceptRequest(m: MemAcceptRequest): Uint8Array {
  const b = new Uint8Array(12);
  put32(b, 0, m.handle);
  b[4] = m.memType;
  b[5] = m.transType;
  b[6] = m.flags;
  put32(b, 8, m.label);
  return concatBytes(
    b,
    encodeAclList(m.acl),
    encodeSglList(m.sgl, m.mapVmid),
    ...(m.attr === undefined ? [] : [encodeAttrList(m.attr)]),
  );
}

/** The message in `b`, or undefined when `b` is not one. */
export function decodeMemAcceptRequest(b: Uint8Array): MemAcceptRequest | undefined {
  if (b.length < 12) return undefined;
  const acl = decodeAclList(b, 12);
  if (acl === undefined) return undefined;
  const sgl = decodeSglList(b, acl.next);
  if (sgl === undefined) return undefined;
  if (b.length === sgl.next)
    return {
      handle: le32(b, 0),
      memType: b[4],
      transType: b[5],
      flags: b[6],
      label: le32(b, 8),
      acl: acl.entries,
      sgl: sgl.entries,
      mapVmid: sgl.second,
    };
  const attr = decodeAttrList(b, sgl.next);
  if (attr === undefined) return undefined;
  if (attr.next !== b.length) return undefined;
  return {
    handle: le32(b, 0),
    memType: b[4],
    transType: b[5],
    flags: b[6],
    label: le32(b, 8),
    acl: acl.entries,
    sgl: sgl.entries,
    mapVmid: sgl.second,
    attr: attr.entries,
  };
}

/** Successful reply to MEM_ACCEPT. */
export interface MemAcceptReply {
  /** bit 0: more ranges than fit, ask again */
  flags?: number;
  sgl?: readonly SglEntry[];
}

export function encodeMemAcceptReply(m: MemAcceptReply): Uint8Array {
  if (m.sgl === undefined) {
    const b = new Uint8Array(4);
    return b;
  }
  const b = new Uint8Array(8);
  put16(b, 4, m.sgl.length);
  b[6] = m.flags ?? 0;
  return concatBytes(b, encodeSglEntries(m.sgl));
}

/** The message in `b`, or undefined when `b` is not one. */
export function decodeMemAcceptReply(b: Uint8Array): MemAcceptReply | undefined {
  if (b.length === 4) return {};
  if (b.length < 8) return undefined;
  const sgl = decodeSglEntries(b, 8, le16(b, 4));
  if (sgl === undefined) return undefined;
  if (sgl.next !== b.length) return undefined;
  return { flags: b[6], sgl: sgl.entries };
}

/** MEM_RELEASE request: Gives an accepted parcel back. */
export interface MemReleaseRequest {
  handle: number;
  flags: number;
}

export function encodeMemReleaseRequest(m: MemReleaseRequest): Uint8Array {
  const b = new Uint8Array(8);
  put32(b, 0, m.handle);
  b[4] = m.flags;
  return b;
}

/** The message in `b`, or undefined when `b` is not one. */
export function decodeMemReleaseRequest(b: Uint8Array): MemReleaseRequest | undefined {
  if (b.length < 8) return undefined;
  return { handle: le32(b, 0), flags: b[4] };
}

/** MEM_RECLAIM request: Takes memory back that nobody holds. */
export interface MemReclaimRequest {
  handle: number;
  flags: number;
}

export function encodeMemReclaimRequest(m: MemReclaimRequest): Uint8Array {
  const b = new Uint8Array(8);
  put32(b, 0, m.handle);
  b[4] = m.flags;
  return b;
}

/** The message in `b`, or undefined when `b` is not one. */
export function decodeMemReclaimRequest(b: Uint8Array): MemReclaimRequest | undefined {
  if (b.length < 8) return undefined;
  return { handle: le32(b, 0), flags: b[4] };
}

/** MEM_NOTIFY request: Has RM tell the other side about a parcel. */
export interface MemNotifyRequest {
  handle: number;
  flags: number;
  memInfoTag: number;
  /** for SHARED and RECALL */
  vms?: readonly VmidEntry[];
}

export function encodeMemNotifyRequest(m: MemNotifyRequest): Uint8Array {
  const b = new Uint8Array(12);
  put32(b, 0, m.handle);
  b[4] = m.flags;
  put32(b, 8, m.memInfoTag);
  return concatBytes(b, ...(m.vms === undefined ? [] : [encodeVmidList(m.vms)]));
}

/** The message in `b`, or undefined when `b` is not one. */
export function decodeMemNotifyRequest(b: Uint8Array): MemNotifyRequest | undefined {
  if (b.length < 12) return undefined;
  if (b.length === 12) return { handle: le32(b, 0), flags: b[4], memInfoTag: le32(b, 8) };
  const vms = decodeVmidList(b, 12);
  if (vms === undefined) return undefined;
  return { handle: le32(b, 0), flags: b[4], memInfoTag: le32(b, 8), vms: vms.entries };
}

/** MEM_QCOM_LOOKUP_SGL request: Finds the handle of a parcel by its description. */
export interface MemQcomLookupSglRequest {
  memType: number;
  label: number;
  acl: readonly AclEntry[];
  sgl: readonly SglEntry[];
  attr?: readonly AttrEntry[];
}

export function encodeMemQcomLookupSglRequest(m: MemQcomLookupSglRequest): Uint8Array {
  const b = new Uint8Array(8);
  b[0] = m.memType;
  put32(b, 4, m.label);
  return concatBytes(
    b,
    encodeAclList(m.acl),
    encodeSglList(m.sgl),
    ...(m.attr === undefined ? [] : [encodeAttrList(m.attr)]),
  );
}

/** The message in `b`, or undefined when `b` is not one. */
export function decodeMemQcomLookupSglRequest(b: Uint8Array): MemQcomLookupSglRequest | undefined {
  if (b.length < 8) return undefined;
  const acl = decodeAclList(b, 8);
  if (acl === undefined) return undefined;
  const sgl = decodeSglList(b, acl.next);
  if (sgl === undefined) return undefined;
  if (b.length === sgl.next) return { memType: b[0], label: le32(b, 4), acl: acl.entries, sgl: sgl.entries };
  const attr = decodeAttrList(b, sgl.next);
  if (attr === undefined) return undefined;
  if (attr.next !== b.length) return undefined;
  return { memType: b[0], label: le32(b, 4), acl: acl.entries, sgl: sgl.entries, attr: attr.entries };
}

export const MEM_QCOM_LOOKUP_SGL_REPLY_SIZE = 8;

/** Successful reply to MEM_QCOM_LOOKUP_SGL. */
export interface MemQcomLookupSglReply {
  handle: number;
}

export function encodeMemQcomLookupSglReply(m: MemQcomLookupSglReply): Uint8Array {
  const b = new Uint8Array(8);
  put32(b, 4, m.handle);
  return b;
}

/** The message in `b`, or undefined when `b` is not one. */
export function decodeMemQcomLookupSglReply(b: Uint8Array): MemQcomLookupSglReply | undefined {
  if (b.length !== 8) return undefined;
  return { handle: le32(b, 4) };
}

/** MEM_SHARED notification: A parcel is offered. */
export interface MemSharedNotification {
  handle: number;
  memType: number;
  transType: number;
  flags: number;
  owner: number;
  label: number;
  memInfoTag: number;
  acl: readonly AclEntry[];
  /** sizes only, at most 512 */
  regions: readonly SizeEntry[];
  attr: readonly AttrEntry[];
}

export function encodeMemSharedNotification(m: MemSharedNotification): Uint8Array {
  const b = new Uint8Array(20);
  put32(b, 0, m.handle);
  b[4] = m.memType;
  b[5] = m.transType;
  b[6] = m.flags;
  put16(b, 8, m.owner);
  put32(b, 12, m.label);
  put32(b, 16, m.memInfoTag);
  return concatBytes(b, encodeAclList(m.acl), encodeSizeList(m.regions), encodeAttrList(m.attr));
}

/** The message in `b`, or undefined when `b` is not one. */
export function decodeMemSharedNotification(b: Uint8Array): MemSharedNotification | undefined {
  if (b.length < 20) return undefined;
  const acl = decodeAclList(b, 20);
  if (acl === undefined) return undefined;
  const regions = decodeSizeList(b, acl.next);
  if (regions === undefined) return undefined;
  const attr = decodeAttrList(b, regions.next);
  if (attr === undefined) return undefined;
  if (attr.next !== b.length) return undefined;
  return {
    handle: le32(b, 0),
    memType: b[4],
    transType: b[5],
    flags: b[6],
    owner: le16(b, 8),
    label: le32(b, 12),
    memInfoTag: le32(b, 16),
    acl: acl.entries,
    regions: regions.entries,
    attr: attr.entries,
  };
}

export const MEM_RELEASED_NOTIFICATION_SIZE = 12;

/** MEM_RELEASED notification: A VM gave a parcel back (by MEM_NOTIFY, or because it was reset). */
export interface MemReleasedNotification {
  handle: number;
  vmid: number;
  memInfoTag: number;
}

export function encodeMemReleasedNotification(m: MemReleasedNotification): Uint8Array {
  const b = new Uint8Array(12);
  put32(b, 0, m.handle);
  put16(b, 4, m.vmid);
  put32(b, 8, m.memInfoTag);
  return b;
}

/** The message in `b`, or undefined when `b` is not one. */
export function decodeMemReleasedNotification(b: Uint8Array): MemReleasedNotification | undefined {
  if (b.length !== 12) return undefined;
  return { handle: le32(b, 0), vmid: le16(b, 4), memInfoTag: le32(b, 8) };
}

export const MEM_ACCEPTED_NOTIFICATION_SIZE = 12;

/** MEM_ACCEPTED notification: A VM accepted a parcel. */
export interface MemAcceptedNotification {
  handle: number;
  vmid: number;
  memInfoTag: number;
}

export function encodeMemAcceptedNotification(m: MemAcceptedNotification): Uint8Array {
  const b = new Uint8Array(12);
  put32(b, 0, m.handle);
  put16(b, 4, m.vmid);
  put32(b, 8, m.memInfoTag);
  return b;
}

/** The message in `b`, or undefined when `b` is not one. */
export function decodeMemAcceptedNotification(b: Uint8Array): MemAcceptedNotification | undefined {
  if (b.length !== 12) return undefined;
  return { handle: le32(b, 0), vmid: le16(b, 4), memInfoTag: le32(b, 8) };
}

export const MEM_RECALL_NOTIFICATION_SIZE = 8;

/** MEM_RECALL notification: The owner wants a parcel back. */
export interface MemRecallNotification {
  handle: number;
  memInfoTag: number;
}

export function encodeMemRecallNotification(m: MemRecallNotification): Uint8Array {
  const b = new Uint8Array(8);
  put32(b, 0, m.handle);
  put32(b, 4, m.memInfoTag);
  return b;
}

/** The message in `b`, or undefined when `b` is not one. */
export function decodeMemRecallNotification(b: Uint8Array): MemRecallNotification | undefined {
  if (b.length !== 8) return undefined;
  return { handle: le32(b, 0), memInfoTag: le32(b, 4) };
}

/** MEM_DONATE: Offers memory to one VM for ever. Laid out as MEM_LEND. */
export type MemDonateRequest = MemLendRequest;
export const encodeMemDonateRequest = encodeMemLendRequest;
export const decodeMemDonateRequest = decodeMemLendRequest;

export type MemDonateReply = MemLendReply;
export const encodeMemDonateReply = encodeMemLendReply;
export const decodeMemDonateReply = decodeMemLendReply;

/** MEM_SHARE: Offers memory to other VMs; the owner keeps the access the ACL gives it. Laid out as MEM_LEND. */
export type MemShareRequest = MemLendRequest;
export const encodeMemShareRequest = encodeMemLendRequest;
export const decodeMemShareRequest = decodeMemLendRequest;

export type MemShareReply = MemLendReply;
export const encodeMemShareReply = encodeMemLendReply;
export const decodeMemShareReply = decodeMemLendReply;
