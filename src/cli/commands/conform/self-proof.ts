/** `conform --self`: every check can fail, and fails those clients only that break its rule. */
import { setImmediate } from 'node:timers/promises';
import { type BenchImage, bootBench, CATALOG, type Case, DEFECTS, type Level } from '../../../conform/index.js';
import { CliError, type Exit } from '../../errors.js';
import { onInterrupt } from '../../interrupt.js';
import { meant } from '../../options/values.js';
import { progress } from '../../output.js';
import { type ReportOptions, report, type SuiteResult, showResult } from '../../suite.js';
import { isFailure } from '../../verdict.js';
import { type CaseRunner, type ClientChoice, caseRunner, inLanes, isBuiltin } from './case-runner.js';
import { type Mutant, mutantCommand, mutantsCommand, readMutants } from './mutants.js';

/** Where only some checks are tried: so many of the bugs that must fail none of them, to see that they do not. */
const OTHERS = 8;
const SUITE = 'rmclient-self';

type SelfOptions = ClientChoice &
  ReportOptions & { mutant: readonly string[]; given: readonly string[]; level: Level; skip: readonly string[] };

/** Verdicts of many clients, compared with what they should be. */
class Proof {
  readonly results: SuiteResult[] = [];
  /** What was not tried, and why. */
  note: string | undefined;
  private since = performance.now();

  constructor(private readonly o: SelfOptions) {}

  /** `wrong`: what is not as it should be; empty: nothing. The time since the last verdict is what this one took. */
  judge(id: string, title: string, wrong: string, details?: SuiteResult['details']): void {
    const ok = wrong === '';
    const seconds = (performance.now() - this.since) / 1000;
    this.since = performance.now();
    const verdict = ok ? 'PASS' : 'FAIL';
    const r = { id, path: id, title, verdict, ok, expected: false, reasons: ok ? [] : [wrong], seconds, details };
    this.results.push(r);
    // Hundreds of bugs that are found say nothing.
    if (!ok) showResult(r, this.o);
  }

  compare(m: Mutant, found: readonly string[], tried: readonly string[]): void {
    const fails = m.fails.filter((id) => tried.includes(id));
    const missing = fails.filter((id) => !found.includes(id));
    const extra = found.filter((id) => !fails.includes(id));
    const text = [
      missing.length > 0 ? `passes ${missing.join(', ')}` : '',
      extra.length > 0 ? `also fails ${extra.join(', ')}` : '',
    ];
    this.judge(m.name, m.what, text.filter((s) => s !== '').join('; '), { fails, found });
  }
}

/** Ids of the checks that this client fails, in the order of `cases`. */
export async function failures(runner: CaseRunner, cases: readonly Case[], images: BenchImage[]): Promise<string[]> {
  const failed = new Set<string>();
  const free = [...images];
  await inLanes(
    cases,
    Math.min(runner.lanes, images.length),
    () => free.pop() as BenchImage,
    async (c, image) => {
      // Lets signals through.
      await setImmediate();
      const { verdict } = await runner.run(c, image);
      if (isFailure(verdict)) failed.add(c.id);
    },
  );
  return cases.map((c) => c.id).filter((id) => failed.has(id));
}

/** `ids`: what `cases` were chosen by. */
export async function selfProof(cases: readonly Case[], ids: readonly string[], o: SelfOptions): Promise<Exit> {
  const interrupt = onInterrupt();
  const proof = new Proof(o);
  await Promise.race([prove(cases, o, proof), interrupt.happened]);
  const { results, note } = proof;
  const again = (failed: readonly SuiteResult[]): string[] => [
    ...['conform', '--self', ...ids],
    ...(o.level === 'G' ? [] : ['--level', o.level]),
    ...o.skip.flatMap((id) => ['--skip', id]),
    // The healthy client and every check are looked at anyway.
    ...failed.filter((r) => r.details !== undefined).flatMap((r) => ['--mutant', r.id]),
    ...o.given,
  ];
  if (interrupt.code === undefined) return report(SUITE, results, o, { again, note });
  const left = 'interrupted: the rest was not tried';
  report(SUITE, results, o, { again, note, left });
  process.stderr.write(`${left}\n`);
  // Clients of the checks that were left still run.
  process.exit(interrupt.code);
}

/** Those that are asked for by name. */
function named(all: readonly Mutant[], names: readonly string[], builtin: boolean, client: string): Mutant[] {
  const unknown = names.filter((n) => !all.some((m) => m.name === n));
  if (unknown.length > 0) {
    const near = meant(
      unknown[0],
      all.map((m) => m.name),
    );
    const where = builtin ? '--list-defects' : `'${mutantsCommand(client)}'`;
    throw new CliError(`no mutant is called ${unknown.join(', ')}: ${near}${where} shows all`);
  }
  return all.filter((m) => names.includes(m.name));
}

/** Those that must fail one of `cases`, and some of the others, spread over the list: at most `others`. */
export function worthTrying(all: readonly Mutant[], cases: readonly Case[], others: number): Mutant[] {
  const isAbout = (m: Mutant): boolean => m.fails.some((id) => cases.some((c) => c.id === id));
  const rest = all.filter((m) => !isAbout(m));
  const every = Math.max(1, rest.length / others);
  const sample = new Set(rest.filter((_, i) => Math.floor((i + 1) / every) > Math.floor(i / every)));
  return all.filter((m) => isAbout(m) || sample.has(m));
}

/** The mutants to try; the proof is told of those that are left out. */
function chosenMutants(all: readonly Mutant[], cases: readonly Case[], o: SelfOptions, proof: Proof): Mutant[] {
  const names = [...o.mutant, ...o.defect];
  if (names.length > 0) return named(all, names, isBuiltin(o.client), o.client);
  if (cases.length === CATALOG.length) return [...all];
  const wanted = worthTrying(all, cases, OTHERS);
  const out = all.length - wanted.length;
  if (out > 0) proof.note = `${out} of ${all.length} defects were not tried: they fail none of these checks`;
  return wanted;
}

async function prove(cases: readonly Case[], o: SelfOptions, proof: Proof): Promise<void> {
  const builtin = isBuiltin(o.client);
  const bar = progress(o);
  if (!builtin) bar.begin(`asking for mutants: ${mutantsCommand(o.client)}`);
  const all: readonly Mutant[] = builtin ? DEFECTS : await readMutants(o.client, o.startTimeout);
  const wanted = chosenMutants(all, cases, o, proof);
  const own = await caseRunner({ ...o, defect: [] });
  const images = Array.from({ length: own.lanes }, () => bootBench());
  const failed = await failures(own, cases, images);
  proof.judge('healthy', 'the client without a bug', failed.length === 0 ? '' : `fails ${failed.join(', ')}`);
  for (const [i, m] of wanted.entries()) {
    bar.update(`${i + 1}/${wanted.length} ${m.name}`);
    const runner = await caseRunner(
      builtin ? { ...o, defect: [m.name] } : { ...o, client: mutantCommand(o.client, m) },
    );
    const tried = cases.filter((c) => c.slow !== true || m.fails.includes(c.id));
    proof.compare(
      m,
      await failures(runner, tried, images),
      tried.map((c) => c.id),
    );
  }
  bar.done();
  // The client of another process may leave levels out; the built-in one proves every check.
  if (!builtin) return;
  for (const c of cases) {
    const isFailed = all.some((m) => m.fails.includes(c.id));
    proof.judge(c.id, 'is failed by a defect', isFailed ? '' : 'no defect fails it');
  }
}
