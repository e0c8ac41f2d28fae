/**
 * What must hold of every state of the simulated machine, whatever guests did: checked between two inputs.
 *
 * A checker is made from a freshly booted machine, because a few references and capabilities of boot belong to nothing that
 * is recorded (fact base: platform-qemu 5); from then on everything has to add up. Costs one pass over the objects.
 * Leaves out: contents of memory, registers, virtual time.
 */

import type { GicThread, Vic } from '../gic/index.js';
import {
  CapState,
  type CSpace,
  type Hypervisor,
  type HypObject,
  NO_OBJECT,
  ObjectState,
  type VirqSource,
} from '../hyp/index.js';
import type { MsgQueue } from '../msgq/index.js';
import { ObjectType } from '../protocol/index.js';
import { isRunnable, Life, schedState, type Vcpu } from '../vcpu/index.js';
import { addressSpaceFaults } from './invariants-memory.js';
import { quickRmFaults, rmFaults } from './invariants-rm.js';
import type { Simulator } from './simulator.js';
import { rootCspace } from './who.js';

export interface Violation {
  /** Name of the invariant: one of {@link INVARIANTS}. */
  invariant: string;
  what: string;
}

/** Every invariant by name, with the sentence that it stands for. */
export const INVARIANTS: Readonly<Record<string, string>> = {
  'refs-exact': 'every reference to an object is counted, and nothing else is',
  'caps-live':
    'every valid capability slot names a live object, and that object lists the slot; counters of the space agree',
  'pages-one-owner':
    'the ownership map is sorted, its neighbours differ, and every owner is a live extent or partition',
  'mappings-recorded':
    'every stage-2 page belongs to the owner that recorded this mapping, with no more access than recorded',
  'parcels-agree': "RM's parcels own exactly their pages, and their counts and states agree with their targets",
  'parcel-lists-agree': 'a VM lists exactly the parcels that it has accepted',
  'virqs-agree': "RM's interrupt tables, the VICs' bindings and the sources name the same numbers",
  'one-cpu-per-vcpu': 'a vCPU executes on at most one CPU, and run queues hold exactly the runnable vCPUs that wait',
  'proxy-in-run': 'a proxy-scheduled vCPU is unblocked only while a vcpu_run of it is going on',
  'peers-mutual': 'peers of VM records are mutual, exist and are listed once',
  'queues-bounded': 'a message queue holds no more messages than its depth, none longer than its limit',
  'links-have-queues': "RM's links name live queues, and RM keeps no more notifications than its limit",
  'no-cap-leak':
    "without configured secondary VMs, every space holds what it held after boot, and RM's its parcels besides",
};

export type Check = (sim: Simulator) => Violation[];

export type Fail = (invariant: string, what: string) => void;

/** Counts kept between calls: one array, reused. */
class Counter {
  counts = new Int32Array(256);

  reset(size: number): void {
    if (this.counts.length < size) this.counts = new Int32Array(size * 2);
    else this.counts.fill(0);
  }

  add(id: number): void {
    if (id >= 0) this.counts[id]++;
  }
}

const counter = new Counter();

function countReferences(sim: Simulator): Int32Array {
  const { hyp } = sim;
  counter.reset(hyp.objects.length);
  for (const object of hyp.objects) {
    if (object === undefined) continue;
    if (object.caps.length > 0) counter.add(object.id);
    switch (object.type) {
      case ObjectType.THREAD:
        countThread(object as Vcpu);
        break;
      case ObjectType.MEMEXTENT:
        counter.add((object as unknown as { parent: number }).parent);
        break;
      case ObjectType.ADDRSPACE:
        counter.add((object as unknown as { infoExtent: number }).infoExtent);
        break;
      case ObjectType.VIRTIO_MMIO:
        counter.add((object as unknown as { extent: number }).extent);
        break;
      case ObjectType.VIC:
        counter.add((object as Vic).gicd.addrspace);
        break;
    }
  }
  return counter.counts;
}

function countThread(v: Vcpu): void {
  counter.add(v.cspace);
  counter.add(v.addrspace);
  counter.add(v.group);
  counter.add(v.yieldTo);
  const { gic } = v as GicThread;
  if (gic !== undefined) {
    counter.add(gic.vic);
    counter.add(gic.window.addrspace);
  }
  // An activated thread holds itself until its CPU has left it for good.
  if (v.life === Life.READY || v.life === Life.KILLED || (v.life === Life.EXITED && v.running >= 0)) counter.add(v.id);
  if (v.pending?.kind === 'run') counter.add(v.pending.target);
  // A move that is not finished.
  if ((v.block & MOVING) !== 0) counter.add(v.id);
}

