/**
 * The objects of a machine by type, for passes over the whole machine. Found again whenever the list of objects is not the one
 * that was seen last: nobody has to announce a change. Most objects are the board's interrupts, which come and go never.
 */
import type { HypObject } from '../../hyp/index.js';
import { ObjectType } from '../../protocol/index.js';

const TYPES = Math.max(...Object.values(ObjectType)) + 1;
/** {@link Population.typeOf} where there is no object. */
const NO_TYPE = -1;

export class Population {
  /** Type by id. */
  typeOf = new Int8Array(512).fill(NO_TYPE);
  private readonly byType: HypObject[][] = Array.from({ length: TYPES }, () => []);
  /** All but the interrupts of the board. */
  readonly few: HypObject[] = [];
  /** Ids without an object. */
  readonly holes: number[] = [];
  private readonly known: (HypObject | undefined)[] = [];

  of<T extends HypObject>(type: number): readonly T[] {
    return this.byType[type] as T[];
  }

  /** Whether `id` names an object of that type. */
  is(id: number, type: number): boolean {
    return id >= 0 && id < this.known.length && this.typeOf[id] === type;
  }

  update(objects: readonly (HypObject | undefined)[]): void {
    if (!this.isCurrent(objects)) this.regroup(objects);
  }

  private isCurrent(objects: readonly (HypObject | undefined)[]): boolean {
    const { known, few, typeOf } = this;
    if (known.length !== objects.length) return false;
    for (let id = 0; id < known.length; id++) if (known[id] !== objects[id]) return false;
    for (let i = 0; i < few.length; i++) if (few[i].type !== typeOf[few[i].id]) return false;
    return true;
  }

  private regroup(objects: readonly (HypObject | undefined)[]): void {
    const { known, byType, few, holes } = this;
    if (this.typeOf.length < objects.length) this.typeOf = new Int8Array(objects.length * 2);
    const { typeOf } = this;
    const boards = this.noteTypes(objects);
    for (let type = 0; type < TYPES; type++) if (boards || type !== ObjectType.HWIRQ) byType[type].length = 0;
    few.length = 0;
    holes.length = 0;
    for (let id = 0; id < known.length; id++) {
      const type = typeOf[id];
      if (type === ObjectType.HWIRQ && !boards) continue;
      const object = known[id];
      if (object === undefined) {
        holes.push(id);
        continue;
      }
      byType[type].push(object);
      if (type !== ObjectType.HWIRQ) few.push(object);
    }
  }

  /** Takes the new list; whether interrupts of the board are among what changed. */
  private noteTypes(objects: readonly (HypObject | undefined)[]): boolean {
    const { known, typeOf } = this;
    let boards = known.length > objects.length;
    known.length = objects.length;
    for (let id = 0; id < objects.length; id++) {
      const object = objects[id];
      if (object !== undefined && object === known[id] && typeOf[id] === ObjectType.HWIRQ) continue;
      const type = object === undefined ? NO_TYPE : object.type;
      if (type === ObjectType.HWIRQ || typeOf[id] === ObjectType.HWIRQ) boards = true;
      known[id] = object;
      typeOf[id] = type;
    }
    return boards;
  }
}
