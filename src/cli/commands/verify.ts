/** `verify`: replays transcripts of the real system, each from a fresh boot, and compares every answer. */
import { statSync } from 'node:fs';
import { join, relative } from 'node:path';
import { setImmediate } from 'node:timers/promises';
import {
  addOutcome,
  addTotals,
  describeOutcome,
  noTotals,
  readTranscripts,
  replayTranscript,
  SimDriver,
  type Totals,
  type Transcript,
} from '../../transcript/index.js';
import { bugReport } from '../doing.js';
import { CliError, Exit } from '../errors.js';
import { misplaced } from '../file-kind.js';
import { commandLine, findTranscripts, packageFolder, readInput } from '../files.js';
import { onInterrupt } from '../interrupt.js';
import { type JunitCase, junitXml, prepareReport, writeReport } from '../junit.js';
import { checkDistinct, checkReports, paints, print, printJson, progress } from '../output.js';
import { againLine, type ReportOptions, type Sums, sumText } from '../suite.js';
import { tapText } from '../tap.js';

interface VerifyOptions extends ReportOptions {
  readonly recursive?: string[];
}

interface FileResult extends Totals {
  readonly file: string;
  /** Where it is. */
  readonly path: string;
  readonly seconds: number;
  /** The first event that is not as recorded, in words. */
  firstDifference?: string;
  /** Why the file could not be replayed to its end: our bug. */
  bug?: string;
}

interface Named {
  readonly name: string;
  /** Of its file. */
  readonly path: string;
  readonly transcript: Transcript;
}

/** The first event of a transcript is on its second line. */
const LINES_BEFORE = 2;

const againOf = (paths: readonly string[]): string => commandLine(['verify', ...new Set(paths)]);

const SHIPPED = ['test', 'transcripts'] as const;

function* load(paths: readonly string[], unreadable: string[], base: string): Generator<Named> {
  for (const path of paths) {
    try {
      if (path !== '-' && statSync(path, { throwIfNoEntry: false })?.isDirectory() === true)
        throw new CliError(`${path} is a directory: "verify -r ${path}" takes all transcripts in it`, Exit.INPUT);
      const bytes = readInput(path);
      const read = readTranscripts(new TextDecoder().decode(bytes));
      if ('error' in read) throw new CliError(`${path}: ${misplaced(read.error, bytes, 'transcript')}`, Exit.INPUT);
      const name = base === '' || path === '-' ? path : relative(base, path);
      const single = read.transcripts.length === 1;
      for (const transcript of read.transcripts) {
        const inner = transcript.header.name ?? '?';
        yield { name: single ? name : `${name}:${inner}`, path, transcript };
      }
    } catch (error) {
      if (!(error instanceof CliError)) throw error;
      unreadable.push(error.message);
    }
  }
}

function verifyOne({ name, path, transcript }: Named): FileResult {
  const start = performance.now();
  const totals = noTotals();
  let firstDifference: string | undefined;
  let bug: string | undefined;
  let last = 0;
  try {
    for (const outcome of replayTranscript(transcript, new SimDriver(transcript.header))) {
      last = outcome.index + LINES_BEFORE;
      addOutcome(totals, outcome);
      if (outcome.outcome.kind === 'mismatched') firstDifference ??= describeOutcome(outcome);
    }
  } catch (error) {
    const where = { file: () => path, line: () => `after ${last}`, again: () => againOf([path]) };
    bug = bugReport(error, [], where);
  }
  return { file: name, path, ...totals, seconds: (performance.now() - start) / 1000, firstDifference, bug };
}

/** `name`, or `name (2)`: a file may be given twice. */
function unusedKey(taken: object, name: string): string {
  let key = name;
  for (let n = 2; Object.hasOwn(taken, key); n++) key = `${name} (${n})`;
  return key;
}

type Verdict = 'passed' | 'failed' | 'skipped';

function verdictOf(r: FileResult): Verdict {
  if (r.mismatched > 0 || r.bug !== undefined) return 'failed';
  return r.matched + r.excused === 0 ? 'skipped' : 'passed';
}

