/**
 * The hypervisor as seen from inside: one table of objects, one table of hypercalls, ports to the parts above.
 *
 * Modules register kinds of objects and handlers; nothing here knows what a doorbell is. All state is plain data in
 * `objects` and `state`, so that a snapshot is a walk over them. Sources: fact base hypercall-abi 1, capabilities 6 and 8.
 */
import { assert, SimBug } from '../base/index.js';
import { registerMachine, UNHANDLED } from '../machine/index.js';
import { HypError } from '../protocol/index.js';
import { type ObjectEvent, objectMachine } from './object.machine.js';
import type { MemPort, SchedPort, VicPort } from './ports.js';
import { type HypObject, NO_OBJECT, ObjectState, type Thread } from './types.js';
import type { CheckPending } from './virq.js';

export interface ObjectKind<T extends HypObject = HypObject> {
  /**
   * A new object: the common fields of `base` and those of its type, or an error number when creation fails. Written as one
   * literal that names the common fields: `...base` before forty more would add them to the object one by one, at 30 times the cost.
   */
  create(hyp: Hypervisor, base: HypObject): T | number;
  /** Steps of INIT -> ACTIVE in Gunyah's order. The first error makes the object FAILED. */
  activate(hyp: Hypervisor, object: T): number;
  /** Last reference of an ACTIVE object dropped. */
  deactivate?(hyp: Hypervisor, object: T): void;
  /** After that, in any state: drop relations (`hyp.unref`). */
  release?(hyp: Hypervisor, object: T): void;
}

const objectLife = registerMachine('object-life', objectMachine);
/** The chart's states are in the order of `ObjectState`. */
const FIRST_STATE = ObjectState.INIT;
const NO_CONTEXT = {};

/** Inputs in `a` (x0..x7 or SMCCC x1..x8), further outputs in `out` (x1.. after the error; all zero on entry). Returns a `HypError` or BLOCKED. */
export type HypercallHandler = (hyp: Hypervisor, caller: Thread, a: BigUint64Array, out: BigUint64Array) => number;

/** The caller gave up the CPU: its registers are written when it continues, or never. */
export const BLOCKED = 0x4000_0000;

/** The hypervisor stopped by an assertion, a panic or an endless loop; nothing executes any more. */
export interface HypDeath {
  what: string;
  /** Rule id of spec/ that describes the defect. */
  rule: string;
}

export interface HypConfig {
  /** Capability id randomisation (production builds). Seed of the generator, or `undefined` for slot numbers (debug builds). */
  cspaceSeed: number | undefined;
  cores: number;
  quirks: { lendKeepsBlockMappings: boolean };
}

export const defaultHypConfig = (): HypConfig => ({
  cspaceSeed: undefined,
  cores: 8,
  quirks: { lendKeepsBlockMappings: true },
});

/**
 * A module's answer to an SMCCC call other than a vendor hypervisor's. `id`: the function identifier without its hint bit. `r` holds
 * x0..x3 as the call sees them and receives the results; true: handled; BLOCKED: the caller gave up the CPU.
 */
export type SmcccHandler = (hyp: Hypervisor, caller: Thread, id: number, r: BigUint64Array) => boolean | number;

/**
 * A device behind a physical page that guests have read-only (memory 9): resolves a write that stage 2 refused. `undefined`:
 * not its page; false: refused, the guest gets an abort.
 */
export type PhysDevice = (
  hyp: Hypervisor,
  vcpu: Thread,
  pa: number,
  size: number,
  value: bigint,
) => boolean | undefined;

const headOf = (type: number, state: number): number => type * 8 + state;
export const typeInHead = (head: number): number => head >> 3;
export const stateInHead = (head: number): number => head & 7;

/** Objects, hypercalls and ports; see the head of this file. */
export class Hypervisor {
  readonly objects: (HypObject | undefined)[] = [];
  readonly freeIds: number[] = [];
  /** Ids of the live objects of each type, in no order: most objects are hardware interrupts, which nobody looks for. Derived. */
  readonly ofType: number[][] = [];
  /**
   * By id, what lookups ask of an object: `type * 8 + state`. Objects of different types have different shapes, and to read a field
   * of any of them costs several times more. Derived: {@link setState} keeps it.
   */
  readonly heads: number[] = [];
  /** Per module, plain data only. */
  readonly state: Record<string, unknown> = {};
  /** Virtual time in nanoseconds since power-on. Not a small integer at first, or V8 would throw away all compiled code when it ceases to be one. */
  now = 0.5;
  dead: HypDeath | undefined;
  /** Thread whose hypercall is being handled, -1 outside of one. */
  caller = NO_OBJECT;

