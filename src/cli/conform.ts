/** `gunyah-sim conform`: checks a client of RM, the built-in one or a program of its own. */
import { setImmediate } from 'node:timers/promises';
import { type Command, Option } from 'commander';
import type { Case, Verdict } from '../conform/index.js';
import { closeAll } from './cleanup.js';
import { caseRunner, DEFAULT_JOBS, inLanes, isBuiltin, MAX_JOBS, START_MS, type Suite } from './conform-run.js';
import { selfProof } from './conform-self.js';
import { CliError, Exit } from './errors.js';
import { type Interrupt, onInterrupt } from './interrupt.js';
import { junitXml, prepareReport, writeReport } from './junit.js';
import { collectList, meant, milliseconds, whole } from './options.js';
import { checkReports, type GlobalOptions, print, printJson, progress } from './output.js';
import { tapText } from './tap.js';
import { isFailure, printVerdict, UNEXPECTED_PASS } from './verdict.js';

interface ConformOptions extends GlobalOptions {
  list?: boolean;
  listDefects?: boolean;
  dryrun?: boolean;
  strict?: boolean;
  hostile?: boolean;
  skip: string[];
  expectFail: string[];
  client: string;
  defect: string[];
  mutant: string[];
  level?: 'T' | 'V';
  junit?: string;
  tap?: boolean;
  markdown?: boolean;
  self?: boolean;
  force?: boolean;
  timeout: number;
  startTimeout?: number;
  jobs: number;
}

interface Result {
  check: Case;
  verdict: Verdict;
  ok: boolean;
  expected: boolean;
  seconds: number;
  log: string;
}

const LOG_INDENT = '    ';

export function registerConform(program: Command): void {
  program
    .command('conform')
    .helpCommand(true)
    .description('check a client of the Resource Manager against the catalog of requirements')
    .argument('[ids...]', 'checks or groups: FRAG, FRAG-6, rmclient/frag/6')
    .option('--list', 'list all checks')
    .option('--dryrun', 'list what would run')
    .option('--strict', 'also what a client should do')
    .option('--hostile', 'also with a faulty or hostile server')
    .option('--skip <ids>', 'leave these out', collectList, [])
    .option('--expect-fail <ids>', 'these fail today; passing is reported', collectList, [])
    .option(
      '--client <command>',
      'program under test, {link} is the socket of its server; or unix:PATH, tcp:HOST:PORT of one that runs; "builtin" is the reference client',
      'builtin',
    )
    .option('--defect <names>', 'switch on defects of the reference client', collectList, [])
    .option('--list-defects', 'list these, each with the checks that it fails')
    .addOption(new Option('--level <level>', 'what the client offers').choices(['T', 'V']))
    .option('-j, --junit <file>', 'write a JUnit report, over an older one too; - is stdout')
    .option('--tap', 'results as TAP')
    .option('--markdown', 'the catalog as a table')
    .option(
      '--self',
      "prove that checks can fail: all defects of the reference client, or all of the client's --mutants",
    )
    .option('--mutant <names>', 'with --self: only these mutants of the client', collectList, [])
    .option('--jobs <n>', 'clients in other processes at the same time', whole(1, MAX_JOBS), DEFAULT_JOBS)
    .option('--timeout <ms>', 'silence of a client in another process that counts as a hang', milliseconds(1), 2000)
    .option(
      '--start-timeout <ms>',
      `how long a client in another process may take to attach (default: ${START_MS})`,
      milliseconds(1),
    )
    .option('--force', 'overwrite a file that is no report')
    .action(async (ids: string[], _own: unknown, command: Command) => {
      const options = command.optsWithGlobals<ConformOptions>();
      const suite = await import('../conform/index.js');
      process.exitCode = await conform(suite, ids, options);
    });
}

