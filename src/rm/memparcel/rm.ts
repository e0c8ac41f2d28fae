/**
 * RM's own use of parcels: mapping a part to read or write it, zeroing, cache maintenance, and donations to RM itself
 * (fact base: rm-state-machines 7, rm-rpc-messages 4). Errors are hypervisor codes unless said otherwise.
 */
import { Access, HypError, MemAcceptFlag, MemRights, MemType, RmError, TransType } from '../../protocol/index.js';
import { type Rm, VMID_RM, vmLookup } from '../types.js';
import { addressAllocForParcel, addressFree, rmAssert } from '../vm/memory.js';
import { type AcceptAnswer, acceptParcel } from './accept.js';
import { lookupParcel } from './table.js';
import type { Parcel } from './types.js';

/** Calls `use` for the physical pieces of [offset, offset + size) until it fails; rest: bytes past the last region. */
function pieces(
  parcel: Parcel,
  offset: number,
  size: number,
  use: (phys: number, size: number) => number,
): { error: number; rest: number } {
  let skip = offset;
  let rest = size;
  for (const region of parcel.regions) {
    if (rest === 0) break;
    if (skip >= region.size) {
      skip -= region.size;
      continue;
    }
    const part = Math.min(region.size - skip, rest);
    const error = use(region.phys + skip, part);
    if (error !== HypError.OK) return { error, rest };
    skip = 0;
    rest -= part;
  }
  return { error: HypError.OK, rest };
}

/** Maps a part of a parcel read-write into RM. `ipa` is valid if `error` is OK. One part of a parcel at a time. */
export function mapInRm(rm: Rm, handle: number, offset: number, size: number): { error: number; ipa: number } {
  const parcel = lookupParcel(rm, handle);
  if (parcel === null) return { error: HypError.ARGUMENT_INVALID, ipa: 0 };
  if (parcel.rmMap !== null) return { error: HypError.BUSY, ipa: 0 };
  if (parcel.memType !== MemType.NORMAL) return { error: HypError.DENIED, ipa: 0 };
  const self = vmLookup(rm, VMID_RM);
  rmAssert(self !== null);
  const range = addressAllocForParcel(rm, self, MemType.NORMAL, null, null, size);
  if (range.error !== HypError.OK) return { error: range.error, ipa: 0 };
  const map = { ipa: range.base, size: range.size, offset, mapped: 0 };
  parcel.rmMap = map;
  const result = pieces(parcel, offset, size, (phys, part) => {
    const error = rm.hv.mapPartial(rm.hv.home.addrspace, parcel.meCap, map.ipa + map.mapped, phys, part, Access.RW);
    if (error === HypError.OK) map.mapped += part;
    return error;
  });
  const error = result.error === HypError.OK && result.rest !== 0 ? HypError.ARGUMENT_SIZE : result.error;
  if (error !== HypError.OK) unmapFromRm(rm, handle);
  return { error, ipa: map.ipa };
}

/** Ends {@link mapInRm}. */
export function unmapFromRm(rm: Rm, handle: number): number {
  const parcel = lookupParcel(rm, handle);
  if (parcel === null || parcel.rmMap === null) return HypError.ARGUMENT_INVALID;
  const { ipa, size, offset, mapped } = parcel.rmMap;
  let at = ipa;
  pieces(parcel, offset, mapped, (phys, part) => {
    rmAssert(rm.hv.unmapPartial(rm.hv.home.addrspace, parcel.meCap, at, phys, part) === HypError.OK);
    at += part;
    return HypError.OK;
  });
  parcel.rmMap = null;
  const self = vmLookup(rm, VMID_RM);
  rmAssert(self !== null && addressFree(rm, self, 'normal', ipa, size) === HypError.OK);
  return HypError.OK;
}

function clean(
  rm: Rm,
  handle: number,
  offset: number,
  size: number,
  op: (me: bigint, at: number, n: number) => number,
) {
  const parcel = lookupParcel(rm, handle);
  if (parcel === null) return HypError.ARGUMENT_INVALID;
  if (parcel.memType !== MemType.NORMAL) return HypError.DENIED;
  if (offset + size > parcel.totalSize) return HypError.ARGUMENT_SIZE;
  const { error, rest } = pieces(parcel, offset, size, (phys, part) => op(parcel.meCap, phys, part));
  rmAssert(error === HypError.OK && rest === 0);
  return HypError.OK;
}

/** Zeroes a part of a parcel. */
export const zeroParcel = (rm: Rm, handle: number, offset: number, size: number): number =>
  clean(rm, handle, offset, size, (me, at, n) => rm.hv.memextentZero(me, at, n));

/** Cache clean and invalidate of a part of a parcel. */
export const flushParcel = (rm: Rm, handle: number, offset: number, size: number): number =>
  clean(rm, handle, offset, size, (me, at, n) => rm.hv.memextentCacheFlush(me, at, n));

/** Accepts a donation of normal memory to RM itself; `error` is an `RmError`. */
export function acceptRmDonation(rm: Rm, handle: number): { error: number; ipa: number; size: number } {
  const answer: AcceptAnswer = { sgl: [], incomplete: false };
  const error = acceptParcel(
    rm,
    VMID_RM,
    {
      handle,
      memType: MemType.NORMAL,
      transType: TransType.DONATE,
      flags: MemAcceptFlag.DONE | MemAcceptFlag.MAP_CONTIGUOUS | MemAcceptFlag.VALIDATE_ACL_ATTR,
      label: 0,
      mapVmid: 0,
      acl: [{ vmid: VMID_RM, rights: MemRights.RWX }],
      sgl: [],
      attrs: [],
    },
    answer,
  );
  if (error !== RmError.OK) return { error, ipa: 0, size: 0 };
  // Reserved before (accept without DONE cannot be asked of RM), so the answer has its one range.
  return { error, ipa: answer.sgl[0].ipa, size: answer.sgl[0].size };
}
