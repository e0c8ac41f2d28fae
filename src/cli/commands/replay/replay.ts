/** `replay FILE`: does the inputs of a recording again and compares the state at every checkpoint, or the run with another one. */
import { counted } from '../../../base/index.js';
import { type Recording, readRecording, replayRecording, specHash } from '../../../sim/index.js';
import { doing } from '../../doing.js';
import { CliError, Exit } from '../../errors.js';
import { misplaced } from '../../file-kind.js';
import { packageVersion, readInput } from '../../files.js';
import { type GlobalOptions, print, printJson, progress } from '../../output.js';
import { compareRecordings, divergenceLines, optionDifferences } from './compare.js';
import { inputLine } from './input-text.js';
import { compareTranscripts, isTranscript, transcriptLines, transcriptsOf } from './transcripts.js';

interface ReplayOptions extends GlobalOptions {
  /** List the inputs. */
  readonly inputs?: boolean;
}

function load(file: string, bytes = readInput(file)): { recording: Recording; warnings: string[] } {
  const recording = readRecording(bytes);
  if (typeof recording === 'string') {
    const problem = `${recording}: make one with "run --record" or "serve --record"`;
    throw new CliError(`${file}: ${misplaced(problem, bytes, 'recording')}`, Exit.INPUT);
  }
  const { header } = recording;
  const warnings: string[] = [];
  if (header.spec !== specHash())
    warnings.push('recorded with another version of the protocol: differences are likely');
  if (header.version !== packageVersion())
    warnings.push(`recorded by version ${header.version}, this is ${packageVersion()}`);
  if (recording.end !== 'whole') warnings.push(END_WARNINGS[recording.end]);
  return { recording, warnings };
}

/** Inputs between two looks at the clock. */
const LOOK_EVERY = 256;

/** Recordings carry the whole SimOptions; the seed is in there. */
export function replay(files: readonly string[], options: ReplayOptions): Exit {
  const [file, other] = files;
  if (other !== undefined) return compare(file, other, options);
  const { recording, warnings } = load(file);
  const { header } = recording;
  const list = options.inputs === true && options.json !== true;
  let inputs = 0;
  doing({ file: () => file, input: () => inputs, seed: () => header.options.seed ?? 1 });
  const all = recording.entries.reduce((sum, e) => sum + (e.kind === 'inputs' ? e.inputs.length : 0), 0);
  // A list moves by itself.
  const live = progress({ ...options, quiet: options.quiet === true || list });
  const result = replayRecording(recording, (sim, input) => {
    if (list) print(inputLine(sim.hyp.now, input));
    if (inputs++ % LOOK_EVERY === 0) live.update(`${inputs} of ${counted(all, 'input')}`);
  });
  live.done();
  const verdict = result.difference !== undefined ? 'different' : result.compared > 0 ? 'same' : 'nothing compared';
  const ok = verdict === 'same' && recording.end !== 'damaged';
  if (options.json === true)
    printJson({ ...header, complete: recording.complete, end: recording.end, verdict, ok, ...result, warnings });
  else {
    for (const w of warnings) process.stderr.write(`warning: ${file}: ${w}\n`);
    const what = `${counted(result.inputs, 'input')}, ${counted(result.compared, 'state')} compared, ${(result.at / 1e6).toFixed(3)} ms of virtual time, seed ${header.options.seed ?? 1}`;
    const d = result.difference;
    const words =
      d !== undefined
        ? `DIFFERENT after ${counted(d.inputs, 'input')}: digest ${d.found}, recorded ${d.expected}`
        : verdict === 'same'
          ? `same run${UP_TO[recording.end]}`
          : 'NOTHING COMPARED: there is no checkpoint before its end';
    print(`${header.about}: ${words} (${what})`);
  }
  return verdict === 'different' ? Exit.FAILED : ok ? Exit.OK : Exit.INPUT;
}

/** Two transcripts; undefined: that is not what the files are. */
function compareTexts(names: readonly [string, string], bytes: readonly Uint8Array[], json: boolean): Exit | undefined {
  const texts = bytes.map((b) => new TextDecoder().decode(b));
  if (!texts.every(isTranscript)) return undefined;
  const [a, b] = texts.map((text, i) => transcriptsOf(names[i], text));
  const found = compareTranscripts(a, b);
  const same = found.difference === undefined;
  if (json) printJson({ files: names, same, ...found });
  else print(transcriptLines(found, names).join('\n'));
  return same ? Exit.OK : Exit.FAILED;
}

function compare(file: string, other: string, options: ReplayOptions): Exit {
  if (options.inputs === true) throw new CliError('--inputs lists one recording');
  const bytes = [file, other].map(readInput);
  const compared = compareTexts([file, other], bytes, options.json === true);
  if (compared !== undefined) return compared;
  const [a, b] = [load(file, bytes[0]), load(other, bytes[1])];
  const differing = optionDifferences(a.recording, b.recording);
  const { inputs, difference } = compareRecordings(a.recording, b.recording);
  const same = difference === undefined && differing.length === 0;
  if (options.json === true) {
    printJson({ files: [file, other], same, options: differing, inputs, difference });
    return same ? Exit.OK : Exit.FAILED;
  }
  for (const [name, { warnings }] of [[file, a] as const, [other, b] as const])
    for (const w of warnings) process.stderr.write(`warning: ${name}: ${w}\n`);
  if (differing.length > 0) print(`the options differ: ${differing.join('; ')}`);
  print(
    difference === undefined
      ? `${counted(inputs, 'input')} and all that came of them are the same`
      : divergenceLines(difference, [file, other]).join('\n'),
  );
  return same ? Exit.OK : Exit.FAILED;
}

const END_WARNINGS = {
  cut: 'the recording is cut off: replayed up to the cut',
  damaged: 'the recording is damaged: replayed up to the damage',
} as const;

const UP_TO = { whole: '', cut: ' up to the cut', damaged: ' up to the damage' } as const;
