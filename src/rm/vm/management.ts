/**
 * VM management requests (fact base: rm-rpc-messages 1.1 to 1.17). Checks are in RM's order; the first failure decides.
 * VM_START is in start.ts, the kill and reset sequences in kill.ts and reset.ts.
 */
import { le16, put16, put32 } from '../../base/index.js';
import {
  ExitCode,
  HypError,
  IdType,
  Msg,
  OsState,
  Platform,
  RmError,
  VmState,
  VmStopFlag,
} from '../../protocol/index.js';
import { RmDeath } from '../death.js';
import { type Handler, NO_REPLY } from '../handler.js';
import { vmCan, vmEvent } from '../life.js';
import { sendNotification } from '../link/send.js';
import { type Rm, VMID_DYNAMIC_BASE, VMID_DYNAMIC_END, VMID_HLOS, VMID_HYP, VMID_RM, vmLookup } from '../types.js';
import { startKill } from './kill.js';
import { resetVm } from './reset.js';
import { startVm } from './start.js';
import { deregisterAllPeers, isStaticVmid, newVm, queryAllowed, sendState } from './vm.js';

const roundUp4 = (n: number): number => (n + 3) & ~3;

/** OK and one word. */
function okWord(word: number): Uint8Array {
  const reply = new Uint8Array(8);
  put32(reply, 4, word);
  return reply;
}

/** 1.1 */
const allocate: Handler = (rm, from, req) => {
  if (from !== VMID_HLOS) return RmError.DENIED;
  if (req.length !== 4) return RmError.MSG_INVALID;
  const wanted = le16(req, 0);
  if (wanted === 0) {
    for (let vmid = VMID_DYNAMIC_BASE; vmid < VMID_DYNAMIC_END; vmid++) {
      if (vmLookup(rm, vmid) !== null) continue;
      newVm(rm, vmid, from);
      return okWord(vmid);
    }
    return RmError.NORESOURCE;
  }
  if (!isStaticVmid(wanted) || vmLookup(rm, wanted) !== null) return RmError.NORESOURCE;
  newVm(rm, wanted, from);
  return RmError.OK;
};

/** 1.2 */
const deallocate: Handler = (rm, from, req) => {
  if (req.length !== 4) return RmError.MSG_INVALID;
  const vm = vmLookup(rm, le16(req, 0));
  if (vm === null) throw new RmDeath('ABORT', 'vm-deallocate-unknown');
  if (from !== vm.owner) return RmError.DENIED;
  if (!vmEvent(vm, 'DEALLOCATE')) return RmError.VM_STATE;
  deregisterAllPeers(rm, vm);
  rm.vms[vm.vmid] = null;
  return RmError.OK;
};

/** 1.3 */
const start: Handler = (rm, from, req) => {
  if (from === VMID_HYP) return RmError.DENIED;
  if (req.length !== 4) return RmError.MSG_INVALID;
  const vm = vmLookup(rm, le16(req, 0));
  if (vm === null) return RmError.VMID_INVALID;
  if (from !== vm.owner) return RmError.DENIED;
  return vm.state === VmState.READY ? startVm(rm, vm) : RmError.VM_STATE;
};

/** 1.4 */
const stop: Handler = (rm, from, req, seq) => {
  if (req.length !== 8) return RmError.MSG_INVALID;
  const vm = vmLookup(rm, le16(req, 0));
  if (vm === null || from !== vm.owner) return RmError.VMID_INVALID;
  if (!vmCan(vm, 'EXIT')) return RmError.VM_STATE;
  if ((req[2] & VmStopFlag.FORCE) !== 0) {
    startKill(rm, vm, { kind: 'stop', from, id: Msg.VM_STOP, seq });
    return NO_REPLY;
  }
  sendNotification(rm, vm.vmid, Msg.N_VM_SHUTDOWN, req.slice(4, 8), 'vm-stop-without-link');
  return RmError.OK;
};

/** 1.5 */
const exit: Handler = (rm, from, req, seq) => {
  if (req.length !== 4) return RmError.MSG_INVALID;
  const vm = vmLookup(rm, from);
  if (vm === null) throw new RmDeath('ABORT', 'vm-exit-bad-state');
  if (vm.crashFatal) return RmError.ARGUMENT_INVALID;
  const code = req[2];
  if (req[3] !== 0 || code === ExitCode.UNKNOWN_ERROR || code > ExitCode.DEVICE_ERROR) return RmError.MSG_INVALID;
  vm.noShutdown = false;
  if (!vmCan(vm, 'EXIT')) throw new RmDeath('ABORT', 'vm-exit-bad-state');
  startKill(rm, vm, { kind: 'exit', flags: le16(req, 0), code, from, id: Msg.VM_EXIT, seq });
  return NO_REPLY;
};

