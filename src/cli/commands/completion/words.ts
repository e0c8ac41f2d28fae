/** Names that change with the program, for `completion --words NAME`: a script asks when it needs them. */
import { CATALOG, DEFECTS } from '../../../conform/index.js';
import { COMMAND_SETS, EXPLORED } from '../../../fuzz/explore/index.js';
import { FAULTS } from '../../../fuzz/index.js';
import { TOPICS } from '../../../protocol/explain.js';
import { DEATHS } from '../../../protocol/index.js';
import { INVARIANTS } from '../../../sim/index.js';

const groupOf = (check: string): string => check.replace(/-\d+$/, '');

export const WORDS: Readonly<Record<string, () => readonly string[]>> = {
  checks: () => ['rmclient', ...new Set(CATALOG.flatMap((c) => [groupOf(c.id), c.id]))],
  defects: () => DEFECTS.map((d) => d.name),
  faults: () => Object.keys(FAULTS),
  deaths: () => [...Object.keys(DEATHS), 'all'],
  commands: () => [...Object.keys(COMMAND_SETS), ...EXPLORED],
  names: () => [
    ...new Set([
      ...Object.entries(TOPICS).flatMap(([topic, list]) => [topic, ...list.map(([name]) => name)]),
      ...Object.keys(INVARIANTS),
    ]),
  ],
};
