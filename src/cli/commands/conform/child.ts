/**
 * One case against a program in another process: its link is a socket of this process, its upper tester its stdin and stdout.
 *
 * Machine and client take turns: the machine goes on when the client is idle. A client with the feature `sync` says when it is;
 * of others silence is taken for it.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  Bench,
  type BenchImage,
  type Case,
  ClientStuck,
  type Greeting,
  imageOf,
  logText,
  parseGreeting,
  SYNC,
  standstill,
  Tester,
  unknownFeatures,
  unsuitable,
  type Verdict,
  type VerdictKind,
  wholeCase,
} from '../../../conform/index.js';
import { CliError, Exit } from '../../errors.js';
import type { CaseResult } from './case-runner.js';
import { ChildLink } from './child-link.js';
import { type SharedGroup, untilExit } from './cleanup.js';
import { ClientProcess } from './client-process.js';

/** A client that says nothing for this long while the machine rests is at rest too, ms. */
const QUIET_MS = 40;
/** A client that polls a queue, and perhaps has nothing to send, does so within this time, ms. */
const RETRY_MS = 200;
const TURNS_BEFORE_LOOK = 64;
/** How the shell ends that finds no such program, or one that is none. */
const NOT_STARTED = new Set(['exit code 126', 'exit code 127']);
/** Characters of a line of the client in an error. */
const SHOWN_LINE = 200;

export interface ChildOptions {
  /** Silence that counts as a hang. */
  timeoutMs: number;
  /** How long the client may take to attach and to say hello. */
  startMs: number;
  /** For its socket, instead of a new one. Gone afterwards. */
  folder?: string;
  /** Is told the client's process group. */
  group?: SharedGroup;
}

const FOLDER = join(tmpdir(), 'gunyah-conform-');
export const newFolder = (): string => mkdtempSync(FOLDER);
export const removeFolder = (path: string): void => rmSync(path, { recursive: true, force: true });

class ChildGone extends Error {}
class ChildSilent extends Error {}

interface Step {
  done: () => boolean;
  limitNs: number;
  rest?: boolean;
}

/** A case in progress. */
interface Running {
  bench: Bench;
  client: ClientProcess;
  link: ChildLink | undefined;
  /** `told` of the link when the client was last asked whether it is idle. */
  seen: number;
  hear: (lines: readonly string[]) => void;
  timeoutMs: number;
  /** What went wrong while a frame was handled. */
  fault: unknown;
}

export async function runChild(
  c: Case,
  image: BenchImage,
  template: string,
  options: ChildOptions,
): Promise<CaseResult> {
  const bench = new Bench(imageOf(c, image));
  c.prepare?.(bench);
  const folder = options.folder ?? newFolder();
  const server = createServer();
  let client: ClientProcess | undefined;
  const close = untilExit(() => {
    client?.kill();
    options.group?.ended();
    server.close();
    removeFolder(folder);
  });
  try {
    const path = join(folder, 'link');
    await listen(server, path);
    const address = `unix:${path}`;
    options.group?.starting();
    client = new ClientProcess(template.replaceAll('{link}', address), address, parseGreeting);
    options.group?.started(client.pid);
    return await play(c, bench, { client, server, template, options });
  } finally {
    close();
  }
}

interface Started {
  client: ClientProcess;
  /** Where the client attaches. */
  server: Server;
  template: string;
  options: ChildOptions;
}

async function play(c: Case, bench: Bench, started: Started): Promise<CaseResult> {
  const { client, server, options } = started;
  const start = bench.now();
  const tester = new Tester(bench, client);
  const { timeoutMs } = options;
  const hear = (lines: readonly string[]): void => tester.hear(lines);
  const run: Running = { bench, client, link: undefined, seen: 0, hear, timeoutMs, fault: undefined };
  server.on('connection', (socket) => attach(run, socket));
  const result = (verdict: Verdict['verdict'], reasons: string[]): CaseResult => ({
    id: c.id,
    verdict,
    reasons: verdict === 'PASS' || verdict === 'SKIP' ? reasons : withSituation(run, verdict, reasons),
    warnings: client.greeting && unknownFeatures(client.greeting),
    virtualNs: bench.now() - start,
    log: logText(bench.log),
  });
  try {
    const greeting = await greet(run, c.refuses === true, started);
    const reason = unsuitable(c, greeting, run.link?.rpcOnly === true);
    if (reason !== undefined) return result('SKIP', [reason]);
    tester.greeting = greeting;
    const drive = greeting.features.includes(SYNC) ? driveByTurns : driveBySilence;
    const script = wholeCase(c, tester);
    for (let r = script.next(); ; r = script.next()) {
      if (r.done) return result(r.value.verdict, r.value.reasons);
      await drive(run, r.value, bench.now() + r.value.limitNs);
    }
  } catch (e) {
    if (e instanceof ChildGone) return result('CRASH', [`the client ended: ${e.message}`]);
    if (e instanceof ChildSilent) return result('HANG', [e.message]);
    if (e instanceof ClientStuck) return result('HANG', [`the client spins: ${e.message}`]);
    throw e;
  }
}

function withSituation(run: Running, verdict: VerdictKind, reasons: string[]): string[] {
  const out = [...reasons, standstill(run.bench, verdict === 'HANG' && run.link?.rpcOnly !== true)];
  const { stderr } = run.client;
  if (stderr !== '') out.push(`the client's stderr:\n  ${stderr.trimEnd().replaceAll('\n', '\n  ')}`);
  return out;
}

