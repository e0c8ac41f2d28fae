/** List entries of RM messages: counted lists (u16 count, u16 second half) and bare entry arrays.
 *
 * Generated from spec/ by tools/generate.ts; edit the specification, not this file.
 */

import { le16, le32, le64, put16, put32, put64 } from '../../base/index.js';

/** Result of reading entries: the entries, the offset behind them, and the second half of the list header. */
export interface Entries<T> {
  entries: T[];
  next: number;
  second: number;
}

/** Access control: who may have the memory, and how. 4 bytes. */
export interface AclEntry {
  vmid: number;
  rights: number;
}

export const ACL_ENTRY_SIZE = 4;

export function putAclEntry(b: Uint8Array, at: number, e: AclEntry): void {
  put16(b, at, e.vmid);
  b[at + 2] = e.rights;
}

export const getAclEntry = (b: Uint8Array, at: number): AclEntry => ({
  vmid: le16(b, at),
  rights: b[at + 2],
});

/** Bare entries, one after the other. */
export function encodeAclEntries(entries: readonly AclEntry[]): Uint8Array {
  const b = new Uint8Array(entries.length * 4);
  for (let i = 0; i < entries.length; i++) putAclEntry(b, i * 4, entries[i]);
  return b;
}

/** `count` entries at `at`; undefined when they do not fit. */
export function decodeAclEntries(b: Uint8Array, at: number, count: number): Entries<AclEntry> | undefined {
  const next = at + count * 4;
  if (next > b.length) return undefined;
  const entries: AclEntry[] = [];
  for (let i = 0; i < count; i++) entries.push(getAclEntry(b, at + i * 4));
  return { entries, next, second: 0 };
}

/** Counted list: u16 count, u16 `second`, entries. */
export function encodeAclList(entries: readonly AclEntry[], second = 0): Uint8Array {
  const b = new Uint8Array(4 + entries.length * 4);
  put16(b, 0, entries.length);
  put16(b, 2, second);
  for (let i = 0; i < entries.length; i++) putAclEntry(b, 4 + i * 4, entries[i]);
  return b;
}

/** Counted list at `at`; undefined when the header or the entries do not fit. */
export function decodeAclList(b: Uint8Array, at: number): Entries<AclEntry> | undefined {
  if (at + 4 > b.length) return undefined;
  const list = decodeAclEntries(b, at + 4, le16(b, at));
  if (list !== undefined) list.second = le16(b, at + 2);
  return list;
}

/** Scatter-gather: ranges of guest addresses. 16 bytes. */
export interface SglEntry {
  ipa: bigint;
  size: bigint;
}

export const SGL_ENTRY_SIZE = 16;

export function putSglEntry(b: Uint8Array, at: number, e: SglEntry): void {
  put64(b, at, e.ipa);
  put64(b, at + 8, e.size);
}

export const getSglEntry = (b: Uint8Array, at: number): SglEntry => ({
  ipa: le64(b, at),
  size: le64(b, at + 8),
});

/** Bare entries, one after the other. */
export function encodeSglEntries(entries: readonly SglEntry[]): Uint8Array {
  const b = new Uint8Array(entries.length * 16);
  for (let i = 0; i < entries.length; i++) putSglEntry(b, i * 16, entries[i]);
  return b;
}

/** `count` entries at `at`; undefined when they do not fit. */
export function decodeSglEntries(b: Uint8Array, at: number, count: number): Entries<SglEntry> | undefined {
  const next = at + count * 16;
  if (next > b.length) return undefined;
  const entries: SglEntry[] = [];
  for (let i = 0; i < count; i++) entries.push(getSglEntry(b, at + i * 16));
  return { entries, next, second: 0 };
}

/** Counted list: u16 count, u16 `second`, entries. */
export function encodeSglList(entries: readonly SglEntry[], second = 0): Uint8Array {
  const b = new Uint8Array(4 + entries.length * 16);
  put16(b, 0, entries.length);
  put16(b, 2, second);
  for (let i = 0; i < entries.length; i++) putSglEntry(b, 4 + i * 16, entries[i]);
  return b;
}

