/** `conform`: checks a client of RM, the built-in one or a program of its own. */
import { setImmediate } from 'node:timers/promises';
import { nearest } from '../../../base/index.js';
import {
  bootBench,
  CATALOG,
  type Case,
  caseText,
  catalogMarkdown,
  DEFECTS,
  type Level,
  matchesId,
  normalId,
  pathOf,
  refuseUnknown,
  select,
  UnknownIds,
  whyNothing,
} from '../../../conform/index.js';
import { doing } from '../../doing.js';
import { CliError, Exit } from '../../errors.js';
import { commandLine } from '../../files.js';
import { type Interrupt, onInterrupt } from '../../interrupt.js';
import { prepareReport } from '../../junit.js';
import { meant } from '../../options/values.js';
import { checkReports, print, printJson, progress } from '../../output.js';
import { asExpected, type ReportOptions, refuseReports, report, type SuiteResult, showResult } from '../../suite.js';
import { isFailure } from '../../verdict.js';
import { type CaseResult, type ClientChoice, caseRunner, inLanes, isBuiltin } from './case-runner.js';
import { closeAll } from './cleanup.js';
import { selfProof } from './self-proof.js';

export interface ConformOptions extends ReportOptions, ClientChoice {
  readonly list?: boolean;
  readonly listDefects?: boolean;
  readonly dryrun?: boolean;
  readonly strict?: boolean;
  readonly hostile?: boolean;
  readonly skip: readonly string[];
  readonly expectFail: readonly string[];
  readonly mutant: readonly string[];
  readonly level: Level;
  readonly markdown?: boolean;
  readonly self?: boolean;
  /** Options about the client, as words of a command line. */
  readonly given: readonly string[];
}

interface Result extends SuiteResult {
  readonly warnings: readonly string[];
}

const SUITE = 'rmclient';
/** The command behind this one. */
const INVERSE = 'rm';

export async function conform(ids: readonly string[], o: ConformOptions): Promise<Exit> {
  const mode = modeOf(o);
  if (mode !== undefined && mode !== '--self') refuseReports(mode, o);
  if (mode === '--list-defects') return listDefects(o);
  await checkUse(o);
  checkReports(o);
  const all = mode !== undefined && mode !== '--dryrun';
  const chosen = chosenChecks(ids, {
    ...o,
    strict: o.strict === true || all,
    hostile: o.hostile === true || all,
  });
  if (mode !== undefined && mode !== '--self') return list(chosen, o);
  prepareReport(o.junit, o.force === true);
  try {
    return mode === '--self' ? await selfProof(chosen, ids, o) : await check(chosen, o);
  } catch (error) {
    // The clients of other checks: nobody waits for them any more.
    closeAll();
    throw error;
  }
}

/** What is to be done instead of checking a client. */
function modeOf(o: ConformOptions): string | undefined {
  const modes = {
    '--list': o.list,
    '--dryrun': o.dryrun,
    '--list-defects': o.listDefects,
    '--markdown': o.markdown,
    '--self': o.self,
  };
  const [mode, other] = Object.entries(modes).flatMap(([name, given]) => (given === true ? [name] : []));
  if (other !== undefined) throw new CliError(`${mode} and ${other} do different things: give one of them`);
  if (o.markdown === true && o.json === true)
    throw new CliError('--markdown and --json are two forms of the catalog: give one of them');
  return mode;
}

/** The command that runs these checks again, of any class and level. */
const againWords = (ids: readonly string[], o: ConformOptions): string[] => ['conform', ...ids, ...o.given];

async function check(chosen: readonly Case[], o: ConformOptions): Promise<Exit> {
  const interrupt = onInterrupt();
  const results = await run(chosen, o, interrupt);
  for (const text of new Set(results.flatMap((r) => r.warnings))) process.stderr.write(`warning: ${text}\n`);
  const again = (failed: readonly SuiteResult[]): string[] =>
    againWords(
      failed.map((r) => r.id),
      o,
    );
  if (interrupt.code === undefined) return report(SUITE, results, o, { again });
  const left = `interrupted: ${chosen.length - results.length} checks were not run to their end`;
  report(SUITE, results, o, { again, left });
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
  try {
    refuseUnknown(CATALOG, o.expectFail);
  } catch (e) {
    if (e instanceof UnknownIds) throw new CliError(`--expect-fail: ${e.message}`);
    throw e;
  }
}

function chosenChecks(ids: readonly string[], o: ConformOptions): Case[] {
  try {
    const strict = o.strict === true;
    const selection = { ids, skip: o.skip, strict, hostile: o.hostile === true, level: o.level };
    const chosen = select(CATALOG, selection);
    if (chosen.length === 0) throw new CliError(`nothing matched: ${whyNothing(CATALOG, selection)}`);
    return chosen;
  } catch (e) {
    if (!(e instanceof UnknownIds)) throw e;
    if (e.near === undefined && nearest(ids[0] ?? '', [INVERSE]) !== undefined)
      throw new CliError(`nothing matched: no check is called ${ids[0]}: did you mean the command conform ${INVERSE}?`);
    throw new CliError(`nothing matched: ${e.message}`);
  }
}

function listDefects(o: ConformOptions): Exit {
  if (o.json === true) printJson(DEFECTS);
  else for (const d of DEFECTS) print(`${d.name}: ${d.what}\n    ${d.fails.join(' ')}`);
  return Exit.OK;
}

function list(chosen: readonly Case[], o: ConformOptions): Exit {
  if (o.markdown === true) print(catalogMarkdown(chosen));
  else if (o.json === true) {
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
    const result = await runner.run(check, image).catch((error) => {
      // Several checks may run at this time: it is about this one.
      doing({ check: () => check.id, again: () => commandLine(againWords([check.id], o)) });
      throw error;
    });
    if (interrupt.code !== undefined) return;
    const should = expected.some((w) => matchesId(check.id, w));
    results[i] = judged(check, result, should, (performance.now() - start) / 1000);
    for (let r = results[shown]; r !== undefined; r = results[++shown]) showResult(r, o);
  });
  await Promise.race([all, interrupt.happened]);
  bar.done();
  // Those that wait for an earlier one that takes long.
  for (const r of results.slice(shown)) if (r !== undefined) showResult(r, o);
  return results.filter((r) => r !== undefined);
}

const judged = (check: Case, r: CaseResult, expected: boolean, seconds: number): Result => ({
  id: check.id,
  path: pathOf(check.id),
  title: check.title,
  verdict: r.verdict,
  ok: asExpected(r.verdict, expected),
  expected,
  reasons: r.reasons,
  seconds,
  requirement: check.must,
  log: isFailure(r.verdict) ? r.log : '',
  details: { level: check.level, virtualNs: r.virtualNs },
  warnings: r.warnings ?? [],
});

const isSlow = (c: Case): boolean => c.slow === true;
