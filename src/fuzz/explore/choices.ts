/** What an exploration tries in a state: sets of the fuzzer's commands, and the arguments of each. */
import { toHex } from '../../base/index.js';
import { ANY, AREAS, areaAt, GUEST_NAMES, secondary } from '../lifecycle/command-parts.js';
import { COMMANDS, type Command, type Request, type Step } from '../lifecycle/commands.js';
import type { World } from '../lifecycle/world.js';
import { isWritable } from '../run.js';

/** Values of one argument that are worth a try. */
type Choice = readonly number[] | ((w: World) => readonly number[]);

const upTo = (n: number): number[] => Array.from({ length: n }, (_, i) => i);
/** Each of so many: as one that fits, and whether it fits or not. */
const each = (n: number): number[] => (n === 0 ? [0] : upTo(n).flatMap((i) => [i, ANY + i]));

const vm: Choice = (w) => each(secondary(w).length);
const parcel: Choice = (w) => each(w.parcels.length);
const loan: Choice = (w) => each(w.loans.size);
/** The first area that can hold an image, and the first that is taken. */
const area: Choice = (w) => {
  const free = upTo(AREAS).map((i) => isWritable(w, areaAt(i)));
  return [free.indexOf(true), free.indexOf(false)].filter((i) => i >= 0);
};
const both: Choice = [0, 1];

/** Arguments in the order of the command's own; those that are missing are 0. */
const CHOICES: Readonly<Record<string, readonly Choice[]>> = {
  allocate: [],
  image: [vm, area, [GUEST_NAMES.indexOf('linked'), GUEST_NAMES.indexOf('broken')]],
  // Authentication: none, by the platform.
  configure: [vm, [0, 11]],
  authenticate: [vm],
  init: [vm],
  start: [vm],
  // With force, and by asking the VM.
  stop: [vm, both],
  reset: [vm],
  deallocate: [vm],
  reclaim: [parcel],
  guestReads: [vm],
  guestExits: [vm],
  guestStops: [vm, both],
  guestWaits: [vm],
  query: [upTo(8), vm],
  resetAndAsk: [vm, upTo(8)],
  // One page: shared, lent, donated.
  share: [vm, [0], [0], [0], [0, 1, 2]],
  release: [parcel],
  announce: [parcel],
  guestAccepts: [vm, parcel],
  guestReleases: [vm, parcel],
  lend: [vm],
  unlend: [loan],
  guestTakesIrq: [vm, loan],
  guestReturnsIrq: [vm, loan],
};

/** Commands that belong together. */
export const COMMAND_SETS: Readonly<Record<string, readonly string[]>> = {
  life: [
    ...['allocate', 'image', 'configure', 'authenticate', 'init', 'start', 'stop', 'reset', 'deallocate', 'reclaim'],
  ],
  guests: ['guestReads', 'guestExits', 'guestStops', 'guestWaits'],
  queries: ['query', 'resetAndAsk'],
  memory: ['share', 'release', 'guestAccepts', 'guestReleases'],
  interrupts: ['lend', 'unlend', 'guestTakesIrq', 'guestReturnsIrq'],
};

export const EXPLORED: readonly string[] = Object.keys(CHOICES);

/** Sets and commands by name, each command once. */
export function commandsOf(names: readonly string[]): string[] {
  return [...new Set(names.flatMap((name) => COMMAND_SETS[name] ?? [name]))];
}

/** A command, and what it comes to in the state that it was made for. */
export interface Move {
  command: Command;
  step: Step;
}

function* argumentsOf(choices: readonly Choice[], w: World): Generator<number[]> {
  const [first, ...rest] = choices;
  if (first === undefined) yield [];
  else
    for (const a of typeof first === 'function' ? first(w) : first)
      for (const b of argumentsOf(rest, w)) yield [a, ...b];
}

const requestText = ({ from, id, payload }: Request): unknown => [from, id, toHex(payload)];
/** Equal for steps that do the same. */
const stepText = (step: Step): string =>
  JSON.stringify(step, (key, value) => {
    if (key === 'request') return requestText(value);
    return key === 'requests' ? value.map(requestText) : value;
  });

/** All that these commands can do in a state of the model, each once. */
export function movesOf(names: readonly string[], w: World): Move[] {
  const moves = new Map<string, Move>();
  for (const name of names) {
    const { limits, build } = COMMANDS[name];
    for (const given of argumentsOf(CHOICES[name], w)) {
      const args = limits.map((_, i) => given[i] ?? 0);
      const step = build(w, args);
      if (step === undefined) continue;
      const text = stepText(step);
      if (!moves.has(text)) moves.set(text, { command: { name, args }, step });
    }
  }
  return [...moves.values()];
}
