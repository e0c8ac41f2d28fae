/**
 * Memory as the other parts use it (`MemPort`): translation, guest copies, extents attached to the hypervisor.
 *
 * Guest copies follow fact base hypercall-abi 8. Stage 1 of a caller is taken as off: virtual addresses are guest physical.
 * A copy whose address resolves to a device stops the hypervisor, as its debug build's assertion does (observations 1).
 */
import { hi32, toNumber, U64_MAX } from '../../base/index.js';
import { Access, ExtentType, HypError } from '../../protocol/index.js';
import type { Hypervisor } from '../hypervisor.js';
import { Fault, type MemPort, type PageAccess } from '../ports.js';
import type { HypObject, Thread } from '../types.js';
import { inVmmio } from './addrspace.js';
import { attachExtent, type MemExtent } from './extent.js';
import { copyRun, PAGE_MASK, PAGE_SIZE, type PhysMemory } from './phys.js';
import { recentPage, rememberPage } from './recent.js';
import { type Addrspace, memState } from './space.js';
import { leafKernelAccess, pageAt, VM_ADDRESS_END } from './stage2.js';

/** Upper half of an address; below it no copy can wrap around. */
const HIGH_ADDRESSES = 0x8000_0000;
/** Upper half of the first address beyond the 52 bits of the CPU's output addresses. */
const BEYOND_OUTPUT = 0x10_0000;

/**
 * Moves `bytes[at..at+size)` to or from guest memory, page by page. 0, or the `Fault` of the first page that refuses. Every copy
 * goes through here: the less code there is to run, the more of it is in the processor's cache.
 */
function move(
  hyp: Hypervisor,
  phys: PhysMemory,
  addrspace: number,
  ipa: number,
  bytes: Uint8Array,
  at: number,
  size: number,
  write: boolean,
  ramOnly: boolean,
): number {
  const space = hyp.objects[addrspace] as Addrspace;
  const first = ipa & PAGE_MASK;
  const need = write ? Access.W : Access.R;
  if (first + size <= PAGE_SIZE && ipa < VM_ADDRESS_END) {
    const page = recentPage(space, (ipa / PAGE_SIZE) | 0, need);
    if (page !== undefined) {
      if (write) copyRun(bytes, at, page, first, size);
      else copyRun(page, first, bytes, at, size);
      return 0;
    }
  }
  for (let done = 0; done < size; ) {
    const address = ipa + done;
    const offset = address & PAGE_MASK;
    const run = Math.min(PAGE_SIZE - offset, size - done);
    const leaf = pageAt(space.stage2, address);
    if (leaf === 0) return Fault.TRANSLATION;
    if ((leafKernelAccess(leaf) & need) === 0) return Fault.PERMISSION;
    const pa = leaf - (leaf & PAGE_MASK);
    const ram = inRam(hyp, pa);
    if (ramOnly && !ram) {
      hyp.dead ??= {
        what: `assertion: copy between guest address 0x${address.toString(16)} and a device mapping`,
        rule: 'hyp-copy-to-device-mapping',
      };
      return Fault.DEVICE;
    }
    const page = phys.pageFor(pa, write);
    if (page === undefined) bytes.fill(0, at + done, at + done + run);
    else if (write) copyRun(bytes, at + done, page, offset, run);
    else copyRun(page, offset, bytes, at + done, run);
    if (page !== undefined && ram) rememberPage(space, (address / PAGE_SIZE) | 0, need, page);
    done += run;
  }
  return 0;
}

/** The page of RAM behind `ipa`, if it allows the access and has been written before. */
function ramPage(
  hyp: Hypervisor,
  phys: PhysMemory,
  addrspace: number,
  ipa: number,
  access: PageAccess,
): Uint8Array | undefined {
  const space = hyp.objects[addrspace] as Addrspace;
  const pageNumber = (ipa / PAGE_SIZE) | 0;
  const known = recentPage(space, pageNumber, access);
  if (known !== undefined) return known;
  const leaf = pageAt(space.stage2, ipa);
  if (leaf === 0 || (leafKernelAccess(leaf) & access) === 0) return undefined;
  const pa = leaf - (leaf & PAGE_MASK);
  const page = inRam(hyp, pa) ? phys.pageFor(pa, access === Access.W) : undefined;
  if (page !== undefined) rememberPage(space, pageNumber, access, page);
  return page;
}

function inRam(hyp: Hypervisor, pa: number): boolean {
  const { ramBase, ramSize } = memState(hyp);
  return pa >= ramBase && pa < ramBase + ramSize;
}

/** The copy of a hypercall, between its caller and the hypervisor. */
function copy(
  hyp: Hypervisor,
  phys: PhysMemory,
  thread: Thread,
  va: bigint,
  bytes: Uint8Array,
  at: number,
  size: number,
  write: boolean,
): number {
  const high = hi32(va);
  if (high >= HIGH_ADDRESSES && va + BigInt(size - 1) > U64_MAX) return HypError.ADDR_OVERFLOW;
  // Addresses that the CPU cannot output fail in stage 1 already, even though that is off.
  if (high >= BEYOND_OUTPUT) return HypError.ARGUMENT_INVALID;
  const fault = move(hyp, phys, thread.addrspace, toNumber(va), bytes, at, size, write, true);
  if (fault === 0) return HypError.OK;
  return fault === Fault.TRANSLATION
    ? HypError.ADDR_INVALID
    : fault === Fault.PERMISSION
      ? HypError.DENIED
      : HypError.FAILURE;
}

export function memPort(hyp: Hypervisor, phys: PhysMemory): MemPort {
  return {
    translate(as, ipa, write, execute) {
      const leaf = pageAt((hyp.objects[as] as Addrspace).stage2, ipa);
      if (leaf === 0) return Fault.TRANSLATION;
      const need = execute ? Access.X : write ? Access.W : Access.R;
      if ((leafKernelAccess(leaf) & need) === 0) return Fault.PERMISSION;
      return leaf - (leaf & PAGE_MASK) + (ipa & PAGE_MASK);
    },
    copyFromGuest(thread, va, size, to, max, at = 0) {
      const count = toNumber(size);
      if (count === 0 || count > max) return HypError.ARGUMENT_SIZE;
      return copy(hyp, phys, thread, va, to, at, count, false);
    },
    copyToGuest(thread, va, bufferSize, from, size, at = 0) {
      if (size === 0 || toNumber(bufferSize) < size) return HypError.ARGUMENT_SIZE;
      return copy(hyp, phys, thread, va, from, at, size, true);
    },
    ramPage: (as, ipa, access) => ramPage(hyp, phys, as, ipa, access),
    accessGuest: (as, ipa, bytes, write) => move(hyp, phys, as, ipa, bytes, 0, bytes.length, write, false),
    inVmmioRange: (as, ipa, size) => inVmmio(hyp.objects[as] as Addrspace, ipa, size),
    attachExtent: (extent: HypObject, partition, size) => attachExtent(extent as MemExtent, partition, size),
    detachExtent: (extent: HypObject) => {
      (extent as MemExtent).attachedSize = 0;
    },
    basicExtent: (extent: HypObject) => {
      const me = extent as MemExtent;
      return me.extentType === ExtentType.BASIC ? { base: me.physBase, size: me.size } : undefined;
    },
    readPhys: (pa, to) => phys.read(pa, to),
    writePhys: (pa, from) => phys.write(pa, from),
    savePhys: () => phys.save(),
    restorePhys: (snapshot) => phys.restore(snapshot),
  };
}
