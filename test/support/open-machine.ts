/**
 * A running machine with a second VM whose driver plays both VMs, for tests of hypercalls on the whole hypervisor. The primary VM
 * may be given capabilities to every object there is: then it can do whatever RM can.
 */
import { readFileSync } from 'node:fs';
import { allocateSlot, installCap } from '../../src/hyp/cspace.js';
import { type CSpace, encodeCapId, HYPERCALL_BASE, type HypObject } from '../../src/hyp/index.js';
import { ALL_RIGHTS, Call, HYPERCALLS, ObjectType } from '../../src/protocol/index.js';
import { parseScenario, Run } from '../../src/scenario/index.js';
import { HostVcpu, type Outcome, restoreSnapshot, type Simulator, takeSnapshot } from '../../src/sim/index.js';
import { type Check, invariantChecker } from '../../src/sim/invariants/index.js';
import { rmObject } from '../../src/sim/who.js';
import type { Vcpu } from '../../src/vcpu/index.js';

/** Just long enough to start waiting. */
const NO_WAIT = 1;
/** The example's second VM. */
const VM = 0x80;
const scenario = parseScenario(readFileSync(new URL('../../examples/two-vms.json', import.meta.url), 'utf8'));

export interface OpenMachine {
  readonly sim: Simulator;
  readonly host: HostVcpu;
  readonly guest: HostVcpu;
  /** Made from the machine after boot. */
  readonly check: Check;
  /** A capability with every right to the object, in a space; undefined: the space is full. */
  give(to: CSpace, object: HypObject): bigint | undefined;
  spaceOf(who: HostVcpu): CSpace;
  /** Whoever has the CPU: the guest after the primary VM has run it, if that is wanted and possible. */
  inControl(wantGuest: boolean): HostVcpu | undefined;
  call(who: HostVcpu, number: number, args: readonly bigint[]): Outcome;
  /** A call of the primary VM: x0..x7 afterwards. */
  ask(number: number, ...args: bigint[]): bigint[];
  /** {@link ask}, which has to succeed: x1. */
  must(number: number, ...args: bigint[]): bigint;
  /** A starting point; the result goes back to it. */
  mark(): () => void;
}

/** Up to the second VM running. */
export function openMachine(): OpenMachine {
  const run = new Run(scenario, { sim: { hyp: { quirks: { lendKeepsBlockMappings: false } } } });
  const { sim } = run;
  const check = invariantChecker(sim);
  const running = scenario.steps.findIndex((s) => s.label === 'running');
  while (run.next <= running) run.step();
  if (run.failures.length > 0) throw new Error(run.failures[0].text);
  const record = sim.rm.vms[VM]?.config?.vcpus[0];
  const vcpu = record === undefined ? undefined : (rmObject(sim, record.masterCap) as Vcpu | undefined);
  if (record === undefined || vcpu === undefined) throw new Error('no second VM');
  sim.setProgram(vcpu, 'host');
  const host = new HostVcpu(sim, (sim.primaryVcpu() as Vcpu).id);
  const guest = new HostVcpu(sim, vcpu.id);
  const runs = (who: HostVcpu): boolean => {
    const v = sim.hyp.objects[who.id];
    return v !== undefined && sim.inControl(v as Vcpu);
  };
  const ask = (number: number, ...args: bigint[]): bigint[] => {
    host.call(
      'hvc',
      HYPERCALL_BASE + number,
      args.map((a) => BigInt.asUintN(64, a)),
    );
    return [...host.x.subarray(0, 8)];
  };
  return {
    sim,
    host,
    guest,
    check,
    ask,
    must(number, ...args) {
      const [error, value] = ask(number, ...args);
      if (error !== 0n) throw new Error(`${HYPERCALLS[number].name}: ${error}`);
      return value;
    },
    give(to, object) {
      const slot = allocateSlot(to);
      if (slot < 0) return undefined;
      installCap(sim.hyp, to, slot, object, ALL_RIGHTS[object.type], false);
      return encodeCapId(to, slot);
    },
    spaceOf: (who) => sim.hyp.get<CSpace>(who.vcpu.cspace),
    inControl(wantGuest) {
      if (wantGuest && runs(host) && !runs(guest))
        host.call('hvc', HYPERCALL_BASE + Call.VCPU_RUN, [record.ownerCap], NO_WAIT);
      else if (!wantGuest && runs(guest) && !runs(host))
        guest.call('hvc', HYPERCALL_BASE + Call.SCHEDULER_YIELD, [], NO_WAIT);
      const [first, second] = wantGuest ? [guest, host] : [host, guest];
      return runs(first) ? first : runs(second) ? second : undefined;
    },
    call: (who, number, args) => who.call('hvc', HYPERCALL_BASE + number, args, NO_WAIT),
    mark() {
      const snapshot = takeSnapshot(sim);
      return () => restoreSnapshot(sim, snapshot);
    },
  };
}

