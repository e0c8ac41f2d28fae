/** MEM_NOTIFY and MEM_QCOM_LOOKUP_SGL (fact base: rm-rpc-messages 3.6 and 3.7). */
import { le16, le32, put16, put32, put64 } from '../../base/index.js';
import { MemNotifyFlag, Msg, ParcelState, Platform, RmError, VmState } from '../../protocol/index.js';
import type { Handler } from '../handler.js';
import { sendNotification } from '../link/send.js';
import { type Rm, vmLookup } from '../types.js';
import { handleReply } from './create.js';
import { endOfLists, listReader, readAcl, readAttrs, readSgl } from './lists.js';
import { acceptForDevices } from './start.js';
import { lookupParcel, targetOf } from './table.js';
import type { Parcel } from './types.js';

const HEADER_SIZE = 12;
const LIST_AT = 16;

/** Tells the owner that a target accepted or released, if that is so. */
export function notifyOwner(rm: Rm, parcel: Parcel, vmid: number, accepted: boolean): number {
  const target = targetOf(parcel, vmid);
  if (target === null) return RmError.HANDLE_INVALID;
  if (accepted !== target.shared) return target.shared ? RmError.MEM_INUSE : RmError.MEM_RELEASED;
  const payload = new Uint8Array(12);
  put32(payload, 0, parcel.handle);
  put16(payload, 4, vmid);
  put32(payload, 8, parcel.tag);
  const id = accepted ? Msg.N_MEM_ACCEPTED : Msg.N_MEM_RELEASED;
  sendNotification(rm, parcel.owner, id, payload, 'mem-notify-without-link');
  return RmError.OK;
}

/** The VMs that a SHARED or RECALL request lists, or what is wrong with the list. */
function listedVms(rm: Rm, parcel: Parcel, request: Uint8Array): number[] | number {
  if (request.length < LIST_AT) return RmError.MSG_INVALID;
  const count = le16(request, HEADER_SIZE);
  if (count === 0) return RmError.ARGUMENT_INVALID;
  if (request.length < LIST_AT + 4 * count) return RmError.MSG_INVALID;
  if (count > parcel.targets.length) return RmError.ARGUMENT_INVALID;
  const vmids: number[] = [];
  for (let i = 0; i < count; i++) {
    const vmid = le16(request, LIST_AT + 4 * i);
    if (vmLookup(rm, vmid) === null) return RmError.VMID_INVALID;
    if (targetOf(parcel, vmid) === null) return RmError.ARGUMENT_INVALID;
    vmids.push(vmid);
  }
  return vmids;
}

/** Payload of MEM_SHARED: what the parcel is, without addresses. */
function sharedPayload(parcel: Parcel): Uint8Array {
  const regions = Math.min(parcel.regions.length, Platform.MAX_LIST_ENTRIES);
  const payload = new Uint8Array(32 + 4 * parcel.targets.length + 8 * regions + 4 * parcel.attrs.length);
  put32(payload, 0, parcel.handle);
  payload[4] = parcel.memType;
  payload[5] = parcel.transType;
  payload[6] = parcel.sanitizeCreate ? 1 : 0;
  put16(payload, 8, parcel.owner);
  put32(payload, 12, parcel.label);
  put32(payload, 16, parcel.tag);
  put16(payload, 20, parcel.targets.length);
  let at = 24;
  for (const { vmid, rights } of parcel.targets) {
    put16(payload, at, vmid);
    payload[at + 2] = rights;
    at += 4;
  }
  put16(payload, at, regions);
  at += 4;
  for (let i = 0; i < regions; i++, at += 8) put64(payload, at, BigInt(parcel.regions[i].size));
  put16(payload, at, parcel.attrs.length);
  at += 4;
  for (const { attr, vmid } of parcel.attrs) {
    put16(payload, at, attr);
    put16(payload, at + 2, vmid);
    at += 4;
  }
  return payload;
}

