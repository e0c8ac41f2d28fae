/** Replays recordings on fresh boots and puts every difference into words. */
import { describeOutcome, replayTranscript, SimDriver, type Transcript } from '../../src/transcript/index.js';

/** Mismatched and unsupported events of one recording; excused ones count as fine. */
export function differences(recording: Transcript): string[] {
  const found: string[] = [];
  for (const o of replayTranscript(recording, new SimDriver(recording.header))) {
    if (o.outcome.kind === 'mismatched' || o.outcome.kind === 'unsupported') {
      found.push(`${recording.header.name} event ${o.index + 1}: ${describeOutcome(o)}`);
    }
  }
  return found;
}