const MOVING = 1 << 3;
const RUN = 1 << 11;

const INTIDS = 1024;

/** Which numbers of which VIC have a source: by slot of the VIC, reused. */
class Bindings {
  private owner = new Int32Array(16 * INTIDS);
  private readonly slots: number[] = [];
  private used = 0;

  /** Takes the VICs of a machine. */
  reset(objects: readonly (HypObject | undefined)[]): void {
    this.used = 0;
    for (const o of objects) if (o?.type === ObjectType.VIC) this.slots[o.id] = this.used++;
    if (this.used * INTIDS > this.owner.length) this.owner = new Int32Array(this.used * 2 * INTIDS);
    else this.owner.fill(0, 0, this.used * INTIDS);
  }

  /** Object whose source has the number already, or -1; now it is `id`'s. */
  bind(vic: number, virq: number, id: number): number {
    const at = this.slots[vic] * INTIDS + virq;
    const before = this.owner[at] - 1;
    this.owner[at] = id + 1;
    return before;
  }

  /** Shared numbers with a source. */
  count(vic: number): number {
    let n = 0;
    const at = this.slots[vic] * INTIDS;
    for (let i = at + 32; i < at + INTIDS; i++) if (this.owner[i] !== 0) n++;
    return n;
  }
}

const bindings = new Bindings();

function checkSource(hyp: Hypervisor, id: number, source: VirqSource | undefined, fail: Fail): void {
  if (source === undefined || source.vic === NO_OBJECT) return;
  const { vic: vicId, virq } = source;
  const vic = hyp.objects[vicId] as Vic | undefined;
  const name = (): string => `source ${source.kind} of object ${id}`;
  if (vic === undefined || vic.type !== ObjectType.VIC) {
    fail('virqs-agree', `${name()} is bound to object ${vicId}, which is no VIC`);
    return;
  }
  const other = bindings.bind(vicId, virq, id);
  if (other >= 0) fail('virqs-agree', `${name()} and one of object ${other} are both bound to ${virq} of VIC ${vicId}`);
  if (virq >= 32 && vic.bound[virq - 32] !== 1)
    fail('virqs-agree', `${name()} is bound to ${virq}, which VIC ${vicId} holds for free`);
}

function checkSources(sim: Simulator, fail: Fail): void {
  const { hyp } = sim;
  bindings.reset(hyp.objects);
  for (const object of hyp.objects) {
    if (object === undefined) continue;
    const o = object as unknown as Record<string, VirqSource>;
    switch (object.type) {
      case ObjectType.HWIRQ:
      case ObjectType.DOORBELL:
        checkSource(hyp, object.id, o.source, fail);
        break;
      case ObjectType.MSGQUEUE:
        checkSource(hyp, object.id, o.sendSource, fail);
        checkSource(hyp, object.id, o.receiveSource, fail);
        break;
      case ObjectType.THREAD:
        checkSource(hyp, object.id, o.haltVirq, fail);
        checkSource(hyp, object.id, o.wakeupVirq, fail);
        break;
      case ObjectType.VPM_GROUP:
        checkSource(hyp, object.id, o.suspendVirq, fail);
        break;
      case ObjectType.VIRTIO_MMIO:
        checkSource(hyp, object.id, o.backend, fail);
        checkSource(hyp, object.id, o.frontend, fail);
        break;
    }
  }
  for (const object of hyp.objects) {
    if (object?.type !== ObjectType.VIC) continue;
    let bound = 0;
    const marks = (object as Vic).bound;
    for (let i = 0; i < marks.length; i++) if (marks[i] === 1) bound++;
    const known = bindings.count(object.id);
    if (bound !== known) fail('virqs-agree', `VIC ${object.id} holds ${bound} numbers for bound, sources say ${known}`);
  }
}

function checkCapabilities(sim: Simulator, fail: Fail): void {
  const { hyp } = sim;
  for (const object of hyp.objects) {
    if (object === undefined) continue;
    for (const key of object.caps) {
      const space = hyp.objects[Math.floor(key / 0x10000)] as CSpace | undefined;
      const table = space?.type === ObjectType.CSPACE ? space.tables[(key >> 8) & 0xff] : undefined;
      if (table == null || table.state[key & 0xff] !== CapState.VALID || table.object[key & 0xff] !== object.id)
        fail(
          'caps-live',
          `object ${object.id} lists slot ${key & 0xffff} of space ${space?.id}, which does not name it`,
        );
    }
    if (object.type === ObjectType.CSPACE) checkSpace(sim, object as CSpace, fail);
  }
}

