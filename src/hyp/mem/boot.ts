/** What the hypervisor sets up itself at boot, without hypercalls (fact base: platform-qemu 4 and 5.1). */
import { assert } from '../../base/index.js';
import { ExtentMemType, ExtentType, HypError, ObjectType } from '../../protocol/index.js';
import type { Hypervisor } from '../hypervisor.js';
import { NO_OBJECT } from '../types.js';
import type { MemExtent } from './extent.js';
import { mapBasic, mapSparse } from './mapping.js';
import { moveOwnership } from './ownership.js';
import { type Addrspace, memState } from './space.js';

export interface BootExtent {
  partition: number;
  /** `ExtentType`, default BASIC. */
  extentType?: number;
  /** `ExtentMemType`, default ANY. */
  memtype?: number;
  access: number;
  /** Page-aligned. With a parent too: an absolute address. */
  physBase: number;
  size: number;
  parent?: MemExtent;
  /** The range belongs to nobody yet (devices). Only without parent. */
  device?: boolean;
}

/** Passes a range between owners (`Owner` codes or object ids); a bug if `from` does not own all of it. */
export function bootMove(hyp: Hypervisor, base: number, size: number, from: number, to: number): void {
  assert(moveOwnership(memState(hyp).owners, base, size, from, to), 'boot: range has another owner');
}

/** An active extent without a reference yet: the caller grants the master capability, or keeps it with `hyp.ref`. */
export function createBootExtent(hyp: Hypervisor, wanted: BootExtent): MemExtent {
  const me = hyp.create<MemExtent>(ObjectType.MEMEXTENT, wanted.partition);
  assert(typeof me !== 'number', 'boot: extent not created');
  me.extentType = wanted.extentType ?? ExtentType.BASIC;
  me.memtype = wanted.memtype ?? ExtentMemType.ANY;
  me.access = wanted.access;
  me.physBase = wanted.physBase;
  me.size = wanted.size;
  me.device = wanted.device ?? false;
  me.parent = hyp.ref(wanted.parent?.id ?? NO_OBJECT);
  const error = hyp.activate(me);
  assert(error === HypError.OK, `boot: extent at 0x${me.physBase.toString(16)} not activated (error ${error})`);
  return me;
}

/** Maps a whole extent (or, SPARSE, a part of it) as `addrspace_map` would. `attrs` as in the hypercall. */
export function bootMap(
  hyp: Hypervisor,
  as: Addrspace,
  me: MemExtent,
  vbase: number,
  attrs: number,
  offset = 0,
  size = me.size,
): void {
  const error =
    me.extentType === ExtentType.BASIC
      ? mapBasic(hyp, me, as.id, vbase, attrs)
      : mapSparse(hyp, me, as.id, vbase, offset, size, attrs);
  assert(error === HypError.OK, `boot: mapping at 0x${vbase.toString(16)} failed (error ${error})`);
}
