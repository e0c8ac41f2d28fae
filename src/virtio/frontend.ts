/**
 * Writes of the driver to the device page (reads are plain memory reads).
 * Source: fact base vcpu-and-scheduler 12.4 to 12.6. Each function returns whether the write completes; if not, the driver
 * gets an external abort.
 */
import { assertSource, type Hypervisor, NO_OBJECT, type Thread } from '../hyp/index.js';
import { deviceAt } from './device.js';
import { writeInputConfig } from './input.js';
import {
  DeviceType,
  FEATURE_BANKS,
  PAGE_SIZE,
  Reason,
  Reg,
  readReg,
  Status,
  type VirtioMmio,
  writeReg,
} from './types.js';

/** Words anywhere, bytes only in the configuration space, always size-aligned. */
const allowed = (size: number, offset: number): boolean =>
  offset % size === 0 && (size === 4 || (size === 1 && offset >= Reg.CONFIG));

function notify(hyp: Hypervisor, d: VirtioMmio, reason: number): void {
  d.reason |= reason;
  assertSource(hyp, d.frontend, false);
}

/**
 * Status 0 asks the backend for a reset and completes only when the assertion reports success: the backend's interrupt is
 * bound and edge-configured (a defect of the original).
 */
function requestReset(hyp: Hypervisor, d: VirtioMmio, status: number): boolean {
  writeReg(hyp, d, Reg.STATUS, status | Status.NEEDS_RESET);
  for (const queue of d.queues) queue.ready = 0;
  writeReg(hyp, d, Reg.QUEUE_READY, 0);
  notify(hyp, d, Reason.RESET_REQUEST);
  return d.frontend.vic !== NO_OBJECT && hyp.vic.isEdge(d.frontend);
}

function writeStatus(hyp: Hypervisor, d: VirtioMmio, value: number): boolean {
  const old = readReg(hyp, d, Reg.STATUS);
  if (value === 0) return old === 0 || requestReset(hyp, d, old);
  writeReg(hyp, d, Reg.STATUS, value);
  const rose = (bit: number): boolean => (old & bit) === 0 && (value & bit) !== 0;
  if (rose(Status.DRIVER_OK)) notify(hyp, d, Reason.DRIVER_OK);
  else if (rose(Status.FAILED)) notify(hyp, d, Reason.FAILED);
  return true;
}

function selectQueue(hyp: Hypervisor, d: VirtioMmio, value: number): boolean {
  if (value >= d.queueCount) return false;
  d.queueSel = value;
  writeReg(hyp, d, Reg.QUEUE_NUM_MAX, d.queues[value].numMax);
  writeReg(hyp, d, Reg.QUEUE_READY, d.queues[value].ready);
  return true;
}

/**
 * Configuration space of a device without a type: value and size arrive exchanged, so `value` bytes are stored, the first of
 * them the access size (a defect of the original). Running past the page stops the hypervisor: nothing is mapped behind it.
 */
function writeGenericConfig(hyp: Hypervisor, d: VirtioMmio, offset: number, value: number, size: number): boolean {
  if (offset < Reg.CONFIG) return false;
  const bytes = new Uint8Array(Math.min(value, PAGE_SIZE - offset));
  if (bytes.length > 0) bytes[0] = size;
  hyp.mem.writePhys(d.page + offset, bytes);
  if (value > bytes.length) {
    hyp.dead ??= {
      what: `hypervisor: Panic: Unhandled EL2 trap (${value} bytes into the configuration space of a virtio-mmio device)`,
      rule: 'hyp-virtio-config-overrun',
    };
  }
  return true;
}

/** One write of the driver, already placed in the device. */
export function frontendWrite(hyp: Hypervisor, d: VirtioMmio, offset: number, size: number, value: number): boolean {
  if (!allowed(size, offset)) return false;
  const queue = d.queues[d.queueSel];
  switch (offset) {
    case Reg.DEV_FEATURES_SEL:
      if (value >= FEATURE_BANKS) return false;
      writeReg(hyp, d, Reg.DEV_FEATURES, d.devFeatures[value]);
      return true;
    case Reg.DRV_FEATURES:
      d.drvFeatures[d.drvFeaturesSel] = value;
      return true;
    case Reg.DRV_FEATURES_SEL:
      if (value >= FEATURE_BANKS) return false;
      d.drvFeaturesSel = value;
      return true;
    case Reg.QUEUE_SEL:
      return selectQueue(hyp, d, value);
    case Reg.QUEUE_NOTIFY:
      d.notified |= 1n << BigInt(value & 63);
      notify(hyp, d, Reason.NEW_BUFFER);
      return true;
    case Reg.INTERRUPT_ACK:
      writeReg(hyp, d, Reg.INTERRUPT_STATUS, readReg(hyp, d, Reg.INTERRUPT_STATUS) & ~value);
      return true;
    case Reg.STATUS:
      return writeStatus(hyp, d, value);
    case Reg.QUEUE_READY:
      writeReg(hyp, d, Reg.QUEUE_READY, value);
      if (queue !== undefined) queue.ready = value;
      return true;
    case Reg.QUEUE_NUM:
    case Reg.QUEUE_DESC_LOW:
    case Reg.QUEUE_DESC_HIGH:
    case Reg.QUEUE_DRV_LOW:
    case Reg.QUEUE_DRV_HIGH:
    case Reg.QUEUE_DEV_LOW:
    case Reg.QUEUE_DEV_HIGH:
      // A device without queues has nowhere to put them; the original writes outside its table.
      if (queue !== undefined) writeQueue(queue, offset, value);
      return true;
    default:
      return d.deviceType === DeviceType.INPUT
        ? writeInputConfig(hyp, d, offset, value, size)
        : writeGenericConfig(hyp, d, offset, value, size);
  }
}

function writeQueue(queue: VirtioMmio['queues'][number], offset: number, value: number): void {
  if (offset === Reg.QUEUE_NUM) {
    queue.num = value;
    return;
  }
  const address = offset < Reg.QUEUE_DRV_LOW ? queue.desc : offset < Reg.QUEUE_DEV_LOW ? queue.drv : queue.dev;
  address[(offset & 4) === 0 ? 0 : 1] = value;
}

/** For `Hypervisor.physDevices`. */
export function physWrite(hyp: Hypervisor, _v: Thread, pa: number, size: number, value: bigint): boolean | undefined {
  const d = deviceAt(hyp, pa);
  if (d === undefined) return undefined;
  return frontendWrite(hyp, d, pa - d.page, size, Number(value & 0xffff_ffffn));
}
