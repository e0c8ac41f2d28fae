/** Requests of the guests that the fuzzer plays. */
import { Msg } from '../../protocol/index.js';
import { acl, byGuest, type CommandKind, CREATE, loanHandle, PICK, parcelOf, query, sgl } from './command-parts.js';
import { placeFor } from './parcels.js';
import { bytes, HLOS, type ModelParcel, type ModelVm } from './world.js';

/** Addresses at which a guest wants a parcel. */
function placesFor(vm: ModelVm, p: ModelParcel, where: number, contiguous: boolean): [number, number][] {
  const size = contiguous ? p.size : p.regions[0].size;
  const at = placeFor(p.handle);
  if (where === 3) {
    // All of it.
    let next = at;
    return contiguous
      ? [[at, size]]
      : p.regions.map((r) => {
          next += r.size;
          return [next - r.size, r.size] as [number, number];
        });
  }
  if (where === 4) return [[vm.reserved[0] ?? 0x20_0000_0000, size]];
  return [[at, size + 4096]];
}

export const guestCommands: Readonly<Record<string, CommandKind>> = {
  guestAsks: byGuest(5, [8, PICK], (w, _vm, [q, a]) => query(w, q, a)),
  guestExits: byGuest(3, [5], (_w, _vm, [code]) => [Msg.VM_EXIT, bytes([2, 1], [1, code], [1, 0])]),
  guestCrash: byGuest(2, [9], (_w, _vm, [n]) => [
    Msg.VM_SET_CRASH_MSG,
    bytes(
      [2, n],
      [2, 0],
      ...Array.from({ length: Math.ceil(n / 4) * 4 }, (_, i) => [1, i < n ? 65 : 0] as [number, number]),
    ),
  ]),
  guestStatus: byGuest(2, [9], (_w, _vm, [os]) => [Msg.VM_SET_STATUS, bytes([1, 0], [1, os], [2, 5])]),
  guestAccepts: byGuest(7, [PICK, 14, 6, 6], (w, vm, [a, flags, type, where]) => {
    const p = parcelOf(w, a, (q) => q.targets.some((t) => t.vmid === vm.vmid && !t.mapped));
    if (p === undefined) return undefined;
    // The last two: only addresses, which a later acceptance maps.
    const flag = [144, 128, 130, 132, 129, 136, 160, 144, 128, 144, 128, 128, 16, 0][flags];
    const list = p.targets.map((t) => [t.vmid, t.rights] as [number, number]);
    const trans = type === 5 ? (p.transType + 1) % 3 : p.transType;
    const places = where < 3 ? [] : placesFor(vm, p, where, (flag & 16) !== 0);
    return [
      Msg.MEM_ACCEPT,
      bytes(
        [4, type === 4 ? 0x4000 : p.handle],
        [1, p.memType],
        [1, trans],
        [1, flag],
        [1, 0],
        [4, p.label],
        ...acl(...list),
        ...sgl(...places),
      ),
    ];
  }),
  guestReleases: byGuest(4, [PICK, 2], (w, vm, [a, flags]) => {
    const p = parcelOf(w, a, (q) => q.handle !== vm.memHandle && q.targets.some((t) => t.vmid === vm.vmid && t.shared));
    return p === undefined ? undefined : [Msg.MEM_RELEASE, bytes([4, p.handle], [1, flags], [3, 0])];
  }),
  guestTells: byGuest(3, [PICK, 4], (w, vm, [a, flag]) => {
    const p = parcelOf(w, a, (q) => q.targets.some((t) => t.vmid === vm.vmid));
    return p === undefined
      ? undefined
      : [Msg.MEM_NOTIFY, bytes([4, p.handle], [1, [2, 4, 1, 8][flag]], [3, 0], [4, 0])];
  }),
  guestShares: byGuest(1, [3], (_w, vm, [type]) => [
    CREATE[type],
    bytes(
      [4, 0],
      [4, 9],
      ...acl(...([[HLOS, 7], ...(type === 0 ? [[vm.vmid, 7]] : [])] as [number, number][])),
      ...sgl([0x8000_0000, 4096]),
    ),
  ]),
  guestTakesIrq: byGuest(4, [PICK, 10], (w, _vm, [a, at]) => {
    const handle = loanHandle(w, a);
    // Mostly where RM likes; or at its own number, another one that is lent, one that is not, or one that is none.
    const other = [...w.loans.keys()][at % Math.max(w.loans.size, 1)] ?? 101;
    const wanted = [(handle - w.irqBase) >>> 0, other, 200, 2000][at - 6] ?? 0xffff_ffff;
    return [Msg.VM_IRQ_ACCEPT, bytes([4, handle], [4, wanted])];
  }),
  guestReturnsIrq: byGuest(3, [PICK], (w, _vm, [a]) => [Msg.VM_IRQ_RELEASE, bytes([4, loanHandle(w, a)])]),
  guestTellsIrq: byGuest(2, [PICK, 3], (w, _vm, [a, f]) => [
    Msg.VM_IRQ_NOTIFY,
    bytes([4, loanHandle(w, a)], [4, [2, 4, 1][f]]),
  ]),
  guestConsole: byGuest(3, [4, 8], (_w, vm, [what, whom]) => {
    const ids = [Msg.VM_CONSOLE_OPEN, Msg.VM_CONSOLE_WRITE, Msg.VM_CONSOLE_CLOSE, Msg.VM_CONSOLE_FLUSH];
    const target = whom === 7 ? vm.vmid : 0;
    return [ids[what], what === 1 ? bytes([2, target], [2, 2], [2, 0x4242]) : bytes([2, target], [2, 0])];
  }),
};
