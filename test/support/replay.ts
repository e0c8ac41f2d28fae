/** Replays recordings, each on a machine as it is after its boot, and puts every difference into words. */
import { restoreSnapshot, type Simulator, type Snapshot, takeSnapshot } from '../../src/sim/index.js';
import {
  bootFor,
  describeOutcome,
  type Header,
  replayTranscript,
  SimDriver,
  type Transcript,
} from '../../src/transcript/index.js';

/** By revision of the recorded hypervisor: a boot takes as long as many a recording. */
const booted = new Map<string, { sim: Simulator; snapshot: Snapshot }>();

function machineFor(header: Header): Simulator {
  const known = booted.get(header.hyp ?? '');
  if (known !== undefined) {
    restoreSnapshot(known.sim, known.snapshot);
    return known.sim;
  }
  const sim = bootFor(header);
  booted.set(header.hyp ?? '', { sim, snapshot: takeSnapshot(sim) });
  return sim;
}

/** Mismatched and unsupported events of one recording; excused ones count as fine. */
export function differences(recording: Transcript): string[] {
  const found: string[] = [];
  for (const o of replayTranscript(recording, new SimDriver(recording.header, machineFor(recording.header)))) {
    if (o.outcome.kind === 'mismatched' || o.outcome.kind === 'unsupported') {
      found.push(`${recording.header.name} event ${o.index + 1}: ${describeOutcome(o)}`);
    }
  }
  return found;
}
