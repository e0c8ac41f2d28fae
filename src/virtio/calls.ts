/** Hypercalls on virtio-mmio objects. Sources: fact base hypercall-abi 4.11, vcpu-and-scheduler 12.1 to 12.3. */
import { lo32 } from '../base/index.js';
import {
  assertSource,
  bindSource,
  type HypercallHandler,
  type Hypervisor,
  type HypObject,
  lookup,
  lookupConfigure,
  ObjectState,
  type Thread,
  unbindSource,
  type VirqSource,
} from '../hyp/index.js';
import { Call, HypError, ObjectType, Platform, Rights } from '../protocol/index.js';
import { DeviceType, FEATURE_BANKS, PAGE_SIZE, Reg, readReg, Status, type VirtioMmio, writeReg } from './types.js';

const { VIRTIO_MMIO } = ObjectType;
const R = Rights.VIRTIO_MMIO;

/** `virtio_option_flags` bit 6: the device type argument counts. */
const VALID_DEVICE_TYPE = 1n << 6n;

function configure(hyp: Hypervisor, caller: Thread, a: BigUint64Array): number {
  const extent = lookup<HypObject>(hyp, caller, a[1], ObjectType.MEMEXTENT, Rights.MEMEXTENT.ATTACH);
  if (typeof extent === 'number') return extent;
  const d = lookupConfigure<VirtioMmio>(hyp, caller, a[0], VIRTIO_MMIO);
  if (typeof d === 'number') return d;
  if (d.state !== ObjectState.INIT) return HypError.OBJECT_STATE;
  const queueCount = lo32(a[2]);
  const page = hyp.mem.basicExtent(extent);
  if (page === undefined || page.size !== PAGE_SIZE || queueCount > Platform.VIRTIO_MAX_QUEUES) {
    return HypError.ARGUMENT_INVALID;
  }
  const typed = (a[3] & VALID_DEVICE_TYPE) !== 0n;
  if (typed && lo32(a[4]) !== DeviceType.INPUT) return HypError.ARGUMENT_INVALID;
  d.deviceType = typed ? DeviceType.INPUT : DeviceType.NONE;
  hyp.ref(extent.id);
  hyp.unref(d.extent);
  d.extent = extent.id;
  d.queueCount = queueCount;
  return HypError.OK;
}

type Act = (hyp: Hypervisor, d: VirtioMmio, a: BigUint64Array, out: BigUint64Array) => number;

/** Looks the device up with one right, then acts. */
const on =
  (right: number, act: Act): HypercallHandler =>
  (hyp, caller, a, out) => {
    const d = lookup<VirtioMmio>(hyp, caller, a[0], VIRTIO_MMIO, right);
    return typeof d === 'number' ? d : act(hyp, d, a, out);
  };

const bind =
  (right: number, source: (d: VirtioMmio) => VirqSource): HypercallHandler =>
  (hyp, caller, a) => {
    const d = lookup<VirtioMmio>(hyp, caller, a[0], VIRTIO_MMIO, right);
    if (typeof d === 'number') return d;
    const vic = lookup<HypObject>(hyp, caller, a[1], ObjectType.VIC, Rights.VIC.BIND_SOURCE);
    return typeof vic === 'number' ? vic : bindSource(hyp, source(d), vic.id, lo32(a[2]));
  };

const unbind = (right: number, source: (d: VirtioMmio) => VirqSource): HypercallHandler =>
  on(right, (hyp, d) => {
    unbindSource(hyp, source(d));
    return HypError.OK;
  });

const assertVirq: Act = (hyp, d, a) => {
  if ((readReg(hyp, d, Reg.STATUS) & Status.NEEDS_RESET) !== 0) return HypError.DENIED;
  writeReg(hyp, d, Reg.INTERRUPT_STATUS, readReg(hyp, d, Reg.INTERRUPT_STATUS) | lo32(a[1]));
  assertSource(hyp, d.backend, false);
  return HypError.OK;
};

/** Bank 1: VERSION_1 and ACCESS_PLATFORM must be offered, NOTIFICATION_DATA must not. */
const REQUIRED_FEATURES = 0b11;
const FORBIDDEN_FEATURES = 1 << 6;

