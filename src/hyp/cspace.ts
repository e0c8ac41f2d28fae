/**
 * Capability spaces: two levels of slots, id encoding, and the operations on capabilities.
 * Source: fact base capabilities 2, 3, 4 and 7. Left out: grace periods (a freed table is reusable at once) and NOMEM.
 */
import { arrayPool, assert, hi32, lo32, nextU32, type Prng, prng, removeAt, toU64 } from '../base/index.js';
import { HypError, ObjectType, Platform } from '../protocol/index.js';
import type { Hypervisor } from './hypervisor.js';
import type { HypObject } from './types.js';

const SLOTS_PER_TABLE = Platform.CSPACE_SLOTS_PER_TABLE;
const TABLES_PER_CSPACE = Platform.CSPACE_TABLES;
/** Capabilities that one space can hold. */
export const MAX_CAPS = Platform.CSPACE_MAX_CAPS;

export const CapState = { NULL: 0, VALID: 1, REVOKED: 2 } as const;

export interface CapTable {
  object: Int32Array;
  rights: Uint32Array;
  state: Uint8Array;
  master: Uint8Array;
  used: number;
}

export interface CSpace extends HypObject {
  maxCaps: number;
  capCount: number;
  /** Id encoding: `(slot * mult) XOR base` (capabilities 3). `mult` 0: ids are slots, as in debug builds. */
  base: bigint;
  mult: number;
  tables: (CapTable | null)[];
}

const words = arrayPool<Int32Array>(() => new Int32Array(SLOTS_PER_TABLE));
const masks = arrayPool<Uint32Array>(() => new Uint32Array(SLOTS_PER_TABLE));

const newTable = (): CapTable => ({
  object: words.take(),
  rights: masks.take(),
  state: new Uint8Array(SLOTS_PER_TABLE),
  master: new Uint8Array(SLOTS_PER_TABLE),
  used: 0,
});

/** Slot index of an id, or -1 when it does not decode. A slot is `upper << 8 | lower`. */
export function decodeCapId(cspace: CSpace, id: bigint): number {
  let index: number;
  if (cspace.mult === 0) {
    if (hi32(id) !== 0) return -1;
    index = lo32(id);
    if (index > 0xffff) return -1;
  } else {
    const r = BigInt.asUintN(64, id ^ cspace.base);
    if (r > 0xffff_ffffn) return -1;
    const inverse = 0x1_0000_0000n / BigInt(cspace.mult) + 1n;
    const v = BigInt.asUintN(64, r * inverse) >> 32n;
    if (v > 0xffffn) return -1;
    index = Number(v);
  }
  return index >> 8 < TABLES_PER_CSPACE && (index & 0xff) < SLOTS_PER_TABLE ? index : -1;
}

export const encodeCapId = (cspace: CSpace, slot: number): bigint =>
  cspace.mult === 0 ? toU64(slot) : BigInt.asUintN(64, (toU64(slot) * toU64(cspace.mult)) ^ cspace.base);

/** Lowest free slot of the lowest table that has one (capabilities 2), or -1: CSPACE_FULL. The slot is counted as used. */
export function allocateSlot(cspace: CSpace): number {
  if (cspace.capCount >= cspace.maxCaps) return -1;
  const { tables } = cspace;
  let upper = 0;
  while (upper < tables.length && (tables[upper]?.used ?? SLOTS_PER_TABLE) === SLOTS_PER_TABLE) upper++;
  if (upper === tables.length) {
    const gone = tables.indexOf(null);
    if (gone >= 0) upper = gone;
    else if (upper >= TABLES_PER_CSPACE) return -1;
    else tables.push(null);
    tables[upper] = newTable();
  }
  const table = cspace.tables[upper] as CapTable;
  let lower = 0;
  while (table.state[lower] !== CapState.NULL) lower++;
  table.used++;
  cspace.capCount++;
  return (upper << 8) | lower;
}

/** Gives a slot back; an empty table goes with it. */
function freeSlot(cspace: CSpace, slot: number): void {
  const table = cspace.tables[slot >> 8] as CapTable;
  table.state[slot & 0xff] = CapState.NULL;
  table.used--;
  cspace.capCount--;
  if (table.used > 0) return;
  cspace.tables[slot >> 8] = null;
  words.give(table.object);
  masks.give(table.rights);
}

