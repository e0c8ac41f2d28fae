/** Observers of a run: hypercalls with registers, who executes where. None by default: the fast path pays one test. */
import type { Vcpu } from '../vcpu/index.js';

export type TraceEvent =
  | { kind: 'hypercall'; at: number; thread: number; imm: number; x: readonly bigint[]; r: readonly bigint[] }
  | { kind: 'execute'; at: number; cpu: number; thread: number };

export interface Trace {
  /** Returns what {@link hypercallEnd} needs. */
  hypercallStart(thread: Vcpu, imm: number): unknown;
  hypercallEnd(thread: Vcpu, imm: number, start: unknown): void;
  /** Thread -1: idle. */
  execute(cpu: number, thread: number): void;
}

/** x0..x7. Spelled out: several times faster than spreading a view. */
export const registers = (x: BigUint64Array): bigint[] => [x[0], x[1], x[2], x[3], x[4], x[5], x[6], x[7]];

/** Collects events; `now` is read at each one. */
export function traceTo(sink: (event: TraceEvent) => void, now: () => number): Trace {
  return {
    hypercallStart: (thread) => registers(thread.x),
    hypercallEnd: (thread, imm, start) =>
      sink({
        kind: 'hypercall',
        at: now(),
        thread: thread.id,
        imm,
        x: start as bigint[],
        r: registers(thread.x),
      }),
    execute: (cpu, thread) => sink({ kind: 'execute', at: now(), cpu, thread }),
  };
}
