/** VM_GET_HYP_RESOURCES (fact base: rm-rpc-messages 5). */
import { le16, put16, put32 } from '../../base/index.js';
import { Msg, Platform, ResourceType, RmError } from '../../protocol/index.js';
import type { Handler } from '../handler.js';
import { VMID_HLOS, VMID_RM, type VmSetup, vmLookup } from '../types.js';
import type { Vdevice } from '../vdev/devices.js';

interface Entry {
  type: number;
  partner: number;
  label: number;
  cap: bigint;
  virq: number;
  base: number;
  size: number;
}

/** What one device shows to `self` who asks about `vmid`. */
function describe(device: Vdevice, self: number, vmid: number, out: Entry[]): void {
  if (!device.visible) return;
  const add = (type: number, label: number, cap: bigint, virq: number, base = 0, size = 0): void => {
    out.push({ type, partner: vmid, label, cap, virq, base, size });
  };
  switch (device.type) {
    case 'doorbell': {
      const { source, label } = device;
      if (device.peer === vmid) {
        const type = source ? ResourceType.DOORBELL_SRC : ResourceType.DOORBELL;
        add(type, label, device.vmCap, source ? 0 : device.vmVirq.num);
      } else if (device.peer === self && !device.hasPeerVdevice) {
        const type = source ? ResourceType.DOORBELL : ResourceType.DOORBELL_SRC;
        add(type, label, device.peerCap, source ? device.peerVirq.num : 0);
      }
      return;
    }
    case 'message-queue': {
      const mine = device.peer === vmid;
      if (!mine && device.peer !== self) return;
      const type = device.tx === mine ? ResourceType.MSG_QUEUE_SEND : ResourceType.MSG_QUEUE_RECV;
      if (mine) add(type, device.label, device.vmCap, device.vmVirq.num);
      else add(type, device.label, device.peerCap, device.peerVirq.num);
      return;
    }
    case 'message-queue-pair': {
      const { label } = device;
      if (device.peer === vmid) {
        add(ResourceType.MSG_QUEUE_SEND, label, device.txVmCap, device.txVmVirq.num);
        add(ResourceType.MSG_QUEUE_RECV, label, device.rxVmCap, device.rxVmVirq.num);
      } else if (device.peer === self && !device.hasPeerVdevice) {
        add(ResourceType.MSG_QUEUE_SEND, label, device.txPeerCap, device.txPeerVirq.num);
        add(ResourceType.MSG_QUEUE_RECV, label, device.rxPeerCap, device.rxPeerVirq.num);
      }
      return;
    }
    case 'virtio-mmio':
      if (device.backend !== self) return;
      add(
        ResourceType.VIRTIO_MMIO,
        device.label,
        device.backendCap,
        device.backendVirq.num,
        device.backendIpa,
        device.meSize,
      );
      return;
    default:
      return;
  }
}

const put64 = (b: Uint8Array, at: number, low: number, high: number): void => {
  put32(b, at, low);
  put32(b, at + 4, high);
};

function encode(entries: readonly Entry[]): Uint8Array {
  const reply = new Uint8Array(8 + Platform.RESOURCE_ENTRY_SIZE * entries.length);
  put32(reply, 4, entries.length);
  entries.forEach((e, i) => {
    const at = 8 + Platform.RESOURCE_ENTRY_SIZE * i;
    reply[at] = e.type;
    put16(reply, at + 2, e.partner);
    put32(reply, at + 8, e.label);
    put64(reply, at + 12, Number(e.cap & 0xffff_ffffn), Number(e.cap >> 32n));
    put32(reply, at + 24, e.virq);
    put64(reply, at + 28, e.base, Math.floor(e.base / 2 ** 32));
    put64(reply, at + 36, e.size, 0);
  });
  return reply;
}

const getHypResources: Handler = (rm, from, req) => {
  if (req.length !== 4) return RmError.MSG_INVALID;
  const vmid = le16(req, 0);
  const vm = vmLookup(rm, vmid);
  if (vm === null) return RmError.ARGUMENT_INVALID;
  if (vm.config === null) return RmError.NORESOURCE;
  const entries: Entry[] = [];
  if (from === vm.owner || (vmid === VMID_RM && from === VMID_HLOS)) {
    for (const vcpu of vm.config.vcpus) {
      entries.push({
        type: ResourceType.VIRTUAL_CPU,
        partner: 0,
        label: vcpu.affinityIndex,
        cap: vcpu.ownerCap,
        virq: vcpu.proxyVirq,
        base: 0,
        size: 0,
      });
    }
  }
  const own = vmLookup(rm, from)?.config as VmSetup;
  for (const device of own.devices) describe(device, from, vmid, entries);
  for (const device of vm.config.devices) describe(device, from, vmid, entries);
  return encode(entries);
};

export const resourceHandlers: Record<number, Handler> = { [Msg.VM_GET_HYP_RESOURCES]: getHypResources };
