/**
 * `replay FILE OTHER`: where two recordings first differ: in their options, in what the driver did, in what came of it (packets,
 * hypercalls, registers), or only in the state. Both are done again side by side, input by input.
 */
import { counted, hex } from '../../../base/index.js';
import { Machine, textTrace } from '../../../scenario/index.js';
import { applyInput, type Input, type Recording, registers, Simulator, stateDigest } from '../../../sim/index.js';
import type { Vcpu } from '../../../vcpu/index.js';
import { inputLine } from './input-text.js';

export interface Divergence {
  /** What differs. `end`: one of them goes on where the other ends. `recorded`: only the digests that were written down. */
  readonly kind: 'input' | 'result' | 'end' | 'state' | 'recorded';
  /** Number of the input, from 1; of `state` and `recorded`: how many came before. */
  readonly input: number;
  /** What stands on both sides, in lines. */
  readonly sides: readonly [readonly string[], readonly string[]];
  /** What came before: the last input that is the same, or the one whose results differ. */
  readonly after?: string;
  /** The last packet to RM before, in lines. */
  readonly packet?: readonly string[];
}

/** One recording being done again. */
class Player {
  readonly sim: Simulator;
  private readonly inputs: readonly Input[];
  private traced = false;
  private seen: string[][] = [];
  /** The last packet to RM. */
  packet: string[] | undefined;
  done = 0;

  constructor(readonly recording: Recording) {
    this.sim = new Simulator(recording.header.options);
    this.inputs = recording.entries.flatMap((e) => (e.kind === 'inputs' ? e.inputs : []));
  }

  get next(): Input | undefined {
    return this.inputs[this.done];
  }

  get nextLine(): string | undefined {
    const { next } = this;
    return next === undefined ? undefined : inputLine(this.sim.hyp.now, next);
  }

  /** Does the next input. What came of it, one block of lines for each event. */
  step(): string[][] {
    const input = this.inputs[this.done++];
    this.seen = [];
    applyInput(this.sim, input);
    this.trace();
    if ('vcpu' in input) this.seen.push([this.registersOf(input.vcpu)]);
    this.seen.push([`${(this.sim.hyp.now / 1e6).toFixed(6)} ms is the time after it`]);
    return this.seen;
  }

  /** Packets and hypercalls, from the moment when there is somebody who makes some. */
  private trace(): void {
    if (this.traced || this.sim.primaryVcpu() === undefined) return;
    this.traced = true;
    let block: string[] = [];
    const text = textTrace({ print: (line) => block.push(line), calls: true, color: false });
    new Machine(this.sim, (event) => {
      block = [];
      text(event);
      if (block.length > 0) this.seen.push(block);
      if (event.kind === 'packet' && event.to === 'RM') this.packet = block;
    });
  }

  private registersOf(vcpu: number): string {
    const x = registers(this.sim.hyp.get<Vcpu>(vcpu).x).map((v, i) => `x${i} ${hex(v)}`);
    return `registers after it: ${x.join(', ')}`;
  }
}

/** Typed arrays and 64-bit values as text. */
const exact = (value: unknown): string =>
  JSON.stringify(value, (_key, v: unknown) =>
    typeof v === 'bigint' ? hex(v) : v instanceof Uint8Array ? Array.from(v) : v,
  );

/** Names of options whose values differ, with both. */
export function optionDifferences(a: Recording, b: Recording): string[] {
  const [one, other] = [a, b].map((r): Record<string, unknown> => ({ seed: 1, ...r.header.options }));
  const names = [...new Set([...Object.keys(one), ...Object.keys(other)])];
  const value = (of: Record<string, unknown>, name: string): string => (name in of ? exact(of[name]) : 'not given');
  return names.flatMap((name) => {
    const [x, y] = [value(one, name), value(other, name)];
    return x === y ? [] : [`${name} ${x} and ${y}`];
  });
}

