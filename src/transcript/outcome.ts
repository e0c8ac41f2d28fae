/** What came of one event of a replay: matched, or what differs, or why nobody can tell. */
import type { TranscriptEvent } from './events.js';

/** One value that is not as recorded. */
export interface Difference {
  /** Which: `r[0]`, `bytes`, `exc.esr`, ... */
  readonly field: string;
  readonly expected: string;
  readonly actual: string;
  /** The same in words, several lines, where bytes can be decoded. */
  readonly words?: string;
  /** Id of the excuse, where only the course of the replay shows that the difference is none. */
  readonly excuse?: string;
}

/** What a handler found: no difference, some, or why it cannot tell. */
export type Verdict = readonly Difference[] | { readonly unsupported: string };

export type Outcome =
  | { readonly kind: 'matched' }
  | { readonly kind: 'mismatched'; readonly differences: readonly Difference[] }
  | { readonly kind: 'unsupported'; readonly why: string }
  | { readonly kind: 'excused'; readonly rule: string; readonly differences: readonly Difference[] };

export interface EventOutcome {
  /** Position in the list of events; the line in the file is this plus 2. */
  readonly index: number;
  readonly event: TranscriptEvent;
  readonly outcome: Outcome;
}

export const MATCHED: Verdict = [];

export const hexWord = (v: bigint): string => `0x${v.toString(16)}`;

/** Compares recorded words with registers, as many as are recorded. */
export function compareWords(field: string, recorded: readonly string[], actual: readonly bigint[]): Difference[] {
  const differences: Difference[] = [];
  recorded.forEach((word, i) => {
    const value = actual[i] ?? 0n;
    if (BigInt(word) !== value) differences.push({ field: `${field}[${i}]`, expected: word, actual: hexWord(value) });
  });
  return differences;
}

/** One scalar. */
export function compareText(field: string, expected: string, actual: string): Difference[] {
  return expected === actual ? [] : [{ field, expected, actual }];
}