const setDevFeatures: Act = (_hyp, d, a) => {
  const sel = lo32(a[1]);
  const features = lo32(a[2]);
  if (sel >= FEATURE_BANKS) return HypError.ARGUMENT_INVALID;
  const fine = (features & REQUIRED_FEATURES) === REQUIRED_FEATURES && (features & FORBIDDEN_FEATURES) === 0;
  if (sel === 1 && !fine) return HypError.DENIED;
  d.devFeatures[sel] = features;
  return HypError.OK;
};

const setQueueNumMax: Act = (_hyp, d, a) => {
  const sel = lo32(a[1]);
  if (sel >= d.queueCount) return HypError.ARGUMENT_INVALID;
  d.queues[sel].numMax = lo32(a[2]);
  return HypError.OK;
};

const getDrvFeatures: Act = (_hyp, d, a, out) => {
  const sel = lo32(a[1]);
  if (sel >= FEATURE_BANKS) return HypError.ARGUMENT_INVALID;
  out[0] = BigInt(d.drvFeatures[sel]);
  return HypError.OK;
};

const address = ([low, high]: readonly [number, number]): bigint => (BigInt(high) << 32n) | BigInt(low);

const getQueueInfo: Act = (_hyp, d, a, out) => {
  const sel = lo32(a[1]);
  if (sel >= d.queueCount) return HypError.ARGUMENT_INVALID;
  const queue = d.queues[sel];
  out[0] = BigInt(queue.num);
  out[1] = BigInt(queue.ready);
  out[2] = address(queue.desc);
  out[3] = address(queue.drv);
  out[4] = address(queue.dev);
  return HypError.OK;
};

const getNotification: Act = (_hyp, d, _a, out) => {
  out[0] = d.notified;
  out[1] = BigInt(d.reason);
  d.notified = 0n;
  d.reason = 0;
  return HypError.OK;
};

const acknowledgeReset: Act = (hyp, d) => {
  writeReg(hyp, d, Reg.STATUS, 0);
  return HypError.OK;
};

const updateStatus: Act = (hyp, d, a) => {
  writeReg(hyp, d, Reg.STATUS, readReg(hyp, d, Reg.STATUS) | lo32(a[1]));
  return HypError.OK;
};

export function registerVirtioCalls(hyp: Hypervisor): void {
  const backend = (d: VirtioMmio): VirqSource => d.backend;
  const frontend = (d: VirtioMmio): VirqSource => d.frontend;
  hyp.call(Call.VIRTIO_MMIO_CONFIGURE, configure);
  hyp.call(Call.VIRTIO_MMIO_BACKEND_BIND_VIRQ, bind(R.BIND_BACKEND_VIRQ, backend));
  hyp.call(Call.VIRTIO_MMIO_BACKEND_UNBIND_VIRQ, unbind(R.BIND_BACKEND_VIRQ, backend));
  hyp.call(Call.VIRTIO_MMIO_FRONTEND_BIND_VIRQ, bind(R.BIND_FRONTEND_VIRQ, frontend));
  hyp.call(Call.VIRTIO_MMIO_FRONTEND_UNBIND_VIRQ, unbind(R.BIND_FRONTEND_VIRQ, frontend));
  hyp.call(Call.VIRTIO_MMIO_BACKEND_ASSERT_VIRQ, on(R.ASSERT_VIRQ, assertVirq));
  hyp.call(Call.VIRTIO_MMIO_BACKEND_SET_DEV_FEATURES, on(R.CONFIG, setDevFeatures));
  hyp.call(Call.VIRTIO_MMIO_BACKEND_SET_QUEUE_NUM_MAX, on(R.CONFIG, setQueueNumMax));
  hyp.call(Call.VIRTIO_MMIO_BACKEND_GET_DRV_FEATURES, on(R.CONFIG, getDrvFeatures));
  hyp.call(Call.VIRTIO_MMIO_BACKEND_GET_QUEUE_INFO, on(R.CONFIG, getQueueInfo));
  hyp.call(Call.VIRTIO_MMIO_BACKEND_GET_NOTIFICATION, on(R.CONFIG, getNotification));
  hyp.call(Call.VIRTIO_MMIO_BACKEND_ACKNOWLEDGE_RESET, on(R.CONFIG, acknowledgeReset));
  hyp.call(Call.VIRTIO_MMIO_BACKEND_UPDATE_STATUS, on(R.CONFIG, updateStatus));
}
