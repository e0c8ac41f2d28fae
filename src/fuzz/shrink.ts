/** The smallest sequence that still fails in the same way, by fast-check: leaves out commands, and makes numbers smaller. */
import { array, check, noShrink, property } from 'fast-check';
import { commands } from './draws.js';
import type { Command } from './lifecycle/commands.js';

/** Tries a sequence; the commands that it really came to when it fails in the same way, else undefined. */
export type Try = (commands: readonly Command[]) => Command[] | undefined;

/** Runs of the machine that shrinking may cost. */
const MAX_TRIES = 1500;

export function shrink(failing: readonly Command[], attempt: Try): Command[] {
  let best = [...failing];
  let tries = 0;
  const passes = (candidate: readonly Command[]): boolean => {
    if (tries++ >= MAX_TRIES) return true;
    const executed = attempt(candidate);
    if (executed !== undefined) best = executed;
    return executed === undefined;
  };
  // Whole commands first: a shorter sequence has fewer numbers. Again from what the smallest one came to, as long as that is less.
  let length: number;
  do {
    length = best.length;
    for (const lists of [array(noShrink(commands)), array(commands)])
      check(property(lists, passes), { examples: [[best]], numRuns: 1 });
  } while (best.length < length);
  return best;
}
