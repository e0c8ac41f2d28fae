/**
 * VM records: VMIDs, peers, states and the notifications that state changes cause (fact base: rm-rpc-messages 0.3 and 1,
 * rm-state-machines 1).
 */
import { put16, put32 } from '../../base/index.js';
import { Msg, Platform, VmState } from '../../protocol/index.js';
import { RmDeath } from '../death.js';
import { parseGuid } from '../dt/guid.js';
import { vmEvent } from '../life.js';
import { linkOf } from '../link/link.js';
import { sendNotification } from '../link/send.js';
import { CAP_INVALID, HANDLE_INVALID, type Rm, VMID_HLOS, VMID_RM, type VmRecord, vmLookup } from '../types.js';
import type { VmLifeEvent } from './vm-life.machine.js';

/** Scheduler priority of RM and HLOS. */
export const DEFAULT_PRIORITY = Platform.PRIORITY_DEFAULT;
/** A number that a client may ask for. */
export const isStaticVmid = (vmid: number): boolean =>
  vmid >= Platform.VMID_STATIC_FIRST && vmid <= Platform.VMID_STATIC_LAST;

/** Makes a record in state LOAD; owner and VM become peers unless RM is the owner. */
export function newVm(rm: Rm, vmid: number, owner: number, name = ''): VmRecord {
  const vm: VmRecord = {
    vmid,
    owner,
    peers: [],
    name,
    uri: '',
    guid: new Uint8Array(16),
    hasGuid: false,
    state: VmState.LOAD,
    osState: 0,
    appStatus: 0,
    config: null,
    irq: null,
    allocator: null,
    authType: 0,
    memHandle: HANDLE_INVALID,
    imageOffset: 0,
    imageSize: 0n,
    entryOffset: 0,
    dtOffset: 0,
    dtSize: 0,
    memBase: 0,
    memSize: 0,
    fwHandle: HANDLE_INVALID,
    fwOffset: 0,
    fwSize: 0,
    ddrMe: CAP_INVALID,
    deviceMe: CAP_INVALID,
    priority: DEFAULT_PRIORITY,
    crashMsg: null,
    sensitive: false,
    crashFatal: false,
    noShutdown: false,
    noReset: false,
    resetStage: 0,
  };
  rm.vms[vmid] = vm;
  if (owner !== VMID_RM) registerPeers(vm, vmLookup(rm, owner) as VmRecord);
  return vm;
}

/** Mutual, once. Only the first VM's list is looked at. */
export function registerPeers(a: VmRecord, b: VmRecord): void {
  if (a.peers.includes(b.vmid)) return;
  a.peers.push(b.vmid);
  b.peers.push(a.vmid);
}

/** Removal moves the last element into the hole. */
function swapRemove<T>(list: T[], at: number): void {
  const last = list.pop() as T;
  if (at < list.length) list[at] = last;
}

function dropPeer(vm: VmRecord, vmid: number): void {
  const at = vm.peers.indexOf(vmid);
  if (at >= 0) swapRemove(vm.peers, at);
}

export function deregisterAllPeers(rm: Rm, vm: VmRecord): void {
  for (let vmid = vm.peers.pop(); vmid !== undefined; vmid = vm.peers.pop()) {
    const peer = vmLookup(rm, vmid);
    if (peer !== null) dropPeer(peer, vm.vmid);
  }
}

/** The caller may ask about the VM: itself, its owner or a peer. */
export const queryAllowed = (vm: VmRecord, caller: number): boolean =>
  caller === vm.vmid || caller === vm.owner || vm.peers.includes(caller);

/** VM_STATUS to every running peer that has a link, in peer order. */
export function sendState(rm: Rm, vm: VmRecord): void {
  if (vm.owner === VMID_RM)
    throw new RmDeath('ABORT', vm.vmid === VMID_HLOS ? 'vm-exit-from-hlos' : 'vm-exit-bad-state');
  for (const vmid of vm.peers) {
    const peer = vmLookup(rm, vmid);
    if (peer === null || peer.state !== VmState.RUNNING || linkOf(rm, vmid) === null) continue;
    const payload = new Uint8Array(8);
    put16(payload, 0, vm.vmid);
    payload[4] = vm.state;
    payload[5] = vm.osState;
    put16(payload, 6, vm.appStatus);
    sendNotification(rm, vmid, Msg.N_VM_STATUS, payload);
  }
}

/** Lets the VM take an event that was checked before and tells its peers; one that it cannot take kills RM. */
export function changeState(rm: Rm, vm: VmRecord, event: VmLifeEvent['type'], trigger: string): void {
  if (!vmEvent(vm, event)) throw new RmDeath('ABORT', trigger);
  sendState(rm, vm);
}

/** VM_EXITED to the owner, always right after VM_STATUS(EXITED). */
export function sendExited(
  rm: Rm,
  vm: VmRecord,
  exitType: number,
  flags: number,
  code: number,
  extra: readonly number[] = [],
): void {
  const payload = new Uint8Array(12 + 4 * extra.length);
  put16(payload, 0, vm.vmid);
  put16(payload, 2, exitType);
  put32(payload, 4, 4 * (extra.length + 1));
  put32(payload, 8, flags | (code << 16));
  extra.forEach((word, i) => {
    put32(payload, 12 + 4 * i, word);
  });
  sendNotification(rm, vm.owner, Msg.N_VM_EXITED, payload, 'vm-exited-owner-without-link');
}

const PEER_KINDS: ReadonlySet<string> = new Set(['vm-guid', 'vm-name', 'vm-uri']);

/** Finds the VM that a `peer` string ("vm-guid:", "vm-name:", "vm-uri:") names; the lowest VMID wins. */
export function lookupById(rm: Rm, peerId: string): VmRecord | null {
  const text = peerId.replace(/^:+/, '');
  const colon = text.indexOf(':');
  const kind = colon < 0 ? text : text.slice(0, colon);
  const value = colon < 0 ? '' : text.slice(colon + 1);
  if (!PEER_KINDS.has(kind)) return null;
  if (colon < 0) throw new RmDeath('ABORT', 'peer-without-value');
  let matches: (vm: VmRecord) => boolean;
  if (kind === 'vm-guid') {
    const guid = parseGuid(value);
    if (guid === undefined) return null;
    matches = (vm) => vm.guid.every((byte, i) => byte === guid[i]);
  } else if (kind === 'vm-name') {
    matches = (vm) => vm.name === value;
  } else {
    matches = (vm) => vm.uri === value;
  }
  for (let vmid = 1; vmid <= VMID_RM; vmid++) {
    const vm = vmLookup(rm, vmid);
    if (vm !== null && matches(vm)) return vm;
  }
  return null;
}
