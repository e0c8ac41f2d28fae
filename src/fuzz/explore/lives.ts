/** Lives of VMs as a model for the search: what commands do to the real machine, held to what the reference model says of them. */
import { counted } from '../../base/index.js';
import { secondary } from '../lifecycle/command-parts.js';
import type { Step } from '../lifecycle/commands.js';
import { foreseen } from '../lifecycle/foreseen.js';
import type { World } from '../lifecycle/world.js';
import type { Runner } from '../run.js';
import type { Found, RunOptions, SavedRun } from '../run-types.js';
import { type Move, movesOf } from './choices.js';
import { type Place, placeKind, placeName } from './places.js';
import type { Model, Next, Reached } from './search.js';

/** States with more than this are reached and checked, but not followed. */
export interface Bound {
  vms: number;
  /** Parcels at one time. */
  parcels: number;
  /** Messages that wait for one VM. */
  messages: number;
}

function beyond({ w, inbox }: Place, { vms, parcels, messages }: Bound): string | undefined {
  if (secondary(w).length > vms) return `more than ${counted(vms, 'VM')}`;
  if (w.parcels.length > parcels) return `more than ${counted(parcels, 'parcel')}`;
  for (const list of inbox.values())
    if (list.length > messages) return `more than ${counted(messages, 'message')} waiting for a VM`;
  return undefined;
}

/** What the model does not know of these requests. */
function unknown(w: World, step: Step): string | undefined {
  if (step.kind === 'request') return foreseen(w, [step.request]).lost;
  return step.kind === 'burst' ? foreseen(w, step.requests).lost : undefined;
}

/** What RM never gives back. */
const kept = ({ taken }: World): string | undefined =>
  [...taken.values()].some((holder) => !holder.startsWith('parcel '))
    ? 'memory that a VM accepted as a donation does not come back'
    : undefined;

export interface Lives extends Model<SavedRun, Move> {
  /** Of the move that broke something. */
  readonly failure: Found | undefined;
}

/** These commands, on the machine of this runner. */
export function lives(runner: Runner, commands: readonly string[], bound: Bound, options: RunOptions): Lives {
  runner.begin(options);
  let failure: Found | undefined;
  const here = (): Reached<SavedRun> => ({
    name: placeName(runner),
    about: placeKind(runner),
    trap: kept(runner.w),
    keep: () => runner.save(),
  });
  return {
    first: here(),
    actions: ({ w }) => movesOf(commands, w),
    get failure() {
      return failure;
    },
    next(from, { command, step }): Next<SavedRun> {
      const lost = unknown(from.w, step);
      if (lost !== undefined) return { kind: 'end', why: `not tried, the model does not know ${lost}`, trap: true };
      runner.restore(from);
      const end = runner.carryOut(command, step);
      if (end === undefined) {
        const why = beyond(runner, bound);
        return why === undefined ? { kind: 'state', reached: here() } : { kind: 'end', why, trap: false };
      }
      if (end.kind === 'failure') {
        failure = end.failure;
        return { kind: 'broken' };
      }
      return { kind: 'end', why: end.kind === 'over' ? end.why : `RM dies: ${end.trigger}`, trap: true };
    },
  };
}
