/** Address space objects: life, VMIDs, information area, VMMIO ranges, attached threads (fact base: memory 8). */
import { insertAt, lo32, sumExceeds, toNumber, U64_MAX } from '../../base/index.js';
import { ExtentMemType, ExtentType, HypError, ObjectType, Platform } from '../../protocol/index.js';
import type { Hypervisor } from '../hypervisor.js';
import { type HypObject, NO_OBJECT, ObjectState, type Thread } from '../types.js';
import { attachExtent, type MemExtent } from './extent.js';
import type { PhysMemory } from './phys.js';
import { clearSet } from './records.js';
import type { Addrspace } from './space.js';
import { releaseStage2, stage2, VM_ADDRESS_END } from './stage2.js';

const MAX_THREADS = Platform.MAX_VCPUS;
const VMID_END = 256;
const INFO_AREA_MAX = 4096;
/** VMMIO ranges live in a 52-bit table. */
const VMMIO_END = 2 ** 52;

const newAddrspace = (base: HypObject): Addrspace => ({
  id: base.id,
  type: base.type,
  state: base.state,
  refs: base.refs,
  partition: base.partition,
  caps: base.caps,
  vmid: 0,
  stage2: stage2(),
  vmmio: [],
  infoExtent: NO_OBJECT,
  infoIpa: 0,
});

/** VMID 0 is reserved for ever, so a space that was never configured finds it busy. */
function vmidInUse(hyp: Hypervisor, vmid: number): boolean {
  if (vmid === 0) return true;
  for (const id of hyp.ofType[ObjectType.ADDRSPACE]) {
    const as = hyp.objects[id] as Addrspace;
    if (as.vmid === vmid && as.state === ObjectState.ACTIVE) return true;
  }
  return false;
}

function activate(hyp: Hypervisor, as: Addrspace, phys: PhysMemory): number {
  if (vmidInUse(hyp, as.vmid)) return HypError.BUSY;
  if (as.infoExtent !== NO_OBJECT) {
    const me = hyp.get<MemExtent>(as.infoExtent);
    const error = attachExtent(me, as.partition, me.size);
    if (error !== HypError.OK) {
      as.infoExtent = hyp.unref(as.infoExtent);
      as.vmid = 0;
      return error;
    }
    phys.zeroPages(me.physBase, me.size);
  }
  return HypError.OK;
}

/** The space goes: extents forget their records for it; their memory stays theirs. */
function deactivate(hyp: Hypervisor, as: Addrspace): void {
  if (as.infoExtent !== NO_OBJECT) hyp.get<MemExtent>(as.infoExtent).attachedSize = 0;
  for (const id of hyp.ofType[ObjectType.MEMEXTENT]) {
    for (const set of (hyp.objects[id] as MemExtent).maps) if (set.as === as.id) clearSet(set);
  }
}

export function configureVmid(as: Addrspace, vmid: number): number {
  if (vmid === 0 || vmid >= VMID_END) return HypError.ARGUMENT_INVALID;
  as.vmid = vmid;
  return HypError.OK;
}

export function configureInfoArea(hyp: Hypervisor, as: Addrspace, me: MemExtent, ipa: bigint): number {
  if (me.size > INFO_AREA_MAX) return HypError.ARGUMENT_INVALID;
  if ((lo32(ipa) & 0xfff) !== 0 || toNumber(ipa) + me.size > VM_ADDRESS_END) return HypError.ADDR_INVALID;
  if (me.extentType !== ExtentType.BASIC || (me.access & 6) !== 6 || me.memtype !== ExtentMemType.ANY) {
    return HypError.ARGUMENT_INVALID;
  }
  const old = as.infoExtent;
  as.infoIpa = toNumber(ipa);
  as.infoExtent = hyp.ref(me.id);
  hyp.unref(old);
  return HypError.OK;
}

/** Whether all eight places are taken. Each thread holds a reference, so few references are enough to know. */
function full(hyp: Hypervisor, as: Addrspace): boolean {
  if (as.refs <= MAX_THREADS) return false;
  let threads = 0;
  for (const id of hyp.ofType[ObjectType.THREAD]) {
    const thread = hyp.objects[id] as Thread;
    if (thread.state !== ObjectState.DESTROYING && thread.addrspace === as.id) threads++;
  }
  return threads >= MAX_THREADS;
}

/** Also used at boot. A re-attach needs a free place before the old one is given up. */
export function attachThread(hyp: Hypervisor, as: Addrspace, thread: Thread): number {
  if (full(hyp, as)) return HypError.NOMEM;
  const old = thread.addrspace;
  thread.addrspace = hyp.ref(as.id);
  hyp.unref(old);
  return HypError.OK;
}

export function addVmmio(as: Addrspace, vbase: bigint, size: bigint): number {
  if (size === 0n) return HypError.ARGUMENT_SIZE;
  const outside = sumExceeds(vbase, size, VMMIO_END);
  if (outside && vbase + size > U64_MAX) return HypError.ADDR_OVERFLOW;
  if (as.vmmio.length >= Platform.MAX_VMMIO_RANGES) return HypError.NORESOURCES;
  if (outside) return HypError.ARGUMENT_SIZE;
  const range = { base: toNumber(vbase), size: toNumber(size) };
  const { vmmio } = as;
  let at = 0;
  while (at < vmmio.length && vmmio[at].base + vmmio[at].size <= range.base) at++;
  if (at < vmmio.length && vmmio[at].base < range.base + range.size) return HypError.BUSY;
  insertAt(vmmio, at, range);
  return HypError.OK;
}

/** Never succeeds: the table's comparison of VMMIO entries always says "different" (memory 8.2). */
export function removeVmmio(vbase: bigint, size: bigint): number {
  if (size === 0n) return HypError.ARGUMENT_SIZE;
  if (vbase + size > U64_MAX) return HypError.ADDR_OVERFLOW;
  if (sumExceeds(vbase, size, VMMIO_END)) return HypError.ARGUMENT_SIZE;
  return HypError.BUSY;
}

export const inVmmio = (as: Addrspace, ipa: number, size: number): boolean =>
  as.vmmio.some((r) => ipa >= r.base && ipa + size <= r.base + r.size);

export function registerAddrspaceKind(hyp: Hypervisor, phys: PhysMemory): void {
  hyp.kind<Addrspace>(ObjectType.ADDRSPACE, {
    create: (_hyp, base) => newAddrspace(base),
    activate: (h, as) => activate(h, as, phys),
    deactivate,
    release: (h, as) => {
      as.infoExtent = h.unref(as.infoExtent);
      releaseStage2(as.stage2);
    },
  });
}
