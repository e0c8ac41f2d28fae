/** Donation of pages between extents, or between an extent and its partition (fact base: memory 6). */
import { ExtentType, HypError } from '../../protocol/index.js';
import type { Hypervisor } from '../hypervisor.js';
import { NO_OBJECT } from '../types.js';
import type { MemExtent } from './extent.js';
import { moveOwnership } from './ownership.js';
import { memState } from './space.js';
import { apply, transfer } from './transfer.js';

function move(hyp: Hypervisor, from: MemExtent, to: MemExtent, phys: number, size: number): number {
  if (!moveOwnership(memState(hyp).owners, phys, size, from.id, to.id)) return HypError.MEMDB_NOT_OWNER;
  // When the recipient's records cannot be installed (an address beyond the guest range), Gunyah repeats the part that
  // worked and returns the error; the ownership stays with the recipient.
  const done = { offset: 0 };
  const error = transfer(hyp, from, to, phys, size, done);
  if (error !== HypError.OK && done.offset > 0) transfer(hyp, from, to, phys, done.offset, { offset: 0 });
  return error;
}

/** Between a SPARSE child and its parent, or the child's partition when it has no parent. The range is inside the child. */
export function donateChild(hyp: Hypervisor, child: MemExtent, phys: number, size: number, toParent: boolean): number {
  if (child.extentType === ExtentType.BASIC) return HypError.MEMEXTENT_TYPE;
  if (child.parent !== NO_OBJECT) {
    const parent = hyp.get<MemExtent>(child.parent);
    if (parent.extentType !== ExtentType.SPARSE) return HypError.ARGUMENT_INVALID;
    return toParent ? move(hyp, child, parent, phys, size) : move(hyp, parent, child, phys, size);
  }
  const from = toParent ? child.id : child.partition;
  const to = toParent ? child.partition : child.id;
  if (!moveOwnership(memState(hyp).owners, phys, size, from, to)) return HypError.MEMDB_NOT_OWNER;
  const done = { offset: 0 };
  const error = apply(hyp, child, phys, size, toParent, done);
  if (error !== HypError.OK && done.offset > 0) apply(hyp, child, phys, done.offset, true, { offset: 0 });
  return error;
}

/** Between two children of one parent. The range is inside both. */
export function donateSibling(hyp: Hypervisor, from: MemExtent, to: MemExtent, phys: number, size: number): number {
  if (from === to || from.parent === NO_OBJECT || from.parent !== to.parent) return HypError.ARGUMENT_INVALID;
  if (from.extentType === ExtentType.BASIC) return HypError.MEMEXTENT_TYPE;
  if (to.extentType !== ExtentType.SPARSE) return HypError.ARGUMENT_INVALID;
  return move(hyp, from, to, phys, size);
}
