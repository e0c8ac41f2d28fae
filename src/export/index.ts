/**
 * Runs in the formats of other tools: Chrome/Perfetto trace events, pcapng packets, a picture for the terminal.
 * Leaves out: state charts as pictures.
 */

export { tapLinks } from './link-tap.js';
export {
  LINKTYPE_USER0,
  type LinkDirection,
  type LinkPacket,
  PSEUDO_HEADER_SIZE,
  pcapngHeader,
  pcapngPacket,
} from './pcapng.js';
export { perfettoTrace } from './perfetto.js';
export { type Span, SpanCollector, timelineLines } from './timeline.js';
