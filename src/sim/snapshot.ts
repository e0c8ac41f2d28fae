/**
 * Key frames: the whole state of a simulator as plain data, and back.
 *
 * In memory a snapshot is a deep copy beside shared, never-written-again memory pages; as bytes it is one packed value.
 * What is derived (indices, caches) is rebuilt, so two simulators with equal snapshots behave equally.
 */
import type { Hwirq } from '../gic/index.js';
import type { HypObject } from '../hyp/index.js';
import type { PhysSnapshot } from '../hyp/mem/index.js';
import { ObjectType } from '../protocol/index.js';
import type { Rm } from '../rm/index.js';
import { clonePlain, copyReusing, digest, packPlain, unpackPlain, writeInto } from './plain.js';
import type { LoopState, Simulator } from './simulator.js';

export interface Snapshot {
  objects: (HypObject | undefined)[];
  freeIds: number[];
  state: Record<string, unknown>;
  now: number;
  dead: Simulator['hyp']['dead'];
  rm: Partial<Rm>;
  loop: LoopState;
  memory: PhysSnapshot;
}

/** RM's state without its hands: hypercalls and environment are the simulator's. */
function rmData(rm: Rm): Partial<Rm> {
  const { hv: _hv, env: _env, ...data } = rm;
  return data;
}

/** Interrupts of the board are most of the objects and hardly change: compared field by field, 20 times faster than in general. */
function sameHwirq(a: Hwirq, b: Hwirq): boolean {
  const { caps, source } = a;
  if (a.id !== b.id || a.refs !== b.refs || a.state !== b.state || a.partition !== b.partition) return false;
  if (a.irq !== b.irq || a.vic !== b.vic || a.virq !== b.virq) return false;
  if (a.enabled !== b.enabled || a.active !== b.active || a.edge !== b.edge) return false;
  if (source.vic !== b.source.vic || source.virq !== b.source.virq || caps.length !== b.caps.length) return false;
  for (let i = 0; i < caps.length; i++) if (caps[i] !== b.caps[i]) return false;
  return true;
}

type Objects = Snapshot['objects'];

/** A new list; objects that `known` has in the same state are taken from there. */
function copyObjects(objects: Objects, known: Objects): Objects {
  const out: Objects = new Array(objects.length);
  for (let i = 0; i < objects.length; i++) {
    const object = objects[i];
    const before = known[i];
    if (object === undefined || before?.type !== object.type) out[i] = clonePlain(object);
    else if (object.type !== ObjectType.HWIRQ) out[i] = copyReusing(object, before);
    else out[i] = sameHwirq(object as Hwirq, before as Hwirq) ? before : clonePlain(object);
  }
  return out;
}

/** Objects are named by index, never by reference: those that live on are written in place. */
function writeObjects(live: Objects, saved: Objects): void {
  live.length = saved.length;
  for (let i = 0; i < saved.length; i++) {
    const object = saved[i];
    const old = live[i];
    if (object === undefined) live[i] = undefined;
    else if (old === undefined || old.type !== object.type) live[i] = clonePlain(object);
    else if (object.type !== ObjectType.HWIRQ) live[i] = writeInto(old, object);
    else if (!sameHwirq(old as Hwirq, object as Hwirq)) live[i] = clonePlain(object);
  }
}

/** The tables of interrupts are the longest lists of RM and hardly change: compared by hand like {@link sameHwirq}. */
function sameRows<T>(a: readonly (T | null)[], b: readonly (T | null)[], same: (x: T, y: T) => boolean): boolean {
  if (a.length !== b.length) return false;
  for (let i = 0; i < a.length; i++) {
    const x = a[i];
    const y = b[i];
    if (x !== y && (x === null || y === null || !same(x, y))) return false;
  }
  return true;
}

type IrqTable = NonNullable<NonNullable<Rm['vms'][number]>['irq']>;
const sameMapping = (x: IrqTable['map'][number], y: IrqTable['map'][number]): boolean =>
  x?.kind === y?.kind && x?.irq === y?.irq && x?.state === y?.state;
type HwirqRow = Rm['irqs']['hwirqs'][number];
const sameOwner = (x: HwirqRow, y: HwirqRow): boolean =>
  x?.cap === y?.cap && x?.owner === y?.owner && x?.ownerIrq === y?.ownerIrq;