/** 1.6 */
const reset: Handler = (rm, from, req, seq) => {
  if (req.length !== 4) return RmError.MSG_INVALID;
  const vm = vmLookup(rm, le16(req, 0));
  if (vm === null || from !== vm.owner) return RmError.VMID_INVALID;
  if (vm.noReset) return RmError.DENIED;
  if (vm.config === null) throw new RmDeath('FAULT', 'vm-reset-without-configuration');
  if (!vmCan(vm, 'RESET')) return RmError.VM_STATE;
  if (vm.state !== VmState.EXITED) {
    startKill(rm, vm, { kind: 'reset', from, id: Msg.VM_RESET, seq });
    return NO_REPLY;
  }
  resetVm(rm, vm);
  return RmError.OK;
};

/** 1.7 */
const getState: Handler = (rm, from, req) => {
  if (req.length !== 4) return RmError.MSG_INVALID;
  const vm = vmLookup(rm, le16(req, 0) || from);
  if (vm === null) return RmError.NORESOURCE;
  if (!queryAllowed(vm, from)) return RmError.DENIED;
  const reply = new Uint8Array(8);
  reply[4] = vm.state;
  reply[5] = vm.osState;
  put16(reply, 6, vm.appStatus);
  return reply;
};

/** 1.8 */
const setStatus: Handler = (rm, from, req) => {
  if (!isStaticVmid(from)) return RmError.DENIED;
  if (req.length !== 4) return RmError.MSG_INVALID;
  const vm = vmLookup(rm, from);
  if (vm === null) return RmError.NORESOURCE;
  if (req[1] > OsState.CRASHED) return RmError.ARGUMENT_INVALID;
  if (req[1] !== 0) vm.osState = req[1];
  vm.appStatus = le16(req, 2);
  sendState(rm, vm);
  return RmError.OK;
};

/** 1.9 */
const getCrashMsg: Handler = (rm, from, req) => {
  if (req.length !== 4) return RmError.MSG_INVALID;
  const vm = vmLookup(rm, le16(req, 0));
  if (vm === null || from !== vm.owner) return RmError.VMID_INVALID;
  const message = vm.crashMsg ?? new Uint8Array(0);
  const reply = new Uint8Array(8 + roundUp4(message.length));
  put16(reply, 4, message.length);
  reply.set(message, 8);
  return reply;
};

const allZero = (bytes: Uint8Array, from: number): boolean => {
  for (let i = from; i < bytes.length; i++) if (bytes[i] !== 0) return false;
  return true;
};

/** 1.10 */
const setCrashMsg: Handler = (rm, from, req) => {
  if (req.length < 4) return RmError.MSG_INVALID;
  const length = le16(req, 0);
  if (req.length !== 4 + roundUp4(length)) return RmError.MSG_INVALID;
  if (!allZero(req, 4 + length)) return RmError.MSG_INVALID;
  const vm = vmLookup(rm, from);
  if (vm !== null) vm.crashMsg = req.slice(4, 4 + Math.min(length, Platform.CRASH_MSG_MAX));
  return RmError.OK;
};

function putId(reply: Uint8Array, at: number, type: number, text: string): number {
  reply[at] = type;
  put16(reply, at + 2, text.length);
  for (let i = 0; i < text.length; i++) reply[at + 4 + i] = text.charCodeAt(i);
  return at + 4 + roundUp4(text.length);
}

/** 1.11. The signer is never set in this source, so the authority is always "N/A". */
const getId: Handler = (rm, from, req) => {
  if (req.length !== 4) return RmError.MSG_INVALID;
  const vm = vmLookup(rm, le16(req, 0) || from);
  if (vm === null) return RmError.NORESOURCE;
  if (vm.state !== VmState.READY && vm.state !== VmState.RUNNING && vm.state !== VmState.PAUSED) {
    return RmError.VM_STATE;
  }
  if (!queryAllowed(vm, from)) return RmError.NORESOURCE;
  const nameSize = vm.name.length === 0 ? 0 : 4 + roundUp4(vm.name.length);
  const uriSize = vm.uri.length === 0 ? 0 : 4 + roundUp4(vm.uri.length);
  const reply = new Uint8Array(36 + nameSize + uriSize);
  reply[4] = 2 + (nameSize > 0 ? 1 : 0) + (uriSize > 0 ? 1 : 0);
  reply[8] = IdType.GUID;
  reply[10] = 16;
  if (vm.hasGuid) reply.set(vm.guid, 12);
  let at = 28;
  if (nameSize > 0) at = putId(reply, at, IdType.NAME, vm.name);
  if (uriSize > 0) at = putId(reply, at, IdType.URI, vm.uri);
  putId(reply, at, IdType.SIGN_AUTH, 'N/A');
  return reply;
};

