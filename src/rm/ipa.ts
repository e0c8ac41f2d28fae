/**
 * IPA_RESERVE: sets address ranges of the caller apart for memory of a certain kind (fact base: rm-rpc-messages 8).
 * A reservation lasts until the VM is reset: IPA_UNRESERVE is not implemented by RM.
 */
import { le32, le64, put32, put64, U64_MAX } from '../base/index.js';
import { HypError, IpaReserveType, Msg, Platform, RmError } from '../protocol/index.js';
import { NO_TAG, type RangeResult, tagRegion, untagRange } from './allocator.js';
import { RmDeath } from './death.js';
import type { Handler } from './handler.js';
import { endOfLists, listReader, readList } from './memparcel/lists.js';
import { type Rm, VMID_HLOS, VMID_RM, type VmRecord, vmLookup } from './types.js';
import { ADDR_LIMIT, constraintsToTag, PHYS_TAG, rmAssert } from './vm/memory.js';

const FIXED_SIZE = 16;
const ALLOCATE_SIZE = 32;
const LIST_AT = 12;
const ANYWHERE = U64_MAX;
const PAGE = BigInt(Platform.PAGE_SIZE);

const denied: RangeResult = { error: HypError.DENIED, base: 0, size: 0, tag: NO_TAG };

/** Reserves one range; addresses and sizes as the client gave them. */
function reserve(vm: VmRecord, base: bigint, regionSize: bigint, size: bigint, alignment: bigint, tag: number) {
  // HLOS has no reservations; nobody has addresses that high.
  if (vm.vmid === VMID_HLOS || vm.allocator === null) return denied;
  const tooBig = (value: bigint): boolean => value > BigInt(ADDR_LIMIT);
  const notPower = alignment === 0n || (alignment & (alignment - 1n)) !== 0n;
  if (notPower || tooBig(alignment) || tooBig(size)) return denied;
  if (base === ANYWHERE) return tagRegion(vm.allocator, null, 0, Number(size), Number(alignment), tag);
  if (tooBig(base) || tooBig(regionSize)) return denied;
  return tagRegion(vm.allocator, Number(base), Number(regionSize), Number(size), Number(alignment), tag);
}

function reserveFixed(vm: VmRecord, request: Uint8Array, start: number, count: number, tag: number): number {
  for (let i = 0; i < count; i++) {
    const at = start + i * FIXED_SIZE;
    const { error } = reserve(vm, le64(request, at), PAGE, le64(request, at + 8), PAGE, tag);
    if (error === HypError.OK) continue;
    // The undo loop never advances: its second turn finds nothing to undo.
    if (i > 0) throw new RmDeath('ABORT', 'ipa-reserve-rollback');
    return RmError.DENIED;
  }
  return RmError.OK;
}

function reserveAllocated(vm: VmRecord, request: Uint8Array, start: number, count: number, tag: number) {
  const done: RangeResult[] = [];
  for (let i = 0; i < count; i++) {
    const at = start + i * ALLOCATE_SIZE;
    const [base, regionSize, size, alignment] = [0, 8, 16, 24].map((field) => le64(request, at + field));
    const range = reserve(vm, base, regionSize, size, alignment, tag);
    if (range.error !== HypError.OK) {
      for (const { base, size } of done.reverse()) {
        rmAssert(vm.allocator !== null && untagRange(vm.allocator, base, size, tag) === HypError.OK);
      }
      return RmError.DENIED;
    }
    done.push(range);
  }
  const reply = new Uint8Array(8 + 8 * count);
  put32(reply, 4, count);
  for (let i = 0; i < count; i++) put64(reply, 8 + 8 * i, BigInt(done[i].base));
  return reply;
}

/** HLOS and RM have no memory base that a reservation could be compatible with. */
const baseTag = (vm: VmRecord): number => (vm.vmid === VMID_HLOS || vm.vmid === VMID_RM ? NO_TAG : PHYS_TAG);

const reserveIpa: Handler = (rm: Rm, from, request) => {
  const vm = vmLookup(rm, from);
  if (vm === null || vm.allocator === null) return RmError.DENIED;
  if (request.length < LIST_AT + 4) return RmError.MSG_INVALID;
  const type = request[0];
  if (type !== IpaReserveType.FIXED && type !== IpaReserveType.ALLOCATE) return RmError.MSG_INVALID;
  const tag = constraintsToTag(le32(request, 4), le32(request, 8), baseTag(vm));
  if (tag === NO_TAG) return RmError.ARGUMENT_INVALID;
  const fixed = type === IpaReserveType.FIXED;
  const reader = listReader(request, LIST_AT);
  const { start, count } = readList(reader, fixed ? FIXED_SIZE : ALLOCATE_SIZE, Platform.MAX_IPA_RESERVATIONS);
  if (endOfLists(reader) !== RmError.OK) return reader.error;
  return fixed ? reserveFixed(vm, request, start, count, tag) : reserveAllocated(vm, request, start, count, tag);
};

export const ipaHandlers: Record<number, Handler> = {
  [Msg.IPA_RESERVE]: reserveIpa,
};
