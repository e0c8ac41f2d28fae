/** `conform --self`: every check can fail, and fails those clients only that break its rule. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { text } from 'node:stream/consumers';
import { setImmediate } from 'node:timers/promises';
import { type BenchImage, bootBench, type Case, DEFECTS, summary } from '../../../conform/index.js';
import { CliError, Exit } from '../../errors.js';
import { onInterrupt } from '../../interrupt.js';
import { type GlobalOptions, print, progress } from '../../output.js';
import { isFailure } from '../../verdict.js';
import { type CaseRunner, type ClientChoice, caseRunner, inLanes, isBuiltin } from './case-runner.js';
import { killGroup, untilExit } from './cleanup.js';

/** A client with one bug, and every check that it must fail. */
export interface Mutant {
  name: string;
  fails: readonly string[];
}

/** Verdicts of many clients, compared with what they should be. */
class Proof {
  passed = 0;
  failed = 0;

  judge(name: string, wrong: string): void {
    if (wrong === '') this.passed++;
    else {
      this.failed++;
      print(`FAIL  ${name}: ${wrong}`);
    }
  }

  compare(m: Mutant, found: readonly string[], tried: readonly string[]): void {
    const missing = m.fails.filter((id) => tried.includes(id) && !found.includes(id));
    const extra = found.filter((id) => !m.fails.includes(id));
    const text = [
      missing.length > 0 ? `passes ${missing.join(', ')}` : '',
      extra.length > 0 ? `also fails ${extra.join(', ')}` : '',
    ];
    this.judge(m.name, text.filter((s) => s !== '').join('; '));
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

const mutantsCommand = (client: string): string => client.replace('{link}', '--mutants');

/**
 * What `CLIENT --mutants` says: name, what is wrong, checks; separated by tabs. One that does not know the option may wait for a
 * link instead.
 */
export async function readMutants(client: string, startMs: number): Promise<Mutant[]> {
  const command = mutantsCommand(client);
  const child = spawn('/bin/sh', ['-c', `exec ${command}`], { detached: true, stdio: ['ignore', 'pipe', 'pipe'] });
  const close = untilExit(() => killGroup(child.pid));
  let late = false;
  const timer = setTimeout(() => {
    late = true;
    close();
  }, startMs);
  const [out, err, [code, signal]] = await Promise.all([text(child.stdout), text(child.stderr), once(child, 'close')]);
  clearTimeout(timer);
  close();
  if (code !== 0) {
    const why = late
      ? `no answer within ${startMs} ms (--start-timeout)`
      : err.trim().split('\n')[0] || (signal ?? `exit code ${code}`);
    throw new CliError(`--self: '${command}' does not list mutants: ${why}`, Exit.TRANSPORT);
  }
  return out
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => {
      const [name, , fails] = line.split('\t');
      if (fails === undefined) throw new CliError(`--mutants of the client: not NAME, TEXT and CHECKS: ${line}`);
      return { name, fails: fails.split(' ').filter((s) => s !== '') };
    });
}

export const mutantCommand = (client: string, m: Mutant): string =>
  client.replace('{link}', `--mutant ${m.name} {link}`);

type SelfOptions = ClientChoice & GlobalOptions & { mutant: readonly string[] };

export async function selfProof(cases: readonly Case[], o: SelfOptions): Promise<Exit> {
  const interrupt = onInterrupt();
  const proof = new Proof();
  await Promise.race([prove(cases, o, proof), interrupt.happened]);
  print(summary(proof.passed, proof.failed, 0));
  if (interrupt.code === undefined) return proof.failed > 0 ? Exit.FAILED : Exit.OK;
  process.stderr.write('interrupted: the rest was not tried\n');
  // Clients of the checks that were left still run.
  process.exit(interrupt.code);
}

async function prove(cases: readonly Case[], o: SelfOptions, proof: Proof): Promise<void> {
  const builtin = isBuiltin(o.client);
  const bar = progress(o);
  if (!builtin) bar.begin(`asking for mutants: ${mutantsCommand(o.client)}`);
  const all: Mutant[] = builtin ? [...DEFECTS] : await readMutants(o.client, o.startTimeout);
  const names = [...o.mutant, ...o.defect];
  const unknown = names.filter((n) => !all.some((m) => m.name === n));
  if (unknown.length > 0) {
    const where = builtin ? '--list-defects' : `'${mutantsCommand(o.client)}'`;
    throw new CliError(`no mutant is called ${unknown.join(', ')}: ${where} shows all`);
  }
  const own = await caseRunner({ ...o, defect: [] });
  const images = Array.from({ length: own.lanes }, () => bootBench());
  proof.judge('the client without a bug', (await failures(own, cases, images)).join(', '));
  const wanted = all.filter((m) => names.length === 0 || names.includes(m.name));
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
  if (builtin)
    for (const c of cases) proof.judge(c.id, all.some((m) => m.fails.includes(c.id)) ? '' : 'no defect fails it');
}
