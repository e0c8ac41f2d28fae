/** A run: for every case a machine that has just booted, in a server of its own or in one that boots anew for every connection. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Address } from '../link/index.js';
import { skipReason } from './cases.js';
import { faultVerdict } from './judge.js';
import { Peer, Replayer, type StartThread } from './peer.js';
import { NoServer, ServerProcess } from './server.js';
import { LinkFault, type RmCase, type RmResult } from './types.js';

export type Target = { readonly address: Address } | { readonly command: string };

export interface RunOptions {
  readonly target: Target;
  /** Silence of the server that counts as a hang. */
  readonly timeoutMs: number;
  /** How long a server that is started for a case may take to listen. */
  readonly startMs: number;
  readonly startThread: StartThread;
}

export interface CaseResult extends RmResult {
  readonly check: RmCase;
  readonly seconds: number;
}

/** How often, and how long apart, a server is asked for a new machine after the last connection. */
const FRESH_TRIES = 10;
const FRESH_MS = 20;

const NOT_FRESH =
  'the machine behind the address is the one of the case before: give --server-command, or a server that boots anew for every connection (gunyah-sim serve --fresh)';

const addressText = (a: Address): string => (a.kind === 'unix' ? `unix:${a.path}` : `tcp:${a.host}:${a.port}`);

const skipped = (why: string): RmResult => ({ verdict: 'SKIP', reasons: [why], compared: 0, excused: 0 });

/** Throws {@link NoServer} when there is no server to begin with. */
export async function* runCases(
  cases: readonly RmCase[],
  { target, timeoutMs, startMs, startThread }: RunOptions,
): AsyncGenerator<CaseResult> {
  const replayer = new Replayer(startThread);
  const asked = cases.filter((c) => skipReason(c, 'vcpu') === undefined).length;
  const run = 'command' in target ? new CommandRun(target.command, asked, startMs) : new AddressRun(target.address);
  try {
    for (const check of cases) {
      const start = performance.now();
      const why = skipReason(check, 'vcpu');
      const result = why === undefined ? await run.one(check, replayer, timeoutMs) : skipped(why);
      yield { check, ...result, seconds: (performance.now() - start) / 1000 };
    }
  } finally {
    if (run instanceof CommandRun) run.end();
    await replayer.end();
  }
}

async function play(check: RmCase, peer: Peer, replayer: Replayer): Promise<RmResult> {
  const why = skipReason(check, peer.mode);
  return why === undefined ? replayer.run(check, peer) : skipped(why);
}

/** The verdict of a server that does not even greet. */
function noGreeting(error: unknown): RmResult {
  if (!(error instanceof LinkFault)) throw error;
  const { verdict, reason } = faultVerdict(error, false);
  return { verdict, reasons: [reason], compared: 0, excused: 0 };
}

class CommandRun {
  private next: ServerProcess | undefined;

  constructor(
    private readonly command: string,
    /** Cases that still need a server. */
    private left: number,
    private readonly startMs: number,
  ) {}

  async one(check: RmCase, replayer: Replayer, timeoutMs: number): Promise<RmResult> {
    const server = this.next ?? new ServerProcess(this.command);
    this.next = undefined;
    try {
      await server.ready(this.startMs);
      // The next one boots while this one is asked.
      if (--this.left > 0) this.next = new ServerProcess(this.command);
      const result = await this.ask(server, check, replayer, timeoutMs);
      if (result.verdict !== 'CRASH') return result;
      // Its exit is told a moment after its socket's.
      for (let i = 0; i < FRESH_TRIES && server.exit === undefined; i++) await sleep(FRESH_MS);
      return { ...result, reasons: [...result.reasons, `the server's process: ${server.obituary()}`] };
    } finally {
      server.stop();
    }
  }

  private async ask(server: ServerProcess, check: RmCase, replayer: Replayer, timeoutMs: number): Promise<RmResult> {
    let peer: Peer;
    try {
      peer = await Peer.open(server.address, check.id, timeoutMs);
    } catch (error) {
      return noGreeting(error);
    }
    const result = await play(check, peer, replayer);
    // It ends with its process: nobody needs its goodbye.
    peer.destroy();
    return result;
  }

  end(): void {
    this.next?.stop();
  }
}

class AddressRun {
  /** Virtual time at the first greeting, and at the end of the case before: a machine that has just booted is younger than that. */
  private firstNs: bigint | undefined;
  private lastNs: bigint | undefined;

  constructor(private readonly address: Address) {}

  async one(check: RmCase, replayer: Replayer, timeoutMs: number): Promise<RmResult> {
    let peer: Peer | undefined;
    let fault: unknown;
    for (let i = 0; i < FRESH_TRIES && peer === undefined; i++) {
      if (i > 0) await sleep(FRESH_MS);
      try {
        peer = await Peer.open(this.address, check.id, timeoutMs);
      } catch (error) {
        if (this.firstNs === undefined && error instanceof LinkFault && error.kind === 'lost')
          throw new NoServer(`there is no server at ${addressText(this.address)}`, { cause: error.cause ?? error });
        fault = error;
        if (error instanceof LinkFault && error.kind !== 'lost') break;
        continue;
      }
      this.firstNs ??= peer.nowNs;
      if (peer.mode === 'rpc' || peer.nowNs <= this.firstNs || peer.nowNs < (this.lastNs ?? peer.nowNs)) break;
      await peer.close();
      peer = undefined;
      fault = undefined;
    }
    if (peer === undefined) return fault === undefined ? skipped(NOT_FRESH) : noGreeting(fault);
    const result = await play(check, peer, replayer);
    if (result.verdict === 'HANG' || result.verdict === 'CRASH') peer.destroy();
    else this.lastNs = (await peer.close()) ?? this.lastNs;
    return result;
  }
}
