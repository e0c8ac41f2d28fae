/** What the owners of state machines see: plain data in, plain data out. */

/** Something the owner of the machine must do, in the order listed. */
export interface Effect {
  readonly type: string;
  readonly params: unknown;
}

/** One state that a machine can rest in (a leaf of the chart). */
export interface StateInfo {
  /** Position in {@link Executor.states}: the whole state, as stored and snapshotted. */
  readonly index: number;
  /** Path from the root with dots, e.g. `resetting.dt`. */
  readonly name: string;
  /** `meta` of the leaf and its ancestors merged, the leaf winning (doc, rule ids, numeric state). */
  readonly meta: Readonly<Record<string, unknown>>;
  readonly tags: readonly string[];
  /** The machine has ended: every event is unhandled. */
  readonly done: boolean;
}

export interface Step<C, F extends Effect = Effect> {
  readonly state: number;
  readonly context: C;
  readonly effects: readonly F[];
}

/** What `next` answers when neither the state nor its ancestors take the event; the owner turns it into a result code. */
export const UNHANDLED = 'unhandled';
export type Unhandled = typeof UNHANDLED;

/** A machine without an actor: the state is a number, the context plain data, and nothing is performed. */
export interface Executor<C, E, I = unknown, F extends Effect = Effect> {
  readonly id: string;
  readonly states: readonly StateInfo[];
  /** State, context and effects of entering the machine. */
  start(input?: I): Step<C, F>;
  next(state: number, context: C, event: E): Step<C, F> | Unhandled;
  /** Index of a leaf by its dotted name; a wrong name is our bug. */
  indexOf(name: string): number;
  /** Whether `state` is the named state or lies inside it. */
  matches(state: number, name: string): boolean;
}
