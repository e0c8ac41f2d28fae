/** Hypercalls on memory extents: configure, derive, modify, donate (fact base: memory 3.1, 3.2, 5, 6). */
import { lo32, sumExceeds, toNumber } from '../../base/index.js';
import {
  Call,
  DonateType,
  ExtentMemType,
  ExtentType,
  HypError,
  ModifyOp,
  ObjectType,
  Rights,
} from '../../protocol/index.js';
import type { Hypervisor } from '../hypervisor.js';
import { lookup, lookupInit } from '../lookup.js';
import { type HypObject, NO_OBJECT, type Thread } from '../types.js';
import { donateChild, donateSibling } from './donate.js';
import { type MemExtent, nextRun } from './extent.js';
import type { PhysMemory } from './phys.js';
import { unmapAllRecords } from './transfer.js';

export const UINT64_END = 2 ** 64;

/** Multiples of the page size are exact as numbers up to 2^65; other 64-bit values must be checked before conversion. */
export const pageAligned = (value: bigint): boolean => (lo32(value) & 0xfff) === 0;

const ATTR_RESERVED = 0x7ffcfcf8;
const ATTR_APPEND = 0x80000000;

interface ExtentAttrs {
  type: number;
  memtype: number;
  access: number;
}

/** Decodes `memextent_attrs`; `undefined`: ARGUMENT_INVALID. */
function extentAttrs(value: number): ExtentAttrs | undefined {
  if ((value & (ATTR_RESERVED | ATTR_APPEND)) !== 0) return undefined;
  const type = (value >> 16) & 3;
  const memtype = (value >> 8) & 3;
  const access = value & 7;
  if (type > ExtentType.SPARSE || memtype === ExtentMemType.CACHED || access === 0 || access === 3) return undefined;
  return { type, memtype, access };
}

function setConfig(
  hyp: Hypervisor,
  me: MemExtent,
  physBase: number,
  size: number,
  attrs: ExtentAttrs,
  parent: number,
): void {
  me.extentType = attrs.type;
  me.memtype = attrs.memtype;
  me.access = attrs.access;
  me.physBase = physBase;
  me.size = size;
  const old = me.parent;
  me.parent = hyp.ref(parent);
  hyp.unref(old);
}

/** `memextent_configure`. Any state check is the caller's. */
export function configure(hyp: Hypervisor, me: MemExtent, phys: bigint, size: bigint, attrsWord: number): number {
  if (size === 0n || sumExceeds(phys, size, UINT64_END)) return HypError.ARGUMENT_INVALID;
  if (!pageAligned(phys) || !pageAligned(size)) return HypError.ARGUMENT_ALIGNMENT;
  const attrs = extentAttrs(attrsWord);
  if (attrs === undefined) return HypError.ARGUMENT_INVALID;
  setConfig(hyp, me, toNumber(phys), toNumber(size), attrs, NO_OBJECT);
  return HypError.OK;
}

/** `memextent_configure_derive`. */
function configureDerive(
  hyp: Hypervisor,
  me: MemExtent,
  parent: MemExtent,
  offset: bigint,
  size: bigint,
  attrsWord: number,
): number {
  if (size === 0n || sumExceeds(offset, size, UINT64_END)) return HypError.ARGUMENT_INVALID;
  if (sumExceeds(offset, size, parent.size)) return HypError.ADDR_INVALID;
  if (!pageAligned(offset) || !pageAligned(size)) return HypError.ARGUMENT_ALIGNMENT;
  const attrs = extentAttrs(attrsWord);
  if (attrs === undefined) return HypError.ARGUMENT_INVALID;
  if ((parent.access & attrs.access) !== attrs.access) return HypError.ARGUMENT_INVALID;
  if (parent.memtype !== ExtentMemType.ANY && parent.memtype !== attrs.memtype) return HypError.ARGUMENT_INVALID;
  setConfig(hyp, me, parent.physBase + toNumber(offset), toNumber(size), attrs, parent.id);
  return HypError.OK;
}

/** The tail of range checks that modify and donate share; a physical base, or an error as a negative number. */
function checkRange(me: MemExtent, offset: bigint, size: bigint): number {
  if (!pageAligned(offset) || !pageAligned(size)) return -HypError.ARGUMENT_ALIGNMENT;
  const phys = me.physBase + toNumber(offset);
  if (phys >= UINT64_END) return -HypError.ARGUMENT_INVALID;
  if (size === 0n || phys + toNumber(size) > UINT64_END) return -HypError.ARGUMENT_SIZE;
  if (!insideExtent(me, phys, toNumber(size))) return -HypError.ARGUMENT_INVALID;
  return phys;
}

const insideExtent = (me: MemExtent, phys: number, size: number): boolean =>
  me.physBase <= phys && phys + size <= me.physBase + me.size;

