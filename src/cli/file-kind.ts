/** What a file is that was given to the wrong command. */
import { readRecording } from '../sim/index.js';

/** JSON of this project says its format at its beginning. */
const HEAD = 400;
const FORMATS: Readonly<Record<string, string>> = {
  'gunyah-scenario': 'a scenario: "gunyah-sim run" plays it',
  'gunyah-fuzz':
    'a failure that fuzz recorded: "gunyah-sim fuzz --replay" repeats it, --scenario makes a scenario of it',
  'gunyah-transcript': 'a transcript of the real system: "gunyah-sim verify" replays it',
};
const PCAPNG = [0x0a, 0x0d, 0x0d, 0x0a];

/** The words that tell; undefined: nothing that another command takes. */
function kindOf(bytes: Uint8Array): string | undefined {
  if (PCAPNG.every((b, i) => bytes[i] === b)) return 'a capture: Wireshark shows it (docs/link.md)';
  const format = /"format"\s*:\s*"([a-z-]+)\//.exec(new TextDecoder().decode(bytes.subarray(0, HEAD)))?.[1] ?? '';
  if (Object.hasOwn(FORMATS, format)) return FORMATS[format];
  return typeof readRecording(bytes) === 'string' ? undefined : 'a recording: "gunyah-sim replay" repeats it';
}

/** `problem`, with what the file is where that is another kind than `wanted`. */
export function misplaced(
  problem: string,
  bytes: Uint8Array,
  wanted: 'scenario' | 'fuzz' | 'transcript' | 'recording',
): string {
  const kind = kindOf(bytes);
  const isWanted = wanted === 'recording' ? kind?.startsWith('a recording') : kind === FORMATS[`gunyah-${wanted}`];
  return kind === undefined || isWanted === true ? problem : `this is ${kind}`;
}
