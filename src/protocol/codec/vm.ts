/** Codecs of the vm management messages. Reply codecs are of successful replies, code included at offset 0.
 *
 * Generated from spec/ by tools/generate.ts; edit the specification, not this file.
 */

import { concatBytes, le16, le32, le64, put16, put32, put64 } from '../../base/index.js';
import { decodeIds, encodeIds, type IdEntry, padded, roundUp4 } from '../special.js';
import {
  decodeVmid32Entries,
  decodeVmidEntries,
  encodeVmid32Entries,
  encodeVmidEntries,
  type Vmid32Entry,
  type VmidEntry,
} from './lists.js';

export const VM_ALLOCATE_REQUEST_SIZE = 4;

/** VM_ALLOCATE request: Reserves a VMID and creates an empty VM record. */
export interface VmAllocateRequest {
  /** 0: let RM choose; 4..31: this static one */
  vmid: number;
}

export function encodeVmAllocateRequest(m: VmAllocateRequest): Uint8Array {
  const b = new Uint8Array(4);
  put16(b, 0, m.vmid);
  return b;
}

/** The message in `b`, or undefined when `b` is not one. */
export function decodeVmAllocateRequest(b: Uint8Array): VmAllocateRequest | undefined {
  if (b.length !== 4) return undefined;
  return { vmid: le16(b, 0) };
}

/** Successful reply to VM_ALLOCATE. */
export interface VmAllocateReply {
  /** present only when RM chose */
  vmid?: number;
}

export function encodeVmAllocateReply(m: VmAllocateReply): Uint8Array {
  if (m.vmid === undefined) {
    const b = new Uint8Array(4);
    return b;
  }
  const b = new Uint8Array(8);
  put32(b, 4, m.vmid);
  return b;
}

/** The message in `b`, or undefined when `b` is not one. */
export function decodeVmAllocateReply(b: Uint8Array): VmAllocateReply | undefined {
  if (b.length === 4) return {};
  if (b.length !== 8) return undefined;
  return { vmid: le32(b, 4) };
}

export const VM_DEALLOCATE_REQUEST_SIZE = 4;

/** VM_DEALLOCATE request: Frees a VM record and its VMID. */
export interface VmDeallocateRequest {
  vmid: number;
}

export function encodeVmDeallocateRequest(m: VmDeallocateRequest): Uint8Array {
  const b = new Uint8Array(4);
  put16(b, 0, m.vmid);
  return b;
}

/** The message in `b`, or undefined when `b` is not one. */
export function decodeVmDeallocateRequest(b: Uint8Array): VmDeallocateRequest | undefined {
  if (b.length !== 4) return undefined;
  return { vmid: le16(b, 0) };
}

export const VM_START_REQUEST_SIZE = 4;

/** VM_START request: Accepts the VM's memory, patches its device tree and starts its boot vCPUs. */
export interface VmStartRequest {
  vmid: number;
}

export function encodeVmStartRequest(m: VmStartRequest): Uint8Array {
  const b = new Uint8Array(4);
  put16(b, 0, m.vmid);
  return b;
}

/** The message in `b`, or undefined when `b` is not one. */
export function decodeVmStartRequest(b: Uint8Array): VmStartRequest | undefined {
  if (b.length !== 4) return undefined;
  return { vmid: le16(b, 0) };
}

export const VM_STOP_REQUEST_SIZE = 8;

/** VM_STOP request: Ends a VM, or asks it to end itself. */
export interface VmStopRequest {
  vmid: number;
  flags: number;
  /** passed on in VM_SHUTDOWN; ignored with FORCE */
  stopReason: number;
}

export function encodeVmStopRequest(m: VmStopRequest): Uint8Array {
  const b = new Uint8Array(8);
  put16(b, 0, m.vmid);
  b[2] = m.flags;
  put32(b, 4, m.stopReason);
  return b;
}

/** The message in `b`, or undefined when `b` is not one. */
export function decodeVmStopRequest(b: Uint8Array): VmStopRequest | undefined {
  if (b.length !== 8) return undefined;
  return { vmid: le16(b, 0), flags: b[2], stopReason: le32(b, 4) };
}

