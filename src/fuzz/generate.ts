/** Sequences of commands for the runner: drawn at random, resolved against the model as they go, or given. */
import { noBias, sample } from 'fast-check';
import { AuthType, Msg, TransType, VmState } from '../protocol/index.js';
import { type DrawOptions, sequences } from './draws.js';
import { COMMANDS, type Command, type Request, type Step } from './lifecycle/commands.js';
import { foreseen } from './lifecycle/foreseen.js';
import { HLOS, type ModelVm, num, type World } from './lifecycle/world.js';
import type { Source } from './run-types.js';

export interface GenerateOptions extends DrawOptions {
  /** Triggers that a sequence may kill RM by; everything else that would kill it is not generated. */
  deaths: readonly string[];
}

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
  // RM must live in every order in which it may handle them.
  if (step.kind === 'clients') return step.requests.some((request) => risky(w, request)) ? undefined : step;
  if (step.kind !== 'request' && step.kind !== 'burst') return step;
  const requests = step.kind === 'request' ? [step.request] : step.requests;
  if (!requests.some((request) => risky(w, request))) return step;
  const trial = foreseen(w, requests);
  if (trial.death !== undefined) return mayDie(trial.death) ? step : undefined;
  return trial.lost === undefined && (trial.over === undefined || last) ? step : undefined;
}

/** A source of commands for one sequence; the same seed gives the same sequence against the same machine. */
export function generator(seed: number, options: GenerateOptions): Source {
  const [draws] = sample(noBias(sequences(options)), { seed, numRuns: 1 });
  let i = 0;
  return (w) => {
    while (i < draws.length) {
      const { resolve, last } = draws[i++];
      const command = resolve(w);
      const step = allowed(w, command, options, last === 0);
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
