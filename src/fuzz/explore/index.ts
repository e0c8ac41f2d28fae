/** Exhaustive exploration of VM lives, the counterpart of the fuzzer: the same commands, model and checks, but every state within a bound. */
export { COMMAND_SETS, EXPLORED } from './choices.js';
export {
  defaultExploreOptions,
  type Exploration,
  type ExploreOptions,
  Explorer,
} from './explore.js';
export { answersBy, explorationLines, neverSeen, pathText, unexplained } from './report.js';
export { type Model, type Next, type Reached, Search } from './search.js';
