/**
 * Fuzzing of VM life cycles against a reference model, with the invariants of the whole machine, shrinking and canaries.
 * Models fact base rm-rpc-messages and rm-state-machines from a client's point of view. Leaves out: shared-memory and device-memory
 * nodes of guests' trees, starting from firmware, raw hypercalls of guests.
 */

export type { Expected } from './compare.js';
export { FAULTS } from './faults.js';
export {
  addTotals,
  defaultFuzzOptions,
  Fuzzer,
  type FuzzFailure,
  type FuzzOptions,
  type FuzzTotals,
  noTotals,
} from './fuzz.js';
export { type Command, playable, type Request, type Step } from './lifecycle/commands.js';
export { GUEST_BASE, GUESTS, TREE_OFFSET } from './lifecycle/guests.js';
export type { World } from './lifecycle/world.js';
export { rmLinkOf } from './machine.js';
export { type FuzzRecording, parseRecording, recordingText } from './recording.js';
export { type AnswerRow, answerLines, answerTable, answerTotals, machineLines, mergeCoverage } from './report.js';
export { isWritable } from './run.js';
export type { AnswerCounts, Watcher } from './run-types.js';
export { stepWords } from './words.js';