export const VM_RESET_REQUEST_SIZE = 4;

/** VM_RESET request: Takes an ended VM apart so that its memory can be reclaimed and its VMID freed. */
export interface VmResetRequest {
  vmid: number;
}

export function encodeVmResetRequest(m: VmResetRequest): Uint8Array {
  const b = new Uint8Array(4);
  put16(b, 0, m.vmid);
  return b;
}

/** The message in `b`, or undefined when `b` is not one. */
export function decodeVmResetRequest(b: Uint8Array): VmResetRequest | undefined {
  if (b.length !== 4) return undefined;
  return { vmid: le16(b, 0) };
}

export const VM_GET_ID_REQUEST_SIZE = 4;

/** VM_GET_ID request: Asks who a VM is: GUID, name, URI, signer. */
export interface VmGetIdRequest {
  /** 0: the caller */
  vmid: number;
}

export function encodeVmGetIdRequest(m: VmGetIdRequest): Uint8Array {
  const b = new Uint8Array(4);
  put16(b, 0, m.vmid);
  return b;
}

/** The message in `b`, or undefined when `b` is not one. */
export function decodeVmGetIdRequest(b: Uint8Array): VmGetIdRequest | undefined {
  if (b.length !== 4) return undefined;
  return { vmid: le16(b, 0) };
}

/** Successful reply to VM_GET_ID. */
export interface VmGetIdReply {
  /** GUID always, NAME and URI when not empty, SIGN_AUTH always; in this order */
  ids: readonly IdEntry[];
}

export function encodeVmGetIdReply(m: VmGetIdReply): Uint8Array {
  const b = new Uint8Array(8);
  put32(b, 4, m.ids.length);
  return concatBytes(b, encodeIds(m.ids));
}

/** The message in `b`, or undefined when `b` is not one. */
export function decodeVmGetIdReply(b: Uint8Array): VmGetIdReply | undefined {
  if (b.length < 8) return undefined;
  const ids = decodeIds(b, 8, le32(b, 4));
  if (ids === undefined) return undefined;
  return { ids };
}

/** VM_LOOKUP_URI request: Finds VMs by URI. */
export interface VmLookupUriRequest {
  uri: Uint8Array;
}

export function encodeVmLookupUriRequest(m: VmLookupUriRequest): Uint8Array {
  const b = new Uint8Array(4);
  put16(b, 0, m.uri.length);
  return concatBytes(b, padded(m.uri));
}

/** The message in `b`, or undefined when `b` is not one. */
export function decodeVmLookupUriRequest(b: Uint8Array): VmLookupUriRequest | undefined {
  if (b.length < 4) return undefined;
  const uriEnd = 4 + le16(b, 0);
  if (b.length !== roundUp4(uriEnd)) return undefined;
  return { uri: b.slice(4, uriEnd) };
}

/** Successful reply to VM_LOOKUP_URI. */
export interface VmLookupUriReply {
  vms: readonly VmidEntry[];
}

export function encodeVmLookupUriReply(m: VmLookupUriReply): Uint8Array {
  const b = new Uint8Array(8);
  put32(b, 4, m.vms.length);
  return concatBytes(b, encodeVmidEntries(m.vms));
}

/** The message in `b`, or undefined when `b` is not one. */
export function decodeVmLookupUriReply(b: Uint8Array): VmLookupUriReply | undefined {
  if (b.length < 8) return undefined;
  const vms = decodeVmidEntries(b, 8, le32(b, 4));
  if (vms === undefined) return undefined;
  if (vms.next !== b.length) return undefined;
  return { vms: vms.entries };
}

export const VM_LOOKUP_GUID_REQUEST_SIZE = 16;

/** VM_LOOKUP_GUID request: Finds VMs by GUID. */
export interface VmLookupGuidRequest {
  guid: Uint8Array;
}

