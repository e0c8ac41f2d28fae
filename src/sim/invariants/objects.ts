/** Invariants of references and capabilities (fact base: capabilities 5 to 7), and of what the hypervisor derives from its objects. */
import type { GicThread, Vic } from '../../gic/index.js';
import { stateInHead, typeInHead } from '../../hyp/hypervisor.js';
import { CapState, type CSpace, type Hypervisor, type HypObject } from '../../hyp/index.js';
import type { MemExtent } from '../../hyp/mem/extent.js';
import type { Addrspace } from '../../hyp/mem/space.js';
import { ObjectType } from '../../protocol/index.js';
import { Block, Life, type Vcpu } from '../../vcpu/index.js';
import type { VirtioMmio } from '../../virtio/index.js';
import type { Fail } from './index.js';
import type { Population } from './population.js';

type Objects = readonly (HypObject | undefined)[];

/** By object id: relations to it, and what names it. Used again by every check. */
let counts = new Int32Array(512);
/** Valid slots that name it, and the last one of them as it has to be listed. */
let named = new Int32Array(512);
let lastKey = new Float64Array(512);

function startCounting(size: number): void {
  if (counts.length < size) {
    counts = new Int32Array(size * 2);
    named = new Int32Array(size * 2);
    lastKey = new Float64Array(size * 2);
    return;
  }
  counts.fill(0, 0, size);
  named.fill(0, 0, size);
}

function count(id: number): void {
  if (id >= 0) counts[id]++;
}

function countThread(v: Vcpu): void {
  count(v.cspace);
  count(v.addrspace);
  count(v.group);
  count(v.yieldTo);
  const { gic } = v as GicThread;
  if (gic !== undefined) {
    count(gic.vic);
    count(gic.window.addrspace);
  }
  // An activated thread holds itself until its CPU has left it for good.
  if (v.life === Life.READY || v.life === Life.KILLED || (v.life === Life.EXITED && v.running >= 0)) count(v.id);
  if (v.pending?.kind === 'run') count(v.pending.target);
  // A move that is not finished.
  if ((v.block & Block.AFFINITY_CHANGED) !== 0) count(v.id);
}

function countRelations(p: Population): void {
  for (const v of p.of<Vcpu>(ObjectType.THREAD)) countThread(v);
  for (const me of p.of<MemExtent>(ObjectType.MEMEXTENT)) count(me.parent);
  for (const as of p.of<Addrspace>(ObjectType.ADDRSPACE)) count(as.infoExtent);
  for (const device of p.of<VirtioMmio>(ObjectType.VIRTIO_MMIO)) count(device.extent);
  for (const vic of p.of<Vic>(ObjectType.VIC)) count(vic.gicd.addrspace);
}

/** What the capability spaces name; their own counters on the way. */
function countSlots(p: Population, size: number, fail: Fail): void {
  for (const space of p.of<CSpace>(ObjectType.CSPACE)) {
    const { id, tables } = space;
    let used = 0;
    for (let upper = 0; upper < tables.length; upper++) {
      const table = tables[upper];
      if (table == null) continue;
      const { state, object } = table;
      const base = id * 0x10000 + (upper << 8);
      let inTable = 0;
      for (let lower = 0; lower < state.length; lower++) {
        if (state[lower] === CapState.NULL) continue;
        inTable++;
        if (state[lower] !== CapState.VALID) continue;
        const target = object[lower];
        if (target < 0 || target >= size) {
          fail('caps-live', `slot ${upper}:${lower} of space ${id} names object ${target}, which is gone`);
          continue;
        }
        named[target]++;
        lastKey[target] = base + lower;
      }
      if (inTable !== table.used) fail('caps-live', `table ${upper} of space ${id} counts ${table.used} of ${inTable}`);
      used += inTable;
    }
    if (used !== space.capCount) fail('caps-live', `space ${id} counts ${space.capCount} capabilities of ${used}`);
  }
}

/** Whether the slot of a key names the object. */
function names(p: Population, objects: Objects, key: number, id: number): boolean {
  const space = Math.floor(key / 0x10000);
  if (!p.is(space, ObjectType.CSPACE)) return false;
  const table = (objects[space] as CSpace).tables[(key >> 8) & 0xff];
  return table != null && table.state[key & 0xff] === CapState.VALID && table.object[key & 0xff] === id;
}

/** An object lists exactly the slots that name it. Nearly all have one. */
const listsItsSlot = (id: number, caps: readonly number[]): boolean =>
  caps.length === named[id] && (caps.length === 0 || (caps.length === 1 && caps[0] === lastKey[id]));

