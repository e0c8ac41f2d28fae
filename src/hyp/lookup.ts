/**
 * Capability lookups in the order in which Gunyah refuses (fact base: capabilities 4).
 * Each returns the object, or the error number that the call must return.
 */
import { HypError, Rights } from '../protocol/index.js';
import { CapState, type CapTable, type CSpace, decodeCapId } from './cspace.js';
import { type Hypervisor, stateInHead, typeInHead } from './hypervisor.js';
import { type HypObject, ObjectState, type Thread } from './types.js';

/** Matches objects of every type. */
const ANY_TYPE = -1;

/** Rights of the capability that a lookup found last. */
export const granted = { rights: 0 };

/** Id of the object behind a valid capability, or minus an error number. */
function objectIn(cspace: CSpace, id: bigint): number {
  const slot = decodeCapId(cspace, id);
  if (slot < 0) return -HypError.ARGUMENT_INVALID;
  const table = cspace.tables[slot >> 8] as CapTable | null | undefined;
  if (table == null) return -HypError.CSPACE_CAP_NULL;
  const lower = slot & 0xff;
  const state = table.state[lower];
  if (state !== CapState.VALID) {
    return state === CapState.NULL ? -HypError.CSPACE_CAP_NULL : -HypError.CSPACE_CAP_REVOKED;
  }
  granted.rights = table.rights[lower];
  return table.object[lower];
}

/** Id of the object, or minus an error number. */
function find(hyp: Hypervisor, cspace: CSpace, id: bigint, type: number, rights: number): number {
  const object = objectIn(cspace, id);
  if (object < 0) return object;
  if (type !== ANY_TYPE && typeInHead(hyp.heads[object]) !== type) return -HypError.CSPACE_WRONG_OBJECT_TYPE;
  if ((granted.rights & rights) >>> 0 !== rights >>> 0) return -HypError.CSPACE_INSUFFICIENT_RIGHTS;
  return object;
}

const ownCspace = (hyp: Hypervisor, caller: Thread): CSpace => hyp.objects[caller.cspace] as CSpace;

/**
 * The first half of an active lookup: id of the object behind a valid capability of the caller, or minus an error number. For
 * calls that are made all the time: what remains, type, rights ({@link granted}) and state in this order, they read where only one
 * kind of object passes.
 */
export const objectOf = (hyp: Hypervisor, caller: Thread, id: bigint): number => objectIn(ownCspace(hyp, caller), id);

/** The object that {@link find} found, or the error. */
const found = <T extends HypObject>(hyp: Hypervisor, id: number): T | number => (id < 0 ? -id : (hyp.objects[id] as T));

/** Active lookup "L": also OBJECT_STATE unless the object is ACTIVE. */
export function lookup<T extends HypObject>(
  hyp: Hypervisor,
  caller: Thread,
  id: bigint,
  type: number,
  rights: number,
): T | number {
  const object = find(hyp, ownCspace(hyp, caller), id, type, rights);
  if (object < 0) return -object;
  return stateInHead(hyp.heads[object]) === ObjectState.ACTIVE ? (hyp.objects[object] as T) : HypError.OBJECT_STATE;
}

/** "Lany": the same in any object state. */
export const lookupAny = <T extends HypObject>(
  hyp: Hypervisor,
  caller: Thread,
  id: bigint,
  type: number,
  rights: number,
): T | number => found(hyp, find(hyp, ownCspace(hyp, caller), id, type, rights));

/** "A": any type with OBJECT_ACTIVATE first, the type only then. Callers check the state. */
export function lookupConfigure<T extends HypObject>(
  hyp: Hypervisor,
  caller: Thread,
  id: bigint,
  type: number,
): T | number {
  const object = find(hyp, ownCspace(hyp, caller), id, ANY_TYPE, Rights.OBJECT_ACTIVATE);
  if (object < 0) return -object;
  return typeInHead(hyp.heads[object]) === type ? (hyp.objects[object] as T) : HypError.CSPACE_WRONG_OBJECT_TYPE;
}

/** Like {@link lookupConfigure} and then INIT, else OBJECT_STATE. */
export function lookupInit<T extends HypObject>(hyp: Hypervisor, caller: Thread, id: bigint, type: number): T | number {
  const object = find(hyp, ownCspace(hyp, caller), id, ANY_TYPE, Rights.OBJECT_ACTIVATE);
  if (object < 0) return -object;
  const head = hyp.heads[object];
  if (typeInHead(head) !== type) return HypError.CSPACE_WRONG_OBJECT_TYPE;
  return stateInHead(head) === ObjectState.INIT ? (hyp.objects[object] as T) : HypError.OBJECT_STATE;
}

/** Any type, any state, with OBJECT_ACTIVATE, in a given space (object_activate_from). */
export const lookupIn = (hyp: Hypervisor, cspace: CSpace, id: bigint): HypObject | number =>
  found(hyp, find(hyp, cspace, id, ANY_TYPE, Rights.OBJECT_ACTIVATE));
