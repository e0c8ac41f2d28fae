/**
 * Conformance of RM RPC clients: the catalog of checks, the interference language, the reference client and its defects.
 *
 * Models the client side of fact base clients and client-conformance-catalog; the server is the simulator's own RM. Leaves out:
 * starting clients in other processes (the command line does).
 */
export { Bench, ClientStuck, type LogEntry } from './bench.js';
export { type BenchImage, bootBench, type ClientPlace } from './bench-image.js';
export { CATALOG } from './cases/index.js';
export { UpperTester } from './client/upper.js';
export { DEFECTS, type Defect } from './defects.js';
export { FEATURES, type Greeting, parseGreeting, SYNC, unknownFeatures, unsuitable } from './greeting.js';
export { imageOf } from './images.js';
export * as interfere from './interfere/index.js';
export { parseRule, type Rule, RuleSet, ruleText } from './interfere/index.js';
export { leftovers } from './leftovers.js';
export { caseText, catalogMarkdown, logText, pathOf, standstill } from './report.js';
export { runBuiltin, wholeCase } from './run.js';
export { matchesId, normalId, refuseUnknown, type Selection, select, UnknownIds, whyNothing } from './select.js';
export { builtinSession, type Session } from './session.js';
export { Tester } from './tester.js';
export type { Case, Check, Level, Verdict, VerdictKind } from './types.js';
