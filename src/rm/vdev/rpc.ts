/** RPC queues of a VM and RM's side of the link (fact base: rm-rpc-transport 1 and 7, rm-state-machines 7.2 step 9). */
import { HypError, Rights } from '../../protocol/index.js';
import { createConsole } from '../console.js';
import { RmDeath } from '../death.js';
import type { RmRpcConfig } from '../dt/vm-config-types.js';
import { registerIrq } from '../events.js';
import { allocVirq, revertVirq, takeVirq } from '../irq/virqs.js';
import { newLink } from '../link/link.js';
import { CAP_INVALID, type Rm, VMID_RM, type VmRecord, type VmSetup } from '../types.js';
import { createQueue, irqOf, newPair } from './common.js';
import type { QueuePairDevice, Virq } from './devices.js';

const OK = HypError.OK;

/** Numbers of both ends, RM's first; on failure those taken are given back. */
function takeRpcVirqs(rm: Rm, vmid: number, given: RmRpcConfig['irqs']): { error: number; virqs: Virq[] } {
  const virqs: Virq[] = [];
  for (let i = 0; i < 4; i++) {
    const got = i < 2 ? allocVirq(rm, VMID_RM) : takeVirq(rm, vmid, given === null ? null : irqOf(given[i - 2]));
    if (got.error !== OK) {
      while (i-- > 0) revertVirq(rm, i < 2 ? VMID_RM : vmid, virqs[i].num);
      return { error: got.error, virqs: [] };
    }
    virqs.push(got.virq);
  }
  return { error: OK, virqs };
}

/** Adds the RPC queue pair to a VM: `tx` VM to RM, `rx` RM to VM (rm-rpc-transport 1.1). */
export function addRmRpc(rm: Rm, vm: VmRecord, config: RmRpcConfig, rx: bigint, tx: bigint): number {
  if (config.generate === null) throw new RmDeath('FAULT', 'dt-rm-rpc-without-generate');
  const hv = rm.hv;
  const setup = vm.config as VmSetup;
  const device = newPair(rm, 'rm-rpc');
  device.generate = config.generate;
  device.pushCompatible = [...config.pushCompatible];
  device.peer = VMID_RM;
  device.queueDepth = config.queueDepth;
  device.messageSize = config.messageSize;
  const { error: virqError, virqs } = takeRpcVirqs(rm, vm.vmid, config.irqs);
  if (virqError !== OK) return virqError;
  const rmTx = virqs[0];
  const rmRx = virqs[1];
  const vmTx = virqs[2];
  const vmRx = virqs[3];
  device.rxMasterCap = rx;
  device.txPeerCap = rx;
  device.txMasterCap = tx;
  device.rxPeerCap = tx;
  const undo = (error: number): number => {
    if (device.rxVmCap !== CAP_INVALID) hv.deleteCap(setup.cspace, device.rxVmCap);
    if (device.txVmCap !== CAP_INVALID) hv.deleteCap(setup.cspace, device.txVmCap);
    revertVirq(rm, vm.vmid, vmRx.num);
    revertVirq(rm, vm.vmid, vmTx.num);
    revertVirq(rm, VMID_RM, rmRx.num);
    revertVirq(rm, VMID_RM, rmTx.num);
    return error;
  };
  const txCopy = hv.copyCap(tx, setup.cspace, Rights.MSGQUEUE.SEND);
  if (txCopy.error !== OK) return undo(txCopy.error);
  device.txVmCap = txCopy.cap;
  const rxCopy = hv.copyCap(rx, setup.cspace, Rights.MSGQUEUE.RECEIVE);
  if (rxCopy.error !== OK) return undo(rxCopy.error);
  device.rxVmCap = rxCopy.cap;
  const error =
    hv.msgqueueBindReceive(tx, rm.env.vicCap, rmRx.num) ||
    hv.msgqueueBindSend(rx, rm.env.vicCap, rmTx.num) ||
    hv.msgqueueBindSend(tx, setup.vic, vmTx.num) ||
    hv.msgqueueBindReceive(rx, setup.vic, vmRx.num);
  if (error !== OK) return undo(error);
  device.rxPeerVirq = rmRx;
  device.txPeerVirq = rmTx;
  device.txVmVirq = vmTx;
  device.rxVmVirq = vmRx;
  setup.devices.push(device);
  return OK;
}

/** Opens RM's side of the link over the first rm-rpc device of the VM. DENIED: there is one already. */
export function addLink(rm: Rm, vm: VmRecord): number {
  if (rm.links[vm.vmid] != null) return HypError.DENIED;
  const device = vm.config?.devices.find((d) => d.type === 'rm-rpc') as QueuePairDevice;
  rm.links[vm.vmid] = newLink(
    vm.vmid,
    device.txPeerCap,
    device.rxPeerCap,
    device.txPeerVirq.num,
    device.rxPeerVirq.num,
  );
  registerIrq(rm, device.rxPeerVirq.num, { kind: 'rx', vmid: vm.vmid });
  registerIrq(rm, device.txPeerVirq.num, { kind: 'tx', vmid: vm.vmid });
  return OK;
}

/** All rm-rpc nodes of a VM, then one link over the first of them. */
export function createRmRpcs(rm: Rm, vm: VmRecord, configs: readonly RmRpcConfig[]): number {
  const setup = vm.config as VmSetup;
  for (let i = 0; i < configs.length; i++) {
    const config = configs[i];
    const tx = createQueue(rm, config.queueDepth, config.messageSize);
    if (tx.error !== OK) return tx.error;
    const rx = createQueue(rm, config.queueDepth, config.messageSize);
    if (rx.error !== OK) return rx.error;
    const error = addRmRpc(rm, vm, config, rx.cap, tx.cap);
    if (error !== OK) return error;
    if (!config.consoleDev) continue;
    if (setup.console !== null) throw new RmDeath('ABORT', 'two-console-devs');
    setup.console = createConsole(vm);
  }
  return configs.length > 0 ? addLink(rm, vm) : OK;
}