/** Fills an allocated slot with a valid capability. The first capability of an object takes its one reference. */
export function installCap(
  hyp: Hypervisor,
  cspace: CSpace,
  slot: number,
  object: HypObject,
  rights: number,
  master: boolean,
): void {
  const table = cspace.tables[slot >> 8] as CapTable;
  const lower = slot & 0xff;
  table.object[lower] = object.id;
  table.rights[lower] = rights;
  table.state[lower] = CapState.VALID;
  table.master[lower] = master ? 1 : 0;
  const key = cspace.id * 0x10000 + slot;
  if (object.caps.length === 0) {
    hyp.ref(object.id);
    // A list of one: pushed into an empty one it would get room for sixteen more.
    object.caps = [key];
  } else {
    object.caps.push(key);
  }
}

export interface CapView {
  slot: number;
  table: CapTable;
  lower: number;
}

/** The capability behind an id: a view, or ARGUMENT_INVALID / CAP_NULL. Revoked ones are found. */
export function findCap(cspace: CSpace, id: bigint): CapView | number {
  const slot = decodeCapId(cspace, id);
  if (slot < 0) return HypError.ARGUMENT_INVALID;
  const table = cspace.tables[slot >> 8];
  const lower = slot & 0xff;
  if (table == null || table.state[lower] === CapState.NULL) return HypError.CSPACE_CAP_NULL;
  return { slot, table, lower };
}

function forget(hyp: Hypervisor, objectId: number, key: number): void {
  const object = hyp.get(objectId);
  const { caps } = object;
  // The last one is the only one, or the latest copy.
  const at = caps[caps.length - 1] === key ? caps.length - 1 : caps.indexOf(key);
  if (at < 0) assert(false, `capability ${key} is not listed by object ${objectId}`);
  removeAt(caps, at);
  if (caps.length === 0) hyp.unref(objectId);
}

/** Removes a capability, valid or revoked. The last valid one drops the object's reference (capabilities 7.3). */
export function deleteCap(hyp: Hypervisor, cspace: CSpace, view: CapView): void {
  const wasValid = view.table.state[view.lower] === CapState.VALID;
  const objectId = view.table.object[view.lower];
  freeSlot(cspace, view.slot);
  if (wasValid) forget(hyp, objectId, cspace.id * 0x10000 + view.slot);
}

/** Every other valid capability of the object becomes REVOKED, in every space (capabilities 7.4). */
export function revokeOthers(hyp: Hypervisor, cspace: CSpace, view: CapView): void {
  const object = hyp.get(view.table.object[view.lower]);
  const own = cspace.id * 0x10000 + view.slot;
  for (const key of object.caps) {
    if (key === own) continue;
    const table = hyp.get<CSpace>(Math.floor(key / 0x10000)).tables[(key >> 8) & 0xff] as CapTable;
    table.state[key & 0xff] = CapState.REVOKED;
  }
  object.caps = [own];
}

/** Every non-empty slot in slot order, for `caps` and for destruction. */
export function* allCaps(cspace: CSpace): Generator<CapView> {
  for (let upper = 0; upper < cspace.tables.length; upper++) {
    const table = cspace.tables[upper];
    if (table == null) continue;
    for (let lower = 0; lower < SLOTS_PER_TABLE; lower++) {
      if (table.state[lower] !== CapState.NULL) yield { slot: (upper << 8) | lower, table, lower };
    }
  }
}

export function registerCspace(hyp: Hypervisor): void {
  const { cspaceSeed } = hyp.config;
  hyp.state.cspaceRandom = cspaceSeed === undefined ? null : prng(cspaceSeed);
  hyp.kind<CSpace>(ObjectType.CSPACE, {
    create(_hyp, object) {
      const g = hyp.state.cspaceRandom as Prng | null;
      let base = 0n;
      let mult = 0;
      if (g !== null) {
        let upper = nextU32(g);
        while (upper >= 0xffff_ff00) upper = nextU32(g);
        base = (BigInt(upper) << 32n) | BigInt(nextU32(g));
        do mult = nextU32(g) & 0xffff;
        while (mult === 0);
      }
      return {
        id: object.id,
        type: object.type,
        state: object.state,
        refs: object.refs,
        partition: object.partition,
        caps: object.caps,
        maxCaps: 0,
        capCount: 0,
        base,
        mult,
        tables: [],
      };
    },
    activate: (_hyp, cspace) => (cspace.maxCaps === 0 ? HypError.OBJECT_CONFIG : HypError.OK),
    release(h, cspace) {
      for (let upper = 0; upper < cspace.tables.length; upper++) {
        const table = cspace.tables[upper];
        // The slots that are left are in a table that goes with its last one.
        for (let lower = 0, left = table?.used ?? 0; table != null && left > 0; lower++) {
          if (table.state[lower] === CapState.NULL) continue;
          left--;
          deleteCap(h, cspace, { slot: (upper << 8) | lower, table, lower });
        }
      }
    },
  });
}
