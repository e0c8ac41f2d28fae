/**
 * Every hypercall that RM makes, typed, over the guest's port (fact base: hypercall-abi 4, rm-state-machines 7).
 * Calls without output return the error number; calls that create or copy a capability return {@link CapResult}.
 * IPAs, sizes and interrupt numbers are `number`, capabilities and flag words wider than 32 bits are `bigint`.
 */
import { lo32, toNumber, toU64, U64_MAX } from '../base/index.js';
import type { GuestPort } from '../hyp/abi.js';
import { Call, ExtentType, HypError, MapMemType, ModifyOp, VmmioOp } from '../protocol/index.js';

export interface CapResult {
  error: number;
  /** Valid only if `error` is OK. */
  cap: bigint;
}

/** Result of `vcpu_run` and `vcpu_run_check`. */
export interface RunResult {
  error: number;
  state: number;
  data0: bigint;
  data1: bigint;
  data2: bigint;
}

export interface LookupResult {
  error: number;
  offset: number;
  size: number;
  /** Raw mapping attributes: user access 2:0, kernel access 6:4, memory type 23:16. */
  attrs: number;
}

/** `addrspace_map_flags`, `memextent_modify_flags`, `memextent_donate_options`: do not wait for TLB maintenance. */
const NO_SYNC = 0x8000_0000n;
const PARTIAL = 1n;

/** Creatable kinds to their call. */
export const Create = {
  CSPACE: Call.PARTITION_CREATE_CSPACE,
  ADDRSPACE: Call.PARTITION_CREATE_ADDRSPACE,
  MEMEXTENT: Call.PARTITION_CREATE_MEMEXTENT,
  THREAD: Call.PARTITION_CREATE_THREAD,
  DOORBELL: Call.PARTITION_CREATE_DOORBELL,
  MSGQUEUE: Call.PARTITION_CREATE_MSGQUEUE,
  VIC: Call.PARTITION_CREATE_VIC,
  VPM_GROUP: Call.PARTITION_CREATE_VPM_GROUP,
  VIRTIO_MMIO: Call.PARTITION_CREATE_VIRTIO_MMIO,
} as const;

/** Own partition, cspace and address space of RM: where everything is created. */
export interface HvHome {
  readonly partition: bigint;
  readonly cspace: bigint;
  readonly addrspace: bigint;
}

const n = toU64;
const errorOf = (x0: bigint): number => lo32(x0) | 0;
/** Mapping attributes with the same access for user and kernel. */
const mapAttrs = (access: number, memType: number): bigint => n(access | (access << 4) | (memType << 16));

export class Hv {
  /** Outputs of the last {@link msgqueueReceive}. */
  received = 0;

  constructor(
    readonly port: GuestPort,
    readonly home: HvHome,
  ) {}