/** Counted list at `at`; undefined when the header or the entries do not fit. */
export function decodeSglList(b: Uint8Array, at: number): Entries<SglEntry> | undefined {
  if (at + 4 > b.length) return undefined;
  const list = decodeSglEntries(b, at + 4, le16(b, at));
  if (list !== undefined) list.second = le16(b, at + 2);
  return list;
}

/** Memory attribute of one VM; attribute first. 4 bytes. */
export interface AttrEntry {
  attr: number;
  vmid: number;
}

export const ATTR_ENTRY_SIZE = 4;

export function putAttrEntry(b: Uint8Array, at: number, e: AttrEntry): void {
  put16(b, at, e.attr);
  put16(b, at + 2, e.vmid);
}

export const getAttrEntry = (b: Uint8Array, at: number): AttrEntry => ({
  attr: le16(b, at),
  vmid: le16(b, at + 2),
});

/** Bare entries, one after the other. */
export function encodeAttrEntries(entries: readonly AttrEntry[]): Uint8Array {
  const b = new Uint8Array(entries.length * 4);
  for (let i = 0; i < entries.length; i++) putAttrEntry(b, i * 4, entries[i]);
  return b;
}

/** `count` entries at `at`; undefined when they do not fit. */
export function decodeAttrEntries(b: Uint8Array, at: number, count: number): Entries<AttrEntry> | undefined {
  const next = at + count * 4;
  if (next > b.length) return undefined;
  const entries: AttrEntry[] = [];
  for (let i = 0; i < count; i++) entries.push(getAttrEntry(b, at + i * 4));
  return { entries, next, second: 0 };
}

/** Counted list: u16 count, u16 `second`, entries. */
export function encodeAttrList(entries: readonly AttrEntry[], second = 0): Uint8Array {
  const b = new Uint8Array(4 + entries.length * 4);
  put16(b, 0, entries.length);
  put16(b, 2, second);
  for (let i = 0; i < entries.length; i++) putAttrEntry(b, 4 + i * 4, entries[i]);
  return b;
}

/** Counted list at `at`; undefined when the header or the entries do not fit. */
export function decodeAttrList(b: Uint8Array, at: number): Entries<AttrEntry> | undefined {
  if (at + 4 > b.length) return undefined;
  const list = decodeAttrEntries(b, at + 4, le16(b, at));
  if (list !== undefined) list.second = le16(b, at + 2);
  return list;
}

/** A VM. 4 bytes. */
export interface VmidEntry {
  vmid: number;
}

export const VMID_ENTRY_SIZE = 4;

export function putVmidEntry(b: Uint8Array, at: number, e: VmidEntry): void {
  put16(b, at, e.vmid);
}

export const getVmidEntry = (b: Uint8Array, at: number): VmidEntry => ({
  vmid: le16(b, at),
});

/** Bare entries, one after the other. */
export function encodeVmidEntries(entries: readonly VmidEntry[]): Uint8Array {
  const b = new Uint8Array(entries.length * 4);
  for (let i = 0; i < entries.length; i++) putVmidEntry(b, i * 4, entries[i]);
  return b;
}

/** `count` entries at `at`; undefined when they do not fit. */
export function decodeVmidEntries(b: Uint8Array, at: number, count: number): Entries<VmidEntry> | undefined {
  const next = at + count * 4;
  if (next > b.length) return undefined;
  const entries: VmidEntry[] = [];
  for (let i = 0; i < count; i++) entries.push(getVmidEntry(b, at + i * 4));
  return { entries, next, second: 0 };
}

/** Counted list: u16 count, u16 `second`, entries. */
export function encodeVmidList(entries: readonly VmidEntry[], second = 0): Uint8Array {
  const b = new Uint8Array(4 + entries.length * 4);
  put16(b, 0, entries.length);
  put16(b, 2, second);
  for (let i = 0; i < entries.length; i++) putVmidEntry(b, 4 + i * 4, entries[i]);
  return b;
}

