/** One case against a program in another process: its link is a socket of this process, its upper tester its stdin and stdout. */
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { BenchImage, Case, Greeting, Verdict } from '../conform/index.js';
import { ChildLink } from './conform-link.js';
import { CliError, Exit } from './errors.js';

type Suite = typeof import('../conform/index.js');
type Result = Verdict & { log: string };

/** A client that says nothing for this long while the machine rests is at rest too, ms. */
const QUIET_MS = 40;
const TURNS_BEFORE_LOOK = 64;

class ChildGone extends Error {}

interface Running {
  child: ChildProcess;
  link: ChildLink | undefined;
  lines: string[];
  exit: string | undefined;
  greeting: Greeting | undefined;
  /** A command went out; the machine waits until the client has had a chance to read it. */
  commanded: boolean;
  /** Resolves the wait for activity. */
  wake: () => void;
}

export async function runChild(
  suite: Suite,
  c: Case,
  image: BenchImage,
  template: string,
  timeoutMs: number,
): Promise<Result> {
  const bench = new suite.Bench(image);
  c.prepare?.(bench);
  const start = bench.now();
  const folder = mkdtempSync(join(tmpdir(), 'gunyah-conform-'));
  const path = join(folder, 'link');
  const run: Running = {
    child: undefined as unknown as ChildProcess,
    link: undefined,
    lines: [],
    exit: undefined,
    greeting: undefined,
    commanded: false,
    wake: () => {},
  };
  const server = createServer((socket) => attach(run, bench, socket));
  await listen(server, path);
  run.child = spawn('/bin/sh', ['-c', `exec ${template.replaceAll('{link}', `unix:${path}`)}`], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  follow(suite, run);
  const tester = new suite.Tester(bench, {
    command: (line) => {
      run.commanded = true;
      run.child.stdin?.write(`${line}\n`);
    },
  });
  const result = (verdict: Verdict['verdict'], reasons: string[]): Result => ({
    id: c.id,
    verdict,
    reasons,
    virtualNs: bench.now() - start,
    log: suite.logText(bench.log),
  });
  try {
    const greeting = await greet(run, timeoutMs, c.refuses === true);
    const unsuitable = suite.unsuitable(c, greeting, run.link?.rpcOnly === true);
    if (unsuitable !== undefined) return result('SKIP', [unsuitable]);
    tester.greeting = greeting;
    const script = suite.wholeCase(c, tester);
    for (let r = script.next(); ; r = script.next()) {
      if (r.done) return result(r.value.verdict, r.value.reasons);
      await drive(run, bench, tester.events, r.value, timeoutMs);
    }
  } catch (e) {
    if (e instanceof ChildGone) return result('CRASH', [`the client ended: ${e.message}`]);
    if (e instanceof suite.ClientStuck) return result('HANG', [`the client spins: ${e.message}`]);
    throw e;
  } finally {
    run.child.kill('SIGKILL');
    server.close();
    rmSync(folder, { recursive: true, force: true });
  }
}

function attach(run: Running, bench: InstanceType<Suite['Bench']>, socket: Socket): void {
  const link = new ChildLink(bench, (bytes) => void socket.write(bytes));
  run.link = link;
  socket.on('data', (chunk) => {
    link.receive(chunk);
    run.wake();
  });
  socket.on('error', () => {});
}

const listen = (server: Server, path: string): Promise<void> =>
  new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(path, resolve);
  });

function follow(suite: Suite, run: Running): void {
  let rest = '';
  const { child } = run;
  child.stdout?.setEncoding('utf8');
  child.stdout?.on('data', (text: string) => {
    const parts = (rest + text).split('\n');
    rest = parts.pop() ?? '';
    for (const line of parts) {
      const greeting = run.greeting === undefined ? suite.parseGreeting(line) : undefined;
      if (greeting === undefined) run.lines.push(line);
      else run.greeting = greeting;
    }
    run.wake();
  });
  child.stdin?.on('error', () => {});
  child.on('error', (e) => {
    run.exit = e.message;
    run.wake();
  });
  child.on('exit', (code, signal) => {
    run.exit = signal ?? `exit code ${code}`;
    run.wake();
  });
}

/** Waits until something comes from the client. False: it did not. */
function activity(run: Running, ms: number): Promise<boolean> {
  return new Promise((resolve) => {
    const timer = setTimeout(() => resolve(false), ms);
    run.wake = () => {
      clearTimeout(timer);
      run.wake = () => {};
      resolve(true);
    };
  });
}

/** What the client says first. `mayEnd`: ending without a word is the case's to judge. */
async function greet(run: Running, timeoutMs: number, mayEnd: boolean): Promise<Greeting> {
  const until = performance.now() + timeoutMs;
  for (;;) {
    const { greeting } = run;
    if (greeting !== undefined && (greeting.refused !== undefined || run.link?.attached === true)) return greeting;
    if (run.exit !== undefined && mayEnd) throw new ChildGone(`${run.exit}, without the line "refused TEXT"`);
    if (run.exit !== undefined) throw new CliError(`the client ended before it was ready: ${run.exit}`, Exit.TRANSPORT);
    if (performance.now() > until)
      throw new CliError('the client does not say hello, or does not attach to the link', Exit.TRANSPORT);
    await activity(run, QUIET_MS);
  }
}

async function drive(
  run: Running,
  bench: InstanceType<Suite['Bench']>,
  events: string[],
  step: { done: () => boolean; limitNs: number; rest?: boolean },
  timeoutMs: number,
): Promise<void> {
  const limit = bench.now() + step.limitNs;
  if (run.commanded) {
    run.commanded = false;
    await activity(run, QUIET_MS);
  }
  for (let turn = 1; ; turn++) {
    events.push(...run.lines.splice(0));
    if (step.done()) return;
    if (run.exit !== undefined && run.greeting?.refused !== undefined) return;
    if (run.exit !== undefined) throw new ChildGone(run.exit);
    const worked = bench.advance(limit);
    run.link?.tick();
    // Frames of the client arrive through the event loop only.
    if (worked && turn % TURNS_BEFORE_LOOK !== 0) continue;
    if (worked) {
      await activity(run, 0);
      continue;
    }
    if (!(await activity(run, step.rest === true ? QUIET_MS : timeoutMs))) {
      events.push(...run.lines.splice(0));
      return;
    }
  }
}