function lookupReply(rm: Rm, from: number, match: (vm: NonNullable<Rm['vms'][number]>) => boolean): Uint8Array {
  const found: number[] = [];
  for (let vmid = 1; vmid <= VMID_RM; vmid++) {
    const vm = vmLookup(rm, vmid);
    if (vm !== null && queryAllowed(vm, from) && match(vm)) found.push(vmid);
  }
  const reply = new Uint8Array(8 + 4 * found.length);
  put32(reply, 4, found.length);
  found.forEach((vmid, i) => {
    put16(reply, 8 + 4 * i, vmid);
  });
  return reply;
}

/** 1.12: the string of a URI or NAME request, or its error. */
function lookupString(req: Uint8Array): string | number {
  if (req.length === 0) return RmError.ARGUMENT_INVALID;
  if (req.length < 4) return RmError.MSG_INVALID;
  const length = le16(req, 0);
  if (length > Platform.LOOKUP_STRING_MAX) return RmError.ARGUMENT_INVALID;
  if (req.length !== 4 + roundUp4(length)) return RmError.MSG_INVALID;
  if (!allZero(req, 4 + length)) return RmError.MSG_INVALID;
  return String.fromCharCode(...req.subarray(4, 4 + length));
}

const lookupUri: Handler = (rm, from, req) => {
  const uri = lookupString(req);
  return typeof uri === 'number' ? uri : lookupReply(rm, from, (vm) => vm.uri === uri);
};

const lookupName: Handler = (rm, from, req) => {
  const name = lookupString(req);
  return typeof name === 'number' ? name : lookupReply(rm, from, (vm) => vm.name === name);
};

const lookupGuid: Handler = (rm, from, req) => {
  if (req.length === 0) return RmError.ARGUMENT_INVALID;
  if (req.length !== 16) return RmError.MSG_INVALID;
  return lookupReply(rm, from, (vm) => vm.guid.every((byte, i) => byte === req[i]));
};

/** 1.13 */
const getVmid: Handler = (_rm, from, req) => (req.length === 0 ? okWord(from) : RmError.MSG_INVALID);

/** 1.14 */
const getOwner: Handler = (rm, from, req) =>
  req.length === 0 ? okWord(vmLookup(rm, from)?.owner ?? 0) : RmError.MSG_INVALID;

/** 1.15 */
const getPeers: Handler = (rm, from, req) => {
  if (req.length !== 0) return RmError.MSG_INVALID;
  const peers = vmLookup(rm, from)?.peers ?? [];
  const reply = new Uint8Array(8 + 4 * peers.length);
  put32(reply, 4, peers.length);
  peers.forEach((vmid, i) => {
    put32(reply, 8 + 4 * i, vmid);
  });
  return reply;
};

/** 1.16: never succeeds on the qemu platform, which has no virtual RTC. Every error carries a hypervisor error. */
const setTimeBase: Handler = (rm, from, req) => {
  const fail = (error: number, hypError: number): Uint8Array => {
    const reply = okWord(hypError);
    put32(reply, 0, error);
    return reply;
  };
  if (req.length !== 20) return fail(RmError.MSG_INVALID, HypError.ARGUMENT_INVALID);
  const vm = vmLookup(rm, le16(req, 0) || from);
  if (vm === null) return fail(RmError.NORESOURCE, HypError.ARGUMENT_INVALID);
  if (!queryAllowed(vm, from)) return fail(RmError.DENIED, HypError.ARGUMENT_INVALID);
  if (vm.state !== VmState.INIT && vm.state !== VmState.READY) {
    return fail(RmError.VM_STATE, HypError.ARGUMENT_INVALID);
  }
  return fail(RmError.ARGUMENT_INVALID, HypError.DENIED);
};

/** 1.17: AArch64, Gunyah with RM, version 1. */
const hostGetType: Handler = (_rm, _from, req) => (req.length === 0 ? okWord(0x01000164) : RmError.MSG_INVALID);

export const managementHandlers: Record<number, Handler> = {
  [Msg.VM_ALLOCATE]: allocate,
  [Msg.VM_DEALLOCATE]: deallocate,
  [Msg.VM_START]: start,
  [Msg.VM_STOP]: stop,
  [Msg.VM_EXIT]: exit,
  [Msg.VM_RESET]: reset,
  [Msg.VM_GET_STATE]: getState,
  [Msg.VM_SET_STATUS]: setStatus,
  [Msg.VM_GET_CRASH_MSG]: getCrashMsg,
  [Msg.VM_SET_CRASH_MSG]: setCrashMsg,
  [Msg.VM_HOST_GET_TYPE]: hostGetType,
  [Msg.VM_GET_ID]: getId,
  [Msg.VM_LOOKUP_URI]: lookupUri,
  [Msg.VM_LOOKUP_GUID]: lookupGuid,
  [Msg.VM_LOOKUP_NAME]: lookupName,
  [Msg.VM_SET_TIME_BASE]: setTimeBase,
  [Msg.VM_GET_VMID]: getVmid,
  [Msg.VM_GET_OWNER]: getOwner,
  [Msg.VM_GET_PEERS]: getPeers,
};