/** Counted list at `at`; undefined when the header or the entries do not fit. */
export function decodeVmidList(b: Uint8Array, at: number): Entries<VmidEntry> | undefined {
  if (at + 4 > b.length) return undefined;
  const list = decodeVmidEntries(b, at + 4, le16(b, at));
  if (list !== undefined) list.second = le16(b, at + 2);
  return list;
}

/** A VM, as 32-bit number. 4 bytes. */
export interface Vmid32Entry {
  vmid: number;
}

export const VMID32_ENTRY_SIZE = 4;

export function putVmid32Entry(b: Uint8Array, at: number, e: Vmid32Entry): void {
  put32(b, at, e.vmid);
}

export const getVmid32Entry = (b: Uint8Array, at: number): Vmid32Entry => ({
  vmid: le32(b, at),
});

/** Bare entries, one after the other. */
export function encodeVmid32Entries(entries: readonly Vmid32Entry[]): Uint8Array {
  const b = new Uint8Array(entries.length * 4);
  for (let i = 0; i < entries.length; i++) putVmid32Entry(b, i * 4, entries[i]);
  return b;
}

/** `count` entries at `at`; undefined when they do not fit. */
export function decodeVmid32Entries(b: Uint8Array, at: number, count: number): Entries<Vmid32Entry> | undefined {
  const next = at + count * 4;
  if (next > b.length) return undefined;
  const entries: Vmid32Entry[] = [];
  for (let i = 0; i < count; i++) entries.push(getVmid32Entry(b, at + i * 4));
  return { entries, next, second: 0 };
}

/** Counted list: u16 count, u16 `second`, entries. */
export function encodeVmid32List(entries: readonly Vmid32Entry[], second = 0): Uint8Array {
  const b = new Uint8Array(4 + entries.length * 4);
  put16(b, 0, entries.length);
  put16(b, 2, second);
  for (let i = 0; i < entries.length; i++) putVmid32Entry(b, 4 + i * 4, entries[i]);
  return b;
}

/** Counted list at `at`; undefined when the header or the entries do not fit. */
export function decodeVmid32List(b: Uint8Array, at: number): Entries<Vmid32Entry> | undefined {
  if (at + 4 > b.length) return undefined;
  const list = decodeVmid32Entries(b, at + 4, le16(b, at));
  if (list !== undefined) list.second = le16(b, at + 2);
  return list;
}

/** Size of one region of a parcel. 8 bytes. */
export interface SizeEntry {
  size: bigint;
}

export const SIZE_ENTRY_SIZE = 8;

export function putSizeEntry(b: Uint8Array, at: number, e: SizeEntry): void {
  put64(b, at, e.size);
}

export const getSizeEntry = (b: Uint8Array, at: number): SizeEntry => ({
  size: le64(b, at),
});

/** Bare entries, one after the other. */
export function encodeSizeEntries(entries: readonly SizeEntry[]): Uint8Array {
  const b = new Uint8Array(entries.length * 8);
  for (let i = 0; i < entries.length; i++) putSizeEntry(b, i * 8, entries[i]);
  return b;
}

/** `count` entries at `at`; undefined when they do not fit. */
export function decodeSizeEntries(b: Uint8Array, at: number, count: number): Entries<SizeEntry> | undefined {
  const next = at + count * 8;
  if (next > b.length) return undefined;
  const entries: SizeEntry[] = [];
  for (let i = 0; i < count; i++) entries.push(getSizeEntry(b, at + i * 8));
  return { entries, next, second: 0 };
}

/** Counted list: u16 count, u16 `second`, entries. */
export function encodeSizeList(entries: readonly SizeEntry[], second = 0): Uint8Array {
  const b = new Uint8Array(4 + entries.length * 8);
  put16(b, 0, entries.length);
  put16(b, 2, second);
  for (let i = 0; i < entries.length; i++) putSizeEntry(b, 4 + i * 8, entries[i]);
  return b;
}

