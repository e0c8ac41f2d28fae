/**
 * Runs in other formats: Chrome/Perfetto trace events, pcapng packets, a picture for the terminal, sequences of the fuzzer as scenarios.
 * Leaves out: state charts as pictures.
 */

export { type FuzzScenario, fuzzScenario, scenarioText } from './fuzz-scenario.js';
export { tapLinks } from './link-tap.js';
export { type LinkPacket, pcapngHeader, pcapngPacket } from './pcapng.js';
export { perfettoTrace } from './perfetto.js';
export { SpanCollector, timelineLines } from './timeline.js';
