/**
 * What an exploration can be asked for with its commands: which transitions of a VM's life it must see sometimes, and whether there
 * is a way back from everything.
 */
import { coverage } from '../../machine/index.js';
import { whyNotTaken } from '../unreachable.js';

const MACHINE = 'vm-life';

/** Commands that lead to INIT, to READY, and round to RESET. */
const LOADED = ['allocate', 'image', 'configure'];
const READY = [...LOADED, 'init'];
const RUNNING = [...READY, 'start'];
const ROUND = [...READY, 'reset'];
const ENDS = ['stop', 'guestExits', 'guestStops'];

/** Transitions by name, and what takes them: all of these commands, and one of the others. */
const TAKEN_BY: readonly (readonly [name: RegExp, all: readonly string[], one?: readonly string[]])[] = [
  [/^load CONFIGURE/, LOADED],
  [/^load FAIL/, ['allocate', 'configure']],
  [/^load DEALLOCATE/, ['allocate', 'deallocate']],
  [/^auth AUTHENTICATE/, [...LOADED, 'authenticate']],
  [/^init /, READY],
  [/^ready START/, RUNNING],
  // The image is reclaimed before the start.
  [/^ready FAIL/, [...RUNNING, 'reclaim']],
  [/^running EXIT/, RUNNING, ENDS],
  [/^(ready|initFailed) RESET|^resetting/, ROUND],
  // A second start needs a new image: RM has patched the tree of the first.
  [/^exited RESET#0/, [...RUNNING, 'reset', 'reclaim'], ENDS],
  [/^exited RESET#1/, [...RUNNING, 'reset'], ENDS],
  [/^reset CONFIGURE/, ROUND],
  [/^reset FAIL/, [...ROUND, 'reclaim']],
  [/^reset DEALLOCATE/, [...ROUND, 'deallocate']],
];

/** What is needed to come back behind a command. */
const TAKEN_BACK_BY: Readonly<Record<string, readonly string[]>> = {
  allocate: ['deallocate'],
  image: ['reclaim'],
  share: ['reclaim'],
  configure: ['authenticate', 'init', 'reset'],
  start: ['stop'],
  lend: ['unlend'],
};

/** Commands that are missing on the way back. */
export const missingBack = (commands: readonly string[]): string[] => [
  ...new Set(commands.flatMap((c) => TAKEN_BACK_BY[c] ?? []).filter((c) => !commands.includes(c))),
];

export interface Unseen {
  name: string;
  why: string;
  /** The commands could have taken it: with everything tried, that is a failure. */
  due: boolean;
}

export interface Sights {
  machine: string;
  transitions: number;
  taken: number;
  unseen: Unseen[];
}

function whyUnseen(name: string, commands: readonly string[]): Omit<Unseen, 'name'> {
  const never = whyNotTaken(MACHINE, name);
  if (never !== undefined) return { why: never, due: false };
  const [, all = [], one = []] = TAKEN_BY.find(([pattern]) => pattern.test(name)) ?? [];
  const missing = all.filter((command) => !commands.includes(command));
  if (one.length > 0 && !one.some((command) => commands.includes(command))) missing.push(`one of ${one.join(', ')}`);
  return missing.length === 0
    ? { why: 'the commands can take it, and never did', due: true }
    : { why: `needs ${missing.join(', ')}`, due: false };
}

/** Transitions taken since coverage was last reset, and of those not taken why, with these commands. */
export function sightsOf(commands: readonly string[], machines = coverage()): Sights {
  const life = machines.find(({ machine }) => machine === MACHINE);
  const missed = life?.missedTransitions ?? [];
  return {
    machine: MACHINE,
    transitions: life?.transitions ?? 0,
    taken: life?.transitionsTaken ?? 0,
    unseen: missed.map((name) => ({ name, ...whyUnseen(name, commands) })),
  };
}
