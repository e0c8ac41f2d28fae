/** Life of a virtio-mmio object and its two interrupts. Source: fact base vcpu-and-scheduler 12.1, 12.2. */
import { type Hypervisor, NO_OBJECT, ObjectState, SourceKind, unbindSource } from '../hyp/index.js';
import { HypError, ObjectType } from '../protocol/index.js';
import { DeviceType, newQueue, newVirtio, PAGE_SIZE, Reg, readReg, type VirtioMmio } from './types.js';

/** The active device behind a physical page. */
export function deviceAt(hyp: Hypervisor, pa: number): VirtioMmio | undefined {
  for (const id of hyp.ofType[ObjectType.VIRTIO_MMIO]) {
    const d = hyp.get<VirtioMmio>(id);
    if (d.page >= 0 && pa >= d.page && pa < d.page + PAGE_SIZE) return d;
  }
  return undefined;
}

const backsDevice = (hyp: Hypervisor, extent: number): boolean =>
  hyp.ofType[ObjectType.VIRTIO_MMIO].some((id) => {
    const d = hyp.get<VirtioMmio>(id);
    return d.page >= 0 && d.extent === extent;
  });

/** OBJECT_CONFIG, BUSY, then the errors of attaching the page. */
function activate(hyp: Hypervisor, d: VirtioMmio): number {
  if (d.extent === NO_OBJECT) return HypError.OBJECT_CONFIG;
  if (backsDevice(hyp, d.extent)) return HypError.BUSY;
  const extent = hyp.get(d.extent);
  const error = hyp.mem.attachExtent(extent, d.partition, PAGE_SIZE);
  if (error !== HypError.OK) return error;
  d.page = hyp.mem.basicExtent(extent)?.base ?? -1;
  if (d.queueCount === 0) {
    hyp.dead ??= { what: 'assertion: memory for no queues of a virtio-mmio device', rule: 'hyp-virtio-without-queues' };
    return HypError.FAILURE;
  }
  d.queues = Array.from({ length: d.queueCount }, newQueue);
  if (d.deviceType === DeviceType.INPUT) {
    d.input = {
      name: new Uint8Array(0),
      serial: new Uint8Array(0),
      deviceIds: 0n,
      propBits: 0,
      eventBits: [],
      absInfo: [],
    };
  }
  return HypError.OK;
}

export function registerDevice(hyp: Hypervisor): void {
  hyp.kind<VirtioMmio>(ObjectType.VIRTIO_MMIO, {
    create: (_h, base) => newVirtio(base),
    activate,
    deactivate: (h, d) => {
      unbindSource(h, d.backend);
      unbindSource(h, d.frontend);
    },
    release: (h, d) => {
      if (d.page >= 0) h.mem.detachExtent(h.get(d.extent));
      d.page = -1;
      d.extent = h.unref(d.extent);
    },
  });
  const device = (h: Hypervisor, owner: number): VirtioMmio | undefined => {
    const d = h.objects[owner] as VirtioMmio | undefined;
    return d?.state === ObjectState.ACTIVE ? d : undefined;
  };
  hyp.checkPending[SourceKind.VIRTIO_BACKEND] = (h, source) => {
    const d = device(h, source.owner);
    return d !== undefined && readReg(h, d, Reg.INTERRUPT_STATUS) !== 0;
  };
  hyp.checkPending[SourceKind.VIRTIO_FRONTEND] = (h, source) => (device(h, source.owner)?.reason ?? 0) !== 0;
}
