/** What the model will say of requests, without having been asked. */
import type { Request } from './command-parts.js';
import { cloneWorld, predict } from './predict.js';
import { finishReset } from './rules-vm.js';
import type { World } from './world.js';

/** The model behind requests that RM handles in this order. */
export function foreseen(w: World, requests: readonly Request[]): World {
  const trial = cloneWorld(w);
  for (const { from, id, payload } of requests) predict(trial, from, id, payload);
  while (trial.resetting.length > 0 && trial.death === undefined) finishReset(trial, trial.resetting.shift() as number);
  return trial;
}