/** What is not so simple, and what is wrong, slot by slot. */
function checkList(p: Population, objects: Objects, id: number, caps: readonly number[], fail: Fail): void {
  for (let i = 0; i < caps.length; i++) {
    const slot = `slot ${caps[i] & 0xffff} of space ${Math.floor(caps[i] / 0x10000)}`;
    if (!names(p, objects, caps[i], id)) fail('caps-live', `object ${id} lists ${slot}, which does not name it`);
    if (caps.indexOf(caps[i]) !== i) fail('caps-live', `object ${id} lists ${slot} twice`);
  }
  if (caps.length !== named[id])
    fail('caps-live', `object ${id} lists ${caps.length} capabilities, ${named[id]} slots name it`);
}

/** References that boot took and that nothing recorded explains, by object id; only while the object is of that type. */
export interface BootReferences {
  readonly types: Int8Array;
  readonly extra: Int32Array;
}

export function bootReferences(p: Population, objects: Objects): BootReferences {
  startCounting(objects.length);
  countRelations(p);
  const extra = new Int32Array(objects.length);
  for (const o of objects) if (o !== undefined) extra[o.id] = o.refs - counts[o.id] - (o.caps.length > 0 ? 1 : 0);
  return { types: p.typeOf.slice(0, objects.length), extra };
}

export function objectFaults(p: Population, hyp: Hypervisor, boot: BootReferences, fail: Fail): void {
  const { objects, heads } = hyp;
  startCounting(objects.length);
  countRelations(p);
  countSlots(p, objects.length, fail);
  const { types, extra } = boot;
  const { typeOf } = p;
  const known = Math.min(types.length, objects.length);
  for (let id = 0; id < known; id++) if (types[id] === typeOf[id]) counts[id] += extra[id];
  // The interrupts are all of one make, which the loop over them profits from.
  checkHwirqs(p, hyp, p.of(ObjectType.HWIRQ), fail);
  for (const { id, refs, state, caps } of p.few) {
    check(p, objects, id, refs, caps, fail);
    checkHead(heads[id], id, typeOf[id], state, fail);
  }
  for (const id of p.holes) if (named[id] > 0) fail('caps-live', `${named[id]} slots name object ${id}, which is gone`);
}

function checkHwirqs(p: Population, hyp: Hypervisor, hwirqs: readonly HypObject[], fail: Fail): void {
  const { objects, heads } = hyp;
  for (let i = 0; i < hwirqs.length; i++) {
    const o = hwirqs[i];
    check(p, objects, o.id, o.refs, o.caps, fail);
    checkHead(heads[o.id], o.id, ObjectType.HWIRQ, o.state, fail);
  }
}

function check(p: Population, objects: Objects, id: number, refs: number, caps: readonly number[], fail: Fail): void {
  const expected = counts[id] + (caps.length > 0 ? 1 : 0);
  if (refs !== expected)
    fail('refs-exact', `object ${id} (type ${p.typeOf[id]}) counts ${refs} references, there are ${expected}`);
  if (!listsItsSlot(id, caps)) checkList(p, objects, id, caps, fail);
}

/** What lookups read in the place of the object. */
function checkHead(head: number, id: number, type: number, state: number, fail: Fail): void {
  if (typeInHead(head) === type && stateInHead(head) === state) return;
  const said = `type ${typeInHead(head)} in state ${stateInHead(head)}`;
  fail('indices-agree', `lookups take object ${id} for one of ${said}, it is of type ${type} in state ${state}`);
}

/** The hypervisor's list of each type names every object of that type, once. */
export function indexFaults(p: Population, hyp: Hypervisor, fail: Fail): void {
  // Counts of the checks before are not needed any more.
  const seen = named;
  seen.fill(0, 0, hyp.objects.length);
  const { ofType } = hyp;
  for (let type = 0; type < ofType.length; type++) {
    const ids = ofType[type];
    if (ids === undefined) continue;
    for (let i = 0; i < ids.length; i++) {
      const id = ids[i];
      if (!p.is(id, type)) fail('indices-agree', `the list of type ${type} names object ${id}, which is none`);
      else if (seen[id]++ > 0) fail('indices-agree', `the list of type ${type} names object ${id} twice`);
    }
    const { length } = p.of(type);
    if (ids.length !== length) fail('indices-agree', `the list of type ${type} names ${ids.length} of ${length}`);
  }
}
