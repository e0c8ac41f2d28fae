/** The model's parcels: lists of a request, who holds what, and where the fuzzer puts it. */
import { ParcelState, Platform, RmError, TransType } from '../../protocol/index.js';
import { bytes, type ModelParcel, type ModelTarget, type ModelVm, num, type World } from './world.js';

const { MSG_INVALID, NORESOURCE } = RmError;

export const PAGE = Platform.PAGE_SIZE;
export const IO = 1;
/** Device memory is RM's own: nobody can make a parcel of it (fact base: platform-qemu). */
export const IO_BASE = 0x0b00_0000;

/** Guest addresses that the fuzzer asks for: one range for each parcel, where RM places nothing of its own. */
const PLACE_BASE = 0xe_0000_0000;
export const placeFor = (handle: number): number => PLACE_BASE + handle * 0x10_0000;
/** Guest addresses that the fuzzer reserves, page by page; nothing else is ever placed there. */
export const RESERVE_BASE = 0xf_0000_0000;
export const RESERVE_END = 0xf_1000_0000;

export interface List {
  at: number;
  count: number;
  size: number;
}

/** Lists of a request from offset `at` with these entry sizes, missing at its end if empty; an error code otherwise. */
export function lists(p: Uint8Array, start: number, sizes: readonly number[]): List[] | number {
  const out: List[] = [];
  let at = start;
  for (let i = 0; i < sizes.length; i++) {
    if (at === p.length) {
      out.push({ at, count: 0, size: sizes[i] });
      continue;
    }
    if (at + 4 > p.length) return MSG_INVALID;
    const count = num(p, at, 2);
    if (count > Platform.MAX_LIST_ENTRIES) return NORESOURCE;
    if (at + 4 + count * sizes[i] > p.length) return MSG_INVALID;
    out.push({ at: at + 4, count, size: sizes[i] });
    at += 4 + count * sizes[i];
  }
  return at === p.length ? out : MSG_INVALID;
}

export function entries<T>(l: List, read: (at: number) => T): T[] {
  const out: T[] = [];
  for (let i = 0; i < l.count; i++) out.push(read(l.at + i * l.size));
  return out;
}

export const sglOf = (p: Uint8Array, l: List): { ipa: number; size: number }[] =>
  entries(l, (at) => ({ ipa: num(p, at, 8), size: num(p, at + 8, 8) }));

export const lookup = (w: World, handle: number): ModelParcel | undefined => w.parcels.find((q) => q.handle === handle);

export const mapped = (p: ModelParcel): number =>
  p.targets.filter((t) => t.mapped).length + (p.transType === TransType.SHARE ? 1 : 0);

export function remove(w: World, parcel: ModelParcel): void {
  w.parcels.splice(w.parcels.indexOf(parcel), 1);
}

/** A donation is complete: the parcel is gone, its pages are the VM's. */
export function moveParcel(w: World, parcel: ModelParcel, vmid: number): void {
  for (const { ipa, size } of parcel.regions) {
    for (let page = ipa; page < ipa + size; page += PAGE) w.taken.set(page, `vm ${vmid}`);
  }
  forgetAccepted(w.vms.get(vmid), parcel);
  remove(w, parcel);
}

/** The last of the list takes the place of what goes. */
function forgetAccepted(vm: ModelVm | undefined, parcel: ModelParcel): void {
  const list = vm?.accepted ?? [];
  const at = list.indexOf(parcel.handle);
  if (at < 0) return;
  const last = list.pop() as number;
  if (at < list.length) list[at] = last;
}

export function markShared(w: World, parcel: ModelParcel, target: ModelTarget, mapped: boolean): void {
  if (!target.shared) w.vms.get(target.vmid)?.accepted.push(parcel.handle);
  target.shared = true;
  target.mapped = mapped;
  parcel.state = ParcelState.SHARED;
}

/** One target gives the parcel back. */
export function giveBack(w: World, parcel: ModelParcel, target: ModelTarget): void {
  target.shared = false;
  target.mapped = false;
  target.placed = -1;
  target.contiguous = false;
  forgetAccepted(w.vms.get(target.vmid), parcel);
  if (!parcel.targets.some((t) => t.shared)) parcel.state = ParcelState.SHARING;
}

export const released = (parcel: ModelParcel, vmid: number): Uint8Array =>
  bytes([4, parcel.handle], [2, vmid], [2, 0], [4, parcel.tag]);
