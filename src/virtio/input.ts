/**
 * Virtio-input (device type 18): what the backend stores and what the driver selects.
 * Source: fact base vcpu-and-scheduler 12.6.
 *
 * Left out: when such a device goes, the original gives the address of a field back to its allocator. What follows depends on
 * where objects lie: some VMs later find no memory or the hypervisor stops, others notice nothing (recorded).
 */
import { lo32 } from '../base/index.js';
import { type Hypervisor, lookup, type Thread } from '../hyp/index.js';
import { Call, HypError, ObjectType, Rights } from '../protocol/index.js';
import { DeviceType, type InputData, type InputEntry, Reg, type VirtioMmio } from './types.js';

const Select = {
  NAME: 0x01,
  SERIAL: 0x02,
  DEVICE_IDS: 0x03,
  PROP_BITS: 0x10,
  EVENT_BITS: 0x11,
  ABS_INFO: 0x12,
} as const;

const MAX_STRING = 128;
const MAX_BITMAP = 128;
const ABS_INFO_SIZE = 20;
const MAX_EVENT_TYPES = 32;
const MAX_ABS_AXES = 64;
const UNUSED = -1;

/** Configuration space: select, subsel, size, data. */
const Config = { SELECT: Reg.CONFIG, SUBSEL: Reg.CONFIG + 1, SIZE: Reg.CONFIG + 2, DATA: Reg.CONFIG + 8 } as const;

const NOTHING = new Uint8Array(0);

function little(value: bigint, size: number): Uint8Array {
  const bytes = new Uint8Array(size);
  for (let i = 0; i < size; i++) bytes[i] = Number((value >> BigInt(8 * i)) & 0xffn);
  return bytes;
}

const find = (entries: readonly InputEntry[], subsel: number): Uint8Array =>
  entries.find((e) => e.subsel === subsel)?.data ?? NOTHING;

/** The bytes that a selection shows; none for an unknown one. */
function selected(input: InputData, select: number, subsel: number): Uint8Array {
  if (select === Select.EVENT_BITS) return find(input.eventBits, subsel);
  if (select === Select.ABS_INFO) return find(input.absInfo, subsel);
  if (subsel !== 0) return NOTHING;
  switch (select) {
    case Select.NAME:
      return input.name;
    case Select.SERIAL:
      return input.serial;
    case Select.DEVICE_IDS:
      return little(input.deviceIds, 8);
    case Select.PROP_BITS:
      return little(BigInt(input.propBits), 4);
    default:
      return NOTHING;
  }
}

/**
 * Driver writes select or subsel; size and data follow. A wider write reports an abort after the two bytes it may change.
 */
export function writeInputConfig(hyp: Hypervisor, d: VirtioMmio, offset: number, value: number, size: number): boolean {
  const byte = new Uint8Array(1);
  const put = (at: number, b: number): void => {
    byte[0] = b;
    hyp.mem.writePhys(d.page + at, byte);
  };
  const get = (at: number): number => {
    hyp.mem.readPhys(d.page + at, byte);
    return byte[0];
  };
  for (let i = 0; i < size; i++) {
    const at = offset + i;
    if (at !== Config.SELECT && at !== Config.SUBSEL) return false;
    put(at, (value >>> (8 * i)) & 0xff);
    const shown = selected(d.input as InputData, get(Config.SELECT), get(Config.SUBSEL));
    hyp.mem.writePhys(d.page + Config.DATA, shown);
    put(Config.SIZE, shown.length);
  }
  return true;
}

function configure(hyp: Hypervisor, caller: Thread, a: BigUint64Array): number {
  const d = lookup<VirtioMmio>(hyp, caller, a[0], ObjectType.VIRTIO_MMIO, Rights.VIRTIO_MMIO.CONFIG);
  if (typeof d === 'number') return d;
  if (d.deviceType !== DeviceType.INPUT || d.input === null) return HypError.OBJECT_CONFIG;
  // The ids are stored even when the rest is refused.
  d.input.deviceIds = a[1];
  d.input.propBits = lo32(a[2]);
  const eventTypes = lo32(a[3]);
  const absAxes = lo32(a[4]);
  if (eventTypes > MAX_EVENT_TYPES || absAxes > MAX_ABS_AXES) return HypError.ARGUMENT_INVALID;
  if (eventTypes > 0) {
    if (d.input.eventBits.length > 0) return HypError.BUSY;
    d.input.eventBits = reserve(eventTypes);
  }
  if (absAxes > 0) {
    if (d.input.absInfo.length > 0) return HypError.BUSY;
    d.input.absInfo = reserve(absAxes);
  }
  return HypError.OK;
}

