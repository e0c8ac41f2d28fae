/** Invariants of RM's tables against each other and against the hypervisor (fact base: rm-state-machines 1, 5 and 6). */
import type { Hwirq, Vic } from '../../gic/index.js';
import { type CSpace, decodeCapId, NO_OBJECT } from '../../hyp/index.js';
import { ownsRange } from '../../hyp/mem/ownership.js';
import { memState } from '../../hyp/mem/space.js';
import { IrqMapState, ObjectType, ParcelState, Platform, VmState } from '../../protocol/index.js';
import type { Rm, VmRecord } from '../../rm/index.js';
import type { Simulator } from '../simulator.js';
import { rootCspace } from '../who.js';
import type { Fail } from './index.js';
import type { Population } from './population.js';
import { reachFaults } from './reach.js';
import { namedAt, namedBy } from './slots.js';
import { boundNumbers } from './virqs.js';

const IO = 1;
/** Notifications that RM keeps for a link (fact base: rm-rpc-transport 6). */
const PENDING_MAX = Platform.RPC_MAX_PENDING_NOTIFICATIONS;

/** What a check takes from the machine after boot. */
export interface RmAtBoot {
  /** How many capabilities each space had, by object id. */
  readonly capCounts: readonly number[];
  /** RM's capabilities to the interrupts of the board, by INTID, and their slots: decoding hundreds of them costs too much. */
  readonly caps: readonly bigint[];
  readonly slots: readonly number[];
}

export function rmAtBoot(p: Population, sim: Simulator): RmAtBoot {
  const capCounts: number[] = [];
  for (const { id, capCount } of p.of<CSpace>(ObjectType.CSPACE)) capCounts[id] = capCount;
  const root = rootCspace(sim);
  const caps = sim.rm.irqs.hwirqs.map((hw) => hw?.cap ?? Platform.CAP_INVALID);
  return { capCounts, caps, slots: caps.map((cap) => decodeCapId(root, cap)) };
}

function checkParcels(p: Population, sim: Simulator, root: CSpace, fail: Fail): void {
  const { owners } = memState(sim.hyp);
  for (const parcel of sim.rm.parcels.list) {
    const { handle, regions, targets, shareCount } = parcel;
    const me = namedBy(root, parcel.meCap);
    if (!p.is(me, ObjectType.MEMEXTENT)) {
      fail('parcels-agree', `parcel ${handle} has no extent`);
      continue;
    }
    let size = 0;
    for (const r of regions) {
      size += r.size;
      if (!ownsRange(owners, r.phys, r.size, me))
        fail('parcels-agree', `parcel ${handle} does not own 0x${r.phys.toString(16)}, ${r.size} bytes`);
    }
    let sharers = 0;
    for (const t of targets) {
      if (t.shared) sharers++;
      else if (t.mapped) fail('parcels-agree', `parcel ${handle} is mapped by ${t.vmid}, which does not share it`);
    }
    if (sharers !== shareCount) fail('parcels-agree', `parcel ${handle} counts ${shareCount} of ${sharers} sharers`);
    if (shareCount > 0 !== (parcel.state === ParcelState.SHARED))
      fail('parcels-agree', `parcel ${handle} is in state ${parcel.state} with ${shareCount} sharers`);
    if (parcel.memType !== IO && size > parcel.totalSize)
      fail('parcels-agree', `parcel ${handle} is smaller than its regions`);
  }
}

/** Parcels that the VM at hand shares. */
const shares: number[] = [];
const inOrder = (list: readonly number[]): string => [...list].sort((a, b) => a - b).join();

/** The same numbers, in any order. */
const sameNumbers = (a: readonly number[], b: readonly number[]): boolean =>
  a.length === b.length && (a.length === 0 || (a.length === 1 && a[0] === b[0]) || inOrder(a) === inOrder(b));

function checkAccepted(rm: Rm, vmid: number, listed: readonly number[], fail: Fail): void {
  shares.length = 0;
  for (const { handle, targets } of rm.parcels.list) {
    for (const t of targets) if (t.shared && t.vmid === vmid) shares.push(handle);
  }
  if (!sameNumbers(listed, shares)) {
    const what = `VM ${vmid} lists parcels [${inOrder(listed)}], the parcels say [${inOrder(shares)}]`;
    fail('parcel-lists-agree', what);
  }
}

function checkInterrupts(p: Population, sim: Simulator, root: CSpace, boot: RmAtBoot, fail: Fail): void {
  const { hwirqs, loans } = sim.rm.irqs;
  const { caps, slots } = boot;
  const { objects } = sim.hyp;
  for (let intid = 0; intid < hwirqs.length; intid++) {
    const hw = hwirqs[intid];
    if (hw === null || hw === undefined) continue;
    const { cap } = hw;
    const id = namedAt(root, cap === caps[intid] ? slots[intid] : decodeCapId(root, cap));
    if (!p.is(id, ObjectType.HWIRQ)) {
      fail('virqs-agree', `hardware interrupt ${intid} has no object`);
      continue;
    }
    const loan = loans[intid];
    if (loan == null || loan.state !== 1) continue;
    const { vic } = objects[id] as Hwirq;
    if (vic !== NO_OBJECT) fail('virqs-agree', `hardware interrupt ${intid} is only offered, but bound to VIC ${vic}`);
  }
}

type IrqTable = NonNullable<VmRecord['irq']>;

