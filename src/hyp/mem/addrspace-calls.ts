/** Hypercalls on address spaces (fact base: hypercall-abi 4.8, memory 4 and 8). */
import { lo16, lo32, sumExceeds, toNumber, toU64 } from '../../base/index.js';
import { Call, ExtentMemType, HypError, ObjectType, Rights, VmmioOp } from '../../protocol/index.js';
import type { Hypervisor } from '../hypervisor.js';
import { lookup, lookupAny, lookupConfigure, lookupInit } from '../lookup.js';
import { type HypObject, ObjectState, type Thread } from '../types.js';
import { addVmmio, attachThread, configureInfoArea, configureVmid, removeVmmio } from './addrspace.js';
import type { MemExtent } from './extent.js';
import { pageAligned, UINT64_END } from './extent-calls.js';
import { isBasic, mapBasic, mapSparse, unmapBasic, unmapSparse, updateBasic } from './mapping.js';
import { ownsRange } from './ownership.js';
import { PAGE_MASK } from './phys.js';
import { type Addrspace, memState } from './space.js';
import { entrySizeAt, leafAt, leafAttrs, VM_ADDRESS_END } from './stage2.js';

const FLAG_PARTIAL = 1;
const FLAGS_RESERVED = 0x7ffffffe;
const MAP_ATTRS_RESERVED = 0xff00ff88 | 0;
const ACCESS_ATTRS_RESERVED = 0xffffff88 | 0;

/** Mapping types per extent type: device 0..3; NC 5; cacheable 6, 7, 9, 10, 11, 13, 14, 15 (memory 1.2). */
function memtypeAllowed(extentMemtype: number, memtype: number): boolean {
  if (memtype <= 3) return extentMemtype !== ExtentMemType.CACHED;
  if (memtype === 5) return extentMemtype === ExtentMemType.ANY || extentMemtype === ExtentMemType.UNCACHED;
  return extentMemtype === ExtentMemType.ANY && memtype <= 15 && memtype !== 4 && memtype !== 8 && memtype !== 12;
}

const accessIncluded = (me: MemExtent, attrs: number): boolean =>
  (me.access & attrs & 7) === (attrs & 7) && (me.access & (attrs >> 4) & 7) === ((attrs >> 4) & 7);

/** Address space and extent of map, unmap and update, both with the right MAP. */
const spaceToMap = (hyp: Hypervisor, caller: Thread, cap: bigint): Addrspace | number =>
  lookup<Addrspace>(hyp, caller, cap, ObjectType.ADDRSPACE, Rights.ADDRSPACE.MAP);
const extentToMap = (hyp: Hypervisor, caller: Thread, cap: bigint): MemExtent | number =>
  lookup<MemExtent>(hyp, caller, cap, ObjectType.MEMEXTENT, Rights.MEMEXTENT.MAP);

/** Alignment, then (partial) the range: the checks that all three share. Whole extents ignore offset and size. */
function checkPlace(me: MemExtent, partial: boolean, vbase: bigint, offset: bigint, size: bigint): number {
  if (!pageAligned(vbase) || (partial && (!pageAligned(offset) || !pageAligned(size)))) {
    return HypError.ARGUMENT_ALIGNMENT;
  }
  if (!partial) return HypError.OK;
  const end = toNumber(offset) + toNumber(size);
  if (size === 0n || end > UINT64_END || toNumber(vbase) + toNumber(size) > UINT64_END || end > me.size) {
    return HypError.ARGUMENT_SIZE;
  }
  return HypError.OK;
}

