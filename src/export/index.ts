/**
 * Runs in the formats of other tools: Chrome/Perfetto trace events, a picture for the terminal.
 * Leaves out: state charts as pictures.
 */
export { perfettoTrace } from './perfetto.js';
export { type Span, SpanCollector, timelineLines } from './timeline.js';
