/** The Test Anything Protocol, version 13: results of a suite line by line. */
import { isFailure, UNEXPECTED_PASS } from './verdict.js';

export interface TapCase {
  readonly name: string;
  /** As it should be. */
  readonly ok: boolean;
  readonly verdict: string;
  readonly reasons: readonly string[];
}

/** `summary` ends it as a comment. */
export function tapText(cases: readonly TapCase[], summary: string): string {
  const out = ['TAP version 13', `1..${cases.length}`];
  cases.forEach(({ name, ok, verdict, reasons }, i) => {
    // A failure that was expected is no success: TAP calls it one that is still to do.
    const expected = ok && isFailure(verdict);
    const head = `${ok && !expected ? 'ok' : 'not ok'} ${i + 1} - ${name.replaceAll('#', '\\#')}`;
    const text = verdict === 'PASS' ? UNEXPECTED_PASS : reasons.join('\n');
    const directive =
      verdict === 'SKIP' ? ` # SKIP ${text.split('\n')[0]}` : expected ? ' # TODO expected to fail' : '';
    out.push(head + directive);
    if (!ok) out.push('  ---', `  verdict: ${verdict}`, `  reason: ${JSON.stringify(text)}`, '  ...');
  });
  out.push(`# ${summary}`);
  return out.join('\n');
}
