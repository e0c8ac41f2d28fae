/** Exit codes of the command line. */
export const Exit = {
  OK: 0,
  FAILED: 1,
  USAGE: 2,
  INPUT: 3,
  TRANSPORT: 4,
  BUG: 70,
  INTERRUPTED: 130,
  TERMINATED: 143,
} as const;
export type Exit = (typeof Exit)[keyof typeof Exit];

/** A user's mistake: one line that says what, where and what to do. */
export class CliError extends Error {
  constructor(
    message: string,
    readonly code: Exit = Exit.USAGE,
  ) {
    super(message);
  }
}
