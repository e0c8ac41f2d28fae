/** Random command sequences: weighted, resolved against the model as they are made, with swarm configurations. */
import { nextU32, type Prng, prng } from '../base/index.js';
import { COMMANDS, type Command } from './lifecycle/commands.js';
import { cloneWorld, predict } from './lifecycle/predict.js';
import { finishReset } from './lifecycle/rules-vm.js';
import type { World } from './lifecycle/world.js';

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

/** Commands that the model predicts as deadly, or as the end of what it follows, must be asked for. */
function allowed(w: World, command: Command, options: GenerateOptions): boolean {
  const step = COMMANDS[command.name].build(w, command.args);
  if (step === undefined) return false;
  if (step.kind !== 'request' && step.kind !== 'burst') return true;
  const trial = cloneWorld(w);
  for (const { from, id, payload } of step.kind === 'request' ? [step.request] : step.requests) {
    predict(trial, from, id, payload);
  }
  while (trial.resetting.length > 0 && trial.death === undefined) finishReset(trial, trial.resetting.shift() as number);
  if (trial.death !== undefined) return options.deaths.includes('all') || options.deaths.includes(trial.death);
  return trial.lost === undefined;
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
      const name = bag[below(g, bag.length)];
      const command = { name, args: COMMANDS[name].limits.map((limit) => below(g, limit)) };
      if (allowed(w, command, options)) return command;
    }
    return undefined;
  };
}

/** A source that hands out a given list. */
export function listed(commands: readonly Command[]): () => Command | undefined {
  let i = 0;
  return () => commands[i++];
}
