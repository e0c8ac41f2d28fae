/** Capability tables of every VM: what each slot names, with which rights, and who else holds the object. */
import { hex } from '../base/index.js';
import { allCaps, CapState, type CSpace, encodeCapId } from '../hyp/index.js';
import { OBJECT_STATE_NAMES, OBJECT_TYPE_NAMES, rightNames } from '../protocol/index.js';
import type { Simulator } from './simulator.js';
import { vmName, vmSpaces } from './who.js';

export interface CapRow {
  /** Capability id: what a guest passes to hypercalls. */
  cap: bigint;
  slot: number;
  /** Object number, unique in the simulated machine. */
  object: number;
  type: string;
  state: string;
  rights: string[];
  /** The first capability of the object, with every right; all others are copies of some capability. */
  master: boolean;
  revoked: boolean;
  /** Other capabilities to the same object: VM and id. */
  others: { vm: string; cap: bigint }[];
  /** In a table of changes: the row came, or went. */
  change?: '+' | '-';
}

export interface CapTableOfVm {
  vmid: number;
  vm: string;
  rows: CapRow[];
}

/** RM's table first, then by VMID. Spaces that no VM record names (a VM being reset) are left out. */
export function capTables(sim: Simulator): CapTableOfVm[] {
  const { hyp } = sim;
  const spaces = vmSpaces(sim);
  const owner = new Map(spaces.map((s) => [s.cspace.id, vmName(s.vmid)]));
  return spaces.map(({ vmid, cspace }) => ({
    vmid,
    vm: vmName(vmid),
    rows: [...allCaps(cspace)].map((view): CapRow => {
      const revoked = view.table.state[view.lower] === CapState.REVOKED;
      const object = revoked ? undefined : hyp.objects[view.table.object[view.lower]];
      const own = cspace.id * 0x10000 + view.slot;
      return {
        cap: encodeCapId(cspace, view.slot),
        slot: view.slot,
        object: view.table.object[view.lower],
        type: object === undefined ? '-' : (OBJECT_TYPE_NAMES[object.type] ?? String(object.type)),
        state: object === undefined ? '-' : (OBJECT_STATE_NAMES[object.state] ?? String(object.state)),
        rights: object === undefined ? [] : rightNames(object.type, view.table.rights[view.lower]),
        master: view.table.master[view.lower] === 1,
        revoked,
        others: (object?.caps ?? [])
          .filter((key) => key !== own)
          .map((key) => {
            const space = hyp.get<CSpace>(Math.floor(key / 0x10000));
            return { vm: owner.get(space.id) ?? `space ${space.id}`, cap: encodeCapId(space, key & 0xffff) };
          }),
      };
    }),
  }));
}

/** Equal for rows that say the same of a capability; who else holds its object does not matter. */
const identity = (r: CapRow): string =>
  [r.slot, r.object, r.type, r.state, r.rights.join(' '), r.master, r.revoked].join();

/** What came and what went between two moments, as tables of the rows concerned. A VM is there if it was at either moment. */
export function capChanges(before: readonly CapTableOfVm[], now: readonly CapTableOfVm[]): CapTableOfVm[] {
  const vms = [...now, ...before.filter((b) => !now.some((n) => n.vmid === b.vmid))];
  const rowsOf = (tables: readonly CapTableOfVm[], vmid: number): CapRow[] =>
    tables.find((t) => t.vmid === vmid)?.rows ?? [];
  const beside = (rows: readonly CapRow[], others: readonly CapRow[], change: '+' | '-'): CapRow[] => {
    const known = new Set(others.map(identity));
    return rows.filter((r) => !known.has(identity(r))).map((r) => ({ ...r, change }));
  };
  return vms.map(({ vmid, vm }) => {
    const [was, is] = [rowsOf(before, vmid), rowsOf(now, vmid)];
    return { vmid, vm, rows: [...beside(was, is, '-'), ...beside(is, was, '+')].sort((a, b) => a.slot - b.slot) };
  });
}

/** Changes as lines of text. */
export function capChangeLines(table: CapTableOfVm): string[] {
  const count = (change: '+' | '-'): number => table.rows.filter((r) => r.change === change).length;
  if (table.rows.length === 0) return [`${table.vm}: nothing came or went`];
  return [`${table.vm}: ${count('+')} came, ${count('-')} went`, ...capTableLines(table, true).slice(1)];
}

/** What a table shows of a capability. */
export const CAP_COLUMNS = ['cap', 'slot', 'object', 'type', 'state', 'kind', 'also held by', 'rights'] as const;

/** A row as text, by column. */
export const capCells = (r: CapRow): string[] => [
  hex(r.cap),
  `${r.slot >> 8}:${r.slot & 0xff}`,
  r.revoked ? '-' : `#${r.object}`,
  r.revoked ? '(revoked)' : r.type,
  r.state,
  r.master ? 'master' : 'copy',
  r.others.map((o) => `${o.vm} ${hex(o.cap)}`).join(', ') || '-',
  r.rights.join(' ') || '-',
];

/** A table as lines of text. RM's hardware interrupts (some hundred rows alike) are one line unless `all`. */
export function capTableLines(table: CapTableOfVm, all = false): string[] {
  const shown = all ? table.rows : table.rows.filter((r) => r.type !== 'HWIRQ');
  const cells = shown.map(capCells);
  const widths = CAP_COLUMNS.map((h, i) => Math.max(h.length, ...cells.map((c) => c[i].length)));
  const line = (c: readonly string[]): string =>
    c
      .map((t, i) => (i === c.length - 1 ? t : t.padEnd(widths[i])))
      .join('  ')
      .trimEnd();
  const hidden = table.rows.length - shown.length;
  return [
    `${table.vm}: ${table.rows.length} capabilities`,
    `  ${line(CAP_COLUMNS)}`,
    ...cells.map((c, i) => `${shown[i].change ?? ' '} ${line(c)}`),
    ...(hidden > 0 ? [`  and ${hidden} hardware interrupts (HWIRQ)`] : []),
  ];
}
