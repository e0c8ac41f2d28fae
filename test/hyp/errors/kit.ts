/** Objects of every kind in every state, made by the primary VM through its own calls: what the table of refusals is set up with. */
import type { Hwirq } from '../../../src/gic/hwirq.js';
import type { HypObject } from '../../../src/hyp/index.js';
import { ALL_RIGHTS, Call, ObjectType } from '../../../src/protocol/index.js';
import { FREE_MEMORY, giveAll, type OpenMachine } from '../../support/open-machine.js';

/** Arguments of a call by name. */
export type Args = Record<string, bigint>;

export const PAGE = 0x1000n;
/** Memory of the primary VM that it may write. */
export const BUFFER = 0x4100_0000n;
/** Write-back memory, read and write for user and kernel. */
export const MAP_RW = 0xf_0066n;
export const NO_SYNC = 0x8000_0000n;
export const PARTIAL = 1n;
/** Extents: all access; that may be given away in parts; that devices have. */
export const RWX = 7n;
export const SPARSE = 0x1_0000n;
export const DEVICE_MEMORY = 0x100n;
export const INFO_VMID = 200n;

const CREATE: Readonly<Record<number, number>> = {
  [ObjectType.CSPACE]: Call.PARTITION_CREATE_CSPACE,
  [ObjectType.ADDRSPACE]: Call.PARTITION_CREATE_ADDRSPACE,
  [ObjectType.MEMEXTENT]: Call.PARTITION_CREATE_MEMEXTENT,
  [ObjectType.THREAD]: Call.PARTITION_CREATE_THREAD,
  [ObjectType.DOORBELL]: Call.PARTITION_CREATE_DOORBELL,
  [ObjectType.MSGQUEUE]: Call.PARTITION_CREATE_MSGQUEUE,
  [ObjectType.VIC]: Call.PARTITION_CREATE_VIC,
  [ObjectType.VPM_GROUP]: Call.PARTITION_CREATE_VPM_GROUP,
  [ObjectType.VIRTIO_MMIO]: Call.PARTITION_CREATE_VIRTIO_MMIO,
};

export interface ThreadSpec {
  options?: bigint;
  affinity?: bigint;
  group?: bigint;
  groupIndex?: bigint;
  vic?: bigint;
  index?: bigint;
}

/** One machine; whoever uses it takes it back to {@link mark} first. */
export class Kit {
  readonly partition: bigint;
  readonly space: bigint;
  /** The primary VM's own vCPU, and the second VM's, which is proxy-scheduled. */
  readonly self: bigint;
  /** What the primary VM sees as memory. */
  readonly ownMemory: bigint;
  readonly guest: bigint;
  private memory = FREE_MEMORY;

  constructor(readonly m: OpenMachine) {
    const maker = giveAll(m);
    this.partition = maker.partition;
    this.space = maker.space;
    this.self = this.give(m.host.vcpu);
    this.ownMemory = this.give(m.sim.hyp.get(m.host.vcpu.addrspace));
    this.guest = this.give(m.guest.vcpu);
  }

  /** A starting point; the result goes back to it. */
  mark(): () => void {
    const back = this.m.mark();
    const { memory } = this;
    return () => {
      back();
      this.memory = memory;
    };
  }

  private give(object: HypObject): bigint {
    const cap = this.m.give(this.m.spaceOf(this.m.host), object);
    if (cap === undefined) throw new Error('the space is full');
    return cap;
  }

  /** A new object, in state INIT. */
  init(type: number, space = this.space): bigint {
    return this.m.must(CREATE[type], this.partition, space);
  }

  activate(cap: bigint): bigint {
    this.m.must(Call.OBJECT_ACTIVATE, cap);
    return cap;
  }

  private made(type: number, configure: number, ...args: bigint[]): bigint {
    const cap = this.init(type);
    this.m.must(configure, cap, ...args);
    return this.activate(cap);
  }

  cspace = (max = 20n): bigint => this.made(ObjectType.CSPACE, Call.CSPACE_CONFIGURE, max);
  addrspace = (vmid = INFO_VMID): bigint => this.made(ObjectType.ADDRSPACE, Call.ADDRSPACE_CONFIGURE, vmid);
  queue = (depth = 2n): bigint => this.made(ObjectType.MSGQUEUE, Call.MSGQUEUE_CONFIGURE, depth | (64n << 16n));
  vic = (virqs = 64n): bigint => this.made(ObjectType.VIC, Call.VIC_CONFIGURE, 2n, virqs, 0n, 0n);
  group = (flags = 0n): bigint => this.made(ObjectType.VPM_GROUP, Call.VPM_GROUP_CONFIGURE, flags);
  doorbell = (): bigint => this.activate(this.init(ObjectType.DOORBELL));

  /** Memory that nobody has. */
  free(size: bigint): bigint {
    const at = this.memory;
    this.memory += size;
    return at;
  }

