/**
 * Lists in memparcel and IPA requests (fact base: rm-rpc-transport 8, rm-rpc-messages 3): `u16 count, u16 any`, entries.
 */
import { le16, le64, toNumber } from '../../base/index.js';
import { Platform, RmError } from '../../protocol/index.js';

/** `rights`: X=1, W=2, R=4. */
export interface AclEntry {
  vmid: number;
  rights: number;
}

/** Bytes. Values above 2^53 lose low bits; they are above every limit anyway. */
export interface SglEntry {
  ipa: number;
  size: number;
}

export interface AttrEntry {
  attr: number;
  vmid: number;
}

export const ACL_SIZE = 4;
export const SGL_SIZE = 16;
const ATTR_SIZE = 4;

/** Position in a payload while its lists are read; `error` stays at the first failure. */
export interface ListReader {
  readonly bytes: Uint8Array;
  at: number;
  error: number;
}

export const listReader = (bytes: Uint8Array, at: number): ListReader => ({ bytes, at, error: RmError.OK });

/**
 * Reads a list header and steps over the list. Returns the offset of the first entry and sets `count`; a missing list (no
 * bytes left) is an empty one. Errors in `reader.error`: MSG_INVALID, or NORESOURCE for more than `max` entries.
 */
export function readList(reader: ListReader, entrySize: number, max: number): { start: number; count: number } {
  const left = reader.bytes.length - reader.at;
  const none = { start: reader.at, count: 0 };
  if (reader.error !== RmError.OK || left === 0) return none;
  if (left < 4) {
    reader.error = RmError.MSG_INVALID;
    return none;
  }
  const count = le16(reader.bytes, reader.at);
  if (count > max) {
    reader.error = RmError.NORESOURCE;
    return none;
  }
  if (left < 4 + count * entrySize) {
    reader.error = RmError.MSG_INVALID;
    return none;
  }
  const start = reader.at + 4;
  reader.at = start + count * entrySize;
  return { start, count };
}

export function readAcl(reader: ListReader): AclEntry[] {
  const { start, count } = readList(reader, ACL_SIZE, Platform.MAX_LIST_ENTRIES);
  const list: AclEntry[] = [];
  for (let i = 0; i < count; i++) {
    const at = start + i * ACL_SIZE;
    list.push({ vmid: le16(reader.bytes, at), rights: reader.bytes[at + 2] });
  }
  return list;
}

export function readSgl(reader: ListReader): SglEntry[] {
  const { start, count } = readList(reader, SGL_SIZE, Platform.MAX_LIST_ENTRIES);
  const list: SglEntry[] = [];
  for (let i = 0; i < count; i++) {
    const at = start + i * SGL_SIZE;
    list.push({ ipa: toNumber(le64(reader.bytes, at)), size: toNumber(le64(reader.bytes, at + 8)) });
  }
  return list;
}

export function readAttrs(reader: ListReader): AttrEntry[] {
  const { start, count } = readList(reader, ATTR_SIZE, Platform.MAX_LIST_ENTRIES);
  const list: AttrEntry[] = [];
  for (let i = 0; i < count; i++) {
    const at = start + i * ATTR_SIZE;
    list.push({ attr: le16(reader.bytes, at), vmid: le16(reader.bytes, at + 2) });
  }
  return list;
}

/** Nothing may follow the last list. */
export function endOfLists(reader: ListReader): number {
  if (reader.error === RmError.OK && reader.at !== reader.bytes.length) reader.error = RmError.MSG_INVALID;
  return reader.error;
}
