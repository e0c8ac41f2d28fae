/** Which hypercalls touched which object: what the page tells of a capability. */
import { type CSpace, decodeCapId, findCap, type HypObject } from '../hyp/index.js';
import { HYPERCALLS, OBJECT_STATE_NAMES, OBJECT_TYPE_NAMES, ObjectType } from '../protocol/index.js';
import type { RunEvent } from '../scenario/index.js';
import type { Simulator } from '../sim/index.js';
import type { Vcpu } from '../vcpu/index.js';
import type { ObjectStory } from './messages.js';

type CallEvent = Extract<RunEvent, { kind: 'call' }>;

const titleOf = (object: HypObject): string =>
  `${OBJECT_TYPE_NAMES[object.type]} #${object.id}, ${OBJECT_STATE_NAMES[object.state]}`;

export class Stories {
  private readonly stories = new Map<number, { title: string; calls: { step: number; text: string }[] }>();
  /** The object of each slot that was ever named: after a deletion nobody else knows it. */
  private readonly named = new Map<string, number>();

  constructor(private readonly sim: Simulator) {}

  /** Numbers are used again: what is gone by now has no story any more. */
  beginStep(): void {
    for (const id of this.stories.keys()) if (this.sim.hyp.objects[id] === undefined) this.stories.delete(id);
  }

  /** Object behind a capability of a thread's space after the call that named it, also when the call deleted it. */
  private objectOf(thread: number, cap: bigint): number | undefined {
    const { objects } = this.sim.hyp;
    const space = objects[(objects[thread] as Vcpu | undefined)?.cspace ?? -1] as CSpace | undefined;
    if (space?.type !== ObjectType.CSPACE) return undefined;
    const slot = `${space.id} ${decodeCapId(space, cap)}`;
    const view = findCap(space, cap);
    const before = this.named.get(slot);
    if (typeof view === 'number') {
      this.named.delete(slot);
      return before;
    }
    const object = view.table.object[view.lower];
    this.named.set(slot, object);
    return object;
  }

  /** Objects whose capabilities go into the call or come out of it; `text` becomes part of their stories. */
  add(e: CallEvent, step: number, text: string): number[] {
    const info = HYPERCALLS[e.num];
    if (info === undefined) return [];
    const first = info.errorOutput ? 1 : 0;
    const caps = [
      ...info.inputs.flatMap((input, i) => (input.type === 'cap' ? [e.x[i]] : [])),
      ...(e.blocked || e.r[0] !== 0n ? [] : info.outputs.flatMap((o, i) => (o.type === 'cap' ? [e.r[first + i]] : []))),
    ];
    const objects = new Set(caps.flatMap((cap) => this.objectOf(e.thread, cap) ?? []));
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