export function encodeVmLookupGuidRequest(m: VmLookupGuidRequest): Uint8Array {
  const b = new Uint8Array(16);
  b.set(m.guid, 0);
  return b;
}

/** The message in `b`, or undefined when `b` is not one. */
export function decodeVmLookupGuidRequest(b: Uint8Array): VmLookupGuidRequest | undefined {
  if (b.length !== 16) return undefined;
  return { guid: b.slice(0, 0 + 16) };
}

/** Successful reply to VM_LOOKUP_GUID. */
export interface VmLookupGuidReply {
  vms: readonly VmidEntry[];
}

export function encodeVmLookupGuidReply(m: VmLookupGuidReply): Uint8Array {
  const b = new Uint8Array(8);
  put32(b, 4, m.vms.length);
  return concatBytes(b, encodeVmidEntries(m.vms));
}

/** The message in `b`, or undefined when `b` is not one. */
export function decodeVmLookupGuidReply(b: Uint8Array): VmLookupGuidReply | undefined {
  if (b.length < 8) return undefined;
  const vms = decodeVmidEntries(b, 8, le32(b, 4));
  if (vms === undefined) return undefined;
  if (vms.next !== b.length) return undefined;
  return { vms: vms.entries };
}

/** VM_LOOKUP_NAME request: Finds VMs by name. */
export interface VmLookupNameRequest {
  name: Uint8Array;
}

export function encodeVmLookupNameRequest(m: VmLookupNameRequest): Uint8Array {
  const b = new Uint8Array(4);
  put16(b, 0, m.name.length);
  return concatBytes(b, padded(m.name));
}

/** The message in `b`, or undefined when `b` is not one. */
export function decodeVmLookupNameRequest(b: Uint8Array): VmLookupNameRequest | undefined {
  if (b.length < 4) return undefined;
  const nameEnd = 4 + le16(b, 0);
  if (b.length !== roundUp4(nameEnd)) return undefined;
  return { name: b.slice(4, nameEnd) };
}

/** Successful reply to VM_LOOKUP_NAME. */
export interface VmLookupNameReply {
  vms: readonly VmidEntry[];
}

export function encodeVmLookupNameReply(m: VmLookupNameReply): Uint8Array {
  const b = new Uint8Array(8);
  put32(b, 4, m.vms.length);
  return concatBytes(b, encodeVmidEntries(m.vms));
}

/** The message in `b`, or undefined when `b` is not one. */
export function decodeVmLookupNameReply(b: Uint8Array): VmLookupNameReply | undefined {
  if (b.length < 8) return undefined;
  const vms = decodeVmidEntries(b, 8, le32(b, 4));
  if (vms === undefined) return undefined;
  if (vms.next !== b.length) return undefined;
  return { vms: vms.entries };
}

export const VM_GET_OWNER_REQUEST_SIZE = 0;

/** VM_GET_OWNER request: Asks who created the caller. */
export const encodeVmGetOwnerRequest = (): Uint8Array => new Uint8Array(0);

export const VM_GET_OWNER_REPLY_SIZE = 8;

/** Successful reply to VM_GET_OWNER. */
export interface VmGetOwnerReply {
  /** 255 for HLOS */
  vmid: number;
}

export function encodeVmGetOwnerReply(m: VmGetOwnerReply): Uint8Array {
  const b = new Uint8Array(8);
  put32(b, 4, m.vmid);
  return b;
}

/** The message in `b`, or undefined when `b` is not one. */
export function decodeVmGetOwnerReply(b: Uint8Array): VmGetOwnerReply | undefined {
  if (b.length !== 8) return undefined;
  return { vmid: le32(b, 4) };
}

export const VM_GET_STATE_REQUEST_SIZE = 4;

/** VM_GET_STATE request: Asks for the life-cycle state of a VM. */
export interface VmGetStateRequest {
  /** 0: the caller */
  vmid: number;
}

export function encodeVmGetStateRequest(m: VmGetStateRequest): Uint8Array {
  const b = new Uint8Array(4);
  put16(b, 0, m.vmid);
  return b;
}

