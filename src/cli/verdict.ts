/** A check's verdict against what was expected of it, for people. */
import { type GlobalOptions, paints, print } from './output.js';

export interface Judged {
  readonly verdict: string;
  /** As it should be: passed, or failed where that was expected. */
  readonly ok: boolean;
  /** A failure was expected. */
  readonly expected: boolean;
}

export const isFailure = (verdict: string): boolean => verdict !== 'PASS' && verdict !== 'SKIP';

export const UNEXPECTED_PASS = 'passes, a failure was expected';

/** `PASS  ID TITLE`, in colour. */
export function printVerdict(r: Judged, id: string, title: string, o: GlobalOptions): void {
  const { red, green, yellow, bold } = paints(o);
  const word = r.expected ? (r.ok ? `${r.verdict} as expected` : UNEXPECTED_PASS) : r.verdict;
  const paint = r.ok ? (r.verdict === 'SKIP' || r.expected ? yellow : green) : red;
  print(`${paint(word.padEnd(5))} ${bold(id)} ${title}`);
}
