/** What `demo` says of the recordings: all transcripts below a folder replayed, numbers only. */
import {
  addOutcome,
  addTotals,
  noTotals,
  readTranscripts,
  replayTranscript,
  SimDriver,
  type Totals,
} from '../../transcript/index.js';
import { findTranscripts, readInput } from '../files.js';
import { type GlobalOptions, progress } from '../output.js';

/** Files that cannot be read count as nothing. */
export function verifyTotals(folder: string, options: GlobalOptions): Totals & { files: number } {
  const all = noTotals();
  let files = 0;
  const live = progress(options);
  live.begin('replaying the recordings of the real system that come with gunyah-sim');
  for (const path of findTranscripts(folder)) {
    const read = readTranscripts(new TextDecoder().decode(readInput(path)));
    if ('error' in read) continue;
    for (const transcript of read.transcripts) {
      files++;
      live.update(`replaying transcript ${files}`);
      const one = noTotals();
      for (const outcome of replayTranscript(transcript, new SimDriver(transcript.header))) addOutcome(one, outcome);
      addTotals(all, one);
    }
  }
  live.done();
  return { ...all, files };
}
