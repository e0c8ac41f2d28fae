/** Random command sequences: weighted, resolved against the model as they are made, with swarm configurations. */
import { nextU32, type Prng, prng } from '../base/index.js';
import { AuthType, Msg, TransType, VmState } from '../protocol/index.js';
import { COMMANDS, type Command, type Request, type Step } from './lifecycle/commands.js';
import { cloneWorld, predict } from './lifecycle/predict.js';
import { finishReset } from './lifecycle/rules-vm.js';
import { HLOS, type ModelVm, num, RM, type World } from './lifecycle/world.js';
import type { Source } from './run.js';

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

/** A start of which RM may die, or of which the model knows too little. */
function riskyStart(w: World, vm: ModelVm): boolean {
  if (vm.auth === AuthType.ANDROID) return true;
  for (const p of w.parcels) {
    const target = p.targets.find((t) => t.vmid === vm.vmid);
    if (target === undefined || target.shared) continue;
    if (p.handle === vm.memHandle ? w.patched.has(p.regions[0].ipa) : p.transType === TransType.DONATE) return true;
    if (p.targets.length > 3) return true;
  }
  return false;
}

/** Lists a VM without link. */
function riskyNotify(w: World, p: Uint8Array): boolean {
  const count = num(p, 12, 2);
  for (let i = 0; i < count && 16 + 4 * i < p.length; i++) if (!w.links.has(num(p, 16 + 4 * i, 2))) return true;
  return false;
}

/** Whether the model may find that a request kills RM, or is the end of what it follows: only then it is worth a try. */
function risky(w: World, { from, id, payload: p }: Request): boolean {
  const vm = w.vms.get(num(p, 0, 2));
  switch (id) {
    case Msg.VM_DEALLOCATE:
      return vm === undefined;
    case Msg.VM_RESET:
      return vm !== undefined && !vm.noReset && (!vm.config || vm.broken || vm.wasReset);
    case Msg.VM_START:
      return vm?.state === VmState.READY && riskyStart(w, vm);
    case Msg.VM_STOP:
      return vm !== undefined && (p[2] & 1) === 0 && !w.links.has(vm.vmid);
    case Msg.VM_EXIT:
      return from === HLOS;
    case Msg.VM_IRQ_LEND:
    case Msg.VM_IRQ_RELEASE:
    case Msg.VM_IRQ_RECLAIM:
    case Msg.VM_CONSOLE_WRITE:
      return p.length === 0;
    case Msg.MEM_NOTIFY:
      return (p[4] === 1 || p[4] === 8) && riskyNotify(w, p);
    case Msg.MEM_ACCEPT:
    case Msg.MEM_APPEND:
    case Msg.VM_IRQ_ACCEPT:
    case Msg.VM_IRQ_NOTIFY:
    case Msg.IPA_RESERVE:
      return true;
    default:
      return false;
  }
}

/**
 * What a command comes to; undefined: nothing, or something that must be asked for because the model predicts that RM dies of
 * it, or does not follow RM from there on (`last`: that may be).
 */
function allowed(w: World, command: Command, options: GenerateOptions, last: boolean): Step | undefined {
  const step = COMMANDS[command.name].build(w, command.args);
  if (step === undefined) return undefined;
  // Most requests: nothing to try out.
  if (step.kind === 'request' && !risky(w, step.request)) return step;
  const mayDie = (id: string): boolean => options.deaths.includes('all') || options.deaths.includes(id);
  if (step.kind === 'stops' && w.vms.get(step.vmid)?.noShutdown === true)
    return mayDie('no-shutdown-halt') ? step : undefined;
  if (step.kind !== 'request' && step.kind !== 'burst') return step;
  const requests = step.kind === 'request' ? [step.request] : step.requests;
  if (!requests.some((request) => risky(w, request))) return step;
  const trial = cloneWorld(w);
  for (const { from, id, payload } of requests) predict(trial, from, id, payload);
  while (trial.resetting.length > 0 && trial.death === undefined) finishReset(trial, trial.resetting.shift() as number);
  if (trial.death !== undefined) return mayDie(trial.death) ? step : undefined;
  return trial.lost === undefined && (trial.over === undefined || last) ? step : undefined;
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

/** What makes sense while a VM runs. */
const BESIDE: readonly string[] = [...RUNNING, 'announce', 'console', 'shareMany', 'lend', 'tellLoan', 'share'];

/** Nothing leads out of its state but what kills RM. */
const isStuck = (vm: ModelVm): boolean => vm.state === VmState.INIT_FAILED && (!vm.config || vm.broken || vm.noReset);

/** A command that takes some VM one step on, with simple arguments. */
function purposeful(w: World, g: Prng): Command {
  const vms: ModelVm[] = [];
  for (const vm of w.vms.values()) if (vm.vmid !== HLOS && vm.vmid !== RM && !isStuck(vm)) vms.push(vm);
  const vm = vms.length === 0 || (vms.length < 3 && below(g, 8) === 0) ? undefined : vms[below(g, vms.length)];
  let list: readonly string[] = ['allocate'];
  if (vm?.state === VmState.RUNNING) {
    list = below(g, 4) === 0 ? ['stop', 'guestExits', 'guestStops'] : BESIDE;
  } else if (vm !== undefined) list = STEPS[vm.state] ?? ['query'];
  const name = list[below(g, list.length)];
  return { name, args: COMMANDS[name].limits.map((limit) => (below(g, 2) === 0 ? 0 : below(g, Math.min(limit, 30)))) };
}

/** Names as often as they weigh. */
const bagOf = (names: readonly string[]): string[] =>
  names.flatMap((name) => new Array<string>(COMMANDS[name].weight).fill(name));

const NAMES = Object.keys(COMMANDS);
const WHOLE_BAG = bagOf(NAMES);

const swarmBag = (g: Prng): string[] => bagOf(NAMES.filter((name) => below(g, 3) !== 0 || ALWAYS.includes(name)));

/** A source of commands for one sequence; the same seed gives the same sequence against the same machine. */
export function generator(seed: number, options: GenerateOptions): Source {
  const g = prng(seed);
  for (let i = 0; i < 4; i++) nextU32(g);
  const bag = options.swarm ? swarmBag(g) : WHOLE_BAG;
  let left = 1 + below(g, options.length);
  return (w) => {
    if (left-- <= 0) return undefined;
    for (let i = 0; i < ATTEMPTS; i++) {
      const command = below(g, 2) === 0 ? purposeful(w, g) : anyCommand(bag, g);
      const step = allowed(w, command, options, below(g, 8) === 0);
      if (step !== undefined) return { command, step };
    }
    return undefined;
  };
}

/** A source that hands out a given list. */
export function listed(commands: readonly Command[]): Source {
  let i = 0;
  return () => (i < commands.length ? { command: commands[i++] } : undefined);
}