/** A READY VM cannot answer yet, so RM tries to accept in its place; the last VM's result wins. */
function notifyShared(rm: Rm, parcel: Parcel, from: number, request: Uint8Array): number {
  if (from !== parcel.owner) return RmError.DENIED;
  const vmids = listedVms(rm, parcel, request);
  if (typeof vmids === 'number') return vmids;
  if (!parcel.tagSet) {
    parcel.tagSet = true;
    parcel.tag = le32(request, 8);
  }
  let error: number = RmError.OK;
  const payload = sharedPayload(parcel);
  for (const vmid of vmids) {
    const vm = vmLookup(rm, vmid);
    if (vm === null) continue;
    if (vm.state === VmState.READY) {
      const accepted = acceptForDevices(rm, vm, parcel);
      // A donation is gone by now; RM then reads freed memory and finds no such VM in it.
      error =
        lookupParcel(rm, parcel.handle) === parcel ? notifyOwner(rm, parcel, vmid, accepted) : RmError.HANDLE_INVALID;
    } else {
      sendNotification(rm, vmid, Msg.N_MEM_SHARED, payload, 'mem-notify-without-link');
    }
  }
  return error;
}

function notifyRecall(rm: Rm, parcel: Parcel, from: number, request: Uint8Array): number {
  if (from !== parcel.owner) return RmError.DENIED;
  const vmids = listedVms(rm, parcel, request);
  if (typeof vmids === 'number') return vmids;
  const payload = new Uint8Array(8);
  put32(payload, 0, parcel.handle);
  put32(payload, 4, parcel.tag);
  for (const vmid of vmids) sendNotification(rm, vmid, Msg.N_MEM_RECALL, payload, 'mem-notify-without-link');
  return RmError.OK;
}

export const notify: Handler = (rm, from, request) => {
  if (request.length < HEADER_SIZE) return RmError.MSG_INVALID;
  const parcel = lookupParcel(rm, le32(request, 0));
  if (parcel === null) return RmError.HANDLE_INVALID;
  if (parcel.tagSet && parcel.tag !== le32(request, 8)) return RmError.ARGUMENT_INVALID;
  switch (request[4]) {
    case MemNotifyFlag.SHARED:
      return notifyShared(rm, parcel, from, request);
    case MemNotifyFlag.RELEASED:
      return notifyOwner(rm, parcel, from, false);
    case MemNotifyFlag.ACCEPTED:
      return notifyOwner(rm, parcel, from, true);
    case MemNotifyFlag.RECALL:
      return notifyRecall(rm, parcel, from, request);
    default:
      return RmError.ARGUMENT_INVALID;
  }
};

const LOOKUP_SIZE = 16;

/** Finds the caller's own parcel with exactly these lists. */
export const lookupSgl: Handler = (rm, from, request) => {
  if (request.length < LOOKUP_SIZE) return RmError.MSG_INVALID;
  const reader = listReader(request, 8);
  const acl = readAcl(reader);
  const sgl = readSgl(reader);
  const attrs = readAttrs(reader);
  if (endOfLists(reader) !== RmError.OK) return reader.error;
  const found = rm.parcels.list.find(
    (parcel) =>
      parcel.owner === from &&
      parcel.state === ParcelState.SHARING &&
      parcel.memType === request[0] &&
      acl.length === parcel.targets.length &&
      sgl.length === parcel.regions.length &&
      attrs.length === parcel.attrs.length &&
      acl.every(({ vmid, rights }, i) => vmid === parcel.targets[i].vmid && rights === parcel.targets[i].rights) &&
      sgl.every(({ ipa, size }, i) => ipa === parcel.regions[i].ownerIpa && size === parcel.regions[i].size) &&
      attrs.every(({ attr, vmid }, i) => attr === parcel.attrs[i].attr && vmid === parcel.attrs[i].vmid),
  );
  return found === undefined ? RmError.LOOKUP_FAILED : handleReply(found.handle);
};