async function conform(suite: Suite, ids: readonly string[], o: ConformOptions): Promise<Exit> {
  if (o.markdown === true) {
    print(suite.catalogMarkdown(suite.CATALOG));
    return Exit.OK;
  }
  if (o.listDefects === true) {
    if (o.json === true) printJson(suite.DEFECTS);
    else for (const d of suite.DEFECTS) print(`${d.name}: ${d.what}\n${LOG_INDENT}${d.fails.join(' ')}`);
    return Exit.OK;
  }
  await checkUse(suite, o);
  checkReports(o);
  const all = o.list === true || o.self === true;
  const chosen = chosenChecks(suite, ids, {
    ...o,
    strict: o.strict === true || all,
    hostile: o.hostile === true || all,
  });
  if (o.list === true || o.dryrun === true) return list(suite, chosen, o);
  try {
    if (o.self === true) return await selfProof(suite, chosen, o);
    prepareReport(o.junit, o.force === true);
    return await check(suite, chosen, o);
  } catch (error) {
    // The clients of other checks: nobody waits for them any more.
    closeAll();
    throw error;
  }
}

async function check(suite: Suite, chosen: readonly Case[], o: ConformOptions): Promise<Exit> {
  const interrupt = onInterrupt();
  const results = await run(suite, chosen, o, interrupt);
  for (const text of new Set(results.flatMap((r) => r.verdict.warnings ?? [])))
    process.stderr.write(`warning: ${text}\n`);
  if (interrupt.code === undefined) return report(suite, results, o);
  const left = `interrupted: ${chosen.length - results.length} checks were not run to their end`;
  report(suite, results, o, left);
  process.stderr.write(`${left}\n`);
  // Clients of the checks that were left still run.
  process.exit(interrupt.code);
}

/** Options that do not go together, and names of nothing. */
async function checkUse(suite: Suite, o: ConformOptions): Promise<void> {
  if (isBuiltin(o.client)) {
    const unknown = o.defect.filter((d) => !suite.DEFECTS.some((x) => x.name === d));
    if (unknown.length > 0) {
      const near = meant(
        unknown[0],
        suite.DEFECTS.map((d) => d.name),
      );
      throw new CliError(`no defect is called ${unknown.join(', ')}: ${near}--list-defects shows all`);
    }
  } else {
    if (o.defect.length > 0)
      throw new CliError('--defect is about the reference client: a --client has --mutants, see --self');
    const { addressOf } = await import('./conform-process.js');
    const runs = addressOf(o.client) !== undefined;
    if (runs && o.self === true) throw new CliError('--self starts the client with --mutants: give its command');
    if (!runs && !o.client.includes('{link}'))
      throw new CliError("--client: {link} has to stand for the address, as in './my-client {link}'");
  }
  if (o.mutant.length > 0 && o.self !== true) throw new CliError('--mutant goes with --self');
  const unmatched = suite.unknownIds(suite.CATALOG, o.expectFail);
  if (unmatched.length > 0) throw new CliError(`--expect-fail: no check is called ${unmatched.join(', ')}`);
}

function chosenChecks(suite: Suite, ids: readonly string[], o: ConformOptions): Case[] {
  try {
    const strict = o.strict === true;
    const selection = { ids, skip: o.skip, strict, hostile: o.hostile === true, level: o.level };
    const chosen = suite.select(suite.CATALOG, selection);
    if (chosen.length === 0) throw new CliError(`nothing matched: ${suite.whyNothing(suite.CATALOG, selection)}`);
    return chosen;
  } catch (e) {
    if (e instanceof suite.UnknownIds) throw new CliError(`nothing matched: ${e.message}`);
    throw e;
  }
}

function list(suite: Suite, chosen: readonly Case[], o: ConformOptions): Exit {
  if (o.json === true) {
    printJson(
      chosen.map(({ id, level, req, sev, stim, title, must, needs }) => ({
        id,
        path: suite.pathOf(id),
        level,
        req,
        sev,
        stim,
        title,
        must,
        needs,
      })),
    );
  } else {
    for (const c of chosen) print(suite.caseText(c));
    print(`${chosen.length} checks`);
  }
  return Exit.OK;
}

