/** Which VM a thread, a capability space or an RM link belongs to: names for people, from RM's records. */
import { gicVcpu } from '../gic/index.js';
import { type CSpace, findCap, type HypObject } from '../hyp/index.js';
import { ObjectType, Platform, vmidText } from '../protocol/index.js';
import { isHlos, type Vcpu } from '../vcpu/index.js';
import type { Simulator } from './simulator.js';

const { VMID_RM, VMID_HLOS } = Platform;

export interface ThreadName {
  vmid: number;
  /** Index of the vCPU in its VM. */
  vcpu: number;
  /** `HLOS.0`, `RM`, `VM 128.1`. */
  text: string;
}

export const vmName = (vmid: number): string =>
  vmid === VMID_RM ? 'RM' : vmid === VMID_HLOS ? 'HLOS' : `VM ${vmidText(vmid)}`;

/** The capability space of RM, in which every master capability is. */
export const rootCspace = (sim: Simulator): CSpace => sim.hyp.get<CSpace>(sim.hyp.get<Vcpu>(sim.rootThread).cspace);

/** Object behind one of RM's capabilities; undefined when there is none. */
export const rmObject = (sim: Simulator, cap: bigint): HypObject | undefined =>
  capObject(rootCspace(sim), sim.hyp.objects, cap);

/** Object behind a capability of a space; undefined when there is none. */
function capObject(space: CSpace, objects: readonly (HypObject | undefined)[], cap: bigint): HypObject | undefined {
  const view = findCap(space, cap);
  return typeof view === 'number' ? undefined : objects[view.table.object[view.lower]];
}

/** vCPU of the primary VM by its place in the interrupt controller; undefined when there is none. */
export function hlosVcpu(sim: Simulator, index: number): Vcpu | undefined {
  const { hyp } = sim;
  for (const id of hyp.ofType[ObjectType.THREAD]) {
    const v = hyp.get<Vcpu>(id);
    if (isHlos(v) && gicVcpu(v).index === index) return v;
  }
  return undefined;
}

/** Names of all threads that RM knows, by thread id. */
export function threadNames(sim: Simulator): Map<number, ThreadName> {
  const names = new Map<number, ThreadName>();
  for (const vm of sim.rm.vms) {
    if (vm?.config == null) continue;
    vm.config.vcpus.forEach((vcpu, position) => {
      // RM lists the boot vCPU of the primary VM last; its number is its core.
      const index = vm.vmid === VMID_HLOS ? vcpu.affinityIndex : position;
      const object = rmObject(sim, vcpu.masterCap);
      if (object === undefined) return;
      const text = vm.vmid === VMID_RM ? 'RM' : `${vmName(vm.vmid)}.${index}`;
      names.set(object.id, { vmid: vm.vmid, vcpu: index, text });
    });
  }
  names.set(sim.rootThread, { vmid: VMID_RM, vcpu: 0, text: 'RM' });
  return names;
}

/** VMIDs and their capability spaces, RM first, then by VMID. */
export function vmSpaces(sim: Simulator): { vmid: number; cspace: CSpace }[] {
  const spaces: { vmid: number; cspace: CSpace }[] = [{ vmid: VMID_RM, cspace: rootCspace(sim) }];
  for (const vm of sim.rm.vms) {
    if (vm?.config == null || vm.vmid === VMID_RM) continue;
    const cspace = rmObject(sim, vm.config.cspace);
    if (cspace !== undefined) spaces.push({ vmid: vm.vmid, cspace: cspace as CSpace });
  }
  return spaces;
}

/** For RM links: which VM's packets a message queue carries. */
export interface LinkQueue {
  vmid: number;
  toRm: boolean;
}

/** Message queues of RM links, by object id. */
export function linkQueues(sim: Simulator): Map<number, LinkQueue> {
  const queues = new Map<number, LinkQueue>();
  for (const link of sim.rm.links) {
    if (link == null) continue;
    const tx = rmObject(sim, link.txCap);
    const rx = rmObject(sim, link.rxCap);
    if (tx !== undefined) queues.set(tx.id, { vmid: link.vmid, toRm: false });
    if (rx !== undefined) queues.set(rx.id, { vmid: link.vmid, toRm: true });
  }
  return queues;
}

/** Id of the object behind a capability of a thread's own space, or -1. */
export function objectOfCap(sim: Simulator, thread: number, cap: bigint): number {
  const cspace = sim.hyp.objects[(sim.hyp.objects[thread] as Vcpu | undefined)?.cspace ?? -1];
  if (cspace === undefined || cspace.type !== ObjectType.CSPACE) return -1;
  const view = findCap(cspace as CSpace, cap);
  return typeof view === 'number' ? -1 : view.table.object[view.lower];
}
