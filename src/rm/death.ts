/**
 * How the Resource Manager dies. RM is one program: a failed assertion or a null access stops it for ever, and the rest
 * of the machine goes on without it (fact base: rm-rpc-transport 9).
 */

/** ABORT: an assertion or panic of RM. FAULT: an access through a null or unmapped address. */
export type DeathKind = 'ABORT' | 'FAULT';

/** Thrown inside RM code only; the RM step boundary turns it into the state "dead" with its trigger. */
export class RmDeath extends Error {
  constructor(
    readonly kind: DeathKind,
    readonly trigger: string,
  ) {
    super(`RM ${kind}: ${trigger}`);
  }
}
