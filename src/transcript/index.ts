/** Recorded transcripts of the real system: reading them, replaying them against a driver, comparing every answer.
 *
 * Models the recorded driver and the rules of comparison (fact base: transcript format and its additions for g1..g8): what is
 * timing or random is compared loosely, everything else exactly. Leaves out recording, and file access (src/cli has it).
 */
export type { CallEnd, CodeEnd, CpuBootInfo, OpEnd, ReplayDriver, ValueEnd } from './driver.js';
export type { Header, SmcccEvent, Transcript, TranscriptEvent } from './events.js';
export type { Difference, EventOutcome, Outcome } from './outcome.js';
export { readTranscripts } from './reader.js';
export { replayTranscript } from './replay.js';
export { addOutcome, addTotals, describeOutcome, noTotals, type Totals } from './report.js';
export { bootFor, SimDriver } from './sim-driver.js';
