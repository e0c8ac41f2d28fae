/** The full canary run: every seeded fault must be found within a minute, with a sequence of at most 12 commands that replays. */
import {
  defaultFuzzOptions,
  FAULTS,
  Fuzzer,
  type FuzzFailure,
  parseRecording,
  recordingText,
} from '../src/fuzz/index.js';

const LIMIT_MS = 60_000;
const MAX_COMMANDS = 12;
const seed = Number(process.argv[2] ?? 1);
let missed = 0;

for (const [fault, { about }] of Object.entries(FAULTS)) {
  const options = { ...defaultFuzzOptions(), seed, fault };
  const since = Date.now();
  const fuzzer = new Fuzzer(options);
  let found: FuzzFailure | undefined;
  while (found === undefined && Date.now() - since < LIMIT_MS) found = fuzzer.step();
  const seconds = ((Date.now() - since) / 1000).toFixed(1);
  let verdict = 'NOT FOUND';
  if (found !== undefined) {
    const recording = parseRecording(recordingText(options, found));
    const again =
      recording === undefined ? undefined : new Fuzzer(recording.options).replay(recording.failure.commands);
    if (again?.kind !== found.kind || again.tag !== found.tag) verdict = 'DOES NOT REPLAY';
    else verdict = found.commands.length <= MAX_COMMANDS ? 'found' : `TOO LONG`;
  }
  if (verdict !== 'found') missed++;
  const how = found === undefined ? '' : `, ${found.commands.length} commands, ${found.kind}: ${found.tag}`;
  process.stdout.write(`${verdict.padEnd(10)} ${fault.padEnd(22)} ${seconds} s${how} (${about})\n`);
}
process.stdout.write(`${Object.keys(FAULTS).length - missed} passed, ${missed} failed, 0 skipped\n`);
process.exitCode = missed === 0 ? 0 : 1;
