/** `gunyah-sim conform`: checks a client of RM, the built-in one or a program of its own. */
import { type Command, Option } from 'commander';
import type { Case, Verdict } from '../conform/index.js';
import { caseRunner, DEFAULT_JOBS, inLanes, type Suite } from './conform-run.js';
import { selfProof } from './conform-self.js';
import { CliError, Exit } from './errors.js';
import { junitXml } from './junit.js';
import { type GlobalOptions, paints, print, printJson, progress, writeOutput } from './output.js';

export interface ConformOptions extends GlobalOptions {
  list?: boolean;
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
  timeout: string;
  jobs: string;
}

interface Result {
  check: Case;
  verdict: Verdict;
  ok: boolean;
  expected: boolean;
  seconds: number;
  log: string;
}

const collect = (value: string, all: string[]): string[] => [...all, ...value.split(',').filter((s) => s !== '')];

const LOG_INDENT = '    ';

export function registerConform(program: Command): void {
  program
    .command('conform')
    .description('check a client of the Resource Manager against the catalog of requirements')
    .argument('[ids...]', 'checks or groups: FRAG, FRAG-6, rmclient/frag/6')
    .option('--list', 'list all checks')
    .option('--dryrun', 'list what would run')
    .option('--strict', 'also what a client should do')
    .option('--hostile', 'also with a faulty or hostile server')
    .option('--skip <ids>', 'leave these out', collect, [])
    .option('--expect-fail <ids>', 'these fail today; passing is reported', collect, [])
    .option(
      '--client <command>',
      'program under test, {link} is the socket of its server; or unix:PATH, tcp:HOST:PORT of one that runs; "builtin" is the reference client',
      'builtin',
    )
    .option('--defect <names>', 'switch on defects of the reference client', collect, [])
    .addOption(new Option('--level <level>', 'what the client offers').choices(['T', 'V']))
    .option('-j, --junit <file>', 'write a JUnit report, - is stdout')
    .option('--tap', 'results as TAP')
    .option('--markdown', 'the catalog as a table')
    .option(
      '--self',
      "prove that checks can fail: all defects of the reference client, or all of the client's --mutants",
    )
    .option('--mutant <names>', 'with --self: only these mutants of the client', collect, [])
    .option('--jobs <n>', 'clients in other processes at the same time', String(DEFAULT_JOBS))
    .option('--timeout <ms>', 'silence of a client in another process that counts as a hang', '2000')
    .option('--force', 'overwrite files')
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
  const all = o.list === true || o.self === true;
  const chosen = chosenChecks(suite, ids, {
    ...o,
    strict: o.strict === true || all,
    hostile: o.hostile === true || all,
  });
  if (o.list === true || o.dryrun === true) return list(suite, chosen, o);
  if (o.self === true) return selfProof(suite, chosen, o);
  const unknown = o.defect.filter((d) => !suite.DEFECTS.some((x) => x.name === d));
  if (unknown.length > 0) throw new CliError(`no defect is called ${unknown.join(', ')}`);
  const results = await run(suite, chosen, o);
  return report(suite, results, o);
}

function chosenChecks(suite: Suite, ids: readonly string[], o: ConformOptions): Case[] {
  try {
    const chosen = suite.select(suite.CATALOG, {
      ids,
      skip: o.skip,
      strict: o.strict === true,
      hostile: o.hostile === true,
      level: o.level,
    });
    if (chosen.length === 0) throw new CliError('nothing matched: --strict and --hostile add checks, --list shows all');
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

async function run(suite: Suite, chosen: readonly Case[], o: ConformOptions): Promise<Result[]> {
  const bar = progress(o);
  const results: (Result | undefined)[] = chosen.map(() => undefined);
  const expected = o.expectFail.map(suite.normalId);
  // What takes longest begins first; results are shown in the order of the catalog.
  const waiting = [...chosen.keys()];
  waiting.sort((a, b) => Number(isSlow(chosen[b])) - Number(isSlow(chosen[a])) || a - b);
  const runner = await caseRunner(suite, o);
  let done = 0;
  let shown = 0;
  await inLanes(waiting, runner.lanes, suite.bootBench, async (i, image) => {
    const check = chosen[i];
    bar.update(`${++done}/${chosen.length} ${check.id}`);
    const start = performance.now();
    const verdict = await runner.run(check, image);
    const fails = verdict.verdict !== 'PASS' && verdict.verdict !== 'SKIP';
    const should = expected.some((w) => suite.matchesId(check.id, w));
    const seconds = (performance.now() - start) / 1000;
    results[i] = { check, verdict, ok: should === fails, expected: should, seconds, log: fails ? verdict.log : '' };
    for (let r = results[shown]; r !== undefined; r = results[++shown])
      if (o.tap !== true && o.json !== true && o.junit !== '-') printResult(r, o);
  });
  bar.done();
  return results.filter((r) => r !== undefined);
}

const isSlow = (c: Case): boolean => c.slow === true;

function printResult(r: Result, o: ConformOptions): void {
  const { red, green, yellow, bold } = paints(o);
  const { verdict, reasons } = r.verdict;
  const word = r.expected ? (r.ok ? `${verdict} as expected` : 'passes, a failure was expected') : verdict;
  print(
    `${(r.ok ? (verdict === 'SKIP' || r.expected ? yellow : green) : red)(word.padEnd(5))} ${bold(r.check.id)} ${r.check.title}`,
  );
  if (r.ok) return;
  print(`${LOG_INDENT}requirement: ${r.check.must}`);
  for (const reason of reasons) print(`${LOG_INDENT}${reason.replaceAll('\n', `\n${LOG_INDENT}`)}`);
  if (r.log !== '') print(`${LOG_INDENT}last packets:\n${LOG_INDENT}${r.log.replaceAll('\n', `\n${LOG_INDENT}`)}`);
}

const failureText = (r: Result): string =>
  r.log === '' && r.verdict.verdict === 'PASS'
    ? 'passes, a failure was expected'
    : `${r.verdict.verdict}: ${r.verdict.reasons.join('\n')}`;

function report(suite: Suite, results: readonly Result[], o: ConformOptions): Exit {
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
    writeOutput(o.junit, junitXml('rmclient', cases), o.force === true);
  }
  if (o.tap === true) print(suite.tap(results));
  if (o.json === true)
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
