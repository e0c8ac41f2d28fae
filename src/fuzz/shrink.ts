/** The smallest sequence that still fails in the same way: leave out parts, then make numbers smaller. */
import type { Command } from './lifecycle/commands.js';

/** Tries a sequence; the commands that it really came to when it fails in the same way, else undefined. */
export type Try = (commands: readonly Command[]) => Command[] | undefined;

/** Runs of the machine that shrinking may cost. */
const MAX_TRIES = 1500;

export function shrink(failing: readonly Command[], attempt: Try): Command[] {
  let best = [...failing];
  let tries = 0;
  const improves = (candidate: Command[]): boolean => {
    if (tries++ >= MAX_TRIES) return false;
    const executed = attempt(candidate);
    if (executed === undefined) return false;
    best = executed;
    return true;
  };
  for (let again = true; again && tries < MAX_TRIES; ) {
    again = false;
    for (let size = Math.max(1, best.length >> 1); size >= 1; size = size === 1 ? 0 : size >> 1) {
      for (let at = best.length - size; at >= 0; at -= size) {
        if (at + size > best.length) continue;
        if (improves([...best.slice(0, at), ...best.slice(at + size)])) again = true;
      }
    }
    for (let i = 0; i < best.length; i++) {
      for (let j = 0; j < (best[i]?.args.length ?? 0); j++) {
        for (const smaller of [0, best[i].args[j] >> 1, best[i].args[j] - 1]) {
          if (i >= best.length || smaller < 0 || smaller >= best[i].args[j]) continue;
          const args = best[i].args.map((a, k) => (k === j ? smaller : a));
          if (improves(best.map((c, k) => (k === i ? { ...c, args } : c)))) {
            again = true;
            break;
          }
        }
      }
    }
  }
  return best;
}