/** What the primary VM needs to make objects. */
export interface Maker {
  partition: bigint;
  /** Its own space. */
  space: bigint;
}

/** Memory that the partition has to give: from here on 0x2dd0_0000 bytes. */
export const FREE_MEMORY = 0x9000_0000n;

const CREATE: readonly number[] = [
  Call.PARTITION_CREATE_CSPACE,
  Call.PARTITION_CREATE_ADDRSPACE,
  Call.PARTITION_CREATE_MEMEXTENT,
  Call.PARTITION_CREATE_THREAD,
  Call.PARTITION_CREATE_DOORBELL,
  Call.PARTITION_CREATE_MSGQUEUE,
  Call.PARTITION_CREATE_VIC,
  Call.PARTITION_CREATE_VPM_GROUP,
  Call.PARTITION_CREATE_VIRTIO_MMIO,
];

/** Gives the primary VM every right to every object but its own vCPU, and the guest too. */
export function giveAll(m: OpenMachine): Maker {
  const { hyp } = m.sim;
  const maker: Maker = { partition: -1n, space: -1n };
  for (const who of [m.guest, m.host]) {
    const space = m.spaceOf(who);
    for (const object of [...hyp.objects]) {
      if (object === undefined || object.id === who.id) continue;
      const cap = m.give(space, object) ?? -1n;
      if (object.type === ObjectType.PARTITION) maker.partition = cap;
      if (object === space) maker.space = cap;
    }
  }
  return maker;
}

/** An object of every type in use, unbound and unmapped, and a new one of every type. */
export function furnish(m: OpenMachine, { partition, space }: Maker): void {
  const use = (create: number, configure: number, ...args: bigint[]): bigint => {
    const cap = m.must(create, partition, space);
    m.must(configure, cap, ...args);
    m.must(Call.OBJECT_ACTIVATE, cap);
    return cap;
  };
  use(Call.PARTITION_CREATE_CSPACE, Call.CSPACE_CONFIGURE, 100n);
  use(Call.PARTITION_CREATE_ADDRSPACE, Call.ADDRSPACE_CONFIGURE, 200n);
  use(Call.PARTITION_CREATE_MEMEXTENT, Call.MEMEXTENT_CONFIGURE, FREE_MEMORY, 0x1_0000n, 7n);
  use(Call.PARTITION_CREATE_MSGQUEUE, Call.MSGQUEUE_CONFIGURE, 0x10_0004n);
  use(Call.PARTITION_CREATE_VIC, Call.VIC_CONFIGURE, 2n, 64n, 0n, 0n);
  use(Call.PARTITION_CREATE_VPM_GROUP, Call.VPM_GROUP_CONFIGURE, 0n);
  m.must(Call.OBJECT_ACTIVATE, m.must(Call.PARTITION_CREATE_DOORBELL, partition, space));
  const page = use(Call.PARTITION_CREATE_MEMEXTENT, Call.MEMEXTENT_CONFIGURE, FREE_MEMORY + 0x10_0000n, 0x1000n, 7n);
  use(Call.PARTITION_CREATE_VIRTIO_MMIO, Call.VIRTIO_MMIO_CONFIGURE, page, 2n, 0x40n, 18n);
  for (const call of CREATE) m.must(call, partition, space);
}
