/** Invariant of what VMs hold capabilities to: RM's records say who is a party of each object (fact base: capabilities 5, rm-rpc-messages 5). */
import { CapState, type CSpace, NO_OBJECT } from '../../hyp/index.js';
import { ObjectType, Platform } from '../../protocol/index.js';
import type { Rm, VmRecord } from '../../rm/index.js';
import type { Fail } from './index.js';
import type { Population } from './population.js';
import { namedBy } from './slots.js';

const { VMID_HLOS, VMID_RM } = Platform;
/** By object: the last VM, by its turn in all checks, that is a party of it. */
let partyOf = new Float64Array(512);
let turn = 0;

function mark(root: CSpace, cap: bigint): void {
  const id = namedBy(root, cap);
  if (id !== NO_OBJECT) partyOf[id] = turn;
}

type Device = NonNullable<VmRecord['config']>['devices'][number];

/** Marks what `vmid` may reach of a device that belongs to `owner`. */
function markDevice(root: CSpace, d: Device, owner: number, vmid: number): void {
  switch (d.type) {
    case 'rm-rpc':
    case 'message-queue-pair':
      if (owner !== vmid && d.peer !== vmid) return;
      mark(root, d.txMasterCap);
      mark(root, d.rxMasterCap);
      return;
    case 'message-queue':
    case 'doorbell':
      if (owner === vmid || d.peer === vmid) mark(root, d.masterCap);
      return;
    case 'virtio-mmio':
      if (d.backend === vmid) mark(root, d.masterCap);
      return;
    default:
      return;
  }
}

/** Marks all objects that RM made this VM a party of. */
function markOwn(rm: Rm, root: CSpace, vmid: number): void {
  for (let i = 0; i < rm.vms.length; i++) {
    const vm = rm.vms[i];
    if (vm == null || vm.config == null) continue;
    for (const d of vm.config.devices) markDevice(root, d, vm.vmid, vmid);
    // The primary VM may move RM's vCPU, too.
    const runs = vm.owner === vmid || (vm.vmid === VMID_RM && vmid === VMID_HLOS);
    if (vm.vmid === vmid || runs) for (const { masterCap } of vm.config.vcpus) mark(root, masterCap);
    if (vm.vmid === vmid) mark(root, vm.config.vpmGroup);
  }
}

export function reachFaults(p: Population, rm: Rm, root: CSpace, objects: readonly unknown[], fail: Fail): void {
  if (partyOf.length < objects.length) partyOf = new Float64Array(objects.length * 2);
  for (let i = 0; i < rm.vms.length; i++) {
    const vm = rm.vms[i];
    if (vm == null || vm.config == null || vm.vmid === VMID_RM) continue;
    const id = namedBy(root, vm.config.cspace);
    if (!p.is(id, ObjectType.CSPACE)) continue;
    turn++;
    markOwn(rm, root, vm.vmid);
    for (const table of (objects[id] as CSpace).tables) {
      if (table == null) continue;
      for (let slot = 0; slot < table.state.length; slot++) {
        const target = table.object[slot];
        if (table.state[slot] !== CapState.VALID || partyOf[target] === turn) continue;
        fail('caps-given', `VM ${vm.vmid} holds a capability to object ${target}, which RM did not give to it`);
      }
    }
  }
}