/** The bytes from the first that differs, where two lines do not show it. */
function hiddenDifference(a: Input, b: Input): [string[], string[]] {
  const [x, y] = [exact(a), exact(b)];
  let at = 0;
  while (x[at] === y[at]) at++;
  const around = (text: string): string[] => [`... ${text.slice(Math.max(0, at - 40), at + 40)} ...`];
  return [around(x), around(y)];
}

/** Digests that both wrote down after the same number of inputs and that are not the same. */
function recordedDifference(a: Recording, b: Recording): Divergence | undefined {
  const digests = new Map(b.entries.flatMap((e) => ('digest' in e ? [[e.inputs, e.digest] as const] : [])));
  for (const e of a.entries) {
    if (!('digest' in e)) continue;
    const other = digests.get(e.inputs);
    if (other !== undefined && other !== e.digest)
      return { kind: 'recorded', input: e.inputs, sides: [[`digest ${e.digest}`], [`digest ${other}`]] };
  }
  return undefined;
}

/** The first difference; undefined: none. `inputs`: how many are the same. */
export function compareRecordings(a: Recording, b: Recording): { inputs: number; difference?: Divergence } {
  const [one, other] = [new Player(a), new Player(b)];
  let after: string | undefined;
  for (;;) {
    const { done: inputs, next, nextLine } = one;
    const theirs = other.next;
    const input = inputs + 1;
    if (next === undefined || theirs === undefined) {
      if (next !== theirs) {
        const side = (p: Player): string[] => [p.nextLine ?? 'ends here'];
        return { inputs, difference: { kind: 'end', input, sides: [side(one), side(other)], after } };
      }
      const [x, y] = [stateDigest(one.sim), stateDigest(other.sim)];
      if (x === y) return { inputs, difference: recordedDifference(a, b) };
      return { inputs, difference: { kind: 'state', input: inputs, sides: [[`digest ${x}`], [`digest ${y}`]] } };
    }
    if (exact(next) !== exact(theirs)) {
      const lines = [[nextLine ?? ''], [other.nextLine ?? '']] as const;
      const sides = lines[0][0] === lines[1][0] ? hiddenDifference(next, theirs) : lines;
      return { inputs, difference: { kind: 'input', input, sides, after } };
    }
    after = nextLine;
    const { packet } = one;
    const [x, y] = [one.step(), other.step()];
    const at = Math.max(x.length, y.length);
    for (let i = 0; i < at; i++) {
      if (exact(x[i] ?? []) === exact(y[i] ?? [])) continue;
      const nothing = ['nothing more'];
      const sides = [x[i] ?? nothing, y[i] ?? nothing] as const;
      return { inputs, difference: { kind: 'result', input, sides, after, packet } };
    }
  }
}

const WHAT: Readonly<Record<Divergence['kind'], (d: Divergence) => string>> = {
  input: (d) => `input ${d.input} differs`,
  result: (d) => `what came of input ${d.input} differs`,
  end: (d) => `one ends before input ${d.input}`,
  state: (d) => `nothing that the driver did or saw differs; after ${counted(d.input, 'input')} the state does`,
  recorded: (d) =>
    `done again, they are the same; what was recorded as state after ${counted(d.input, 'input')} differs: another version of the program`,
};

/** `lines` under a head, or nothing. */
export function sideLines(head: string, lines: readonly string[] = []): string[] {
  const margin = Math.min(...lines.map((line) => line.search(/\S/)));
  return lines.length === 0 ? [] : [`  ${head}:`, ...lines.map((line) => `    ${line.slice(margin)}`)];
}

export function divergenceLines(d: Divergence, names: readonly [string, string]): string[] {
  return [
    WHAT[d.kind](d),
    ...sideLines(
      d.kind === 'result' ? 'the input' : 'the last that is the same',
      d.after === undefined ? [] : [d.after],
    ),
    ...sideLines('the last packet to RM before', d.packet),
    ...names.flatMap((name, i) => sideLines(name, d.sides[i])),
  ];
}
