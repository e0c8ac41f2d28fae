/** Which hypercalls touched which object: what the page tells of a capability. */
import { named } from '../base/index.js';
import { type CSpace, decodeCapId, findCap, type HypObject } from '../hyp/index.js';
import {
  type CallArg,
  HYPERCALLS,
  HypError,
  hypErrorOf,
  OBJECT_STATE_NAMES,
  OBJECT_TYPE_NAMES,
  ObjectType,
} from '../protocol/index.js';
import type { RunEvent } from '../scenario/index.js';
import type { Simulator } from '../sim/index.js';
import type { Vcpu } from '../vcpu/index.js';
import type { ObjectStory } from './messages.js';

type CallEvent = Extract<RunEvent, { kind: 'call' }>;

/** Capabilities that are not of the caller's own space but of one that another argument names. */
const SPACE_OF: Readonly<Record<string, readonly string[]>> = {
  cap: ['cspace'],
  src_cap: ['src_cspace'],
  master_cap: ['src_cspace'],
  new_cap: ['dest_cspace', 'cspace'],
};

const titleOf = (object: HypObject): string =>
  `${OBJECT_TYPE_NAMES[object.type]} #${object.id}, ${OBJECT_STATE_NAMES[object.state]}`;

export class Stories {
  private readonly stories = new Map<number, { title: string; calls: { step: number; text: string }[] }>();
  /** The object of each slot that was ever named: after a deletion nobody else knows it. */
  private readonly known = new Map<string, number>();

  constructor(private readonly sim: Simulator) {}

  /** Numbers are used again: what is gone by now has no story any more. */
  beginStep(): void {
    for (const id of this.stories.keys()) if (this.sim.hyp.objects[id] === undefined) this.stories.delete(id);
  }

  /** Object behind a capability after the call that named it, also when the call deleted it. */
  private objectOf(space: CSpace, cap: bigint): number | undefined {
    const slot = `${space.id} ${decodeCapId(space, cap)}`;
    const view = findCap(space, cap);
    const before = this.known.get(slot);
    if (typeof view === 'number') {
      this.known.delete(slot);
      return before;
    }
    const object = view.table.object[view.lower];
    this.known.set(slot, object);
    return object;
  }

  private spaceWithId(id: number | undefined): CSpace | undefined {
    const object = this.sim.hyp.objects[id ?? -1];
    return object?.type === ObjectType.CSPACE ? (object as CSpace) : undefined;
  }

  /** Objects that the capabilities among these inputs or outputs are of; `values` are theirs. */
  private objectsOf(e: CallEvent, args: readonly CallArg[], values: readonly bigint[]): number[] {
    const inputs = HYPERCALLS[e.num]?.inputs ?? [];
    const own = this.spaceWithId((this.sim.hyp.objects[e.thread] as Vcpu | undefined)?.cspace);
    if (own === undefined) return [];
    return args.flatMap((arg, i) => {
      if (arg.type !== 'cap') return [];
      const at = inputs.findIndex((input) => named(SPACE_OF, arg.name)?.includes(input.name));
      const space = at < 0 ? own : this.spaceWithId(this.objectOf(own, e.x[at]));
      return space === undefined ? [] : (this.objectOf(space, values[i]) ?? []);
    });
  }

  /** Objects whose capabilities go into the call or come out of it; `text` becomes part of their stories. */
  add(e: CallEvent, step: number, text: string): number[] {
    const info = HYPERCALLS[e.num];
    if (info === undefined) return [];
    const succeeded = !e.blocked && hypErrorOf(e.r[0]) === HypError.OK;
    const outputs = info.errorOutput && succeeded ? info.outputs : [];
    const objects = new Set([...this.objectsOf(e, info.inputs, e.x), ...this.objectsOf(e, outputs, e.r.slice(1))]);
    for (const id of objects) {
      const object = this.sim.hyp.objects[id];
      const story = this.stories.get(id) ?? { title: '', calls: [] };
      story.title = object === undefined ? `#${id}, gone` : titleOf(object);
      story.calls.push({ step, text });
      this.stories.set(id, story);
    }
    return [...objects];
  }

  /** Undefined: there is no such object, and in the last step there was none. */
  of(object: number): ObjectStory | undefined {
    const story = this.stories.get(object);
    const there = this.sim.hyp.objects[object];
    if (there === undefined && story === undefined) return undefined;
    return { object, title: there === undefined ? (story?.title ?? '') : titleOf(there), calls: story?.calls ?? [] };
  }
}