/** Counted list at `at`; undefined when the header or the entries do not fit. */
export function decodeSizeList(b: Uint8Array, at: number): Entries<SizeEntry> | undefined {
  if (at + 4 > b.length) return undefined;
  const list = decodeSizeEntries(b, at + 4, le16(b, at));
  if (list !== undefined) list.second = le16(b, at + 2);
  return list;
}

/** Parameter of platform authentication. 8 bytes. */
export interface AuthParamEntry {
  type: number;
  value: number;
}

export const AUTH_PARAM_ENTRY_SIZE = 8;

export function putAuthParamEntry(b: Uint8Array, at: number, e: AuthParamEntry): void {
  put32(b, at, e.type);
  put32(b, at + 4, e.value);
}

export const getAuthParamEntry = (b: Uint8Array, at: number): AuthParamEntry => ({
  type: le32(b, at),
  value: le32(b, at + 4),
});

/** Bare entries, one after the other. */
export function encodeAuthParamEntries(entries: readonly AuthParamEntry[]): Uint8Array {
  const b = new Uint8Array(entries.length * 8);
  for (let i = 0; i < entries.length; i++) putAuthParamEntry(b, i * 8, entries[i]);
  return b;
}

/** `count` entries at `at`; undefined when they do not fit. */
export function decodeAuthParamEntries(b: Uint8Array, at: number, count: number): Entries<AuthParamEntry> | undefined {
  const next = at + count * 8;
  if (next > b.length) return undefined;
  const entries: AuthParamEntry[] = [];
  for (let i = 0; i < count; i++) entries.push(getAuthParamEntry(b, at + i * 8));
  return { entries, next, second: 0 };
}

/** Counted list: u16 count, u16 `second`, entries. */
export function encodeAuthParamList(entries: readonly AuthParamEntry[], second = 0): Uint8Array {
  const b = new Uint8Array(4 + entries.length * 8);
  put16(b, 0, entries.length);
  put16(b, 2, second);
  for (let i = 0; i < entries.length; i++) putAuthParamEntry(b, 4 + i * 8, entries[i]);
  return b;
}

/** Counted list at `at`; undefined when the header or the entries do not fit. */
export function decodeAuthParamList(b: Uint8Array, at: number): Entries<AuthParamEntry> | undefined {
  if (at + 4 > b.length) return undefined;
  const list = decodeAuthParamEntries(b, at + 4, le16(b, at));
  if (list !== undefined) list.second = le16(b, at + 2);
  return list;
}

/** A range to reserve. 16 bytes. */
export interface IpaFixedEntry {
  base: bigint;
  size: bigint;
}

export const IPA_FIXED_ENTRY_SIZE = 16;

export function putIpaFixedEntry(b: Uint8Array, at: number, e: IpaFixedEntry): void {
  put64(b, at, e.base);
  put64(b, at + 8, e.size);
}

export const getIpaFixedEntry = (b: Uint8Array, at: number): IpaFixedEntry => ({
  base: le64(b, at),
  size: le64(b, at + 8),
});

/** Bare entries, one after the other. */
export function encodeIpaFixedEntries(entries: readonly IpaFixedEntry[]): Uint8Array {
  const b = new Uint8Array(entries.length * 16);
  for (let i = 0; i < entries.length; i++) putIpaFixedEntry(b, i * 16, entries[i]);
  return b;
}

/** `count` entries at `at`; undefined when they do not fit. */
export function decodeIpaFixedEntries(b: Uint8Array, at: number, count: number): Entries<IpaFixedEntry> | undefined {
  const next = at + count * 16;
  if (next > b.length) return undefined;
  const entries: IpaFixedEntry[] = [];
  for (let i = 0; i < count; i++) entries.push(getIpaFixedEntry(b, at + i * 16));
  return { entries, next, second: 0 };
}

