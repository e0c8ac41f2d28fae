/**
 * Runs in the formats of other tools: Chrome/Perfetto trace events, pcapng packets, a picture for the terminal.
 * Leaves out: state charts as pictures.
 */

export { tapLinks } from './link-tap.js';
export { type LinkPacket, pcapngHeader, pcapngPacket } from './pcapng.js';
export { perfettoTrace } from './perfetto.js';
export { SpanCollector, timelineLines } from './timeline.js';