function checkSpace(sim: Simulator, space: CSpace, fail: Fail): void {
  let used = 0;
  for (let upper = 0; upper < space.tables.length; upper++) {
    const table = space.tables[upper];
    if (table == null) continue;
    let inTable = 0;
    for (let lower = 0; lower < table.state.length; lower++) {
      const state = table.state[lower];
      if (state === CapState.NULL) continue;
      inTable++;
      if (state !== CapState.VALID) continue;
      const object = sim.hyp.objects[table.object[lower]];
      if (object === undefined) {
        fail(
          'caps-live',
          `slot ${upper}:${lower} of space ${space.id} names object ${table.object[lower]}, which is gone`,
        );
      } else if (object.caps.length < 8 && !object.caps.includes(space.id * 0x10000 + (upper << 8) + lower)) {
        fail('caps-live', `slot ${upper}:${lower} of space ${space.id} is not listed by object ${object.id}`);
      }
    }
    if (inTable !== table.used)
      fail('caps-live', `table ${upper} of space ${space.id} counts ${table.used} of ${inTable}`);
    used += inTable;
  }
  if (used !== space.capCount) fail('caps-live', `space ${space.id} counts ${space.capCount} capabilities of ${used}`);
}

/** By thread: CPU * 256 + priority + 1 of the queue that it is in, -CPU - 1 where it is active; and the CPU that executes it. */
const places = new Map<number, number>();
const executes = new Map<number, number>();

const placeName = (place: number): string =>
  place < 0 ? `active on CPU ${-place - 1}` : `queued on CPU ${(place - 1) >> 8} at ${(place - 1) & 255}`;

function put(id: number, place: number, fail: Fail): void {
  const before = places.get(id);
  if (before !== undefined) fail('one-cpu-per-vcpu', `thread ${id} is ${placeName(before)} and ${placeName(place)}`);
  places.set(id, place);
}

function checkScheduler(sim: Simulator, fail: Fail): void {
  const { hyp } = sim;
  const { cpus } = schedState(hyp);
  places.clear();
  executes.clear();
  for (let cpu = 0; cpu < cpus.length; cpu++) {
    const s = cpus[cpu];
    if (s.active !== NO_OBJECT) put(s.active, -cpu - 1, fail);
    for (let priority = 0; priority < s.queues.length; priority++) {
      const queue = s.queues[priority];
      for (let i = 0; i < queue.length; i++) put(queue[i], cpu * 256 + priority + 1, fail);
    }
    if (s.executing === NO_OBJECT) continue;
    if (executes.has(s.executing))
      fail('one-cpu-per-vcpu', `thread ${s.executing} executes on CPU ${cpu} and ${executes.get(s.executing)}`);
    executes.set(s.executing, cpu);
  }
  for (const object of hyp.objects) {
    if (object?.type !== ObjectType.THREAD) continue;
    const v = object as Vcpu;
    const cpu = executes.get(v.id) ?? -1;
    if (v.running !== cpu) fail('one-cpu-per-vcpu', `thread ${v.id} says CPU ${v.running}, the CPUs say ${cpu}`);
    const place = places.get(v.id);
    if (v.queued !== (place !== undefined)) {
      const where = place === undefined ? 'nowhere' : placeName(place);
      fail('one-cpu-per-vcpu', `thread ${v.id} is ${v.queued ? '' : 'not '}marked as queued, and is ${where}`);
    }
    if (v.queued && !isRunnable(v)) fail('one-cpu-per-vcpu', `thread ${v.id} waits for a CPU while it is blocked`);
    checkProxy(hyp.objects, v, fail);
  }
}

function checkProxy(objects: readonly (HypObject | undefined)[], v: Vcpu, fail: Fail): void {
  if (v.proxied && v.life === Life.READY && (v.block & RUN) === 0 && !isRunBy(objects, v.id))
    fail('proxy-in-run', `thread ${v.id} is proxy-scheduled and unblocked, but nobody runs it`);
}

const isRunBy = (objects: readonly (HypObject | undefined)[], target: number): boolean =>
  objects.some((o) => {
    if (o?.type !== ObjectType.THREAD) return false;
    const v = o as Vcpu;
    return (v.pending?.kind === 'run' && v.pending.target === target) || v.yieldTo === target;
  });

function checkQueues(sim: Simulator, fail: Fail): void {
  for (const object of sim.hyp.objects) {
    if (object?.type === ObjectType.MSGQUEUE) checkQueue(object as MsgQueue, fail);
  }
}

