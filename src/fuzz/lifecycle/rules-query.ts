/** What RM must answer to questions about VMs, and to what they tell of themselves (fact base: rm-rpc-messages 1). */
import { Msg, RmError, VmState } from '../../protocol/index.js';
import {
  type Answer,
  answer,
  anything,
  bytes,
  isSelfOwnerPeer,
  type ModelVm,
  num,
  ownerOf,
  type Rule,
  status,
  type World,
} from './world.js';

const { OK, DENIED, MSG_INVALID, VM_STATE, VMID_INVALID, NORESOURCE, ARGUMENT_INVALID } = RmError;

const word = (value: number): Uint8Array => bytes([4, value]);

const getState: Rule = (w, from, p) => {
  if (p.length !== 4) return answer(MSG_INVALID);
  const vm = w.vms.get(num(p, 0, 2) || from);
  if (vm === undefined) return answer(NORESOURCE);
  if (!isSelfOwnerPeer(vm, from)) return answer(DENIED);
  return answer(OK, bytes([1, vm.state], [1, vm.os], [2, vm.app]));
};

const setStatus: Rule = (w, from, p) => {
  if (from < 4 || from > 31) return answer(DENIED);
  if (p.length !== 4) return answer(MSG_INVALID);
  const vm = w.vms.get(from) as ModelVm;
  if (p[1] > 7) return answer(ARGUMENT_INVALID);
  if (p[1] !== 0) vm.os = p[1];
  vm.app = num(p, 2, 2);
  status(w, vm);
  return answer(OK);
};

const padded = (b: Uint8Array): Uint8Array => {
  const out = new Uint8Array(Math.ceil(b.length / 4) * 4);
  out.set(b);
  return out;
};

const getCrash: Rule = (w, from, p) => {
  if (p.length !== 4) return answer(MSG_INVALID);
  const vm = w.vms.get(num(p, 0, 2));
  if (vm === undefined || ownerOf(vm.vmid) !== from) return answer(VMID_INVALID);
  const text = padded(vm.crash ?? new Uint8Array(0));
  const data = new Uint8Array(4 + text.length);
  data.set(bytes([2, vm.crash?.length ?? 0], [2, 0]));
  data.set(text, 4);
  return answer(OK, data);
};

const setCrash: Rule = (w, from, p) => {
  const length = num(p, 0, 2);
  if (p.length < 4 || p.length !== 4 + Math.ceil(length / 4) * 4) return answer(MSG_INVALID);
  if (p.subarray(4 + length).some((b) => b !== 0)) return answer(MSG_INVALID);
  (w.vms.get(from) as ModelVm).crash = p.slice(4, 4 + Math.min(length, 192));
  return answer(OK);
};

const getId: Rule = (w, from, p) => {
  if (p.length !== 4) return answer(MSG_INVALID);
  const vm = w.vms.get(num(p, 0, 2) || from);
  if (vm === undefined) return answer(NORESOURCE);
  if (vm.state !== VmState.READY && vm.state !== VmState.RUNNING) return answer(VM_STATE);
  return isSelfOwnerPeer(vm, from) ? anything(OK) : answer(NORESOURCE);
};

const empty =
  (reply: (w: World, from: number) => Uint8Array): Rule =>
  (w, from, p) =>
    p.length === 0 ? answer(OK, reply(w, from)) : answer(MSG_INVALID);

const getPeers = empty((w, from) => {
  const { peers } = w.vms.get(from) as ModelVm;
  return bytes([4, peers.length], ...peers.map((peer) => [4, peer] as const));
});

const lookupText: Rule = (_w, _from, p) => {
  if (p.length === 0) return answer(ARGUMENT_INVALID);
  if (p.length < 4) return answer(MSG_INVALID);
  const length = num(p, 0, 2);
  if (length > 79) return answer(ARGUMENT_INVALID);
  if (p.length !== 4 + Math.ceil(length / 4) * 4) return answer(MSG_INVALID);
  return p.subarray(4 + length).some((b) => b !== 0) ? answer(MSG_INVALID) : anything(OK);
};

const lookupGuid: Rule = (_w, _from, p) => {
  if (p.length === 0) return answer(ARGUMENT_INVALID);
  return p.length === 16 ? anything(OK) : answer(MSG_INVALID);
};

const setTimeBase: Rule = (w, from, p) => {
  const refuse = (code: number, hyp = 1): Answer => answer(code, word(hyp));
  if (p.length !== 20) return refuse(MSG_INVALID);
  const vm = w.vms.get(num(p, 0, 2) || from);
  if (vm === undefined) return refuse(NORESOURCE);
  if (!isSelfOwnerPeer(vm, from)) return refuse(DENIED);
  if (vm.state !== VmState.INIT && vm.state !== VmState.READY) return refuse(VM_STATE);
  return refuse(ARGUMENT_INVALID, 30);
};

const resources: Rule = (w, _from, p) => {
  if (p.length !== 4) return answer(MSG_INVALID);
  const vm = w.vms.get(num(p, 0, 2));
  if (vm === undefined) return answer(ARGUMENT_INVALID);
  return vm.config ? anything(OK) : answer(NORESOURCE);
};

export const queryRules: Readonly<Record<number, Rule>> = {
  [Msg.VM_GET_STATE]: getState,
  [Msg.VM_SET_STATUS]: setStatus,
  [Msg.VM_GET_CRASH_MSG]: getCrash,
  [Msg.VM_SET_CRASH_MSG]: setCrash,
  [Msg.VM_GET_ID]: getId,
  [Msg.VM_GET_VMID]: empty((_w, from) => word(from)),
  [Msg.VM_GET_OWNER]: empty((_w, from) => word(ownerOf(from))),
  [Msg.VM_GET_PEERS]: getPeers,
  [Msg.VM_HOST_GET_TYPE]: empty(() => word(0x0100_0164)),
  [Msg.VM_LOOKUP_URI]: lookupText,
  [Msg.VM_LOOKUP_NAME]: lookupText,
  [Msg.VM_LOOKUP_GUID]: lookupGuid,
  [Msg.VM_SET_TIME_BASE]: setTimeBase,
  [Msg.VM_GET_HYP_RESOURCES]: resources,
};
