/** Invariants of RM's tables against each other and against the hypervisor (fact base: rm-state-machines 1, 5 and 6). */

import type { Hwirq, Vic } from '../gic/index.js';
import { findCap, NO_OBJECT } from '../hyp/index.js';
import type { MemExtent } from '../hyp/mem/extent.js';
import { ownsRange } from '../hyp/mem/ownership.js';
import { memState } from '../hyp/mem/space.js';
import { IrqMapState, ObjectType, ParcelState, VmState } from '../protocol/index.js';
import type { Fail } from './invariants.js';
import type { Simulator } from './simulator.js';
import { rmObject, rootCspace } from './who.js';

const INVALID = 0xffff_ffff_ffff_ffffn;
const IO = 1;
/** Notifications that RM keeps for a link (fact base: rm-rpc-transport 6). */
const PENDING_MAX = 256;

function checkParcels(sim: Simulator, fail: Fail): void {
  const { rm, hyp } = sim;
  const accepted = new Map<number, number[]>();
  for (const p of rm.parcels.list) {
    const name = `parcel ${p.handle}`;
    const me = rmObject(sim, p.meCap) as MemExtent | undefined;
    if (me === undefined || me.type !== ObjectType.MEMEXTENT) {
      fail('parcels-agree', `${name} has no extent`);
      continue;
    }
    for (const { phys, size } of p.regions) {
      if (!ownsRange(memState(hyp).owners, phys, size, me.id))
        fail('parcels-agree', `${name} does not own 0x${phys.toString(16)}, ${size} bytes`);
    }
    const sharing = p.targets.filter((t) => t.shared);
    if (sharing.length !== p.shareCount)
      fail('parcels-agree', `${name} counts ${p.shareCount} of ${sharing.length} sharers`);
    if (p.shareCount > 0 !== (p.state === ParcelState.SHARED))
      fail('parcels-agree', `${name} is in state ${p.state} with ${p.shareCount} sharers`);
    for (const t of p.targets) {
      if (t.mapped && !t.shared) fail('parcels-agree', `${name} is mapped by ${t.vmid}, which does not share it`);
      if (t.shared) accepted.set(t.vmid, [...(accepted.get(t.vmid) ?? []), p.handle]);
    }
    if (p.memType !== IO && p.regions.reduce((sum, r) => sum + r.size, 0) > p.totalSize)
      fail('parcels-agree', `${name} is smaller than its regions`);
  }
  for (const vm of rm.vms) {
    if (vm?.config == null) continue;
    const lists = [...vm.config.acceptedParcels].sort((a, b) => a - b).join();
    const shares = (accepted.get(vm.vmid) ?? []).sort((a, b) => a - b).join();
    if (lists !== shares && vm.vmid !== 3 && vm.vmid !== 255)
      fail('parcel-lists-agree', `VM ${vm.vmid} lists parcels [${lists}], the parcels say [${shares}]`);
  }
}

function checkInterrupts(sim: Simulator, fail: Fail): void {
  const { rm } = sim;
  for (const vm of rm.vms) {
    if (vm?.irq == null || vm.irq.vic === INVALID) continue;
    const vic = rmObject(sim, vm.irq.vic) as Vic | undefined;
    if (vic === undefined || vic.type !== ObjectType.VIC) {
      fail('virqs-agree', `VM ${vm.vmid} has an interrupt table without a VIC`);
      continue;
    }
    for (let i = vic.bound.indexOf(1); i >= 0; i = vic.bound.indexOf(1, i + 1)) {
      if (vm.irq.map[i + 32] == null)
        fail('virqs-agree', `number ${i + 32} of VM ${vm.vmid} is bound, RM holds it for free`);
    }
    vm.irq.map.forEach((m, number) => {
      if (m === null) return;
      const bound = number < 32 || vic.bound[number - 32] === 1;
      if (m.kind === 'hw' && m.state === IrqMapState.BOUND && !bound)
        fail('virqs-agree', `RM holds ${number} of VM ${vm.vmid} for bound, its VIC does not`);
      if (m.kind === 'hw' && m.state === IrqMapState.LENDING && rm.irqs.loans[m.irq] == null)
        fail('virqs-agree', `number ${number} of VM ${vm.vmid} is lent without a loan`);
      if (m.kind !== 'virq') return;
      if (m.state === IrqMapState.BOUND && !bound)
        fail('virqs-agree', `RM holds virtual ${number} of VM ${vm.vmid} for bound, its VIC does not`);
    });
  }
  rm.irqs.hwirqs.forEach((hw, intid) => {
    if (hw == null) return;
    const object = rmObject(sim, hw.cap) as Hwirq | undefined;
    if (object === undefined) fail('virqs-agree', `hardware interrupt ${intid} has no object`);
    const loan = rm.irqs.loans[intid];
    if (loan != null && loan.state === 1 && object !== undefined && object.vic !== NO_OBJECT)
      fail('virqs-agree', `hardware interrupt ${intid} is only offered, but bound to VIC ${object.vic}`);
  });
}

function checkPeers(sim: Simulator, fail: Fail): void {
  const { vms } = sim.rm;
  for (const vm of vms) {
    if (vm == null) continue;
    if (new Set(vm.peers).size !== vm.peers.length) fail('peers-mutual', `VM ${vm.vmid} lists a peer twice`);
    for (const peer of vm.peers) {
      if (vms[peer] == null) fail('peers-mutual', `VM ${vm.vmid} has a peer ${peer} that is gone`);
      else if (!vms[peer].peers.includes(vm.vmid)) fail('peers-mutual', `VM ${peer} does not know its peer ${vm.vmid}`);
    }
    if (vms[vm.owner] == null) fail('peers-mutual', `VM ${vm.vmid} has an owner ${vm.owner} that is gone`);
    if (vm.state === VmState.RESET && vm.peers.length > 0) fail('peers-mutual', `VM ${vm.vmid} is reset but has peers`);
  }
}

function checkLinks(sim: Simulator, fail: Fail): void {
  const root = rootCspace(sim);
  for (const link of sim.rm.links) {
    if (link == null) continue;
    for (const cap of [link.txCap, link.rxCap]) {
      const view = findCap(root, cap);
      const object = typeof view === 'number' ? undefined : sim.hyp.objects[view.table.object[view.lower]];
      // A link outlives the queues of a VM whose reset was not clean.
      if (object?.type !== ObjectType.MSGQUEUE && sim.rm.vms[link.vmid]?.config != null)
        fail('links-have-queues', `the link of VM ${link.vmid} names capability ${cap}, which is no queue`);
    }
    if (link.notifications.length > PENDING_MAX)
      fail('links-have-queues', `${link.notifications.length} notifications wait for VM ${link.vmid}`);
  }
}

export function rmFaults(sim: Simulator, fail: Fail): void {
  checkParcels(sim, fail);
  checkInterrupts(sim, fail);
  checkPeers(sim, fail);
  checkLinks(sim, fail);
}
