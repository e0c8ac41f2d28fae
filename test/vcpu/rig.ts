/** vCPUs on a hypervisor with a stub GIC and stub memory. */
import {
  type CSpace,
  defaultHypConfig,
  grantMaster,
  Hypervisor,
  type HypObject,
  NO_OBJECT,
  nativeCall,
  ObjectState,
  registerCore,
  type VirqSource,
} from '../../src/hyp/index.js';
import { registerSmccc, smcccCall } from '../../src/hyp/smccc.js';
import { HypError, ObjectType, VcpuOption } from '../../src/protocol/index.js';
import {
  executing,
  nextDeadline,
  powerOn,
  registerPsci,
  registerScheduler,
  registerVcpu,
  schedState,
  step,
  type Vcpu,
  type VpmGroup,
} from '../../src/vcpu/index.js';

export interface VcpuSpec {
  cpu?: number;
  priority?: number;
  sliceNs?: number;
  options?: bigint;
  group?: number;
  index?: number;
}

export interface Rig {
  hyp: Hypervisor;
  cspace: CSpace;
  /** vCPUs with a deliverable interrupt. */
  pending: Set<number>;
  /** Raised edges: owner and kind. */
  edges: { owner: number; kind: number }[];
  stoppedVcpus: number[];
  vmmio: { base: number; size: number }[];
  make(spec?: VcpuSpec): Vcpu;
  /** Made, activated and powered on. */
  start(spec?: VcpuSpec): Vcpu;
  group(noAggregation: boolean): VpmGroup;
  cap(object: HypObject): bigint;
  /** Native hypercall of the thread in control of its CPU; x0..x7, or `undefined` when it gave up the CPU. */
  call(v: Vcpu, num: number, ...args: bigint[]): bigint[] | undefined;
  smccc(v: Vcpu, ...x: bigint[]): bigint[] | undefined;
  /** Time passes on all CPUs, with the steps that become due. */
  advance(ns: number): void;
  /** Steps every CPU at the present time. */
  settle(): void;
  on(cpu: number): number;
}

