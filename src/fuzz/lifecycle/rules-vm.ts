/** What RM must answer to VM life-cycle requests (fact base: rm-rpc-messages 1 and 2, rm-state-machines 1 to 4). */
import { Msg, RmError, VmState } from '../../protocol/index.js';
import { acceptForStart, releaseAtReset, treeIn } from './rules-mem-start.js';
import { queryRules } from './rules-query.js';
import {
  type Answer,
  answer,
  bytes,
  HLOS,
  type ModelVm,
  newVm,
  notify,
  num,
  ownerOf,
  type Rule,
  setState,
  type World,
} from './world.js';

const { OK, DENIED, MSG_INVALID, VM_STATE, VMID_INVALID, NORESOURCE, ARGUMENT_INVALID, MEM_INVALID } = RmError;

const allocate: Rule = (w, from, p) => {
  if (from !== HLOS) return answer(DENIED);
  if (p.length !== 4) return answer(MSG_INVALID);
  let vmid = num(p, 0, 2);
  const chosen = vmid === 0;
  if (chosen) {
    vmid = 0x80;
    while (w.vms.has(vmid)) vmid++;
    if (vmid > 0xbe) return answer(NORESOURCE);
  } else if (vmid < 4 || vmid > 31 || w.vms.has(vmid)) return answer(NORESOURCE);
  const vm = newVm(vmid, VmState.LOAD);
  vm.peers = [HLOS];
  w.vms.set(vmid, vm);
  (w.vms.get(HLOS) as ModelVm).peers.push(vmid);
  return answer(OK, chosen ? bytes([4, vmid]) : undefined);
};

function removePeers(w: World, vm: ModelVm): void {
  for (const peer of vm.peers) {
    const other = w.vms.get(peer);
    if (other === undefined) continue;
    const at = other.peers.indexOf(vm.vmid);
    if (at < 0) continue;
    const last = other.peers.pop() as number;
    if (at < other.peers.length) other.peers[at] = last;
  }
  vm.peers = [];
}

const deallocate: Rule = (w, from, p) => {
  if (p.length !== 4) return answer(MSG_INVALID);
  const vm = w.vms.get(num(p, 0, 2));
  if (vm === undefined) {
    w.death = 'vm-deallocate-unknown';
    return answer(OK);
  }
  if (from !== ownerOf(vm.vmid)) return answer(DENIED);
  if (vm.state !== VmState.LOAD && vm.state !== VmState.RESET) return answer(VM_STATE);
  removePeers(w, vm);
  w.vms.delete(vm.vmid);
  return answer(OK);
};

const configImage: Rule = (w, from, p) => {
  if (from !== HLOS) return answer(DENIED);
  if (p.length !== 40) return answer(MSG_INVALID);
  const vm = w.vms.get(num(p, 0, 2));
  if (vm === undefined) return answer(VMID_INVALID);
  if (ownerOf(vm.vmid) !== from) return answer(DENIED);
  if (vm.state !== VmState.LOAD && vm.state !== VmState.RESET) return answer(VM_STATE);
  const fail = (code: number): Answer => {
    setState(w, vm, VmState.INIT_FAILED);
    return answer(code);
  };
  const handle = num(p, 4, 4);
  const parcel = w.parcels.find((q) => q.handle === handle);
  if (parcel === undefined || !parcel.targets.some((t) => t.vmid === vm.vmid)) return fail(MEM_INVALID);
  vm.memHandle = handle;
  vm.memSize = parcel.size;
  const [imageOffset, imageSize, dtOffset, dtSize] = [8, 16, 24, 32].map((at) => num(p, at, 8));
  if (imageOffset + imageSize > parcel.size || dtOffset + dtSize > parcel.size) return fail(ARGUMENT_INVALID);
  vm.dtOffset = dtOffset;
  vm.dtSize = dtSize;
  vm.config = true;
  vm.broken = false;
  vm.accepted = [];
  vm.console = undefined;
  const auth = num(p, 2, 2);
  if (auth > 2) {
    vm.broken = true;
    return fail(ARGUMENT_INVALID);
  }
  vm.auth = auth;
  setState(w, vm, auth === 1 ? VmState.AUTH : VmState.INIT);
  return answer(OK);
};

/** Checks that VM_AUTH_IMAGE and VM_INIT share. */
function ownVm(w: World, from: number, p: Uint8Array): ModelVm | Answer {
  const vm = w.vms.get(num(p, 0, 2));
  if (vm === undefined) return answer(VMID_INVALID);
  return ownerOf(vm.vmid) === from ? vm : answer(DENIED);
}

const authImage: Rule = (w, from, p) => {
  if (from !== HLOS) return answer(DENIED);
  if (p.length < 4 || p.length !== 4 + 8 * num(p, 2, 2)) return answer(MSG_INVALID);
  const vm = ownVm(w, from, p);
  if ('error' in vm) return vm;
  if (vm.state !== VmState.AUTH) return answer(VM_STATE);
  setState(w, vm, VmState.INIT);
  return answer(OK);
};

const init: Rule = (w, from, p) => {
  if (from !== HLOS) return answer(DENIED);
  if (p.length !== 4 || num(p, 2, 2) !== 0) return answer(MSG_INVALID);
  const vm = ownVm(w, from, p);
  if ('error' in vm) return vm;
  if (vm.state !== VmState.INIT) return answer(VM_STATE);
  const guest = treeIn(w, vm);
  const refuse = (code: number): Answer => {
    setState(w, vm, VmState.INIT_FAILED);
    return answer(code);
  };
  if (guest === undefined || guest.init === MEM_INVALID) return refuse(MEM_INVALID);
  // None of the fuzzer's trees has an address for firmware: it must lie in the image.
  if (vm.fwSize !== 0 && vm.fwHandle !== vm.memHandle) return refuse(ARGUMENT_INVALID);
  if (guest.keepsAttrs) {
    vm.noShutdown = guest.noShutdown;
    vm.noReset = guest.noReset;
  }
  if (guest.init !== OK) return refuse(guest.init);
  if (guest.link) w.links.add(vm.vmid);
  if (guest.console) vm.console = { self: false, owner: false };
  setState(w, vm, VmState.READY);
  return answer(OK);
};