  #error(num: number, a0?: bigint, a1?: bigint, a2?: bigint, a3?: bigint, a4?: bigint, a5?: bigint, a6?: bigint) {
    return errorOf(this.port.hvc(num, a0, a1, a2, a3, a4, a5, a6)[0]);
  }

  /** Creates an object of {@link Create} in RM's space: state INIT, master capability. */
  create(call: number): CapResult {
    const r = this.port.hvc(call, this.home.partition, this.home.cspace);
    return { error: errorOf(r[0]), cap: r[1] };
  }

  activate(cap: bigint): number {
    return this.#error(Call.OBJECT_ACTIVATE, cap);
  }

  // Capability spaces

  cspaceConfigure(cap: bigint, maxCaps: number): number {
    return this.#error(Call.CSPACE_CONFIGURE, cap, n(maxCaps));
  }

  cspaceAttachThread(cspace: bigint, thread: bigint): number {
    return this.#error(Call.CSPACE_ATTACH_THREAD, cspace, thread);
  }

  /** Copies a capability of RM's space into another space with at most these rights. */
  copyCap(cap: bigint, dest: bigint, rights: number): CapResult {
    const r = this.port.hvc(Call.CSPACE_COPY_CAP_FROM, this.home.cspace, cap, dest, n(rights >>> 0));
    return { error: errorOf(r[0]), cap: r[1] };
  }

  deleteCap(cspace: bigint, cap: bigint): number {
    return this.#error(Call.CSPACE_DELETE_CAP_FROM, cspace, cap);
  }

  /** Deletes a capability of RM's own space. */
  deleteOwnCap(cap: bigint): number {
    return this.#error(Call.CSPACE_DELETE_CAP_FROM, this.home.cspace, cap);
  }

  // Memory extents

  /**
   * Creates, configures and activates an extent. With a parent, `base` is the offset in it; without, the physical base.
   * On failure the half-made object stays behind, as in RM.
   */
  memextentCreate(
    base: number,
    size: number,
    access: number,
    memType: number,
    parent: bigint,
    type: number = ExtentType.BASIC,
  ): CapResult {
    const made = this.create(Create.MEMEXTENT);
    if (made.error !== HypError.OK) return made;
    const attrs = n(access | (memType << 8) | (type << 16));
    let error =
      parent === U64_MAX
        ? this.#error(Call.MEMEXTENT_CONFIGURE, made.cap, n(base), n(size), attrs)
        : this.#error(Call.MEMEXTENT_CONFIGURE_DERIVE, made.cap, parent, n(base), n(size), attrs);
    if (error === HypError.OK) error = this.activate(made.cap);
    return { error, cap: made.cap };
  }

  #modify(cap: bigint, op: number, offset: number, size: number): number {
    return this.#error(Call.MEMEXTENT_MODIFY, cap, n(op) | NO_SYNC, n(offset), n(size));
  }

  memextentUnmapAll(cap: bigint): number {
    return this.#modify(cap, ModifyOp.UNMAP_ALL, 0, 0);
  }

  memextentZero(cap: bigint, offset: number, size: number): number {
    return this.#modify(cap, ModifyOp.ZERO_RANGE, offset, size);
  }

  memextentCacheFlush(cap: bigint, offset: number, size: number): number {
    return this.#modify(cap, ModifyOp.CACHE_FLUSH_RANGE, offset, size);
  }

  /** Moves ownership of a physical range; `offset` is a physical address for sparse extents. */
  memextentDonate(type: number, from: bigint, to: bigint, offset: number, size: number): number {
    return this.#error(Call.MEMEXTENT_DONATE, n(type) | NO_SYNC, from, to, n(offset), n(size));
  }

  // Address spaces

  addrspaceConfigure(cap: bigint, vmid: number): number {
    return this.#error(Call.ADDRSPACE_CONFIGURE, cap, n(vmid));
  }

  addrspaceConfigureInfoArea(cap: bigint, extent: bigint, ipa: number): number {
    return this.#error(Call.ADDRSPACE_CONFIGURE_INFO_AREA, cap, extent, n(ipa));
  }

  /** Registers a range whose faults leave `vcpu_run` as MMIO exits. */
  addrspaceConfigureVmmio(cap: bigint, base: number, size: number): number {
    return this.#error(Call.ADDRSPACE_CONFIGURE_VMMIO, cap, n(base), n(size), n(VmmioOp.ADD));
  }

  addrspaceAttachThread(cap: bigint, thread: bigint): number {
    return this.#error(Call.ADDRSPACE_ATTACH_THREAD, cap, thread);
  }

  addrspaceAttachVdevice(cap: bigint, device: bigint, index: number, base: number, size: number, flags: number) {
    return this.#error(Call.ADDRSPACE_ATTACH_VDEVICE, cap, device, n(index), n(base), n(size), n(flags));
  }

  /** Maps a part of an extent. */
  mapPartial(
    addrspace: bigint,
    extent: bigint,
    ipa: number,
    offset: number,
    size: number,
    access: number,
    memType: number = MapMemType.NORMAL_WB,
  ): number {
    const attrs = mapAttrs(access, memType);
    return this.#error(Call.ADDRSPACE_MAP, addrspace, extent, n(ipa), attrs, NO_SYNC | PARTIAL, n(offset), n(size));
  }

  /** Maps a whole extent. */
  map(addrspace: bigint, extent: bigint, ipa: number, access: number, memType: number = MapMemType.NORMAL_WB): number {
    const attrs = mapAttrs(access, memType);
    return this.#error(Call.ADDRSPACE_MAP, addrspace, extent, n(ipa), attrs, NO_SYNC, 0n, 0n);
  }

  unmapPartial(addrspace: bigint, extent: bigint, ipa: number, offset: number, size: number): number {
    return this.#error(Call.ADDRSPACE_UNMAP, addrspace, extent, n(ipa), NO_SYNC | PARTIAL, n(offset), n(size));
  }

  unmap(addrspace: bigint, extent: bigint, ipa: number): number {
    return this.#error(Call.ADDRSPACE_UNMAP, addrspace, extent, n(ipa), NO_SYNC, 0n, 0n);
  }

  /** What backs `ipa` in the space, as an offset in the extent; the contiguous prefix of at most `size` bytes. */
  addrspaceLookup(addrspace: bigint, extent: bigint, ipa: number, size: number): LookupResult {
    const r = this.port.hvc(Call.ADDRSPACE_LOOKUP, addrspace, extent, n(ipa), n(size));
    return { error: errorOf(r[0]), offset: toNumber(r[1]), size: toNumber(r[2]), attrs: lo32(r[3]) };
  }

  // Interrupts

  hwirqBind(hwirq: bigint, vic: bigint, virq: number): number {
    return this.#error(Call.HWIRQ_BIND_VIRQ, hwirq, vic, n(virq));
  }

  hwirqUnbind(hwirq: bigint): number {
    return this.#error(Call.HWIRQ_UNBIND_VIRQ, hwirq);
  }

  vicConfigure(vic: bigint, maxVcpus: number, maxVirqs: number, options: number, maxMsis: number): number {
    return this.#error(Call.VIC_CONFIGURE, vic, n(maxVcpus), n(maxVirqs), n(options), n(maxMsis));
  }

  vicAttachVcpu(vic: bigint, vcpu: bigint, index: number): number {
    return this.#error(Call.VIC_ATTACH_VCPU, vic, vcpu, n(index));
  }

  vicBindMsiSource(vic: bigint, source: bigint): number {
    return this.#error(Call.VIC_BIND_MSI_SOURCE, vic, source);
  }

  vgicSetMpidrMapping(vic: bigint, mask: number, shifts: readonly number[], mt: boolean): number {
    return this.#error(
      Call.VGIC_SET_MPIDR_MAPPING,
      vic,
      n(mask),
      n(shifts[0]),
      n(shifts[1]),
      n(shifts[2]),
      n(shifts[3]),
      mt ? 1n : 0n,
    );
  }

  // vCPUs and power groups

  vcpuConfigure(cap: bigint, options: bigint): number {
    return this.#error(Call.VCPU_CONFIGURE, cap, options);
  }

  vcpuSetAffinity(cap: bigint, affinity: number): number {
    return this.#error(Call.VCPU_SET_AFFINITY, cap, n(affinity & 0xffff), U64_MAX);
  }

  vcpuSetPriority(cap: bigint, priority: number): number {
    return this.#error(Call.VCPU_SET_PRIORITY, cap, n(priority >>> 0));
  }

  vcpuSetTimeslice(cap: bigint, ns: number): number {
    return this.#error(Call.VCPU_SET_TIMESLICE, cap, n(ns));
  }

  /** `flags`: 1 keeps the PC, 2 keeps x0. */
  vcpuPoweron(cap: bigint, entry: bigint, context: bigint, flags = 0): number {
    return this.#error(Call.VCPU_POWERON, cap, entry, context, n(flags));
  }

  vcpuKill(cap: bigint): number {
    return this.#error(Call.VCPU_KILL, cap);
  }

  #run(num: number, cap: bigint): RunResult {
    const r = this.port.hvc(num, cap);
    return { error: errorOf(r[0]), state: lo32(r[1]), data0: r[2], data1: r[3], data2: r[4] };
  }

  vcpuRun(cap: bigint): RunResult {
    return this.#run(Call.VCPU_RUN, cap);
  }

  vcpuRunCheck(cap: bigint): RunResult {
    return this.#run(Call.VCPU_RUN_CHECK, cap);
  }

  vcpuBindVirq(vcpu: bigint, vic: bigint, virq: number, type: number): number {
    return this.#error(Call.VCPU_BIND_VIRQ, vcpu, vic, n(virq), n(type));
  }

  vcpuUnbindVirq(vcpu: bigint, type: number): number {
    return this.#error(Call.VCPU_UNBIND_VIRQ, vcpu, n(type));
  }

  vcpuRegisterWrite(vcpu: bigint, set: number, index: number, value: bigint): number {
    return this.#error(Call.VCPU_REGISTER_WRITE, vcpu, n(set), n(index), value);
  }

  vpmGroupConfigure(cap: bigint, flags: number): number {
    return this.#error(Call.VPM_GROUP_CONFIGURE, cap, n(flags));
  }

  vpmGroupAttachVcpu(group: bigint, vcpu: bigint, index: number): number {
    return this.#error(Call.VPM_GROUP_ATTACH_VCPU, group, vcpu, n(index));
  }

  // Doorbells

  doorbellBind(cap: bigint, vic: bigint, virq: number): number {
    return this.#error(Call.DOORBELL_BIND_VIRQ, cap, vic, n(virq));
  }

  // Message queues

  msgqueueConfigure(cap: bigint, depth: number, messageSize: number): number {
    const low = (depth | (messageSize << 16)) >>> 0;
    return this.#error(Call.MSGQUEUE_CONFIGURE, cap, n((messageSize >>> 16) * 0x1_0000_0000 + low));
  }

  msgqueueBindSend(cap: bigint, vic: bigint, virq: number): number {
    return this.#error(Call.MSGQUEUE_BIND_SEND_VIRQ, cap, vic, n(virq));
  }

  msgqueueBindReceive(cap: bigint, vic: bigint, virq: number): number {
    return this.#error(Call.MSGQUEUE_BIND_RECEIVE_VIRQ, cap, vic, n(virq));
  }

  msgqueueUnbindSend(cap: bigint): number {
    return this.#error(Call.MSGQUEUE_UNBIND_SEND_VIRQ, cap);
  }

  /** Sends `size` bytes at `ipa` without push, as RM always does. */
  msgqueueSend(cap: bigint, size: bigint, ipa: bigint): number {
    return lo32(this.port.hvc(Call.MSGQUEUE_SEND, cap, size, ipa, 0n)[0]);
  }

  /** Receives into `size` bytes at `ipa`; the length is in {@link received}. */
  msgqueueReceive(cap: bigint, ipa: bigint, size: bigint): number {
    const r = this.port.hvc(Call.MSGQUEUE_RECEIVE, cap, ipa, size);
    this.received = lo32(r[1]);
    return lo32(r[0]);
  }

  // virtio-mmio

  /** `deviceType` undefined: no valid type. */
  virtioConfigure(cap: bigint, extent: bigint, vqs: number, deviceType: number | undefined): number {
    const flags = deviceType === undefined ? 0n : 0x40n;
    return this.#error(Call.VIRTIO_MMIO_CONFIGURE, cap, extent, n(vqs), flags, n(deviceType ?? 0));
  }

  virtioBackendBind(cap: bigint, vic: bigint, virq: number): number {
    return this.#error(Call.VIRTIO_MMIO_BACKEND_BIND_VIRQ, cap, vic, n(virq));
  }

  virtioFrontendBind(cap: bigint, vic: bigint, virq: number): number {
    return this.#error(Call.VIRTIO_MMIO_FRONTEND_BIND_VIRQ, cap, vic, n(virq));
  }

  // Others

  /** 64 random bits of the platform. */
  random64(): bigint {
    const r = this.port.hvc(Call.PRNG_GET_ENTROPY, 8n);
    return BigInt.asUintN(32, r[1]) | (BigInt.asUintN(32, r[2]) << 32n);
  }
}
