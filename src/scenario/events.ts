/** What a running scenario tells whoever listens: the readable trace, the timeline and the exports are made of these. */

export type RunEvent =
  /** Step `index` (from 0) begins. */
  | { kind: 'step'; at: number; index: number; title: string }
  | { kind: 'note'; at: number; text: string }
  /** A packet entered a queue of an RM link. */
  | { kind: 'packet'; at: number; from: string; to: string; bytes: Uint8Array }
  /**
   * A native hypercall with its registers before and after. `blocked`: the caller gave up the CPU, no result yet. `detail`: RM's own,
   * or one on a queue of an RM link of which the packets tell.
   */
  | {
      kind: 'call';
      at: number;
      who: string;
      thread: number;
      name: string;
      num: number;
      x: readonly bigint[];
      r: readonly bigint[];
      blocked: boolean;
      detail: boolean;
    }
  /** A `vcpu_run` for which the caller gave up the CPU comes back to it: registers after. */
  | { kind: 'return'; at: number; who: string; thread: number; name: string; num: number; r: readonly bigint[] }
  /** From now on this thread executes on this CPU; `who` is empty when the CPU is idle. */
  | { kind: 'execute'; at: number; cpu: number; thread: number; who: string }
  /** What a step found out: one line. */
  | { kind: 'result'; at: number; text: string }
  /** An expectation that does not hold. */
  | { kind: 'failed'; at: number; index: number; path: string; text: string };

export type Listener = (event: RunEvent) => void;
