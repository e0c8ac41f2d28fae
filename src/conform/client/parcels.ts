/** Memory parcels: lent or shared, and taken back (fact base: clients 5.2, 9.3). */
import { concatBytes, le16, le32, put32, put64 } from '../../base/index.js';
import { Msg, Platform } from '../../protocol/index.js';
import { type CallEnd, ClientCrash } from './call.js';
import type { VmManager } from './vm.js';
import { errorText, isOk, type ManagedVm, type Step, vmidPayload } from './vm-types.js';

const RWX = 7;
const RW = 6;
const MAX_ENTRIES = Platform.MAX_LIST_ENTRIES;
const APPEND = 1 << 1;

const listOf = (entries: readonly Uint8Array[]): Uint8Array => concatBytes(vmidPayload(entries.length), ...entries);

function acl(vmid: number, rights: number): Uint8Array {
  const b = vmidPayload(vmid);
  b[2] = rights;
  return b;
}

function range(base: number, size: number): Uint8Array {
  const b = new Uint8Array(16);
  put64(b, 0, BigInt(base));
  put64(b, 8, BigInt(size));
  return b;
}

/** The client's own VMID, asked for once. A string: what failed. */
function* ownVmid(m: VmManager): Step<number | string> {
  if (m.hostVmid !== undefined) return m.hostVmid;
  const own = yield* m.call(Msg.VM_GET_VMID, new Uint8Array(0));
  if (!isOk(own)) return `VM_GET_VMID: ${errorText(own)}`;
  if (own.data.length < 4) {
    if (m.bug('no-payload-check')) throw new ClientCrash('VMID read behind the reply');
    return 'VM_GET_VMID: no VMID in the reply';
  }
  m.hostVmid = le16(own.data, 0);
  return m.hostVmid;
}

/** The image parcel. */
export function* lend(m: VmManager, vm: ManagedVm): Step<string | undefined> {
  const { plan } = vm;
  const targets = [acl(vm.vmid ?? 0, m.bug('parcel-rights-rw') ? RW : RWX)];
  if (plan.share || m.bug('lend-lists-owner')) {
    const own = yield* ownVmid(m);
    if (typeof own === 'string') return own;
    if (!(plan.share && m.bug('share-forgets-owner'))) targets.unshift(acl(own, RWX));
  }
  const piece = plan.size / plan.pieces;
  const entries = Array.from({ length: plan.pieces }, (_, i) => range(plan.base + i * piece, piece));
  const head = new Uint8Array(8);
  const more = entries.length > MAX_ENTRIES && !m.bug('ignores-entry-limit');
  if (more) head[2] = APPEND;
  if (m.bug('reserved-not-zero')) head[1] = 0xff;
  const first = more ? entries.slice(0, MAX_ENTRIES) : entries;
  const tail = new Uint8Array(m.bug('spare-bytes') ? 8 : 4);
  const payload = concatBytes(head, listOf(targets), listOf(first), tail);
  const r = yield* m.call(plan.share ? Msg.MEM_SHARE : Msg.MEM_LEND, payload);
  if (!isOk(r)) return `MEM_LEND: ${errorText(r)}`;
  if (r.data.length < 4) {
    if (m.bug('no-payload-check')) throw new ClientCrash('handle read behind the reply');
    return 'MEM_LEND: no handle in the reply';
  }
  vm.handle = le32(r.data, 0);
  if (vm.handle === 0 && m.bug('handle-0-is-none')) vm.handle = undefined;
  if (m.bug('writes-lent-memory')) m.port.write(plan.base, new Uint8Array(8));
  return more ? yield* append(m, vm, entries) : undefined;
}

function* append(m: VmManager, vm: ManagedVm, entries: readonly Uint8Array[]): Step<string | undefined> {
  for (let at = MAX_ENTRIES; at < entries.length; at += MAX_ENTRIES) {
    const head = new Uint8Array(8);
    put32(head, 0, vm.handle ?? 0);
    if (at + MAX_ENTRIES >= entries.length || m.bug('end-on-every-append')) head[4] = 1;
    const payload = concatBytes(head, listOf(entries.slice(at, at + MAX_ENTRIES)));
    const r = yield* m.call(Msg.MEM_APPEND, payload);
    if (!isOk(r)) {
      if (m.bug('append-failure-forgets-handle')) vm.handle = undefined;
      return `MEM_APPEND: ${errorText(r)}`;
    }
  }
  return undefined;
}

/** Memory that host and guest share, under the label of its node in the guest's device tree. */
export function* shareMemory(m: VmManager, vm: ManagedVm): Step<string | undefined> {
  const { shm } = vm.plan;
  if (shm === undefined) return undefined;
  const own = yield* ownVmid(m);
  if (typeof own === 'string') return own;
  const head = new Uint8Array(8);
  put32(head, 4, m.bug('shm-without-label') ? 0 : shm.label);
  const targets = [acl(own, RW), acl(vm.vmid ?? 0, RW)];
  const payload = concatBytes(head, listOf(targets), listOf([range(shm.base, shm.size)]), new Uint8Array(4));
  const r = yield* m.call(Msg.MEM_SHARE, payload);
  if (!isOk(r) || r.data.length < 4) return `MEM_SHARE: ${errorText(r)}`;
  vm.shmHandle = le32(r.data, 0);
  return undefined;
}

export function* reclaimHandle(m: VmManager, handle: number): Step<CallEnd> {
  const b = new Uint8Array(8);
  put32(b, 0, handle);
  return yield* m.call(Msg.MEM_RECLAIM, b);
}

/** Everything that RM holds for the VM. What failed, or undefined. */
export function* reclaim(m: VmManager, vm: ManagedVm): Step<string | undefined> {
  if (vm.shmHandle !== undefined) {
    const end = yield* reclaimHandle(m, vm.shmHandle);
    if (!isOk(end)) return `MEM_RECLAIM: ${errorText(end)}`;
    vm.shmHandle = undefined;
  }
  if (vm.handle === undefined) return undefined;
  const end = yield* reclaimHandle(m, vm.handle);
  if (m.bug('reclaims-twice')) yield* reclaimHandle(m, vm.handle);
  if (isOk(end)) vm.handle = undefined;
  if (isOk(end) || m.bug('reuses-unreclaimed-memory')) {
    m.emit(`memory ${vm.name} free`);
    return undefined;
  }
  m.emit(`memory ${vm.name} kept`);
  return `MEM_RECLAIM: ${errorText(end)}`;
}