const reserve = (count: number): InputEntry[] =>
  Array.from({ length: count }, () => ({ subsel: UNUSED, data: new Uint8Array(0) }));

function setData(hyp: Hypervisor, caller: Thread, a: BigUint64Array): number {
  const d = lookup<VirtioMmio>(hyp, caller, a[0], ObjectType.VIRTIO_MMIO, Rights.VIRTIO_MMIO.CONFIG);
  if (typeof d === 'number') return d;
  if (d.deviceType !== DeviceType.INPUT || d.input === null) return HypError.CSPACE_WRONG_OBJECT_TYPE;
  const input = d.input;
  const select = lo32(a[1]);
  const subsel = lo32(a[2]);
  const size = lo32(a[3]);
  const copy = (max: number): Uint8Array | number => {
    const bytes = new Uint8Array(Math.min(size, max));
    const error = hyp.mem.copyFromGuest(caller, a[4], BigInt(size), bytes, max);
    return error === HypError.OK ? bytes : error;
  };
  if (select === Select.EVENT_BITS) return setEntry(input.eventBits, subsel, MAX_EVENT_TYPES, () => copy(MAX_BITMAP));
  if (select === Select.ABS_INFO)
    return setEntry(input.absInfo, subsel, MAX_ABS_AXES, () => absInfo(copy(ABS_INFO_SIZE)));
  if (subsel !== 0) return HypError.ARGUMENT_INVALID;
  return setSingle(input, select, copy);
}

/** The driver always sees all 20 bytes. */
function absInfo(data: Uint8Array | number): Uint8Array | number {
  if (typeof data === 'number') return data;
  const whole = new Uint8Array(ABS_INFO_SIZE);
  whole.set(data);
  return whole;
}

/** A second entry for the same sub-selector takes another place; readers find the first. */
function setEntry(entries: InputEntry[], subsel: number, limit: number, copy: () => Uint8Array | number): number {
  if (entries.length === 0 || subsel >= limit) return HypError.ARGUMENT_INVALID;
  const free = entries.find((e) => e.subsel === UNUSED);
  if (free === undefined) return HypError.NORESOURCES;
  const data = copy();
  if (typeof data === 'number') return data;
  free.subsel = subsel;
  free.data = data;
  return HypError.OK;
}

function setSingle(input: InputData, select: number, copy: (max: number) => Uint8Array | number): number {
  const limits: Readonly<Record<number, number>> = {
    [Select.NAME]: MAX_STRING,
    [Select.SERIAL]: MAX_STRING,
    [Select.DEVICE_IDS]: 8,
    [Select.PROP_BITS]: 4,
  };
  const limit = limits[select];
  if (limit === undefined) return HypError.ARGUMENT_INVALID;
  const data = copy(limit);
  const bytes = typeof data === 'number' ? NOTHING : data;
  // A failed copy leaves a string empty and a number as it was; a short one changes only the low bytes of a number.
  if (select === Select.NAME) input.name = bytes;
  else if (select === Select.SERIAL) input.serial = bytes;
  else if (select === Select.DEVICE_IDS) input.deviceIds = overlay(input.deviceIds, bytes);
  else input.propBits = Number(overlay(BigInt(input.propBits), bytes));
  return typeof data === 'number' ? data : HypError.OK;
}

function overlay(old: bigint, bytes: Uint8Array): bigint {
  let value = old;
  bytes.forEach((b, i) => {
    const shift = BigInt(8 * i);
    value = (value & ~(0xffn << shift)) | (BigInt(b) << shift);
  });
  return value;
}

export function registerInput(hyp: Hypervisor): void {
  hyp.call(Call.VIRTIO_INPUT_CONFIGURE, configure);
  hyp.call(Call.VIRTIO_INPUT_SET_DATA, setData);
}
