/** Invariants of RM's tables against each other and against the hypervisor (fact base: rm-state-machines 1, 5 and 6). */

import type { Hwirq, Vic } from '../gic/index.js';
import { type CSpace, NO_OBJECT } from '../hyp/index.js';
import type { MemExtent } from '../hyp/mem/extent.js';
import { ownsRange } from '../hyp/mem/ownership.js';
import { memState } from '../hyp/mem/space.js';
import { IrqMapState, ObjectType, ParcelState, VmState } from '../protocol/index.js';
import type { Rm } from '../rm/index.js';
import type { Fail } from './invariants.js';
import type { Simulator } from './simulator.js';
import { capObject, rmObject, rootCspace } from './who.js';

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
  const root = rootCspace(sim);
  for (const vm of rm.vms) {
    if (vm?.irq == null || vm.irq.vic === INVALID) continue;
    const vic = rmObject(sim, vm.irq.vic) as Vic | undefined;
    if (vic === undefined || vic.type !== ObjectType.VIC) {
      fail('virqs-agree', `VM ${vm.vmid} has an interrupt table without a VIC`);
      continue;
    }
    checkTable(sim, vm.vmid, vm.irq.map, vic, fail);
  }
  const { hwirqs, loans } = rm.irqs;
  for (let intid = 0; intid < hwirqs.length; intid++) {
    const hw = hwirqs[intid];
    if (hw === null || hw === undefined) continue;
    const object = capObject(root, sim.hyp.objects, hw.cap) as Hwirq | undefined;
    if (object === undefined) fail('virqs-agree', `hardware interrupt ${intid} has no object`);
    const loan = loans[intid];
    if (loan != null && loan.state === 1 && object !== undefined && object.vic !== NO_OBJECT)
      fail('virqs-agree', `hardware interrupt ${intid} is only offered, but bound to VIC ${object.vic}`);
  }
}

type IrqMap = NonNullable<NonNullable<Rm['vms'][number]>['irq']>['map'];

/** What RM holds a VM's numbers for, against what its controller holds them for. */
function checkTable(sim: Simulator, vmid: number, map: IrqMap, vic: Vic, fail: Fail): void {
  const { bound } = vic;
  for (let number = 0; number < map.length; number++) {
    const m = map[number];
    const isBound = number < 32 || bound[number - 32] === 1;
    if (m === null) {
      if (isBound && number >= 32) fail('virqs-agree', `number ${number} of VM ${vmid} is bound, RM holds it for free`);
      continue;
    }
    if (m.state === IrqMapState.BOUND && !isBound) {
      const what = m.kind === 'virq' ? 'virtual ' : '';
      fail('virqs-agree', `RM holds ${what}${number} of VM ${vmid} for bound, its VIC does not`);
    }
    if (m.kind === 'hw' && m.state === IrqMapState.LENDING && sim.rm.irqs.loans[m.irq] == null)
      fail('virqs-agree', `number ${number} of VM ${vmid} is lent without a loan`);
  }
  for (let number = map.length; number < bound.length + 32; number++) {
    if (bound[number - 32] === 1) fail('virqs-agree', `number ${number} of VM ${vmid} is bound, RM holds it for free`);
  }
}

function checkPeers(sim: Simulator, fail: Fail): void {
  const { vms } = sim.rm;
  for (let i = 0; i < vms.length; i++) {
    const vm = vms[i];
    if (vm === null || vm === undefined) continue;
    const { vmid, peers } = vm;
    for (let j = 0; j < peers.length; j++) {
      const peer = peers[j];
      if (peers.indexOf(peer) !== j) fail('peers-mutual', `VM ${vmid} lists a peer twice`);
      const other = vms[peer];
      if (other == null) fail('peers-mutual', `VM ${vmid} has a peer ${peer} that is gone`);
      else if (!other.peers.includes(vmid)) fail('peers-mutual', `VM ${peer} does not know its peer ${vmid}`);
    }
    if (vms[vm.owner] == null) fail('peers-mutual', `VM ${vmid} has an owner ${vm.owner} that is gone`);
    if (vm.state === VmState.RESET && peers.length > 0) fail('peers-mutual', `VM ${vmid} is reset but has peers`);
  }
}

function checkLinks(sim: Simulator, fail: Fail): void {
  const root = rootCspace(sim);
  const { links } = sim.rm;
  for (let i = 0; i < links.length; i++) {
    const link = links[i];
    if (link === null || link === undefined) continue;
    checkLinkQueue(sim, root, link.vmid, link.txCap, fail);
    checkLinkQueue(sim, root, link.vmid, link.rxCap, fail);
    if (link.notifications.length > PENDING_MAX)
      fail('links-have-queues', `${link.notifications.length} notifications wait for VM ${link.vmid}`);
  }
}

/** A link outlives the queues of a VM whose reset was not clean. */
function checkLinkQueue(sim: Simulator, root: CSpace, vmid: number, cap: bigint, fail: Fail): void {
  const object = capObject(root, sim.hyp.objects, cap);
  if (object?.type !== ObjectType.MSGQUEUE && sim.rm.vms[vmid]?.config != null)
    fail('links-have-queues', `the link of VM ${vmid} names capability ${cap}, which is no queue`);
}

/** Those that cost next to nothing. */
export function quickRmFaults(sim: Simulator, fail: Fail): void {
  checkPeers(sim, fail);
  checkLinks(sim, fail);
}

export function rmFaults(sim: Simulator, fail: Fail): void {
  checkParcels(sim, fail);
  checkInterrupts(sim, fail);
  checkPeers(sim, fail);
  checkLinks(sim, fail);
}