function attach(run: Running, socket: Socket): void {
  const link = new ChildLink(run.bench, (bytes) => void socket.write(bytes));
  run.link = link;
  socket.on('data', (chunk) => {
    try {
      link.receive(chunk);
    } catch (e) {
      run.fault ??= e;
    }
    run.client.active();
  });
  socket.on('error', () => {});
}

const listen = (server: Server, path: string): Promise<void> =>
  new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(path, resolve);
  });

/** What the client says first. `mayEnd`: ending without a word is the case's to judge. */
async function greet(run: Running, mayEnd: boolean, { template, options: { startMs } }: Started): Promise<Greeting> {
  const { client } = run;
  const until = performance.now() + startMs;
  for (;;) {
    if (run.fault !== undefined) throw run.fault;
    const { greeting, exit } = client;
    if (greeting !== undefined && (greeting.refused !== undefined || run.link?.attached === true)) return greeting;
    if (exit !== undefined && mayEnd) throw new ChildGone(`${exit}, without the line "refused TEXT"`);
    const said = client.stderr === '' ? '' : `\n${client.stderr.trimEnd()}`;
    const notFound = NOT_STARTED.has(exit ?? '') ? /^\S*sh: .*?([^: ]+: [^:\n]+)\n$/.exec(client.stderr) : null;
    if (notFound !== null) throw new CliError(`the client cannot be started: ${notFound[1]}`, Exit.TRANSPORT);
    if (exit !== undefined) throw new CliError(`the client ended before it was ready: ${exit}${said}`, Exit.TRANSPORT);
    if (performance.now() > until)
      throw new CliError(
        `the client does not ${run.link?.attached === true ? 'say hello (is it an upper tester?)' : 'attach to the link'} within ${startMs} ms (--start-timeout): ${template}${said}`,
        Exit.TRANSPORT,
      );
    const [first] = client.lines;
    if (greeting === undefined && first !== undefined)
      throw new CliError(
        `the client's first line is not "hello T", "hello V" or "refused TEXT", but: ${first.slice(0, SHOWN_LINE)}${said}`,
        Exit.TRANSPORT,
      );
    await client.activity(QUIET_MS);
  }
}

/** True: the step is over. */
function over(run: Running, step: Step): boolean {
  const { client } = run;
  run.hear(client.lines.splice(0));
  if (run.fault !== undefined) throw run.fault;
  if (step.done()) return true;
  if (client.exit === undefined) return false;
  if (client.greeting?.refused !== undefined) return true;
  throw new ChildGone(client.exit);
}

async function driveByTurns(run: Running, step: Step, limit: number): Promise<void> {
  const { client, bench } = run;
  while (!over(run, step)) {
    const { link } = run;
    if (client.told || (link !== undefined && link.told !== run.seen && !link.waits)) {
      if (await settle(run, step)) return;
    } else if (link?.isBusy() === true) {
      await active(run, 'answer its interrupt');
    } else {
      const worked = bench.advance(limit);
      link?.tick();
      const late = bench.now() > limit;
      if (!late && (worked || link?.isBusy() === true)) continue;
      // The machine rests, or time is over. What the client has to say to it may still be on its way.
      if (link === undefined) return;
      if (link.told === run.seen) {
        if (late || !link.foundFull || link.triesInVain) return;
        // There is room again: its next try is still to come.
        if (!(await nextTry(run, step.rest === true && !link.owes ? RETRY_MS : run.timeoutMs))) link.foundFull = false;
      }
      if ((await settle(run, step)) || late) {
        over(run, step);
        return;
      }
    }
  }
}

/** False: the client has not sent for `ms`. */
async function nextTry({ bench, client }: Running, ms: number): Promise<boolean> {
  const { sends } = bench;
  const end = performance.now() + ms;
  for (let left = ms; left > 0 && bench.sends === sends && client.exit === undefined; left = end - performance.now())
    await client.activity(left);
  return bench.sends !== sends;
}

async function active(run: Running, what: string): Promise<void> {
  if (!(await run.client.activity(run.timeoutMs)))
    throw new ChildSilent(`the client does not ${what} within ${run.timeoutMs} ms: it is busy or blocked`);
}

/** Waits until the client has handled what it was told. True: the step was over before. */
async function settle(run: Running, step: Step): Promise<boolean> {
  const { client } = run;
  client.told = false;
  run.seen = run.link?.told ?? 0;
  for (const n = client.sync(); !client.hasSynced(n); ) {
    await active(run, `answer "sync ${n}"`);
    if (!over(run, step)) continue;
    // It is in the middle of something.
    client.told = true;
    return true;
  }
  return false;
}

async function driveBySilence(run: Running, step: Step, limit: number): Promise<void> {
  const { client, bench } = run;
  if (client.told) {
    client.told = false;
    await client.activity(QUIET_MS);
  }
  for (let turn = 1; !over(run, step); turn++) {
    const worked = bench.advance(limit);
    run.link?.tick();
    // Frames of the client arrive through the event loop only.
    if (worked) {
      if (turn % TURNS_BEFORE_LOOK === 0) await client.activity(0);
      continue;
    }
    if (await client.activity(step.rest === true ? QUIET_MS : run.timeoutMs)) {
      if (step.rest !== true || run.link?.triesInVain !== true) continue;
    }
    over(run, step);
    return;
  }
}
