/**
 * Conformance of servers: a program that claims to be Gunyah with its Resource Manager is asked, over the link, what the recordings
 * of the real system were asked, and has to answer as it did. Comparison and excuses are those of src/transcript.
 * Leaves out what no frame of the link carries ({@link skipReason} names it), and the real time that answers take.
 */

export { readTranscripts } from '../transcript/reader.js';
export { buffersOf } from '../transcript/recorded-driver.js';
export {
  type CaseName,
  filtered,
  groupOf,
  matchesFilter,
  pathOf,
  type Recording,
  recordingsIn,
  skipReason,
} from './cases.js';
export { type JudgedDriver, judge } from './judge.js';
export { LinkDriver } from './link-driver.js';
export { RpcDriver } from './rpc-driver.js';
export { type CaseResult, type RunOptions, runCases, type Target } from './run.js';
export { NoServer } from './server.js';
export { type ReplayData, replayThread } from './thread.js';
export * from './types.js';