/** Results of the checks that were run before an interruption. */
async function run(suite: Suite, chosen: readonly Case[], o: ConformOptions, interrupt: Interrupt): Promise<Result[]> {
  const bar = progress(o);
  if (!isBuiltin(o.client)) bar.begin(`checking ${o.client}: it has ${o.startTimeout ?? START_MS} ms to attach`);
  const results: (Result | undefined)[] = chosen.map(() => undefined);
  const expected = o.expectFail.map(suite.normalId);
  // What takes longest begins first; results are shown in the order of the catalog.
  const waiting = [...chosen.keys()];
  waiting.sort((a, b) => Number(isSlow(chosen[b])) - Number(isSlow(chosen[a])) || a - b);
  const runner = await caseRunner(suite, o);
  let done = 0;
  let shown = 0;
  const all = inLanes(waiting, runner.lanes, suite.bootBench, async (i, image) => {
    // Lets signals through.
    await setImmediate();
    if (interrupt.code !== undefined) return;
    const check = chosen[i];
    bar.update(`${++done}/${chosen.length} ${check.id}`);
    const start = performance.now();
    const verdict = await runner.run(check, image);
    if (interrupt.code !== undefined) return;
    const fails = isFailure(verdict.verdict);
    const should = expected.some((w) => suite.matchesId(check.id, w));
    const seconds = (performance.now() - start) / 1000;
    results[i] = { check, verdict, ok: should === fails, expected: should, seconds, log: fails ? verdict.log : '' };
    for (let r = results[shown]; r !== undefined; r = results[++shown])
      if (o.tap !== true && o.json !== true && o.junit !== '-') printResult(r, o);
  });
  await Promise.race([all, interrupt.happened]);
  bar.done();
  // Those that wait for an earlier one that takes long.
  for (const r of results.slice(shown))
    if (r !== undefined && o.tap !== true && o.json !== true && o.junit !== '-') printResult(r, o);
  return results.filter((r) => r !== undefined);
}

const isSlow = (c: Case): boolean => c.slow === true;

function printResult(r: Result, o: ConformOptions): void {
  const { verdict, reasons } = r.verdict;
  printVerdict({ ...r, verdict }, r.check.id, r.check.title, o);
  if (verdict === 'SKIP') for (const reason of reasons) print(`${LOG_INDENT}${reason}`);
  if (r.ok) return;
  print(`${LOG_INDENT}requirement: ${r.check.must}`);
  for (const reason of reasons) print(`${LOG_INDENT}${reason.replaceAll('\n', `\n${LOG_INDENT}`)}`);
  if (r.log !== '') print(`${LOG_INDENT}last packets:\n${LOG_INDENT}${r.log.replaceAll('\n', `\n${LOG_INDENT}`)}`);
}

const failureText = (r: Result): string =>
  r.log === '' && r.verdict.verdict === 'PASS'
    ? UNEXPECTED_PASS
    : `${r.verdict.verdict}: ${r.verdict.reasons.join('\n')}`;

/** `left`: what was not run, in a report that would else look complete. */
function report(suite: Suite, results: readonly Result[], o: ConformOptions, left?: string): Exit {
  const skipped = results.filter((r) => r.verdict.verdict === 'SKIP');
  const failed = results.filter((r) => !r.ok);
  const passed = results.length - skipped.length - failed.length;
  if (o.junit !== undefined) {
    const cases = results.map((r) => ({
      name: `${suite.pathOf(r.check.id)} ${r.check.title}`,
      seconds: r.seconds,
      failure: r.ok ? undefined : `${failureText(r)}\nrequirement: ${r.check.must}\n${r.log}`,
      skipped: r.verdict.verdict === 'SKIP' ? r.verdict.reasons.join() : undefined,
    }));
    writeReport(o.junit, junitXml('rmclient', cases, left), o.force === true);
  }
  if (o.tap === true) {
    const cases = results.map((r) => ({ ...r.verdict, ok: r.ok, name: `${r.check.id} ${r.check.title}` }));
    print(tapText(cases, suite.summary(passed, failed.length, skipped.length)));
  } else if (o.json === true)
    printJson({
      passed,
      failed: failed.length,
      skipped: skipped.length,
      results: results.map((r) => ({
        id: r.check.id,
        verdict: r.verdict.verdict,
        ok: r.ok,
        reasons: r.verdict.reasons,
        virtualNs: r.verdict.virtualNs,
      })),
    });
  else if (o.junit !== '-') print(suite.summary(passed, failed.length, skipped.length));
  return failed.length > 0 ? Exit.FAILED : Exit.OK;
}