/** The message in `b`, or undefined when `b` is not one. */
export function decodeVmGetStateRequest(b: Uint8Array): VmGetStateRequest | undefined {
  if (b.length !== 4) return undefined;
  return { vmid: le16(b, 0) };
}

export const VM_GET_STATE_REPLY_SIZE = 8;

/** Successful reply to VM_GET_STATE. */
export interface VmGetStateReply {
  vmState: number;
  osState: number;
  appStatus: number;
}

export function encodeVmGetStateReply(m: VmGetStateReply): Uint8Array {
  const b = new Uint8Array(8);
  b[4] = m.vmState;
  b[5] = m.osState;
  put16(b, 6, m.appStatus);
  return b;
}

/** The message in `b`, or undefined when `b` is not one. */
export function decodeVmGetStateReply(b: Uint8Array): VmGetStateReply | undefined {
  if (b.length !== 8) return undefined;
  return { vmState: b[4], osState: b[5], appStatus: le16(b, 6) };
}

export const VM_GET_CRASH_MSG_REQUEST_SIZE = 4;

/** VM_GET_CRASH_MSG request: Reads the crash message a VM left. */
export interface VmGetCrashMsgRequest {
  vmid: number;
}

export function encodeVmGetCrashMsgRequest(m: VmGetCrashMsgRequest): Uint8Array {
  const b = new Uint8Array(4);
  put16(b, 0, m.vmid);
  return b;
}

/** The message in `b`, or undefined when `b` is not one. */
export function decodeVmGetCrashMsgRequest(b: Uint8Array): VmGetCrashMsgRequest | undefined {
  if (b.length !== 4) return undefined;
  return { vmid: le16(b, 0) };
}

/** Successful reply to VM_GET_CRASH_MSG. */
export interface VmGetCrashMsgReply {
  message: Uint8Array;
}

export function encodeVmGetCrashMsgReply(m: VmGetCrashMsgReply): Uint8Array {
  const b = new Uint8Array(8);
  put16(b, 4, m.message.length);
  return concatBytes(b, padded(m.message));
}

/** The message in `b`, or undefined when `b` is not one. */
export function decodeVmGetCrashMsgReply(b: Uint8Array): VmGetCrashMsgReply | undefined {
  if (b.length < 8) return undefined;
  const messageEnd = 8 + le16(b, 4);
  if (b.length !== roundUp4(messageEnd)) return undefined;
  return { message: b.slice(8, messageEnd) };
}

export const VM_GET_VMID_REQUEST_SIZE = 0;

/** VM_GET_VMID request: Asks for the caller's own VMID. */
export const encodeVmGetVmidRequest = (): Uint8Array => new Uint8Array(0);

export const VM_GET_VMID_REPLY_SIZE = 8;

/** Successful reply to VM_GET_VMID. */
export interface VmGetVmidReply {
  vmid: number;
}

export function encodeVmGetVmidReply(m: VmGetVmidReply): Uint8Array {
  const b = new Uint8Array(8);
  put32(b, 4, m.vmid);
  return b;
}

/** The message in `b`, or undefined when `b` is not one. */
export function decodeVmGetVmidReply(b: Uint8Array): VmGetVmidReply | undefined {
  if (b.length !== 8) return undefined;
  return { vmid: le32(b, 4) };
}

export const VM_GET_PEERS_REQUEST_SIZE = 0;

/** VM_GET_PEERS request: Asks for the caller's peers. */
export const encodeVmGetPeersRequest = (): Uint8Array => new Uint8Array(0);

/** Successful reply to VM_GET_PEERS. */
export interface VmGetPeersReply {
  peers: readonly Vmid32Entry[];
}

export function encodeVmGetPeersReply(m: VmGetPeersReply): Uint8Array {
  const b = new Uint8Array(8);
  put32(b, 4, m.peers.length);
  return concatBytes(b, encodeVmid32Entries(m.peers));
}