/** What RM holds a VM's numbers for, against what its controller holds them for. */
function checkTable(sim: Simulator, vmid: number, table: IrqTable, vic: Vic, fail: Fail): void {
  const { map, lowest } = table;
  const { bound } = vic;
  let explained = 0;
  const { length } = map;
  for (let number = 0; number < length; number++) {
    const m = map[number];
    if (m === null) {
      // Nearly all of the thousand numbers of most VMs.
      while (number + 3 < length && map[number + 1] === null && map[number + 2] === null && map[number + 3] === null)
        number += 3;
      continue;
    }
    if (number < lowest) fail('virqs-agree', `VM ${vmid} has number ${number}, below its lowest one ${lowest}`);
    const isBound = number < 32 || bound[number - 32] === 1;
    if (isBound && number >= 32) explained++;
    if (m.state === IrqMapState.BOUND && !isBound) {
      const what = m.kind === 'virq' ? 'virtual ' : '';
      fail('virqs-agree', `RM holds ${what}${number} of VM ${vmid} for bound, its VIC does not`);
    }
    if (m.kind === 'hw' && m.state === IrqMapState.LENDING && sim.rm.irqs.loans[m.irq] == null)
      fail('virqs-agree', `number ${number} of VM ${vmid} is lent without a loan`);
  }
  if (boundNumbers[vic.id] === explained) return;
  for (let i = 0; i < bound.length; i++) {
    if (bound[i] === 1 && map[i + 32] == null)
      fail('virqs-agree', `number ${i + 32} of VM ${vmid} is bound, RM holds it for free`);
  }
}

function checkIrqTable(p: Population, sim: Simulator, root: CSpace, vm: VmRecord, fail: Fail): void {
  const { irq, vmid } = vm;
  if (irq == null || irq.vic === Platform.CAP_INVALID) return;
  const vic = namedBy(root, irq.vic);
  if (p.is(vic, ObjectType.VIC)) checkTable(sim, vmid, irq, sim.hyp.objects[vic] as Vic, fail);
  else fail('virqs-agree', `VM ${vmid} has an interrupt table without a VIC`);
}

function checkPeers(vms: Rm['vms'], vm: VmRecord, fail: Fail): void {
  const { vmid, peers, owner } = vm;
  for (let j = 0; j < peers.length; j++) {
    const peer = peers[j];
    if (peers.indexOf(peer) !== j) fail('peers-mutual', `VM ${vmid} lists a peer twice`);
    const other = vms[peer];
    if (other == null) fail('peers-mutual', `VM ${vmid} has a peer ${peer} that is gone`);
    else if (!other.peers.includes(vmid)) fail('peers-mutual', `VM ${peer} does not know its peer ${vmid}`);
  }
  if (vms[owner] == null) fail('peers-mutual', `VM ${vmid} has an owner ${owner} that is gone`);
  if (vm.state === VmState.RESET && peers.length > 0) fail('peers-mutual', `VM ${vmid} is reset but has peers`);
}

function checkLinks(p: Population, sim: Simulator, root: CSpace, fail: Fail): void {
  const { links, vms } = sim.rm;
  for (let i = 0; i < links.length; i++) {
    const link = links[i];
    if (link === null || link === undefined) continue;
    const { vmid, notifications } = link;
    // A link outlives the queues of a VM whose reset was not clean.
    if (vms[vmid]?.config != null) {
      for (const cap of [link.txCap, link.rxCap]) {
        if (!p.is(namedBy(root, cap), ObjectType.MSGQUEUE))
          fail('links-have-queues', `the link of VM ${vmid} names capability ${cap}, which is no queue`);
      }
    }
    if (notifications.length > PENDING_MAX)
      fail('links-have-queues', `${notifications.length} notifications wait for VM ${vmid}`);
  }
}

/** Without secondary VMs in the hypervisor, all that RM holds beyond boot are its parcels' extents. */
function checkLeaks(p: Population, rm: Rm, root: CSpace, boot: RmAtBoot, fail: Fail): void {
  for (const { id, capCount } of p.of<CSpace>(ObjectType.CSPACE)) {
    const before = boot.capCounts[id];
    const parcels = id === root.id ? rm.parcels.list.length : 0;
    if (before === undefined) fail('no-cap-leak', `space ${id} is left over`);
    else if (before + parcels !== capCount) {
      const what = `space ${id} holds ${capCount} capabilities, after boot ${before} and ${parcels} parcels`;
      fail('no-cap-leak', what);
    }
  }
}

export function rmFaults(p: Population, sim: Simulator, boot: RmAtBoot, fail: Fail): void {
  const { rm } = sim;
  const { vms } = rm;
  const root = rootCspace(sim);
  let bare = true;
  checkParcels(p, sim, root, fail);
  checkInterrupts(p, sim, root, boot, fail);
  checkLinks(p, sim, root, fail);
  for (let i = 0; i < vms.length; i++) {
    const vm = vms[i];
    if (vm === null || vm === undefined) continue;
    checkPeers(vms, vm, fail);
    checkIrqTable(p, sim, root, vm, fail);
    if (vm.config == null || i === Platform.VMID_HLOS || i === Platform.VMID_RM) continue;
    bare = false;
    checkAccepted(rm, vm.vmid, vm.config.acceptedParcels, fail);
  }
  if (bare) checkLeaks(p, rm, root, boot, fail);
  reachFaults(p, rm, root, sim.hyp.objects, fail);
}