/** Counted list: u16 count, u16 `second`, entries. */
export function encodeIpaFixedList(entries: readonly IpaFixedEntry[], second = 0): Uint8Array {
  const b = new Uint8Array(4 + entries.length * 16);
  put16(b, 0, entries.length);
  put16(b, 2, second);
  for (let i = 0; i < entries.length; i++) putIpaFixedEntry(b, 4 + i * 16, entries[i]);
  return b;
}

/** Counted list at `at`; undefined when the header or the entries do not fit. */
export function decodeIpaFixedList(b: Uint8Array, at: number): Entries<IpaFixedEntry> | undefined {
  if (at + 4 > b.length) return undefined;
  const list = decodeIpaFixedEntries(b, at + 4, le16(b, at));
  if (list !== undefined) list.second = le16(b, at + 2);
  return list;
}

/** A range to find and reserve. All ones as region base: anywhere. 32 bytes. */
export interface IpaAllocEntry {
  regionBase: bigint;
  regionSize: bigint;
  size: bigint;
  alignment: bigint;
}

export const IPA_ALLOC_ENTRY_SIZE = 32;

export function putIpaAllocEntry(b: Uint8Array, at: number, e: IpaAllocEntry): void {
  put64(b, at, e.regionBase);
  put64(b, at + 8, e.regionSize);
  put64(b, at + 16, e.size);
  put64(b, at + 24, e.alignment);
}

export const getIpaAllocEntry = (b: Uint8Array, at: number): IpaAllocEntry => ({
  regionBase: le64(b, at),
  regionSize: le64(b, at + 8),
  size: le64(b, at + 16),
  alignment: le64(b, at + 24),
});

/** Bare entries, one after the other. */
export function encodeIpaAllocEntries(entries: readonly IpaAllocEntry[]): Uint8Array {
  const b = new Uint8Array(entries.length * 32);
  for (let i = 0; i < entries.length; i++) putIpaAllocEntry(b, i * 32, entries[i]);
  return b;
}

/** `count` entries at `at`; undefined when they do not fit. */
export function decodeIpaAllocEntries(b: Uint8Array, at: number, count: number): Entries<IpaAllocEntry> | undefined {
  const next = at + count * 32;
  if (next > b.length) return undefined;
  const entries: IpaAllocEntry[] = [];
  for (let i = 0; i < count; i++) entries.push(getIpaAllocEntry(b, at + i * 32));
  return { entries, next, second: 0 };
}

/** Counted list: u16 count, u16 `second`, entries. */
export function encodeIpaAllocList(entries: readonly IpaAllocEntry[], second = 0): Uint8Array {
  const b = new Uint8Array(4 + entries.length * 32);
  put16(b, 0, entries.length);
  put16(b, 2, second);
  for (let i = 0; i < entries.length; i++) putIpaAllocEntry(b, 4 + i * 32, entries[i]);
  return b;
}

/** Counted list at `at`; undefined when the header or the entries do not fit. */
export function decodeIpaAllocList(b: Uint8Array, at: number): Entries<IpaAllocEntry> | undefined {
  if (at + 4 > b.length) return undefined;
  const list = decodeIpaAllocEntries(b, at + 4, le16(b, at));
  if (list !== undefined) list.second = le16(b, at + 2);
  return list;
}

/** A guest address. 8 bytes. */
export interface IpaEntry {
  ipa: bigint;
}

export const IPA_ENTRY_SIZE = 8;

export function putIpaEntry(b: Uint8Array, at: number, e: IpaEntry): void {
  put64(b, at, e.ipa);
}

export const getIpaEntry = (b: Uint8Array, at: number): IpaEntry => ({
  ipa: le64(b, at),
});

/** Bare entries, one after the other. */
export function encodeIpaEntries(entries: readonly IpaEntry[]): Uint8Array {
  const b = new Uint8Array(entries.length * 8);
  for (let i = 0; i < entries.length; i++) putIpaEntry(b, i * 8, entries[i]);
  return b;
}

/** `count` entries at `at`; undefined when they do not fit. */
export function decodeIpaEntries(b: Uint8Array, at: number, count: number): Entries<IpaEntry> | undefined {
  const next = at + count * 8;
  if (next > b.length) return undefined;
  const entries: IpaEntry[] = [];
  for (let i = 0; i < count; i++) entries.push(getIpaEntry(b, at + i * 8));
  return { entries, next, second: 0 };
}