/** The message in `b`, or undefined when `b` is not one. */
export function decodeVmGetPeersReply(b: Uint8Array): VmGetPeersReply | undefined {
  if (b.length < 8) return undefined;
  const peers = decodeVmid32Entries(b, 8, le32(b, 4));
  if (peers === undefined) return undefined;
  if (peers.next !== b.length) return undefined;
  return { peers: peers.entries };
}

export const VM_SET_TIME_BASE_REQUEST_SIZE = 20;

/** VM_SET_TIME_BASE request: Sets the virtual real-time clock of a VM. No VM of this platform has one. */
export interface VmSetTimeBaseRequest {
  /** 0: the caller */
  vmid: number;
  timeBase: bigint;
  sysTimerRef: bigint;
}

export function encodeVmSetTimeBaseRequest(m: VmSetTimeBaseRequest): Uint8Array {
  const b = new Uint8Array(20);
  put16(b, 0, m.vmid);
  put64(b, 4, m.timeBase);
  put64(b, 12, m.sysTimerRef);
  return b;
}

/** The message in `b`, or undefined when `b` is not one. */
export function decodeVmSetTimeBaseRequest(b: Uint8Array): VmSetTimeBaseRequest | undefined {
  if (b.length !== 20) return undefined;
  return { vmid: le16(b, 0), timeBase: le64(b, 4), sysTimerRef: le64(b, 12) };
}

export const VM_SET_STATUS_REQUEST_SIZE = 4;

/** VM_SET_STATUS request: Tells what the caller's operating system is doing. */
export interface VmSetStatusRequest {
  /** 0: keep the present one */
  osState: number;
  appStatus: number;
}

export function encodeVmSetStatusRequest(m: VmSetStatusRequest): Uint8Array {
  const b = new Uint8Array(4);
  b[1] = m.osState;
  put16(b, 2, m.appStatus);
  return b;
}

/** The message in `b`, or undefined when `b` is not one. */
export function decodeVmSetStatusRequest(b: Uint8Array): VmSetStatusRequest | undefined {
  if (b.length !== 4) return undefined;
  return { osState: b[1], appStatus: le16(b, 2) };
}

export const VM_EXIT_REQUEST_SIZE = 4;

/** VM_EXIT request: Ends the caller. */
export interface VmExitRequest {
  /** passed on; bit 0 asks for a restart */
  exitFlags: number;
  exitCode: number;
}

export function encodeVmExitRequest(m: VmExitRequest): Uint8Array {
  const b = new Uint8Array(4);
  put16(b, 0, m.exitFlags);
  b[2] = m.exitCode;
  return b;
}

/** The message in `b`, or undefined when `b` is not one. */
export function decodeVmExitRequest(b: Uint8Array): VmExitRequest | undefined {
  if (b.length !== 4) return undefined;
  return { exitFlags: le16(b, 0), exitCode: b[2] };
}

/** VM_SET_CRASH_MSG request: Leaves a crash message for the owner. */
export interface VmSetCrashMsgRequest {
  message: Uint8Array;
}

export function encodeVmSetCrashMsgRequest(m: VmSetCrashMsgRequest): Uint8Array {
  const b = new Uint8Array(4);
  put16(b, 0, m.message.length);
  return concatBytes(b, padded(m.message));
}

/** The message in `b`, or undefined when `b` is not one. */
export function decodeVmSetCrashMsgRequest(b: Uint8Array): VmSetCrashMsgRequest | undefined {
  if (b.length < 4) return undefined;
  const messageEnd = 4 + le16(b, 0);
  if (b.length !== roundUp4(messageEnd)) return undefined;
  return { message: b.slice(4, messageEnd) };
}

export const VM_HOST_GET_TYPE_REQUEST_SIZE = 0;

/** VM_HOST_GET_TYPE request: Asks what kind of system this is. */
export const encodeVmHostGetTypeRequest = (): Uint8Array => new Uint8Array(0);

export const VM_HOST_GET_TYPE_REPLY_SIZE = 8;

/** Successful reply to VM_HOST_GET_TYPE. */
export interface VmHostGetTypeReply {
  /** always 0x01000164: AArch64, Gunyah with RM, version 1 */
  hostType: number;
}

