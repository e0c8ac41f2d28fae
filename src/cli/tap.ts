/** The Test Anything Protocol, version 13: results of a suite line by line. */
import { complaint, isFailure } from './verdict.js';

export interface TapCase {
  readonly name: string;
  /** As it should be. */
  readonly ok: boolean;
  readonly verdict: string;
  readonly reasons: readonly string[];
  /** What the check asks for. */
  readonly requirement?: string;
  /** Lines of the last packets. */
  readonly log?: string;
}

/** What YAML reads back as it is. */
const quoted = (text: string): string => JSON.stringify(text);

/** `summary` ends it as a comment. */
export function tapText(cases: readonly TapCase[], summary: string): string {
  const out = ['TAP version 13', `1..${cases.length}`];
  cases.forEach((c, i) => {
    const { name, ok, verdict, requirement, log = '' } = c;
    // A failure that was expected is no success: TAP calls it one that is still to do.
    const expected = ok && isFailure(verdict);
    const head = `${ok && !expected ? 'ok' : 'not ok'} ${i + 1} - ${name.replaceAll('#', '\\#')}`;
    const text = complaint(c);
    const directive =
      verdict === 'SKIP' ? ` # SKIP ${text.split('\n')[0]}` : expected ? ' # TODO expected to fail' : '';
    out.push(head + directive);
    if (ok) return;
    out.push('  ---', `  verdict: ${verdict}`);
    if (requirement !== undefined) out.push(`  requirement: ${quoted(requirement)}`);
    out.push(`  reason: ${quoted(text)}`);
    if (log !== '') out.push('  log:', ...log.split('\n').map((line) => `    - ${quoted(line)}`));
    out.push('  ...');
  });
  out.push(`# ${summary}`);
  return out.join('\n');
}
