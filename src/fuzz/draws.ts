/**
 * What sequences are drawn from, by fast-check. As with its model commands, a draw knows nothing of the machine: it becomes a
 * command in a state of the model when its turn comes, and is left out where it makes no sense then.
 */
import { type Arbitrary, array, constant, nat, oneof, record, subarray, tuple } from 'fast-check';
import { VmState } from '../protocol/index.js';
import { PICK } from './lifecycle/command-parts.js';
import { COMMANDS, type Command } from './lifecycle/commands.js';
import { HLOS, type ModelVm, RM, type World } from './lifecycle/world.js';

export interface DrawOptions {
  /** Commands of one sequence, at most: those that make no sense when their turn comes are left out. */
  length: number;
  /** Every sequence leaves out a random part of the commands. */
  swarm: boolean;
}

/** What a sequence may try next. */
export interface Draw {
  resolve(w: World): Command;
  /** 0: it may be one behind which the model does not follow RM. */
  last: number;
}

/** What brings a VM in a given state further. */
const STEPS: Readonly<Record<number, readonly string[]>> = {
  [VmState.LOAD]: ['image', 'configure', 'configure', 'share'],
  [VmState.AUTH]: ['authenticate'],
  [VmState.INIT]: ['init'],
  [VmState.READY]: ['start', 'start', 'start', 'announce', 'share', 'shareMany'],
  [VmState.INIT_FAILED]: ['reset'],
  [VmState.EXITED]: ['reset', 'resetAndAsk'],
  [VmState.RESET]: ['deallocate', 'reclaim', 'reclaim'],
};
const RUNNING = Object.keys(COMMANDS).filter(
  (name) => name.startsWith('guest') && name !== 'guestExits' && name !== 'guestStops',
);

/** How a VM that runs comes to its end, and what makes sense while it runs. */
const ENDS: readonly string[] = ['stop', 'guestExits', 'guestStops'];
const BESIDE: readonly string[] = [
  ...RUNNING,
  'clients',
  'clients',
  'announce',
  'console',
  'shareMany',
  'lend',
  'tellLoan',
  'share',
];

/** Nothing leads out of its state but what kills RM. */
const isStuck = (vm: ModelVm): boolean => vm.state === VmState.INIT_FAILED && (!vm.config || vm.broken || vm.noReset);

/** Which VM goes on, how, and with which arguments, 0 being the simplest. */
interface Onward {
  /** 0: a new VM rather than one of these, as long as they are few. */
  fresh: number;
  vm: number;
  /** 0: what runs comes to its end. */
  end: number;
  way: number;
  args: readonly number[];
}
const MOST_ARGS = Math.max(...Object.values(COMMANDS).map(({ limits }) => limits.length));
const onwards: Arbitrary<Onward> = record(
  {
    fresh: nat(7),
    vm: nat(PICK - 1),
    end: nat(3),
    way: nat(PICK - 1),
    args: array(oneof(constant(0), nat(29)), { minLength: MOST_ARGS, maxLength: MOST_ARGS }),
  },
  { noNullPrototype: true },
);

/** A command that takes some VM one step on. */
function purposeful(w: World, { fresh, vm: n, end, way, args }: Onward): Command {
  const vms: ModelVm[] = [];
  for (const vm of w.vms.values()) if (vm.vmid !== HLOS && vm.vmid !== RM && !isStuck(vm)) vms.push(vm);
  const vm = vms.length === 0 || (vms.length < 3 && fresh === 0) ? undefined : vms[n % vms.length];
  let ways: readonly string[] = ['allocate'];
  if (vm?.state === VmState.RUNNING) ways = end === 0 ? ENDS : BESIDE;
  else if (vm !== undefined) ways = STEPS[vm.state] ?? ['query'];
  const name = ways[way % ways.length];
  return { name, args: COMMANDS[name].limits.map((limit, i) => args[i] % limit) };
}

const commandOf = (name: string): Arbitrary<Command> =>
  record(
    { name: constant(name), args: tuple(...COMMANDS[name].limits.map((limit) => nat(limit - 1))) },
    { noNullPrototype: true },
  );
const NAMES = Object.keys(COMMANDS);
const ALTERNATIVES = NAMES.map((name) => ({ weight: COMMANDS[name].weight, arbitrary: commandOf(name) }));
/** Any command, as often as it weighs. */
export const commands = oneof(...ALTERNATIVES);

const drawOf = (any: Arbitrary<Command>): Arbitrary<Draw> =>
  record(
    {
      resolve: oneof(
        onwards.map((o) => (w: World) => purposeful(w, o)),
        any.map((c) => () => c),
      ),
      last: nat(7),
    },
    { noNullPrototype: true },
  );
const draw = drawOf(commands);

/** What every sequence needs to come to life. */
const ALWAYS = ['allocate', 'image', 'configure', 'init', 'start'];
const optional = NAMES.filter((name) => !ALWAYS.includes(name));
const without = (left: readonly string[]): Arbitrary<Command> =>
  oneof(...ALTERNATIVES.filter((_, i) => !left.includes(NAMES[i])));
/** Draws among which some commands, up to half of them, are never found. */
const swarmed = subarray(optional, { maxLength: optional.length >> 1 }).map((left) => drawOf(without(left)));

export function sequences({ length, swarm }: DrawOptions): Arbitrary<Draw[]> {
  const of = (d: Arbitrary<Draw>): Arbitrary<Draw[]> => array(d, { minLength: 1, maxLength: length, size: 'max' });
  return swarm ? swarmed.chain(of) : of(draw);
}
