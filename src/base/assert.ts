/** A broken invariant of the simulator itself: always our bug, never a guest's or a user's mistake (exit code 70). */
export class SimBug extends Error {
  override readonly name = 'SimBug';
}

/** Throws {@link SimBug} when `condition` is false. Never use it on anything that a guest or a user controls. */
export function assert(condition: boolean, message: string): asserts condition {
  if (!condition) throw new SimBug(message);
}
