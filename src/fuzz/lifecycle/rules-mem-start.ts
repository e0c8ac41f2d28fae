/** What VM_INIT, VM_START and VM_RESET do with a VM's parcels (fact base: rm-state-machines 4 and 5). */
import { Msg, Platform, TransType } from '../../protocol/index.js';
import { GUESTS, type Guest, TREE_OFFSET } from './guests.js';
import { giveBack, lookup, mapped, markShared, PAGE, released } from './parcels.js';
import { type ModelVm, notify, type World } from './world.js';

/** The tree that VM_INIT finds for a VM; undefined: RM cannot read one. */
export function treeIn(w: World, vm: ModelVm): Guest | undefined {
  const parcel = lookup(w, vm.memHandle);
  if (parcel === undefined || !parcel.targets.some((t) => t.vmid === vm.vmid)) return undefined;
  if (vm.dtSize === 0 || vm.dtSize % PAGE !== 0 || vm.dtOffset % PAGE !== 0) return undefined;
  if (vm.dtOffset + vm.dtSize > vm.memSize || vm.dtOffset !== TREE_OFFSET) return undefined;
  const name = w.images.get(parcel.regions[0].ipa);
  const guest = name === undefined ? undefined : GUESTS[name];
  return guest !== undefined && guest.tree.length <= vm.dtSize ? guest : undefined;
}

/** Steps 1 to 6 of VM_START. False: NORESOURCE. */
export function acceptForStart(w: World, vm: ModelVm): boolean {
  const image = lookup(w, vm.memHandle);
  const target = image?.targets.find((t) => t.vmid === vm.vmid);
  if (image === undefined || target === undefined || image.transType === TransType.DONATE) return false;
  if (image.memType !== 0 || target.mapped || image.size !== vm.memSize) return false;
  if (vm.auth !== 0 && (target.rights & 2) === 0) return false;
  markShared(w, image, target, true);
  const area = image.regions[0].ipa;
  if (w.patched.has(area)) {
    w.lost = 'a start with a tree that an earlier start has patched';
    return true;
  }
  w.patched.add(area);
  for (const parcel of [...w.parcels]) {
    const t = parcel.targets.find((x) => x.vmid === vm.vmid);
    if (t === undefined || t.shared) continue;
    if (parcel.transType === TransType.DONATE) {
      w.death = 'vm-start-unaccepted-donate';
      return true;
    }
    if (mapped(parcel) >= Platform.MEMEXTENT_MAX_MAPS) w.lost = 'a parcel that can be mapped no more at a start';
    markShared(w, parcel, t, true);
  }
  return true;
}

/** Reset stage RELEASE_MEMPARCELS: the last accepted first, each with its notification. */
export function releaseAtReset(w: World, vm: ModelVm): void {
  while (vm.accepted.length > 0) {
    const parcel = lookup(w, vm.accepted[vm.accepted.length - 1]);
    const target = parcel?.targets.find((t) => t.vmid === vm.vmid);
    if (parcel === undefined || target === undefined) {
      vm.accepted.pop();
      continue;
    }
    giveBack(w, parcel, target);
    notify(w, parcel.owner, Msg.N_MEM_RELEASED, released(parcel, vm.vmid));
  }
}
