/** The Test Anything Protocol, version 13: results of a suite line by line. */
import { UNEXPECTED_PASS } from './verdict.js';

export interface TapCase {
  readonly name: string;
  /** As it should be. */
  readonly ok: boolean;
  readonly verdict: string;
  readonly reasons: readonly string[];
}

export function tapText(cases: readonly TapCase[]): string {
  const out = ['TAP version 13', `1..${cases.length}`];
  cases.forEach(({ name, ok, verdict, reasons }, i) => {
    const head = `${ok ? 'ok' : 'not ok'} ${i + 1} - ${name}`;
    const text = verdict === 'PASS' ? UNEXPECTED_PASS : reasons.join('\n');
    out.push(verdict === 'SKIP' ? `${head} # SKIP ${text.split('\n')[0]}` : head);
    if (!ok) out.push('  ---', `  verdict: ${verdict}`, `  reason: ${JSON.stringify(text)}`, '  ...');
  });
  return out.join('\n');
}
