/** The smallest sequence that still fails in the same way: leave out parts, then make numbers smaller. */
import type { Command } from './lifecycle/commands.js';

/** Tries a sequence; the commands that it really came to when it fails in the same way, else undefined. */
export type Try = (commands: readonly Command[]) => Command[] | undefined;

/** Runs of the machine that shrinking may cost. */
const MAX_TRIES = 1500;

/** The smallest sequence so far, and the tries that are left. */
class Shrinking {
  private tries = 0;

  constructor(
    public best: readonly Command[],
    private readonly attempt: Try,
  ) {}

  get isOver(): boolean {
    return this.tries >= MAX_TRIES;
  }

  /** Takes a candidate for the best one if it still fails. */
  improves(candidate: readonly Command[]): boolean {
    if (this.isOver) return false;
    this.tries++;
    const executed = this.attempt(candidate);
    if (executed !== undefined) this.best = executed;
    return executed !== undefined;
  }
}

/** Leaves out parts, large ones first. Whether that was good for something. */
function leaveOut(s: Shrinking): boolean {
  let better = false;
  for (let size = Math.max(1, s.best.length >> 1); size >= 1; size >>= 1) {
    for (let at = s.best.length - size; at >= 0; at -= size) {
      if (at + size > s.best.length) continue;
      if (s.improves([...s.best.slice(0, at), ...s.best.slice(at + size)])) better = true;
    }
  }
  return better;
}

/** Makes one number smaller: to nothing, to its half, by one. */
function makeSmaller(s: Shrinking, i: number, j: number): boolean {
  const { args } = s.best[i];
  for (const smaller of [0, args[j] >> 1, args[j] - 1]) {
    if (smaller < 0 || smaller >= args[j]) continue;
    const command = { ...s.best[i], args: args.map((a, k) => (k === j ? smaller : a)) };
    if (s.improves(s.best.map((c, k) => (k === i ? command : c)))) return true;
  }
  return false;
}

/** Makes all numbers smaller. What a sequence came to may be shorter than what was tried. */
function makeAllSmaller(s: Shrinking): boolean {
  let better = false;
  for (let i = 0; i < s.best.length; i++)
    for (let j = 0; j < (s.best[i]?.args.length ?? 0); j++) if (makeSmaller(s, i, j)) better = true;
  return better;
}

export function shrink(failing: readonly Command[], attempt: Try): readonly Command[] {
  const s = new Shrinking(failing, attempt);
  for (let again = true; again && !s.isOver; ) {
    const shorter = leaveOut(s);
    const smaller = makeAllSmaller(s);
    again = shorter || smaller;
  }
  return s.best;
}
