/** Random command sequences: weighted, resolved against the model as they are made, with swarm configurations. */
import { nextU32, type Prng, prng } from '../base/index.js';
import { Msg, VmState } from '../protocol/index.js';
import { COMMANDS, type Command } from './lifecycle/commands.js';
import { cloneWorld, predict } from './lifecycle/predict.js';
import { finishReset } from './lifecycle/rules-vm.js';
import { HLOS, RM, type World } from './lifecycle/world.js';

export interface GenerateOptions {
  /** Commands of one sequence, at most. */
  length: number;
  /** Every sequence leaves out a random part of the commands. */
  swarm: boolean;
  /** Triggers that a sequence may kill RM by; everything else that would kill it is not generated. */
  deaths: readonly string[];
}

/** What every sequence needs to come to life. */
const ALWAYS = ['allocate', 'image', 'configure', 'init', 'start'];
/** Attempts to find a command that makes sense and is allowed. */
const ATTEMPTS = 40;

export const below = (g: Prng, limit: number): number => nextU32(g) % limit;

/** Requests that cannot kill RM, whatever they say: no need to try them on a copy of the model. */
const HARMLESS: ReadonlySet<number> = new Set([
  Msg.VM_ALLOCATE,
  Msg.VM_CONFIG_IMAGE,
  Msg.VM_AUTH_IMAGE,
  Msg.MEM_SHARE,
  Msg.MEM_LEND,
  Msg.MEM_DONATE,
  Msg.MEM_RECLAIM,
  Msg.MEM_RELEASE,
  Msg.VM_GET_STATE,
  Msg.VM_GET_ID,
  Msg.VM_GET_VMID,
  Msg.VM_GET_PEERS,
  Msg.VM_GET_OWNER,
  Msg.VM_GET_HYP_RESOURCES,
  Msg.VM_GET_CRASH_MSG,
  Msg.VM_HOST_GET_TYPE,
  Msg.VM_LOOKUP_URI,
  Msg.VM_LOOKUP_NAME,
  Msg.VM_LOOKUP_GUID,
  Msg.VM_SET_TIME_BASE,
  Msg.VM_CONSOLE_OPEN,
  Msg.VM_CONSOLE_CLOSE,
]);

/** Commands that the model predicts as deadly, or as the end of what it follows, must be asked for. */
function allowed(w: World, command: Command, options: GenerateOptions, last: boolean): boolean {
  const step = COMMANDS[command.name].build(w, command.args);
  if (step === undefined) return false;
  if (step.kind !== 'request' && step.kind !== 'burst') return true;
  if (step.kind === 'request' && HARMLESS.has(step.request.id)) return true;
  const trial = cloneWorld(w);
  for (const { from, id, payload } of step.kind === 'request' ? [step.request] : step.requests) {
    predict(trial, from, id, payload);
  }
  while (trial.resetting.length > 0 && trial.death === undefined) finishReset(trial, trial.resetting.shift() as number);
  if (trial.death !== undefined) return options.deaths.includes('all') || options.deaths.includes(trial.death);
  return trial.lost === undefined && (trial.over === undefined || last);
}

function anyCommand(bag: readonly string[], g: Prng): Command {
  const name = bag[below(g, bag.length)];
  return { name, args: COMMANDS[name].limits.map((limit) => below(g, limit)) };
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

/** A command that takes some VM one step on, with simple arguments. */
function purposeful(w: World, g: Prng): Command {
  const vms = [...w.vms.values()].filter((vm) => vm.vmid !== HLOS && vm.vmid !== RM);
  const vm = vms.length === 0 || (vms.length < 3 && below(g, 8) === 0) ? undefined : vms[below(g, vms.length)];
  let list: readonly string[] = ['allocate'];
  if (vm?.state === VmState.RUNNING) {
    list =
      below(g, 4) === 0
        ? ['stop', 'guestExits', 'guestStops']
        : [...RUNNING, 'announce', 'console', 'shareMany', 'lend', 'tellLoan', 'share'];
  } else if (vm !== undefined) list = STEPS[vm.state] ?? ['query'];
  const name = list[below(g, list.length)];
  return { name, args: COMMANDS[name].limits.map((limit) => (below(g, 2) === 0 ? 0 : below(g, Math.min(limit, 30)))) };
}

/** A source of commands for one sequence; the same seed gives the same sequence against the same machine. */
export function generator(seed: number, options: GenerateOptions): (w: World) => Command | undefined {
  const g = prng(seed);
  for (let i = 0; i < 4; i++) nextU32(g);
  const names = Object.keys(COMMANDS).filter((name) => {
    const left = options.swarm && below(g, 3) === 0;
    return !left || ALWAYS.includes(name);
  });
  const bag = names.flatMap((name) => new Array<string>(COMMANDS[name].weight).fill(name));
  let left = 1 + below(g, options.length);
  return (w) => {
    if (left-- <= 0) return undefined;
    for (let i = 0; i < ATTEMPTS; i++) {
      const command = below(g, 2) === 0 ? purposeful(w, g) : anyCommand(bag, g);
      if (allowed(w, command, options, below(g, 8) === 0)) return command;
    }
    return undefined;
  };
}

/** A source that hands out a given list. */
export function listed(commands: readonly Command[]): () => Command | undefined {
  let i = 0;
  return () => commands[i++];
}