  readonly kinds: (ObjectKind | undefined)[] = [];
  readonly calls: (HypercallHandler | undefined)[] = [];
  readonly checkPending: CheckPending[] = [];
  /** SMCCC: handlers in the order in which they are asked; whether the running hypercall came that way. */
  readonly smccc = { handlers: [] as SmcccHandler[], hypercall: false };
  readonly physDevices: PhysDevice[] = [];
  vic!: VicPort;
  sched!: SchedPort;
  mem!: MemPort;

  constructor(readonly config: HypConfig = defaultHypConfig()) {
    this.now = 0;
  }

  kind<T extends HypObject>(type: number, kind: ObjectKind<T>): void {
    assert(this.kinds[type] === undefined, `object type ${type} registered twice`);
    // One shape for all of them: they are read by type all the time.
    const { create, activate, deactivate, release } = kind as unknown as ObjectKind;
    this.kinds[type] = { create, activate, deactivate, release };
    this.ofType[type] = [];
  }

  call(num: number, handler: HypercallHandler): void {
    assert(this.calls[num] === undefined, `hypercall ${num} registered twice`);
    this.calls[num] = handler;
  }

  get<T extends HypObject>(id: number): T {
    const object = this.objects[id];
    // Not by `assert`: its message would be built at every call.
    if (object === undefined) throw new SimBug(`no object ${id}`);
    return object as T;
  }

  /** A new object in INIT with no reference, or an error of its kind. */
  create<T extends HypObject>(type: number, partition: number): T | number {
    const kind = this.kinds[type];
    if (kind === undefined) throw new SimBug(`object type ${type} has no module`);
    const id = this.freeIds.pop() ?? this.objects.length;
    const base: HypObject = { id, type, state: ObjectState.INIT, refs: 0, partition, caps: [] };
    this.objects[id] = base;
    const made = kind.create(this, base);
    if (typeof made === 'number') {
      this.freeIds.push(id);
      this.objects[id] = undefined;
      return made;
    }
    this.objects[id] = made;
    this.heads[id] = headOf(type, ObjectState.INIT);
    this.ofType[type].push(id);
    return made as T;
  }

  /** Lets the object take an event; callers have checked that it can. */
  objectEvent(object: HypObject, type: ObjectEvent['type']): void {
    const next = objectLife.next(object.state - FIRST_STATE, NO_CONTEXT, { type });
    if (next === UNHANDLED) throw new SimBug(`object ${object.id}: ${type} in state ${object.state}`);
    this.setState(object, next.state + FIRST_STATE);
  }

  /** Past the chart of objects: for tests that need one in a certain state. */
  setState(object: HypObject, state: number): void {
    object.state = state;
    this.heads[object.id] = headOf(object.type, state);
  }

  /** Objects were replaced as a whole. */
  reindex(): void {
    for (const ids of this.ofType) if (ids !== undefined) ids.length = 0;
    for (const object of this.objects) {
      if (object === undefined) continue;
      this.ofType[object.type].push(object.id);
      this.heads[object.id] = headOf(object.type, object.state);
    }
  }

  activate(object: HypObject): number {
    if (object.state !== ObjectState.INIT) return HypError.OBJECT_STATE;
    const kind = this.kinds[object.type];
    const error = kind === undefined ? HypError.OK : kind.activate(this, object);
    this.objectEvent(object, error === HypError.OK ? 'ACTIVATE' : 'FAIL');
    return error;
  }

  ref(id: number): number {
    if (id !== NO_OBJECT) this.get(id).refs++;
    return id;
  }

  /** Drops a reference; at zero the object is deactivated, released and forgotten. Returns NO_OBJECT for assignment. */
  unref(id: number): number {
    if (id === NO_OBJECT) return NO_OBJECT;
    const object = this.get(id);
    object.refs--;
    if (object.refs > 0) return NO_OBJECT;
    if (object.refs !== 0) throw new SimBug(`object ${id} released twice`);
    const wasActive = object.state === ObjectState.ACTIVE;
    this.objectEvent(object, 'DESTROY');
    const kind = this.kinds[object.type];
    if (wasActive) kind?.deactivate?.(this, object);
    kind?.release?.(this, object);
    this.objects[id] = undefined;
    const ids = this.ofType[object.type];
    // What was made last mostly goes first.
    const last = ids.pop();
    if (last !== undefined && last !== id) {
      let at = ids.length - 1;
      while (at > 0 && ids[at] !== id) at--;
      ids[at] = last;
    }
    this.freeIds.push(id);
    return NO_OBJECT;
  }
}
