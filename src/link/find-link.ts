/** The RM link of a VM that another VM started: its queues, interrupts and a page for packets (fact base: rm-rpc-transport 1). */
import { findCap } from '../hyp/index.js';
import type { MsgQueue } from '../msgq/index.js';
import { Platform } from '../protocol/index.js';
import type { LinkPlace, Simulator } from '../sim/index.js';
import type { Vcpu } from '../vcpu/index.js';
import { isScratch } from './find-vcpu.js';

export interface RmLink {
  place: LinkPlace;
  toRm: MsgQueue;
  txIrq: number;
  rxIrq: number;
  gicdBase: number;
}

/** Queue behind a capability of the vCPU's VM. */
export function queueOf(sim: Simulator, v: Vcpu, cap: bigint): MsgQueue | undefined {
  const view = findCap(sim.hyp.get(v.cspace), cap);
  return typeof view === 'number' ? undefined : sim.hyp.get<MsgQueue>(view.table.object[view.lower]);
}

/** `scratch`: page of the VM's memory for packets; 0: the last page of its image memory. A string says why there is no link. */
export function findLink(sim: Simulator, vmid: number, v: Vcpu, scratch: number): RmLink | string {
  const vm = sim.rm.vms[vmid];
  const device = vm?.config?.devices.find((d) => d.type === 'rm-rpc');
  if (vm?.config == null || device?.type !== 'rm-rpc') return `VM ${vmid} has no link to RM`;
  const toRm = queueOf(sim, v, device.txVmCap);
  if (toRm === undefined) return `VM ${vmid} has given up its link to RM`;
  const page = scratch !== 0 ? scratch : vm.config.memIpaBase + vm.memSize - Platform.PAGE_SIZE;
  if (scratch === 0 && !isScratch(sim, vmid, v, page))
    return `page 0x${page.toString(16)}, the last of the image, is not memory of VM ${vmid}; name a scratch page`;
  return {
    place: { txCap: device.txVmCap, rxCap: device.rxVmCap, txBuffer: page, rxBuffer: page + Platform.PAGE_SIZE / 2 },
    toRm,
    txIrq: device.txVmVirq.num,
    rxIrq: device.rxVmVirq.num,
    gicdBase: vm.config.gicdBase,
  };
}
