/** What page and worker say to each other: plain data. Times are nanoseconds of virtual time. */
import type { Span } from '../export/timeline.js';
import type { Table } from './table.js';

export type Request =
  /** Another scenario, as the text of its file. The seed wins over its own. */
  | { readonly kind: 'load'; readonly text: string; readonly seed?: number }
  /** The moment after this many steps, and the story of this object. */
  | { readonly kind: 'show'; readonly step: number; readonly object?: number };

export type Answer =
  | { readonly kind: 'loaded'; readonly scenario: ScenarioView; readonly moment: Moment }
  | { readonly kind: 'moment'; readonly moment: Moment }
  /** Nothing has changed. One line. */
  | { readonly kind: 'error'; readonly text: string };

export interface ScenarioView {
  readonly name: string;
  readonly about: string;
  readonly steps: readonly { readonly title: string; readonly note: boolean }[];
}

/** What a packet, hypercall or result looks like in the trace. */
export interface TraceEntry {
  readonly kind: 'packet' | 'call' | 'return' | 'result' | 'failed' | 'note';
  readonly lines: readonly string[];
  /** RM's own hypercall, or one on a queue of an RM link of which the packets tell. */
  readonly detail: boolean;
  /** Numbers of the objects whose capabilities a hypercall named. */
  readonly objects: readonly number[];
}

/** The hypercalls that named a capability of an object, since it is there. */
export interface ObjectStory {
  readonly object: number;
  /** `MSGQUEUE #263, ACTIVE`. */
  readonly title: string;
  readonly calls: readonly { readonly step: number; readonly text: string }[];
}

export interface Moment {
  /** Steps done: 0 is after the boot. */
  readonly step: number;
  /** When the last step began, and now. */
  readonly fromNs: number;
  readonly nowNs: number;
  /** What the last step did. */
  readonly trace: readonly TraceEntry[];
  /** What was refused in it, failed or died, and why: blocks of lines. */
  readonly why: readonly (readonly string[])[];
  /** The last step failed: the scenario goes no further. */
  readonly failed: boolean;
  /** Rule id of what stopped RM or the hypervisor. */
  readonly dead?: string;
  /** With what is different from the moment before the last step. */
  readonly tables: readonly Table[];
  /** Who had which CPU since the first step. */
  readonly spans: readonly Span[];
  readonly startNs: number;
  /** Equal in every run of the same scenario with the same seed, here and on the command line. */
  readonly digest: string;
  readonly story?: ObjectStory;
}