function registerMapping(hyp: Hypervisor): void {
  hyp.call(Call.ADDRSPACE_MAP, (h, caller, a) => {
    const attrs = lo32(a[3]);
    const flags = lo32(a[4]);
    if ((attrs & MAP_ATTRS_RESERVED) !== 0 || (flags & FLAGS_RESERVED) !== 0) return HypError.ARGUMENT_INVALID;
    const as = spaceToMap(h, caller, a[0]);
    if (typeof as === 'number') return as;
    const me = extentToMap(h, caller, a[1]);
    if (typeof me === 'number') return me;
    const partial = (flags & FLAG_PARTIAL) !== 0;
    const error = checkPlace(me, partial, a[2], a[5], a[6]);
    if (error !== HypError.OK) return error;
    if (!accessIncluded(me, attrs) || !memtypeAllowed(me.memtype, attrs >> 16)) return HypError.ARGUMENT_INVALID;
    const vbase = toNumber(a[2]);
    if (!isBasic(me)) {
      return mapSparse(h, me, as.id, vbase, partial ? toNumber(a[5]) : 0, partial ? toNumber(a[6]) : me.size, attrs);
    }
    return partial ? HypError.MEMEXTENT_TYPE : mapBasic(h, me, as.id, vbase, attrs);
  });
  hyp.call(Call.ADDRSPACE_UNMAP, (h, caller, a) => {
    const flags = lo32(a[3]);
    if ((flags & FLAGS_RESERVED) !== 0) return HypError.ARGUMENT_INVALID;
    const as = spaceToMap(h, caller, a[0]);
    if (typeof as === 'number') return as;
    const me = extentToMap(h, caller, a[1]);
    if (typeof me === 'number') return me;
    const partial = (flags & FLAG_PARTIAL) !== 0;
    const error = checkPlace(me, partial, a[2], a[4], a[5]);
    if (error !== HypError.OK) return error;
    const vbase = toNumber(a[2]);
    if (!isBasic(me)) {
      return unmapSparse(h, me, as.id, vbase, partial ? toNumber(a[4]) : 0, partial ? toNumber(a[5]) : me.size);
    }
    return partial ? HypError.MEMEXTENT_TYPE : unmapBasic(h, me, as.id, vbase);
  });
  hyp.call(Call.ADDRSPACE_UPDATE_ACCESS, (h, caller, a) => {
    const access = lo32(a[3]);
    const flags = lo32(a[4]);
    if ((access & ACCESS_ATTRS_RESERVED) !== 0 || (flags & FLAGS_RESERVED) !== 0) return HypError.ARGUMENT_INVALID;
    const as = spaceToMap(h, caller, a[0]);
    if (typeof as === 'number') return as;
    const me = extentToMap(h, caller, a[1]);
    if (typeof me === 'number') return me;
    if (!accessIncluded(me, access)) return HypError.ARGUMENT_INVALID;
    const partial = (flags & FLAG_PARTIAL) !== 0;
    const error = checkPlace(me, partial, a[2], a[5], a[6]);
    if (error !== HypError.OK) return error;
    // For SPARSE extents Gunyah finds the record and forgets to keep it: always "not found".
    if (!isBasic(me)) return HypError.ADDR_INVALID;
    return partial ? HypError.MEMEXTENT_TYPE : updateBasic(h, me, as.id, toNumber(a[2]), access);
  });
}

/**
 * Gunyah counts one bit too few when it checks an address against the 36 bits of a guest: below this the walk starts, finds no entry of
 * the first table for what lies beyond the 36 bits, and panics (memory 4.5; recorded).
 */
const WALK_END = 2 * VM_ADDRESS_END;

/** First run from `vbase` on that is physically contiguous with equal attributes, at most `size` long (memory 4.5). */
function lookupRun(
  hyp: Hypervisor,
  as: Addrspace,
  vbase: number,
  size: number,
): { phys: number; size: number; attrs: number } | undefined {
  let run: { phys: number; size: number; attrs: number } | undefined;
  for (let offset = 0; offset < size && vbase + offset < WALK_END; ) {
    const ipa = vbase + offset;
    if (ipa >= VM_ADDRESS_END) {
      hyp.dead ??= { what: 'hypervisor: Panic: pgtable walk', rule: 'hyp-lookup-beyond-limit' };
      return undefined;
    }
    const leaf = leafAt(as.stage2, ipa);
    if (leaf === 0) break;
    const entrySize = entrySizeAt(as.stage2, ipa);
    const inside = ipa & (entrySize - 1);
    const phys = leaf - (leaf & PAGE_MASK) + inside;
    const bytes = Math.min(entrySize - inside, size - offset);
    const attrs = leafAttrs(leaf);
    if (run === undefined) run = { phys, size: bytes, attrs };
    else if (run.phys + run.size === phys && run.attrs === attrs) run.size += bytes;
    else break;
    offset += bytes;
  }
  return run;
}

