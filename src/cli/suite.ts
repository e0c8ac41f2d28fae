/** Results of a suite of checks in the form that was asked for: text as they come, then a sum; or TAP, JSON, JUnit. */
import { CliError, Exit } from './errors.js';
import { commandLine } from './files.js';
import { junitXml, writeReport } from './junit.js';
import { type GlobalOptions, paints, print, printJson } from './output.js';
import { tapText } from './tap.js';
import { complaint, isFailure, UNEXPECTED_PASS } from './verdict.js';

export interface ReportOptions extends GlobalOptions {
  readonly junit?: string;
  readonly tap?: boolean;
  readonly force?: boolean;
}

export interface SuiteResult {
  readonly id: string;
  /** The id in full: `rmclient/frag/6`. */
  readonly path: string;
  readonly title: string;
  /** PASS, SKIP, or a way to fail. */
  readonly verdict: string;
  /** As it should be: passed, or failed where that was expected. */
  readonly ok: boolean;
  /** A failure was expected. */
  readonly expected: boolean;
  readonly reasons: readonly string[];
  readonly seconds: number;
  /** What the check asks for, as a sentence. */
  readonly requirement?: string;
  /** The last packets, decoded; of failures only. */
  readonly log?: string;
  /** What else JSON tells of it. */
  readonly details?: Readonly<Record<string, unknown>>;
}

const INDENT = '    ';
const indented = (text: string): string => `${INDENT}${text.replaceAll('\n', `\n${INDENT}`)}`;

/** People read stdout: no report of another form goes there. */
const showsText = (o: ReportOptions): boolean => o.tap !== true && o.json !== true && o.junit !== '-';

/** Throws when a report is asked for where there is nothing to report. `option`: why there is not. */
export function refuseReports(option: string, o: ReportOptions): void {
  const idle = o.tap === true ? '--tap' : o.junit === undefined ? undefined : '--junit';
  if (idle !== undefined)
    throw new CliError(`${option} runs no checks, so ${idle} has no results: leave one of them out`);
}

/** A result as text, where that is shown: a line, and more when it is not as it should be. */
export function showResult(r: SuiteResult, o: ReportOptions): void {
  if (!showsText(o)) return;
  const { red, green, yellow, bold } = paints(o);
  const skipped = r.verdict === 'SKIP';
  const word = skipped || !r.expected ? r.verdict : r.ok ? `${r.verdict} as expected` : UNEXPECTED_PASS;
  const paint = r.ok ? (skipped || r.expected ? yellow : green) : red;
  print(`${paint(word.padEnd(5))} ${bold(r.id)} ${r.title}`);
  if (r.ok && !skipped) return;
  if (!r.ok && r.requirement !== undefined) print(indented(`requirement: ${r.requirement}`));
  for (const reason of r.reasons) print(indented(reason));
  if (!r.ok && (r.log ?? '') !== '') print(indented(`last packets:\n${r.log}`));
}

export interface Sums {
  readonly passed: number;
  readonly failed: number;
  readonly skipped: number;
}

function sumsOf(results: readonly SuiteResult[]): Sums {
  const failed = results.filter((r) => !r.ok).length;
  const skipped = results.filter((r) => r.verdict === 'SKIP').length;
  return { passed: results.length - failed - skipped, failed, skipped };
}

export const sumText = (s: Sums): string => `${s.passed} passed, ${s.failed} failed, ${s.skipped} skipped`;

/** What JUnit shows of a failure. */
const failureText = (r: SuiteResult): string =>
  [
    r.verdict === 'PASS' ? complaint(r) : `${r.verdict}: ${complaint(r)}`,
    ...(r.requirement === undefined ? [] : [`requirement: ${r.requirement}`]),
    ...((r.log ?? '') === '' ? [] : [r.log]),
  ].join('\n');

const junitOf = (suite: string, results: readonly SuiteResult[], left: string | undefined): string =>
  junitXml(
    suite,
    results.map((r) => ({
      name: `${r.path} ${r.title}`,
      seconds: r.seconds,
      failure: r.ok ? undefined : failureText(r),
      skipped: r.verdict === 'SKIP' ? r.reasons.join('\n') : undefined,
    })),
    left,
  );

const jsonOf = ({ id, path, verdict, ok, expected, requirement, reasons, seconds, log, details }: SuiteResult) => ({
  id,
  path,
  verdict,
  ok,
  expected,
  requirement,
  reasons,
  seconds,
  ...details,
  log,
});

/** What a report tells beside the results. */
export interface Aside {
  /** What was not run, in a report that would else look complete. */
  readonly left?: string;
  /** A remark about the whole. */
  readonly note?: string;
  /** Words of the command that repeats those that are not as they should be. */
  readonly again?: (failed: readonly SuiteResult[]) => string[];
}

/** What fails names the command that shows it again. */
export const againLine = (command: string): string => `again: ${command}`;

/** All results in the form that was asked for; the text of each has been shown. */
export function report(suite: string, results: readonly SuiteResult[], o: ReportOptions, aside: Aside = {}): Exit {
  const sums = sumsOf(results);
  const { left, note } = aside;
  const sum = `${sumText(sums)}${note === undefined ? '' : `; ${note}`}`;
  const failed = results.filter((r) => !r.ok);
  const again = failed.length === 0 || aside.again === undefined ? undefined : commandLine(aside.again(failed));
  if (o.junit !== undefined) writeReport(o.junit, junitOf(suite, results, left), o.force === true);
  if (o.tap === true) {
    const cases = results.map((r) => ({ ...r, name: `${r.id} ${r.title}` }));
    print(tapText(cases, left === undefined ? sum : `${sum}; ${left}`));
    if (again !== undefined) print(`# ${againLine(again)}`);
  } else if (o.json === true) printJson({ ...sums, left, note, again, results: results.map(jsonOf) });
  else if (showsText(o)) {
    // The sum is the last line, whatever failed.
    if (again !== undefined) print(againLine(again));
    print(sum);
  }
  return sums.failed > 0 ? Exit.FAILED : Exit.OK;
}

/** Whether a verdict is as it should be: a failure where one was expected and nowhere else. What was not run is neither. */
export const asExpected = (verdict: string, expected: boolean): boolean =>
  verdict === 'SKIP' || isFailure(verdict) === expected;
