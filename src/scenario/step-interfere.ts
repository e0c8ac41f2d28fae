/** `interfere`: from here on these rules hold, and no others. */
import { parseRules } from './interference.js';
import { EMPTY_RESULT } from './outcome.js';
import type { StepKind } from './step-kind.js';
import { isArray } from './values.js';

export const interfere: StepKind = {
  keys: [],
  check(step, _scope, path) {
    parseRules(step.interfere, `${path}.interfere`);
  },
  run(run, step, path) {
    run.machine.interfere(parseRules(step.interfere, `${path}.interfere`));
    return EMPTY_RESULT;
  },
  title: (step) =>
    `interfere: ${isArray(step.interfere) && step.interfere.length > 0 ? step.interfere.join('; ') : 'no more'}`,
};
