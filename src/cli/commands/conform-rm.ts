/** `conform rm`: checks a server that claims to be Gunyah with its Resource Manager, with recordings as cases. */
import { join } from 'node:path';
import {
  type CaseName,
  type CaseResult,
  filtered,
  NoServer,
  pathOf,
  type RmCase,
  type RunOptions,
  readTranscripts,
  recordingsIn,
  runCases,
  skipReason,
  type Target,
} from '../../conform-rm/index.js';
import { CliError, Exit } from '../errors.js';
import { findTranscripts, packageFolder, readInput, reasonOf } from '../files.js';
import { type Interrupt, onInterrupt } from '../interrupt.js';
import { prepareReport } from '../junit.js';
import { checkDistinct, checkReports, print, printJson, progress } from '../output.js';
import { startThread } from '../start-thread.js';
import { asExpected, type ReportOptions, refuseReports, report, type SuiteResult, showResult } from '../suite.js';

export interface ConformRmOptions extends ReportOptions {
  readonly server?: string;
  readonly serverCommand?: string;
  readonly transcripts: readonly string[];
  readonly list?: boolean;
  readonly skip: readonly string[];
  readonly expectFail: readonly string[];
  /** Silence of the server that counts as a hang, ms. */
  readonly timeout: number;
  /** How long a server that is started may take to listen, ms. */
  readonly startTimeout: number;
  /** Options about the server, as words of a command line. */
  readonly given: readonly string[];
}

const SUITE = 'rmserver';

const replayer: RunOptions['startThread'] = (data, transfer) => startThread('conform-rm', data, transfer);

export async function conformRm(filters: readonly string[], o: ConformRmOptions): Promise<Exit> {
  if (o.list === true) {
    refuseReports('--list', o);
    return list(chosenCases(filters, o).cases, o);
  }
  checkReports(o);
  const target = await targetOf(o);
  const { cases, expected } = chosenCases(filters, o);
  prepareReport(o.junit, o.force === true);
  const interrupt = onInterrupt();
  try {
    const options = { target, timeoutMs: o.timeout, startMs: o.startTimeout, startThread: replayer };
    const results = await run(cases, expected, options, o, interrupt);
    const again = (failed: readonly SuiteResult[]): string[] => [
      ...['conform', 'rm', ...failed.map((r) => r.path)],
      ...o.given,
    ];
    if (interrupt.code === undefined) return report(SUITE, results, o, { again });
    const left = `interrupted: ${cases.length - results.length} cases were not run to their end`;
    report(SUITE, results, o, { again, left });
    process.stderr.write(`${left}\n`);
    // Leave by the usual way: servers that were started end with us.
    process.exit(interrupt.code);
  } catch (error) {
    if (!(error instanceof NoServer)) throw error;
    const why = error.cause === undefined ? '' : `: ${reasonOf(error.cause)}`;
    throw new CliError(`${error.message}${why}`, Exit.TRANSPORT);
  }
}

async function targetOf(o: ConformRmOptions): Promise<Target> {
  if ((o.server === undefined) === (o.serverCommand === undefined)) {
    throw new CliError("give --server ADDRESS or --server-command 'PROGRAM {link}'");
  }
  if (o.server === undefined) {
    const command = o.serverCommand ?? '';
    if (!command.includes('{link}')) throw new CliError('--server-command: {link} has to stand for the address');
    return { command };
  }
  const { parseAddress } = await import('../../link/index.js');
  const address = parseAddress(o.server, true);
  if (typeof address === 'string') throw new CliError(`--server: ${address}`);
  return { address };
}