function modify(hyp: Hypervisor, phys: PhysMemory, me: MemExtent, flags: number, offset: bigint, size: bigint): number {
  const op = flags & 0xff;
  const noSync = flags >>> 31 === 1;
  if (op === ModifyOp.UNMAP_ALL) {
    unmapAllRecords(hyp, me);
    return HypError.OK;
  }
  if (op === ModifyOp.SYNC_ALL) return noSync ? HypError.ARGUMENT_INVALID : HypError.OK;
  if (op > ModifyOp.CACHE_FLUSH_RANGE || !noSync) return HypError.ARGUMENT_INVALID;
  if (me.memtype === ExtentMemType.DEVICE || (me.access & 2) === 0) return HypError.DENIED;
  const base = checkRange(me, offset, size);
  if (base < 0) return -base;
  // Cache maintenance has no visible effect here.
  if (op === ModifyOp.ZERO_RANGE) {
    const run = { base, size: 0 };
    while (nextRun(hyp, me, run.base + run.size, base + toNumber(size), run)) phys.zeroPages(run.base, run.size);
  }
  return HypError.OK;
}

function donateFamily(
  hyp: Hypervisor,
  caller: Thread,
  childCap: bigint,
  otherCap: bigint,
  offset: bigint,
  size: bigint,
  toParent: boolean,
): number {
  const child = lookup<MemExtent>(hyp, caller, childCap, ObjectType.MEMEXTENT, Rights.MEMEXTENT.DONATE);
  if (typeof child === 'number') return child;
  if (child.parent !== NO_OBJECT) {
    const other = lookup<HypObject>(hyp, caller, otherCap, ObjectType.MEMEXTENT, Rights.MEMEXTENT.DONATE);
    if (typeof other === 'number') return other;
    if (other.id !== child.parent) return HypError.ARGUMENT_INVALID;
  } else {
    const other = lookup<HypObject>(hyp, caller, otherCap, ObjectType.PARTITION, Rights.PARTITION.DONATE);
    if (typeof other === 'number') return other;
    if (other.id !== child.partition) return HypError.ARGUMENT_INVALID;
  }
  const phys = checkRange(child, offset, size);
  return phys < 0 ? -phys : donateChild(hyp, child, phys, toNumber(size), toParent);
}

function donateBetween(
  hyp: Hypervisor,
  caller: Thread,
  fromCap: bigint,
  toCap: bigint,
  offset: bigint,
  size: bigint,
): number {
  const from = lookup<MemExtent>(hyp, caller, fromCap, ObjectType.MEMEXTENT, Rights.MEMEXTENT.DONATE);
  if (typeof from === 'number') return from;
  const to = lookup<MemExtent>(hyp, caller, toCap, ObjectType.MEMEXTENT, Rights.MEMEXTENT.DONATE);
  if (typeof to === 'number') return to;
  const phys = checkRange(from, offset, size);
  if (phys < 0) return -phys;
  if (!insideExtent(to, phys, toNumber(size))) return HypError.ARGUMENT_INVALID;
  return donateSibling(hyp, from, to, phys, toNumber(size));
}

export function registerExtentCalls(hyp: Hypervisor, phys: PhysMemory): void {
  hyp.call(Call.MEMEXTENT_CONFIGURE, (h, caller, a) => {
    const me = lookupInit<MemExtent>(h, caller, a[0], ObjectType.MEMEXTENT);
    return typeof me === 'number' ? me : configure(h, me, a[1], a[2], lo32(a[3]));
  });
  hyp.call(Call.MEMEXTENT_CONFIGURE_DERIVE, (h, caller, a) => {
    const parent = lookup<MemExtent>(h, caller, a[1], ObjectType.MEMEXTENT, Rights.MEMEXTENT.DERIVE);
    if (typeof parent === 'number') return parent;
    const me = lookupInit<MemExtent>(h, caller, a[0], ObjectType.MEMEXTENT);
    return typeof me === 'number' ? me : configureDerive(h, me, parent, a[2], a[3], lo32(a[4]));
  });
  hyp.call(Call.MEMEXTENT_MODIFY, (h, caller, a) => {
    const flags = lo32(a[1]);
    if ((flags & 0x7fffff00) !== 0) return HypError.ARGUMENT_INVALID;
    const me = lookup<MemExtent>(h, caller, a[0], ObjectType.MEMEXTENT, Rights.MEMEXTENT.MAP);
    return typeof me === 'number' ? me : modify(h, phys, me, flags, a[2], a[3]);
  });
  hyp.call(Call.MEMEXTENT_DONATE, (h, caller, a) => {
    const options = lo32(a[0]);
    if ((options & 0x7fffff00) !== 0) return HypError.ARGUMENT_INVALID;
    const type = options & 0xff;
    if (type === DonateType.TO_CHILD) return donateFamily(h, caller, a[2], a[1], a[3], a[4], false);
    if (type === DonateType.TO_PARENT) return donateFamily(h, caller, a[1], a[2], a[3], a[4], true);
    if (type === DonateType.TO_SIBLING) return donateBetween(h, caller, a[1], a[2], a[3], a[4]);
    return HypError.ARGUMENT_INVALID;
  });
}
