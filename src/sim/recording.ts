/**
 * Recordings: a run as its inputs. Header, inputs, the digest of the state now and then and at the end, as a stream of packed
 * values behind seals; a recording that was cut off or damaged can still be read up to there. Leaves out the state itself: the inputs
 * lead to it.
 */
import { HYPERCALLS, LAYOUTS, LISTS } from '../protocol/index.js';
import { applyInput, type Input } from './inputs.js';
import { digest, packPlain, unpackPlain, unpackStream } from './plain.js';
import { isSealed, type StreamEnd, sealed, unsealed } from './seal.js';
import { type SimOptions, Simulator } from './simulator.js';
import { stateDigest } from './snapshot.js';

const RECORDING_FORMAT = 'gunyah-recording/1';

export interface RecordingHeader {
  format: string;
  /** Of the program that wrote it. */
  version: string;
  /** {@link specHash} of the protocol at the time. */
  spec: string;
  options: SimOptions;
  /** What was run, for people. */
  about: string;
}

export type Entry =
  | { kind: 'header'; header: RecordingHeader }
  | { kind: 'inputs'; inputs: Input[] }
  /** A checkpoint: the state after all inputs so far. Older programs wrote the state's bytes too; nobody reads them. */
  | { kind: 'frame'; at: number; inputs: number; digest: string }
  | { kind: 'end'; at: number; inputs: number; digest: string };

/** Digest of the protocol that this program speaks: recordings of another one may replay differently. */
export const specHash = (): string => digest(packPlain([HYPERCALLS, LAYOUTS, LISTS] as unknown[]));

/** Inputs from one checkpoint to the next, at least. */
const FRAME_EVERY = 512;
/** Inputs that wait in memory, at most. */
const PENDING_MAX = 1024;

/** Makes the recording of one simulator, from before its boot. */
export class Recorder {
  private pending: Input[] = [];
  private count = 0;
  private sinceFrame = 0;
  private countAtRest = 0;

  /** `write` is given one part after the other; all of them, in order, are the recording. */
  constructor(
    private sim: Simulator,
    header: Omit<RecordingHeader, 'format' | 'spec' | 'options'>,
    private readonly write: (part: Uint8Array) => void,
    private readonly frameEvery = FRAME_EVERY,
  ) {
    const { options } = sim;
    this.add({ kind: 'header', header: { format: RECORDING_FORMAT, spec: specHash(), options, ...header } });
    sim.onInput = (input) => this.onInput(input);
  }

  private add(entry: Entry): void {
    this.write(sealed(packPlain(entry)));
  }

  private onInput(input: Input): void {
    // Not before `hvc`: its driver has already put the arguments into the registers, which the input carries.
    if (this.sinceFrame >= this.frameEvery && input.op !== 'hvc') this.frame();
    this.pending.push(input);
    this.count++;
    this.sinceFrame++;
    if (this.pending.length >= PENDING_MAX) this.flush();
  }

  /** Writes the inputs that still wait: a recording that ends here is cut off, but holds everything up to now. */
  private flush(): void {
    if (this.pending.length > 0) this.add({ kind: 'inputs', inputs: this.pending });
    this.pending = [];
  }

  /**
   * To be called now and then while inputs come as they please: what waits is written, and after a while without inputs there is
   * a checkpoint, so that a recording which is cut off there can be compared.
   */
  rest(): void {
    this.flush();
    if (this.count === this.countAtRest && this.sinceFrame > 0) this.frame();
    this.countAtRest = this.count;
  }

  private frame(): void {
    this.flush();
    this.add({ kind: 'frame', ...this.state() });
    this.sinceFrame = 0;
  }

  /** Ends the recording with the digest of the present state. */
  finish(): void {
    this.flush();
    this.add({ kind: 'end', ...this.state() });
    this.sim.onInput = undefined;
  }

  private state(): { at: number; inputs: number; digest: string } {
    return { at: this.sim.hyp.now, inputs: this.count, digest: stateDigest(this.sim) };
  }
}

export interface Recording {
  header: RecordingHeader;
  /** Up to its end, to where it was cut off, or to the damage. */
  entries: readonly Entry[];
  end: StreamEnd;
  /** False: cut off, or damaged. */
  complete: boolean;
}

const isEntry = (v: unknown): v is Entry => typeof v === 'object' && v !== null && 'kind' in v;

function read(bytes: Uint8Array): { values: unknown[]; end: StreamEnd } {
  if (isSealed(bytes)) {
    const { parts, end } = unsealed(bytes);
    return { values: parts.map(unpackPlain), end };
  }
  // Made by an older program, which knew no seals: whether it is cut off or damaged, nobody can tell.
  const { values, complete } = unpackStream(bytes);
  return { values, end: !values.every(isEntry) ? 'damaged' : complete ? 'whole' : 'cut' };
}

/** Reads a recording, also one that was cut off or damaged. A string says why it is none. */
export function readRecording(bytes: Uint8Array): Recording | string {
  const { values, end: found } = read(bytes);
  const entries = values.filter(isEntry);
  const first = entries[0];
  if (first === undefined && found !== 'whole' && isSealed(bytes))
    return found === 'cut' ? 'a recording that was cut off in its header' : 'a recording with a damaged header';
  if (first?.kind !== 'header' || first.header.format !== RECORDING_FORMAT) return 'not a recording';
  const last = entries[entries.length - 1];
  const end = found === 'whole' && last.kind !== 'end' ? 'cut' : found;
  return { header: first.header, entries, end, complete: end === 'whole' };
}

export interface ReplayResult {
  inputs: number;
  /** Checkpoints compared, the end included. */
  compared: number;
  /** Where the replay is not as recorded: inputs done before, and both digests. */
  difference: { inputs: number; expected: string; found: string } | undefined;
  /** Virtual time at the end, ns. */
  at: number;
}

/** Does the inputs again and compares state at every checkpoint. Stops at the first difference. */
export function replayRecording(recording: Recording, onInput?: (sim: Simulator, input: Input) => void): ReplayResult {
  const sim = new Simulator(recording.header.options);
  const result: ReplayResult = { inputs: 0, compared: 0, difference: undefined, at: 0 };
  for (const entry of recording.entries) {
    if (entry.kind === 'inputs') {
      for (const input of entry.inputs) {
        onInput?.(sim, input);
        applyInput(sim, input);
        result.inputs++;
      }
    } else if (entry.kind === 'frame' || entry.kind === 'end') {
      const found = stateDigest(sim);
      result.compared++;
      if (found !== entry.digest) {
        result.difference = { inputs: result.inputs, expected: entry.digest, found };
        break;
      }
    }
  }
  result.at = sim.hyp.now;
  return result;
}
