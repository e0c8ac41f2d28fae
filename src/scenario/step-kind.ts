/** What every kind of step has in common. */
import { hex } from '../base/index.js';
import { HypError } from '../protocol/index.js';
import type { Outcome } from '../sim/index.js';
import type { Result } from './outcome.js';
import type { Run } from './run.js';
import { type JsonObject, ScenarioError, type Scope } from './values.js';

export interface StepKind {
  /** Further keys of the step beside its own name, `label`, `comment`, `expect` and `save`. */
  readonly keys: readonly string[];
  /** Names that `expect` and `save` may begin with; undefined: not known beforehand. */
  names?(step: JsonObject, scope: Scope, path: string): readonly string[] | undefined;
  /** Throws {@link ScenarioError}. */
  check(step: JsonObject, scope: Scope, path: string): void;
  run(run: Run, step: JsonObject, path: string): Result;
  /** Holds when the step has no `expect`. */
  readonly normally?: JsonObject;
  title(step: JsonObject): string;
}

export const HYP_ERRORS = { error: HypError, x0: HypError };

/** Results of an operation that did not complete. */
export function ended(outcome: Outcome, run: Run): string | undefined {
  switch (outcome.kind) {
    case 'done':
      return undefined;
    case 'exception':
      return `took an exception, ESR ${hex(outcome.exception.esr)}`;
    case 'noReturn':
      return 'did not come back: the vCPU is off, blocked or killed';
    case 'restarted':
      return 'was started anew at its entry point';
    case 'dead':
      return `stopped the hypervisor: ${run.sim.hyp.dead?.what ?? ''}`;
  }
}