function checkQueue(q: MsgQueue, fail: Fail): void {
  if (q.state !== ObjectState.ACTIVE) return;
  if (q.count < 0 || q.count > q.depth) fail('queues-bounded', `queue ${q.id} holds ${q.count} of ${q.depth}`);
  for (let i = 0; i < q.count; i++) {
    if (q.sizes[(q.head + i) % q.depth] > q.maxMessageSize)
      fail('queues-bounded', `queue ${q.id} holds a message of ${q.sizes[(q.head + i) % q.depth]} bytes`);
  }
}

/** Capabilities per space without those of hardware interrupts, which never change. */
function capCounts(sim: Simulator): Map<number, number> {
  const counts = new Map<number, number>();
  for (const object of sim.hyp.objects) {
    if (object?.type === ObjectType.CSPACE) counts.set(object.id, (object as CSpace).capCount);
  }
  return counts;
}

const HLOS = 3;
const RM = 255;

/** No secondary VM has anything in the hypervisor: all that RM holds beyond boot are its parcels' extents. */
const isBare = (sim: Simulator): boolean =>
  sim.rm.vms.every((vm, vmid) => vm?.config == null || vmid === HLOS || vmid === RM);

/** The invariants that cost next to nothing: of vCPUs, of queues, and of RM's VM records and links. */
export const QUICK: readonly string[] = ['proxy-in-run', 'queues-bounded', 'peers-mutual', 'links-have-queues'];

/**
 * Checks {@link QUICK} only: cheap enough for every step. The interrupts of the board, most of the objects, are passed over: they
 * are made at boot and stay.
 */
export function quickChecker(booted: Simulator): Check {
  const made = booted.hyp.objects.length;
  const others: number[] = [];
  booted.hyp.objects.forEach((o, id) => {
    if (o?.type !== ObjectType.HWIRQ) others.push(id);
  });
  return (sim) => {
    const violations: Violation[] = [];
    const { hyp } = sim;
    if (hyp.dead !== undefined) return violations;
    const fail: Fail = (invariant, what) => violations.push({ invariant, what });
    const { objects } = hyp;
    for (let i = 0; i < others.length; i++) quickObject(objects, objects[others[i]], fail);
    for (let id = made; id < objects.length; id++) quickObject(objects, objects[id], fail);
    if (sim.rm.state !== 'dead') quickRmFaults(sim, fail);
    return violations;
  };
}

function quickObject(objects: readonly (HypObject | undefined)[], object: HypObject | undefined, fail: Fail): void {
  if (object === undefined) return;
  if (object.type === ObjectType.THREAD) checkProxy(objects, object as Vcpu, fail);
  else if (object.type === ObjectType.MSGQUEUE) checkQueue(object as MsgQueue, fail);
}

/** A checker for machines that started as `booted` (primary VM at its entry, nothing done yet). */
export function invariantChecker(booted: Simulator): Check {
  const { hyp } = booted;
  const counted = countReferences(booted);
  const extra = hyp.objects.map((o) => (o === undefined ? 0 : o.refs - counted[o.id]));
  const owned = hyp.objects.map((o) => (o === undefined ? undefined : o.type));
  const caps = capCounts(booted);
  return (sim) => {
    const violations: Violation[] = [];
    const fail: Fail = (invariant, what) => {
      if (violations.length < 16) violations.push({ invariant, what });
    };
    // A dead hypervisor stopped in the middle of something.
    if (sim.hyp.dead !== undefined) return violations;
    const counts = countReferences(sim);
    for (const o of sim.hyp.objects) {
      if (o === undefined) continue;
      const expected = counts[o.id] + (owned[o.id] === o.type ? (extra[o.id] ?? 0) : 0);
      if (o.refs !== expected)
        fail('refs-exact', `object ${o.id} (type ${o.type}) counts ${o.refs} references, there are ${expected}`);
    }
    checkCapabilities(sim, fail);
    checkSources(sim, fail);
    checkScheduler(sim, fail);
    checkQueues(sim, fail);
    addressSpaceFaults(sim, fail);
    // What RM was doing when it died is half done.
    if (sim.rm.state === 'dead') return violations;
    rmFaults(sim, fail);
    if (isBare(sim)) {
      const root = rootCspace(sim).id;
      for (const [space, count] of capCounts(sim)) {
        const before = caps.get(space);
        const parcels = space === root ? sim.rm.parcels.list.length : 0;
        if (before === undefined) fail('no-cap-leak', `space ${space} is left over`);
        else if (before + parcels !== count)
          fail(
            'no-cap-leak',
            `space ${space} holds ${count} capabilities, after boot ${before} and ${parcels} parcels`,
          );
      }
    }
    return violations;
  };
}