export function encodeVmHostGetTypeReply(m: VmHostGetTypeReply): Uint8Array {
  const b = new Uint8Array(8);
  put32(b, 4, m.hostType);
  return b;
}

/** The message in `b`, or undefined when `b` is not one. */
export function decodeVmHostGetTypeReply(b: Uint8Array): VmHostGetTypeReply | undefined {
  if (b.length !== 8) return undefined;
  return { hostType: le32(b, 4) };
}

/** VM_EXITED notification: A VM ended; follows the VM_STATUS with EXITED. */
export interface VmExitedNotification {
  vmid: number;
  exitType: number;
  /** 4, or 16 for PSCI_SYSTEM_RESET2 */
  reasonSize: number;
  /** as given to VM_EXIT; bit 15: 64-bit SYSTEM_RESET2 */
  exitFlags: number;
  exitCode: number;
  /** only with reason_size 16 */
  resetType?: number;
  cookie?: bigint;
}

export function encodeVmExitedNotification(m: VmExitedNotification): Uint8Array {
  if (m.resetType === undefined) {
    const b = new Uint8Array(12);
    put16(b, 0, m.vmid);
    put16(b, 2, m.exitType);
    put32(b, 4, m.reasonSize);
    put16(b, 8, m.exitFlags);
    put16(b, 10, m.exitCode);
    return b;
  }
  const b = new Uint8Array(24);
  put16(b, 0, m.vmid);
  put16(b, 2, m.exitType);
  put32(b, 4, m.reasonSize);
  put16(b, 8, m.exitFlags);
  put16(b, 10, m.exitCode);
  put32(b, 12, m.resetType);
  put64(b, 16, m.cookie ?? 0n);
  return b;
}

/** The message in `b`, or undefined when `b` is not one. */
export function decodeVmExitedNotification(b: Uint8Array): VmExitedNotification | undefined {
  if (b.length === 12)
    return {
      vmid: le16(b, 0),
      exitType: le16(b, 2),
      reasonSize: le32(b, 4),
      exitFlags: le16(b, 8),
      exitCode: le16(b, 10),
    };
  if (b.length !== 24) return undefined;
  return {
    vmid: le16(b, 0),
    exitType: le16(b, 2),
    reasonSize: le32(b, 4),
    exitFlags: le16(b, 8),
    exitCode: le16(b, 10),
    resetType: le32(b, 12),
    cookie: le64(b, 16),
  };
}

export const VM_SHUTDOWN_NOTIFICATION_SIZE = 4;

/** VM_SHUTDOWN notification: The owner asks the VM to end (VM_STOP without FORCE). */
export interface VmShutdownNotification {
  stopReason: number;
}

export function encodeVmShutdownNotification(m: VmShutdownNotification): Uint8Array {
  const b = new Uint8Array(4);
  put32(b, 0, m.stopReason);
  return b;
}

/** The message in `b`, or undefined when `b` is not one. */
export function decodeVmShutdownNotification(b: Uint8Array): VmShutdownNotification | undefined {
  if (b.length !== 4) return undefined;
  return { stopReason: le32(b, 0) };
}

export const VM_STATUS_NOTIFICATION_SIZE = 8;

/** VM_STATUS notification: The state of a VM changed. */
export interface VmStatusNotification {
  vmid: number;
  vmState: number;
  osState: number;
  appStatus: number;
}

export function encodeVmStatusNotification(m: VmStatusNotification): Uint8Array {
  const b = new Uint8Array(8);
  put16(b, 0, m.vmid);
  b[4] = m.vmState;
  b[5] = m.osState;
  put16(b, 6, m.appStatus);
  return b;
}

/** The message in `b`, or undefined when `b` is not one. */
export function decodeVmStatusNotification(b: Uint8Array): VmStatusNotification | undefined {
  if (b.length !== 8) return undefined;
  return { vmid: le16(b, 0), vmState: b[4], osState: b[5], appStatus: le16(b, 6) };
}
