/**
 * Reference model of extents and mappings, deliberately simple: maps from units of physical memory to holders.
 *
 * A unit is one page or a run of pages that no operation cuts, so that large blocks take part. Extents are maps
 * "address space -> unit -> access"; a stage-2 table is a map "place -> access", where a place is a unit at one of two
 * distances from its physical address. No intervals, no blocks, no records to split.
 */
import { HypError } from '../../src/protocol/index.js';

export const BASE = 0x5000_0000;
/** Start pages of the units; the last is the end. Units 2 and 4 hold whole and partial 2 MiB blocks. */
export const CUTS = [0, 1, 2, 512, 513, 1023, 1024, 1536] as const;
export const UNITS = CUTS.length - 1;
/** Two windows in which physical memory may appear in a space. */
export const DELTAS = [0x3000_0000, 0x5000_0000] as const;

export const physOf = (unit: number): number => BASE + CUTS[unit] * 4096;

export interface ModelExtent {
  sparse: boolean;
  from: number;
  to: number;
  access: number;
  parent: ModelExtent | undefined;
  children: number;
  /** Its capability exists. */
  cap: boolean;
  active: boolean;
  /** Per address space: window and recorded access per unit (0: not recorded). */
  maps: { delta: number; access: number[] }[];
}

export class MemModel {
  /** Who owns each unit; `undefined`: the partition. */
  owner: (ModelExtent | undefined)[] = new Array(UNITS).fill(undefined);
  /** tables[space][delta][unit] = access, 0 unmapped. */
  tables: number[][][];
  extents: ModelExtent[] = [];

  constructor(readonly spaces: number) {
    this.tables = Array.from({ length: spaces }, () => DELTAS.map(() => new Array<number>(UNITS).fill(0)));
  }

  private units(e: { from: number; to: number }): number[] {
    return Array.from({ length: e.to - e.from }, (_, i) => e.from + i);
  }

  /** Pages of a unit leave the records of `x` and enter those of `y`. */
  private hand(unit: number, x: ModelExtent | undefined, y: ModelExtent | undefined): void {
    for (let s = 0; s < this.spaces; s++) {
      const gone = x?.maps[s];
      if (gone !== undefined && gone.access[unit] !== 0) this.tables[s][gone.delta][unit] = 0;
      const come = y?.maps[s];
      if (come !== undefined && come.access[unit] !== 0) this.tables[s][come.delta][unit] = come.access[unit];
    }
    this.owner[unit] = y;
  }

  create(sparse: boolean, from: number, to: number, access: number, parent: ModelExtent | undefined): number {
    const e: ModelExtent = {
      sparse,
      from,
      to,
      access,
      parent,
      children: 0,
      cap: true,
      active: false,
      maps: Array.from({ length: this.spaces }, () => ({ delta: 0, access: new Array<number>(UNITS).fill(0) })),
    };
    this.extents.push(e);
    if (parent !== undefined) parent.children++;
    const units = this.units(e);
    const takes = parent === undefined ? !sparse : !sparse || !parent.sparse;
    if (takes && units.some((u) => this.owner[u] !== parent)) return HypError.MEMDB_NOT_OWNER;
    if (parent !== undefined) {
      for (let s = 0; s < this.spaces; s++) {
        const recorded = units.map((u) => parent.maps[s].access[u] !== 0);
        const same = units.every((u) => parent.maps[s].access[u] === parent.maps[s].access[units[0]]);
        if (!sparse && (recorded.some((r) => r !== recorded[0]) || !same)) return HypError.DENIED;
      }
      for (let s = 0; s < this.spaces; s++) {
        e.maps[s].delta = parent.maps[s].delta;
        for (const u of units) e.maps[s].access[u] = parent.maps[s].access[u] & access;
      }
    }
    e.active = true;
    if (takes) for (const u of units) this.hand(u, parent, e);
    return HypError.OK;
  }

  donate(from: ModelExtent | undefined, to: ModelExtent | undefined, a: number, b: number): number {
    const units = this.units({ from: a, to: b });
    if (units.some((u) => this.owner[u] !== from)) return HypError.MEMDB_NOT_OWNER;
    for (const u of units) this.hand(u, from, to);
    return HypError.OK;
  }

  /** The caller has made sure that nothing of the range is recorded for this space, and that the window fits. */
  map(e: ModelExtent, space: number, delta: number, a: number, b: number, access: number): number {
    if ((e.access & access) !== access) return HypError.ARGUMENT_INVALID;
    const record = e.maps[space];
    record.delta = delta;
    for (const u of this.units({ from: a, to: b })) {
      record.access[u] = access;
      if (this.owner[u] === e) this.tables[space][delta][u] = access;
    }
    return HypError.OK;
  }

  unmap(e: ModelExtent, space: number, delta: number, a: number, b: number): number {
    const record = e.maps[space];
    const units = this.units({ from: a, to: b });
    if (record.delta !== delta || units.some((u) => record.access[u] === 0)) return HypError.ADDR_INVALID;
    for (const u of units) {
      record.access[u] = 0;
      if (this.owner[u] === e) this.tables[space][delta][u] = 0;
    }
    return HypError.OK;
  }

  unmapAll(e: ModelExtent): void {
    for (let s = 0; s < this.spaces; s++) {
      const record = e.maps[s];
      for (const u of this.units(e)) {
        if (this.owner[u] === e && record.access[u] !== 0) this.tables[s][record.delta][u] = 0;
      }
      record.access.fill(0);
    }
  }

  update(e: ModelExtent, space: number, delta: number, access: number): number {
    if ((e.access & access) !== access) return HypError.ARGUMENT_INVALID;
    const record = e.maps[space];
    if (e.sparse || record.delta !== delta || record.access[e.from] === 0) return HypError.ADDR_INVALID;
    for (const u of this.units(e)) {
      record.access[u] = access;
      if (this.owner[u] === e) this.tables[space][delta][u] = access;
    }
    return HypError.OK;
  }

  /** The capability goes; the extent with it unless children hold it. */
  remove(e: ModelExtent): void {
    e.cap = false;
    this.collect(e);
  }

  private collect(e: ModelExtent): void {
    if (e.cap || e.children > 0) return;
    if (e.active) for (const u of this.units(e)) if (this.owner[u] === e) this.hand(u, e, e.parent);
    this.extents.splice(this.extents.indexOf(e), 1);
    if (e.parent === undefined) return;
    e.parent.children--;
    this.collect(e.parent);
  }
}