function registerLookup(hyp: Hypervisor): void {
  hyp.call(Call.ADDRSPACE_LOOKUP, (h, caller, a, out) => {
    const as = lookup<Addrspace>(h, caller, a[0], ObjectType.ADDRSPACE, Rights.ADDRSPACE.LOOKUP);
    if (typeof as === 'number') return as;
    const me = lookup<MemExtent>(h, caller, a[1], ObjectType.MEMEXTENT, Rights.MEMEXTENT.LOOKUP);
    if (typeof me === 'number') return me;
    const [vbase, size] = [a[2], a[3]];
    if (size === 0n) return HypError.ARGUMENT_SIZE;
    if (sumExceeds(vbase, size, UINT64_END)) return HypError.ADDR_OVERFLOW;
    if (!pageAligned(vbase) || !pageAligned(size)) return HypError.ARGUMENT_ALIGNMENT;
    const run = lookupRun(h, as, toNumber(vbase), toNumber(size));
    if (run === undefined) return HypError.ADDR_INVALID;
    if (!ownsRange(memState(h).owners, run.phys, run.size, me.id)) return HypError.MEMDB_NOT_OWNER;
    out[0] = toU64(run.phys - me.physBase);
    out[1] = toU64(run.size);
    out[2] = toU64(run.attrs);
    return HypError.OK;
  });
}

function registerConfigure(hyp: Hypervisor): void {
  hyp.call(Call.ADDRSPACE_ATTACH_THREAD, (h, caller, a) => {
    // The thread's state is checked last, as the other attach calls do.
    const thread = lookupConfigure<Thread>(h, caller, a[1], ObjectType.THREAD);
    if (typeof thread === 'number') return thread;
    const as = lookup<Addrspace>(h, caller, a[0], ObjectType.ADDRSPACE, Rights.ADDRSPACE.ATTACH);
    if (typeof as === 'number') return as;
    return thread.state === ObjectState.INIT ? attachThread(h, as, thread) : HypError.OBJECT_STATE;
  });
  hyp.call(Call.ADDRSPACE_CONFIGURE, (h, caller, a) => {
    const as = lookupInit<Addrspace>(h, caller, a[0], ObjectType.ADDRSPACE);
    return typeof as === 'number' ? as : configureVmid(as, lo16(a[1]));
  });
  hyp.call(Call.ADDRSPACE_CONFIGURE_INFO_AREA, (h, caller, a) => {
    const as = lookupConfigure<Addrspace>(h, caller, a[0], ObjectType.ADDRSPACE);
    if (typeof as === 'number') return as;
    const me = lookup<MemExtent>(h, caller, a[1], ObjectType.MEMEXTENT, Rights.MEMEXTENT.ATTACH);
    if (typeof me === 'number') return me;
    return as.state === ObjectState.INIT ? configureInfoArea(h, as, me, a[2]) : HypError.OBJECT_STATE;
  });
  hyp.call(Call.ADDRSPACE_CONFIGURE_VMMIO, (h, caller, a) => {
    const as = lookupAny<Addrspace>(h, caller, a[0], ObjectType.ADDRSPACE, Rights.ADDRSPACE.ADD_VMMIO_RANGE);
    if (typeof as === 'number') return as;
    if (as.state !== ObjectState.INIT && as.state !== ObjectState.ACTIVE) return HypError.OBJECT_STATE;
    const op = lo32(a[3]);
    if (op === VmmioOp.ADD) return addVmmio(as, a[1], a[2]);
    return op === VmmioOp.REMOVE ? removeVmmio(a[1], a[2]) : HypError.UNIMPLEMENTED;
  });
}

function registerAttach(hyp: Hypervisor): void {
  hyp.call(Call.ADDRSPACE_ATTACH_VDMA, (h, caller, a) => {
    const as = lookup<HypObject>(h, caller, a[0], ObjectType.ADDRSPACE, Rights.ADDRSPACE.ATTACH);
    return typeof as === 'number' ? as : HypError.CSPACE_WRONG_OBJECT_TYPE;
  });
  hyp.call(Call.ADDRSPACE_ATTACH_VDEVICE, (h, caller, a) => {
    const as = lookup<HypObject>(h, caller, a[0], ObjectType.ADDRSPACE, Rights.ADDRSPACE.MAP);
    if (typeof as === 'number') return as;
    const vic = lookup<HypObject>(h, caller, a[1], ObjectType.VIC, Rights.VIC.ATTACH_VDEVICE);
    if (typeof vic === 'number') return vic;
    // A window that wraps is refused where an empty one is; as numbers, base and size could no longer tell.
    const size = sumExceeds(a[3], a[4], UINT64_END) ? 0 : toNumber(a[4]);
    return h.vic.attachVdevice(as, vic, lo32(a[2]), toNumber(a[3]), size, a[5]);
  });
}

export function registerAddrspaceCalls(hyp: Hypervisor): void {
  registerMapping(hyp);
  registerLookup(hyp);
  registerConfigure(hyp);
  registerAttach(hyp);
}
