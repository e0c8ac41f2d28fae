/**
 * Runs one case: a fresh machine, a fresh client, the script, then what every case ends with: RM lives, nothing malformed was sent,
 * a harmless call still works, nothing is left behind.
 */

import { ClientStuck } from './bench.js';
import type { BenchImage } from './bench-image.js';
import { ClientCrash } from './client/call.js';
import { imageOf } from './images.js';
import { leftovers } from './leftovers.js';
import { builtinSession, type Session } from './session.js';
import { CaseEnd, type Tester } from './tester.js';
import type { Case, Script, Verdict, VerdictKind } from './types.js';

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
  // What was wrong on the wire is often the cause of the rest.
  const { problems } = t.bench.audit;
  if (problems.length > 0 && verdict === 'PASS') verdict = 'FAIL';
  reasons.unshift(...problems);
  try {
    if (verdict === 'PASS') yield* leakCheck(c, t, worse);
  } catch (e) {
    if (!(e instanceof CaseEnd)) throw e;
    worse(e.verdict, e.message);
  }
  // Said behind the last answer that was waited for.
  for (const line of t.wrong) worse('FAIL', line);
  return { verdict, reasons };
}

function* leakCheck(c: Case, t: Tester, worse: (v: VerdictKind, text: string) => void): Script {
  if (c.refuses === true) return;
  if (c.noProbe !== true) {
    t.client.command('audit 0');
    yield* t.until(() => t.events.some((e) => e.startsWith('audit 0 ')));
    const held = t.events.find((e) => e.startsWith('audit 0 '))?.split(' ')[2];
    if (held === undefined) worse('HANG', 'the client does not answer "audit 0"');
    else if (Number(held) !== 0) worse('LEAK', `the client still holds ${held} requests or sequence numbers`);
  }
  if (c.leaksAnyway !== true) for (const l of leftovers(t.bench)) worse('LEAK', l);
}

/** One case with the built-in client. */
export function runBuiltin(
  c: Case,
  image: BenchImage,
  bugs: ReadonlySet<string> = new Set(),
): Verdict & { session: Session } {
  const session = builtinSession(imageOf(c, image), bugs, c);
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