/** Counted list: u16 count, u16 `second`, entries. */
export function encodeIpaList(entries: readonly IpaEntry[], second = 0): Uint8Array {
  const b = new Uint8Array(4 + entries.length * 8);
  put16(b, 0, entries.length);
  put16(b, 2, second);
  for (let i = 0; i < entries.length; i++) putIpaEntry(b, 4 + i * 8, entries[i]);
  return b;
}

/** Counted list at `at`; undefined when the header or the entries do not fit. */
export function decodeIpaList(b: Uint8Array, at: number): Entries<IpaEntry> | undefined {
  if (at + 4 > b.length) return undefined;
  const list = decodeIpaEntries(b, at + 4, le16(b, at));
  if (list !== undefined) list.second = le16(b, at + 2);
  return list;
}

/** One capability or interrupt of the caller that has to do with the VM asked about. 44 bytes. */
export interface ResourceEntry {
  type: number;
  /** the VM asked about; 0 for vCPUs */
  partnerVmid: number;
  /** always 0 */
  resourceHandle: number;
  label: number;
  capId: bigint;
  /** always 0 */
  virqHandle: number;
  /** INTID; 0xffffffff none, 0 for doorbell senders */
  virq: number;
  base: bigint;
  size: bigint;
}

export const RESOURCE_ENTRY_SIZE = 44;

export function putResourceEntry(b: Uint8Array, at: number, e: ResourceEntry): void {
  b[at] = e.type;
  put16(b, at + 2, e.partnerVmid);
  put32(b, at + 4, e.resourceHandle);
  put32(b, at + 8, e.label);
  put64(b, at + 12, e.capId);
  put32(b, at + 20, e.virqHandle);
  put32(b, at + 24, e.virq);
  put64(b, at + 28, e.base);
  put64(b, at + 36, e.size);
}

export const getResourceEntry = (b: Uint8Array, at: number): ResourceEntry => ({
  type: b[at],
  partnerVmid: le16(b, at + 2),
  resourceHandle: le32(b, at + 4),
  label: le32(b, at + 8),
  capId: le64(b, at + 12),
  virqHandle: le32(b, at + 20),
  virq: le32(b, at + 24),
  base: le64(b, at + 28),
  size: le64(b, at + 36),
});

/** Bare entries, one after the other. */
export function encodeResourceEntries(entries: readonly ResourceEntry[]): Uint8Array {
  const b = new Uint8Array(entries.length * 44);
  for (let i = 0; i < entries.length; i++) putResourceEntry(b, i * 44, entries[i]);
  return b;
}

/** `count` entries at `at`; undefined when they do not fit. */
export function decodeResourceEntries(b: Uint8Array, at: number, count: number): Entries<ResourceEntry> | undefined {
  const next = at + count * 44;
  if (next > b.length) return undefined;
  const entries: ResourceEntry[] = [];
  for (let i = 0; i < count; i++) entries.push(getResourceEntry(b, at + i * 44));
  return { entries, next, second: 0 };
}

/** Counted list: u16 count, u16 `second`, entries. */
export function encodeResourceList(entries: readonly ResourceEntry[], second = 0): Uint8Array {
  const b = new Uint8Array(4 + entries.length * 44);
  put16(b, 0, entries.length);
  put16(b, 2, second);
  for (let i = 0; i < entries.length; i++) putResourceEntry(b, 4 + i * 44, entries[i]);
  return b;
}

/** Counted list at `at`; undefined when the header or the entries do not fit. */
export function decodeResourceList(b: Uint8Array, at: number): Entries<ResourceEntry> | undefined {
  if (at + 4 > b.length) return undefined;
  const list = decodeResourceEntries(b, at + 4, le16(b, at));
  if (list !== undefined) list.second = le16(b, at + 2);
  return list;
}