export async function verify(files: readonly string[], options: VerifyOptions): Promise<Exit> {
  checkReports(options);
  prepareReport(options.junit, options.force === true);
  const roots = options.recursive ?? [];
  const shipped = join(packageFolder(), ...SHIPPED);
  const nothingGiven = files.length === 0 && roots.length === 0;
  const paths = nothingGiven ? findTranscripts(shipped) : [...files, ...roots.flatMap(findTranscripts)];
  if (paths.length === 0)
    throw new CliError(`no transcript (.jsonl, .jsonl.gz) in ${nothingGiven ? shipped : roots.join(' ')}`);

  checkDistinct({ '--junit': options.junit }, paths);
  const results: FileResult[] = [];
  const unreadable: string[] = [];
  const live = progress(options);
  const base = nothingGiven ? shipped : '';
  const interrupt = onInterrupt();
  for (const named of load(paths, unreadable, base)) {
    live.update(`${results.length + 1}: ${named.name}`);
    results.push(verifyOne(named));
    await setImmediate();
    if (interrupt.code !== undefined) break;
  }
  live.done();
  const left = interrupt.code === undefined ? undefined : 'interrupted: the transcripts after these were not replayed';
  if (options.junit !== undefined) writeReport(options.junit, junit(results, left), options.force === true);
  if (options.tap === true) print(tap(results, left));
  // Where nothing could be read there is nothing to report.
  else if (options.junit !== '-' && (results.length > 0 || unreadable.length === 0 || options.json === true))
    report(results, unreadable, options);
  for (const line of unreadable) process.stderr.write(`error: ${line}\n`);
  if (interrupt.code !== undefined) {
    process.stderr.write(`${left}\n`);
    return interrupt.code;
  }
  if (results.some((r) => r.bug !== undefined)) return Exit.BUG;
  if (unreadable.length > 0) return Exit.INPUT;
  return results.some((r) => r.mismatched > 0) ? Exit.FAILED : Exit.OK;
}

const junit = (results: readonly FileResult[], left: string | undefined): string =>
  junitXml(
    'transcripts',
    results.map((r): JunitCase => {
      const verdict = verdictOf(r);
      return {
        name: r.file,
        seconds: r.seconds,
        failure: verdict === 'failed' ? (r.firstDifference ?? r.bug) : undefined,
        skipped: verdict === 'skipped' ? unsupportedText(r) : undefined,
      };
    }),
    left,
  );

const TAP_VERDICTS = { passed: 'PASS', failed: 'FAIL', skipped: 'SKIP' } as const;

function tap(results: readonly FileResult[], left: string | undefined): string {
  const cases = results.map((r) => {
    const verdict = verdictOf(r);
    const reason = verdict === 'skipped' ? unsupportedText(r) : (r.firstDifference ?? r.bug ?? '');
    return { name: r.file, ok: verdict !== 'failed', verdict: TAP_VERDICTS[verdict], reasons: [reason] };
  });
  const again = againOfFailed(results);
  const text = tapText(cases, `${sumText(sumOf(results))}${left === undefined ? '' : `; ${left}`}`);
  return again === undefined ? text : `${text}\n# ${againLine(again)}`;
}

/** Failed files that the last command names. */
const MAX_AGAIN = 5;

function againOfFailed(results: readonly FileResult[]): string | undefined {
  const failed = results.filter((r) => verdictOf(r) === 'failed');
  if (failed.length === 0) return undefined;
  const more = failed.length - MAX_AGAIN;
  const command = againOf(failed.slice(0, MAX_AGAIN).map((r) => r.path));
  return more > 0 ? `${command} # and ${more} more` : command;
}

function sumOf(results: readonly FileResult[]): Sums {
  const count = (v: Verdict): number => results.filter((r) => verdictOf(r) === v).length;
  return { passed: count('passed'), failed: count('failed'), skipped: count('skipped') };
}

const unsupportedText = (t: Totals): string =>
  Object.entries(t.unsupportedKinds)
    .map(([kind, n]) => `${kind} ${n}`)
    .join(', ');

function report(results: readonly FileResult[], unreadable: readonly string[], options: VerifyOptions): void {
  const all = noTotals();
  for (const r of results) addTotals(all, r);
  const sums = sumOf(results);
  const again = againOfFailed(results);
  if (options.json === true) {
    const files: Record<string, Omit<FileResult, 'file' | 'path'>> = {};
    for (const { file, path: _, ...r } of results) files[unusedKey(files, file)] = r;
    printJson({ ...all, ...sums, unreadable, again, files });
    return;
  }
  const { red, yellow, bold } = paints(options);
  for (const r of results) {
    if (r.firstDifference !== undefined) print(`${red('FAIL')} ${bold(r.file)}, ${r.firstDifference}`);
    if (r.bug !== undefined) print(`${red('BUG')}  ${bold(r.file)}: ${r.bug}`);
    if (verdictOf(r) === 'skipped') print(`${yellow('SKIP')} ${bold(r.file)}`);
  }
  print(
    `${all.events} events: ${all.matched} matched, ${all.mismatched} mismatched, ${all.unsupported} unsupported, ${all.excused} excused`,
  );
  if (all.unsupported > 0) print(`unsupported: ${unsupportedText(all)}`);
  // The sum is the last line, whatever failed.
  if (again !== undefined) print(againLine(again));
  print(sumText(sums));
}
