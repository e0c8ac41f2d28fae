/**
 * The simulator: composition, virtual time and event order, host-driven vCPUs, snapshots and recordings.
 * Models fact base transcript format 3 and 4 (who shares a CPU, when RM runs). Leaves out: real time.
 */
export type { DataResult } from './a64-access.js';
export {
  CAP_COLUMNS,
  type CapRow,
  type CapTableOfVm,
  capCells,
  capChangeLines,
  capChanges,
  capTableLines,
  capTables,
} from './cap-table.js';
export { type CodeOutcome, HostVcpu, type Outcome, type ValueOutcome } from './host.js';
export { HostPackets, type LinkPlace, PRIMARY_LINK, PRIMARY_RX_IRQ, PRIMARY_TX_IRQ } from './host-packets.js';
export { applyInput, type Input } from './inputs.js';
export { INVARIANTS } from './invariants/index.js';
export { digest, packPlain, unpackPlain } from './plain.js';
export { type Raised, raiseInterrupt } from './raise.js';
export {
  type Entry,
  Recorder,
  type Recording,
  type RecordingHeader,
  type ReplayResult,
  readRecording,
  replayRecording,
  specHash,
} from './recording.js';
export { type SimOptions, Simulator } from './simulator.js';
export {
  decodeSnapshot,
  encodeSnapshot,
  restoreSnapshot,
  type Snapshot,
  sameSnapshot,
  stateDigest,
  takeSnapshot,
} from './snapshot.js';
export { type Cost, defaultCost } from './time.js';
export { registers, type Trace, type TraceEvent, traceTo } from './trace.js';
export { hlosVcpu, rmObject, vmName } from './who.js';