const start: Rule = (w, from, p) => {
  if (p.length !== 4) return answer(MSG_INVALID);
  const vm = ownVm(w, from, p);
  if ('error' in vm) return vm;
  if (vm.state !== VmState.READY) return answer(VM_STATE);
  const fail = (code: number): Answer => {
    setState(w, vm, VmState.INIT_FAILED);
    return answer(code);
  };
  if (!acceptForStart(w, vm)) return fail(NORESOURCE);
  if (w.death !== undefined) return answer(OK);
  if (vm.auth === 2) {
    if (!w.milestone) return fail(DENIED);
    if (w.firmware === 0) return fail(NORESOURCE);
    if (w.firmware > vm.fwSize) return fail(MEM_INVALID);
    w.lost = 'a start from firmware';
  }
  setState(w, vm, VmState.RUNNING);
  return answer(OK);
};

function exited(w: World, vm: ModelVm, type: number, flags: number, code: number): void {
  setState(w, vm, VmState.EXITED);
  notify(w, HLOS, Msg.N_VM_EXITED, bytes([2, vm.vmid], [2, type], [4, 4], [2, flags], [2, code]));
}

const stop: Rule = (w, from, p) => {
  if (p.length !== 8) return answer(MSG_INVALID);
  const vm = w.vms.get(num(p, 0, 2));
  if (vm === undefined || ownerOf(vm.vmid) !== from) return answer(VMID_INVALID);
  if (vm.state !== VmState.RUNNING || vm.noShutdown) return answer(VM_STATE);
  if ((p[2] & 1) !== 0) {
    exited(w, vm, 7, 0, 0);
  } else if (w.links.has(vm.vmid)) {
    notify(w, vm.vmid, Msg.N_VM_SHUTDOWN, p.slice(4, 8));
  } else {
    w.death = 'vm-stop-without-link';
  }
  return answer(OK);
};

const exit: Rule = (w, from, p) => {
  if (p.length !== 4) return answer(MSG_INVALID);
  if (p[3] !== 0 || ![0, 1, 3, 4].includes(p[2])) return answer(MSG_INVALID);
  if (from === HLOS) {
    w.death = 'vm-exit-from-hlos';
    return answer(OK);
  }
  const vm = w.vms.get(from) as ModelVm;
  vm.noShutdown = false;
  exited(w, vm, 0, num(p, 0, 2), p[2]);
  return answer(OK);
};

const reset: Rule = (w, from, p) => {
  if (p.length !== 4) return answer(MSG_INVALID);
  const vm = w.vms.get(num(p, 0, 2));
  if (vm === undefined || ownerOf(vm.vmid) !== from) return answer(VMID_INVALID);
  if (vm.noReset) return answer(DENIED);
  if (!vm.config) {
    w.death = 'vm-reset-without-configuration';
    return answer(OK);
  }
  if (![VmState.EXITED, VmState.READY, VmState.INIT_FAILED].includes(vm.state as 9)) return answer(VM_STATE);
  setState(w, vm, VmState.RESETTING);
  w.resetting.push(vm.vmid);
  return answer(OK);
};

/** The rest of a reset, after the requests that RM had already got. */
export function finishReset(w: World, vmid: number): void {
  const vm = w.vms.get(vmid) as ModelVm;
  if (vm.wasReset) {
    // RM never rewinds the stage of the first one.
    setState(w, vm, VmState.RESET);
    removePeers(w, vm);
    w.over = 'a second reset of one VM cleans nothing';
    return;
  }
  releaseAtReset(w, vm);
  for (const loan of w.loans.values()) {
    if (loan.borrower !== vmid || loan.state !== 2) continue;
    loan.state = 1;
    loan.borrower = 0xffff;
  }
  if (vm.broken) {
    w.death = 'vm-reset-after-bad-auth-type';
    return;
  }
  for (const [page, holder] of w.taken) if (holder === `vm ${vmid}`) w.taken.set(page, 'nobody');
  w.links.delete(vmid);
  vm.config = false;
  vm.console = undefined;
  vm.os = 0;
  vm.app = 0;
  vm.crash = undefined;
  vm.memHandle = 0;
  vm.memSize = 0;
  vm.reserved = [];
  vm.wasReset = true;
  setState(w, vm, VmState.RESET);
  removePeers(w, vm);
}

/** The guest stops by PSCI SYSTEM_OFF (1) or SYSTEM_RESET (2). */
export function guestStops(w: World, vmid: number, type: 1 | 2): void {
  const vm = w.vms.get(vmid) as ModelVm;
  if (vm.noShutdown) {
    w.death = 'no-shutdown-halt';
    return;
  }
  exited(w, vm, type, 0, vm.crash === undefined ? 0 : 1);
}

export const vmRules: Readonly<Record<number, Rule>> = {
  [Msg.VM_ALLOCATE]: allocate,
  [Msg.VM_DEALLOCATE]: deallocate,
  [Msg.VM_CONFIG_IMAGE]: configImage,
  [Msg.VM_AUTH_IMAGE]: authImage,
  [Msg.VM_INIT]: init,
  [Msg.VM_START]: start,
  [Msg.VM_STOP]: stop,
  [Msg.VM_EXIT]: exit,
  [Msg.VM_RESET]: reset,
  ...queryRules,
};
