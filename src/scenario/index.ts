/**
 * Scenarios: declarative files that drive the primary VM, for people who want to see Gunyah work (format: docs/scenarios.md).
 * Models the driver of the recorded transcripts. Leaves out: loops and conditions; write a program for those.
 */
export { encodePayload } from './encode.js';
export type { Listener, RunEvent } from './events.js';
export { Machine } from './machine.js';
export { parseScenario, type Scenario, type ScenarioStep } from './parse.js';
export { type Failure, Run, type RunOptions } from './run.js';
export { stepTitle } from './steps.js';
export { callText, resultText, type TextOptions, textTrace } from './text.js';
export { payloadJson, replyJson, treeJson } from './unparse.js';
export { type Json, type JsonObject, ScenarioError } from './values.js';
export { deathOf, type Finding, type StepWhy, whyBlocks, whyOf } from './why.js';
