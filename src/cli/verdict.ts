/** A check's verdict against what was expected of it, for people. */

export const isFailure = (verdict: string): boolean => verdict !== 'PASS' && verdict !== 'SKIP';

export const UNEXPECTED_PASS = 'passes, a failure was expected';

/** Why a case is not as it should be. */
export const complaint = (r: { readonly verdict: string; readonly reasons: readonly string[] }): string =>
  r.verdict === 'PASS' ? UNEXPECTED_PASS : r.reasons.join('\n');