export function rig(cores = 2): Rig {
  const hyp = new Hypervisor({ ...defaultHypConfig(), cores });
  registerCore(hyp);
  registerScheduler(hyp, cores);
  registerVcpu(hyp);
  registerSmccc(hyp);
  registerPsci(hyp);
  hyp.kind<HypObject>(ObjectType.VIC, { create: (_h, o) => o, activate: () => HypError.OK });
  hyp.kind<HypObject>(ObjectType.ADDRSPACE, { create: (_h, o) => o, activate: () => HypError.OK });
  const pending = new Set<number>();
  const edges: { owner: number; kind: number }[] = [];
  const stoppedVcpus: number[] = [];
  const vmmio: { base: number; size: number }[] = [];
  hyp.vic = {
    ...({} as Hypervisor['vic']),
    assertSource: (s) => void edges.push({ owner: s.owner, kind: s.kind }),
    clearSource: () => {},
    bindSource: (s: VirqSource, vic, virq) => {
      s.vic = vic;
      s.virq = virq;
      return HypError.OK;
    },
    unbindSource: (s) => {
      s.vic = NO_OBJECT;
    },
    vcpuActivate: () => HypError.OK,
    vcpuStopped: (v) => void stoppedVcpus.push(v.id),
    vcpuReleased: () => {},
    vcpuSwitchedIn: () => {},
    vcpuSwitchedOut: () => {},
    hasPendingWakeup: (v) => pending.has(v.id),
    mpidr: (v) => 0x8000_0000n | BigInt((v as Vcpu).groupIndex),
    isAttached: () => true,
    mpidrIndex: (_v, affinity) => (affinity > 0xffffn ? -1 : Number(affinity)),
    mmioAccess: () => undefined,
    isEdge: () => false,
    beforeWfi: () => {},
    nextTimerEvent: () => Number.POSITIVE_INFINITY,
    timersDue: () => {},
    restored: () => {},
  };
  hyp.mem = {
    ...({} as Hypervisor['mem']),
    inVmmioRange: (_as, ipa, size) => vmmio.some((r) => ipa >= r.base && ipa + size <= r.base + r.size),
    translate: () => -1,
  };
  const made = <T extends HypObject>(type: number): T => {
    const object = hyp.create<T>(type, partitionId);
    if (typeof object === 'number') throw new Error(`create ${type}: ${object}`);
    hyp.setState(object, ObjectState.ACTIVE);
    return object;
  };
  let partitionId = NO_OBJECT;
  partitionId = hyp.ref(made(ObjectType.PARTITION).id);
  const cspace = made<CSpace>(ObjectType.CSPACE);
  cspace.maxCaps = 1000;
  const addrspace = made(ObjectType.ADDRSPACE);
  const vic = made(ObjectType.VIC);
  for (const o of [cspace, addrspace, vic]) hyp.ref(o.id);

  const self: Rig = {
    hyp,
    cspace,
    pending,
    edges,
    stoppedVcpus,
    vmmio,
    make(spec = {}) {
      const v = made<Vcpu>(ObjectType.THREAD);
      hyp.setState(v, ObjectState.INIT);
      v.cspace = hyp.ref(cspace.id);
      v.addrspace = hyp.ref(addrspace.id);
      if (spec.cpu !== undefined) v.affinity = spec.cpu;
      if (spec.priority !== undefined) v.priority = spec.priority;
      if (spec.sliceNs !== undefined) v.sliceNs = spec.sliceNs;
      v.options = spec.options ?? 0n;
      if (spec.group !== undefined) v.group = hyp.ref(spec.group);
      v.groupIndex = spec.index ?? 0;
      v.haltVirq.vic = vic.id;
      v.wakeupVirq.vic = vic.id;
      hyp.ref(v.id);
      return v;
    },
    start(spec = {}) {
      const v = self.make(spec);
      const error = hyp.activate(v);
      if (error !== HypError.OK) throw new Error(`activate: ${error}`);
      powerOnFor(self, v);
      return v;
    },
    group(noAggregation) {
      const group = made<VpmGroup>(ObjectType.VPM_GROUP);
      hyp.setState(group, ObjectState.INIT);
      group.noAggregation = noAggregation;
      hyp.activate(group);
      hyp.ref(group.id);
      return group;
    },
    cap: (object) => grantMaster(hyp, cspace, object) ?? -1n,
    call(v, num, ...args) {
      v.x.fill(0n);
      args.forEach((a, i) => {
        v.x[i] = BigInt.asUintN(64, a);
      });
      const returned = nativeCall(hyp, v, 0x6000 + num);
      return returned || executing(hyp, Math.max(v.running, 0))?.id === v.id ? [...v.x.subarray(0, 8)] : undefined;
    },
    smccc(v, ...x) {
      v.x.fill(0n);
      x.forEach((a, i) => {
        v.x[i] = BigInt.asUintN(64, a);
      });
      const returned = smcccCall(hyp, v, 0);
      return returned || executing(hyp, Math.max(v.running, 0))?.id === v.id ? [...v.x.subarray(0, 8)] : undefined;
    },
    advance(ns) {
      const end = hyp.now + ns;
      for (;;) {
        let at = end;
        for (let cpu = 0; cpu < cores; cpu++) at = Math.min(at, nextDeadline(hyp, cpu));
        hyp.now = Math.max(hyp.now, at);
        for (let cpu = 0; cpu < cores; cpu++) step(hyp, cpu);
        if (at >= end) return;
      }
    },
    settle() {
      for (let cpu = 0; cpu < cores; cpu++) step(hyp, cpu);
    },
    on: (cpu) => executing(hyp, cpu)?.id ?? -1,
  };
  return self;
}

function powerOnFor(r: Rig, v: Vcpu): void {
  const error = powerOn(r.hyp, v, 0x1000n, 0n);
  if (error !== HypError.OK) throw new Error(`poweron: ${error}`);
  r.settle();
}

export const PROXY = VcpuOption.VCPU_RUN_SCHEDULED;
export { schedState };