  extent(size = PAGE, attrs = RWX): bigint {
    return this.made(ObjectType.MEMEXTENT, Call.MEMEXTENT_CONFIGURE, this.free(size), size, attrs);
  }

  derived(parent: bigint, offset: bigint, size: bigint, attrs = RWX): bigint {
    return this.made(ObjectType.MEMEXTENT, Call.MEMEXTENT_CONFIGURE_DERIVE, parent, offset, size, attrs);
  }

  /** A SPARSE extent with all its memory. */
  sparse(size = 4n * PAGE): bigint {
    const me = this.extent(size, RWX | SPARSE);
    this.m.must(Call.MEMEXTENT_DONATE, NO_SYNC, this.partition, me, 0n, size);
    return me;
  }

  map(space: bigint, me: bigint, at: bigint): void {
    this.m.must(Call.ADDRSPACE_MAP, space, me, at, MAP_RW, NO_SYNC, 0n, 0n);
  }

  /** Type 18 is an input device, of which more is known; otherwise a device without a type. */
  device(input = true): bigint {
    return this.made(ObjectType.VIRTIO_MMIO, Call.VIRTIO_MMIO_CONFIGURE, this.extent(), 2n, input ? 0x40n : 0n, 18n);
  }

  /** Ready to be activated. */
  thread(spec: ThreadSpec = {}): bigint {
    const { m } = this;
    const cap = this.init(ObjectType.THREAD);
    m.must(Call.ADDRSPACE_ATTACH_THREAD, this.addrspaceFor(), cap);
    m.must(Call.CSPACE_ATTACH_THREAD, this.space, cap);
    m.must(Call.VIC_ATTACH_VCPU, spec.vic ?? this.vic(), cap, spec.index ?? 0n);
    if (spec.group !== undefined) m.must(Call.VPM_GROUP_ATTACH_VCPU, spec.group, cap, spec.groupIndex ?? 0n);
    if (spec.options !== undefined) m.must(Call.VCPU_CONFIGURE, cap, spec.options);
    if (spec.affinity !== undefined) m.must(Call.VCPU_SET_AFFINITY, cap, spec.affinity, -1n);
    return cap;
  }

  private vmid = 210n;
  private addrspaceFor(): bigint {
    this.vmid = this.vmid === 250n ? 210n : this.vmid + 1n;
    return this.addrspace(this.vmid);
  }

  /** Active and off. */
  vcpu = (spec: ThreadSpec = {}): bigint => this.activate(this.thread(spec));

  poweredOn(spec: ThreadSpec = {}): bigint {
    const cap = this.vcpu(spec);
    this.m.must(Call.VCPU_POWERON, cap, BUFFER, 0n, 0n);
    return cap;
  }

  killed(): bigint {
    const cap = this.vcpu();
    this.m.must(Call.VCPU_KILL, cap);
    return cap;
  }

  /** An object whose activation failed. */
  failed(type: number): bigint {
    const cap = this.init(type);
    if (this.m.ask(Call.OBJECT_ACTIVATE, cap)[0] === 0n) throw new Error('activated without a configuration');
    return cap;
  }

  copy(cap: bigint, rights = 0xffff_ffffn, to = this.space): bigint {
    return this.m.must(Call.CSPACE_COPY_CAP_FROM, this.space, cap, to, rights);
  }

  revoked(): bigint {
    const master = this.doorbell();
    const copy = this.copy(master);
    this.m.must(Call.CSPACE_REVOKE_CAPS_FROM, this.space, master);
    return copy;
  }

  /** A slot that is empty. */
  empty(): bigint {
    const cap = this.doorbell();
    this.m.must(Call.CSPACE_DELETE_CAP_FROM, this.space, cap);
    return cap;
  }

  /** An active space without a free slot. */
  full(): bigint {
    const space = this.cspace(1n);
    this.init(ObjectType.DOORBELL, space);
    return space;
  }

  /** A hardware interrupt of the board that nothing is bound to: shared, or private to a CPU. RM has bound all of them. */
  hwirq(shared = true): bigint {
    const found = this.m.sim.hyp.objects.find((o) => o?.type === ObjectType.HWIRQ && (o as Hwirq).irq >= 32 === shared);
    const cap = this.give(found as HypObject);
    this.m.ask(Call.HWIRQ_UNBIND_VIRQ, cap);
    return cap;
  }

  /** An active object of another type than `type`, by a capability with every right. */
  other(type: number): bigint {
    return type === ObjectType.DOORBELL ? this.group() : this.doorbell();
  }

  /** The same object by a capability without `right`, with any other right in its place. */
  without(cap: bigint, type: number, right: number): bigint {
    return this.copy(cap, BigInt((ALL_RIGHTS[type] & ~right) >>> 0));
  }
}

/** By rule (`call.n`): makes that rule refuse, where nothing else does; what differs from the good arguments. */
export type Cases = Readonly<Record<string, (k: Kit, good: Args) => Args>>;
