/** `replay FILE OTHER` with two transcripts of real systems: the first event that is not the same to the letter. Nothing is replayed. */
import { bytesOfDigits, counted } from '../../../base/index.js';
import { decodePacket, describePacket } from '../../../protocol/index.js';
import { readTranscripts, type Transcript, type TranscriptEvent } from '../../../transcript/index.js';
import { CliError, Exit } from '../../errors.js';
import { sideLines } from './compare.js';

export interface EventDifference {
  /** Name of the recording: a file may hold several. */
  readonly recording: string;
  /** Number of the event, from 1; 0: the headers. */
  readonly event: number;
  /** What stands on both sides, in lines. */
  readonly sides: readonly [readonly string[], readonly string[]];
  /** The event before, which is the same. */
  readonly after?: string;
}

export const isTranscript = (text: string): boolean => /^\s*\{\s*"format"\s*:\s*"gunyah-transcript\//.test(text);

export function transcriptsOf(file: string, text: string): readonly Transcript[] {
  const read = readTranscripts(text);
  if ('error' in read) throw new CliError(`${file}: ${read.error}`, Exit.INPUT);
  return read.transcripts;
}

/** As it stands in the file, with the packet in words where it carries one. */
function eventLines(e: TranscriptEvent | undefined): string[] {
  if (e === undefined) return ['ends here'];
  const packet = e.ev === 'tx' || e.ev === 'rx' ? decodePacket(bytesOfDigits(e.bytes)) : undefined;
  return [JSON.stringify(e), ...(packet?.valid === true ? describePacket(packet).split('\n') : [])];
}

function differenceIn(a: Transcript, b: Transcript): EventDifference | undefined {
  const recording = a.header.name ?? '?';
  const [x, y] = [JSON.stringify(a.header), JSON.stringify(b.header)];
  if (x !== y) return { recording, event: 0, sides: [[x], [y]] };
  for (let i = 0; i < Math.max(a.events.length, b.events.length); i++) {
    const sides = [eventLines(a.events[i]), eventLines(b.events[i])] as const;
    if (sides[0][0] === sides[1][0]) continue;
    return { recording, event: i + 1, sides, after: i === 0 ? undefined : JSON.stringify(a.events[i - 1]) };
  }
  return undefined;
}

/** The first difference; undefined: none. `events`: how many there are in the recordings that are the same. */
export function compareTranscripts(
  a: readonly Transcript[],
  b: readonly Transcript[],
): { readonly events: number; readonly difference?: EventDifference } {
  let events = 0;
  for (let i = 0; i < Math.max(a.length, b.length); i++) {
    const [one, other] = [a[i], b[i]];
    if (one === undefined || other === undefined) {
      const side = (t: Transcript | undefined): string[] => [t === undefined ? 'ends here' : JSON.stringify(t.header)];
      const recording = (one ?? other).header.name ?? '?';
      return { events, difference: { recording, event: 0, sides: [side(one), side(other)] } };
    }
    const difference = differenceIn(one, other);
    if (difference !== undefined) return { events, difference };
    events += one.events.length;
  }
  return { events };
}

export function transcriptLines(
  { events, difference: d }: ReturnType<typeof compareTranscripts>,
  names: readonly [string, string],
): string[] {
  if (d === undefined) return [`${counted(events, 'event')}, the same to the letter`];
  const what = d.event === 0 ? `the header of ${d.recording} differs` : `event ${d.event} of ${d.recording} differs`;
  return [
    what,
    ...sideLines('the last that is the same', d.after === undefined ? [] : [d.after]),
    ...names.flatMap((name, i) => sideLines(name, d.sides[i])),
  ];
}
