/** What the page shows of the machine: tables of text, and what is different from the moment before. */

export interface Row {
  /** Names the same thing at every moment. */
  readonly key: string;
  readonly cells: readonly string[];
  /** Number of the hypervisor object that the row is about. */
  readonly object?: number;
  /** It came, went, or says something else than before. */
  readonly change?: '+' | '-' | '~';
  /** With `~`: the cells that are different. */
  readonly changed?: readonly number[];
}

export interface Table {
  readonly id: string;
  readonly title: string;
  /** The VM whose capabilities these are. */
  readonly owner?: string;
  readonly columns: readonly string[];
  readonly rows: readonly Row[];
}

function compared(row: Row, before: Row | undefined): Row {
  if (before === undefined) return { ...row, change: '+' };
  const changed = row.cells.flatMap((cell, i) => (cell === before.cells[i] ? [] : [i]));
  return changed.length === 0 ? row : { ...row, change: '~', changed };
}

/** Rows of `now` with their changes; what went stands behind the row that it stood behind. */
function rowsSince(before: readonly Row[], now: readonly Row[]): Row[] {
  const was = new Map(before.map((r) => [r.key, r]));
  const is = new Set(now.map((r) => r.key));
  const gone = new Map<string, Row[]>();
  let previous = '';
  for (const row of before) {
    if (is.has(row.key)) previous = row.key;
    else gone.set(previous, [...(gone.get(previous) ?? []), { ...row, change: '-' }]);
  }
  const rest = now.flatMap((row) => [compared(row, was.get(row.key)), ...(gone.get(row.key) ?? [])]);
  return [...(gone.get('') ?? []), ...rest];
}

/** The tables of `now`, with what came, went and changed since `before`. A table is there if it was at either moment. */
export function changesSince(before: readonly Table[], now: readonly Table[]): Table[] {
  const rowsOf = (tables: readonly Table[], id: string): readonly Row[] => tables.find((t) => t.id === id)?.rows ?? [];
  const all = [...now, ...before.filter((b) => !now.some((n) => n.id === b.id))];
  return all.map((t) => ({ ...t, rows: rowsSince(rowsOf(before, t.id), rowsOf(now, t.id)) }));
}
