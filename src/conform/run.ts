/**
 * Runs one case: a fresh machine, a fresh client, the script, then what every case ends with: RM lives, nothing malformed was sent,
 * a harmless call still works, nothing is left behind.
 */
import { Bench, type BenchImage, ClientStuck } from './bench.js';
import { BenchPort } from './client/bench-port.js';
import { ClientCrash } from './client/transport.js';
import { UpperTester } from './client/upper.js';
import { parseGreeting } from './greeting.js';
import { leftovers } from './leftovers.js';
import { CaseEnd, Tester } from './tester.js';
import type { Case, Script, Until, Verdict, VerdictKind } from './types.js';

/** How one client is driven through one step of a script. */
export interface Session {
  bench: Bench;
  tester: Tester;
  /** Lets client and machine work until the step is over. */
  drive(step: Until): void;
}

/** The reference client, in process. */
export function builtinSession(image: BenchImage, bugs: ReadonlySet<string>, c?: Case): Session {
  const bench = new Bench(image);
  c?.prepare?.(bench);
  const upper = new UpperTester(new BenchPort(bench), bugs);
  const tester = new Tester(bench, { command: (line) => upper.command(line) });
  upper.attach();
  tester.greeting = parseGreeting(upper.take()[0]) ?? tester.greeting;
  const drive = (step: Until): void => {
    const limit = bench.now() + step.limitNs;
    for (;;) {
      const worked = upper.pump();
      tester.events.push(...upper.take());
      if (step.done()) return;
      if (!bench.advance(limit) && !worked) return;
      if (bench.now() > limit) return;
    }
  };
  return { bench, tester, drive };
}

/** The script of a case and what follows every script. */
export function* wholeCase(c: Case, t: Tester): Script<{ verdict: VerdictKind; reasons: string[] }> {
  const reasons: string[] = [];
  let verdict: VerdictKind = 'PASS';
  const worse = (v: VerdictKind, text: string): void => {
    if (verdict === 'PASS') verdict = v;
    reasons.push(text);
  };
  try {
    if (t.greeting.refused !== undefined && c.refuses !== true) t.fail(`the client refuses: ${t.greeting.refused}`);
    yield* c.run(t);
    if (c.refuses !== true && c.noProbe !== true && t.bench.death === undefined) yield* t.probe();
  } catch (e) {
    if (!(e instanceof CaseEnd)) throw e;
    worse(e.verdict, e.message);
  }
  const { death } = t.bench;
  if (death !== undefined) {
    verdict = 'FAIL';
    reasons.unshift(`${death} (critical)`);
  }
  for (const p of t.bench.audit.problems) worse('FAIL', p);
  if (verdict === 'PASS') yield* leakCheck(c, t, worse);
  return { verdict, reasons };
}

function* leakCheck(c: Case, t: Tester, worse: (v: VerdictKind, text: string) => void): Script {
  if (c.refuses === true) return;
  if (c.noProbe !== true) {
    t.client.command('audit 0');
    yield* t.until(() => t.events.some((e) => e.startsWith('audit 0 ')));
    const held = t.events.find((e) => e.startsWith('audit 0 '))?.split(' ')[2] ?? '0';
    if (held !== '0') worse('LEAK', `the client still holds ${held} requests or sequence numbers`);
  }
  if (c.leaksAnyway !== true) for (const l of leftovers(t.bench)) worse('LEAK', l);
}

/** One case with the built-in client. */
export function runBuiltin(
  c: Case,
  image: BenchImage,
  bugs: ReadonlySet<string> = new Set(),
): Verdict & { session: Session } {
  const session = builtinSession(image, bugs, c);
  const { bench, tester } = session;
  const start = bench.now();
  const result = (verdict: VerdictKind, reasons: string[]): Verdict & { session: Session } => ({
    id: c.id,
    verdict,
    reasons,
    virtualNs: bench.now() - start,
    session,
  });
  try {
    const script = wholeCase(c, tester);
    for (let r = script.next(); ; r = script.next()) {
      if (r.done) return result(r.value.verdict, r.value.reasons);
      session.drive(r.value);
    }
  } catch (e) {
    if (e instanceof ClientCrash) return result('CRASH', [`the client died: ${e.message}`]);
    if (e instanceof ClientStuck) return result('HANG', [`the client spins: ${e.message}`]);
    throw e;
  }
}
