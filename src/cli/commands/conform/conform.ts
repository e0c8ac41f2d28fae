/** `conform`: checks a client of RM, the built-in one or a program of its own. */
import { setImmediate } from 'node:timers/promises';
import {
  bootBench,
  CATALOG,
  type Case,
  caseText,
  catalogMarkdown,
  DEFECTS,
  matchesId,
  normalId,
  pathOf,
  select,
  summary,
  UnknownIds,
  unknownIds,
  type Verdict,
  whyNothing,
} from '../../../conform/index.js';
import { CliError, Exit } from '../../errors.js';
import { type Interrupt, onInterrupt } from '../../interrupt.js';
import { junitXml, prepareReport, writeReport } from '../../junit.js';
import { meant } from '../../options/values.js';
import { checkReports, type GlobalOptions, print, printJson, progress } from '../../output.js';
import { tapText } from '../../tap.js';
import { isFailure, printVerdict, UNEXPECTED_PASS } from '../../verdict.js';
import { type ClientChoice, caseRunner, inLanes, isBuiltin } from './case-runner.js';
import { closeAll } from './cleanup.js';
import { selfProof } from './self-proof.js';

export interface ConformOptions extends GlobalOptions, ClientChoice {
  readonly list?: boolean;
  readonly listDefects?: boolean;
  readonly dryrun?: boolean;
  readonly strict?: boolean;
  readonly hostile?: boolean;
  readonly skip: readonly string[];
  readonly expectFail: readonly string[];
  readonly mutant: readonly string[];
  readonly level?: 'T' | 'V';
  readonly junit?: string;
  readonly tap?: boolean;
  readonly markdown?: boolean;
  readonly self?: boolean;
  readonly force?: boolean;
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

export async function conform(ids: readonly string[], o: ConformOptions): Promise<Exit> {
  if (o.markdown === true) {
    print(catalogMarkdown(CATALOG));
    return Exit.OK;
  }
  if (o.listDefects === true) {
    if (o.json === true) printJson(DEFECTS);
    else for (const d of DEFECTS) print(`${d.name}: ${d.what}\n${LOG_INDENT}${d.fails.join(' ')}`);
    return Exit.OK;
  }
  await checkUse(o);
  checkReports(o);
  const all = o.list === true || o.self === true;
  const chosen = chosenChecks(ids, {
    ...o,
    strict: o.strict === true || all,
    hostile: o.hostile === true || all,
  });
  if (o.list === true || o.dryrun === true) return list(chosen, o);
  try {
    if (o.self === true) return await selfProof(chosen, o);
    prepareReport(o.junit, o.force === true);
    return await check(chosen, o);
  } catch (error) {
    // The clients of other checks: nobody waits for them any more.
    closeAll();
    throw error;
  }
}

async function check(chosen: readonly Case[], o: ConformOptions): Promise<Exit> {
  const interrupt = onInterrupt();
  const results = await run(chosen, o, interrupt);
  for (const text of new Set(results.flatMap((r) => r.verdict.warnings ?? [])))
    process.stderr.write(`warning: ${text}\n`);
  if (interrupt.code === undefined) return report(results, o);
  const left = `interrupted: ${chosen.length - results.length} checks were not run to their end`;
  report(results, o, left);
  process.stderr.write(`${left}\n`);
  // Clients of the checks that were left still run.
  process.exit(interrupt.code);
}

/** Options that do not go together, and names of nothing. */
async function checkUse(o: ConformOptions): Promise<void> {
  if (isBuiltin(o.client)) {
    const unknown = o.defect.filter((d) => !DEFECTS.some((x) => x.name === d));
    if (unknown.length > 0) {
      const near = meant(
        unknown[0],
        DEFECTS.map((d) => d.name),
      );
      throw new CliError(`no defect is called ${unknown.join(', ')}: ${near}--list-defects shows all`);
    }
  } else {
    if (o.defect.length > 0)
      throw new CliError('--defect is about the reference client: a --client has --mutants, see --self');
    const { addressOf } = await import('./client-process.js');
    const runs = addressOf(o.client) !== undefined;
    if (runs && o.self === true) throw new CliError('--self starts the client with --mutants: give its command');
    if (!runs && !o.client.includes('{link}'))
      throw new CliError("--client: {link} has to stand for the address, as in './my-client {link}'");
  }
  if (o.mutant.length > 0 && o.self !== true) throw new CliError('--mutant goes with --self');
  const unmatched = unknownIds(CATALOG, o.expectFail);
  if (unmatched.length > 0) throw new CliError(`--expect-fail: no check is called ${unmatched.join(', ')}`);
}

function chosenChecks(ids: readonly string[], o: ConformOptions): Case[] {
  try {
    const strict = o.strict === true;
    const selection = { ids, skip: o.skip, strict, hostile: o.hostile === true, level: o.level };
    const chosen = select(CATALOG, selection);
    if (chosen.length === 0) throw new CliError(`nothing matched: ${whyNothing(CATALOG, selection)}`);
    return chosen;
  } catch (e) {
    if (e instanceof UnknownIds) throw new CliError(`nothing matched: ${e.message}`);
    throw e;
  }
}

function list(chosen: readonly Case[], o: ConformOptions): Exit {
  if (o.json === true) {
    printJson(
      chosen.map(({ id, level, req, sev, stim, title, must, needs }) => ({
        id,
        path: pathOf(id),
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
    for (const c of chosen) print(caseText(c));
    print(`${chosen.length} checks`);
  }
  return Exit.OK;
}

/** Results of the checks that were run before an interruption. */
async function run(chosen: readonly Case[], o: ConformOptions, interrupt: Interrupt): Promise<Result[]> {
  const bar = progress(o);
  if (!isBuiltin(o.client)) bar.begin(`checking ${o.client}: it has ${o.startTimeout} ms to attach`);
  const results: (Result | undefined)[] = chosen.map(() => undefined);
  const expected = o.expectFail.map(normalId);
  // What takes longest begins first; results are shown in the order of the catalog.
  const waiting = [...chosen.keys()];
  waiting.sort((a, b) => Number(isSlow(chosen[b])) - Number(isSlow(chosen[a])) || a - b);
  const runner = await caseRunner(o);
  let done = 0;
  let shown = 0;
  const all = inLanes(waiting, runner.lanes, bootBench, async (i, image) => {
    // Lets signals through.
    await setImmediate();
    if (interrupt.code !== undefined) return;
    const check = chosen[i];
    bar.update(`${++done}/${chosen.length} ${check.id}`);
    const start = performance.now();
    const verdict = await runner.run(check, image);
    if (interrupt.code !== undefined) return;
    const fails = isFailure(verdict.verdict);
    const should = expected.some((w) => matchesId(check.id, w));
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
function report(results: readonly Result[], o: ConformOptions, left?: string): Exit {
  const skipped = results.filter((r) => r.verdict.verdict === 'SKIP');
  const failed = results.filter((r) => !r.ok);
  const passed = results.length - skipped.length - failed.length;
  if (o.junit !== undefined) {
    const cases = results.map((r) => ({
      name: `${pathOf(r.check.id)} ${r.check.title}`,
      seconds: r.seconds,
      failure: r.ok ? undefined : `${failureText(r)}\nrequirement: ${r.check.must}\n${r.log}`,
      skipped: r.verdict.verdict === 'SKIP' ? r.verdict.reasons.join() : undefined,
    }));
    writeReport(o.junit, junitXml('rmclient', cases, left), o.force === true);
  }
  if (o.tap === true) {
    const cases = results.map((r) => ({ ...r.verdict, ok: r.ok, name: `${r.check.id} ${r.check.title}` }));
    print(tapText(cases, summary(passed, failed.length, skipped.length)));
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
  else if (o.junit !== '-') print(summary(passed, failed.length, skipped.length));
  return failed.length > 0 ? Exit.FAILED : Exit.OK;
}