function copyVm(vm: Rm['vms'][number], known: Rm['vms'][number]): Rm['vms'][number] {
  if (vm?.irq == null || known?.irq == null || !sameRows(vm.irq.map, known.irq.map, sameMapping))
    return copyReusing(vm, known);
  return copyReusing({ ...vm, irq: { ...vm.irq, map: known.irq.map } }, known);
}

function copyVms(vms: Rm['vms'], known: Rm['vms']): Rm['vms'] {
  let out: Rm['vms'] | undefined;
  for (let i = 0; i < vms.length; i++) {
    const vm = vms[i];
    const copy = vm == null ? vm : copyVm(vm, known[i]);
    if (copy === known[i]) continue;
    out ??= known.slice();
    out[i] = copy;
  }
  return out ?? known;
}

function copyIrqs(irqs: Rm['irqs'], known: Rm['irqs']): Rm['irqs'] {
  const hwirqs = sameRows(irqs.hwirqs, known.hwirqs, sameOwner) ? known.hwirqs : irqs.hwirqs;
  // Mostly there is no loan at all.
  const loans = sameRows(irqs.loans, known.loans, () => false) ? known.loans : irqs.loans;
  return copyReusing({ ...irqs, hwirqs, loans }, known);
}

/** {@link copyReusing} for RM's state. */
function copyRm(rm: Partial<Rm>, known: Partial<Rm> | undefined): Partial<Rm> {
  if (known?.vms === undefined || known.irqs === undefined || rm.vms === undefined || rm.irqs === undefined)
    return clonePlain(rm);
  const simple = { ...rm, vms: known.vms, irqs: known.irqs };
  return { ...copyReusing(simple, known), vms: copyVms(rm.vms, known.vms), irqs: copyIrqs(rm.irqs, known.irqs) };
}

/** The key frame last taken of, or put into, each machine: the next one shares with it what has not changed. */
const lastOf = new WeakMap<Simulator, Snapshot>();

/** Nobody may change a snapshot: it shares parts with the one before. */
export function takeSnapshot(sim: Simulator): Snapshot {
  const { hyp } = sim;
  const last = lastOf.get(sim);
  const snapshot: Snapshot = {
    objects: copyObjects(hyp.objects, last?.objects ?? []),
    freeIds: hyp.freeIds.slice(),
    state: copyReusing(hyp.state, last?.state),
    now: hyp.now,
    dead: clonePlain(hyp.dead),
    rm: copyRm(rmData(sim.rm), last?.rm),
    loop: clonePlain(sim.loop),
    memory: hyp.mem.savePhys(),
  };
  lastOf.set(sim, snapshot);
  return snapshot;
}

/** Puts a simulator of the same options into a saved state. The snapshot can be used again. */
export function restoreSnapshot(sim: Simulator, snapshot: Snapshot): void {
  const { hyp } = sim;
  writeObjects(hyp.objects, snapshot.objects);
  hyp.reindex();
  hyp.freeIds.length = 0;
  hyp.freeIds.push(...snapshot.freeIds);
  const state = copyReusing(snapshot.state, hyp.state);
  if (state !== hyp.state) {
    for (const key of Object.keys(hyp.state)) delete hyp.state[key];
    Object.assign(hyp.state, state);
  }
  hyp.now = snapshot.now;
  hyp.dead = clonePlain(snapshot.dead);
  // Live parts that are as in the snapshot stay.
  Object.assign(sim.rm, copyRm(snapshot.rm, rmData(sim.rm)));
  sim.loop = clonePlain(snapshot.loop);
  hyp.mem.restorePhys(snapshot.memory);
  hyp.vic.restored();
  lastOf.set(sim, snapshot);
}

/** Whether two snapshots say the same: a fraction of the cost of encoding them. */
export const sameSnapshot = (a: Snapshot, b: Snapshot): boolean => copyReusing(a, b) === b;

/** Equal states give equal bytes. */
export const encodeSnapshot = (snapshot: Snapshot): Uint8Array => packPlain(snapshot);

/** Throws on bytes that are not an encoded snapshot. */
export const decodeSnapshot = (bytes: Uint8Array): Snapshot => unpackPlain(bytes) as Snapshot;

/** Equal digests: equal state, hence equal future. */
export const stateDigest = (sim: Simulator): string => digest(encodeSnapshot(takeSnapshot(sim)));