/** The cases of a run, and the paths of those that are expected to fail. */
function chosenCases(
  filters: readonly string[],
  o: ConformRmOptions,
): { cases: RmCase[]; expected: ReadonlySet<string> } {
  const folders = o.transcripts.length > 0 ? o.transcripts : [join(packageFolder(), 'test', 'transcripts')];
  const files = folders.flatMap((path) => (/\.jsonl(\.gz)?$/.test(path) ? [path] : findTranscripts(path)));
  checkDistinct({ '--junit': o.junit }, files);
  const all = files.flatMap((path) => {
    const recordings = recordingsIn(path, new TextDecoder().decode(readInput(path)));
    if (recordings.length === 0) throw new CliError(`${path}: there is no recording in it`, Exit.INPUT);
    return recordings.map((r) => ({ path, ...r }));
  });
  if (all.length === 0) throw new CliError(`no transcript (.jsonl, .jsonl.gz) in ${folders.join(' ')}`);
  const meant = (list: readonly string[]): Set<string> => {
    const found = new Set<string>();
    for (const f of list) {
      const cases = filtered(all, f);
      if (cases.length === 0) throw new CliError(`nothing matched: no recording is called ${f}; --list shows all`);
      for (const c of cases) found.add(pathOf(c));
    }
    return found;
  };
  const wanted = filters.length === 0 ? undefined : meant(filters);
  const skip = meant(o.skip);
  const chosen = (c: CaseName): boolean => wanted?.has(pathOf(c)) !== false && !skip.has(pathOf(c));
  const cases = all.filter(chosen).map(({ path, id, group, text }): RmCase => {
    const read = readTranscripts(text);
    if ('error' in read) throw new CliError(`${path}: recording ${id}: ${read.error}`, Exit.INPUT);
    const [transcript] = read.transcripts;
    return { id, group, title: transcript.header.title, transcript };
  });
  if (cases.length === 0) throw new CliError('nothing matched: every recording is skipped');
  return { cases, expected: meant(o.expectFail) };
}

function list(cases: readonly RmCase[], o: ConformRmOptions): Exit {
  const rows = cases.map((c) => ({
    id: c.id,
    path: pathOf(c),
    title: c.title,
    events: c.transcript.events.filter((e) => e.ev !== 'note').length,
    skipped: skipReason(c, 'vcpu'),
    skippedInRpcMode: skipReason(c, 'rpc'),
  }));
  if (o.json === true) {
    printJson(rows);
    return Exit.OK;
  }
  for (const r of rows) {
    const why = r.skipped === undefined ? '' : ` (${r.skipped})`;
    print(`${r.path.padEnd(36)} ${String(r.events).padStart(5)} events  ${r.title}${why}`);
  }
  const can = rows.filter((r) => r.skipped === undefined).length;
  const rpc = rows.filter((r) => r.skippedInRpcMode === undefined).length;
  print(`${can} cases can run (${rpc} with bare packets only), ${rows.length - can} are skipped`);
  return Exit.OK;
}

async function run(
  cases: readonly RmCase[],
  shouldFail: ReadonlySet<string>,
  options: RunOptions,
  o: ConformRmOptions,
  interrupt: Interrupt,
): Promise<SuiteResult[]> {
  const bar = progress(o);
  if ('command' in options.target)
    bar.begin(`checking ${options.target.command}: it has ${options.startMs} ms to listen`);
  const results: SuiteResult[] = [];
  bar.update(`1/${cases.length} ${cases[0]?.id ?? ''}`);
  const all = runCases(cases, options);
  for (;;) {
    const next = await Promise.race([all.next(), interrupt.happened]);
    if (typeof next !== 'object' || next.done === true) break;
    const r = judged(next.value, shouldFail);
    results.push(r);
    showResult(r, o);
    bar.update(`${results.length}/${cases.length} ${r.id}`);
  }
  bar.done();
  return results;
}

function judged(r: CaseResult, shouldFail: ReadonlySet<string>): SuiteResult {
  const { check, verdict, reasons, seconds, compared, excused } = r;
  const path = pathOf(check);
  const expected = shouldFail.has(path);
  const ok = asExpected(verdict, expected);
  const details = { compared, excused };
  return { id: check.id, path, title: check.title, verdict, ok, expected, reasons, seconds, details };
}
